"""Money: wallets of accounts, margins of isolated positions, the house's own; nothing appears and nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol

from ..book import Price
from ..grid import E16, GRID, ceil_div, floor_div
from ..usable import asset_is_usable
from .accounts import Holder
from .rules import VenueRules

HOUSE = ("fund", "fees", "converter", "rounding")


class Teller(Protocol):
    """Who is told of postings and conversions."""

    def tell_money(self, kind: str, **columns: object) -> None:
        """One event about money, after those of the book."""


class Ledger:
    """The house's wallets, what came from outside, and every rule that moves money."""

    def __init__(self, rules: VenueRules, prices: dict[str, Price], teller: Teller) -> None:
        self.rules, self.prices, self.teller = rules, prices, teller
        self.house: dict[str, Counter[str]] = {name: Counter() for name in HOUSE}
        self.owed: Callable[[], int] = lambda: 0  # by the fund, for its inventory
        self.rounding_cost: Counter[str] = Counter()  # κ of `rounding`, by instrument, at 10⁻¹⁶
        self.outside: Counter[str] = Counter()  # deposits and topups less withdrawals

    # --- postings

    def post(
        self,
        holder: Holder,
        asset: str,
        amount: int,
        rule: str,
        instrument: str | None = None,
        trade: int | None = None,
    ) -> None:
        """To a wallet, or from it; the other leg is the caller's."""
        if amount == 0:
            return
        balance = holder.amount(asset) + amount
        assert balance >= 0, (holder.name, asset, amount, rule)
        holder.cash[asset] = balance
        self.teller.tell_money(
            "posting", account=holder.name, instrument=instrument, trade=trade, asset=asset, amount=amount,
            balance=balance, rule=rule,
        )  # fmt: skip

    def post_margin(self, holder: Holder, instrument: str, amount: int, rule: str, trade: int | None = None) -> None:
        """To the margin of an isolated position, or from it."""
        if amount == 0:
            return
        held = holder.at(instrument, "isolated")
        held.margin += amount
        assert held.margin >= 0
        self.teller.tell_money(
            "posting", account=holder.name, instrument=instrument, trade=trade, asset=self.rules.settlement,
            amount=amount, balance=held.margin, rule=rule,
        )  # fmt: skip

    def move_to_isolated(self, holder: Holder, instrument: str, amount: int) -> None:
        """Between the wallet and an isolated position, both ways: from where it comes first."""
        if amount > 0:
            self.post(holder, self.rules.settlement, -amount, "ledger.isolated")
        self.post_margin(holder, instrument, amount, "ledger.isolated")
        if amount < 0:
            self.post(holder, self.rules.settlement, -amount, "ledger.isolated")

    def to_house(self, name: str, asset: str, amount: int) -> None:
        """No house account goes below zero."""
        self.house[name][asset] += amount
        assert self.house[name][asset] >= 0, (name, asset, amount)

    # --- conversions

    def proceeds(self, asset: str, amount: int) -> int:
        """⌊x·price·(1 − close_cost)⌋ in the settlement currency."""
        cost = self.rules.valuation.assets[asset].close_cost
        return floor_div(amount * self.prices[asset].value * (GRID - cost), E16)

    def convertible(self, holder: Holder) -> list[str]:
        """What may be converted, in the order of the rulebook."""
        return [
            asset
            for asset in self.rules.conversion_order
            if asset != self.rules.settlement
            and holder.amount(asset) > 0
            and self.rules.valuation.assets[asset].eligible
            and asset in self.prices
            and asset_is_usable(self.rules.valuation, self.prices, asset)
        ]

    def convert(self, holder: Holder, needed: int) -> None:
        """Until the cash is what is needed, or nothing is left that somebody buys."""
        settlement = self.rules.settlement
        for asset in self.convertible(holder):
            missing = needed - holder.amount(settlement)
            if missing <= 0:
                return
            amount = self.smallest(asset, holder.amount(asset), missing)
            proceeds = self.proceeds(asset, amount)
            buyer = next((name for name in ("converter", "fund") if self.has(name) >= proceeds), None)
            if buyer is None or proceeds == 0:
                continue
            holder.cash[asset] -= amount
            self.to_house(buyer, asset, amount)
            self.to_house(buyer, settlement, -proceeds)
            self.teller.tell_money(
                "conversion", account=holder.name, asset=asset, amount=-amount, price=self.prices[asset].value,
                balance=holder.cash[asset], rule="ledger.convert",
            )  # fmt: skip
            self.post(holder, settlement, proceeds, "ledger.convert")

    def has(self, buyer: str) -> int:
        """What it may pay: the fund not what it owes for its inventory."""
        found = self.house[buyer][self.rules.settlement]
        return max(0, found - self.owed()) if buyer == "fund" else found

    def smallest(self, asset: str, held: int, missing: int) -> int:
        """The least that brings what is missing, or all."""
        rate = self.prices[asset].value * (GRID - self.rules.valuation.assets[asset].close_cost)
        return held if rate == 0 else min(held, ceil_div(missing * E16, rate))

    def trial(self) -> Ledger:
        """With the house's present money, to try debits in."""
        trial = Ledger(self.rules, self.prices, Silent())
        trial.house = {name: Counter(own) for name, own in self.house.items()}
        owed = self.owed()
        trial.owed = lambda: owed
        return trial

    def pay(self, holder: Holder, amount: int) -> int:
        """A debit, as far as it goes; of a trial."""
        self.convert(holder, amount)
        paid = min(amount, holder.amount(self.rules.settlement))
        self.post(holder, self.rules.settlement, -paid, "")
        return paid

    # --- what must hold

    def check(self, holders: Iterable[Holder]) -> None:
        """Per asset: Σ all ledger accounts = deposits and topups − withdrawals."""
        total: Counter[str] = Counter()
        for own in self.house.values():
            total.update(own)
        for holder in holders:
            total.update({} if holder.is_fund else holder.cash)
            total[self.rules.settlement] += sum(held.margin for held in holder.positions.values())
            assert all(amount >= 0 for amount in holder.held.values()), holder.name
            assert all(amount >= 0 for amount in holder.cash.values()), holder.name
        for asset in {*total, *self.outside}:
            assert total[asset] == self.outside[asset], (asset, total[asset], self.outside[asset])


class Silent:
    """A teller that says nothing."""

    def tell_money(self, kind: str, **columns: object) -> None:
        """Nothing."""

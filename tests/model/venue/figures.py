"""Every valuation of an account, by the independent model of `assess`; figures in grid units."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from ..book import Account, Balance, Position, Price
from ..book import Order as CountedOrder
from ..cross import value_cross
from ..isolated import value_isolated
from ..lines import Lines
from ..rulebook import Rulebook
from .accounts import Holder, Holding, base
from .orders import Order
from .rules import VenueRules

PLAIN: Mapping[str, int] = {}
MOST_KNOWN = 20_000


@dataclass(frozen=True)
class Figures:
    """Of one bucket. A margin ratio is for display and no part of it."""

    equity: int
    net_value: int
    opening_equity: int
    initial_margin: int
    maintenance_margin: int
    unrealized_pnl: int
    withdrawable: int
    status: str


def units(value: Decimal) -> int:
    """A figure of `assess` in grid units."""
    return int(value.scaleb(8))


class Valuer:
    """What accounts are worth at the prices that are known."""

    def __init__(self, rules: VenueRules, prices: dict[str, Price]) -> None:
        self.rules = rules
        self.prices = prices
        valuation = rules.valuation
        self.known: dict[Hashable, Figures] = {}
        self.no_fees: Rulebook = replace(valuation, taker=dict.fromkeys(valuation.taker, 0))

    def price(self, symbol: str) -> Price:
        """What is not known is worth nothing and may not be used."""
        return self.prices.get(symbol) or Price(0, "frozen")

    def account(self, holder: Holder, orders: Iterable[Order], without: Mapping[str, int]) -> Account:
        """As `assess` reads one; `without`: amounts that are taken off the balances."""
        account = Account(holder.name)
        account.settings = {"model": holder.model, "leverage": holder.leverage, "fee_tier": holder.fee_tier}
        for (name, mode), held in sorted(holder.positions.items()):
            size = self.rules.markets[name].contract_size
            account.positions[name, mode] = Position(
                0, base(held.quantity, size), held.cost, held.margin, 0, held.leverage
            )
        for asset in sorted({*holder.cash, *without}):
            account.balances[asset] = Balance(0, holder.amount(asset) - without.get(asset, 0))
        for order in orders:
            size = self.rules.markets[order.instrument].contract_size
            assert order.price is not None
            quantity = base(order.signed, size)
            account.orders.append(
                CountedOrder(0, order.instrument, order.mode, quantity, order.price, order.reduce_only)
            )
        return account

    def all_prices(self) -> dict[str, Price]:
        """Of every instrument and asset."""
        names = [*self.rules.markets, *self.rules.valuation.assets]
        return {name: self.price(name) for name in names}

    def cross(self, holder: Holder, orders: Sequence[Order], without: Mapping[str, int] = PLAIN) -> Figures:
        """The cross bucket with its orders."""
        key = (*self.seen(holder, orders), tuple(sorted(without.items())))
        return self.remember(key, lambda: self.valued(self.rules.valuation, self.account(holder, orders, without)))

    def seen(self, holder: Holder, orders: Sequence[Order]) -> tuple[Hashable, ...]:
        """All that the figures of an account depend on."""
        positions = tuple(
            (key, own.quantity, own.cost, own.margin, own.leverage) for key, own in holder.positions.items()
        )
        ordered = tuple((o.instrument, o.mode, o.signed, o.price, o.reduce_only) for o in orders)
        symbols = {*holder.cash, *(name for name, _ in holder.positions), *(o.instrument for o in orders)}
        prices = tuple((name, (found := self.price(name)).value, found.state) for name in sorted(symbols))
        return (
            holder.model, holder.leverage, holder.fee_tier, tuple(holder.cash.items()), positions, ordered, prices,
        )  # fmt: skip

    def remember(self, key: Hashable, value: Callable[[], Figures]) -> Figures:
        """The same question has the same answer."""
        if key not in self.known:
            if len(self.known) > MOST_KNOWN:
                self.known.clear()
            self.known[key] = value()
        return self.known[key]

    def bare(self, holder: Holder, orders: Iterable[Order]) -> int:
        """IM without order losses and fees."""
        account = self.account(holder, orders, PLAIN)
        for order in account.orders:
            order.price = self.price(order.instrument).value
        return self.valued(self.no_fees, account).initial_margin

    def notional(self, holder: Holder) -> int:
        """N = Σ|Q|·M of the cross positions, at 10⁻¹⁶."""
        sizes = self.rules.markets
        return sum(
            abs(base(held.quantity, sizes[name].contract_size)) * self.price(name).value
            for (name, mode), held in holder.positions.items()
            if mode == "cross"
        )

    def maintenance_with(self, holder: Holder, bucket: str | None, kept: Mapping[str, int]) -> int:
        """MM of a bucket with other base quantities in some instruments."""
        account = self.account(holder, (), PLAIN)
        mode = "cross" if bucket is None else "isolated"
        for name, quantity in kept.items():
            account.positions[name, mode].quantity = quantity
        if bucket is None:
            return self.valued(self.rules.valuation, account).maintenance_margin
        position = account.positions[bucket, mode]
        row = value_isolated(self.rules.valuation, self.all_prices(), bucket, position, None, Lines())
        return units(row["maintenance_margin"])

    def valued(self, rules: Rulebook, account: Account) -> Figures:
        """`value_cross` in grid units."""
        return figures(value_cross(rules, self.all_prices(), account, self.rules.table, Lines()))

    def isolated(self, holder: Holder, instrument: str) -> Figures:
        """One isolated bucket."""
        own = holder.positions.get((instrument, "isolated"), Holding())
        price = self.price(instrument)
        key = (
            instrument, own.quantity, own.cost, own.margin, own.leverage or holder.leverage, price.value, price.state,
        )  # fmt: skip
        return self.remember(key, lambda: self.isolated_anew(holder, instrument))

    def isolated_anew(self, holder: Holder, instrument: str) -> Figures:
        """As `assess` has it."""
        account = self.account(holder, (), PLAIN)
        key = (instrument, "isolated")
        position = account.positions.get(key) or Position(0)
        leverage = account.leverage(key)
        row = value_isolated(self.rules.valuation, self.all_prices(), instrument, position, leverage, Lines())
        return figures({**row, "opening_equity": Decimal(0), "withdrawable": Decimal(0)})


def figures(row: Mapping[str, Any]) -> Figures:
    """A row of `assess` in grid units."""
    return Figures(
        equity=units(row["equity"]),
        net_value=units(row["net_value"]),
        opening_equity=units(row["opening_equity"]),
        initial_margin=units(row["initial_margin"]),
        maintenance_margin=units(row["maintenance_margin"]),
        unrealized_pnl=units(row["unrealized_pnl"]),
        withdrawable=units(row["withdrawable"]),
        status=row["status"],
    )

"""A bucket that is liquidated: what it holds, what its parts cost, what it pays and gets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .. import margin
from ..bankruptcy import Held, amounts, part
from ..grid import GRID
from .accounts import Holder, Holding, base
from .figures import Figures
from .liquidation_state import BucketKey
from .place import TRADING

if TYPE_CHECKING:
    from .state import State


@dataclass(frozen=True)
class Bucket:
    """An account, and the instrument of one isolated position; None: the cross bucket."""

    state: State
    holder: Holder
    instrument: str | None
    clamped: list[str] = field(default_factory=list, compare=False)  # where an amount was a tick for each unit

    @property
    def mode(self) -> str:
        """The margin mode of its positions."""
        return "cross" if self.instrument is None else "isolated"

    @property
    def key(self) -> BucketKey:
        """What it is called."""
        return self.holder.name, self.instrument

    @property
    def note(self) -> str | None:
        """What events say of it."""
        return None if self.instrument is None else "isolated"

    @property
    def order(self) -> tuple[int, int]:
        """Opening sequence of the account, then cross, then isolated by instrument."""
        place = -1 if self.instrument is None else self.state.rules.markets[self.instrument].place
        return self.holder.place, place

    def figures(self) -> Figures:
        """At the current prices, without orders."""
        return figures_of(self.state, self.holder, self.instrument)

    def needs(self) -> bool:
        """equity < MM or net value < 0."""
        found = self.figures()
        return found.equity < found.maintenance_margin or found.net_value < 0

    def held(self) -> dict[str, Holding]:
        """Its positions that are not flat, in instrument order."""
        names = self.state.rules.markets if self.instrument is None else (self.instrument,)
        found = {name: self.holder.positions.get((name, self.mode)) for name in names}
        return {name: own for name, own in found.items() if own is not None and own.quantity}

    def trading(self) -> list[str]:
        """Those that can be closed."""
        return [name for name in self.held() if self.state.books[name].phase in TRADING]

    def quantity(self, name: str) -> int:
        """Q, signed, in base units."""
        return base(self.holder.quantity(name, self.mode), self.size(name))

    def size(self, name: str) -> int:
        """The contract size."""
        return self.state.rules.markets[name].contract_size

    def mark(self, name: str) -> int:
        """M."""
        return self.state.valuer.price(name).value

    def pnl(self) -> int:
        """Σ (Q·M − κ), exact at 10⁻¹⁶; what is flat may owe something."""
        names = self.state.rules.markets if self.instrument is None else (self.instrument,)
        found = ((name, self.holder.positions.get((name, self.mode))) for name in names)
        return sum(self.quantity(name) * self.mark(name) - own.cost for name, own in found if own is not None)

    # --- bankruptcy

    def amounts(self, net_value: int) -> dict[str, tuple[Held, int]]:
        """`threshold.bankruptcy` of every position, whether it trades or not; at 10⁻¹⁶."""
        positions = {name: self.as_held(name) for name in self.held()}
        found = amounts(list(positions.values()), net_value)
        least = [held.tick * abs(held.quantity) for held in positions.values()]
        self.clamped.extend(name for name, amount, few in zip(positions, found, least, strict=True) if amount == few)
        return {name: (held, amount) for (name, held), amount in zip(positions.items(), found, strict=True)}

    def as_held(self, name: str) -> Held:
        """The standard model's maintenance with its fee, exact."""
        instrument, quantity = self.state.rules.valuation.instruments[name], self.quantity(name)
        notional = margin.notional(quantity, self.mark(name))
        maintenance = margin.maintenance(instrument, notional) + margin.maintenance_fee(instrument, notional)
        return Held(quantity, self.mark(name), maintenance, self.state.rules.markets[name].tick)

    def amount(self, name: str) -> int:
        """What closing all of one position costs, at 10⁻¹⁶."""
        return self.amounts(self.figures().net_value)[name][1]

    def part(self, name: str, contracts: int) -> int:
        """What closing some of it costs at this moment, at 10⁻¹⁶."""
        held, amount = self.amounts(self.figures().net_value)[name]
        return part_of(held, amount, base(contracts, self.size(name)))

    # --- money

    @property
    def fee(self) -> int:
        """The rate of `liquidation.fee`; the fund would pay itself."""
        rules = self.state.rules.liquidation
        assert rules is not None
        return 0 if self.holder.is_fund else rules.fee

    def could_pay(self, amount: int) -> int:
        """As far as a debit would go."""
        if self.instrument is not None:
            return min(amount, self.holder.at(self.instrument, self.mode).margin)
        return self.state.ledger.trial().pay(self.holder.copy(), amount)

    def pay_fund(self, amount: int, rule: str, instrument: str, trade: int | None = None) -> None:
        """As far as it goes."""
        state, settlement = self.state, self.state.rules.settlement
        paid = self.could_pay(amount)
        if self.instrument is None:
            state.ledger.convert(self.holder, amount)
        state.ledger.to_house("fund", settlement, paid)
        if self.instrument is None:
            state.ledger.post(self.holder, settlement, -paid, rule, instrument, trade)
        else:
            state.ledger.post_margin(self.holder, self.instrument, -paid, rule, trade)

    def get(self, amount: int, rule: str, instrument: str | None, trade: int | None) -> None:
        """From the fund."""
        if self.instrument is None:
            self.state.ledger.post(self.holder, self.state.rules.settlement, amount, rule, instrument, trade)
        else:
            self.state.ledger.post_margin(self.holder, self.instrument, amount, rule, trade)

    def move(self, name: str, contracts: int, cost: int) -> None:
        """Q and κ."""
        own = self.holder.at(name, self.mode)
        own.quantity += contracts
        own.cost += cost


def part_of(held: Held, amount: int, closed: int) -> int:
    """Of the amount, at 10⁻¹⁶: all of it exact, less of it at g."""
    return amount if closed == abs(held.quantity) else part(held, amount, closed) * GRID


def figures_of(state: State, holder: Holder, instrument: str | None) -> Figures:
    """Without orders."""
    return state.valuer.cross(holder, ()) if instrument is None else state.valuer.isolated(holder, instrument)


def all_buckets(state: State) -> list[Bucket]:
    """Of the open accounts and the fund, cross before isolated ones."""
    return [
        Bucket(state, holder, instrument)
        for holder in state.everybody()
        for instrument in (None, *(name for name in state.rules.markets if (name, "isolated") in holder.positions))
    ]

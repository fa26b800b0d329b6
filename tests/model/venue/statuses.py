"""Statuses of all buckets, margin calls, and the pruning of orders that add risk."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from . import gate
from .accounts import Holder
from .figures import Figures
from .orders import Order

if TYPE_CHECKING:
    from .state import State

BELOW_INITIAL = ("restricted", "margin_call", "liquidation", "bankrupt")
CALM = ("healthy", "restricted", "undecided")  # before a margin call


def look(state: State) -> None:
    """At everybody: whoever was not touched is as before."""
    for holder in state.everybody():
        look_at(state, holder)


def look_at(state: State, holder: Holder) -> None:
    """Cross before isolated, these by instrument; then the pruning that the cross status asks for."""
    before, after = look_at_bucket(state, holder, None)
    for instrument in state.rules.markets:
        if (instrument, "isolated") in holder.positions:
            look_at_bucket(state, holder, instrument)
    if after in BELOW_INITIAL and before in ("healthy", "undecided"):
        prune(state, holder)
        look_at_bucket(state, holder, None)


def look_at_bucket(state: State, holder: Holder, instrument: str | None) -> tuple[str, str]:
    """The status before and now, with the events of a change."""
    found = figures_of(state, holder, instrument)
    before = holder.statuses.get(instrument, "healthy")
    if found.status == before:
        return before, before
    holder.statuses[instrument] = found.status
    if found.status not in ("liquidation", "bankrupt"):
        state.liquidations.episodes.pop((holder.name, instrument), None)
        state.liquidations.waiting.pop((holder.name, instrument), None)
    if holder.is_fund:
        return before, found.status  # nobody is told
    columns = {
        "account": holder.name,
        "instrument": instrument,
        "amount": found.equity,
        "balance": found.maintenance_margin,
    }
    state.emit("status_changed", before=before, after=found.status, **columns)
    if found.status == "margin_call" and before in CALM:
        state.emit("margin_call", **columns)
    return before, found.status


def figures_of(state: State, holder: Holder, instrument: str | None) -> Figures:
    """Of one bucket, with all its orders."""
    if instrument is not None:
        return state.valuer.isolated(holder, instrument)
    return state.valuer.cross(holder, state.counted_orders(holder))


def prune(state: State, holder: Holder) -> None:
    """While equity < IM the least aggressive order that adds risk ends."""
    while True:
        found = figures_of(state, holder, None)
        if found.equity >= found.initial_margin or not end_least_aggressive(state, holder):
            return


def end_least_aggressive(state: State, holder: Holder, reason: str = "account_restricted") -> bool:
    """False where no order adds risk."""
    orders = [o for o in state.counted_orders(holder) if not o.reduce_only and gate.adds_risk(state, o)]
    if not orders:
        return False

    def away(order: Order) -> tuple[Fraction, int, int]:
        assert order.price is not None
        mark = state.valuer.price(order.instrument).value
        return (
            Fraction(abs(order.price - mark), max(1, mark)),
            order.number,
            state.rules.markets[order.instrument].place,
        )

    worst = max(orders, key=away)
    state.books[worst.instrument].end(worst, reason)
    return True


def end_risky(state: State, holder: Holder, reason: str = "account_restricted") -> None:
    """Every order that adds risk, the least aggressive first."""
    while end_least_aggressive(state, holder, reason):
        pass

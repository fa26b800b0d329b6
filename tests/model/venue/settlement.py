"""`ledger.settle`: PnL at the mark becomes cash; who could not pay defers the instruments it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..grid import GRID, floor_div
from . import inventory
from .accounts import Holder, Holding, base
from .ledger import Ledger

if TYPE_CHECKING:
    from .state import State

Prices = dict[str, int]  # by instrument, in instrument order
MODES = ("cross", "isolated")


def flow(state: State, held: Holding, instrument: str, price: int) -> int:
    """⌊Q·S − κ⌋."""
    quantity = base(held.quantity, state.rules.markets[instrument].contract_size)
    return floor_div(quantity * price - held.cost, GRID)


def unsettled(state: State, instrument: str, price: int) -> bool:
    """Whether any κ is not Q·S."""
    size = state.rules.markets[instrument].contract_size
    return any(
        held.cost != base(held.quantity, size) * price
        for holder in state.everybody()
        for (name, _), held in holder.positions.items()
        if name == instrument
    )


def settle(state: State) -> None:
    """At an instant: every instrument whose mark may be used."""
    candidates = {
        name: state.prices[name].value
        for name, book in state.books.items()
        if book.phase != "settled" and state.may_use(name) and unsettled(state, name, state.prices[name].value)
    }
    blockers: dict[str, str] = {}
    while candidates:
        blocked = first_blocked(state, candidates)
        if not blocked:
            break
        for name, account in blocked.items():
            blockers.setdefault(name, account)
            candidates.pop(name, None)
    for name in state.rules.markets:
        if name in blockers:
            state.emit("settlement_deferred", instrument=name, account=blockers[name])
    for name, price in candidates.items():
        state.emit("settlement", instrument=name, price=price, rule="ledger.settle")
    post(state, candidates)


def first_blocked(state: State, candidates: Prices) -> dict[str, str]:
    """Instruments that a blocked bucket is in, with the first account that blocks each; debits are tried in turn."""
    trial = state.ledger.trial()
    found: dict[str, str] = {}
    for holder in state.everybody():
        copy = holder.copy()
        if holder.is_fund:
            copy.cash = inventory.Purse(trial.house["fund"], state.rules.settlement)
        bad = is_bankrupt(state, holder, None) or not can_pay(state, trial, copy, candidates)
        for name in candidates:
            if bad and is_in(holder, name, "cross"):
                found.setdefault(name, holder.name)
            own = holder.positions.get((name, "isolated"))
            if own is None or own.is_flat:
                continue
            if is_bankrupt(state, holder, name) or own.margin + flow(state, own, name, candidates[name]) < 0:
                found.setdefault(name, holder.name)
    return found


def is_bankrupt(state: State, holder: Holder, instrument: str | None) -> bool:
    """At the prices that are held."""
    found = state.valuer.cross(holder, ()) if instrument is None else state.valuer.isolated(holder, instrument)
    return found.net_value < 0


def is_in(holder: Holder, instrument: str, mode: str) -> bool:
    """Whether it holds or owes anything there."""
    own = holder.positions.get((instrument, mode))
    return own is not None and not own.is_flat


def can_pay(state: State, ledger: Ledger, copy: Holder, candidates: Prices) -> bool:
    """The net of the cross flows, by a real debit."""
    net, settlement = cross_flow(state, copy, candidates), state.rules.settlement
    if net < 0:
        ledger.convert(copy, -net)
    return copy.amount(settlement) + net >= 0


def cross_flow(state: State, holder: Holder, candidates: Prices) -> int:
    """Σ over the instruments that settle."""
    return sum(
        flow(state, own, name, candidates[name])
        for (name, mode), own in sorted(holder.positions.items())
        if mode == "cross" and name in candidates
    )


def post(state: State, candidates: Prices, final: bool = False) -> None:
    """Once an account: the net of the cross flows, then isolated ones by instrument. The remainder to `rounding`."""
    settlement, ledger = state.rules.settlement, state.ledger
    total = 0
    for holder in state.everybody():
        net = cross_flow(state, holder, candidates)
        total += net
        if net < 0:
            ledger.convert(holder, -net)
        ledger.post(holder, settlement, net, "ledger.settle")
        for name in candidates:
            close(state, holder.positions.get((name, "cross")), name, candidates[name], final)
            own = holder.positions.get((name, "isolated"))
            if own is None or own.is_flat:
                continue
            into = flow(state, own, name, candidates[name])
            total += into
            ledger.post_margin(holder, name, into, "ledger.settle")
            close(state, own, name, candidates[name], final)
            if own.quantity == 0:
                ledger.move_to_isolated(holder, name, -own.margin)
    ledger.to_house("rounding", settlement, -total)
    for name in candidates:
        ledger.rounding_cost.pop(name, None)  # it is in the remainder


def close(state: State, held: Holding | None, name: str, price: int, final: bool) -> None:
    """κ := Q·S; at the last settlement nothing is left."""
    if held is None:
        return
    held.cost = base(held.quantity, state.rules.markets[name].contract_size) * price
    if final:
        held.quantity = held.cost = 0

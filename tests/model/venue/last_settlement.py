"""`settle`: the last settlement of an instrument, and its price (`settle.price`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..book import Price
from ..grid import half_even
from . import settlement
from .controls import SECOND
from .counted import approval
from .phases import enter_phase

if TYPE_CHECKING:
    from .state import State

Row = dict[str, Any]
HOUR = 3_600 * SECOND


def settle(state: State, row: Row) -> str | None:
    """At the price of its index; at another one when two have approved it."""
    name = row["instrument"]
    if state.books[name].phase != "settling":
        return "phase_refused"
    if row.get("price") is not None:
        return settle_at(state, name, row["price"], row.get("approval"))
    state.controls.prices_asked.pop(name, None)
    price = index_price(state, name)
    if price is None:
        return "settlement_price"
    return settle_now(state, name, price)


def settle_at(state: State, name: str, price: int, reference: str | None) -> str | None:
    """The first to ask waits for another one who asks the same."""
    by_whom = approval(reference)
    if not by_whom:
        return "approval_missing"
    hour = [value for time, value in values_of(state, name) if state.time - HOUR <= time]
    if not hour or not min(hour) <= price <= max(hour):
        return "settlement_price"
    asked, by = state.controls.prices_asked.get(name, (None, None))
    if asked != price:
        state.controls.prices_asked[name] = (price, by_whom)
        state.emit("accepted", instrument=name, price=price, rule="settle.price")
        return None
    return "second_approval" if by == by_whom else settle_now(state, name, price)


def values_of(state: State, name: str) -> list[tuple[int, int]]:
    """When which value of its index was in quorum."""
    underlying = state.rules.markets[name].underlying
    if underlying in state.sources:
        return state.sources[underlying].market.in_quorum
    return state.told.get(underlying, [])


def index_price(state: State, name: str) -> int | None:
    """The average over whole seconds of the window; without one the last value."""
    values = values_of(state, name)
    if not values:
        return None
    window = state.rules.markets[name].settlement_window or 0
    now = state.time // SECOND
    samples: list[int] = []
    for second in range(now - window // SECOND + 1, now + 1):
        known = [value for time, value in values if time <= second * SECOND]
        samples += known[-1:]
    return half_even(sum(samples), len(samples)) if samples else values[-1][1]


def settle_now(state: State, name: str, price: int) -> str | None:
    """Unless somebody could not pay."""
    held = state.valuer.price(name)
    state.prices[name] = Price(price, held.state)
    blocked = settlement.first_blocked(state, {name: price})
    state.prices[name] = held
    if blocked:
        state.emit("settlement_deferred", instrument=name, account=blocked[name])
        return None
    state.emit("settlement", instrument=name, price=price, rule="ledger.settle")
    settlement.post(state, {name: price}, final=True)
    state.controls.prices_asked.pop(name, None)
    enter_phase(state.books[name], "settled")
    return None

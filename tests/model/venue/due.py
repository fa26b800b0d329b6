"""What is due by itself, instant by instant: expiry, timers, proofs, funding slots, settlement, funding, rulebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import changes, funding_due, lapses, liquidation, liquidation_unwind, settlement, sources
from .orders import Order
from .people import end_all

if TYPE_CHECKING:
    from .state import State


def run(state: State, time: int) -> None:
    """Everything due at or before a time; each instant has its own time."""
    while (instant := next_instant(state, time)) is not None:
        state.time = instant
        run_instant(state)
    if time > state.time:
        state.time = time
        sources.time_moves(state)


def next_instant(state: State, time: int) -> int | None:
    """The first instant after now, or now where something is due already, at which anything is due."""
    now = state.time
    found = [end_of(state, order)[0] for book in state.books.values() for order in book.open.values()]
    found += [holder.deadman for holder in state.open_holders() if holder.deadman is not None]
    found += [date for holder in state.open_holders() for date in lapses.dates(state, holder)]
    found += [time for time, _, _ in state.liquidations.due]
    found += [*liquidation.next_second(state), *liquidation_unwind.next_minute(state)]
    if state.controls.waiting is not None:
        found.append(state.controls.waiting.time)
    found += [funding_due.next_look(state, name) for name, book in state.books.items() if book.phase != "settled"]
    # and every settlement of a funding
    found += [next_multiple(now, market.contract.every) for market in state.rules.markets.values()]
    found.append(next_multiple(now, state.rules.settle_every))
    due = [max(now, instant) for instant in found]
    first = min(due)
    return first if first <= time else None


def next_multiple(now: int, span: int) -> int:
    """The first multiple after now."""
    return (now // span + 1) * span


def end_of(state: State, order: Order) -> tuple[int, str]:
    """When an order ends by itself, and why."""
    aged = (order.placed + state.rules.max_age, "too_old")
    return aged if order.until is None or order.until > aged[0] else (order.until, "until_reached")


def run_instant(state: State) -> None:
    """Expiry, deadman timers, proofs, prices by time, slots of funding, settlement, funding, a rulebook, statuses."""
    expire(state)
    for holder in state.open_holders():
        if holder.deadman is not None and holder.deadman <= state.time:
            holder.deadman = None
            end_all(state, holder, "deadman")
    liquidation.tell_due(state)
    lapses.run(state)
    looked_at = {
        name
        for name, market in state.rules.markets.items()
        if not (funding_due.is_blind(state, name) and state.time % market.contract.every)
    }
    for name in state.rules.markets:
        funding_due.hear_book(state, name)
    sources.time_moves(state)
    ends = []
    settles = state.time % state.rules.settle_every == 0
    for name, market in state.rules.markets.items():
        if state.books[name].phase == "settled" or state.time % market.contract.sample:
            continue
        settles = settles or state.time % market.contract.every == 0
        if name not in looked_at:
            continue
        for row in funding_due.sample(state, name):
            funding_due.tell_premium(state, name, row)
            if row.outcome is not None:
                ends.append((name, *funding_due.end_interval(state, name, row)))
    if settles:
        settlement.settle(state)
    for name, mark, rate in ends:
        if rate:
            funding_due.pay(state, name, mark, rate)
    changes.run(state)
    liquidation.wake(state)
    liquidation.unwind(state)
    liquidation.conclude(state)


def expire(state: State) -> None:
    """Book by book, in the order of acceptance."""
    for book in state.books.values():
        for order in list(book.open.values()):
            when, code = end_of(state, order)
            if when <= state.time:
                book.end(order, code, "expired")

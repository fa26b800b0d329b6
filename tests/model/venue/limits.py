"""`gate.limits` beyond those of a book: how many orders, how many a second, positions together, open interest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from . import gate
from .accounts import Holder, Owner, owner_client, owner_group
from .book import Book
from .counted import count
from .orders import Order
from .refusals import Refusal, counted

if TYPE_CHECKING:
    from .state import State

OWNERS: dict[str, Callable[[Holder], Owner]] = {"client": owner_client, "group": owner_group}


def refuses(state: State, book: Book, order: Order, without: Order | None) -> str | None:
    """In the order of RULES §9."""
    return (
        orders_refused(state, book, order, without)
        or pace_refused(state, order)
        or positions_refused(state, book, order, without)
        or open_interest_refused(state, book, order, without)
    )


def family(state: State, holder: Holder, level: str) -> list[Holder]:
    """All accounts of one client, or of one beneficial owner."""
    owner = OWNERS[level]
    return [other for other in state.open_holders() if owner(other) == owner(holder)]


def orders_refused(state: State, book: Book, order: Order, without: Order | None) -> str | None:
    """Open orders in the instrument: of the client, then of the group."""
    if without is not None or (order.tif in ("ioc", "fok") and order.trigger is None):
        return None
    holder = state.holders[order.account]
    most = {"client": book.market.client_open_orders, "group": book.market.group_open_orders}
    for level, limit in most.items():
        number = 1 + sum(len(book.of(other.name)) for other in family(state, holder, level))
        if limit is not None and number > limit:
            return counted(f"{level}_orders", number, limit)
    return None


def pace_refused(state: State, order: Order) -> str | None:
    """It counts in all that have a limit, up to the one that refuses it."""
    holder, rules = state.holders[order.account], state.rules
    paces: tuple[tuple[str, Owner, int | None, str], ...] = (
        ("account", ("account", holder.name), rules.orders_per_second, "rate_limit"),
        ("client", owner_client(holder), rules.client_orders_per_second, "client_rate"),
        ("group", owner_group(holder), rules.group_orders_per_second, "group_rate"),
    )
    for level, owner, limit, code in paces:
        if limit is None:
            continue
        number = state.controls.pace(level, owner, state.time)
        if number > limit:
            return counted(code, number, limit)
    return None


def positions_refused(state: State, book: Book, order: Order, without: Order | None) -> str | None:
    """Position and orders of that side: of the client, then of the group."""
    holder = state.holders[order.account]
    most = {"client": book.market.client_position, "group": book.market.group_position}
    for level, limit in most.items():
        becomes = was = 0
        for other in family(state, holder, level):
            held = {mode: other.quantity(order.instrument, mode) for mode in ("cross", "isolated")}
            is_own = other is holder
            orders = [one for one in book.of(other.name) if one is not without]
            enters = entering(book, order) if is_own else 0
            becomes += max(0, count(order.side, held, orders, order if is_own else None, enters))
            was += max(0, count(order.side, held, book.of(other.name), None))
        if limit is not None and becomes > max(limit, was):
            return Refusal(f"{level}_limit", becomes, limit)
    return None


def entering(book: Book, order: Order) -> int:
    """A reduce-only order is at most the position, once it is asked."""
    return min(order.left, book.reducible(order)) if order.reduce_only and order.trigger is None else order.left


def orders_beside(book: Book, holders: list[Holder], order: Order, without: Order | None) -> Iterator[Order]:
    """The orders of some accounts on the side of an order."""
    for other in holders:
        for one in book.of(other.name):
            if one.side == order.side and one is not without:
                yield one


def open_interest_refused(state: State, book: Book, order: Order, without: Order | None) -> str | None:
    """Own orders at acceptance; exact at the fill."""
    limit = book.market.open_interest
    if limit is None or gate.reduces_risk(state, book, order, without):
        return None
    beside = orders_beside(book, [state.holders[order.account]], order, without)
    # what waits for its trigger is asked when it fires; a reduce-only order is at most the position
    own = sum(one.left for one in beside if one.resting and not one.reduce_only)
    becomes = gate.open_interest(state, order.instrument) + own + entering(book, order)
    return Refusal("open_interest", becomes, limit) if becomes > limit else None

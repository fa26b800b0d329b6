"""The gate beyond what a book checks by itself: account, limits, margin; and what adds risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..grid import GRID
from ..tables import MAX_QUANTITY
from .accounts import Holder, may_not_open, owner_group
from .book import Book
from .orders import Order

if TYPE_CHECKING:
    from .state import State

SECOND = 10**9


def account_refuses(state: State, book: Book, order: Order, without: Order | None) -> str | None:
    """Who may not open may still reduce."""
    holder = state.holders[order.account]
    code = may_not_open(holder, state.rules.require, state.time)
    if code is None:
        return None
    return None if is_possible(book, order) and reduces_risk(state, book, order, without) else code


def is_possible(book: Book, order: Order) -> bool:
    """Whether a size is one at all."""
    market = book.market
    return (
        order.total > 0
        and order.total % market.lot == 0
        and order.total * market.contract_size <= MAX_QUANTITY * GRID
        and (order.price is None or order.price % market.tick == 0)
    )


def limits_refuse(state: State, book: Book, order: Order, without: Order | None) -> str | None:
    """Orders a second, the group's position, open interest."""
    holder = state.holders[order.account]
    second = state.time // SECOND
    before = holder.sent[1] if holder.sent[0] == second else 0
    holder.sent = (second, before + 1)
    most = state.rules.orders_per_second
    if most is not None and before + 1 > most:
        return "rate_limit"
    if book.market.group_position is not None:
        held = sum(
            other.quantity(order.instrument, mode) for other in group(state, holder) for mode in ("cross", "isolated")
        )
        ordered = sum(
            one.left
            for other in group(state, holder)
            for one in book.of(other.name)
            if one.side == order.side and one is not without
        )
        # a reduce-only order is at most the position, once it is asked
        trimmed = order.reduce_only and order.trigger is None
        entering = min(order.left, book.reducible(order)) if trimmed else order.left
        if order.side * held + ordered + entering > book.market.group_position:
            return "group_limit"
    limit = book.market.open_interest
    if limit is not None and not reduces_risk(state, book, order, without):
        own = sum(
            one.left
            for one in book.of(order.account)
            if one.side == order.side and not one.reduce_only and one is not without
        )
        if open_interest(state, order.instrument) + own + order.left > limit:
            return "open_interest"
    return None


def group(state: State, holder: Holder) -> list[Holder]:
    """All accounts of one beneficial owner."""
    return [other for other in state.open_holders() if owner_group(other) == owner_group(holder)]


def open_interest(state: State, instrument: str) -> int:
    """Σ of the long positions, in contracts."""
    held = (other.quantity(instrument, mode) for other in state.open_holders() for mode in ("cross", "isolated"))
    return sum(max(0, quantity) for quantity in held)


def margin_refuses(state: State, book: Book, order: Order, without: Order | None) -> str | None:
    """Covered with the order, or it reduces risk."""
    holder = state.holders[order.account]
    others = state.counted_orders(holder, without)
    if state.valuer.cross(holder, others).status == "bankrupt":
        return "account_bankrupt"
    if state.valuer.price(order.instrument).value == 0:
        return "price_unusable"
    found = state.valuer.cross(holder, [*others, as_counted(book, order)])
    usable = found.status != "undecided" and state.may_use(order.instrument)
    uncovered = None if usable and found.opening_equity >= found.initial_margin else "insufficient_margin"
    if uncovered and not usable:
        uncovered = "price_unusable"
    if uncovered and not lowers(state, book, order, without, alone=True):
        return uncovered
    if reduces_risk(state, book, order, without):
        return None
    if holder.model == "portfolio" and found.equity < state.rules.min_equity:
        return "below_min_equity"
    return uncovered


def as_counted(book: Book, order: Order) -> Order:
    """At its limit, a market order at the edge of the collar; a reduce-only one at most the position."""
    quantity = min(order.left, book.reducible(order)) if order.reduce_only else order.left
    price = book.edge(order.side) if order.price is None else order.price
    if price is None:
        price = book.mark
    return order.copy(left=quantity, price=price)


def reduces_risk(state: State, book: Book, order: Order, without: Order | None) -> bool:
    """RULES §4, and with all that rests beside it the position does not end on the other side of zero."""
    return lowers(state, book, order, without, alone=False)


def lowers(state: State, book: Book, order: Order, without: Order | None, alone: bool) -> bool:
    """The bare IM does not rise, and the order does not open: as it is `alone`, or with what rests beside it."""
    holder = state.holders[order.account]
    if state.valuer.price(order.instrument).value == 0:
        return False
    counted = as_counted(book, order)
    if turns(state, counted) if alone else opens(state, counted, without):
        return False
    others = state.counted_orders(holder, without)
    return state.valuer.bare(holder, [*others, counted.copy(reduce_only=False)]) <= state.valuer.bare(holder, others)


def turns(state: State, order: Order) -> bool:
    """On a flat position, or beyond zero by itself."""
    held = state.position(order.account, order.instrument, order.mode)
    return held == 0 or held * (held + order.side * order.left) < 0


def opens(state: State, order: Order, without: Order | None = None) -> bool:
    """On a flat position, in its direction, or beyond zero with all that rests beside it: all of it opens."""
    holder = state.holders[order.account]
    held = state.position(order.account, order.instrument, order.mode)
    beside = (
        0
        if order.reduce_only
        else sum(
            one.left
            for one in state.counted_orders(holder, without)
            if one.number != order.number
            and not one.reduce_only
            and (one.instrument, one.mode, one.side) == (order.instrument, order.mode, order.side)
        )
    )
    return held == 0 or order.side * held + beside + order.left > 0


def adds_risk(state: State, order: Order) -> bool:
    """Of a resting order: without it the bare IM is lower, or it ends beyond zero."""
    holder = state.holders[order.account]
    if opens(state, order):
        return True
    others = state.counted_orders(holder, order)
    return state.valuer.bare(holder, others) < state.valuer.bare(holder, [*others, order])

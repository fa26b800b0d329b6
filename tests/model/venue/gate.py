"""The gate beyond what a book checks by itself: account and margin; and what adds risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..grid import GRID
from ..tables import MAX_QUANTITY
from .book import Book
from .orders import Order
from .permissions import is_halted, may_not_open
from .refusals import Refusal

if TYPE_CHECKING:
    from .state import State


def account_refuses(state: State, book: Book, order: Order, without: Order | None) -> str | None:
    """Who may not open may still reduce; who is halted may not even that."""
    holder = state.holders[order.account]
    if is_halted(state, holder):
        return "account_halted"
    code = may_not_open(state, holder)
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


def open_interest(state: State, instrument: str) -> int:
    """Σ of the long positions, in contracts."""
    held = (other.quantity(instrument, mode) for other in state.everybody() for mode in ("cross", "isolated"))
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
    uncovered: str | None = None if usable else "price_unusable"
    if usable and found.opening_equity < found.initial_margin:
        uncovered = Refusal("insufficient_margin", found.initial_margin, found.opening_equity)
    if uncovered and not lowers(state, book, order, without, alone=True):
        return uncovered
    if reduces_risk(state, book, order, without):
        return None
    if holder.model == "portfolio" and found.equity < state.rules.min_equity:
        return Refusal("below_min_equity", found.equity, state.rules.min_equity)
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

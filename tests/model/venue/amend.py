"""`amend`, and how orders are named and canceled."""

from __future__ import annotations

from typing import Any

from .book import COLLECTING, Book
from .matching import meets_own_group
from .orders import Order
from .place import closes, collar_fault, enter, entry_fault, limit_fault, size_fault
from .refusals import Refusal


def amend(book: Book, order: Order, row: dict[str, Any]) -> str | None:
    """A code where it is refused, and nothing has changed."""
    desk = book.desk
    quantity = row.get("quantity")
    if (quantity is not None and quantity * order.side < 0) or (order.price is None and row.get("price") is not None):
        return "conflicting_values"
    if quantity is not None and (quantity == 0 or quantity % book.market.lot):
        return Refusal("off_lot", quantity, book.market.lot)
    total = order.total if quantity is None else abs(quantity)
    price = order.price if row.get("price") is None else row["price"]
    if total <= order.filled:
        return "below_filled"
    changed = order.copy(total=total, left=total - order.filled, price=price)
    code = size_fault_of(book, changed, order)
    if code is None and book.phase in ("listed", "halted", "settling", "settled"):
        code = "phase_refused"
    if code is not None:
        return code
    slid = changed.copy(price=slid_price(book, changed, order))
    keeps = slid.left <= order.left and slid.price == order.price
    if not keeps:
        code = (
            desk.price_refuses(book)
            or (None if order.waits else collar_fault(book, changed))
            or limit_fault(book, changed, order)
            or desk.account_refuses(book, changed, order)
            or desk.limits_refuse(book, changed, order)
            or (None if order.waits else desk.margin_refuses(book, changed, order))
            or (None if order.waits else sweep_fault(book, changed, order))
        )
    if code is not None:
        return code
    if keeps or order.waits:
        order.total, order.left = total, changed.left
        order.price = slid.price
        desk.emit("amended", cls=desk.class_of(order.account), **order.shows())
        return None
    book.forget(order)
    desk.emit("amended", cls=desk.class_of(order.account), **changed.shows())
    enter(book, changed)
    return None


def slid_price(book: Book, changed: Order, order: Order) -> int | None:
    """Where a post-only order that slides would rest."""
    if order.waits or changed.post_only != "slide":
        return changed.price
    book.open.pop(order.number)
    tried = changed.copy()
    entry_fault(book, tried)
    book.open[order.number] = order
    book.open = dict(sorted(book.open.items()))
    return tried.price


def size_fault_of(book: Book, changed: Order, order: Order) -> str | None:
    """The sizes of the new total; what closes exactly what is held may be smaller."""
    book.open.pop(order.number)
    # what is left may have become small: a new price does not ask again
    code = size_fault(book, changed, closes(book, changed) or changed.total == order.total)
    book.open[order.number] = order
    book.open = dict(sorted(book.open.items()))
    return code


def sweep_fault(book: Book, changed: Order, order: Order) -> str | None:
    """Post-only stays in force; a sweep that would reach its own group under taker or both is refused."""
    book.open.pop(order.number)
    code = entry_fault(book, changed)
    if code is None and book.phase not in COLLECTING and changed.stp in ("taker", "both"):
        code = "self_trade" if meets_own_group(book, changed) else None
    book.open[order.number] = order
    book.open = dict(sorted(book.open.items()))
    return code

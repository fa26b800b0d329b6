"""Orders that wait for a price: which are due, in which order they fire."""

from __future__ import annotations

from .book import Book
from .orders import Order

MOST_AT_ONCE = 1_000


def last_traded(book: Book, price: int) -> None:
    """A trade moves the last price."""
    book.last = price


def watched(book: Book, order: Order) -> int | None:
    """The price that an order watches."""
    return {"mark": book.mark, "index": book.index, "last": book.last}[order.trigger_by]


def is_due(book: Book, order: Order) -> bool:
    """Whether its trigger is true."""
    price = watched(book, order)
    if price is None or order.trigger is None:
        return False
    return price >= order.trigger if order.trigger_when == "at_or_above" else price <= order.trigger


def due(book: Book) -> list[Order]:
    """In the order in which a moving price reaches them, then of acceptance."""
    found = [order for order in book.open.values() if order.waits and is_due(book, order)]

    def reached(order: Order) -> tuple[int, int, int, int]:
        assert order.trigger is not None
        by = ("mark", "index", "last").index(order.trigger_by)
        above = order.trigger_when == "at_or_above"
        return (by, 0 if above else 1, order.trigger if above else -order.trigger, order.number)

    return sorted(found, key=reached)

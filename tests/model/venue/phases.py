"""The phases of an instrument, as its book goes through them."""

from __future__ import annotations

from .auction import change_phase, open_trading
from .book import Book
from .place import TRADING, fire

PHASES = ("listed", "preopen", "auction", "open", "reduce_only", "halted", "settling", "settled")


def enter_phase(book: Book, phase: str) -> str | None:
    """A code where it is refused."""
    if book.phase == "settled":
        return "phase_refused"
    for order in list(book.open.values()):
        if phase == "settled" or (phase == "reduce_only" and not order.reduce_only):
            book.end(order, "phase_refused")
    if phase in TRADING:
        open_trading(book, phase)
    else:
        change_phase(book, phase, None)
    fire(book)
    return None

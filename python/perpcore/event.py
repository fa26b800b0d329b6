"""What an order book tells: an `Event`, a `Level`."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

__all__ = ["Event", "Id", "Level"]

Id = str | int
"""An account, or what an account calls its order."""


class Event(NamedTuple):
    """One event of a book, the fields of the table `events`; None where it says nothing.

    >>> import perpcore as pc
    >>> book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
    >>> book.place("A", "-0.5", 58_000)
    [<Event 0 accepted: A, -0.5 at 58,000, order 16777216>]
    >>> book.place("A", "0.0001", 58_000)[0].code
    'off_lot'
    """

    seq: int
    """Its number, without gaps."""
    time: int | None
    """Nanoseconds since 1970 UTC."""
    cause: int
    """The position of its command in the stream, from 0."""
    kind: str
    """What happened: accepted, rejected, filled, canceled, amended, triggered, expired, indicative, mark, …"""
    code: str | None
    """Why, or why not."""
    account: Id | None
    """Whose; of a trade the taker, in an auction the buyer."""
    order: int | None
    """The order; of a trade the taker's."""
    client_id: Id | None
    """What the account calls it."""
    trade: int | None
    """The number of the trade, from 1."""
    quantity: Decimal | None
    """Contracts, signed as the order: of a trade what was traded, else what is left."""
    price: Decimal | None
    """The price of the trade, the limit of the order, the mark or the index."""
    other_account: Id | None
    """Of a trade the maker, in an auction the seller."""
    other_order: int | None
    """The maker's order."""
    class_: str | None
    """The class of the account."""
    other_class: str | None
    """The class of the other account."""
    aggressor: str | None
    """Who took: bid or ask; None in an auction."""
    before: str | None
    """The phase before."""
    after: str | None
    """The phase now."""

    def __repr__(self) -> str:
        parts = []
        if self.account is not None:
            parts.append(str(self.account) + (f" from {self.other_account}" if self.other_account is not None else ""))
        if self.quantity is not None or self.price is not None:
            at = "" if self.price is None else f"at {_short(self.price)}"
            parts.append(" ".join(filter(None, ["" if self.quantity is None else _short(self.quantity), at])))
        if self.after is not None:
            parts.append(f"{self.before} → {self.after}")
        if self.order is not None:
            parts.append(f"order {self.order}")
        if self.client_id is not None:
            parts.append(f"client id {self.client_id}")
        kind = self.kind if self.code is None else f"{self.kind} ({self.code})"
        return f"<Event {self.seq} {kind}{': ' if parts else ''}{', '.join(parts)}>"


class Level(NamedTuple):
    """A level of a book.

    >>> import perpcore as pc
    >>> pc.Level(58_000, 2, 1).orders
    1
    """

    price: Decimal
    """Its price."""
    quantity: Decimal
    """What rests there."""
    orders: int
    """How many orders."""


def _short(amount: Decimal) -> str:
    return f"{amount.normalize():,f}"

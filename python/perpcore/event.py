"""What an order book or a venue tells: an `Event`, a `Level`."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

__all__ = ["Event", "Id", "Level"]

Id = str | int
"""An account, or what an account calls its order."""


class Event(NamedTuple):
    """One event, the fields of the table `events`; None where it says nothing.

    >>> import perpcore as pc
    >>> book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
    >>> book.place("A", "-0.5", 58_000)
    [<Event 0 accepted: A, -0.5 BTC-PERP at 58,000, order 16777216>]
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
    """What happened: accepted, rejected, filled, canceled, posting, status_changed, mark, …"""
    code: str | None
    """Why, or why not."""
    account: Id | None
    """Whose; of a trade the taker, in an auction the buyer."""
    instrument: str | None
    """The instrument; of a status or a posting that of the isolated position, None of the cross account."""
    order: int | None
    """The order, of a trade the taker's; or the withdrawal."""
    client_id: Id | None
    """What the account calls it."""
    trade: int | None
    """The number of the trade, from 1."""
    quantity: Decimal | None
    """Contracts, signed as the order: of a trade what was traded, else what is left."""
    price: Decimal | None
    """The price of the trade, the limit of the order, the mark, the index, or what was settled at."""
    other_account: Id | None
    """Of a trade the maker, in an auction the seller."""
    other_order: int | None
    """The maker's order."""
    class_: str | None
    """The class of the account; or the one whose orders are halted, or are no longer."""
    other_class: str | None
    """The class of the other account."""
    aggressor: str | None
    """Who took: bid or ask; None in an auction."""
    asset: str | None
    """The asset of the amount; or the one whose price is told by itself."""
    amount: Decimal | None
    """What moved, signed; of a reject what it would come to; equity of a status; a rate of funding or a premium."""
    balance: Decimal | None
    """What is there after it; of a reject what is allowed; maintenance margin of a status."""
    before: str | None
    """The phase, the state of the price or the status before."""
    after: str | None
    """The same now."""
    rule: str | None
    """The rule that it follows from; of a reject that of its code."""
    note: str | None
    """Of an index the underlying, of a reject the parameter that decided, of a rulebook the digests."""

    def __repr__(self) -> str:
        parts = [self._who(), self._what(), *self._money()]
        if self.after is not None:
            parts.append(f"{self.before} → {self.after}")
        if self.order is not None:
            parts.append(f"{'withdrawal' if self.kind.startswith('withdrawal') else 'order'} {self.order}")
        if self.client_id is not None:
            parts.append(f"client id {self.client_id}")
        parts.append(self.rule or "")
        if not self._is_of_index():
            parts.append(self.note or "")
        told = ", ".join(filter(None, parts))
        kind = self.kind if self.code is None else f"{self.kind} ({self.code})"
        return f"<Event {self.seq} {kind}{': ' if told else ''}{told}>"

    def _is_of_index(self) -> bool:
        return self.kind in ("index", "price_state")

    def _who(self) -> str:
        if self.account is None:
            return (self.class_ or "") if self.kind in ("halt", "resume") else ""
        return str(self.account) + (f" from {self.other_account}" if self.other_account is not None else "")

    def _what(self) -> str:
        """So much of what, at which price."""
        told = self.note if self._is_of_index() else None
        subject = self.instrument or told or (self.asset if self.amount is None else None)
        quantity = None if self.quantity is None else _short(self.quantity)
        price = None if self.price is None else f"at {_short(self.price)}"
        return " ".join(filter(None, [quantity, subject, price]))

    def _money(self) -> list[str]:
        """What moved, and what is there now; by the names that they have for the kind."""
        amount, balance = _MONEY.get(self.kind, ("", "balance"))
        if self.kind == "rejected" and self.balance is not None:
            amount, balance = "comes to", "allowed"
        signed = "+" if self.kind in ("posting", "conversion") and (self.amount or 0) > 0 else ""
        parts = []
        if self.amount is not None:
            parts.append(" ".join(filter(None, [amount, signed + _short(self.amount), self.asset])))
        if self.balance is not None:
            parts.append(f"{balance} {_short(self.balance)}")
        return parts


# What amount and balance are called in events in which they are no money that moves.
_MONEY = {
    "status_changed": ("equity", "maintenance margin"),
    "margin_call": ("equity", "maintenance margin"),
    "premium": ("premium", "predicted rate"),
    "funding": ("rate", ""),
    "funding_missed": ("rate", ""),
    "limit_reached": ("limit", "used"),
}


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
    return f"{amount.normalize():,f}" if amount else "0"

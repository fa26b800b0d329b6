"""One order, and what every order has: its terms, what is left of it, its place among others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

# At one price clients come before an affiliated market maker.
RANK = {"affiliated_market_maker": 1}


@dataclass
class Order:
    """Quantities in contracts, unsigned; `side` is +1 to buy, −1 to sell; `price` None: a market order."""

    number: int  # counted by its book from 1, in the order of acceptance
    account: str
    instrument: str
    mode: str
    side: int
    total: int
    left: int
    price: int | None
    client_id: object = None
    tif: str = "gtc"
    until: int | None = None
    placed: int = 0
    reduce_only: bool = False
    post_only: str | None = None
    stp: str = "taker"
    trigger: int | None = None
    trigger_by: str = "mark"
    trigger_when: str | None = None
    rank: int = 0
    stamp: int = 0  # when it took its place in the queue
    waits: bool = False  # for its trigger
    resting: bool = False

    @property
    def filled(self) -> int:
        """What was traded of it."""
        return self.total - self.left

    @property
    def signed(self) -> int:
        """What is left, signed."""
        return self.side * self.left

    def shows(self, **changes: Any) -> dict[str, Any]:
        """Its columns in an event."""
        columns: dict[str, Any] = {
            "account": self.account,
            "instrument": self.instrument,
            "order": (self.instrument, self.number),
            "client_id": self.client_id,
            "quantity": self.signed,
            "price": self.price,
        }
        return columns | changes

    def copy(self, **changes: Any) -> Order:
        """The same order with other terms."""
        return replace(self, **changes)


def priority(order: Order) -> tuple[int, int, int]:
    """Price, then class, then time; smaller is first."""
    assert order.price is not None
    return (-order.side * order.price, order.rank, order.stamp)


def aggression(order: Order) -> tuple[int, int]:
    """Least aggressive first, of equals the one accepted last; a market order is the most aggressive."""
    price = order.side * order.price if order.price is not None else 10**30
    return (price, -order.number)

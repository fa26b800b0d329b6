"""What a book remembers of the ids that its accounts gave: for a while, so many, and as long as the order lives."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from .orders import Order

Content = tuple[Any, ...]
Key = tuple[str, object]  # account, client id


@dataclass
class Remembered:
    """What was asked, when, and the events that answered."""

    content: Content
    time: int
    events: list[dict[str, Any]]


class ClientIds:
    """Of one book."""

    def __init__(self, time: int, per_account: int) -> None:
        self.time, self.per_account = time, per_account
        self.known: dict[Key, Remembered] = {}  # the newest last

    def find(self, key: Key, now: int, live: AbstractSet[Key]) -> Remembered | None:
        """What is remembered of an id: while its order lives, else within the window and among the newest."""
        entry = self.known.get(key)
        if entry is None or key in live:
            return entry
        newest = [other for other in self.known if other[0] == key[0]][-self.per_account :]
        return entry if key in newest and now - entry.time < self.time else None

    def add(self, key: Key, entry: Remembered) -> None:
        """A new order under the id."""
        self.known.pop(key, None)
        self.known[key] = entry


def content_of(order: Order) -> Content:
    """What makes two orders the same."""
    return (
        order.mode, order.side, order.total, order.price, order.tif, order.until, order.reduce_only,
        order.post_only, order.stp, order.trigger, order.trigger_by, order.trigger_when,
    )  # fmt: skip

"""The mirror against two dicts and the venue's words, over random feeds that lose, repeat, cross and start anew."""

import os
import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

import perpcore as pc

SEEDS = range(2_000 if os.environ.get("PERPCORE_SOAK") == "1" else 60)
Sides = tuple[dict[int, int], dict[int, int]]


@dataclass
class Message:
    """What a venue sends; a snapshot has no first id."""

    first: int | None
    last: int
    previous: int
    levels: list[tuple[int, int, int]]  # (side, price, quantity)


@dataclass
class Naive:
    """The rules of the venue, as its documentation words them: no order, no speed."""

    perpetual: bool
    state: str = "waiting"
    last: int | None = None
    first_after_snapshot: bool = True
    sides: Sides = field(default_factory=lambda: ({}, {}))
    waiting: list[Message] = field(default_factory=list)

    def take(self, message: Message) -> None:
        if message.first is None:
            if self.state == "good" and self.last is not None and message.last <= self.last:
                return
            self.sides, self.last, self.state, self.first_after_snapshot = ({}, {}), message.last, "good", True
            self.set(message)
            waiting, self.waiting = self.waiting, []
            for change in waiting:
                self.take(change)
            return
        if self.state == "good":
            assert self.last is not None
            if message.last <= self.last:
                return
            begins = message.previous if self.perpetual else message.first - 1
            if begins == self.last or (self.first_after_snapshot and begins < self.last):
                self.last, self.first_after_snapshot = message.last, False
                self.set(message)
            else:
                self.state = "gap"
        if self.state != "good":
            self.waiting.append(message)

    def set(self, message: Message) -> None:
        for side, price, quantity in message.levels:
            self.sides[side][price] = quantity
        bids, asks = ([price for price, quantity in side.items() if quantity] for side in self.sides)
        if bids and asks and max(bids) >= min(asks):
            self.state = "crossed"

    def rows(self) -> list[tuple[int, int]]:
        if self.state != "good":
            return []
        bids, asks = ([level for level in side.items() if level[1]] for side in self.sides)
        return [*sorted(bids, reverse=True), *((price, -quantity) for price, quantity in sorted(asks))]


def feed(rng: random.Random, perpetual: bool) -> list[Message]:
    """A true book and what is said of it, then spoiled."""
    last, mid = rng.randint(0, 1_000), 1_000
    sides: Sides = ({}, {})
    sent: list[Message] = []
    for _ in range(rng.randint(20, 120)):
        mid += rng.randint(-3, 3)
        levels: dict[tuple[int, int], int] = {}
        for price in [price for price in sides[0] if price >= mid]:
            levels[0, price] = 0
        for price in [price for price in sides[1] if price <= mid]:
            levels[1, price] = 0
        for _ in range(rng.randint(0, 4)):
            levels[0, mid - rng.randint(1, 9)] = rng.choice([0, 1, 2, 3])
            levels[1, mid + rng.randint(1, 9)] = rng.choice([0, 1, 2, 3])
        skipped = rng.randint(0, 5) if perpetual else 0
        first, previous = last + 1 + skipped, last
        last = first + rng.randint(0, 6)
        changes = [(side, price, quantity) for (side, price), quantity in levels.items()]
        for side, price, quantity in changes:
            sides[side][price] = quantity
            if not quantity:
                del sides[side][price]
        if rng.random() < 0.02:
            changes.append((0, mid + 20, 1))  # crosses what it is set into
        sent.append(Message(first, last, previous, changes))
        if rng.random() < 0.15:
            whole = [(at, price, quantity) for at, side in enumerate(sides) for price, quantity in side.items()]
            sent.append(Message(None, last, 0, whole))
    for _ in range(rng.randint(0, 4)):
        at = rng.randrange(len(sent) - 1)
        match rng.choice(["lose", "repeat", "swap", "late"]):
            case "lose":
                del sent[at]
            case "repeat":
                sent.insert(rng.randrange(at, len(sent)), sent[at])
            case "swap":
                sent[at], sent[at + 1] = sent[at + 1], sent[at]
            case "late":
                sent.insert(min(len(sent), at + rng.randint(1, 5)), sent.pop(at))
    return sent


def told(mirror: pc.DepthMirror, message: Message) -> str:
    bids, asks = ([(price, quantity) for at, price, quantity in message.levels if at == side] for side in (0, 1))
    if message.first is None:
        return mirror.snapshot(message.last, bids, asks)
    previous = message.previous if mirror.kind == "perpetual" else None
    return mirror.update(message.first, message.last, bids, asks, previous_id=previous)


def tape(sent: list[Message], perpetual: bool) -> pa.Table:
    rows: list[dict[str, Any]] = []
    for message in sent:
        head = {
            "snapshot": message.first is None,
            "first_id": message.first,
            "last_id": message.last,
            "previous_id": message.previous if perpetual and message.first is not None else None,
        }
        rows += [
            head | {"side": "ask" if side else "bid", "price": Decimal(price), "quantity": Decimal(quantity)}
            for side, price, quantity in message.levels
        ] or [head | {"side": None, "price": None, "quantity": None}]
    number = pa.decimal128(28, 8)
    ids = [(name, pa.int64()) for name in ("first_id", "last_id", "previous_id")]
    kinds = [("snapshot", pa.bool_()), *ids, ("side", pa.string()), ("price", number), ("quantity", number)]
    return pa.Table.from_pylist(rows, pa.schema(kinds))


@pytest.mark.parametrize("perpetual", [False, True], ids=["spot", "perpetual"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_mirror_is_the_naive_one(seed: int, perpetual: bool) -> None:
    sent = feed(random.Random(seed), perpetual)
    naive = Naive(perpetual)
    mirror = pc.DepthMirror("perpetual" if perpetual else "spot")
    states = []
    for message in sent:
        naive.take(message)
        states.append(told(mirror, message))
        assert (states[-1], mirror.last_id, mirror.counters()["waiting"]) == (
            naive.state,
            naive.last,
            len(naive.waiting),
        )
        assert [(row["price"], row["quantity"]) for row in mirror.depth().to_pylist()] == naive.rows()
    recorded = pc.DepthMirror(mirror.kind)  # type: ignore[arg-type]
    recorded.run(tape(sent, perpetual))
    assert recorded.depth().equals(mirror.depth())
    assert (recorded.reason, recorded.last_id) == (mirror.reason, mirror.last_id)


def test_the_feeds_reach_every_state() -> None:
    seen: dict[str, int] = {}
    for seed in SEEDS:
        naive = Naive(perpetual=False)
        for message in feed(random.Random(seed), perpetual=False):
            naive.take(message)
            seen[naive.state] = seen.get(naive.state, 0) + 1
    assert min(seen[state] for state in ("waiting", "good", "gap", "crossed")) > 20, seen

"""`OrderBook` from Python: the matching workload in batches of 10,000 commands, single commands, L2 to Arrow.

The first 100,000 measured steps of MW-1 (`benches/matching.py`) after the 20,000 that fill the book, decode and events
included: as nobody's orders, and as those of 10,000 accounts with client ids and a mark every 64 steps. Beside them a
plain book in Python on sorted dicts, which only knows what rests: no accounts, no events, no checks. The core alone,
beside its reference: `cargo bench -p perpcore --bench book`.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

import perpcore as pc

from .matching import PREFILL, RULES, Plain, Step, stream, tables

STEPS = 100_000


@pytest.fixture(scope="module")
def steps() -> list[Step]:
    return stream(STEPS)


def replay(batches: list[pa.Table], filling: int) -> tuple[float, pc.OrderBook]:
    """Seconds a command after the first batches, which fill the book."""
    book, rows, spent = pc.OrderBook(pc.Rulebook.parse(RULES), "BTC-PERP"), 0, 0.0
    for at, batch in enumerate(batches):
        start = time.perf_counter()
        book.apply(batch)
        if at >= filling:
            spent += time.perf_counter() - start
            rows += batch.num_rows
    return spent / rows, book


def plain(steps: list[Step]) -> tuple[float, Plain]:
    """Seconds a step of the plain book in Python."""
    book, start = Plain(), 0.0
    for at, step in enumerate(steps):
        if at == PREFILL:
            start = time.perf_counter()
        book.step(step)
    return (time.perf_counter() - start) / (len(steps) - PREFILL), book


@pytest.mark.parametrize("accounts", [False, True], ids=["nobody", "accounts"])
def test_batches_of_10_000_commands(steps: list[Step], accounts: bool, benchmark: Any) -> None:
    batches = tables(steps, accounts=accounts)
    filling = 4 if accounts else 2
    ours, peer = [], []
    for _ in range(5):
        ours.append(replay(batches, filling)[0])
        peer.append(plain(steps)[0])
    benchmark.extra_info["ns_a_command"] = round(statistics.median(ours) * 1e9, 1)
    benchmark.extra_info["times_plain_python"] = round(statistics.median(peer) / statistics.median(ours), 2)
    _, book = benchmark.pedantic(replay, args=(batches, filling), rounds=3)
    assert len(book) > PREFILL / 2


def test_both_books_end_with_the_same_orders(steps: list[Step]) -> None:
    _, book = replay(tables(steps, accounts=False), 0)
    rest = {
        (int(price * 10), int(abs(quantity) * 1000))
        for price, quantity, _ in zip(*(column.to_pylist() for column in book.depth().columns), strict=True)
    }
    levels: dict[int, int] = {}
    for _, price, quantity in plain(steps)[1].orders.values():
        levels[price] = levels.get(price, 0) + quantity
    assert rest == set(levels.items())


def test_l2_of_1_000_levels_to_arrow(benchmark: Any) -> None:
    book = pc.OrderBook(pc.Rulebook.parse(RULES), "BTC-PERP")
    prices = [100_000 - at for at in range(500)] + [100_001 + at for at in range(500)]
    quantities = [1] * 500 + [-1] * 500
    book.apply({"kind": ["place"] * 1_000, "quantity": quantities, "price": prices})
    depth = benchmark(book.depth, 500)
    assert depth.num_rows == 1_000


SINGLE: dict[str, Callable[[pc.OrderBook], Any]] = {
    "place and cancel": lambda book: book.cancel(book.place(None, 1, 90_000)[0].order),
    "best": lambda book: book.best,
}


@pytest.mark.parametrize("call", SINGLE)
def test_single_commands(steps: list[Step], call: str, benchmark: Any) -> None:
    _, book = replay(tables(steps[:PREFILL], accounts=False), 0)
    benchmark(SINGLE[call], book)

"""`Venue` from Python: MW-1A in batches of 1,000 commands, decode, gate, book, ledger and events included.

The first 100,000 measured steps of MW-1 (`benches/matching.py`) after the 20,000 that fill the book, as orders of
10,000 accounts, two to a group, 1 % affiliated, with client ids and a mark every 64 steps; fees 0.02 % and 0.05 %.
Beside it the `OrderBook` on the same tables. The core alone: `cargo bench -p perpcore --bench venue`.
"""

import statistics
import time
from typing import Any

import pyarrow as pa
import pytest

import perpcore as pc

from .matching import RULES, stream, tables

STEPS = 100_000
BATCH = 1_000
ACCOUNTS = 10_000
FEES = 'settlement = "USD"\nfees = { standard = { maker = "0.02%", taker = "0.05%" } }'


@pytest.fixture(scope="module")
def batches() -> list[pa.Table]:
    return tables(stream(STEPS), accounts=True, batch=BATCH)


def opened() -> pc.Venue:
    """A venue whose accounts have enough, its instrument open."""
    venue = pc.Venue(pc.Rulebook.parse(RULES.replace('settlement = "USD"', FEES)))
    accounts = list(range(ACCOUNTS))
    classes = ["affiliated_market_maker" if account % 100 == 0 else "professional" for account in accounts]
    venue.apply(
        {
            "kind": ["open_account"] * ACCOUNTS,
            "account": accounts,
            "client": accounts,
            "group": [account // 2 for account in accounts],
            "class": classes,
            "approval": ["reference"] * ACCOUNTS,
        }
    )
    venue.apply(
        {
            "kind": ["deposit"] * ACCOUNTS,
            "account": accounts,
            "asset": ["USD"] * ACCOUNTS,
            "amount": [100_000_000] * ACCOUNTS,
        }
    )
    venue.mark("BTC-PERP", 100_000)
    venue.enter_phase("BTC-PERP", "open")
    return venue


def replay(batches: list[pa.Table], filling: int) -> tuple[float, pc.Venue]:
    """Seconds a command after the first batches, which fill the book."""
    venue, rows, spent = opened(), 0, 0.0
    for at, batch in enumerate(batches):
        start = time.perf_counter()
        venue.apply(batch)
        if at >= filling:
            spent += time.perf_counter() - start
            rows += batch.num_rows
    return spent / rows, venue


def book_alone(batches: list[pa.Table], filling: int) -> float:
    """Seconds a command of an order book by itself."""
    book, rows, spent = pc.OrderBook(pc.Rulebook.parse(RULES), "BTC-PERP"), 0, 0.0
    for at, batch in enumerate(batches):
        start = time.perf_counter()
        book.apply(batch)
        if at >= filling + ACCOUNTS // BATCH:
            spent += time.perf_counter() - start
            rows += batch.num_rows
    return spent / rows


def test_batches_of_1_000_commands(batches: list[pa.Table], benchmark: Any) -> None:
    trading, filling = batches[ACCOUNTS // BATCH :], 20
    ours, alone = [], []
    for _ in range(3):
        ours.append(replay(trading, filling)[0])
        alone.append(book_alone(batches, filling))
    benchmark.extra_info["commands_a_second"] = round(1 / statistics.median(ours))
    benchmark.extra_info["times_the_book"] = round(statistics.median(ours) / statistics.median(alone), 2)
    _, venue = benchmark.pedantic(replay, args=(trading, filling), rounds=1)
    assert venue.verify() == []
    assert venue.l3("BTC-PERP").num_rows > 15_000

"""Two recorded feeds of 8 August 2024, BTCUSDT perpetual and spot, from `../shared/data` (or $PERPCORE_DATA).

The venue's own best bid and ask, which it published beside the depth, are what the mirror is held against.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
import pytest
from tests.shared import DATA, at_hand

import perpcore as pc

FOLDER = DATA / "binance_l2_20240808"
compute: Any = pa.compute

MARKETS = [("usdm", "perpetual", 629), ("spot", "spot", 1_072)]


@pytest.fixture
def folder() -> Path:
    return at_hand(FOLDER)


def messages(table: pa.Table, snapshot: bool) -> pa.Table:
    none = pa.nulls(table.num_rows, pa.int64())
    return pa.table(
        {
            "time": table["local_ts"],
            "snapshot": pa.array([snapshot] * table.num_rows),
            "first_id": none if snapshot else table["first_id"],
            "last_id": table["last_update_id" if snapshot else "last_id"],
            "previous_id": none if snapshot else table["prev_last_id"].cast(pa.int64()),
            "side": table["side"],
            "price": table["price"],
            "quantity": table["qty"],
        }
    )


def recorded(folder: Path, market: str) -> pa.Table:
    """Snapshot and changes in the order in which they came."""
    snapshot = pq.read_table(folder / "depth_snapshot.parquet", filters=[("market", "=", market)])
    changes = messages(pq.read_table(folder / f"depth_{market}_btcusdt.parquet"), False)
    before = compute.sum(compute.less(changes["time"], snapshot["local_ts"][0])).as_py()
    return pa.concat_tables([changes.slice(0, before), messages(snapshot, True), changes.slice(before)])


def ticker(folder: Path, market: str) -> dict[int, tuple[Decimal, ...]]:
    """Update id → best bid, its quantity, best ask, its quantity, as the venue published them."""
    table = pq.read_table(folder / "book_ticker.parquet", filters=[("market", "=", market)])
    best = zip(*(table[name].to_pylist() for name in ("bid_px", "bid_qty", "ask_px", "ask_qty")), strict=True)
    texts = (tuple(Decimal(repr(number)) for number in row) for row in best)
    return dict(zip(table["update_id"].to_pylist(), texts, strict=True))


@pytest.mark.parametrize(("market", "kind", "comparable"), MARKETS)
def test_there_is_no_gap_no_crossing_and_the_best_is_the_published_one(
    folder: Path, market: str, kind: Any, comparable: int
) -> None:
    mirror = pc.DepthMirror(kind)
    states = pa.table(mirror.run(recorded(folder, market)))
    assert set(states["state"].to_pylist()) == {"waiting", "good"}
    assert (mirror.state, mirror.counters()["gaps"], mirror.counters()["crossings"]) == ("good", 0, 0)
    published = ticker(folder, market)
    compared = 0
    for row in states.to_pylist():
        if row["state"] == "good" and row["last_id"] in published:
            best = (row["bid"], row["bid_quantity"], row["ask"], row["ask_quantity"])
            assert best == published[row["last_id"]], row
            compared += 1
    print(f"{market}: {compared:,} update ids compared, of {states.num_rows:,} messages")
    # As many as a count of ids that stand in both files finds, which knows nothing of the mirror.
    assert compared == comparable


@pytest.mark.parametrize(("market", "kind", "comparable"), MARKETS)
def test_a_message_that_is_left_out_is_a_gap_from_there_on(
    folder: Path, market: str, kind: Any, comparable: int
) -> None:
    tape = recorded(folder, market)
    ids = tape["last_id"].to_pylist()
    lost = ids[len(ids) // 2]
    at = ids.index(lost)
    states = pa.table(pc.DepthMirror(kind).run(tape.filter(compute.not_equal(tape["last_id"], lost))))
    found = dict(zip(states["last_id"].to_pylist(), states["state"].to_pylist(), strict=True))
    assert found[ids[at - 1]] == "good"
    after = [found[last] for last in dict.fromkeys(ids[at:]) if last != lost]
    assert set(after) == {"gap"}


@pytest.mark.parametrize(("market", "kind", "comparable"), MARKETS)
def test_message_by_message_is_the_tape_at_once(folder: Path, market: str, kind: Any, comparable: int) -> None:
    tape = recorded(folder, market).slice(0, 60_000)
    whole, single = pc.DepthMirror(kind), pc.DepthMirror(kind)
    whole.run(tape)
    sent: dict[tuple[Any, ...], tuple[list[Any], list[Any]]] = {}
    for row in tape.to_pylist():
        head = (row["snapshot"], row["first_id"], row["last_id"], row["previous_id"])
        sent.setdefault(head, ([], []))[row["side"] == "ask"].append((row["price"], row["quantity"]))
    for (snapshot, first, last, previous), (bids, asks) in sent.items():
        if snapshot:
            single.snapshot(last, bids, asks)
        else:
            single.update(first, last, bids, asks, previous_id=previous)
    assert single.depth().equals(whole.depth())
    assert (single.state, single.reason, single.last_id) == (whole.state, whole.reason, whole.last_id)
    assert single.counters() == whole.counters()

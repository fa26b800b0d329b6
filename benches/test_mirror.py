"""`DepthMirror`: a recorded feed, in one table and message by message, beside dicts with sorted keys in Python.

The tape is the perpetual feed of `../shared/data` ($PERPCORE_DATA): 6,552 messages of 445,521 levels. The peer keeps
floats, checks the ids and the crossing, and gives the best level after each message; it checks no value.
"""

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sortedcontainers import SortedDict
from tests.mirror.test_recorded import FOLDER, recorded

import perpcore as pc

Message = tuple[Any, Any, Any, Any, list[tuple[float, float]], list[tuple[float, float]]]


@pytest.fixture(scope="module")
def tape() -> pa.Table:
    if not Path(FOLDER).is_dir():
        pytest.skip(f"no recorded market at {FOLDER} (PERPCORE_DATA names another place)")
    return recorded(FOLDER, "usdm").combine_chunks()


def messages(tape: pa.Table) -> list[Message]:
    sent: dict[tuple[Any, ...], tuple[list[Any], list[Any]]] = {}
    for row in tape.to_pylist():
        head = (row["snapshot"], row["first_id"], row["last_id"], row["previous_id"])
        sent.setdefault(head, ([], []))[row["side"] == "ask"].append((row["price"], row["quantity"]))
    return [(*head, *levels) for head, levels in sent.items()]  # type: ignore[misc]


def peer(sent: list[Message]) -> tuple[float, float]:
    bids, asks = SortedDict(), SortedDict()
    last, waiting, best = None, [], (0.0, 0.0)
    for snapshot, first, end, previous, bid_levels, ask_levels in sent:
        todo = [(first, end, previous, bid_levels, ask_levels)]
        if snapshot:
            last, todo = end, [(None, end, None, bid_levels, ask_levels), *waiting]
        elif last is None:
            waiting += todo
            continue
        for begins, ends, before, *sides in todo:
            if begins is not None and ends <= last:
                continue
            assert begins is None or before <= last
            for side, levels in zip((bids, asks), sides, strict=True):
                for price, quantity in levels:
                    if quantity:
                        side[price] = quantity
                    else:
                        side.pop(price, None)
            last = ends
        best = (bids.peekitem(-1)[0], asks.peekitem(0)[0])
        assert best[0] < best[1]
    return best


def streamed(sent: list[Message]) -> pc.DepthMirror:
    mirror = pc.DepthMirror("perpetual")
    for snapshot, first, end, previous, bids, asks in sent:
        if snapshot:
            mirror.snapshot(end, bids, asks)
        else:
            mirror.update(first, end, bids, asks, previous_id=previous)
    return mirror


def test_a_recorded_feed_beside_sorted_dicts(tape: pa.Table) -> None:
    sent = messages(tape)
    rounds = int(os.environ.get("PERPCORE_ROUNDS", "5"))

    def timed(call: Callable[[], Any]) -> float:
        begun = time.perf_counter()
        call()
        return time.perf_counter() - begun

    found = streamed(sent).best
    assert found is not None
    assert peer(sent) == (float(found.bid or 0), float(found.ask or 0))
    ways = [lambda: pc.DepthMirror("perpetual").run(tape), lambda: streamed(sent), lambda: peer(sent)]
    turns = [[timed(way) for way in ways] for _ in range(rounds)]
    for at, name in enumerate(("one table", "message by message", "sorted dicts")):
        ratio = statistics.median(turn[2] / turn[at] for turn in turns)
        took = statistics.median(turn[at] for turn in turns)
        print(f"{name}: {took * 1e3:.0f} ms, {len(sent) / took:,.0f} messages/s, {ratio:.2f} × the dicts")
    assert statistics.median(turn[2] / turn[0] for turn in turns) > 1

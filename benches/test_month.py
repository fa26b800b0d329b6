"""A month of minutes, 5,000 accounts, full waterfall: March 2020, from `../shared/data` (or $PERPCORE_DATA).

What is timed: the commands of 44,640 recorded bars in tables of a day, each bar two prices told as index and mark and a
maker who quotes eight orders anew at each (`tests/venue/tape.py`), for a crowd of which half is liquidated on the way
(`tests/venue/crowd.py`); decode and tables of events included, making the commands left out.
"""

from typing import Any

import pyarrow as pa
from tests.shared import at_hand
from tests.venue.crash import CRASHES, begin, utc
from tests.venue.tape import KINDS

import perpcore as pc

MARCH = CRASHES[0]
MONTH = (utc(2020, 2, 29), utc(2020, 4, 1))
QUICK = (utc(2020, 3, 12, 10), utc(2020, 3, 12, 12))
DAY = len(KINDS) * 2 * 1_440


def played(venue: pc.Venue, told: pa.Table) -> list[pa.RecordBatch]:
    return [venue.apply(told.slice(first, DAY)) for first in range(0, told.num_rows, DAY)]


def test_month(benchmark: Any) -> None:
    at_hand(MARCH.file)
    accounts, span = (200, QUICK) if benchmark.disabled else (5_000, MONTH)
    run, told = begin(MARCH, accounts, span)
    events = benchmark.pedantic(played, args=(run.venue, told), rounds=1)
    kinds = pa.chunked_array([batch["kind"].cast(pa.string()) for batch in events])
    counts = {each["values"]: each["counts"] for each in kinds.value_counts().to_pylist()}
    assert counts["liquidation_step"] > accounts / 4
    assert run.venue.verify() == []
    benchmark.extra_info["commands"] = told.num_rows
    benchmark.extra_info["events"] = len(kinds)
    benchmark.extra_info["steps"] = counts["liquidation_step"]

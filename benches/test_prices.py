"""Index, mark and funding over a tape, from Python and as Polars can. In turns, and a year: `prices`."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from .peers.prices_polars import Prices
from .prices import CONTENDERS
from .tape import DAY, Market, Numbers, Terms, agree, tape

QUICK = DAY // 4
ROWS = 2 * DAY


@lru_cache(maxsize=4)
def batches(rows: int, numbers: Numbers, batch: int = DAY, trouble: float = 1) -> tuple[pa.RecordBatch, ...]:
    return tuple(tape(rows, numbers=numbers, batch=batch, trouble=trouble))


def fed(feed: Callable[[pa.RecordBatch], Any], given: tuple[pa.RecordBatch, ...]) -> list[Any]:
    return [feed(batch) for batch in given]


@pytest.mark.parametrize("name", CONTENDERS)
def test_a_tape(name: str, benchmark: BenchmarkFixture) -> None:
    rows = QUICK if benchmark.disabled else ROWS
    make, numbers = CONTENDERS[name]
    given = batches(rows, numbers)
    for found, told in zip(fed(make(Terms()).feed, given), fed(Market(Terms()).feed, batches(rows, "e8")), strict=True):
        if make is Prices:
            agree(found, told)
        else:
            assert found.mark.equals(told.mark)
    benchmark(lambda: fed(make(Terms()).feed, given))
    benchmark.extra_info["rows"] = rows


@pytest.mark.parametrize(("batch", "trouble"), [(DAY, 100), (7_919, 20), (997, 5)])
def test_what_goes_wrong_often_is_the_same_in_any_batches(batch: int, trouble: float) -> None:
    """The second day has a source that is off, and times with one or two groups."""
    peer, core = Prices(Terms()), Market(Terms())
    for floats, grid in zip(
        tape(ROWS, batch=batch, trouble=trouble), tape(ROWS, numbers="e8", batch=batch, trouble=trouble), strict=True
    ):
        agree(peer.feed(floats), core.feed(grid))


@pytest.mark.parametrize(
    "terms",
    [
        replace(Terms(), max_deviation=0.04),
        replace(Terms(), stale_after=11),
        replace(Terms(), samples=29),
        replace(Terms(), last_for=59),
        replace(Terms(), dead_zone=0.0004),
    ],
)
def test_another_rule_is_noticed(terms: Terms) -> None:
    ours = fed(Market(Terms()).feed, batches(DAY, "e8", trouble=20))
    theirs = fed(Prices(terms).feed, batches(DAY, "float64", trouble=20))
    with pytest.raises(AssertionError, match="where perpcore has"):
        agree(theirs[0], ours[0])


def test_a_wrong_price_is_noticed() -> None:
    """One quote in a day that is off by a cent."""
    (ours,), (given,) = fed(Market(Terms()).feed, batches(DAY, "e8")), batches(DAY, "float64")
    prices = given.column("s3").to_numpy(zero_copy_only=False).copy()
    row = int(np.flatnonzero(~np.isnan(prices))[DAY // 2])
    prices[row] += 0.01
    other = given.set_column(4, "s3", pa.array(prices, from_pandas=True))
    agree(Prices(Terms()).feed(given), ours)
    with pytest.raises(AssertionError, match=r"index: .* where perpcore has"):
        agree(Prices(Terms()).feed(other), ours)


def test_a_tape_begins_as_a_longer_one() -> None:
    whole = pa.Table.from_batches(tape(DAY + 100, numbers="e8"))
    cut = pa.Table.from_batches(tape(10_000, numbers="e8", batch=3_333))
    assert cut.equals(whole.slice(0, 10_000).combine_chunks())

"""Times: timestamps of every unit in UTC, aware datetimes, int64 nanoseconds; they change no figure of assess."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.inputs.book import BOOK, RULES, check

import perpcore as pc

MOMENT = datetime(2026, 3, 12, 10, 46, 30, tzinfo=UTC)
YEAR_2000_NS = 946_684_800 * 10**9
ROWS = len(BOOK["prices"]["symbol"])


def with_times(times: Any) -> dict[str, Any]:
    return {**BOOK, "prices": {**BOOK["prices"], "time": times}}


ACCEPTED: dict[str, Any] = {
    **{f"{unit} {zone}": pa.array([MOMENT] * ROWS, pa.timestamp(unit, tz=zone))
       for unit in ("s", "ms", "us", "ns") for zone in ("UTC", "Etc/UTC", "Z", "+00:00")},
    "int64 ns": pa.array([YEAR_2000_NS] * ROWS, pa.int64()),
    "int64 ns, none": pa.array([None] * ROWS, pa.int64()),
    "Python integers": [int(MOMENT.timestamp()) * 10**9] * ROWS,
    "some null": [MOMENT, None, MOMENT, None, MOMENT],
    "all null": [None] * ROWS,
    "aware datetimes": [MOMENT + timedelta(microseconds=n) for n in range(ROWS)],
    "aware datetimes of another zone": [MOMENT.astimezone(timezone(timedelta(hours=8)))] * ROWS,
    "pandas": pd.Series([pd.Timestamp(MOMENT)] * ROWS),
    "polars": pl.Series([MOMENT] * ROWS, dtype=pl.Datetime("us", "UTC")),
    "NumPy int64": np.full(ROWS, YEAR_2000_NS, dtype="i8"),
    "before 2000 as a timestamp": pa.array([datetime(1970, 1, 1, tzinfo=UTC)] * ROWS, pa.timestamp("s", tz="UTC")),
}  # fmt: skip


@pytest.mark.parametrize("times", ACCEPTED.values(), ids=ACCEPTED)
def test_times_of_every_form_are_accepted_and_change_no_figure(times: Any) -> None:
    check(with_times(times))


@pytest.mark.parametrize("name", ["investor_until", "knowledge_until"])
def test_dates_of_accounts_are_times_too(name: str) -> None:
    times = pa.array([MOMENT, None, MOMENT], pa.timestamp("ms", tz="UTC"))
    check({**BOOK, "accounts": {**BOOK["accounts"], name: times}})
    with pytest.raises(pc.errors.InputError):
        check({**BOOK, "accounts": {**BOOK["accounts"], name: [1, 2, 3]}})


REFUSED: dict[str, Any] = {
    "naive timestamps": pa.array([MOMENT.replace(tzinfo=None)] * ROWS, pa.timestamp("us")),
    "naive datetimes": [MOMENT.replace(tzinfo=None)] * ROWS,
    "NumPy datetimes": np.array(["2026-03-12"] * ROWS, dtype="M8[ns]"),
    "NumPy days": np.array(["2026-03-12"] * ROWS, dtype="M8[D]"),
    "another zone": pa.array([MOMENT] * ROWS, pa.timestamp("us", tz="Asia/Hong_Kong")),
    "a zone that is UTC in winter": pa.array([MOMENT] * ROWS, pa.timestamp("us", tz="Europe/London")),
    "dates": pa.array([MOMENT.date()] * ROWS),
    "text": ["2026-03-12T10:46:30Z"] * ROWS,
    "floats": [1.7e18] * ROWS,
    "int32": pa.array([1] * ROWS, pa.int32()),
}


@pytest.mark.parametrize("times", REFUSED.values(), ids=REFUSED)
@pytest.mark.code("wrong_type")
def test_other_times_are_refused(times: Any) -> None:
    with pytest.raises(pc.errors.SchemaError) as caught:
        pc.assess(RULES, **with_times(times))
    assert (caught.value.code, caught.value.table, caught.value.column) == ("wrong_type", "prices", "time")


@pytest.mark.parametrize("value", [YEAR_2000_NS - 1, 0, -1, int(MOMENT.timestamp()), int(MOMENT.timestamp()) * 1000])
@pytest.mark.code("implausible_time")
def test_integers_before_2000_hint_at_the_unit(value: int) -> None:
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(RULES, **with_times([YEAR_2000_NS, None, value, YEAR_2000_NS, None]))
    error = caught.value
    assert (error.code, error.table, error.column, error.row) == ("implausible_time", "prices", "time", 2)
    assert error.value == str(value)
    assert "unit" in (error.accepted or "")


@pytest.mark.code("out_of_range")
def test_a_time_beyond_nanoseconds_is_out_of_range() -> None:
    far = pa.array([None, None, 10**11, None, None], pa.timestamp("s", tz="UTC"))  # the year 5138
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(RULES, **with_times(far))
    assert (caught.value.code, caught.value.column, caught.value.row) == ("out_of_range", "time", 2)

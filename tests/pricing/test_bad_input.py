"""What feeds do wrong is a state with a reason; what programs do wrong is a typed error, and nothing has changed."""

import enum
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.pricing.book import (
    AT_ONCE,
    NAMES,
    ODD,
    PREMIUMS,
    START,
    TOPS,
    all_at,
    at,
    columns,
    funding,
    index,
    mark,
    outs,
    refused,
    tops,
)

from perpcore.errors import InputError, PrecisionWarning, SchemaError

D = Decimal
SATURATED = {
    "zero": (0, "non_positive"),
    "negative": ("-0.00000001", "non_positive"),
    "beyond a price": (100_000_001, "off_domain"),
    "beyond 64 bits": (10**30, "off_domain"),
    "beyond 64 bits, below 0": (-(10**30), "non_positive"),
    "text beyond 128 bits": ("9" * 60, "off_domain"),
    "text beyond 128 bits, below 0": ("-" + "9" * 60, "non_positive"),
    "float beyond": (1e300, "off_domain"),
    "float beyond, below 0": (-1e300, "non_positive"),
    "Decimal beyond": (D("1e40"), "off_domain"),
    "Decimal far beyond": (D("1e999999"), "off_domain"),
    "Decimal far beyond, below 0": (D("-1e999999"), "non_positive"),
    "an integer of 5,000 digits": (10**5_000, "off_domain"),
    "an integer of 5,000 digits, below 0": (-(10**5_000), "non_positive"),
    "nine decimals": ("100.000000001", "off_grid"),
    "a float between": (0.1 + 0.2, "off_grid"),
    "Decimal tiny": (D("1e-99"), "off_grid"),
    "NaN": (math.nan, "off_grid"),
    "inf": (math.inf, "off_grid"),
    "-inf": (-math.inf, "off_grid"),
    "text NaN": ("nan", "off_grid"),
    "Decimal NaN": (D("NaN"), "off_grid"),
    "Decimal inf": (D("-Infinity"), "off_grid"),
    "NumPy NaN": (np.float64("nan"), "off_grid"),
}


@pytest.mark.parametrize("name", SATURATED)
def test_a_price_that_is_none_puts_its_source_out_in_both_faces(name: str) -> None:
    price, reason = SATURATED[name]
    one, other, long = index(), index(), index()
    for which in (one, other, long):
        which.update(at(0), all_at(100))
    sample = one.update(at(1), {"a": price})
    assert (sample.state, sample.value, sample.groups) == ("live", 100, 3)
    assert sample.reason == f"1 samples in a row agreed; out: a {reason}"
    assert outs(one)["a"] == reason
    other.run({"time": [at(1)], "a": [price]})
    long.run({"time": [at(1)], "source": ["a"], "price": [price]})
    assert one.digest == other.digest == long.digest
    # The next price brings it back.
    assert one.update(at(2), {"a": 100}).groups == 4


RAW = {-(2**63): "non_positive", -(2**63) + 1: "non_positive", -1: "non_positive", 0: "non_positive"}
RAW |= {10**16 + 1: "off_domain", 2**63 - 1: "off_domain"}


@pytest.mark.parametrize("raw", RAW)
def test_every_count_of_64_bits_is_a_price_or_a_reason(raw: int) -> None:
    one = index()
    one.update(at(0), all_at(100))
    wide = pa.table({"time": [at(1)], "a_e8": pa.array([raw], pa.int64())})
    assert one.run(wide)["groups"].to_pylist() == [3]
    assert outs(one)["a"] == RAW[raw]
    # The same count as a decimal.
    one.run(pa.table({"time": [at(2)], "b": pa.array([D(raw).scaleb(-8)], pa.decimal128(38, 8))}))
    assert outs(one)["b"] == RAW[raw]
    one.run(pa.table({"time": [at(3)], "c": [f"{D(raw).scaleb(-8):f}"]}))
    assert outs(one)["c"] == RAW[raw]


def test_a_clock_that_runs_back_is_counted_and_time_goes_on() -> None:
    one = index()
    one.update(at(0), all_at(100))
    for second in range(1, 11):
        sample = one.update(at(second), {"a": 99}, sent=at(-second))
    assert (sample.state, one.counters()["out_of_order"]) == ("live", 10)
    # Its last good quote has become too old, as those of all others.
    assert one.update(at(10) + 1).state == "frozen"
    assert outs(one) == dict.fromkeys(NAMES, "stale")


@pytest.mark.parametrize("stamp", [at(1e9), 2**63 - 1, datetime.max.replace(tzinfo=UTC, year=2261)])
def test_a_clock_far_ahead_puts_its_source_out_until_it_is_right(stamp: Any) -> None:
    one = index()
    one.update(at(0), all_at(100))
    assert one.update(at(1), {"a": 100}, sent=stamp).groups == 3
    assert outs(one)["a"] == "ahead"
    # Its stamp is not remembered.
    assert one.update(at(2), {"a": 100}, sent=at(2)).groups == 4


@pytest.mark.parametrize("stamp", [0, 1, -1, 1_800_000_000, 2**63, -(2**70), 2**70])
def test_a_stamp_in_another_unit_is_the_matter_of_its_source(stamp: int) -> None:
    one = index()
    sample = one.update(at(0), all_at(58_000), sent={"a": stamp})
    assert sample.groups == 3
    assert outs(one)["a"] == ("ahead" if stamp > at(0) else "stale")
    table = {"time": [at(0)] * 4, "source": list(NAMES), "price": [58_000] * 4, "sent": [stamp, None, None, None]}
    if -(2**63) <= stamp < 2**63:
        assert index().run(table)["groups"][0].as_py() == 3


@pytest.mark.parametrize("said", ["hundred", "1e5", "", "-", "n/a"])
def test_a_text_that_is_no_number_is_the_matter_of_its_source(said: str) -> None:
    one = index()
    assert one.update(at(0), {**all_at(58_000), "a": said}).groups == 3
    assert outs(one)["a"] == "off_grid"


def test_a_stamp_without_a_quote_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="sent names sources without a quote: aa"):
        index().update(at(0), {"a": 1}, sent={"aa": at(0)})


def test_a_change_of_scale_or_unit_of_one_source_is_beyond_and_of_all_a_jump() -> None:
    one = index()
    one.update(at(0), all_at("58000.5"))
    assert one.update(at(0.5), {"a": "58000500"}).value == D("58000.5")
    assert outs(one)["a"] == "beyond"
    assert one.update(at(0.6), {"a": "58.0005"}).groups == 3
    jumped = one.update(at(1), all_at("58000500"))
    assert (jumped.state, jumped.value) == ("protected", D("58000.5"))
    assert jumped.reason == "a jump from 58000.5 to 58000500"


def test_hours_of_a_gap_halt_an_index_and_freeze_what_is_made_of_it() -> None:
    one, two, three = index(), mark(), funding()
    sample = one.update(at(0), all_at(58_000))
    two.update(at(0), index=sample.value, state=sample.state, bid=58_010, ask=58_020)
    three.update(at(0), index=sample.value, state=sample.state, impact_bid=58_010, impact_ask=58_020, mark=two.mark)
    later = one.update(at(9 * 3_600), all_at(58_000))
    # Its sources went stale after ten seconds, it was frozen then, and halted three minutes later.
    assert (later.state, later.value, later.reason) == ("halted", 58_000, "frozen for too long")
    assert one.resume(at(9 * 3_600) + 1).state == "live"
    gone = one.update(at(11 * 3_600))
    assert (gone.state, gone.value) == ("halted", 58_000)
    assert gone.reason == "frozen for too long; out: a stale, b stale, c stale, d stale"
    frozen = two.update(at(9 * 3_600))
    assert (frozen.state, frozen.index_age) == ("frozen", 9 * 3_600 * 10**9)
    assert [(s.slot, s.reason, s.outcome) for s in three.update(at(9 * 3_600))] == [
        (1, None, None), (2, None, None), (3, "stale_index", None), (5_760, "stale_index", "price_unusable"),
    ]  # fmt: skip


def test_a_crossed_book_is_no_book_and_no_premium() -> None:
    one, two = mark(), funding()
    assert one.update(at(0), index=58_000, bid=58_020, ask=58_010, last=58_015).book == 58_015
    two.update(at(0), index=58_000, impact_bid=58_020, impact_ask=58_010)
    assert two.update(at(5))[0].reason == "crossed"


@pytest.mark.parametrize("price", ODD, ids=str)
def test_what_is_no_price_counts_as_none_in_a_mark_and_a_funding(price: Any) -> None:
    one, other = mark(), mark()
    told = {"index": 58_000, "bid": 58_010, "ask": 58_020, "last": 58_015, "impact_bid": 58_005, "impact_ask": 58_025}
    for which in (one, other):
        which.update(at(0), **told)
    sample = one.update(at(1), bid=price, ask=price, last=price, impact_bid=price, impact_ask=price)
    assert sample == other.update(at(1), bid=None, ask=None, last=None, impact_bid=None, impact_ask=None)
    assert one.update(at(2), index=price).mark is None
    table = {name: [price] for name in told if name != "index"}
    again = mark()
    again.update(at(0), **told)
    again.run({"time": [at(1)], **table})
    again.run({"time": [at(2)], "index": [price]})
    assert again.digest == one.digest
    two, three = funding(), funding()
    two.update(at(0), index=price, impact_bid=price, impact_ask=58_025, mark=price)
    three.run({"time": [at(0)], "index": [price], "impact_bid": [price], "impact_ask": [58_025], "mark": [price]})
    assert two.digest == three.digest
    assert two.update(at(5))[0].reason == "no_index"


class Word(enum.Enum):
    LIVE = "live"


Call = Callable[[], Any]


def mistakes() -> dict[str, tuple[str, str, str, Call]]:
    """Code, table, column and call of what programs do wrong in a single update; each on an object of its own."""
    before_2000 = 946_684_799_999_999_999
    return {
        "a list as a price": ("wrong_type", "quotes", "a", lambda: INDEX.update(at(9), {"a": [100]})),
        "a pair as a price": ("wrong_type", "quotes", "b", lambda: INDEX.update(at(9), {"a": 1, "b": ("1", "2")})),
        "true as a price": ("wrong_type", "quotes", "a", lambda: INDEX.update(at(9), {"a": True})),
        "bytes as a price": ("wrong_type", "quotes", "a", lambda: INDEX.update(at(9), {"a": b"100"})),
        "a fraction": ("wrong_type", "quotes", "a", lambda: INDEX.update(at(9), {"a": Fraction(1, 3)})),
        "of a stranger too": ("wrong_type", "quotes", "x", lambda: INDEX.update(at(9), {"x": [1]})),
        "a list as a bid": ("wrong_type", "tops", "bid", lambda: MARK.update(at(9), bid=[1])),
        "a word as an index": ("wrong_type", "tops", "index", lambda: MARK.update(at(9), index="x")),
        "true as a trade": ("wrong_type", "tops", "last", lambda: MARK.update(at(9), last=True)),
        "no such state": ("out_of_range", "tops", "state", lambda: MARK.update(at(9), state="LIVE")),
        "a state of another type": ("wrong_type", "tops", "state", lambda: MARK.update(at(9), state=1)),
        "a state as a member": ("wrong_type", "tops", "state", lambda: MARK.update(at(9), state=Word.LIVE)),
        "a rate off the grid": ("off_grid", "tops", "funding_rate", lambda: MARK.update(at(9), funding_rate=1e-9)),
        "a rate NaN": ("not_finite", "tops", "funding_rate", lambda: MARK.update(at(9), funding_rate="nan")),
        "a rate in percent": ("wrong_type", "tops", "funding_rate", lambda: MARK.update(at(9), funding_rate="1%")),
        "a mark of a list": ("wrong_type", "funding_inputs", "mark", lambda: FUNDING.update(at(9), mark=[1])),
        "no state": ("out_of_range", "funding_inputs", "state", lambda: FUNDING.update(at(9), state="")),
        "time back": ("time_order", "quotes", "time", lambda: INDEX.update(at(1) - 1)),
        "time back in a halt": ("time_order", "quotes", "time", lambda: INDEX.halt(at(0))),
        "time back in resume": ("time_order", "quotes", "time", lambda: INDEX.resume(at(0))),
        "time back in restart": ("time_order", "quotes", "time", lambda: INDEX.restart(at(0))),
        "time back in a mark": ("time_order", "tops", "time", lambda: MARK.update(at(0), index=7)),
        "time back in a funding": ("time_order", "funding_inputs", "time", lambda: FUNDING.update(at(0), index=7)),
        "seconds": ("implausible_time", "quotes", "time", lambda: INDEX.update(1_800_000_000)),
        "milliseconds": ("implausible_time", "tops", "time", lambda: MARK.update(1_800_000_000_000)),
        "before 2000": ("implausible_time", "funding_inputs", "time", lambda: FUNDING.update(before_2000)),
        "below 0": ("implausible_time", "quotes", "time", lambda: INDEX.update(-1)),
        "beyond 2262": ("implausible_time", "quotes", "time", lambda: INDEX.update(2**63 - 1)),
    }  # fmt: skip


INDEX, MARK, FUNDING = index(), mark(), funding()
INDEX.update(at(1), all_at(100))
MARK.update(at(1), index=58_000)
FUNDING.update(at(1), index=58_000)


@pytest.mark.code("time_order")
@pytest.mark.parametrize("name", mistakes())
def test_what_a_program_gets_wrong_is_a_typed_error_and_changes_nothing(name: str) -> None:
    code, table, column, call = mistakes()[name]
    before = (INDEX.digest, INDEX.counters(), MARK.digest, FUNDING.digest)
    error = refused(call, code, table, column)
    assert isinstance(error, SchemaError if code == "wrong_type" else InputError)
    assert (INDEX.digest, INDEX.counters(), MARK.digest, FUNDING.digest) == before
    assert error.accepted


def test_arguments_of_other_types_are_refused_as_any_function_does() -> None:
    naive = datetime(2027, 1, 1)  # noqa: DTZ001
    one = index()
    calls: list[Callable[[Any], Any]] = [
        one.update, one.halt, one.resume, one.restart, one.settle_price, mark().update, funding().update,
        lambda time: one.update(START, {"a": 1}, sent=time), lambda time: one.update(START, {"a": 1}, sent={"a": time}),
        lambda time: funding().restore(time, 1, 0),
    ]  # fmt: skip
    for call in calls:
        for time in ("2027-01-01", 1.8e18, True, b"1", [1], np.datetime64(START, "ns")):
            with pytest.raises(TypeError, match="aware datetime"):
                call(time)
        with pytest.raises(ValueError, match="has no zone"):
            call(naive)
    for call in (one.update, one.halt, one.resume, one.restart, one.settle_price, mark().update, funding().update):
        for time in (2**63, -(2**63) - 1):
            with pytest.raises(ValueError, match="is from"):
                call(time)
    with pytest.raises(TypeError, match="aware datetime"):
        one.update(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="mapping"):
        one.update(START, [("a", 1)])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="text, not int"):
        one.update(START, {1: 1})  # type: ignore[dict-item]
    with pytest.raises(TypeError):
        mark().update(START, mark=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        funding().update(START, bid=1)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="price is a number"):
        one.settle_price(START, 0)
    assert one.digest == index().digest


def test_aware_datetimes_of_every_zone_are_times_to_the_nanosecond() -> None:
    import pandas as pd

    one = index()
    moment = datetime(2027, 1, 15, 8, tzinfo=UTC)
    assert one.update(moment).time == START
    assert one.update(moment.astimezone(tz=None) + timedelta(microseconds=1)).time == START + 1_000
    assert one.update(np.int64(START + 1_001)).time == START + 1_001  # type: ignore[arg-type]
    assert one.update(pd.Timestamp(START + 1_002, tz="Asia/Hong_Kong")).time == START + 1_002
    # A datetime cannot be of another unit, so that it may be long ago.
    assert index().update(datetime(1990, 1, 1, tzinfo=UTC)).time == 631_152_000 * 10**9


def test_names_of_any_kind_of_text_are_strangers() -> None:
    one = index()
    one.update(at(0), {"": 1, "\ud800": 2, "a\0": 3, "A": 4, "n" * 10**6: 5})
    assert one.counters() == {"taken": 0, "out_of_order": 0, "unknown": 5}


def one_row(**cells: Any) -> dict[str, list[Any]]:
    return {name: [value] for name, value in cells.items()}


NOW = at(1)
QUOTES: list[tuple[str, dict[str, Any], str | None, int | None]] = [
    ("missing_column", {"a": [1]}, "time", None),
    ("missing_column", {"time": [NOW], "source": ["a"]}, "price", None),
    ("missing_column", {"time": [NOW], "price": [1]}, "source", None),
    ("missing_column", {"source": ["a"], "price": [1]}, "time", None),
    ("missing_column", {}, "time", None),
    ("unknown_column", {"time": [NOW], "a": [1], "aa": [1]}, "aa", None),
    ("unknown_column", {"time": [NOW], "sent": [NOW], "a": [1]}, "sent", None),
    ("unknown_column", {"time": [NOW], "time_e8": [NOW]}, "time_e8", None),
    ("unknown_column", {"time": [NOW], "source": ["a"], "price": [1], "a": [1]}, "a", None),
    ("unknown_column", {"time": [NOW], "x": pa.array([[1]])}, "x", None),
    ("duplicate_column", {"time": [NOW], "a": [1], "a_e8": [1]}, "a", None),
    ("duplicate_column", {"time": [NOW], "source": ["a"], "price": [1], "price_e8": [1]}, "price", None),
    ("wrong_type", {"time": ["2027"], "a": [1]}, "time", None),
    ("wrong_type", {"time": [1.8e18], "a": [1]}, "time", None),
    ("wrong_type", {"time": pa.array([NOW], pa.timestamp("ns")), "a": [1]}, "time", None),
    ("wrong_type", {"time": [NOW], "a": [True]}, "a", None),
    ("wrong_type", {"time": [NOW], "a": pa.array([[1]])}, "a", None),
    ("wrong_type", {"time": [NOW], "a": pa.array([1.0], pa.float16())}, "a", None),
    ("wrong_type", {"time": [NOW], "a_e8": ["1"]}, "a", None),
    ("wrong_type", {"time": [NOW, NOW], "a": ["1", "one"]}, "a", 1),
    ("wrong_type", {"time": [NOW, NOW], "source": ["a", "b"], "price": ["1e5", "1"]}, "price", 0),
    ("wrong_type", {"time": [NOW], "source": [1], "price": [1]}, "source", None),
    ("null_value", {"time": [NOW, None], "a": [1, 1]}, "time", 1),
    ("null_value", {"time": pa.nulls(1), "a": [1]}, "time", 0),
    ("null_value", {"time": [NOW, NOW], "source": ["a", None], "price": [1, 1]}, "source", 1),
    ("null_value", {"time": [NOW, NOW], "source": ["a", "b"], "price": [1, None]}, "price", 1),
    ("implausible_time", {"time": [1_800_000_000], "a": [1]}, "time", 0),
    ("implausible_time", {"time": [NOW, 2**63 - 1], "a": [1, 1]}, "time", 1),
    ("time_order", {"time": [NOW, NOW + 1, NOW], "a": [1, 1, 1]}, "time", 2),
    ("time_order", {"time": [NOW, NOW - 1], "source": ["a", "a"], "price": [1, 1]}, "time", 1),
    ("time_order", {"time": [NOW, NOW, NOW - 1, NOW - 1], "source": ["a"] * 4, "price": [1] * 4}, "time", 2),
    ("time_order", {"time": [at(0)], "a": [1]}, "time", 0),
    ("out_of_range", {"time": pa.array([2**62], pa.timestamp("s", "UTC")), "a": [1]}, "time", 0),
]


@pytest.mark.parametrize(("code", "table", "column", "row"), QUOTES, ids=[f"{row[0]} {row[2]}" for row in QUOTES])
def test_a_table_of_quotes_that_is_refused_changes_nothing(
    code: str, table: dict[str, Any], column: str | None, row: int | None
) -> None:
    one = index()
    one.update(at(0.5), all_at(100))
    before = (one.digest, one.counters())
    refused(lambda: one.run(table), code, "quotes", column, row)
    assert (one.digest, one.counters()) == before


def test_an_unknown_source_is_suggested() -> None:
    long = AT_ONCE.edit({"underlying.BTC.sources": [{"id": "binance", "group": "B"}, {"id": "bybit", "group": "Y"}]})
    error = refused(lambda: index(long).run({"time": [NOW], "binanze": [1]}), "unknown_column", "quotes", "binanze")
    assert error.accepted == "did you mean binance? The columns are time, binance, bybit"


OTHERS: list[tuple[str, dict[str, Any], str | None, int | None]] = [
    ("missing_column", {"index": [1]}, "time", None),
    ("unknown_column", {"time": [NOW], "indx": [1]}, "indx", None),
    ("duplicate_column", {"time": [NOW], "index": [1], "index_e8": [1]}, "index", None),
    ("wrong_type", {"time": [NOW], "index": [True]}, "index", None),
    ("wrong_type", {"time": [NOW], "impact_bid": ["x"]}, "impact_bid", 0),
    ("wrong_type", {"time": [NOW], "state": [1]}, "state", None),
    ("out_of_range", {"time": [NOW, NOW], "state": ["live", "alive"]}, "state", 1),
    ("null_value", {"time": [None], "index": [1]}, "time", 0),
    ("implausible_time", {"time": [1], "index": [1]}, "time", 0),
    ("time_order", {"time": [NOW, NOW - 1], "index": [1, 1]}, "time", 1),
]


@pytest.mark.parametrize(("code", "table", "column", "row"), OTHERS, ids=[f"{row[0]} {row[2]}" for row in OTHERS])
@pytest.mark.parametrize(("make", "name"), [(mark, "tops"), (funding, "funding_inputs")])
def test_a_table_of_a_mark_or_funding_that_is_refused_changes_nothing(
    make: Any, name: str, code: str, table: dict[str, Any], column: str | None, row: int | None
) -> None:
    one = make()
    one.update(at(0), index=58_000, impact_bid=57_999, impact_ask=58_001)
    before = one.digest
    refused(lambda: one.run(table), code, name, column, row)
    assert one.digest == before


def test_a_funding_rate_is_a_number_of_the_grid_in_a_table_too() -> None:
    for code, rate in (("off_grid", 1e-9), ("not_finite", math.nan), ("off_grid", "0.000000001"), ("wrong_type", "1%")):
        rates = {"time": [NOW, NOW], "funding_rate": pa.array([None, rate])}
        refused(lambda rates=rates: mark().run(rates), code, "tops", "funding_rate", 1)


def test_of_several_faults_the_first_row_is_the_error() -> None:
    one = index()
    table = {"time": [NOW, NOW, NOW - 1, NOW], "a": ["1", "1", "1", "x"], "b": ["1", "y", "1", "1"]}
    error = refused(lambda: one.run(table), "wrong_type", "quotes", "b", 1)
    assert error.problems["row"].to_pylist() == [1, 3]
    # What comes before it is looked at.
    table["b"][1] = "1"
    assert refused(lambda: one.run(table), "time_order", "quotes", "time", 2).problems.num_rows == 2
    far = {"time": [at(step) for step in range(20_000)], "a": ["1"] * 20_000}
    far["a"][19_000], far["a"][9_000] = "x", "y"
    error = refused(lambda: one.run(far), "wrong_type", "quotes", "a", 9_000)
    assert error.problems["row"].to_pylist() == [9_000, 19_000]
    assert (error.value, one.digest) == ("y", index().digest)


def test_a_fault_in_the_last_row_undoes_the_whole_table() -> None:
    rows = columns(tops(1, 30_000))
    for make, names in ((mark, TOPS), (funding, PREMIUMS)):
        one = make()
        table = {name: list(rows[name]) for name in names}
        table["time"][-1] = START
        before = one.digest
        refused(lambda one=one, table=table: one.run(table), "time_order", one_table(make), "time", 29_999)
        assert one.digest == before


def one_table(make: Any) -> str:
    return "tops" if make is mark else "funding_inputs"


def test_what_is_no_table_is_refused() -> None:
    for make in (index, mark, funding):
        for table in (1, "x", [1], object()):
            with pytest.raises(TypeError):
                make().run(table)
        with pytest.raises(SchemaError):
            make().run(None)


def test_a_double_that_stands_for_two_prices_warns_and_one_that_is_no_price_does_not() -> None:
    with pytest.warns(PrecisionWarning):
        index().run({"time": [NOW], "a": [67_108_864.5]})
    index().run({"time": [NOW], "a": [1e9]})
    mark().run({"time": [NOW], "bid": [1e9]})

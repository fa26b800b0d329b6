"""Every producer, every form of a number and a time: the same updates."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.inputs.producers import PRODUCERS, Convert
from tests.pricing.book import NAMES, PREMIUMS, TOPS, at, funding, index, mark

import perpcore as pc

TIMES = pa.array([at(step) for step in range(6)], pa.int64())
PRICES = {
    "a": ["100.25", "100.5", None, "101", "0", "99.75"],
    "b": ["100", None, None, "-1", "100.125", "100"],
    "c": [None, "99.5", "100.0625", "100", "100", "900000000"],
    "d": ["100.5", "100.5", "100.5", "100.5", "100.5", "100.5"],
}
QUOTES = pa.table({"time": TIMES, **{name: pa.array(PRICES[name]) for name in NAMES}})
LONG = pa.table(
    [
        pa.array([at(step) for step in range(6) for name in NAMES if PRICES[name][step]]),
        pa.array([name for step in range(6) for name in NAMES if PRICES[name][step]]),
        pa.array([PRICES[name][step] for step in range(6) for name in NAMES if PRICES[name][step]]),
    ],
    names=["time", "source", "price"],
)
TOLD = pa.table(
    {
        "time": TIMES,
        "index": ["58000", "58000.5", None, "58001", "58001", "58001"],
        "state": ["live", "live", "thin", None, "live", "live"],
        "bid": ["57999.5", "58000", "58000", None, "57999.25", "0"],
        "ask": ["58001", "58001.75", None, "58002", "57999", "58002"],
        "impact_bid": ["58010", "58010", "58010", None, "58010", "58010"],
        "impact_ask": ["58012", "58012", "58012.5", "58012", "58000", "58012"],
        "last": [None, "58000", None, "58003.125", None, "-5"],
        "funding_rate": ["0.0001", None, None, "-0.0002", None, None],
        "mark": ["58000", None, "58000", "58000", "58000", "58000"],
    }
)


def expected() -> dict[str, str]:
    """The state that single updates leave."""
    one, two, three = index(), mark(), funding()
    for row in QUOTES.to_pylist():
        one.update(row.pop("time"), row)
    for row in TOLD.to_pylist():
        two.update(row["time"], **{name: row[name] for name in TOPS if name != "time"})
        three.update(row["time"], **{name: row[name] for name in PREMIUMS if name != "time"})
    return {"wide": one.digest, "long": one.digest, "mark": two.digest, "funding": three.digest}


def found(convert: Callable[[pa.Table], Any]) -> dict[str, str]:
    """The state that tables leave."""
    wide, long, two, three = index(), index(), mark(), funding()
    wide.run(convert(QUOTES))
    long.run(convert(LONG))
    two.run(convert(TOLD.select(TOPS)))
    three.run(convert(TOLD.select(PREMIUMS)))
    return {"wide": wide.digest, "long": long.digest, "mark": two.digest, "funding": three.digest}


def numbers(table: pa.Table, kind: pa.DataType, suffix: str = "") -> pa.Table:
    """The prices of a table as another type; raw counts under their own names."""
    for at_, name in enumerate(table.column_names):
        if name in ("time", "source", "state"):
            continue
        column = table[name].cast(pa.decimal128(30, 8))
        if suffix:
            counts = [None if value is None else int(value * 10**8) for value in column.to_pylist()]
            column = pa.chunked_array([pa.array(counts, kind)])
        else:
            column = column.cast(kind)
        table = table.set_column(at_, name + suffix, column)
    return table


@pytest.mark.parametrize("convert", PRODUCERS.values(), ids=PRODUCERS)
def test_every_producer_tells_the_same(convert: Convert) -> None:
    assert found(convert) == expected()


@pytest.mark.parametrize("convert", PRODUCERS.values(), ids=PRODUCERS)
def test_every_producer_may_hand_over_numbers(convert: Convert) -> None:
    for kind in (pa.decimal128(30, 8), pa.float64()):
        assert found(lambda table, kind=kind: convert(numbers(table, kind))) == expected()


KINDS: dict[str, Callable[[pa.Table], pa.Table]] = {
    "int64 of the grid": lambda table: numbers(table, pa.int64(), "_e8"),
    "float64": lambda table: numbers(table, pa.float64()),
    "decimal64(18, 8)": lambda table: numbers(table, pa.decimal64(18, 8)),
    "decimal64(15, 4)": lambda table: numbers(table, pa.decimal64(15, 4)),
    "decimal128(38, 8)": lambda table: numbers(table, pa.decimal128(38, 8)),
    "decimal128(20, 10)": lambda table: numbers(table, pa.decimal128(20, 10)),
    "large text": lambda table: retyped(table, pa.large_string()),
    "text in views": lambda table: retyped(table, pa.string_view()),
    "chunks": lambda table: pa.Table.from_batches(numbers(table, pa.int64(), "_e8").to_batches(max_chunksize=1)),
}


def retyped(table: pa.Table, kind: pa.DataType) -> pa.Table:
    """Every column of text as another kind of text."""
    for at_, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            table = table.set_column(at_, field.name, table[field.name].cast(kind))
    return table


@pytest.mark.parametrize("form", KINDS.values(), ids=KINDS)
def test_every_form_of_a_number_tells_the_same(form: Callable[[pa.Table], pa.Table]) -> None:
    assert found(form) == expected()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "Etc/UTC", "Z", "+00:00"])
def test_every_form_of_a_time_tells_the_same(unit: str, zone: str) -> None:
    def form(table: pa.Table) -> pa.Table:
        times = table["time"].cast(pa.timestamp("ns", zone)).cast(pa.timestamp(unit, zone))
        return table.set_column(table.column_names.index("time"), "time", times)

    assert found(form) == expected()


@pytest.mark.parametrize("keys", [pa.int8(), pa.uint16(), pa.int32(), pa.int64()])
def test_names_and_words_may_be_dictionaries(keys: pa.DataType) -> None:
    def form(table: pa.Table) -> pa.Table:
        for name in {"source", "state"} & set(table.column_names):
            coded = table[name].combine_chunks().dictionary_encode().cast(pa.dictionary(keys, pa.string()))
            table = table.set_column(table.column_names.index(name), name, coded)
        return table

    assert found(form) == expected()


@pytest.mark.parametrize("order", [list(reversed(QUOTES.column_names)), [*NAMES, "time"]])
def test_the_order_of_columns_changes_nothing(order: list[str]) -> None:
    one = index()
    one.run(QUOTES.select(order))
    assert one.digest == expected()["wide"]


def test_raw_and_plain_columns_may_stand_side_by_side() -> None:
    raw = numbers(QUOTES, pa.int64(), "_e8")
    mixed = {
        "time": TIMES,
        "a_e8": raw["a_e8"],
        "b": QUOTES["b"],
        "c": QUOTES["c"].cast(pa.float64()),
        "d_e8": raw["d_e8"],
    }
    one = index()
    one.run(mixed)
    assert one.digest == expected()["wide"]


def test_a_null_row_of_a_batch_has_no_time() -> None:
    names = ["time", "a"]
    children = [pa.array([at(0), at(1)]), pa.array(["1", "2"])]
    rows = pa.StructArray.from_arrays(children, names=names, mask=pa.array([False, True]))
    with pytest.raises(pc.errors.InputError) as caught:
        index().run(rows)
    assert (caught.value.code, caught.value.column, caught.value.row) == ("null_value", "time", 1)


@pytest.mark.parametrize(
    "value", [100, 100.0, "100.00", Decimal("1E+2"), np.int64(100), np.uint8(100), np.float64(100), np.float32(100)]
)
def test_a_single_number_is_read_in_every_form(value: Any) -> None:
    one = index()
    sample = one.update(at(0), dict.fromkeys(NAMES, value))
    assert sample.value == 100
    assert mark().update(at(0), index=value, bid=value).index == 100
    assert funding().update(at(0), index=value, mark=value) == []
    assert one.settle_price(at(0), value, approval=True) == 100


def test_results_are_read_as_data_frames() -> None:
    import polars as pl

    one = index()
    table = one.run(QUOTES)
    assert pl.DataFrame(table).shape == (6, 5)
    assert list(table.to_pandas().columns) == table.schema.names
    # What an index says is what a mark is told.
    two = mark()
    two.run({"time": table["time"], "index": table["value"], "state": table["state"]})
    assert two.mark == one.value

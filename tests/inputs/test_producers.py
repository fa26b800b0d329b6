"""Every library that speaks the Arrow C interface, and plain Python, can hand a book over; the figures are the same."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import nanoarrow
import polars as pl
import pyarrow as pa
import pytest
from tests.inputs.book import BOOK, RULES, arrow, check, columns
from tests.inputs.producers import PRODUCERS, Convert, through_duckdb

import perpcore as pc


@pytest.mark.parametrize("convert", PRODUCERS.values(), ids=PRODUCERS)
def test_every_producer_gives_the_same_figures(convert: Convert) -> None:
    check({name: convert(table) for name, table in arrow(pa.decimal128(30, 8)).items()})


@pytest.mark.parametrize("convert", PRODUCERS.values(), ids=PRODUCERS)
def test_every_producer_may_hand_over_text(convert: Convert) -> None:
    check({name: convert(table) for name, table in arrow().items()})


def test_producers_may_differ_from_table_to_table() -> None:
    tables = arrow(pa.decimal128(30, 8))
    converts = (pl.from_arrow, through_duckdb, PRODUCERS["pandas"], nanoarrow.Array, PRODUCERS["mapping of lists"])
    check({name: convert(table) for (name, table), convert in zip(tables.items(), converts, strict=True)})


def test_the_validity_of_a_batch_counts_for_every_column() -> None:
    """A null struct is a row in which nothing is given: harmless in optional columns, refused where one is required."""
    table = arrow()["accounts"]
    children = [table[name].combine_chunks() for name in table.column_names]
    whole = pa.StructArray.from_arrays(children, names=table.column_names, mask=pa.array([False, False, True]))
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(RULES, accounts=whole)
    assert (caught.value.code, caught.value.table, caught.value.column) == ("null_value", "accounts", "account")
    assert caught.value.row == 2


def test_a_null_batch_row_hides_the_values_beneath_it() -> None:
    balances = {"account": ["A", "B"], "asset": ["USD", "USD"], "amount": ["1", "2"]}
    table = pa.table(balances)
    children = [table[name].combine_chunks() for name in table.column_names]
    whole = pa.StructArray.from_arrays(children, names=table.column_names, mask=pa.array([False, True]))
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(RULES, balances=whole)
    assert {row["code"] for row in caught.value.problems.to_pylist()} == {"null_value"}


def test_prices_may_be_a_mapping_of_symbols() -> None:
    prices = dict(zip(BOOK["prices"]["symbol"], BOOK["prices"]["price"], strict=True))
    check({**BOOK, "prices": prices})
    check({**BOOK, "prices": {symbol: float(price) for symbol, price in prices.items()}})
    check({**BOOK, "prices": MappingProxyType(prices)})


def test_extra_columns_are_left_aside_on_request() -> None:
    extra: Mapping[str, Any] = {
        name: {**table, "note": [object()] * len(next(iter(table.values())))} for name, table in BOOK.items()
    }
    check(extra, extra="ignore")
    check({name: table.append_column("note", pa.nulls(len(table))) for name, table in arrow().items()}, extra="ignore")


def test_tables_that_are_empty_or_absent_are_the_same() -> None:
    empty = columns(lambda _table, _column, _values: [])
    for book in ({}, empty, {name: pa.table(table) for name, table in empty.items()}, dict.fromkeys(BOOK)):
        result = pc.assess(RULES, **book)
        assert (result.accounts.num_rows, result.isolated.num_rows, result.lines().num_rows) == (0, 0, 0)
    typed = {name: table[:0] for name, table in arrow(pa.decimal128(30, 8)).items()}
    assert pc.assess(RULES, **typed).accounts.num_rows == 0
    assert pc.assess(RULES, **{name: pl.from_arrow(table) for name, table in typed.items()}).accounts.num_rows == 0


def test_a_consumed_stream_is_refused_as_a_schema_error() -> None:
    stream = nanoarrow.ArrayStream(arrow()["balances"])
    pc.assess(RULES, balances=stream, prices=BOOK["prices"])
    with pytest.raises((pc.errors.SchemaError, ValueError, RuntimeError)):
        pc.assess(RULES, balances=stream, prices=BOOK["prices"])


@pytest.mark.parametrize("table", [7, "positions", [1, 2], b"x", {"a"}])
def test_what_is_no_table_is_a_type_error(table: Any) -> None:
    with pytest.raises(TypeError, match="balances"):
        pc.assess(RULES, balances=table)


@pytest.mark.parametrize(
    ("option", "value", "error"),
    [("on_error", "ignore", ValueError), ("extra", "yes", ValueError), ("threads", 0, ValueError)],
)
def test_misused_options_are_refused(option: str, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=option):
        pc.assess(RULES, **{option: value})

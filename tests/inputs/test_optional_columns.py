"""What is not given: absent columns, nulls, columns without a type; and one of entry_price and cost in every row."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from tests.inputs.book import BOOK, RULES, check

import perpcore as pc

OPTIONAL = {
    "positions": ("margin_mode", "isolated_margin", "leverage", "accrued_funding"),
    "balances": ("held",),
    "orders": ("reduce_only", "margin_mode"),
    "accounts": ("model", "leverage", "class", "client", "group", "fee_tier", "flags"),
    "prices": ("index", "time", "state"),
}
PLAIN: dict[str, Any] = {
    "positions": {
        "account": ["A", "B"],
        "instrument": ["X-PERP", "Y-PERP"],
        "quantity": ["1", "-5"],
        "cost": ["9", "8"],
    },
    "balances": {"account": ["A", "C"], "asset": ["USD", "COIN"], "amount": ["100", "2"]},
    "orders": {"account": ["A"], "instrument": ["X-PERP"], "quantity": ["3"], "price": ["11"]},
    "accounts": {"account": ["C", "D"]},
    "prices": {"symbol": ["X-PERP", "Y-PERP", "COIN"], "price": ["10", "20", "30"]},
}
PAIRS = [(table, column) for table, names in OPTIONAL.items() for column in names]
UNTYPED = [pa.null(), pa.string(), pa.dictionary(pa.int8(), pa.string()), pa.decimal128(20, 8), pa.bool_(), pa.int64()]


def types_of(table: str, column: str) -> list[pa.DataType]:
    """Null, and those of the types above that the column takes with values."""
    declared = pc.schema(table).field(column).type
    text = pa.types.is_string(declared) or pa.types.is_dictionary(declared)
    if text:
        return [
            kind for kind in UNTYPED if kind == pa.null() or pa.types.is_string(kind) or pa.types.is_dictionary(kind)
        ]
    if pa.types.is_boolean(declared):
        return [pa.null(), pa.bool_()]
    if pa.types.is_timestamp(declared):
        return [pa.null(), pa.int64(), pa.timestamp("ms", tz="UTC")]
    return [pa.null(), pa.string(), pa.decimal128(20, 8), pa.int64(), pa.float64()]


@pytest.mark.parametrize(("table", "column"), PAIRS)
def test_a_null_in_an_optional_column_is_as_if_absent(table: str, column: str) -> None:
    wanted = pc.assess(RULES, **PLAIN)
    rows = len(next(iter(PLAIN[table].values())))
    for kind in types_of(table, column):
        given = pc.assess(RULES, **{**PLAIN, table: {**PLAIN[table], column: pa.nulls(rows, kind)}})
        assert given.accounts.equals(wanted.accounts), kind
        assert given.lines().equals(wanted.lines()), kind
    listed = pc.assess(RULES, **{**PLAIN, table: {**PLAIN[table], column: [None] * rows}})
    assert listed.accounts.equals(wanted.accounts)


def test_entry_price_and_cost_may_change_from_row_to_row() -> None:
    """κ is Q·entry or the cost itself: 4·61,000 = 244,000, and 0.125·58,000 = 7,250."""
    entries = BOOK["positions"]["entry_price"]
    quantities = [Decimal(q) for q in BOOK["positions"]["quantity"]]
    sizes = [Decimal("0.1") if name == "Y-PERP" else Decimal(1) for name in BOOK["positions"]["instrument"]]
    costs = [q * size * Decimal(entry) for q, size, entry in zip(quantities, sizes, entries, strict=True)]
    rest = {name: values for name, values in BOOK["positions"].items() if name != "entry_price"}
    check({**BOOK, "positions": {**rest, "cost": costs}})
    mixed_entry = [entry if row % 2 else None for row, entry in enumerate(entries)]
    mixed_cost = [None if row % 2 else cost for row, cost in enumerate(costs)]
    check({**BOOK, "positions": {**rest, "entry_price": mixed_entry, "cost": mixed_cost}})
    check({**BOOK, "positions": {**rest, "entry_price": entries, "cost": [None] * len(costs)}})
    check({**BOOK, "positions": {**rest, "entry_price": pa.nulls(len(costs)), "cost": costs}})


@pytest.mark.parametrize(
    ("entry", "cost", "code", "row"),
    [
        (["1", None], ["1", None], "conflicting_values", 0),
        (["1", None], [None, None], "null_value", 1),
        ([None, None], [None, None], "null_value", 0),
        (["1", "2"], [None, "0"], "conflicting_values", 1),
    ],
)
def test_every_row_has_one_of_entry_price_and_cost(entry: Any, cost: Any, code: str, row: int) -> None:
    table = {
        "account": ["A", "B"],
        "instrument": ["X-PERP"] * 2,
        "quantity": ["1", "1"],
        "entry_price": entry,
        "cost": cost,
    }
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(RULES, positions=table, prices={"X-PERP": "1"})
    assert (caught.value.code, caught.value.table, caught.value.row) == (code, "positions", row)
    assert "entry_price or cost" in (caught.value.accepted or "")


@pytest.mark.code("missing_column")
def test_a_table_without_both_is_no_table_of_positions() -> None:
    table = {"account": ["A"], "instrument": ["X-PERP"], "quantity": ["1"]}
    with pytest.raises(pc.errors.SchemaError) as caught:
        pc.assess(RULES, positions=table)
    assert (caught.value.code, caught.value.table) == ("missing_column", "positions")


def test_a_price_that_nothing_needs_may_be_missing() -> None:
    """Flat positions, reduce-only orders, zero balances and assets that do not count need no price."""
    hk = pc.Rulebook.preset("hk-vatp-perp")
    result = pc.assess(
        hk,
        positions={
            "account": ["A", "A"],
            "instrument": ["BTC-PERP"] * 2,
            "quantity": ["1", "-1"],
            "cost": ["5", "-7.5"],
        },
        balances={"account": ["A"] * 3, "asset": ["USD", "BTC", "HKD"], "amount": ["1", "9", "0"]},
        orders={"account": ["A"], "instrument": ["ETH-PERP"], "quantity": ["1"], "price": ["5"], "reduce_only": [True]},
    )
    (row,) = result.accounts.to_pylist()
    # PnL of a flat key is −κ: −(5 − 7.5)
    assert (row["equity"], row["unrealized_pnl"]) == (Decimal("3.5"), Decimal("2.5"))


@pytest.mark.parametrize("word", ["true", "false"])
def test_flags_may_be_words(word: str) -> None:
    orders = {**PLAIN["orders"], "reduce_only": [word]}
    (row,) = (r for r in pc.assess(RULES, **{**PLAIN, "orders": orders}).accounts.to_pylist() if r["account"] == "A")
    assert (row["order_margin"] == 0) == (word == "true")


@pytest.mark.parametrize(
    ("table", "column", "word"),
    [
        ("positions", "margin_mode", "Cross"),
        ("positions", "margin_mode", ""),
        ("orders", "margin_mode", "both"),
        ("prices", "state", "LIVE"),
        ("accounts", "model", "span"),
    ],
)
@pytest.mark.code("out_of_range")
def test_words_are_those_of_the_list(table: str, column: str, word: str) -> None:
    rows = len(next(iter(PLAIN[table].values())))
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(RULES, **{**PLAIN, table: {**PLAIN[table], column: [None] * (rows - 1) + [word]}})
    error = caught.value
    assert (error.code, error.table, error.column, error.row) == ("out_of_range", table, column, rows - 1)
    assert error.value == word

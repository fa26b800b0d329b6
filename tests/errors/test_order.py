"""Of several faults the first in the order positions, balances, orders, accounts, by row; all stand in `.problems`."""

import random
from typing import Any

import pyarrow as pa
import pytest
from tests.errors.refusals import PRICES, balances, orders, positions
from tests.inputs.book import RULES

import perpcore as pc

# one account a fault, so that none hides another
BOOK: dict[str, Any] = {
    "positions": positions(
        account=["P0", "P1", "P2", "P3"],
        instrument=["X-PERP", "NOTHING", "Y-PERP", "X-PERP"],
        leverage=[None, None, None, "0.5"],
    ),
    "balances": balances(
        account=["B0", "B1", "B2", "B3"], asset=["USD", "COIN", "NONE", "USD"], amount=["1", "2", "3", None]
    ),
    "orders": orders(account=["O0", "O1", "O2"], instrument=["X-PERP", "Y-PERP", "X-PERP"], price=["1", "1", "0"]),
    "accounts": {"account": ["A0", "A1", "A0"], "fee_tier": [None, "none", None]},
    "prices": {"X-PERP": "10"},
}
FAULTS = [
    ("positions", 1, "instrument", "unknown_instrument"),
    ("positions", 2, "instrument", "missing_price"),
    ("positions", 3, "leverage", "out_of_range"),
    ("balances", 1, "asset", "missing_price"),
    ("balances", 2, "asset", "unknown_asset"),
    ("balances", 3, "amount", "null_value"),
    ("orders", 1, "instrument", "missing_price"),
    ("orders", 2, "price", "out_of_range"),
    ("accounts", 1, "fee_tier", "unknown_fee_tier"),
    ("accounts", 2, "account", "duplicate_account"),
]


def told(error: pc.errors.PerpcoreError) -> list[tuple[Any, ...]]:
    return [(p["table"], p["row"], p["column"], p["code"]) for p in error.problems.to_pylist()]


def refused(book: Any, **options: Any) -> pc.errors.PerpcoreError:
    with pytest.raises(pc.errors.PerpcoreError) as caught:
        pc.assess(RULES, **book, **options)
    return caught.value


def test_all_problems_stand_in_order_and_the_first_is_the_error() -> None:
    error = refused(BOOK)
    assert (error.table, error.row, error.column, error.code) == FAULTS[0]
    assert told(error) == FAULTS
    assert "9 more" in str(error)
    assert isinstance(error.problems, pa.RecordBatch)
    assert error.problems.schema.names == ["number", "code", "table", "column", "row", "value", "accepted", "message"]


@pytest.mark.parametrize("table", ["positions", "balances", "orders", "accounts"])
def test_a_table_that_is_right_lets_the_next_speak(table: str) -> None:
    tables = ["positions", "balances", "orders", "accounts"]
    rest = {name: BOOK[name] for name in (*tables[tables.index(table) :], "prices")}
    assert told(refused(rest))[0] == next(fault for fault in FAULTS if fault[0] == table)


@pytest.mark.parametrize("seed", range(20))
def test_rows_are_counted_as_given(seed: int) -> None:
    """However the rows of the tables are shuffled, the first fault is that of the smallest row of the first table."""
    rng = random.Random(seed)
    book, wanted = dict(BOOK), []
    for table in ("positions", "balances", "orders", "accounts"):
        rows = len(BOOK[table]["account"])
        order = rng.sample(range(rows), rows)
        book[table] = {name: [values[row] for row in order] for name, values in BOOK[table].items()}
        moved = [(order.index(row), column, code) for name, row, column, code in FAULTS if name == table]
        # of two rows of one account the second one given is the duplicate
        second = max(order.index(0), order.index(2))
        moved = [(second if code == "duplicate_account" else row, column, code) for row, column, code in moved]
        wanted += [(table, *fault) for fault in sorted(moved)]
    assert told(refused(book)) == wanted


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_rows_are_counted_through_chunks(cut: int) -> None:
    book = {name: pa.table(table) for name, table in BOOK.items() if name != "prices"}
    book = {name: pa.Table.from_batches(table.to_batches(max_chunksize=cut)) for name, table in book.items()}
    assert told(refused({**book, "prices": BOOK["prices"]})) == FAULTS


@pytest.mark.code("missing_price", "negative_balance")
def test_a_missing_price_comes_before_a_negative_balance() -> None:
    rules = pc.Rulebook.preset("hk-vatp-perp")
    owed = balances(asset=["HKD"], amount=["-1"])
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(rules, balances=owed)
    assert caught.value.code == "missing_price"
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(rules, balances=owed, prices={"HKD": "0.1"})
    assert caught.value.code == "negative_balance"


def test_the_form_of_every_table_comes_before_any_value() -> None:
    error = refused({**BOOK, "accounts": {"account": ["A"], "tier": ["x"]}})
    assert (error.code, error.table) == ("unknown_column", "accounts")


def test_at_most_a_thousand_problems_are_listed() -> None:
    error = refused({"balances": balances(account=[f"A{n}" for n in range(1_500)], asset=["NONE"] * 1_500)})
    rows = [problem["row"] for problem in error.problems.to_pylist()]
    assert rows == list(range(1_000))


def test_several_faults_of_one_cell_row_are_told_once_each() -> None:
    error = refused({"positions": positions(instrument=["NOTHING"], quantity=[None], leverage=["0"]), "prices": PRICES})
    assert {code for *_, code in told(error)} == {"unknown_instrument", "null_value", "out_of_range"}

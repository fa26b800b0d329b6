"""Every code of `assess`, with its class, table, column, row, value and what would be accepted."""

from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.errors.refusals import HK, Refusal, balances, check_form, orders, positions, prices, settings
from tests.inputs.book import RULES

import perpcore as pc

ALL = {"account": ["A"] * 3, "asset": ["USD"] * 3}
OFF_GRID = positions(instrument=["Y-PERP"], quantity=["0.00000001"])  # of a contract of 0.1

SCHEMA = [
    ("missing_column", {"balances": balances(amount=None)}, "balances.amount", None, None, "required"),
    ("missing_column", {"orders": orders(price=None)}, "orders.price", None, None, "required"),
    ("missing_column", {"prices": {"symbol": ["COIN"]}}, "prices.price", None, None, "required"),
    ("missing_column", {"accounts": {"leverage": ["1"]}}, "accounts.account", None, None, "required"),
    ("missing_column", {"positions": positions(cost=None)}, "positions.entry_price", None, None, "entry_price or cost"),
    ("unknown_column", {"balances": balances(note=["x"])}, "balances.note", None, None, "account, asset, amount, held"),
    ("unknown_column", {"balances": balances(asset_e8=[1])}, "balances.asset_e8", None, None, "asset"),
    ("unknown_column", {"prices": prices(statee=["live"])}, "prices.statee", None, None, "did you mean state?"),
    ("wrong_type", {"balances": balances(amount=["1", "1e3"])}, "balances.amount", 1, "1e3", "plain decimals"),
    ("wrong_type", {"balances": balances(amount=pa.array([True]))}, "balances.amount", None, "Boolean", "decimal128"),
    ("wrong_type", {"balances": {**ALL, "amount": ["1"]}}, "balances.amount", None, None, "one length"),
    ("wrong_type", {"balances": balances(amount=np.zeros((1, 1)))}, "balances.amount", None, None, "one dimension"),
    ("wrong_type", {"orders": orders(reduce_only=[1])}, "orders.reduce_only", None, "Int64", "true and false"),
    ("wrong_type", {"prices": prices(time=pa.array([1.5]))}, "prices.time", None, "Float64", "UTC"),
    ("duplicate_column", {"balances": balances(amount_e8=[1])}, "balances.amount", None, "amount_e8", "once"),
    ("duplicate_column", {"positions": positions(cost_e8=[1])}, "positions.cost", None, "cost_e8", "once"),
]

# one unit of the grid beyond the bounds of RULES §1
MONEY, QUANTITY, PRICE = "1000000000000.00000001", "-1000000000.00000001", "100000000.00000001"
ISOLATED = {"margin_mode": ["isolated"], "isolated_margin": ["-1"]}
VALUES = [
    ("null_value", {"balances": balances(amount=["1", None])}, "balances.amount", 1, None, "every row"),
    ("null_value", {"positions": positions(account=[None])}, "positions.account", 0, None, "every row"),
    ("null_value", {"orders": orders(instrument=[None])}, "orders.instrument", 0, None, "every row"),
    ("null_value", {"prices": prices(symbol=["COIN", None])}, "prices.symbol", 1, None, "every row"),
    ("not_finite", {"balances": balances(amount=[1.0, float("nan")])}, "balances.amount", 1, "NaN", "finite"),
    ("not_finite", {"prices": {"X-PERP": float("inf")}}, "prices.price", 0, "inf", "finite"),
    ("off_grid", {"balances": balances(amount=["0.000000001"])}, "balances.amount", 0, "0.000000001", "eight"),
    ("off_grid", {"positions": OFF_GRID}, "positions.quantity", 0, "0.00000001", "contract_size"),
    ("out_of_range", {"balances": balances(amount=[MONEY])}, "balances.amount", 0, MONEY, "10¹²"),
    ("out_of_range", {"positions": positions(quantity=[QUANTITY])}, "positions.quantity", 0, QUANTITY, "10⁹"),
    ("out_of_range", {"orders": orders(price=["0"])}, "orders.price", 0, "0", "10⁸"),
    ("out_of_range", {"prices": {"COIN": PRICE}}, "prices.price", 0, PRICE, "10⁸"),
    ("out_of_range", {"positions": positions(leverage=["0.99999999"])}, "positions.leverage", 0, "0.99999999", "1 ≤"),
    ("out_of_range", {"positions": positions(isolated_margin=["1"])}, "positions.isolated_margin", 0, "1", ""),
    ("out_of_range", {"positions": positions(**ISOLATED)}, "positions.isolated_margin", 0, "-1", "0 ≤"),
    ("out_of_range", {"positions": positions(margin_mode=["span"])}, "positions.margin_mode", 0, "span", ""),
    (
        "unknown_instrument",
        {"positions": positions(instrument=["X-PERP", "NO"])},
        "positions.instrument",
        1,
        "NO",
        "an",
    ),
    ("unknown_instrument", {"orders": orders(instrument=["COIN"])}, "orders.instrument", 0, "COIN", "an instrument"),
    ("unknown_asset", {"balances": balances(asset=["X-PERP"])}, "balances.asset", 0, "X-PERP", "an asset"),
    (
        "unknown_fee_tier",
        {"accounts": settings(fee_tier=["low", "lower"])},
        "accounts.fee_tier",
        1,
        "lower",
        "venue.fees",
    ),
    ("invalid_text", {"balances": balances(account=["A", "\ud800"])}, "balances.account", 1, None, "UTF-8"),
    ("implausible_time", {"prices": prices(time=[1_700_000_000])}, "prices.time", 0, "1700000000", "unit"),
    ("id_kind_mismatch", {"balances": balances(account=["A", 1])}, "balances.account", 1, "1", "one kind"),
]

ACCOUNTS = [
    ("duplicate_account", {"accounts": {"account": ["A", "B", "A"]}}, "accounts.account", 2, "A", "one row"),
    ("duplicate_price", {"prices": prices(symbol=["COIN", "X-PERP", "COIN"])}, "prices.symbol", 2, "COIN", "one price"),
    ("missing_price", {"positions": positions(quantity=["0", "1"])}, "positions.instrument", 1, "X-PERP", "prices"),
    ("missing_price", {"orders": orders(reduce_only=[True, None])}, "orders.instrument", 1, "X-PERP", "prices"),
    ("missing_price", {"balances": balances(asset=["USD", "COIN"])}, "balances.asset", 1, "COIN", "prices"),
    ("settlement_price", {"prices": {"USD": "1.00000001"}}, "prices.price", 0, "1.00000001", "1, or no row"),
    ("conflicting_values", {"positions": positions(leverage=["2", "3"])}, "positions.leverage", 1, "3", "one value"),
    ("model_not_enabled", {"accounts": settings(model=["portfolio"])}, "accounts.model", 0, "portfolio", "enables"),
]


def named(rows: list[tuple[Any, ...]]) -> Any:
    keys = ("code", "book", "place", "row", "value", "accepted")
    return pytest.mark.parametrize(keys, rows, ids=[f"{row[0]}-{row[2]}" for row in rows])


@named(SCHEMA)
def test_a_table_of_another_form(
    code: str, book: Any, place: str, row: int | None, value: str | None, accepted: str
) -> None:
    Refusal(code, book, place, row, value, accepted, class_name="SchemaError").check()


@named(VALUES)
def test_a_value_that_is_not_accepted(
    code: str, book: Any, place: str, row: int | None, value: str | None, accepted: str
) -> None:
    Refusal(code, book, place, row, value, accepted).check()


@named(ACCOUNTS)
def test_rows_that_do_not_fit_together(
    code: str, book: Any, place: str, row: int | None, value: str | None, accepted: str
) -> None:
    given = {"prices": None, **book} if code == "missing_price" else book
    Refusal(code, given, place, row, value, accepted).check()


@pytest.mark.code("negative_balance")
def test_an_asset_without_liability_may_not_be_owed() -> None:
    book = {"balances": balances(asset=["USD", "HKD"], amount=["-1", "-2"]), "prices": {"HKD": "0.128"}}
    Refusal("negative_balance", book, "balances.amount", 1, "-2", "liability", rules=HK).check()


@pytest.mark.code("id_kind_mismatch")
def test_all_tables_of_a_call_use_one_kind_of_ids() -> None:
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(RULES, balances=balances(), accounts={"account": [1]})
    error = caught.value
    assert (error.code, error.table, error.column, error.row) == ("id_kind_mismatch", "accounts", "account", None)
    check_form(error)


LARGE = [
    ("gross notional", {"positions": positions(quantity=["1000000000"])}, "positions"),
    ("Σ|cost|", {"positions": positions(cost=["-1000000000000.00000001"])}, "positions"),
    ("orders", {"orders": orders(quantity=["1000000000"])}, "orders"),
    ("assets", {"balances": balances(asset=["COIN", "USD"], amount=["400000000000", "200000000000.01"])}, "balances"),
    ("debts", {"balances": balances(asset=["COIN"], amount=["-500000000000.01"])}, "balances"),
]


@pytest.mark.parametrize(("kind", "book", "table"), LARGE, ids=[row[0] for row in LARGE])
@pytest.mark.code("account_too_large")
def test_an_account_beyond_what_is_exact(kind: str, book: Any, table: str) -> None:
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(RULES, **book, prices={"X-PERP": "1000.1", "COIN": "2"})
    error = caught.value
    assert (error.code, error.table) == ("account_too_large", table)
    assert kind in (error.accepted or "") or kind == "debts"
    check_form(error)


@pytest.mark.code("unknown_account")
@pytest.mark.parametrize("account", ["nobody", "", 7])
def test_only_accounts_of_the_result_are_explained(account: object) -> None:
    result = pc.assess(RULES, balances=balances())
    with pytest.raises(pc.errors.StateError) as caught:
        result.explain(account)
    assert (caught.value.code, caught.value.value) == ("unknown_account", str(account))
    check_form(caught.value)


@pytest.mark.code("invalid_text")
@pytest.mark.parametrize("column", ["account", "asset", "amount"])
def test_arrow_text_is_checked_for_utf8(column: str) -> None:
    """Bytes that are no UTF-8, in a buffer that says it holds text."""
    offsets = pa.array([0, 2, 4], pa.int32()).buffers()[1]
    bad = pa.StringArray.from_buffers(2, offsets, pa.py_buffer(b"ok\xff\xfe"))
    with pytest.raises(pc.errors.PerpcoreError) as caught:
        pc.assess(RULES, balances=pa.table(balances(account=["A", "B"]) | {column: bad}))
    assert (caught.value.code, caught.value.table) == ("invalid_text", "balances")
    check_form(caught.value)


@pytest.mark.code("wrong_type")
def test_a_naive_time_is_refused_by_name() -> None:
    given = prices(time=[datetime(2026, 1, 1)])  # noqa: DTZ001
    with pytest.raises(pc.errors.SchemaError) as caught:
        pc.assess(RULES, prices=given)
    assert (caught.value.code, caught.value.column, caught.value.row) == ("wrong_type", "time", 0)
    assert "aware" in (caught.value.accepted or "")
    check_form(caught.value)


@pytest.mark.code("internal")
def test_a_panic_is_an_internal_error_and_leaves_all_in_order(capfd: pytest.CaptureFixture[str]) -> None:
    before = pc.assess(RULES, balances=balances())
    with pytest.raises(pc.errors.InternalError) as caught:
        pc._core._provoke_panic()
    assert (caught.value.code, caught.value.value) == ("internal", "provoked")
    check_form(caught.value)
    assert pc.assess(RULES, balances=balances()).accounts.equals(before.accounts)
    assert str(before.explain("A"))
    capfd.readouterr()  # what the panic hook wrote


def test_the_catalogue_has_a_class_a_text_and_an_answer_for_every_code() -> None:
    classes = {
        1: "RulebookError",
        2: "SchemaError",
        3: "InputError",
        4: "InputError",
        7: "PerpcoreError",  # answers to orders, never raised
        8: "StateError",
        9: "InternalError",
    }
    for entry in pc.error_codes():
        assert entry["class"] == classes[entry["number"] // 1000]
        assert issubclass(getattr(pc.errors, entry["class"]), pc.errors.PerpcoreError)
        assert entry["text"]
        assert entry["accepted"]


def test_classes_fit_into_what_python_programs_catch() -> None:
    assert issubclass(pc.errors.SchemaError, TypeError)
    assert issubclass(pc.errors.InputError, ValueError)
    assert issubclass(pc.errors.PrecisionWarning, UserWarning)

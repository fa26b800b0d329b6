"""Every refusal of the portfolio model: its scenario table, its accounts, the rulebook that enables it."""

from typing import Any

import pyarrow as pa
import pytest
from tests.errors.refusals import Refusal, check_form
from tests.inputs.book import RULES

import perpcore as pc

TEXT = """
[venue]
settlement = "USD"
[asset.COIN]
eligible = true
underlying = "COIN"
liability = { initial = "10%", maintenance = "5%" }
[asset.DUST]
eligible = false
underlying = "DUST"
[instrument.X-PERP]
underlying = "X"
tick = 0.1
lot = 0.001
tiers = [["rest", "1%", 50]]
[instrument.Y-PERP]
underlying = "Y"
tick = 0.1
lot = 0.001
tiers = [["rest", "1%", 50]]
[portfolio]
enabled = true
[portfolio.underlying.X]
range = "10%"
"""
PORTFOLIO = pc.Rulebook.parse(TEXT)
PRICES = {"X-PERP": "10", "Y-PERP": "10", "COIN": "2"}
SETTINGS = {"account": ["A"], "model": ["portfolio"]}


def scenarios(**columns: Any) -> dict[str, Any]:
    """A good table of two rows with these columns changed; None leaves one out."""
    found = {"scenario": ["up", "down"], "X": ["0.1", "-0.1"], **columns}
    return {name: values for name, values in found.items() if values is not None}


def position(instrument: str = "X-PERP", quantity: str = "1") -> dict[str, Any]:
    return {"account": ["A"], "instrument": [instrument], "quantity": [quantity], "cost": ["1"]}


LISTS = pa.array([[1], [2]])
SCHEMA = [
    ("missing_column", scenarios(scenario=None), "scenario", None, None, "required"),
    ("unknown_column", scenarios(Z=["0", "0"]), "Z", None, None, "scenario, weight, COIN, DUST, X, Y"),
    ("unknown_column", scenarios(weigth=["0", "1"]), "weigth", None, None, "did you mean weight?"),
    ("unknown_column", scenarios(Z_e8=[0, 0]), "Z_e8", None, None, "the columns are"),
    ("duplicate_column", scenarios(X_e8=[0, 0]), "X", None, "X_e8", "once"),
    ("duplicate_column", scenarios(weight=["0", "1"], weight_e8=[0, 0]), "weight", None, "weight_e8", "once"),
    ("wrong_type", scenarios(X=["a", "0"]), "X", 0, "a", "plain decimals"),
    ("wrong_type", scenarios(X=[True, False]), "X", None, "Boolean", "decimal128"),
    ("wrong_type", pa.table(scenarios(X=LISTS)), "X", None, 'List (format "+l"), 1 children', "decimal128"),
    ("wrong_type", scenarios(X=None, X_e8=["1", "2"]), "X", None, "Utf8", "int64"),
    ("wrong_type", scenarios(scenario=[1, 2]), "scenario", None, "Int64", "text"),
]
VALUES = [
    ("null_value", scenarios(X=["0.1", None]), "X", 1, None, "every row"),
    ("null_value", scenarios(scenario=["up", None]), "scenario", 1, None, "every row"),
    ("null_value", scenarios(X=pa.nulls(2)), "X", 0, None, "every row"),
    ("null_value", scenarios(weight=["1", None]), "weight", 1, None, "every row"),
    ("not_finite", scenarios(X=[0.1, float("nan")]), "X", 1, "NaN", "finite"),
    ("off_grid", scenarios(X=["0.1", "0.000000001"]), "X", 1, "0.000000001", "eight"),
    ("out_of_range", scenarios(X=["-1.00000001", "0"]), "X", 0, "-1.00000001", "−1 ≤ move ≤ 10"),
    ("out_of_range", scenarios(X=["0", "10.00000001"]), "X", 1, "10.00000001", "−1 ≤ move ≤ 10"),
    ("out_of_range", scenarios(weight=["1", "-0.1"]), "weight", 1, "-0.1", "0 ≤ rate ≤ 1"),
    ("weights", scenarios(weight=["0.5", "0.49999999"]), "weight", None, "0.99999999", "together 1"),
    ("weights", scenarios(weight=["0.5", "0.50000001"]), "weight", None, "1.00000001", "together 1"),
    ("missing_scenario", {"scenario": [], "X": []}, "scenario", None, None, "a scenario at least"),
]


def named(rows: list[tuple[Any, ...]]) -> Any:
    keys = ("code", "table", "column", "row", "value", "accepted")
    return pytest.mark.parametrize(keys, rows, ids=[f"{row[0]}-{row[2]}-{at}" for at, row in enumerate(rows)])


@named(SCHEMA)
def test_a_table_of_another_form(
    code: str, table: Any, column: str, row: int | None, value: str | None, accepted: str
) -> None:
    book = {"scenarios": table}
    Refusal(code, book, f"scenarios.{column}", row, value, accepted, PORTFOLIO, "SchemaError").check()


@named(VALUES)
def test_a_value_that_is_not_accepted(
    code: str, table: Any, column: str, row: int | None, value: str | None, accepted: str
) -> None:
    # Whether any account chose the model does not matter.
    Refusal(code, {"scenarios": table}, f"scenarios.{column}", row, value, accepted, PORTFOLIO).check()


def test_extra_columns_may_be_ignored_whatever_they_hold() -> None:
    table = pa.table(scenarios(remark=LISTS))
    with pytest.raises(pc.errors.SchemaError):
        pc.assess(PORTFOLIO, scenarios=table)
    assert pc.assess(PORTFOLIO, scenarios=table, extra="ignore").accounts.num_rows == 0


ORDER = {"account": ["A"], "instrument": ["Y-PERP"], "quantity": ["1"], "price": ["10"]}
DEBT = {"account": ["A"] * 2, "asset": ["USD", "COIN"], "amount": ["10", "-1"]}
NEEDED = [
    ({"positions": position("Y-PERP")}, "positions.instrument", 0, "Y-PERP"),
    ({"orders": ORDER}, "orders.instrument", 0, "Y-PERP"),
    ({"balances": DEBT}, "balances.asset", 1, "COIN"),
    ({"positions": position("X-PERP"), "scenarios": scenarios(X=None)}, "positions.instrument", 0, "X-PERP"),
]


@pytest.mark.parametrize(("book", "place", "row", "value"), NEEDED)
@pytest.mark.code("missing_scenario")
def test_what_is_held_or_ordered_needs_a_scenario(book: Any, place: str, row: int, value: str) -> None:
    given = {"accounts": SETTINGS, "prices": PRICES, **book}
    Refusal("missing_scenario", given, place, row, value, "[portfolio.underlying]", PORTFOLIO).check()
    # In the standard model it does not.
    assert pc.assess(PORTFOLIO, **{**given, "accounts": None}).accounts["worst_scenario"].to_pylist() == [None]
    # A bad row marks its account and no other.
    other = {"account": ["B"], "asset": ["USD"], "amount": ["1"]}
    marked = pc.assess(PORTFOLIO, **{"balances": other, **given}, on_error="mark").accounts.to_pylist()
    assert ("unknown", "missing_scenario", None) in [
        (row["status"], row["problem"], row["worst_scenario"]) for row in marked
    ]


NOTHING = [
    {"positions": position("Y-PERP", "0")},
    {"orders": ORDER | {"reduce_only": [True]}},
    {"balances": {"account": ["A"] * 2, "asset": ["DUST", "COIN"], "amount": ["5", "0"]}},
    {"positions": position("Y-PERP") | {"margin_mode": ["isolated"], "isolated_margin": ["9"]}},
    {"orders": ORDER | {"margin_mode": ["isolated"]}},
]


@pytest.mark.parametrize("book", NOTHING)
def test_what_counts_for_nothing_in_the_cross_bucket_needs_none(book: Any) -> None:
    (row,) = pc.assess(PORTFOLIO, **book, accounts=SETTINGS, prices=PRICES).accounts.to_pylist()
    assert (row["maintenance_margin"], row["worst_scenario"]) == (0, "zero")


@pytest.mark.code("missing_price")
def test_a_missing_price_comes_before_a_missing_scenario() -> None:
    book = {"positions": position("Y-PERP"), "accounts": SETTINGS, "prices": None}
    Refusal("missing_price", book, "positions.instrument", 0, "Y-PERP", "prices", PORTFOLIO).check()


@pytest.mark.code("model_not_enabled")
def test_a_rulebook_that_does_not_offer_the_model_takes_no_scenarios() -> None:
    for rules in (RULES, PORTFOLIO.edit({"portfolio.enabled": False})):
        with pytest.raises(pc.errors.InputError) as caught:
            pc.assess(rules, scenarios={"scenario": ["up"], "X": ["0.1"]})
        assert (caught.value.code, caught.value.table) == ("model_not_enabled", "scenarios")
        check_form(caught.value)


def test_scenarios_come_after_prices_and_before_the_accounts() -> None:
    late = {"balances": {"account": ["A"], "asset": ["NO"], "amount": ["1"]}, "scenarios": scenarios(X=["2", "11"])}
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(PORTFOLIO, **late)
    assert (caught.value.table, caught.value.row) == ("scenarios", 1)
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(PORTFOLIO, **late, prices={"COIN": "0"})
    assert caught.value.table == "prices"

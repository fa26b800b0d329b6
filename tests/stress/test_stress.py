"""`stress` and `largest_deficits`: figures worked by hand, and what is refused."""

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.stress.book import BOOK, RULES

import perpcore as pc
from perpcore.errors import InputError, PerpcoreError, SchemaError
from perpcore.shock import shocked

STATUSES = ("healthy", "restricted", "margin_call", "liquidation", "bankrupt", "undecided")


def rows(scenarios: Any, book: Any = BOOK, **options: Any) -> dict[str, dict[str, Any]]:
    found = pc.stress(pc.Rulebook.parse(RULES), book, scenarios, **options).to_pylist()
    return {row["scenario"]: row for row in found}


def counts(row: dict[str, Any]) -> dict[str, int]:
    return {name: row[name] for name in STATUSES if row[name]}


def test_sums_and_statuses_after_joint_moves() -> None:
    scenarios = {"scenario": ["zero", "fall", "depeg", "rise"], "X": ["0", "-0.2", "0", "0.1"]}
    scenarios["USDC"] = ["0", "0", "-0.5", "0"]
    found = rows(scenarios)
    # equity 150 + 148.5 + 160 + 5; MM 10, 0.8 · 160, 0 and 1; the cross bucket of ISO is empty and healthy
    zero = found["zero"]
    assert (zero["equity"], zero["maintenance_margin"], zero["deficit"]) == (Decimal("463.5"), 139, 0)
    assert counts(zero) == {"healthy": 4, "margin_call": 1}  # COIN: 148.5 < 1.25 · 128
    # both longs lose 200: net value −50 and 149.25 − 200; WX is worth 2 · 80 · 0.8; the short has 5 + 20
    fall = found["fall"]
    assert (fall["bankrupt"], fall["deficit"]) == (2, Decimal("100.75"))
    assert fall["equity"] == -50 + Decimal("-51.5") + 128 + 25
    # half of 148.5 is left against a requirement of 128
    assert counts(found["depeg"]) == {"healthy": 4, "liquidation": 1}
    # the isolated short loses 10 of its 5
    assert (found["rise"]["bankrupt"], found["rise"]["deficit"]) == (1, 5)


def test_an_asset_moves_by_its_own_column_and_else_with_its_underlying() -> None:
    # WRAP owns 2 WX at 100, haircut 20 %
    book = {**BOOK, "positions": None, "accounts": None}
    scenarios = {"scenario": ["with X", "alone"], "X": ["-0.5", "-0.5"]}
    assert [row["equity"] for row in rows(scenarios, book).values()] == [Decimal("378.5")] * 2  # 150 + 148.5 + 80
    scenarios["WX"] = ["0", "-0.9"]
    assert [row["equity"] for row in rows(scenarios, book).values()] == [Decimal("458.5"), Decimal("314.5")]


def test_what_is_worth_nothing_is_still_valued() -> None:
    # LONG −1,000 + 150, COIN −1,000 + 148.5 (149.25 if sold), WX 0, the short has 5 + 100; no margin but COIN's none
    gone = rows({"scenario": ["gone"], "X": ["-1"]})["gone"]
    assert (gone["equity"], gone["deficit"]) == (Decimal("-1596.5"), 850 + Decimal("850.75"))
    assert gone["maintenance_margin"] == 0


def test_the_fund_pays_what_it_has() -> None:
    scenarios = {"scenario": ["fall"], "X": ["-0.2"]}
    assert rows(scenarios)["fall"]["fund_draw"] == Decimal("100.75")
    assert rows(scenarios, fund=60)["fall"]["fund_draw"] == 60
    assert rows(scenarios, fund="100.76")["fall"]["fund_draw"] == Decimal("100.75")


def test_buckets_on_unusable_prices_are_undecided_and_owe_nothing() -> None:
    prices = {"symbol": ["X-PERP", "USDC", "WX"], "price": ["100", "1", "100"], "state": ["frozen", "live", "live"]}
    fall = rows({"scenario": ["fall"], "X": ["-0.9"]}, {**BOOK, "prices": prices})["fall"]
    assert counts(fall) == {"undecided": 3, "healthy": 2}
    assert fall["deficit"] == 0


def test_the_largest_deficits_come_first_and_by_account_where_they_are_equal() -> None:
    book = {
        "positions": {"account": list("ABCD"), "instrument": ["X-PERP"] * 4, "quantity": ["1", "3", "3", "2"]},
        "balances": {"account": ["A"], "asset": ["USD"], "amount": ["0"]},
        "prices": {"X-PERP": "100"},
    }
    book["positions"]["entry_price"] = ["100"] * 4
    book["positions"]["margin_mode"] = ["cross", "cross", "cross", "isolated"]
    rules, scenarios = pc.Rulebook.parse(RULES), {"scenario": ["flat", "fall"], "X": ["0", "-0.1"]}
    told = pc.largest_deficits(rules, book, scenarios, count=3)
    assert told.to_pydict() == {
        "scenario": ["fall"] * 3,
        "account": ["B", "C", "D"],
        "instrument": [None, None, "X-PERP"],
        "equity": [-30, -30, -20],
        "maintenance_margin": [Decimal("2.7"), Decimal("2.7"), Decimal("1.8")],
        "deficit": [30, 30, 20],
    }
    assert pc.largest_deficits(rules, book, scenarios).column("account").to_pylist() == ["B", "C", "D", "A"]


def test_a_large_book_in_many_scenarios_is_the_sum_of_its_assessments() -> None:
    made = pc.synth.workload(9_000)
    rules = pc.Rulebook.parse(made.rulebook)
    names = [rules.underlying(name) for name in rules.instruments]
    draw = np.random.default_rng(5)
    moves = {name: [str(Decimal(int(move)).scaleb(-4)) for move in draw.integers(-4_000, 4_000, 70)] for name in names}
    scenarios = {"scenario": [f"s{at}" for at in range(70)], **moves}
    once = pc.stress(rules, made.book, scenarios, threads=1)
    assert pc.stress(rules, made.book, scenarios, threads=2).equals(once)
    prices = {row["symbol"]: row for row in pa.table(made.book["prices"]).to_pylist()}
    for at in (0, 33, 64, 69):
        moved = {}
        for symbol, row in prices.items():
            price = Decimal(row["price_e8"]).scaleb(-8)
            by = Decimal(moves[rules.underlying(symbol)][at]) if rules.underlying(symbol) in moves else Decimal(0)
            moved[symbol] = (price * (1 + by)).quantize(Decimal("1e-8"))
        accounts = pc.assess(rules, **{**made.book, "prices": moved}).accounts.to_pandas()
        row = once.slice(at, 1).to_pylist()[0]
        assert {name: row[name] for name in STATUSES} == {
            name: int((accounts.status == name).sum()) for name in STATUSES
        }
        for name in ("equity", "initial_margin", "maintenance_margin"):
            assert row[name] == sum(accounts[name])
        assert row["deficit"] == -sum(accounts.net_value[accounts.status == "bankrupt"])


@pytest.mark.parametrize(
    ("scenarios", "error", "code", "column", "row"),
    [
        ({"scenario": ["a"], "Y": ["0"]}, SchemaError, "unknown_column", "Y", None),
        ({"scenario": ["a"], "USD": ["0"]}, SchemaError, "unknown_column", "USD", None),  # the unit of everything
        ({"X": ["0"]}, SchemaError, "missing_column", "scenario", None),
        ({"scenario": ["a"], "X": ["0"], "X_e8": np.array([0])}, SchemaError, "duplicate_column", "X", None),
        ({"scenario": ["a", "b"], "X": ["0", None]}, InputError, "null_value", "X", 1),
        ({"scenario": ["a", "b"], "X": ["0", "-1.00000001"]}, InputError, "out_of_range", "X", 1),
        ({"scenario": ["a"], "X": ["10.1"]}, InputError, "out_of_range", "X", 0),
        ({"scenario": ["a"], "X": ["0.000000001"]}, InputError, "off_grid", "X", 0),
        ({"scenario": ["a"], "X": [float("nan")]}, InputError, "not_finite", "X", 0),
        ({"scenario": ["a"], "X": ["0"], "weight": ["0.5"]}, InputError, "weights", "weight", None),
        ({"scenario": [], "X": []}, InputError, "missing_scenario", "scenario", None),
    ],
)
def test_scenarios_are_refused(
    scenarios: Any, error: type[PerpcoreError], code: str, column: str, row: int | None
) -> None:
    rules = pc.Rulebook.parse(RULES)
    for ask in (pc.stress, pc.largest_deficits):
        with pytest.raises(error) as refused:
            ask(rules, BOOK, scenarios)
        told = refused.value
        assert (told.code, told.table, told.column, told.row) == (code, "scenarios", column, row)


def test_a_book_beyond_the_bounds_after_a_move_is_refused_with_its_scenario() -> None:
    # 1,000,000 · 200,000 is within 10¹², eleven times that is not
    book = {
        "positions": {"account": ["A"], "instrument": ["X-PERP"], "quantity": ["1000000"], "entry_price": ["200000"]},
        "balances": {"account": ["A"], "asset": ["USD"], "amount": ["0"]},
        "prices": {"X-PERP": "200000"},
    }
    with pytest.raises(InputError) as refused:
        rows({"scenario": ["calm", "wild"], "X": ["0.1", "10"]}, book)
    assert (refused.value.code, refused.value.table, refused.value.row) == ("account_too_large", "positions", 0)
    assert "wild" in str(refused.value)


def test_other_arguments_are_refused_as_python_does() -> None:
    rules, scenarios = pc.Rulebook.parse(RULES), {"scenario": ["a"], "X": ["0"]}
    with pytest.raises(ValueError, match="fund"):
        pc.stress(rules, BOOK, scenarios, fund=-1)
    with pytest.raises(ValueError, match="fund"):
        pc.stress(rules, BOOK, scenarios, fund="much")
    with pytest.raises(ValueError, match="count"):
        pc.largest_deficits(rules, BOOK, scenarios, count=0)
    with pytest.raises(ValueError, match="threads"):
        pc.stress(rules, BOOK, scenarios, threads=0)
    with pytest.raises(TypeError, match="scenarios"):
        pc.stress(rules, BOOK, None)


def test_a_scenario_of_no_move_is_the_book_itself() -> None:
    result = pc.assess(pc.Rulebook.parse(RULES), **BOOK)
    zero = rows({"scenario": ["zero"]})["zero"]
    assert zero["equity"] == sum(result.accounts.to_pydict()["equity"]) + sum(result.isolated.to_pydict()["equity"])


def test_shocks_of_the_command_line_move_prices_as_scenarios_do() -> None:
    rules = pc.Rulebook.parse(RULES)
    prices = pa.table({"symbol": ["X-PERP", "WX", "USDC"], "price": ["100.00000003", "100", "1"]})
    for names in (["X", "WX"], ["WX", "X"]):
        shocks = {name: {"X": Decimal("-0.5"), "WX": Decimal("-0.25")}[name] for name in names}
        moved = dict(zip(*shocked(rules, prices, shocks).to_pydict().values(), strict=True))
        # half even: 50.000000015 → 50.00000002; WX by its own move
        assert moved == {"X-PERP": "50.00000002", "WX": "75", "USDC": "1"}
    # The same by the core: a long of 1 X at 0 shows the moved mark.
    book = {
        "positions": {"account": ["A"], "instrument": ["X-PERP"], "quantity": ["1"], "cost": ["0"]},
        "prices": {"X-PERP": "100.00000003"},
    }
    assert rows({"scenario": ["half"], "X": ["-0.5"]}, book)["half"]["equity"] == Decimal("50.00000002")

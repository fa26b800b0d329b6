"""Scenarios from price history: figures by hand, what is refused, and that calm never lowers a scenario."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import perpcore as pc


def moves(prices: Any, **options: Any) -> list[list[str]]:
    table = pc.fit_scenarios(prices, **options)
    return [[str(value) for value in column.to_pylist()] for column in table.columns[1:]]


def test_by_hand() -> None:
    """Returns 0.1, −0.1, 0, 0.1; with half the weight left, mean squares 0.01, 0.01, 0.005, 0.0075."""
    prices = {"BTC": ["100", "110", "99", "99", "108.9"]}
    found = moves(prices, horizon=1, decay=0.5, warm_up=1)
    # −0.1 × max(√0.75, 1), 0, 0.1 × √1.5 = 0.122474487…
    assert found == [["-0.10000000", "0E-8", "0.12247449"]]
    # Without a floor the first window shrinks: 0.1 × √0.75 = 0.0866025403…
    assert moves(prices, horizon=1, decay=0.5, warm_up=1, floor=0)[0][0] == "-0.08660254"
    # Two rows: 99 / 110 − 1 and 108.9 / 99 − 1, scaled by √0.75 and √0.75, so not at all.
    assert moves(prices, horizon=2, decay=0.5, warm_up=1) == [["-0.10000000", "0.10000000"]]


def test_moves_end_where_prices_can() -> None:
    assert moves({"X": [1, 2, 1, 100]}, horizon=1, warm_up=1) == [["-1.00000000", "10.00000000"]]


def test_windows_are_named_by_their_time() -> None:
    start = datetime(2020, 3, 12, tzinfo=UTC)
    times = pa.array([start + timedelta(hours=hour) for hour in range(6)], pa.timestamp("us", "UTC"))
    table = pc.fit_scenarios({"time": times, "BTC": [1, 2, 3, 4, 5, 6]}, horizon=timedelta(hours=2), warm_up=2)
    names = table.column("scenario").to_pylist()
    assert names == ["fit:2020-03-12T02:00:00+00:00", "fit:2020-03-12T03:00:00+00:00"]
    assert table.column("BTC").to_pylist()[1] == Decimal(6) / 4 - 1


@pytest.mark.parametrize("seed", range(20))
def test_calm_never_lowers_a_scenario(seed: int) -> None:
    """After a calm year every window is at least as large as it was before it."""
    rng = np.random.default_rng(seed)
    stormy = 100 * np.exp(np.cumsum(rng.normal(scale=0.05, size=200)))
    calm = stormy[-1] * np.exp(np.cumsum(rng.normal(scale=0.0001, size=365)))
    before = pc.fit_scenarios({"X": stormy}, horizon=3, floor=1).column("X")
    after = pc.fit_scenarios({"X": np.concatenate([stormy, calm])}, horizon=3, floor=1).column("X")
    happened = stormy[33:] / stormy[30:-3] - 1
    for then, now, real in zip(before.to_pylist(), after.to_pylist(), happened, strict=False):
        assert min(abs(then), abs(now)) >= Decimal(abs(real)) - Decimal(1).scaleb(-8)


def test_a_fitted_table_is_a_scenario_table() -> None:
    rng = np.random.default_rng(1)
    prices = {name: 100 * np.exp(np.cumsum(rng.normal(scale=0.02, size=3_000))) for name in ("BTC", "ETH")}
    fitted = pc.fit_scenarios(prices, horizon=2)
    assert fitted.num_rows > 2_900
    book = {
        "positions": {"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["1"], "cost": ["60000"]},
        "balances": {"account": ["A"], "asset": ["USDT"], "amount": ["50000"]},
        "accounts": {"account": ["A"], "model": ["portfolio"]},
        "prices": {"BTC-PERP": 60_000, "USDT": 1},
    }
    rules = pc.Rulebook.preset("global-multi-collateral")
    (row,) = pc.assess(rules, **book, scenarios=fitted).accounts.to_pylist()
    worst = min(zip(fitted.column("BTC").to_pylist(), fitted.column("scenario").to_pylist(), strict=True))
    assert row["worst_scenario"] == worst[1]
    assert row["initial_margin"] >= -worst[0] * 60_000


HOURS = pa.array([datetime(2020, 1, 1, hour, tzinfo=UTC) for hour in (0, 1, 2, 4)], pa.timestamp("ms", "UTC"))


@pytest.mark.parametrize(
    ("prices", "options", "code", "row"),
    [
        ({"X": [1, 2, 0, 4]}, {}, "out_of_range", 2),
        ({"X": [1, None, 3, 4]}, {}, "null_value", 1),
        ({"X": [1.0, float("nan"), 3, 4]}, {}, "out_of_range", 1),
        ({"X": ["1", "two", "3", "4"]}, {}, "wrong_type", None),
        (pa.table({"X": [1, 2, 3, 4], "time": HOURS}), {"horizon": timedelta(hours=1)}, "implausible_time", 3),
        ({"X": [1, 2, 3, 4], "time": ["a", "b", "c", "d"]}, {"horizon": timedelta(hours=1)}, "wrong_type", None),
        ({"X": [1, 2, 3, 4], "time": [1, None, 3, 4]}, {"horizon": timedelta(hours=1)}, "null_value", 1),
    ],
)
def test_bad_history_is_refused_with_its_place(prices: Any, options: Any, code: str, row: int | None) -> None:
    with pytest.raises(pc.errors.PerpcoreError) as caught:
        pc.fit_scenarios(prices, **{"horizon": 1, "warm_up": 1} | options)
    column = "time" if "horizon" in options else "X"
    assert (caught.value.code, caught.value.table, caught.value.column) == (code, "prices", column)
    assert caught.value.row == row


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"horizon": 0}, "at least one row"),
        ({"horizon": 3}, "4 rows are too few for warm_up=1 and a horizon of 3: at least 5"),
        ({"horizon": 1, "warm_up": 0}, "too few"),
        ({"horizon": 1, "decay": 1}, "decay is from 0 to below 1"),
        ({"horizon": 1, "floor": -1}, "floor is from 0"),
        ({"horizon": timedelta(hours=1)}, "needs a column `time`"),
    ],
)
def test_other_arguments(options: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        pc.fit_scenarios({"X": [1, 2, 3, 4]}, **{"warm_up": 1} | options)


def test_a_horizon_that_is_no_whole_number_of_rows() -> None:
    times = pa.array([0, 60 * 10**9, 120 * 10**9])
    with pytest.raises(ValueError, match="not a whole number of rows of 60 s"):
        pc.fit_scenarios({"time": times, "X": [1, 2, 3]}, horizon=timedelta(seconds=90), warm_up=1)
    with pytest.raises(ValueError, match="no column of an underlying"):
        pc.fit_scenarios({"time": times}, horizon=1)

"""`Monitor`: ticks, deltas and order checks on a resident book, from the Python call to what it returns."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import perpcore as pc

from .workload import form

ACCOUNTS = 1_000_000


@pytest.fixture(scope="module")
def resident() -> pc.Monitor:
    rules, book = form(ACCOUNTS)
    return pc.Monitor(rules, **book)


def walk(step: float) -> Iterator[dict[str, float]]:
    """Prices of both underlyings that go up or down by `step` at every tick."""
    _, book = form(ACCOUNTS)
    prices = {row["symbol"]: row["price_e8"] / 1e8 for row in pa.table(book["prices"]).to_pylist()}
    moving = [symbol for symbol in prices if symbol.endswith("-PERP")]
    draw = np.random.default_rng(3)
    while True:
        for symbol in moving:
            prices[symbol] = round(prices[symbol] * (1 + step * draw.choice([-1, 1])), 2)
        yield dict(prices)


def ticks(prices: Iterator[dict[str, float]]) -> Callable[[], tuple[tuple[Any, ...], dict[str, Any]]]:
    return lambda: ((next(prices),), {})


def test_reprice_random_walk_of_1_bp(resident: pc.Monitor, benchmark: BenchmarkFixture) -> None:
    benchmark.pedantic(resident.reprice, setup=ticks(walk(1e-4)), rounds=500)
    counters = resident.counters()
    benchmark.extra_info["visits_a_tick"] = counters["visits"] / counters["updates"]


def test_reprice_jump_of_5_percent(resident: pc.Monitor, benchmark: BenchmarkFixture) -> None:
    benchmark.pedantic(resident.reprice, setup=ticks(walk(5e-2)), rounds=5)


def test_a_book_assessed_whole_at_every_tick(benchmark: BenchmarkFixture) -> None:
    rules, book = form(ACCOUNTS)
    prices = walk(1e-4)
    benchmark.pedantic(lambda: pc.assess(rules, **{**book, "prices": next(prices)}).accounts, rounds=5)


def test_update_of_1000_positions(resident: pc.Monitor, benchmark: BenchmarkFixture) -> None:
    _, book = form(ACCOUNTS)
    rows = pa.table(book["positions"]).take(np.random.default_rng(5).integers(0, ACCOUNTS, 1_000)).to_pydict()
    draw = np.random.default_rng(6)

    def change() -> tuple[tuple[Any, ...], dict[str, Any]]:
        moved = np.asarray(rows["quantity_e8"]) + draw.integers(-5, 5, len(rows["quantity_e8"])) * 1_000_000
        return (), {"positions": {**rows, "quantity_e8": moved}}

    benchmark.pedantic(resident.update, setup=change, rounds=50)


def test_check_order(resident: pc.Monitor, benchmark: BenchmarkFixture) -> None:
    _, book = form(ACCOUNTS)
    account = pa.table(book["positions"]).column("account")[0].as_py()
    benchmark(lambda: resident.check_order(account, "I00-PERP", 1, 2_300))


def test_build(benchmark: BenchmarkFixture) -> None:
    rules, book = form(ACCOUNTS)
    benchmark.pedantic(lambda: pc.Monitor(rules, **book), rounds=3)

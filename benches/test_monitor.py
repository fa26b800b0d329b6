"""`Monitor`: ticks, deltas and order checks on a resident book, from the Python call to what it returns."""

import statistics
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import perpcore as pc

from .resident import DAYS, NAMED, Named, Prices, changes, minutes, recomputing, recorded, walk
from .workload import agree, form, load

ACCOUNTS, QUICK = 1_000_000, 10_000


@pytest.fixture(scope="module")
def accounts(request: pytest.FixtureRequest) -> int:
    return QUICK if request.config.getoption("benchmark_disable") else ACCOUNTS


@pytest.fixture(scope="module", params=[1, 2], ids=["1 thread", "2 threads"])
def resident(request: pytest.FixtureRequest, accounts: int) -> pc.Monitor:
    rules, book = form(accounts)
    return pc.Monitor(rules, **book, threads=request.param)


one_thread = pytest.mark.parametrize("resident", [1], ids=["1 thread"], indirect=True)


def ticks(prices: Iterator[Prices]) -> Callable[[], tuple[tuple[Any, ...], dict[str, Any]]]:
    return lambda: ((next(prices),), {})


@one_thread
def test_reprice_random_walk_of_1_bp(resident: pc.Monitor, accounts: int, benchmark: BenchmarkFixture) -> None:
    before = resident.counters()
    benchmark.pedantic(resident.reprice, setup=ticks(walk(form(accounts)[1], 1e-4)), rounds=500)
    after = resident.counters()
    benchmark.extra_info["visits_a_tick"] = (after["visits"] - before["visits"]) / (
        after["updates"] - before["updates"]
    )


@one_thread
@pytest.mark.parametrize("day", DAYS)
def test_reprice_over_recorded_minutes(
    resident: pc.Monitor, accounts: int, day: str, benchmark: BenchmarkFixture
) -> None:
    """At most 1 ms in the median is asked."""
    closes = recorded(day)
    if closes is None:
        pytest.skip(f"no recorded minutes of {day} beside the repository (PERPCORE_SHARED names another place)")
    prices = minutes(form(accounts)[1], closes)
    resident.reprice(next(prices))
    benchmark.pedantic(resident.reprice, setup=ticks(prices), rounds=len(closes) - 1)


def test_reprice_jump_of_5_percent(resident: pc.Monitor, accounts: int, benchmark: BenchmarkFixture) -> None:
    """Most of them look at everybody."""
    before = resident.counters()
    benchmark.pedantic(resident.reprice, setup=ticks(walk(form(accounts)[1], 5e-2)), rounds=5)
    after = resident.counters()
    benchmark.extra_info |= {name: after[name] - before[name] for name in ("updates", "sweeps")}


@pytest.mark.parametrize("name", ["perpcore", "NumPy", "Polars"])
def test_the_book_recomputed_at_every_tick(name: str, accounts: int, benchmark: BenchmarkFixture) -> None:
    """What is spared by a monitor: the whole book, at every tick."""
    one = load(accounts)
    book, prices = one.book, walk(one.book, 1e-4)
    if name == "perpcore":
        benchmark.pedantic(lambda: pc.assess(one.rules, **{**book, "prices": next(prices)}).accounts, rounds=5)
        return
    call, first = recomputing(name, one), next(prices)
    agree(call(first), pc.assess(one.rules, **{**book, "prices": first}).accounts)
    benchmark.pedantic(call, setup=ticks(prices), rounds=5)


@one_thread
@pytest.mark.parametrize("same", [True, False], ids=["the same accounts", "others each time"])
@pytest.mark.parametrize("named", NAMED)
def test_update_of_1000_positions(
    resident: pc.Monitor, accounts: int, named: Named, same: bool, benchmark: BenchmarkFixture
) -> None:
    """At most 1 ms is asked."""
    tables = changes(form(accounts)[1], named, 1_000, same=same)
    resident.update(positions=next(tables))
    benchmark.pedantic(resident.update, setup=lambda: ((), {"positions": next(tables)}), rounds=50)


@one_thread
def test_check_order(resident: pc.Monitor, accounts: int, benchmark: BenchmarkFixture) -> None:
    _, book = form(accounts)
    names = iter(pa.table(book["positions"]).column("account").to_pylist()[::4] * 10)
    benchmark.pedantic(
        resident.check_order, setup=lambda: ((next(names), "I00-PERP", 1, 2_300), {}), rounds=2_000, warmup_rounds=10
    )
    if benchmark.stats is not None:
        benchmark.extra_info["p99_us"] = statistics.quantiles(benchmark.stats.stats.data, n=100)[98] * 1e6


def test_build(accounts: int, benchmark: BenchmarkFixture) -> None:
    rules, book = form(accounts)
    benchmark.pedantic(lambda: pc.Monitor(rules, **book), rounds=3)

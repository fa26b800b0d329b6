"""`stress` and `reverse_stress` of a whole book, from the Python call to the table."""

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import perpcore as pc

from .workload import Book, form

ACCOUNTS = 100_000


def scenarios(rules: pc.Rulebook, count: int) -> Book:
    """Joint moves of −50 % to +50 %, a column an underlying."""
    moves = np.round(np.random.default_rng(7).uniform(-0.5, 0.5, (len(rules.instruments), count)), 4)
    names = [rules.underlying(name) for name in rules.instruments]
    return {"scenario": [f"s{at}" for at in range(count)], **dict(zip(names, moves, strict=True))}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("instruments", "count"), [(2, 100), (50, 20)])
def test_stress(instruments: int, count: int, threads: int, benchmark: BenchmarkFixture) -> None:
    rules, book = form(ACCOUNTS, instruments)
    table = scenarios(rules, count)
    found = benchmark(lambda: pc.stress(rules, book, table, threads=threads))
    assert found.num_rows == count
    benchmark.extra_info["valuations"] = ACCOUNTS * count


def test_reverse_stress(benchmark: BenchmarkFixture) -> None:
    rules, book = form(ACCOUNTS)
    direction = {rules.underlying(name): -1 for name in rules.instruments}
    assert benchmark(lambda: pc.reverse_stress(rules, book, direction, deficit=10**7)) is not None

"""`Assessment.liquidation_prices` and `.ladder`, from the Python call to the table, by what a bucket consists of."""

from dataclasses import dataclass

import pyarrow as pa
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import perpcore as pc

from .workload import Book, form

# What the portfolio model takes beside a range for each underlying.
PORTFOLIO = {"portfolio.enabled": True, "portfolio.offset_credit": "80%", "portfolio.minimum": "0.5%"}


@dataclass(frozen=True)
class Case:
    accounts: int = 100_000
    instruments: int = 2
    shuffled: bool = False
    # A1 follows the first instrument at a price of its own, so that collateral moves with positions.
    moving: bool = False
    portfolio: bool = False
    threads: int = 1

    def __str__(self) -> str:
        words = [f"{self.accounts // 1_000}k", f"{self.instruments}i", "shuffled" if self.shuffled else "sorted"]
        words += ["moving"] * self.moving + ["portfolio"] * self.portfolio
        return "-".join([*words, f"{self.threads}t"])


CASES = (
    Case(),
    Case(threads=2),
    Case(shuffled=True, threads=2),
    Case(instruments=50, threads=2),
    Case(moving=True, threads=2),
    Case(accounts=10_000, portfolio=True, threads=2),
)


def load(case: Case) -> tuple[pc.Rulebook, Book]:
    rules, book = form(case.accounts, case.instruments, shuffled=case.shuffled)
    if case.moving:
        rules = rules.edit({"asset.A1.underlying": rules.underlying("I00-PERP")})
    if case.portfolio:
        underlyings = [rules.underlying(name) for name in rules.instruments]
        rules = rules.edit(PORTFOLIO | {f"portfolio.underlying.{name}.range": "16%" for name in underlyings})
        ids = book["positions"].column("account").combine_chunks().dictionary
        book = book | {"accounts": pa.table({"account": ids, "model": ["portfolio"] * len(ids)})}
    return rules, book


@pytest.mark.parametrize("case", CASES, ids=str)
def test_liquidation_prices(case: Case, benchmark: BenchmarkFixture) -> None:
    rules, book = load(case)
    result = pc.assess(rules, **book, threads=case.threads)
    prices = benchmark(result.liquidation_prices)
    assert prices.num_rows >= case.accounts
    benchmark.extra_info["rows"] = prices.num_rows


def test_ladder(benchmark: BenchmarkFixture) -> None:
    rules, book = load(Case(threads=2))
    result = pc.assess(rules, **book, threads=2)
    assert benchmark(lambda: result.ladder("I00-PERP")).num_rows > 0

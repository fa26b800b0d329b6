"""`perpcore.assess`, from the Python call to the accounts table, by size and by form of the input."""

from dataclasses import dataclass

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import perpcore as pc

from .workload import Ids, Numbers, form

# Larger ones are only built to be timed.
QUICK = 100_000


@dataclass(frozen=True)
class Case:
    accounts: int = 25_000
    instruments: int = 2
    shuffled: bool = False
    ids: Ids = "dictionary"
    numbers: Numbers = "e8"
    threads: int = 1

    def __str__(self) -> str:
        size = f"{self.accounts // 1_000}k" if self.accounts < 1_000_000 else f"{self.accounts // 1_000_000}M"
        order = "shuffled" if self.shuffled else "sorted"
        return f"{size}-{self.numbers}-{self.ids}-{order}-{self.instruments}i-{self.threads}t"


CASES = (
    # sizes
    Case(1_000),
    Case(25_000),
    Case(100_000),
    Case(1_000_000),
    # order of rows
    Case(25_000, shuffled=True),
    Case(100_000, shuffled=True),
    Case(1_000_000, shuffled=True),
    # forms of numbers
    Case(25_000, numbers="decimal128"),
    Case(25_000, numbers="float64"),
    Case(1_000_000, numbers="decimal128"),
    Case(1_000_000, numbers="float64"),
    # forms of ids
    Case(25_000, ids="string"),
    Case(25_000, ids="int"),
    Case(25_000, ids="string", shuffled=True),
    Case(1_000_000, ids="string"),
    Case(1_000_000, ids="int"),
    # instruments
    Case(25_000, instruments=50),
    Case(25_000, instruments=50, shuffled=True),
    Case(1_000_000, instruments=50),
    # threads
    Case(25_000, threads=2),
    Case(100_000, threads=2),
    Case(1_000_000, threads=2),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_assess(case: Case, benchmark: BenchmarkFixture) -> None:
    if benchmark.disabled and case.accounts > QUICK:
        pytest.skip("only built to be timed")
    rules, book = form(case.accounts, case.instruments, shuffled=case.shuffled, ids=case.ids, numbers=case.numbers)
    accounts = benchmark(lambda: pc.assess(rules, **book, threads=case.threads).accounts)
    assert accounts.num_rows == case.accounts
    benchmark.extra_info["positions"] = book["positions"].num_rows

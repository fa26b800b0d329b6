"""The portfolio model, from the Python call to the accounts table, alone and as peers can. Ratios: `table`."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import perpcore as pc

from .peers import PORTFOLIO, contender
from .portfolio import generated, portfolio
from .workload import Load, agree

QUICK = 1_000
ACCOUNTS = 100_000


def sized(benchmark: BenchmarkFixture, *arguments: int, **options: str | bool) -> Load:
    return portfolio(QUICK if benchmark.disabled else ACCOUNTS, *arguments, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("model", ["standard", "portfolio"])
def test_generated_scenarios(model: str, benchmark: BenchmarkFixture) -> None:
    one = sized(benchmark, standard=model == "standard")
    accounts = benchmark(one.perpcore)
    worst = accounts.column("worst_scenario")
    assert worst.null_count == (accounts.num_rows if model == "standard" else 0)
    assert model == "standard" or len(worst.dictionary) == len(generated(2)) == 37
    benchmark.extra_info["positions"] = one.book["positions"].num_rows


@pytest.mark.parametrize(("scenarios", "shortfall", "threads"), [(1_000, "", 1), (1_000, "97.5%", 2)])
def test_supplied_scenarios(scenarios: int, shortfall: str, threads: int, benchmark: BenchmarkFixture) -> None:
    one = sized(benchmark, 2, scenarios, shortfall=shortfall)
    assert benchmark(lambda: one.perpcore(threads)).num_rows > 0


@pytest.mark.parametrize("name", ["perpcore", *PORTFOLIO])
def test_peer(name: str, benchmark: BenchmarkFixture) -> None:
    one = sized(benchmark)
    call = one.perpcore if name == "perpcore" else contender(name, one)
    agree(call(), one.perpcore())
    benchmark(call)


@pytest.mark.parametrize("name", ["perpcore", "NumPy"])
def test_ten_underlyings(name: str, benchmark: BenchmarkFixture) -> None:
    one = sized(benchmark, 10, 200)
    call = one.perpcore if name == "perpcore" else contender(name, one)
    agree(call(), one.perpcore())
    benchmark(call)


@pytest.mark.parametrize("name", PORTFOLIO)
def test_a_wrong_answer_is_noticed(name: str) -> None:
    """A charge that is not the peer's is seen in its figures."""
    one = portfolio(QUICK)
    names = [one.rules.underlying(instrument) for instrument in one.rules.instruments]
    rules = one.rules.edit({f"portfolio.underlying.{name}.basis": "0.251%" for name in names})
    other = pc.assess(rules, **one.book).accounts
    with pytest.raises(AssertionError, match="where perpcore has"):
        agree(contender(name, one)(), other)

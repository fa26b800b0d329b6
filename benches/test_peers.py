"""perpcore and its peers on the same load, each alone. Ratios come from `table`, where they take turns."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from .peers import PEERS, contender
from .workload import agree, load

# accounts, instruments, shuffled
LOADS = ((25_000, 2, False), (25_000, 2, True), (25_000, 50, False), (1_000_000, 2, False))


@pytest.mark.parametrize(("accounts", "instruments", "shuffled"), LOADS)
@pytest.mark.parametrize("name", ["perpcore", *PEERS])
def test_peer(name: str, accounts: int, instruments: int, shuffled: bool, benchmark: BenchmarkFixture) -> None:
    if benchmark.disabled:
        if accounts > 25_000:
            pytest.skip("only built to be timed")
        accounts = 1_000
    one = load(accounts, instruments, shuffled=shuffled)
    call = one.perpcore if name == "perpcore" else contender(name, one)
    agree(call(), one.perpcore())
    benchmark(call)


@pytest.mark.parametrize("name", PEERS)
def test_a_wrong_figure_is_noticed(name: str) -> None:
    """The check would see a tier, a haircut or a price that is wrong by a millionth."""
    one = load(1_000)
    other = type(one)(one.label, one.rules, one.terms, one.book, one.floats | {"prices": _dearer(one.floats["prices"])})
    with pytest.raises(AssertionError, match="perpcore has"):
        agree(contender(name, other)(), one.perpcore())


def _dearer(prices):
    import pyarrow.compute as compute

    return prices.set_column(1, "price", compute.multiply(prices["price"], 1 + 1e-5))

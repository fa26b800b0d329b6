"""perpcore and its peers on the same load, each alone. Ratios come from `table`, where they take turns."""

import dataclasses

import pyarrow.compute as compute
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import perpcore as pc

from .peers import PEERS, contender
from .workload import agree, load, under

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
def test_a_wrong_answer_is_noticed(name: str) -> None:
    """A price that is wrong by a hundred-thousandth is seen in the figures of a peer."""
    one = load(1_000)
    prices = one.floats["prices"]
    dearer = prices.set_column(1, "price", compute.multiply(prices["price"], 1 + 1e-5))
    other = dataclasses.replace(one, floats=one.floats | {"prices": dearer})
    with pytest.raises(AssertionError, match="where perpcore has"):
        agree(contender(name, other)(), one.perpcore())


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize(("instruments", "shuffled"), [(2, False), (2, True), (50, False), (50, True)])
def test_ladders_may_differ(name: str, instruments: int, shuffled: bool) -> None:
    """No peer is fast because this load's instruments happen to have the same tiers."""
    text = pc.synth.workload(10, instruments).rulebook
    at = text.index("[instrument.I01-PERP]")
    text = text[:at] + text[at:].replace('[50_000, "0.5%", 50]', '[30_000, "0.4%", 40]', 1)
    one = under(load(1_000, instruments, shuffled=shuffled), text)
    assert len(one.terms.caps) == 2
    agree(contender(name, one)(), one.perpcore())

"""The gate: each kernel keeps most of its advantage over the plain valuation, measured in turns in this process."""

import statistics

import pytest

from .kernel import baseline, failures, kernels, ratios


@pytest.fixture(scope="module")
def found() -> dict[str, list[float]]:
    return ratios(accounts=12_000, rounds=31)


def test_every_kernel_earns_its_keep(found: dict[str, list[float]]) -> None:
    # A burst of other work on the machine may hit one side: then the turns are taken again, and it has to be lasting.
    if failures(found, baseline()):
        found = ratios(accounts=12_000, rounds=101)
    assert not failures(found, baseline())


def test_a_doctored_baseline_fails(found: dict[str, list[float]]) -> None:
    """Had the kernels been twice as fast as they are, the gate would notice what was lost."""
    doctored = {name: 2 * statistics.median(each) for name, each in found.items()}
    assert len(failures(found, doctored)) == 2 * len(kernels())

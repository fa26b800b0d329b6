"""perpcore and the independent model refuse the same faults in books of both margin models."""

import pytest
from tests.model.random_faults import random_fault
from tests.model_agreement.agreement import SOAK, core_assess

import perpcore as pc

FAULTS = 50  # of a block
BLOCKS = 100 if SOAK else 4


@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_fault_is_told_alike(block: int) -> None:
    for seed in range(block * FAULTS, (block + 1) * FAULTS):
        text, book, fault = random_fault(seed, portfolio=True)
        with pytest.raises(pc.errors.PerpcoreError) as told:
            core_assess(text, book)
        about = f"random_fault({seed}, portfolio=True): {fault}"
        assert (type(told.value).__name__, told.value.code) == (fault.class_name, fault.code), about
        assert fault.table in (None, told.value.table), about

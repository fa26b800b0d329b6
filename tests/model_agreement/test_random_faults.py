"""perpcore and the independent model refuse the same random books for the same reason, and mark the same account."""

from typing import Any

import pytest
from tests.model import ModelError, assess
from tests.model.random_faults import random_fault
from tests.model_agreement.agreement import SOAK, core_assess, differences

import perpcore as pc

FAULTS = 50  # of a block
BLOCKS = 500 if SOAK else 20


@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_single_fault_is_told_and_marked_alike(block: int) -> None:
    for seed in range(block * FAULTS, (block + 1) * FAULTS):
        text, book, fault = random_fault(seed)
        about = f"random_fault({seed}): {fault}"
        error = refusal(text, book, about)
        assert (type(error).__name__, error.code) == (fault.class_name, fault.code), about
        assert fault.table in (None, error.table), f"{about}, not {error.table}"
        # which row of a balance that nets below zero is named is not said: any of them tells the reader
        if fault.class_name == "InputError" and fault.table is not None and fault.code != "negative_balance":
            with pytest.raises(ModelError) as told:
                assess(text, book)
            assert error.row == told.value.row, f"{about}, row {told.value.row}"
        if fault.account is None:
            marked = refusal(text, book, about, on_error="mark")
            assert (type(marked), marked.code) == (type(error), fault.code), about
            continue
        result = core_assess(text, book, on_error="mark")
        found = list(differences(result, assess(text, book, "mark")))
        assert not found, "\n".join([about, *found[:20]])
        problems = {row["account"]: row["problem"] for row in result.accounts.to_pylist() if row["problem"]}
        assert problems == {fault.account: fault.code}, about


def refusal(text: str, book: dict[str, Any], about: str, **options: str) -> pc.errors.PerpcoreError:
    try:
        core_assess(text, book, **options)
    except pc.errors.PerpcoreError as error:
        return error
    pytest.fail(f"{about}: nothing was refused")

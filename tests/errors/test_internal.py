"""A panic that still happens is an exception like any other, and the next call works."""

import subprocess
import sys

import pytest

import perpcore as pc
from perpcore import _core


@pytest.mark.code("internal")
def test_a_panic_becomes_an_internal_error() -> None:
    with pytest.raises(pc.errors.InternalError) as caught:
        _core._provoke_panic()
    assert (caught.value.code, caught.value.table, caught.value.row) == ("internal", None, None)
    assert caught.value.value == "provoked"
    assert pc.assess(pc.Rulebook.preset("hk-vatp-perp")).accounts.num_rows == 0


def test_it_does_not_end_the_process() -> None:
    program = """
import perpcore
from perpcore import _core
for _ in range(3):
    try:
        _core._provoke_panic()
    except perpcore.errors.InternalError as error:
        print(error.code)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["internal"] * 3

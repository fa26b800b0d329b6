"""Scalar arguments that are money or quantities: each call reads them in the same way."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import perpcore as pc

HK = pc.Rulebook.preset("hk-vatp-perp")
# Long 4 bought for 244,000, on 20,000: worth 8,000 at 58,000.
BOOK: dict[str, Any] = {
    "positions": {"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["4"], "cost": ["244000"]},
    "balances": {"account": ["A"], "asset": ["USD"], "amount": ["20000"]},
    "prices": {"BTC-PERP": "58000"},
}
MONITOR = pc.Monitor(HK, **BOOK)
FALL = {"scenario": ["fall"], "BTC": ["-0.12"]}

CALLS: dict[str, Callable[[Any], Any]] = {
    "check_order's quantity": lambda value: MONITOR.check_order("A", "BTC-PERP", value),
    "check_order's price": lambda value: MONITOR.check_order("A", "BTC-PERP", 1, value),
    "stress's fund": lambda value: MONITOR.stress(FALL, fund=value),
    "reverse_stress's deficit": lambda value: MONITOR.reverse_stress({"BTC": -1}, deficit=value),
    "ladder's step": lambda value: MONITOR.ladder("BTC-PERP", step=value),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())

# 1,000 in every form that a number may have.
THOUSAND = {
    "int": 1_000,
    "float": 1_000.0,
    "text": "1000.00",
    "Decimal": Decimal("1E+3"),
    "int64": np.int64(1_000),
    "uint16": np.uint16(1_000),
    "float64": np.float64(1_000),
    "float32": np.float32(1_000),
}


@every_call
@pytest.mark.parametrize("value", THOUSAND.values(), ids=THOUSAND.keys())
def test_a_number_is_read_in_every_form(call: Callable[[Any], Any], value: Any) -> None:
    call(value)


@pytest.mark.parametrize("value", THOUSAND.values(), ids=THOUSAND.keys())
def test_every_form_is_the_same_number(value: Any) -> None:
    """A owes 1,000 where 4 × 58,000 × t = 8,000 + 1,000. 12 % of 232,000 are 27,840, which leaves 19,840 owed."""
    assert MONITOR.reverse_stress({"BTC": -1}, deficit=value) == Fraction(9_000, 232_000)
    (row,) = MONITOR.stress(FALL, fund=value).to_pylist()
    assert (row["deficit"], row["fund_draw"]) == (19_840, 1_000)


@every_call
@pytest.mark.parametrize("value", [True, np.True_, [1], b"1", 1j, np.datetime64(1, "s")], ids=repr)
def test_what_is_no_number_is_a_type_error(call: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(TypeError, match="is a number, not"):
        call(value)


@every_call
@pytest.mark.parametrize(
    "value",
    [
        *("1e3", " 1", "1_000", "", "nan", float("nan"), float("inf"), 0.1 + 0.2, "0.000000001", 10**30, -(10**30)),
        *(Decimal("NaN"), Decimal("1E-9"), Decimal("1E+999999"), np.float64("nan"), np.float32(0.1)),
    ],
    ids=repr,
)
def test_a_number_beyond_grid_or_bounds_is_a_value_error(call: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(ValueError, match="is a number from"):
        call(value)


def test_a_float_is_what_its_shortest_text_says() -> None:
    """0.1 is a tenth: A may owe a tenth where 232,000 t = 8,000.1."""
    assert MONITOR.reverse_stress({"BTC": -1}, deficit=0.1) == Fraction(80_001, 2_320_000)
    assert MONITOR.reverse_stress({"BTC": -1}, deficit=np.float64(0.1)) == Fraction(80_001, 2_320_000)

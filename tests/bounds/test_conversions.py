"""Text, decimals, floats and integers at the edges of what fits: accepted exactly or refused, never rounded."""

import decimal
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.inputs.book import balances_of

import perpcore as pc

D = Decimal
UNIT = D("0.00000001")
MOST = D(10) ** 12

pytestmark = pytest.mark.filterwarnings("ignore::perpcore.errors.PrecisionWarning")

FORMS: dict[str, Any] = {
    "text": lambda value: [format(value, "f")],
    "Decimal": lambda value: [value],
    "decimal128(38, 8)": lambda value: pa.array([value], pa.decimal128(38, 8)),
    "decimal128(21, 8)": lambda value: pa.array([value], pa.decimal128(21, 8)),
    "decimal128(38, 24)": lambda value: pa.array([value], pa.decimal128(38, 24)),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("value", [MOST, -MOST, MOST - UNIT, -MOST + UNIT, UNIT, -UNIT, D(0)], ids=str)
def test_the_bounds_of_money_are_inclusive_in_every_form(form: str, value: D) -> None:
    assert balances_of(FORMS[form](value)) == [value]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("value", [MOST + UNIT, -MOST - UNIT, MOST * 9], ids=str)
@pytest.mark.code("out_of_range")
def test_one_unit_beyond_is_refused_in_every_form(form: str, value: D) -> None:
    with pytest.raises(pc.errors.InputError) as caught:
        balances_of(FORMS[form](value))
    assert (caught.value.code, caught.value.row) == ("out_of_range", 0)


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), 2**62, 10**18])
def test_raw_grid_units_of_all_64_bits(value: int) -> None:
    """2⁶³ − 1 units are 92 billion: inside the bound of money, far outside that of a price."""
    table = {"account": ["A"], "asset": ["USD"], "amount_e8": pa.array([value], pa.int64())}
    rules = pc.Rulebook.preset("hk-vatp-perp")
    (row,) = pc.assess(rules, balances=table).accounts.to_pylist()
    assert row["equity"] == D(value).scaleb(-8)
    prices = {"symbol": ["BTC-PERP"], "price_e8": pa.array([value], pa.int64())}
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(rules, prices=prices)
    assert caught.value.code == "out_of_range"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.decimal128(38, 0), D(10) ** 37),
        (pa.decimal128(38, 8), D(10) ** 29),
        (pa.decimal128(38, 8), -(D(10) ** 29)),
        (pa.decimal128(38, 4), D(10) ** 33),
        (pa.decimal64(18, 0), D(10) ** 17),
        (pa.int64(), 2**63 - 1),
        (pa.int64(), -(2**63)),
        (pa.uint64(), 2**64 - 1),
        (pa.float64(), 1e300),
        (pa.float64(), 1.7976931348623157e308),
        (pa.string(), "9" * 29),
        (pa.string(), "9" * 400),
        (pa.string(), "1" + "0" * 100),
    ],
    ids=str,
)
@pytest.mark.code("out_of_range")
def test_what_overflows_on_its_way_to_the_grid_is_out_of_range(kind: pa.DataType, value: Any) -> None:
    with decimal.localcontext(decimal.Context(prec=80)):
        array = pa.array([value], kind)
    with pytest.raises(pc.errors.InputError) as caught:
        balances_of(array)
    assert caught.value.code == "out_of_range"


@pytest.mark.parametrize("value", [2.0**39, 999_999_999_999.0, 1e12, 123_456_789_012.125, 549755813888.5])
def test_large_floats_are_their_shortest_text(value: float) -> None:
    assert balances_of([value]) == [D(repr(value))]


@pytest.mark.parametrize("step", range(-3, 4))
def test_every_double_around_a_grid_value_is_that_value_or_refused(step: int) -> None:
    """0.3 is the double nearest to it; its neighbors are other numbers, with more than eight decimals."""
    value = 0.3
    for _ in range(abs(step)):
        value = float(np.nextafter(value, np.inf if step > 0 else -np.inf))
    if step == 0:
        assert balances_of([value]) == [D("0.3")]
    else:
        with pytest.raises(pc.errors.InputError) as caught:
            balances_of([value])
        assert caught.value.code == "off_grid"


def test_random_grid_values_survive_as_floats_and_as_text() -> None:
    """Below 2²⁶ every grid value has a double of its own."""
    rng = np.random.default_rng(5)
    units = np.concatenate([rng.integers(0, 10**k, 2_000) for k in range(1, 16)])
    units = units[units < 2**26 * 10**8]
    values = [D(int(unit)).scaleb(-8) for unit in units]
    assert balances_of([float(value) for value in values]) == values
    assert balances_of([format(value, "f") for value in values]) == values
    assert balances_of(-(units / 1e8)) == [-value for value in values]

"""Every number type of TABLES reads to the same grid value, and what is off the grid is refused with its place."""

import warnings
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.inputs.book import BOOK, NUMBERS, RULES, arrow, balances_of, check, columns, decimals, units

import perpcore as pc

D = Decimal

DECIMALS = [
    pa.decimal32(9, 2),
    pa.decimal64(18, 8),
    pa.decimal64(17, 4),
    pa.decimal128(38, 8),
    pa.decimal128(38, 20),
    pa.decimal128(21, 12),
    pa.decimal128(5, 0),
]


@pytest.mark.parametrize(
    "kind", [pa.decimal128(30, 8), pa.decimal128(38, 8), pa.decimal128(38, 12), pa.decimal64(18, 8)]
)
def test_a_book_in_decimals(kind: pa.DataType) -> None:
    check(arrow(kind))


def test_a_book_in_raw_grid_units() -> None:
    book = {
        name: {
            f"{c}_e8" if c in NUMBERS else c: pa.array(units(v), pa.int64()) if c in NUMBERS else v
            for c, v in t.items()
        }
        for name, t in BOOK.items()
    }
    check(book)
    check({name: pa.table(table) for name, table in book.items()})


def test_a_book_in_floats() -> None:
    def floats(_: str, column: str, values: list[Any]) -> Any:
        return [None if v is None else float(v) for v in values] if column in NUMBERS else values

    check(columns(floats))
    check({name: pd.DataFrame(table).convert_dtypes() for name, table in columns(floats).items()})


def test_a_book_in_python_decimals() -> None:
    check(columns(lambda _, column, values: decimals(values) if column in NUMBERS else values))


def test_a_column_may_mix_python_numbers() -> None:
    assert balances_of(["1.5", D("2.5"), 3, 4.5, D("1E+3"), np.float64(0.1), np.int32(7)]) == [
        *(D("1.5"), D("2.5"), D(3), D("4.5"), D(1000), D("0.1"), D(7)),
    ]


@pytest.mark.parametrize("kind", DECIMALS, ids=str)
def test_decimals_of_every_width_and_scale(kind: pa.DataType) -> None:
    values = [D("12"), D("0"), D("-75"), D("1"), D("99")]
    values += [D("0.25")] * (kind.scale >= 2) + [D("-0.00000001"), D("0.12345678")] * (kind.scale >= 8)
    assert balances_of(pa.array(values, kind)) == values


@pytest.mark.parametrize("make", [pa.decimal32, pa.decimal64, pa.decimal128], ids=lambda make: make.__name__)
@pytest.mark.parametrize("scale", [-1, -3, -6])
def test_decimals_of_a_negative_scale_count_by_value(make: Any, scale: int) -> None:
    values = [D(10) ** -scale, -3 * D(10) ** -scale, D(0)]
    assert balances_of(pa.array([D(format(v, "f")) for v in values], make(9, scale))) == values


@pytest.mark.parametrize("scale", [9, 12, 20])
@pytest.mark.code("off_grid")
def test_decimals_beyond_eight_places_are_read_if_those_are_zero(scale: int) -> None:
    kind = pa.decimal128(38, scale)
    assert balances_of(pa.array([D("1.00000001"), D("-2")], kind)) == [D("1.00000001"), D("-2")]
    with pytest.raises(pc.errors.InputError) as caught:
        balances_of(pa.array([D("1"), D(10) ** -scale], kind))
    assert (caught.value.code, caught.value.column, caught.value.row) == ("off_grid", "amount", 1)


INTEGERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]


@pytest.mark.parametrize("kind", INTEGERS, ids=str)
def test_integers_are_whole_units(kind: pa.DataType) -> None:
    unsigned = str(kind).startswith("u")
    most = min(2 ** (kind.bit_width - (not unsigned)) - 1, 10**12)
    least = 0 if unsigned else max(-(2 ** (kind.bit_width - 1)), -(10**12))
    assert balances_of(pa.array([most, least, 1], kind)) == [most, least, 1]
    # also from NumPy, and as a position's quantity
    assert balances_of(np.array([1, 0, 100], dtype=str(kind))) == [1, 0, 100]
    row = {
        "account": ["A"],
        "instrument": ["X-PERP"],
        "quantity": pa.array([2], kind),
        "entry_price": pa.array([5], kind),
    }
    (found,) = pc.assess(RULES, positions=row, prices={"X-PERP": 7}).accounts.to_pylist()
    assert found["unrealized_pnl"] == 2 * 7 - 2 * 5


@pytest.mark.parametrize("dtype", ["f8", ">f8", "f4", "f2"])
def test_numpy_floats_count_as_float64(dtype: str) -> None:
    assert balances_of(np.array([1.5, -0.25, 0.0, 1024.0], dtype=dtype)) == [D("1.5"), D("-0.25"), 0, 1024]


def test_masked_and_strided_numpy_arrays() -> None:
    assert balances_of(np.arange(10, dtype="i4")[::3]) == [0, 3, 6, 9]
    assert balances_of(np.arange(4, dtype="i8")[::-1]) == [3, 2, 1, 0]
    assert balances_of(np.ma.masked_array([1.5, 2.5], [False, False])) == [D("1.5"), D("2.5")]
    held = np.ma.masked_array([1.0, 9.0], [True, False])
    table = {"account": ["A", "B"], "asset": ["USD", "USD"], "amount": [5, 5], "held": held}
    assert pc.assess(RULES, balances=table).accounts.num_rows == 2


FLOATS: list[tuple[float, str]] = [
    (0.1, "0.1"),
    (0.3, "0.3"),
    (-0.0, "0"),
    (1e-8, "0.00000001"),
    (-1e-8, "-0.00000001"),
    (0.00000003, "0.00000003"),
    (58000.1, "58000.1"),
    (67108863.99999999, "67108863.99999999"),  # the last before 2²⁶ = 67,108,864
    (1e3, "1000"),
    (12345678.12345678, "12345678.12345678"),
]


@pytest.mark.parametrize(("value", "text"), FLOATS)
def test_a_float_is_the_number_of_its_shortest_text(value: float, text: str) -> None:
    assert balances_of([value]) == [D(text)]
    assert balances_of(pa.array([value], pa.float64())) == [D(text)]


@pytest.mark.parametrize("value", [0.1 + 0.2, 1e-9, 1.000000001, 5e-324, 2.5e-9, 0.123456785])
@pytest.mark.code("off_grid")
def test_a_float_with_a_ninth_decimal_is_off_the_grid(value: float) -> None:
    with pytest.raises(pc.errors.InputError) as caught:
        balances_of([1.0, value])
    assert (caught.value.code, caught.value.row) == ("off_grid", 1)
    assert D(str(caught.value.value)) == D(repr(value))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(
    "form", [list, np.array, pa.array, lambda v: [D(str(x)) for x in v], lambda v: [str(x) for x in v]]
)
@pytest.mark.code("not_finite")
def test_nan_and_infinities_are_refused_in_every_form(value: float, form: Any) -> None:
    with pytest.raises(pc.errors.InputError) as caught:
        balances_of(form([1.0, value]))
    assert (caught.value.code, caught.value.table, caught.value.column) == ("not_finite", "balances", "amount")
    assert caught.value.row == 1


TEXTS = [
    ("1", "1"),
    ("+1.5", "1.5"),
    ("-0", "0"),
    (".5", "0.5"),
    ("5.", "5"),
    ("007", "7"),
    ("0.100000000000", "0.1"),
    ("-0.00000001", "-0.00000001"),
    ("1000000000000", "1000000000000"),
    ("00000000000000000000000000000000000000000000001", "1"),
]


@pytest.mark.parametrize(("text", "value"), TEXTS)
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_text_is_plain_decimal_notation(text: str, value: str, kind: pa.DataType) -> None:
    assert balances_of(pa.array([text], kind)) == [D(value)]


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "1e3", "1E+3", "1,000", "1_000", "0x10", "--1", "1.2.3", ".", "-", "٣", "½"]
)
@pytest.mark.code("wrong_type")
def test_other_notations_are_refused(text: str) -> None:
    with pytest.raises(pc.errors.SchemaError) as caught:
        balances_of(["1", text])
    assert (caught.value.code, caught.value.column, caught.value.row) == ("wrong_type", "amount", 1)


PYTHON_DECIMALS = [
    (D("1E+3"), "1000"),
    (D("1.5E-7"), "0.00000015"),
    (D("-0E+5"), "0"),
    (D("1.2300000000000000000"), "1.23"),
    (D("1E-8"), "0.00000001"),
    (D((0, (1, 0, 0), 10)), "1000000000000"),
]


@pytest.mark.parametrize(("value", "text"), PYTHON_DECIMALS, ids=str)
def test_a_python_decimal_counts_by_value_whatever_its_repr(value: D, text: str) -> None:
    assert balances_of([value]) == [D(text)]
    assert balances_of([value, D("0.5")]) == [D(text), D("0.5")]


@pytest.mark.parametrize("value", [D("1E+1000"), D("1E+30"), 10**40, 10**19, D("-1E+999999")], ids=str)
@pytest.mark.code("out_of_range")
def test_numbers_of_any_size_are_refused_not_wrapped(value: Any) -> None:
    with pytest.raises(pc.errors.InputError) as caught:
        balances_of([D(1), value])
    assert (caught.value.code, caught.value.row) == ("out_of_range", 1)


@pytest.mark.parametrize("value", [D("1E-1000"), D("1E-9")], ids=str)
@pytest.mark.code("off_grid")
def test_numbers_of_any_smallness_are_off_the_grid(value: D) -> None:
    with pytest.raises(pc.errors.InputError) as caught:
        balances_of([value])
    assert caught.value.code == "off_grid"


REFUSED_TYPES = [
    pa.array([True, False]),
    pa.array([1.0, 2.0], pa.float32()),
    pa.array([1.0, 2.0], pa.float16()),
    pa.array([b"1", b"2"], pa.binary()),
    pa.array([1, 2], pa.timestamp("s", tz="UTC")),
    pa.array([[1], [2]]),
    pa.array([D(1), D(2)], pa.decimal256(50, 2)),
    [True, False],
    [object(), object()],
    [b"1", b"2"],
]


@pytest.mark.parametrize("values", REFUSED_TYPES, ids=lambda v: str(getattr(v, "type", type(v[0]).__name__)))
@pytest.mark.code("wrong_type")
def test_other_types_are_refused(values: Any) -> None:
    with pytest.raises(pc.errors.SchemaError) as caught:
        balances_of(values)
    assert (caught.value.code, caught.value.table, caught.value.column) == ("wrong_type", "balances", "amount")


@pytest.mark.parametrize("values", [pa.array([1, 2], pa.int32()), pa.array(["1", "2"]), [1.0, 2.0]], ids=str)
@pytest.mark.code("wrong_type")
def test_raw_grid_units_are_int64_only(values: Any) -> None:
    with pytest.raises(pc.errors.SchemaError) as caught:
        pc.assess(RULES, balances={"account": ["A", "B"], "asset": ["USD", "USD"], "amount_e8": values})
    assert caught.value.code == "wrong_type"


@pytest.mark.parametrize(
    ("value", "warned"),
    [(67108863.99999999, False), (-67108863.99999999, False), (2.0**26, True), (-(2.0**26), True), (1e12, True)],
)
def test_floats_from_two_to_the_26_warn(value: float, warned: bool) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        balances_of([value])
    assert [warning.category for warning in caught] == [pc.errors.PrecisionWarning] * warned


@pytest.mark.parametrize("value", [2.0**26 - 2**-20, 2.0**26])
def test_prices_warn_like_the_others(value: float) -> None:
    def told(call: Any) -> list[Any]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call()
        return [warning.category for warning in caught]

    wanted = [pc.errors.PrecisionWarning] * (value >= 2.0**26)
    prices = {"X-PERP": round(value, 8)}
    assert told(lambda: pc.assess(RULES, prices=prices)) == wanted
    assert told(lambda: pc.Monitor(RULES, prices=prices)) == wanted


def test_the_warning_comes_once_a_call_and_points_at_the_caller() -> None:
    large = [1e9, 2e9, 3e9]
    table = {"account": ["A", "B", "C"], "asset": ["USD"] * 3, "amount": large, "held": large}
    orders = {"account": ["A"], "instrument": ["X-PERP"], "quantity": [1.0], "price": [9e7]}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = pc.assess(RULES, balances=table, orders=orders, prices={"X-PERP": 8e7})
    assert [warning.category for warning in caught] == [pc.errors.PrecisionWarning]
    assert caught[0].filename == __file__
    assert result.accounts.num_rows == 3


def test_two_floats_that_share_a_grid_value_are_told_apart_by_their_text() -> None:
    """Beyond 2²⁶ the shortest text decides: 123456789.12345678 has eight decimals, its neighbor has them too."""
    values = [123456789.12345678, 123456789.1234568]
    with pytest.warns(pc.errors.PrecisionWarning):
        assert balances_of(values) == [D(repr(value)) for value in values]

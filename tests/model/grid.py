"""RULES §1: the grid, reading a number onto it, and the three roundings."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction

GRID = 10**8  # one whole unit, in grid units
E16 = 10**16  # one grid unit at 10⁻²⁴, and one whole unit at 10⁻¹⁶
E24 = 10**24  # one whole unit at 10⁻²⁴

PLAIN = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?|[+-]?\.[0-9]+")
NOT_FINITE = {"nan", "inf", "infinity"}


class NumberError(Exception):
    """`code`: not_finite, off_grid or wrong_type."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_number(value: object) -> int:
    """TABLES "Numbers": the value in grid units; a float is the number of its shortest text."""
    if isinstance(value, str):
        return read_text(value)
    if isinstance(value, bool):
        raise NumberError("wrong_type")
    if isinstance(value, int):
        return value * GRID
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NumberError("not_finite")
        return read_exact(Fraction(repr(value)))
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise NumberError("not_finite")
        return read_exact(Fraction(value))
    raise NumberError("wrong_type")


def read_text(text: str) -> int:
    """A number in plain decimal notation: at most 8 decimals that are not zero."""
    if not PLAIN.fullmatch(text):
        raise NumberError("not_finite" if text.strip("+-").lower() in NOT_FINITE else "wrong_type")
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0")
    if len(decimals) > 8:
        raise NumberError("off_grid")
    return int(whole + decimals.ljust(8, "0"))


def read_exact(value: Fraction) -> int:
    """A rational number on the grid."""
    units = value * GRID
    if units.denominator != 1:
        raise NumberError("off_grid")
    return units.numerator


def floor_div(a: int, b: int) -> int:
    """Rounded down (RULES §1: collateral_value, unrealized_pnl)."""
    return a // b


def ceil_div(a: int, b: int) -> int:
    """Rounded up (RULES §1: accrued_funding, initial_margin, maintenance_margin, a rate 1/L)."""
    return -(-a // b)


def half_even(a: int, b: int) -> int:
    """Rounded to the nearest, a half to the even one (RULES §1: computed prices, generated moves, V_u)."""
    whole, rest = divmod(a, b)
    return whole + (2 * rest > b or (2 * rest == b and whole % 2 == 1))


def plain(units: int) -> str:
    """Grid units as shortest plain decimal text."""
    whole, part = divmod(abs(units), GRID)
    decimals = f"{part:08d}".rstrip("0")
    return ("-" if units < 0 else "") + str(whole) + ("." + decimals if decimals else "")


def decimal8(units: int) -> Decimal:
    """Grid units as an exact Decimal with scale 8, as the output tables have it."""
    digits = tuple(int(digit) for digit in str(abs(units)))
    return Decimal((1 if units < 0 else 0, digits, -8))

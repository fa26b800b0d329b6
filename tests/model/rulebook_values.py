"""RULEBOOK: one value of the TOML text, read into grid units."""

from __future__ import annotations

from fractions import Fraction

from .errors import ModelError
from .grid import GRID, NumberError, ceil_div, read_exact, read_number

Slices = list[tuple[int | None, int]]  # (cap, rate); cap None = "rest"


def inverse(leverage: int) -> int:
    """RULES §1: a rate made as 1/L is rounded up to g."""
    return ceil_div(GRID * GRID, leverage)


def amount(value: object) -> int:
    """Money, quantity or price of the rulebook in grid units."""
    try:
        return read_number(value)
    except NumberError as problem:
        raise ModelError("RulebookError", problem.code) from problem


def rate(value: object) -> int:
    """`"1%"` or a bare fraction, in grid units."""
    if isinstance(value, str) and value.endswith("%"):
        try:
            return read_exact(Fraction(value[:-1]) / 100)
        except NumberError as problem:
            raise ModelError("RulebookError", problem.code) from problem
    return amount(value)


def cap(value: object) -> int | None:
    """The upper end of a slice; `"rest"` is open."""
    return None if value == "rest" else amount(value)


def slices(rows: list[list[object]]) -> Slices:
    """`[[cap, rate], …]`."""
    return [(cap(upto), rate(share)) for upto, share in rows]

"""Means and medians of fractions, and RULES §1's one rounding of computed prices."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ..grid import half_even


def rounded(value: Fraction) -> int:
    """Half to even."""
    return half_even(value.numerator, value.denominator)


def median(values: Sequence[int | Fraction]) -> Fraction:
    """Of an even count the mean of the middle two."""
    ordered = sorted(values)
    half = len(ordered) // 2
    if len(ordered) % 2:
        return Fraction(ordered[half])
    return Fraction(ordered[half - 1] + ordered[half]) / 2


def mean(values: Sequence[int | Fraction]) -> Fraction:
    """Of at least one value."""
    return Fraction(sum(values)) / len(values)


def clamp(value: Fraction, low: int | Fraction, high: int | Fraction) -> Fraction:
    """The value, at least `low` and at most `high`."""
    return Fraction(min(max(value, low), high))

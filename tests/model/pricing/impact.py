"""RULES §7 `impact`: X quote notional walked through a side, price = X / base bought."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from ..grid import GRID
from .exact import rounded


def impact(levels: Iterable[tuple[int, int]], notional: int) -> int | None:
    """(price, quantity) levels, best first; None where the side is too thin."""
    left = Fraction(notional, GRID)
    base = Fraction(0)
    for price, quantity in levels:
        take = min(left, Fraction(price * quantity, GRID**2))
        left -= take
        base += take / Fraction(price, GRID)
        if left == 0:
            return rounded(Fraction(notional) / base)
    return None

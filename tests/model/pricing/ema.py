"""RULES §7, "EMA for irregular steps": num ← num·dⁿ + x·n, den ← den·dⁿ + n."""

from __future__ import annotations

from fractions import Fraction

from ..grid import E16, GRID, half_even
from .exact import rounded


class Ema:
    """num and den at 10⁻¹⁶ of a whole unit; dⁿ at g."""

    def __init__(self, decay: int) -> None:
        self.decay = decay
        self.num = 0
        self.den = 0
        self.time: int | None = None  # of the last step

    def step(self, x: Fraction, seconds: int, time: int) -> None:
        """One value, in whole units, that prevailed for so many whole seconds."""
        faded = half_even(self.decay**seconds, GRID ** (seconds - 1))
        self.num = rounded(Fraction(self.num * faded, GRID) + x * seconds * E16)
        self.den = rounded(Fraction(self.den * faded, GRID) + Fraction(seconds * E16))
        self.time = time

    def value(self) -> Fraction | None:
        """In whole units; None before the first step."""
        return None if self.time is None else Fraction(self.num, self.den)

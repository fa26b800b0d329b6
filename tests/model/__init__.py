"""The independent exact model: RULES §1–§6 read literally, for both margin models.

It shares no code with perpcore and is never fast by a trick: integers, loops, slices spelled out.
Money, prices, quantities and rates are integers in units of 10⁻⁸ (`grid`), products of two in 10⁻¹⁶,
of three in 10⁻²⁴; what moves by an exact ratio is a `Fraction` of them.
"""

from .assess import Result, assess
from .errors import ModelError
from .rulebook import Rulebook, expand, read_rulebook

__all__ = ["ModelError", "Result", "Rulebook", "assess", "expand", "read_rulebook"]

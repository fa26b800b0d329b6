"""A book as underlyings move: every mark and every asset price of an underlying by the same ratio."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import cast

from .book import Price
from .grid import GRID, half_even
from .rulebook import Rulebook


def underlying_of(rules: Rulebook, symbol: str) -> str | None:
    """Whose moves move a price; None: nobody's."""
    if symbol in rules.instruments:
        return rules.instruments[symbol].underlying
    return rules.assets[symbol].underlying if symbol in rules.assets else None


def at_ratio(rules: Rulebook, prices: Mapping[str, Price], underlying: str, ratio: Fraction) -> dict[str, Price]:
    """RULES §6: exact ratios, no intermediate rounding.

    The valuation is exact in any number, so a Fraction stands where it says int.
    """
    return {
        name: Price(
            cast(int, price.value * ratio) if underlying_of(rules, name) == underlying else price.value, price.state
        )
        for name, price in prices.items()
    }


def at_moves(rules: Rulebook, prices: Mapping[str, Price], moves: Mapping[str, int]) -> dict[str, Price]:
    """Joint relative moves in grid units; a computed price is rounded half to even at g (RULES §1)."""
    moved = {}
    for name, price in prices.items():
        move = moves.get(underlying_of(rules, name) or "", 0)
        moved[name] = Price(half_even(price.value * (GRID + move), GRID), price.state)
    return moved

"""RULEBOOK `[portfolio]`: the parameters of RULES §5; rates and moves in grid units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .rulebook_values import Slices, rate, slices


@dataclass
class UnderlyingRules:
    """`[portfolio.underlying.X]`."""

    range: int = 0
    basis: int = 0
    concentration: Slices = field(default_factory=lambda: [(None, 0)])


@dataclass
class Portfolio:
    """`[portfolio]`; `shortfall` is α, None where the measure is the worst loss."""

    offset_credit: int
    im_factor: int
    mm_factor: int
    minimum: int
    shortfall: int | None
    correlated: int
    single: int
    opposite: int
    steps: int
    underlyings: dict[str, UnderlyingRules]
    extended: list[tuple[int, int | None]]  # (move, factor); factor None: the effective move is ±range

    def of(self, underlying: str) -> UnderlyingRules:
        """An underlying without a table has range 0 and no charges."""
        return self.underlyings.get(underlying, UnderlyingRules())


def read_portfolio(section: Mapping[str, Any]) -> Portfolio | None:
    """None where it is not enabled; defaults of RULES §5, else those of RULEBOOK."""
    if not section.get("enabled", False):
        return None
    measure = section.get("measure", "worst")
    families = section.get("families", {})
    return Portfolio(
        offset_credit=rate(section.get("offset_credit", 0)),
        im_factor=rate(section.get("im_factor", 1)),
        mm_factor=rate(section.get("mm_factor", Decimal("0.8"))),
        minimum=rate(section.get("minimum", 0)),
        shortfall=None if measure == "worst" else rate(measure["shortfall"]),
        correlated=rate(families.get("correlated", 1)),
        single=rate(families.get("single", Decimal("0.7"))),
        opposite=rate(families.get("opposite", Decimal("0.35"))),
        steps=int(section.get("steps", 4)),
        underlyings={name: read_underlying(entry) for name, entry in section.get("underlying", {}).items()},
        extended=[
            (rate(entry["move"]), rate(entry["factor"]) if "factor" in entry else None)
            for entry in section.get("extended", [])
        ],
    )


def read_underlying(entry: Mapping[str, Any]) -> UnderlyingRules:
    """`range` is required; no basis and no concentration unless given."""
    return UnderlyingRules(
        range=rate(entry["range"]),
        basis=rate(entry.get("basis", 0)),
        concentration=slices(entry.get("concentration", [["rest", 0]])),
    )


__all__ = ["Portfolio", "UnderlyingRules", "read_portfolio"]

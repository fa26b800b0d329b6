"""RULES §6: maintenance margin as a function of λ, the move of one underlying; exact with slopes, and as rounded.

Either model's requirement is convex and piecewise linear in λ > 0. Amounts at 10⁻²⁴.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Protocol, cast

from . import margin
from .exposure import Exposure
from .grid import E16, E24, GRID, ceil_div
from .portfolio import components
from .portfolio_rules import Portfolio
from .rulebook_values import Slices
from .scenarios import Scenario
from .tail import loss, tail_mean

Point = tuple[Fraction, Fraction]  # value and slope in λ


@dataclass
class Linear:
    """fixed + moving·λ."""

    fixed: int = 0
    moving: int = 0

    def add(self, amount: int, moves: bool) -> None:
        """An amount as it is at λ = 1."""
        if moves:
            self.moving += amount
        else:
            self.fixed += amount

    def at(self, ratio: Fraction) -> Fraction:
        """The value at λ."""
        return self.fixed + self.moving * ratio


class Requirement(Protocol):
    """Maintenance margin without the fee and liability lines."""

    slack: Fraction  # by how much the rounded figure may lie below the exact one

    def exact(self, ratio: Fraction, upward: bool) -> Point:
        """The exact value and its slope on one side of λ."""

    def rounded(self, ratio: Fraction) -> Fraction:
        """With the roundings of the valuation but the last one."""


def marginal_point(value: int, slices: Slices, ratio: Fraction, upward: bool) -> Point:
    """`margin.marginal` of value·λ."""
    moved = value * ratio
    return marginal_at(moved, slices), Fraction(value * marginal_rate(moved, slices, upward))


def marginal_rate(value: Fraction, slices: Slices, upward: bool) -> int:
    """The rate of the next bit above or below a value; 100 % beyond the last cap."""
    for cap, rate in slices:
        if cap is None or value < cap * GRID or (value == cap * GRID and not upward):
            return rate
    return GRID


def marginal_at(value: Fraction, slices: Slices) -> Fraction:
    """The sum is exact in any number."""
    return Fraction(margin.marginal(cast(int, value), slices, 0))


@dataclass
class StandardRequirement:
    """`margin.maintenance` of each position."""

    fixed: int = 0
    moving: list[tuple[int, Slices]] = field(default_factory=list)
    slack: Fraction = Fraction(0)

    def exact(self, ratio: Fraction, upward: bool) -> Point:
        """Tier by tier."""
        points = [marginal_point(notional, slices, ratio, upward) for notional, slices in self.moving]
        return self.fixed + sum((value for value, _ in points), Fraction(0)), sum((s for _, s in points), Fraction(0))

    def rounded(self, ratio: Fraction) -> Fraction:
        """Exact until the total."""
        return self.fixed + sum((marginal_at(n * ratio, slices) for n, slices in self.moving), Fraction(0))


class PortfolioRequirement:
    """mm_factor × the total of RULES §5. No value changes sign in λ > 0, so each loss is linear in λ."""

    def __init__(
        self, rules: Portfolio, table: Sequence[Scenario], exposures: dict[str, Exposure], underlying: str
    ) -> None:
        self.rules, self.table, self.exposures, self.underlying = rules, table, exposures, underlying
        fixed = {name: of.values for name, of in exposures.items() if name != underlying}
        moving = {name: of.values for name, of in exposures.items() if name == underlying}
        credit = rules.offset_credit
        self.losses = [(loss(scenario, fixed, credit), loss(scenario, moving, credit)) for scenario in table]
        self.weights = [scenario.weight for scenario in table]
        self.basis, self.minimum, self.concentration = Linear(), Linear(), 0
        for name, of in exposures.items():
            self.basis.add(of.gross * rules.of(name).basis, name == underlying)
            self.minimum.add(of.gross * rules.minimum, name == underlying)
            if name != underlying:
                self.concentration += margin.marginal(abs(of.nets[0]), rules.of(name).concentration, 0)
        # V_u is rounded by at most half a unit
        reach = sum(max(abs(scenario.moves.get(name, 0)) for scenario in table) for name in exposures)
        self.slack = Fraction(rules.mm_factor * reach, 2 * GRID)

    def exact(self, ratio: Fraction, upward: bool) -> Point:
        """max(risk + basis + concentration, minimum), nothing rounded; at a kink the slope of one side."""
        value, slope = self.risk(ratio, upward)
        net = abs(self.exposures[self.underlying].nets[0])
        moved, rise = marginal_point(net, self.rules.of(self.underlying).concentration, ratio, upward)
        charges = (value + self.basis.at(ratio) + self.concentration + moved, slope + self.basis.moving + rise)
        least = (self.minimum.at(ratio), Fraction(self.minimum.moving))
        value, slope = max(charges, least, key=lambda point: steeper(point, upward))
        factor = Fraction(self.rules.mm_factor, GRID)
        return value * factor, slope * factor

    def risk(self, ratio: Fraction, upward: bool) -> Point:
        """Worst loss or expected shortfall, at least 0."""
        n, d = ratio.numerator, ratio.denominator
        losses = [(fixed * d + moving * n, moving) for fixed, moving in self.losses]
        if self.rules.shortfall is None:
            value, slope = max(losses, key=lambda point: steeper(point, upward))
            point = (Fraction(value, d * E24), Fraction(slope, E24))
        else:
            order = sorted(range(len(losses)), key=lambda at: steeper(losses[at], upward), reverse=True)
            weights = [self.weights[at] for at in order]
            value_of = [Fraction(losses[at][0], d * E24) for at in order]
            slope_of = [Fraction(losses[at][1], E24) for at in order]
            alpha = self.rules.shortfall
            point = (tail_mean(alpha, value_of, weights), tail_mean(alpha, slope_of, weights))
        return max(point, (Fraction(0), Fraction(0)), key=lambda point: steeper(point, upward))

    def rounded(self, ratio: Fraction) -> Fraction:
        """⌈mm_factor·total⌉ with every rounding of RULES §5."""
        exposures = dict(self.exposures)
        of = exposures[self.underlying]
        # the valuation is exact in any number: a Fraction stands where it says int
        exposures[self.underlying] = replace(
            of,
            values=cast(list[int], [value * ratio for value in of.values]),
            nets=cast(list[int], [net * ratio for net in of.nets]),
            gross=cast(int, of.gross * ratio),
        )
        total = components(self.rules, self.table, exposures).total
        return Fraction(ceil_div(self.rules.mm_factor * total, GRID) * E16)


def steeper(point: tuple[Fraction, Fraction] | tuple[int, int], upward: bool) -> tuple[Fraction, Fraction]:
    """Sorts by value; among equals the one that is larger on the asked side."""
    value, slope = point
    return cast(tuple[Fraction, Fraction], (value, slope if upward else -slope))

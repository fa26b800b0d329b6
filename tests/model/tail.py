"""RULES §5 `portfolio.risk`: the loss of a scenario, the worst loss and the expected shortfall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from .grid import E24, GRID, ceil_div
from .portfolio_rules import Portfolio
from .scenarios import Scenario


def loss(scenario: Scenario, values: Mapping[str, Sequence[int]], offset_credit: int) -> int:
    """−Σ_u (PnL_u if < 0, else offset_credit·PnL_u); PnL_u is the least over the sides that may fill.

    `values` in some unit, the loss in that unit × 10⁻²⁴.
    """
    total = 0
    for underlying, sides in values.items():
        move = scenario.moves.get(underlying, 0)
        pnl = min(side * move for side in sides)
        total -= pnl * (GRID if pnl < 0 else offset_credit)
    return total


def risk(rules: Portfolio, table: Sequence[Scenario], values: Mapping[str, Sequence[int]]) -> tuple[int, str | None]:
    """Risk in grid units for `values` in grid units, and the first scenario that attains the worst loss."""
    losses = [loss(scenario, values, rules.offset_credit) for scenario in table]
    if not losses:
        return 0, None
    worst = max(losses)
    name = table[losses.index(worst)].name
    if rules.shortfall is None:
        return max(0, ceil_div(worst, E24)), name
    order = sorted(range(len(losses)), key=lambda at: -losses[at])
    rounded = [Fraction(ceil_div(losses[at], E24)) for at in order]
    shortfall = tail_mean(rules.shortfall, rounded, [table[at].weight for at in order])
    return max(0, ceil_div(shortfall.numerator, shortfall.denominator)), name


def tail_mean(alpha: int, amounts: Sequence[Fraction], weights: Sequence[Fraction]) -> Fraction:
    """Expected shortfall: Σ min(w_i, what is left of 1−α)·amount_i/(1−α), the worst first; exact."""
    left = tail = Fraction(GRID - alpha, GRID)
    total = Fraction(0)
    for amount, weight in zip(amounts, weights, strict=True):
        if left == 0:
            break
        taken = min(weight, left)
        total += taken * amount
        left -= taken
    return total / tail

"""RULES §7 `funding.premium`, `funding.rate`, `funding.settle`: the formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..grid import E16, GRID, floor_div
from .exact import clamp, rounded
from .rules import HOUR, Contract


def premium(index: int, impact_bid: int, impact_ask: int) -> int:
    """[max(0, impact_bid − I) − max(0, I − impact_ask)]/I."""
    return rounded(Fraction((max(0, impact_bid - index) - max(0, index - impact_ask)) * GRID, index))


def cap_of(rules: Contract) -> Fraction | None:
    """A rate, or a factor of first-tier maintenance, or of initial − maintenance; in grid units, exact."""
    if rules.cap is not None:
        return Fraction(rules.cap)
    if rules.cap_factor_maintenance is not None:
        return Fraction(rules.cap_factor_maintenance * rules.first_maintenance, GRID)
    if rules.cap_factor_difference is not None:
        return Fraction(rules.cap_factor_difference * (rules.first_initial - rules.first_maintenance), GRID)
    return None


@dataclass
class RateOf:
    """A rate, how it came to be, and of how many valid samples."""

    rate: int
    outcome: str
    valid: int


def funding_rate(samples: Sequence[int | None], rules: Contract) -> RateOf:
    """Of slots 1…n of an interval, None where a sample is invalid."""
    weights = total = valid = 0
    for number, sample in enumerate(samples, start=1):
        if sample is not None:
            weights += number
            total += number * sample
            valid += 1
    if valid == 0:
        return RateOf(0, "funding_missed", 0)
    if valid * GRID < rules.min_coverage * len(samples):
        return RateOf(0, "low_coverage", valid)
    average = Fraction(total, weights)
    dead = clamp(rules.interest - average, -rules.dead_zone, rules.dead_zone)
    rate = (average + dead) * rules.every / (8 * HOUR)
    cap = cap_of(rules)
    if cap is not None:
        rate = clamp(rate, -cap, cap)
    return RateOf(rounded(rate * valid / len(samples)), "settled", valid)


def settle(positions: Mapping[str, int], mark: int, rate: int) -> tuple[dict[str, int], int | None]:
    """−Q·M·F of each account, rounded down; what remains goes to `rounding`, where the positions add up to 0."""
    cash = {account: floor_div(-quantity * mark * rate, E16) for account, quantity in positions.items()}
    return cash, None if sum(positions.values()) else -sum(cash.values())

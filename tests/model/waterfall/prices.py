"""What a fill of a liquidation costs beside its price: fee, surplus and distance; the price of the backstop.

`long`: whether the bucket sells a long. Amounts at 10⁻¹⁶ (`part`: that of the bankruptcy amount), results at g.
"""

from __future__ import annotations

from ..grid import E16, GRID, ceil_div, floor_div


def surplus(long: bool, amount: int, part: int) -> int:
    """What a fill brings above bankruptcy, exact; below 0: what is missing."""
    return amount - part if long else part - amount


def fee(rate: int, amount: int, part: int) -> int:
    """⌈rate·amount⌉, at most what is left above bankruptcy, rounded down."""
    return min(ceil_div(rate * amount, E16), floor_div(abs(amount - part), GRID))


def distance(long: bool, amount: int, part: int) -> int:
    """What the fund adds to a fill beyond bankruptcy, rounded up."""
    return max(0, ceil_div(-surplus(long, amount, part), GRID))


def fund_share(long: bool, at_mark: int, part: int, backstop_share: int) -> int:
    """⌊(1 − share)·|q·M − A|⌋ of a fill by a provider; 0 where nothing lies between."""
    between = surplus(long, at_mark, part)
    return floor_div((GRID - backstop_share) * between, E16) if between > 0 else 0


def backstop_cost(long: bool, part: int, to_fund: int) -> int:
    """What the provider gives for a long, or gets for a short."""
    return part + to_fund * GRID if long else part - to_fund * GRID

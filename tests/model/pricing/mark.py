"""RULES §7 `mark.median3` and `mark.fair_basis`: the formulas of one mark, exact until the band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..grid import GRID, ceil_div
from ..tables import MAX_PRICE
from .exact import clamp, mean, median, rounded
from .rules import Contract

BEST_FIRST = ("live", "thin", "protected", "frozen", "halted")


@dataclass
class Formed:
    """A mark before the band; `inputs` of those that the rule has were there."""

    price: Fraction
    rule: str
    inputs: int


def worse(*states: str) -> str:
    """The worst of some states."""
    return max(states, key=BEST_FIRST.index)


def carried(index: int, funding_rate: int, left: int, every: int) -> Fraction:
    """(1): the index with what is left of the last funding; a whole interval at its end."""
    return Fraction(index) + Fraction(index * funding_rate * left, GRID * every)


def with_basis(index: int, slots: Sequence[Fraction]) -> Fraction | None:
    """(2): the index plus the mean of the basis slots that are there."""
    return index + mean(slots) if slots else None


def of_the_book(bid: int | None, ask: int | None, last: int | None) -> Fraction | None:
    """(3): the median of best bid, best ask and last trade, of those that are there."""
    found = [price for price in (bid, ask, last) if price is not None]
    return median(found) if found else None


def median3(inputs: Sequence[Fraction | None], average: Fraction | None) -> Formed:
    """The three inputs, the first always there, and the average of the mid if it is fresh."""
    found = [price for price in inputs if price is not None]
    if len(found) == 3:
        return Formed(median(found), "median3", 3)
    if len(found) == 2 and average is not None:
        return Formed(median([*found, average]), "average", 2)
    if len(found) == 2:
        return Formed(mean(found), "mean", 2)
    return Formed(found[0], "single", 1)


def impact_basis(index: int, bid: int, ask: int, band: int) -> Fraction:
    """(impact bid + impact ask)/2/I − 1, bounded by the band."""
    limit = Fraction(band, GRID)
    return clamp(Fraction(bid + ask, 2 * index) - 1, -limit, limit)


def is_tight(index: int, bid: int, ask: int, first_maintenance: int) -> bool:
    """Whether the impact spread is at most the first tier's maintenance."""
    return Fraction(ask - bid, index) <= Fraction(first_maintenance, GRID)


def fair_basis(index: int, average: Fraction | None) -> Formed:
    """The index times one plus the average of the basis; the index alone before the first."""
    if average is None:
        return Formed(Fraction(index), "fair_basis", 1)
    return Formed(index * (1 + average), "fair_basis", 2)


def band_of(index: int, band: int) -> tuple[int, int]:
    """I·(1 ± band), each half to even, cut to what a price may be."""
    low, high = (rounded(Fraction(index * (GRID + share), GRID)) for share in (-band, band))
    return max(low, 1), min(high, MAX_PRICE)


def banded(price: Fraction, index: int, band: int) -> int:
    """Within the band of the index, half to even at g."""
    low, high = band_of(index, band)
    return min(max(rounded(price), low), high)


@dataclass
class Anchor:
    """The last mark before the present second, and its own second."""

    mark: int
    second: int


def limited(mark: int, anchor: Anchor | None, second: int, rules: Contract) -> int:
    """The speed limit: within speed·k of the anchor, k the seconds since; the bounds rounded towards it."""
    if rules.speed is None or anchor is None:
        return mark
    way = anchor.mark * rules.speed * (second - anchor.second)
    high = (anchor.mark * GRID + way) // GRID
    low = ceil_div(anchor.mark * GRID - way, GRID)
    # at least a unit, or the smallest prices would never move again
    return min(max(mark, min(low, anchor.mark - 1)), max(high, anchor.mark + 1))

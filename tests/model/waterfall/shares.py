"""Whole numbers of lots handed out: largest remainder, and with a most for each."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TypeVar

Key = TypeVar("Key")


def rounded(exact: Mapping[Key, Fraction | int]) -> dict[Key, int]:
    """Shares whose sum is whole: floors, then a lot each by largest remainder; ties in the order of the mapping."""
    floors = {key: share.__floor__() for key, share in exact.items()}
    left = sum(Fraction(share) for share in exact.values()) - sum(floors.values())
    assert left.denominator == 1
    by_remainder = sorted(exact, key=lambda key: floors[key] - exact[key])  # stable: ties stay in order
    for key in by_remainder[: int(left)]:
        floors[key] += 1
    return floors


def in_proportion(weights: Mapping[Key, int], total: int) -> dict[Key, int]:
    """`total` lots by weight, largest remainder."""
    whole = sum(weights.values())
    return rounded({key: Fraction(total * weight, whole) for key, weight in weights.items()}) if whole else {}


def by_room(rooms: Mapping[Key, int], wanted: int) -> dict[Key, int]:
    """Each its room where all of it is wanted, else in proportion to the rooms."""
    return dict(rooms) if sum(rooms.values()) <= wanted else in_proportion(rooms, wanted)

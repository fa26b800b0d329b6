"""RULES §6 `threshold.bankruptcy`: what closing each position costs so that all closed so leave net value 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .grid import GRID, ceil_div, floor_div


@dataclass
class Held:
    """A position of the bucket: Q, M and tick in grid units, its standard-model MM in any one unit."""

    quantity: int
    mark: int
    maintenance: int
    tick: int


def amounts(positions: Sequence[Held], net_value: int) -> list[int]:
    """At 10⁻¹⁶: |Q|·M ∓ w·net_value (long, short), a long's proceeds up, a short's cost down.

    At least one tick·|Q|. w = MM/ΣMM, by notional where ΣMM = 0.
    """
    weights = [position.maintenance for position in positions]
    if sum(weights) == 0:
        weights = [abs(position.quantity) * position.mark for position in positions]
    found = []
    for position, weight in zip(positions, weights, strict=True):
        size, share = abs(position.quantity), weight * net_value * GRID
        if position.quantity > 0:
            amount = size * position.mark + ceil_div(-share, sum(weights))
        else:
            amount = size * position.mark + floor_div(share, sum(weights))
        found.append(max(amount, position.tick * size))
    return found


def part(position: Held, amount: int, closed: int) -> int:
    """The amount of a part of |Q|, at g."""
    product, whole = amount * closed, abs(position.quantity) * GRID
    return ceil_div(product, whole) if position.quantity > 0 else floor_div(product, whole)

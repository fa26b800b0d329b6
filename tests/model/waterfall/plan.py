"""`liquidation.step`: which share of a bucket is sold, and how many lots that is."""

from __future__ import annotations

from collections.abc import Callable

from ..grid import E24, GRID, ceil_div


def is_deep(equity: int, net_value: int, maintenance: int, close_out: int) -> bool:
    """equity < close_out·MM, or bankrupt: everything goes, at once."""
    return net_value < 0 or equity * GRID < close_out * maintenance


def closing_fee(rate: int, share: int, notional: int) -> int:
    """⌈fee·s·N⌉ at g; N at 10⁻¹⁶."""
    return ceil_div(rate * share * notional, E24)


def share_to_close(
    equity: int, notional: int, step: int, target: int, fee: int, maintenance_after: Callable[[int], int]
) -> int:
    """The first s of step, 2·step, … with MM(s) < target·(equity − fee(s)), else 1."""
    for share in range(step, GRID, step):
        if maintenance_after(share) * GRID < target * (equity - closing_fee(fee, share, notional)):
            return share
    return GRID


def kept(quantity: int, share: int) -> int:
    """⌈(1 − s)·|Q|⌉ with its sign, at g."""
    size = ceil_div((GRID - share) * abs(quantity), GRID)
    return size if quantity > 0 else -size


def to_close(quantity: int, share: int, lot: int, min_size: int) -> int:
    """⌈s·|Q| / lot⌉ lots, at most all; all where less than min_size would stay."""
    size = abs(quantity)
    closed = min(size, ceil_div(share * size, GRID * lot) * lot)
    return size if 0 < size - closed < min_size else closed

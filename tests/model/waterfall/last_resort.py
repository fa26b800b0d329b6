"""The last resort: a deficit cut from everybody's profit; and a funding that a payer cannot pay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from ..grid import GRID, ceil_div, floor_div

Key = TypeVar("Key")


def cuts(deficit: int, profits: Mapping[Key, int]) -> dict[Key, int]:
    """⌈D·U/ΣU⌉, at most U; the remainder is what they come to beyond the deficit."""
    total = sum(profits.values())
    return {key: min(profit, ceil_div(deficit * profit, total)) for key, profit in profits.items()}


def moves(deficit: int, profits: Mapping[Key, int]) -> tuple[dict[Key, int], int]:
    """κ of the payers, and what they come to beyond what the bucket gets; all exact, at 10⁻¹⁶.

    By figures: a deficit rounded up, profits rounded down. Where these are less, each pays all that it has.
    """
    figures = {key: floor_div(profit, GRID) for key, profit in profits.items() if profit >= GRID}
    owed = ceil_div(deficit, GRID)
    if sum(figures.values()) >= owed:
        found = {key: amount * GRID for key, amount in cuts(owed, figures).items()}
        return found, sum(found.values()) - owed * GRID
    found = {key: profit for key, profit in profits.items() if profit > 0}
    return found, sum(found.values()) - deficit


def shortfall(
    owed: int, net_value: int, fund: int, receivers: Mapping[Key, int]
) -> tuple[int, int, int, dict[Key, int]]:
    """`funding.shortfall`: what the payer and the fund pay, what is cut, and whose receipts by how much (up)."""
    paid = min(owed, max(0, net_value))
    drawn = min(owed - paid, fund)
    cut = owed - paid - drawn
    total = sum(receivers.values())
    each = {key: min(receipt, ceil_div(cut * receipt, total)) for key, receipt in receivers.items()} if cut else {}
    return paid, drawn, cut, each

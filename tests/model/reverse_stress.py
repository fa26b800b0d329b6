"""Reverse stress: the smallest move along a direction at which the total deficit of a book exceeds an amount.

The net value of a bucket is linear in its prices, so the total deficit is convex and piecewise linear in the move.
Nothing is rounded on the way.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from fractions import Fraction

from . import equity
from .assess import Basis, Result
from .book import Account, Position
from .cross import counted_orders, prices_are_usable
from .grid import E16, GRID
from .moved import underlying_of
from .scenarios import HIGHEST_MOVE, LOWEST_MOVE
from .usable import mark_is_usable

Line = tuple[int, int]  # net value at 10⁻²⁴ and its change per whole move, times 10⁸


def smallest_move(result: Result, direction: Mapping[str, int], amount: int) -> Fraction | None:
    """t ≥ 0 such that beyond t·direction the deficit is more than `amount` (grid units); None if no move does.

    `direction` is a move per underlying in grid units; −1 ≤ t·direction ≤ 10.
    """
    lines = [line for account in result.valued for line in net_values(result.basis, account, direction)]
    limits = [Fraction(LOWEST_MOVE if move < 0 else HIGHEST_MOVE, move) for move in direction.values() if move]
    if deficit(lines, Fraction(0)) > amount * E16:
        return Fraction(0)
    if not limits:
        return None
    end = min(limits)
    turns = {Fraction(-value * GRID, change) for value, change in lines if change}
    kinks = sorted({Fraction(0), end, *(turn for turn in turns if 0 < turn < end)})
    # convex, and not above the amount at 0: once above, it stays above
    at = bisect_left(kinks, True, key=lambda move: deficit(lines, move) > amount * E16)
    if at == len(kinks):
        return None
    low, high = kinks[at - 1], kinks[at]
    before, after = deficit(lines, low), deficit(lines, high)
    return low + (high - low) * (amount * E16 - before) / (after - before)


def deficit(lines: list[Line], move: Fraction) -> Fraction:
    """Σ max(0, −net value) after a move."""
    return sum((max(Fraction(0), -(value + change * move / GRID)) for value, change in lines), Fraction(0))


def net_values(basis: Basis, account: Account, direction: Mapping[str, int]) -> Iterator[Line]:
    """`equity.net_value` of each bucket as a line; undecided buckets are nobody's deficit."""
    rules, prices = basis.rules, basis.prices

    def moving(symbol: str, amount: int) -> int:
        return amount * direction.get(underlying_of(rules, symbol) or "", 0)

    value = change = 0
    for name, balance in account.balances.items():
        asset = rules.assets[name]
        if balance.amount < 0 or (balance.amount > 0 and asset.eligible):
            counted = equity.realizable(asset, balance.amount, prices[name].value)
            value += counted
            change += moving(name, counted)
    for (name, mode), position in account.positions.items():
        notional = position.quantity * prices[name].value * GRID if position.quantity else 0
        if mode == "cross":
            value += notional + paid(position)
            change += moving(name, notional)
        elif not position.quantity or mark_is_usable(rules, prices, name):
            yield position.isolated_margin * E16 + notional + paid(position), moving(name, notional)
    if prices_are_usable(rules, prices, account, counted_orders(rules, prices, account)):
        yield value, change


def paid(position: Position) -> int:
    """−κ − accrued funding."""
    return -position.cost * GRID - position.accrued_funding * E16

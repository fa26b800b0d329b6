"""The fund: its limit, its budget, how many lots a budget is enough for; what mode take spares and unwinds."""

from __future__ import annotations

from ..grid import GRID, floor_div


def limit(long: bool, mark: int, max_slippage: int, tick: int) -> int:
    """M worsened, on the tick nearer to the mark; at least a tick."""
    worse = mark * (GRID - max_slippage if long else GRID + max_slippage)
    ticks = -(-worse // (tick * GRID)) if long else worse // (tick * GRID)
    return max(tick, ticks * tick)


def budget(balance: int, event: tuple[int, int, int], interval: tuple[int, int, int]) -> int:
    """What may be paid: of the balance, and of each (share, balance that it is of, what was paid of it)."""
    left = [floor_div(share * of, GRID) - paid for share, of, paid in (event, interval)]
    return max(0, min(balance, *left))


def lots_within(lots: int, budget: int, distance: int) -> int:
    """⌊q·budget/d⌋."""
    return floor_div(lots * budget, distance)


def spare(balance: int, equity: int, maintenance: int) -> int:
    """What an inventory does not need for its margin, of the fund's balance."""
    return min(balance, max(0, equity - maintenance))


def to_unwind(held: int, share: int, resting: int) -> int:
    """⌊share·resting⌋ lots, at least one, at most what is held."""
    return min(held, max(1, floor_div(share * resting, GRID)))

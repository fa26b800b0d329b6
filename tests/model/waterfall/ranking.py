"""`adl.rank`: scores, the queue, and the lights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..grid import GRID, ceil_div, floor_div


@dataclass(frozen=True)
class Counterparty:
    """A bucket on the other side. `order`: opening sequence; `cost`, `pnl` at 10⁻¹⁶; `cap`: at most so many lots."""

    name: Any
    order: tuple[int, ...]
    lots: int
    pnl: int
    cost: int
    maintenance: int
    net_value: int
    cap: int
    left_out: bool = False  # liquidating, or the fund's

    @property
    def most(self) -> int:
        """What it holds, but for its cap."""
        return min(self.lots, self.cap)


def ranked(all_of_them: Iterable[Counterparty]) -> list[Counterparty]:
    """Neither bankrupt nor left out, in opening order."""
    return sorted((one for one in all_of_them if one.net_value >= 0 and not one.left_out), key=lambda one: one.order)


def is_first(one: Counterparty) -> bool:
    """Of the winners, whatever it gained."""
    return one.cost == 0 or one.net_value == 0


def score(one: Counterparty) -> int | None:
    """Winners PnL/|κ| × MM/net value, losers PnL/|κ| ÷ it, rounded down to g; None: first, or last of its class."""
    if is_first(one) or one.maintenance == 0:
        return None
    if one.pnl >= 0:
        return floor_div(one.pnl * one.maintenance * GRID, abs(one.cost) * one.net_value)
    return floor_div(one.pnl * one.net_value * GRID, abs(one.cost) * one.maintenance)


def queue(all_of_them: Iterable[Counterparty]) -> list[Counterparty]:
    """Who is closed first."""

    def place(one: Counterparty) -> tuple[int, int, tuple[int, ...]]:
        if is_first(one):
            return 0, 0, one.order
        found, loses = score(one), one.pnl < 0
        return (4 if loses else 2, 0, one.order) if found is None else (3 if loses else 1, -found, one.order)

    return sorted(ranked(all_of_them), key=place)


def lights(in_queue: Sequence[Counterparty]) -> dict[Any, int]:
    """⌈5·cumulative quantity incl. own / total⌉."""
    total = sum(one.lots for one in in_queue)
    found, before = {}, 0
    for one in in_queue:
        before += one.lots
        found[one.name] = ceil_div(5 * before, total)
    return found

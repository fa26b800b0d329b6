"""`adl.allocate`: how many lots each counterparty is closed by, at most its cap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from ..grid import GRID, floor_div
from .ranking import Counterparty, queue, ranked
from .shares import in_proportion, rounded

Lots = dict[Any, int]  # by name
Sharing = Callable[[Mapping[Any, Counterparty], int], Lots]


def allocate(policy: str, all_of_them: Iterable[Counterparty], deficit: int) -> Lots:
    """In queue order for score, else in opening order; nobody at 0."""
    if policy == "score":
        found = from_the_top(queue(all_of_them), deficit)
    elif policy == "pro_rata":
        found = within_caps(ranked(all_of_them), deficit, by_lots)
    else:
        found = minimax(ranked(all_of_them), deficit)
    return {name: lots for name, lots in found.items() if lots}


def from_the_top(in_queue: Iterable[Counterparty], deficit: int) -> Lots:
    """Each as far as it goes."""
    found: Lots = {}
    for one in in_queue:
        found[one.name] = min(one.most, deficit)
        deficit -= found[one.name]
    return found


def within_caps(some: Iterable[Counterparty], deficit: int, share: Sharing) -> Lots:
    """Whoever would get more than its cap gets that; the rest is shared anew among the others."""
    others = {one.name: one for one in some}
    found: Lots = dict.fromkeys(others, 0)
    while others and deficit > 0:
        shares = share(others, deficit)
        above = [name for name in others if shares.get(name, 0) > others[name].most]
        if not above:
            return found | shares
        for name in above:
            found[name] = others.pop(name).most
            deficit -= found[name]
    return found


def by_lots(others: Mapping[Any, Counterparty], deficit: int) -> Lots:
    """Pro rata."""
    return in_proportion({name: one.lots for name, one in others.items()}, deficit)


def minimax(some: list[Counterparty], deficit: int) -> Lots:
    """Without net value first, without MM last, both pro rata; between them the highest MM/net value falls first."""
    without_value = [one for one in some if one.net_value == 0]
    without_margin = [one for one in some if one.net_value and one.maintenance == 0]
    others = [one for one in some if one.net_value and one.maintenance]
    found: Lots = dict.fromkeys((one.name for one in some), 0)
    for part, share in ((without_value, by_lots), (others, levelled), (without_margin, by_lots)):
        taken = within_caps(part, deficit, share)
        deficit -= sum(taken.values())
        found |= taken
    return found


def ratio(one: Counterparty) -> int:
    """⌊net value / MM⌋ at g."""
    return floor_div(one.net_value * GRID, one.maintenance)


def levelled(others: Mapping[Any, Counterparty], deficit: int) -> Lots:
    """Down to one level of MM/net value; the smallest set of the highest that reaches it."""
    held = sum(one.lots for one in others.values())
    deficit = min(deficit, held)
    highest = sorted(others.values(), key=lambda one: (ratio(one), one.order))
    for size in range(1, len(highest) + 1):
        chosen = highest[:size]
        weight = sum(one.lots * ratio(one) for one in chosen)
        level = Fraction(sum(one.lots for one in chosen) - deficit, weight)
        if size == len(highest) or level * ratio(highest[size]) >= 1:
            break
    else:
        return {}
    exact = {one.name: one.lots - one.lots * ratio(one) * level for one in others.values() if one in chosen}
    return rounded(exact)

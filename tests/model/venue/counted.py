"""What the limits of positions count, and by what references of approvals differ."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .orders import Order

Held = dict[str, int]  # contracts by margin mode


def count(side: int, held: Held, orders: Iterable[Order], order: Order | None, enters: int = 0) -> int:
    """Of one account on a side, with so much of the order that is asked; `orders`: all its others.

    Cross and isolated positions do not make up for each other: each counts by itself, with its orders.
    """
    orders = list(orders)
    of_side = [one for one in orders if one.side == side]
    of_isolated = any(one.mode == "isolated" for one in (*orders, *(() if order is None else (order,))))
    cross, isolated = (side * held[mode] for mode in ("cross", "isolated"))
    if isolated == 0 and not of_isolated:
        return cross + sum(one.left for one in of_side) + enters
    total = 0
    for mode, own in (("cross", cross), ("isolated", isolated)):
        ordered = sum(one.left for one in of_side if one.mode == mode)
        ordered += enters if order is not None and order.mode == mode else 0
        total += max(0, own + ordered)
    return total


def approval(text: str | None) -> str:
    """Letters and digits, whatever their case; nothing where it is none."""
    return "".join(char.lower() for char in text or "" if char.isalnum())


def is_blank(text: str | None) -> bool:
    """Not given, or white space alone (as Unicode has it, to which separators of records do not belong)."""
    return re.fullmatch(r"[^\S\x1c-\x1f]*", text or "") is not None

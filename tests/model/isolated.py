"""RULES §2: one isolated position is a bucket of its own, always on the standard model."""

from __future__ import annotations

from typing import Any

from . import margin
from .book import Position, Price
from .equity import margin_ratio, status
from .grid import E16, GRID, decimal8
from .lines import Lines
from .rulebook import Rulebook
from .usable import mark_is_usable


def value_isolated(
    rules: Rulebook,
    prices: dict[str, Price],
    name: str,
    position: Position,
    leverage: int | None,
    lines: Lines,
) -> dict[str, Any]:
    """equity = isolated_margin + PnL − accrued, net_value = equity; no order enters (`margin.orders`)."""
    instrument = rules.instruments[name]
    mark = prices[name].value if position.quantity != 0 else 0  # a flat position needs no price
    notional = margin.notional(position.quantity, mark)
    pnl = (position.quantity * mark - position.cost) * GRID
    fee = margin.maintenance_fee(instrument, notional)
    initial = margin.initial(instrument, notional, leverage)
    maintenance = margin.maintenance(instrument, notional)
    margin_held = position.isolated_margin * E16
    lines.add(name, "collateral_value", "collateral.isolated", rules.settlement, margin_held)
    lines.add(name, "unrealized_pnl", "pnl.unrealized", name, pnl)
    lines.add(name, "accrued_funding", "funding.accrued", name, position.accrued_funding * E16)
    lines.add(name, "initial_margin", "margin.initial", name, initial)
    lines.add(name, "initial_margin", "margin.maintenance_fee", name, fee)
    lines.add(name, "maintenance_margin", "margin.maintenance", name, maintenance)
    lines.add(name, "maintenance_margin", "margin.maintenance_fee", name, fee)
    collateral = lines.close(name, "collateral_value")
    unrealized = lines.close(name, "unrealized_pnl")
    accrued = lines.close(name, "accrued_funding")
    im = lines.close(name, "initial_margin")
    mm = lines.close(name, "maintenance_margin")
    equity = collateral + unrealized - accrued
    usable = position.quantity == 0 or mark_is_usable(rules, prices, name)
    return {
        "instrument": name,
        "quantity": decimal8(position.quantity),
        "isolated_margin": decimal8(position.isolated_margin),
        "equity": decimal8(equity),
        "net_value": decimal8(equity),
        "unrealized_pnl": decimal8(unrealized),
        "accrued_funding": decimal8(accrued),
        "initial_margin": decimal8(im),
        "maintenance_margin": decimal8(mm),
        "margin_ratio": margin_ratio(mm, equity),
        "status": status(usable, equity, equity, mm, None, rules.call_factor),
    }

"""RULES §5: what one underlying of a portfolio account is exposed to, with and without its orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import equity, margin
from .book import Account, PositionKey, Price
from .grid import GRID
from .rulebook import Rulebook

NO_ORDERS: Mapping[PositionKey, margin.Orders] = {}


@dataclass
class Exposure:
    """One underlying. Each list has the book as it is and, where orders count, all bids and all asks filled.

    `values`: Σ Q·M + C_u at 10⁻²⁴; `nets`: Σ Q·M at 10⁻¹⁶; `gross`: Σ max(|Q + bids|, |Q − asks|)·M at 10⁻¹⁶.
    """

    values: list[int] = field(default_factory=lambda: [0, 0, 0])
    nets: list[int] = field(default_factory=lambda: [0, 0, 0])
    gross: int = 0


def exposures(
    rules: Rulebook,
    prices: Mapping[str, Price],
    account: Account,
    orders: Mapping[PositionKey, margin.Orders] = NO_ORDERS,
) -> dict[str, Exposure]:
    """Of the cross bucket: its positions, counted orders and counted assets, by underlying."""
    found: dict[str, Exposure] = {}
    for name in sorted({name for name, mode in [*account.positions, *orders] if mode == "cross"}):
        key = (name, "cross")
        quantity = account.positions[key].quantity if key in account.positions else 0
        if quantity == 0 and key not in orders:
            continue  # a flat position needs no price
        mark = prices[name].value
        sides = orders.get(key)
        bids, asks = (sides.bids.quantity, sides.asks.quantity) if sides else (0, 0)
        of = found.setdefault(rules.instruments[name].underlying, Exposure())
        for side, held in enumerate((quantity, quantity + bids, quantity - asks)):
            of.nets[side] += held * mark
            of.values[side] += held * mark * GRID
        of.gross += max(abs(quantity + bids), abs(quantity - asks)) * mark
    for name, balance in account.balances.items():
        asset = rules.assets[name]
        if asset.underlying is None or balance.amount == 0 or (balance.amount > 0 and not asset.eligible):
            continue
        of = found.setdefault(asset.underlying, Exposure())
        value = equity.collateral(asset, balance.amount, prices[name].value)
        of.values = [side + value for side in of.values]
    return found

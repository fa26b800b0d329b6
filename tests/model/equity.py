"""RULES §4: collateral, equity, status. Figures in grid units, products of three at 10⁻²⁴."""

from __future__ import annotations

from .grid import E16, GRID, ceil_div
from .rulebook import Asset

# first that applies
STATUSES = ("undecided", "bankrupt", "liquidation", "margin_call", "restricted", "healthy")


def collateral(asset: Asset, balance: int, price: int) -> int:
    """`collateral.haircut`: debts 100 %, not eligible 0, else Σ slice·price·(1 − haircut)."""
    if balance < 0:
        return balance * price * GRID
    if not asset.eligible:
        return 0
    counted = balance if asset.account_cap is None else min(balance, asset.account_cap)
    total = 0
    lower = 0
    for cap, haircut in asset.haircut:
        upper = counted if cap is None else min(counted, cap)
        if upper > lower:
            total += (upper - lower) * price * (GRID - haircut)
            lower = upper
    return total  # beyond the last bounded slice 0


def realizable(asset: Asset, balance: int, price: int) -> int:
    """`equity.net_value`, one asset: balance·price·(1 − close_cost), debts at 100 %; no haircut, no cap."""
    if balance < 0:
        return balance * price * GRID
    return balance * price * (GRID - asset.close_cost) if asset.eligible else 0


def gain(unrealized_pnl: int, accrued_funding: int) -> int:
    """`equity.profit_credit`: G = max(0, U − accrued_funding)."""
    return max(0, unrealized_pnl - accrued_funding)


def opening_equity(equity: int, gained: int, profit_credit: int) -> int:
    """`equity.profit_credit`: equity − ⌈(1 − profit_credit)·G⌉."""
    return equity - ceil_div((GRID - profit_credit) * gained, GRID)


def available(opening: int, initial_margin: int) -> int:
    """max(0, opening_equity − IM)."""
    return max(0, opening - initial_margin)


def withdrawable(equity: int, gained: int, initial_margin: int, withdraw_ratio: int, cross_notional: int) -> int:
    """max(0, equity − G − max(IM, ⌈withdraw_ratio·N⌉)), N at 10⁻¹⁶."""
    return max(0, equity - gained - max(initial_margin, ceil_div(withdraw_ratio * cross_notional, E16)))


def status(usable: bool, net_value: int, equity: int, mm: int, im: int | None, call_factor: int) -> str:
    """`status`, first that applies; `im` None: an isolated bucket, which has no restricted."""
    if not usable:
        return "undecided"
    if net_value < 0:
        return "bankrupt"
    if equity < mm:
        return "liquidation"
    if equity * GRID < call_factor * mm:
        return "margin_call"
    if im is not None and equity < im:
        return "restricted"
    return "healthy"


def worst_status(statuses: list[str]) -> str | None:
    """TABLES `isolated_status`: the first in the order of `status`; None if there is none."""
    return min(statuses, key=STATUSES.index) if statuses else None


def margin_ratio(mm: int, equity: int) -> float | None:
    """RULES §1: float64(MM) / float64(equity), null when equity ≤ 0."""
    return None if equity <= 0 else float(mm) / float(equity)

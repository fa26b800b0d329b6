"""`[liquidation]` of a rulebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ModelError
from ..grid import GRID
from ..rulebook_values import amount, rate

POLICIES = ("score", "pro_rata", "minimax")
MODES = ("pay", "take")  # of the fund


@dataclass(frozen=True)
class LiquidationRules:
    """Shares and rates in grid units; `low` None: nobody is told."""

    step: int
    target: int
    close_out: int
    fee: int
    depth_share: int
    backstop_share: int
    mode: str
    max_slippage: int
    event_budget: int
    interval_budget: int
    unwind_share: int
    low: int | None
    adl: str
    per_command: int


def read_liquidation(table: Mapping[str, Any]) -> LiquidationRules | None:
    """None: a rulebook without the table liquidates nothing."""
    if "liquidation" not in table:
        return None
    entry = table["liquidation"]
    fund = entry.get("fund", {})
    mode, unwind_share = fund.get("mode", "pay"), rate(fund.get("unwind_share", "10%"))
    if mode not in MODES or not 0 < unwind_share <= GRID or entry.get("adl", "score") not in POLICIES:
        raise ModelError("RulebookError", "out_of_range")
    low = fund.get("low", "none")
    return LiquidationRules(
        step=rate(entry.get("step", "20%")),
        target=rate(entry.get("target", "90%")),
        close_out=rate(entry.get("close_out", "66.666667%")),
        fee=rate(entry.get("fee", "0.25%")),
        depth_share=rate(entry.get("depth_share", "20%")),
        backstop_share=rate(entry.get("backstop_share", "60%")),
        mode=mode,
        max_slippage=rate(fund.get("max_slippage", "3%")),
        event_budget=rate(fund.get("event_budget", "20%")),
        interval_budget=rate(fund.get("interval_budget", "30%")),
        unwind_share=unwind_share,
        low=None if low == "none" else amount(low),
        adl=entry.get("adl", "score"),
        per_command=int(entry.get("per_command", 256)),
    )

"""Stress: a whole book valued again under joint moves of its underlyings; a depeg is a move of a stablecoin's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .admission import is_too_large
from .assess import Basis, Result, value_accounts
from .equity import STATUSES
from .errors import input_error
from .grid import GRID
from .moved import at_moves
from .scenarios import check_scenarios, read_scenarios
from .tables import Table


@dataclass
class Stressed:
    """One row of TABLES `stress`. Its buckets are the cross accounts and the isolated positions."""

    scenario: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0))
    equity: Decimal = Decimal(0)
    initial_margin: Decimal = Decimal(0)
    maintenance_margin: Decimal = Decimal(0)
    deficit: Decimal = Decimal(0)


def stress(result: Result, scenarios: Table) -> Iterator[Stressed]:
    """A row for each scenario, in table order; the margin of portfolio accounts keeps its own table.

    The bounds of an account hold at moved prices too (RULES §1).
    """
    check_scenarios(scenarios)
    basis = result.basis
    for scenario in read_scenarios(scenarios):
        moves = {underlying: move // GRID for underlying, move in scenario.moves.items()}
        moved = Basis(basis.rules, at_moves(basis.rules, basis.prices, moves), basis.table)
        if any(is_too_large(moved.rules, moved.prices, account) for account in result.valued):
            raise input_error("account_too_large")
        after = value_accounts(moved, result.valued)
        yield added_up(scenario.name, [*after.accounts, *after.isolated])


def added_up(scenario: str, buckets: Sequence[dict[str, Any]]) -> Stressed:
    """Counts by status, sums, and the deficit: −net_value of the bankrupt."""
    row = Stressed(scenario)
    for bucket in buckets:
        row.counts[bucket["status"]] += 1
        row.equity += bucket["equity"]
        row.initial_margin += bucket["initial_margin"]
        row.maintenance_margin += bucket["maintenance_margin"]
        if bucket["status"] == "bankrupt":
            row.deficit -= bucket["net_value"]
    return row

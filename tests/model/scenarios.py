"""RULES §5: what a supplied scenario table must satisfy; valuation under scenarios comes later."""

from __future__ import annotations

from .errors import input_error
from .grid import GRID
from .rulebook import Rulebook
from .tables import Column, Table, raw_rows, read_value

MOVE = Column("number", True, -GRID, 10 * GRID)
WEIGHT = Column("number", False, 0, GRID)


def check_scenarios(rules: Rulebook, table: Table | None) -> None:
    """−1 ≤ move ≤ 10; weights are probabilities with sum 1."""
    if table is None:
        return
    weights: list[int] = []
    for row, raw in raw_rows(table):
        for column, value in raw.items():
            if column == "weight":
                weight = read_value("scenarios", row, WEIGHT, value)
                weights.extend([] if weight is None else [weight])
            elif column != "scenario":
                read_value("scenarios", row, MOVE, value)
    if weights and sum(weights) != GRID:
        raise input_error("weights", "scenarios")

"""RULES §5 `portfolio.scenarios`: the generated table, a supplied one, and what the latter must satisfy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from .errors import input_error
from .grid import GRID, half_even, plain
from .portfolio_rules import Portfolio
from .tables import Column, Table, raw_rows, read_value

LOWEST_MOVE, HIGHEST_MOVE = -GRID, 10 * GRID
MOVE = Column("number", True, LOWEST_MOVE, HIGHEST_MOVE)
WEIGHT = Column("number", False, 0, GRID)


@dataclass
class Scenario:
    """One joint move; `moves` are effective (move × factor) at 10⁻¹⁶, `weight` is a probability."""

    name: str
    moves: dict[str, int]
    weight: Fraction = Fraction(0)


def check_scenarios(table: Table | None) -> None:
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


def scenario_table(rules: Portfolio, supplied: Table | None) -> list[Scenario]:
    """A supplied table replaces the generated one; without weights all rows weigh the same."""
    table = list(generated(rules)) if supplied is None else list(read_scenarios(supplied))
    if not any(scenario.weight for scenario in table):
        for scenario in table:
            scenario.weight = Fraction(1, len(table))
    return table


def read_scenarios(table: Table) -> Iterator[Scenario]:
    """One row a scenario, one column an underlying."""
    for row, raw in raw_rows(table):
        moves = {
            column: read_value("scenarios", row, MOVE, value) * GRID
            for column, value in raw.items()
            if column not in ("scenario", "weight")
        }
        weight = read_value("scenarios", row, WEIGHT, raw.get("weight")) or 0
        yield Scenario(raw["scenario"], moves, Fraction(weight, GRID))


def generated(rules: Portfolio) -> Iterator[Scenario]:
    """Rows, order and names of RULES §5; none left out, also if it repeats another."""
    names = sorted(rules.underlyings)
    steps = [*range(-rules.steps, 0), *range(1, rules.steps + 1)]
    yield Scenario("zero", dict.fromkeys(names, 0))
    for k in steps:
        yield Scenario(f"correlated:{k:+d}", {u: step(rules, u, k, rules.correlated) for u in names})
    for one in names:
        for k in steps:
            moves = {u: step(rules, u, k, rules.single) if u == one else 0 for u in names}
            yield Scenario(f"single:{one}:{k:+d}", moves)
    for one in names:
        for k in steps:
            moves = {u: step(rules, u, k if u == one else -k, rules.opposite) for u in names}
            yield Scenario(f"opposite:{one}:{k:+d}", moves)
    for move, factor in rules.extended:
        sign = "+" if move > 0 else ""
        yield Scenario(f"extended:{sign}{plain(move)}", {u: extended_move(rules, u, move, factor) for u in names})


def step(rules: Portfolio, underlying: str, k: int, scale: int) -> int:
    """k/n·range·scale, half to even at g once (RULES §1), at 10⁻¹⁶."""
    return half_even(k * rules.of(underlying).range * scale, rules.steps * GRID) * GRID


def extended_move(rules: Portfolio, underlying: str, move: int, factor: int | None) -> int:
    """move × factor at 10⁻¹⁶; without a factor the effective move is exactly ±range."""
    if factor is not None:
        return move * factor
    reach = rules.of(underlying).range * GRID
    return (reach if move > 0 else -reach) if move else 0

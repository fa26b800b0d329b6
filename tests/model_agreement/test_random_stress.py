"""perpcore and the independent model say the same of random books under random joint moves."""

import random
from typing import Any

import pytest
from tests.model import assess
from tests.model.errors import ModelError
from tests.model.grid import GRID, plain
from tests.model.random_books import random_book
from tests.model.random_portfolios import draw_scenarios, scenario_columns
from tests.model.reverse_stress import smallest_move
from tests.model.stress import Stressed, stress
from tests.model_agreement.agreement import SOAK

import perpcore as pc

SEEDS = 300 if SOAK else 40
MONEY = ("equity", "initial_margin", "maintenance_margin", "deficit")


def row_of(stressed: Stressed) -> dict[str, Any]:
    money = {name: getattr(stressed, name) for name in MONEY}
    return {"scenario": stressed.scenario, **stressed.counts, **money}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_counts_and_sums_under_joint_moves_agree(seed: int) -> None:
    text, book = random_book(seed, 60, portfolio=True)
    result = assess(text, book)
    underlyings = sorted({item.underlying for item in result.basis.rules.instruments.values()})
    rows = draw_scenarios(random.Random(seed), underlyings)[:8]
    for row in rows:
        row.pop("weight", None)
    scenarios = scenario_columns(rows)
    rules = pc.Rulebook.parse(text)
    wanted, code = [], None
    try:
        wanted = [row_of(stressed) for stressed in stress(result, scenarios)]
    except ModelError as refused:
        code = refused.code
    if code is None:
        told = pc.stress(rules, book, scenarios).to_pylist()
        assert [{name: row[name] for name in wanted[0]} for row in told] == wanted
    else:
        with pytest.raises(pc.errors.InputError) as error:
            pc.stress(rules, book, scenarios)
        assert error.value.code == code


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_smallest_move_that_costs_an_amount_agrees(seed: int) -> None:
    text, book = random_book(seed, 60, portfolio=True)
    result = assess(text, book)
    rng = random.Random(seed)
    underlyings = sorted({item.underlying for item in result.basis.rules.instruments.values()})
    direction = {name: rng.choice((0, GRID, -GRID, rng.randint(-GRID, GRID))) for name in underlyings}
    rules = pc.Rulebook.parse(text)
    for amount in (0, GRID // 3, rng.randint(0, 10**6) * GRID, rng.randint(0, 10**11) * GRID):
        told = pc.reverse_stress(
            rules, book, {name: plain(move) for name, move in direction.items()}, deficit=plain(amount)
        )
        assert told == smallest_move(result, direction, amount)

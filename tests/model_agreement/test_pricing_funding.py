"""perpcore and the independent model take the same samples and come to the same rates, payments and cumulative index.

A failure names its seed: `draw_funding_tape(seed)` gives the rulebook and the tape again.
"""

import random
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import pytest
from tests.model.grid import GRID
from tests.model.pricing import Funding, FundingRow, read_contract
from tests.model.pricing.funding import settle
from tests.model.pricing.random_funding import Step, draw_funding_tape
from tests.model_agreement.prices import (
    BLOCKS,
    column,
    differences,
    expanded,
    figure,
    given,
    number,
    quietly,
    refused_going_back,
    report,
    sample,
    table_differences,
    when,
)

import perpcore as pc

TAPES = 10  # of a block
FIGURES = ("premium", "predicted", "rate", "index", "impact_bid", "impact_ask", "mark")
FIELDS = tuple(FundingRow.__dataclass_fields__)


def wanted(row: FundingRow) -> dict[str, Any]:
    """The model's row as perpcore tells it."""
    told = {name: figure(value) if name in FIGURES else value for name, value in asdict(row).items()}
    if row.cumulative is not None:
        told["cumulative"] = exact16(row.cumulative)
    return told


def exact16(units: int) -> Decimal:
    """A cumulative index at 10⁻¹⁶, whatever the number of its digits."""
    return Decimal((1 if units < 0 else 0, tuple(map(int, str(abs(units)))), -16))


def row_differences(told: list[Any], rows: list[FundingRow]) -> list[str]:
    """Of one update."""
    if len(told) != len(rows):
        return [f"{len(told)} rows, the model says {len(rows)}", *map(str, told[:3]), *map(str, rows[:3])]
    found: list[str] = []
    for mine, row in zip(told, rows, strict=True):
        found += [f"{row.time}.{text}" for text in differences(sample(mine, FIELDS), wanted(row))]
    return found


def restore_differences(core: pc.Funding, model: Funding, step: Step, rng: random.Random) -> list[str]:
    """Both take it, or both refuse and nothing has changed."""
    assert step.cumulative is not None
    rows = model.restore(step.time, step.named["mark"], step.cumulative)
    before = core.digest
    cumulative = exact16(step.cumulative)
    try:
        told = core.restore(when(rng, step.time), number(rng, step.named["mark"]), cumulative)
    except pc.errors.PerpcoreError as error:
        assert core.digest == before
        return [] if rows is None and error.column == "cumulative" else [f"refused: {error!r}"]
    return ["taken, the model refuses"] if rows is None else row_differences(told, rows)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_the_funding_of_random_premiums_agrees_slot_by_slot(block: int) -> None:
    for seed in range(block * TAPES, (block + 1) * TAPES):
        tape, rng = draw_funding_tape(seed), random.Random(seed)
        core = pc.Funding(pc.Rulebook.parse(tape.text), "BTC-PERP")
        model = Funding(read_contract(expanded(tape.text), "BTC-PERP"))
        for place, step in enumerate(tape.steps):
            if step.cumulative is not None:
                found = quietly(restore_differences, core, model, step, rng)
            else:
                told = quietly(core.update, when(rng, step.time), **given(step.named, rng))
                found = row_differences(told, model.update(step.time, **step.named))
                if rng.random() < 0.03:
                    refused_going_back(core, step.time, core.update)
            report(f"draw_funding_tape({seed}), step {place}: {step}", found)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_the_funding_of_a_table_agrees(block: int) -> None:
    for seed in range(block * TAPES, (block + 1) * TAPES):
        tape, rng = draw_funding_tape(seed, table=True), random.Random(seed)
        rules = pc.Rulebook.parse(tape.text)
        model = Funding(read_contract(expanded(tape.text), "BTC-PERP"))
        rows = [wanted(row) for step in tape.steps for row in model.update(step.time, **step.named)]
        table: dict[str, Any] = {"time": [step.time for step in tape.steps]}
        for name in tape.steps[0].named:
            key, values = column([step.named[name] for step in tape.steps], name, rng)
            table[key] = values
        core = pc.Funding(rules, "BTC-PERP")
        report(f"draw_funding_tape({seed}, table=True)", list(table_differences(quietly(core.run, table), rows)))
        streamed = pc.Funding(rules, "BTC-PERP")
        for step in tape.steps:
            quietly(streamed.update, when(rng, step.time), **given(step.named, rng))
        assert streamed.digest == core.digest, seed


@pytest.mark.parametrize("block", range(BLOCKS))
def test_random_settlements_agree(block: int) -> None:
    core = pc.Funding(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
    for seed in range(block * TAPES, (block + 1) * TAPES):
        rng = random.Random(seed)
        mark = rng.choice((1, GRID, 60_000 * GRID, rng.randint(1, 10**14)))
        rate = rng.choice((0, 1, -1, 10_000, rng.randint(-(10**6), 10**6)))
        # what one account may hold: 10⁹ of anything and a notional of 10¹²
        size = min(10 ** rng.randint(0, 15), min(10**17, 10**28 // mark) // 31)
        held = {f"A{place}": rng.randint(-size, size) for place in range(rng.randint(0, 30))}
        if rng.random() < 0.8:
            held["last"] = -sum(held.values())
        told = quietly(
            core.settle,
            {name: number(rng, units) for name, units in held.items()},
            number(rng, mark),
            number(rng, rate),
        )
        cash, rest = settle(held, mark, rate)
        assert told[0] == {name: figure(amount) for name, amount in cash.items()}, seed
        assert told[1] == figure(rest), seed
        assert told[1] is None or sum(told[0].values()) + told[1] == 0, seed

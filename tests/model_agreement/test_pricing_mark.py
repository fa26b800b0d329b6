"""perpcore and the independent model make the same mark of the same books: the price and all that it was made of.

A failure names its seed: `draw_mark_tape(seed)` gives the rulebook and the tape again.
"""

import random
from dataclasses import asdict
from typing import Any

import pytest
from tests.model.pricing import MarkPrice, MarkRow, read_contract
from tests.model.pricing.random_marks import draw_mark_tape
from tests.model_agreement.prices import (
    BLOCKS,
    column,
    differences,
    expanded,
    figure,
    given,
    quietly,
    refused_going_back,
    report,
    sample,
    table_differences,
    when,
)

import perpcore as pc

TAPES = 12  # of a block
FIGURES = ("mark", "index", "carried", "basis", "book", "average")
FIELDS = tuple(MarkRow.__dataclass_fields__)


def wanted(row: MarkRow) -> dict[str, Any]:
    """The model's row as perpcore tells it."""
    return {name: figure(value) if name in FIGURES else value for name, value in asdict(row).items()}


@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_mark_of_random_books_agrees_step_by_step(block: int) -> None:
    for seed in range(block * TAPES, (block + 1) * TAPES):
        tape, rng = draw_mark_tape(seed), random.Random(seed)
        core = pc.MarkPrice(pc.Rulebook.parse(tape.text), "BTC-PERP")
        model = MarkPrice(read_contract(expanded(tape.text), "BTC-PERP"))
        for place, (time, named) in enumerate(tape.steps):
            told = quietly(core.update, when(rng, time), **given(named, rng))
            found = list(differences(sample(told, FIELDS), wanted(model.update(time, **named))))
            if rng.random() < 0.03:
                refused_going_back(core, time, core.update)
            report(f"draw_mark_tape({seed}), step {place}: {time} {named}", found)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_mark_of_a_table_agrees(block: int) -> None:
    for seed in range(block * TAPES, (block + 1) * TAPES):
        tape, rng = draw_mark_tape(seed, table=True), random.Random(seed)
        rules = pc.Rulebook.parse(tape.text)
        model = MarkPrice(read_contract(expanded(tape.text), "BTC-PERP"))
        rows = [wanted(model.update(time, **named)) for time, named in tape.steps]
        table: dict[str, Any] = {"time": [time for time, _ in tape.steps]}
        for name in tape.steps[0][1]:
            key, values = column([named[name] for _, named in tape.steps], name, rng)
            table[key] = values
        core = pc.MarkPrice(rules, "BTC-PERP")
        report(f"draw_mark_tape({seed}, table=True)", list(table_differences(quietly(core.run, table), rows)))
        streamed = pc.MarkPrice(rules, "BTC-PERP")
        for time, named in tape.steps:
            quietly(streamed.update, when(rng, time), **given(named, rng))
        assert streamed.digest == core.digest, seed

"""perpcore and the independent model form the same index from the same quotes: value, state, groups, every reason.

A failure names its seed: `draw_index_tape(seed)` gives the rulebook and the tape again.
"""

import random
from typing import Any

import pyarrow as pa
import pytest
from tests.model.grid import GRID, plain
from tests.model.pricing import IndexPrice, IndexRow, read_index
from tests.model.pricing.random_index import Step, draw_index_tape
from tests.model.tables import MAX_PRICE
from tests.model_agreement.prices import (
    BLOCKS,
    columns,
    differences,
    expanded,
    figure,
    number,
    quietly,
    quoted,
    refused_going_back,
    report,
    sample,
    table_differences,
    when,
)

import perpcore as pc

TAPES = 12  # of a block
FIELDS = ("time", "value", "state", "groups")
# a source of these reasons has no price that anybody could use; off_domain may be its worth in another currency
UNUSABLE = ("missing", "ahead", "non_positive", "off_domain", "off_grid")


def wanted(row: IndexRow) -> dict[str, Any]:
    """The model's row as perpcore tells it."""
    return {"time": row.time, "value": figure(row.value), "state": row.state, "groups": row.groups}


def act(core: pc.IndexPrice, step: Step, rng: random.Random) -> Any:
    """One step of a tape."""
    time = when(rng, step.time)
    if step.kind != "update":
        return getattr(core, step.kind)(time)
    quotes = {name: quoted(rng, price) for name, price in step.quotes}
    stamps = {step.sent.get(name) for name in quotes}
    sent: Any = {name: when(rng, stamp) for name, stamp in step.sent.items()} or None
    if len(stamps) == 1 and None not in stamps:
        sent = when(rng, stamps.pop())
    return quietly(core.update, time, quotes or rng.choice((None, {})), sent=sent)


def source_differences(core: pc.IndexPrice, model: IndexPrice) -> list[str]:
    """The reason of every source, and the quote behind it where that is one."""
    told = columns(core.sources())
    found: list[str] = []
    names = [*model.out, *(rate.source for rate in model.rules.rates)]
    if told["source"] != names:
        return [f"sources: {told['source']}, the model says {names}"]
    for row, source in enumerate(model.rules.sources):
        feed, out = model.feeds[source.id], model.out[source.id]
        got = {name: values[row] for name, values in told.items()}
        want: dict[str, Any] = {"group": source.group, "rank": source.rank, "weight": figure(source.weight), "out": out}
        if out not in UNUSABLE:
            want |= {"price": figure(feed.price), "sent": feed.sent, "arrived": feed.arrived}
        found += [f"{source.id}.{text}" for text in differences(got, want)]
    return found


def settle_differences(core: pc.IndexPrice, model: IndexPrice, time: int, rng: random.Random) -> list[str]:
    """The price of `settle`: the last one, the ends of the range of the last hour, and beside them."""
    known = [value for _, value in model.market.in_quorum[-30:]] or [100 * GRID]
    prices = [None, min(known), max(known), rng.choice(known), min(known) - 1, max(known) + 1]
    found: list[str] = []
    for price in prices:
        for approval in (False, True):
            if price is not None and not 1 <= price <= MAX_PRICE:
                continue
            mine = core.settle_price(time, number(rng, price), approval)
            theirs = figure(model.market.settle_price(time, price, approval))
            if mine != theirs:
                found.append(f"settle {price}, approval {approval}: {mine!r}, the model says {theirs!r}")
    return found


@pytest.mark.parametrize("block", range(BLOCKS))
def test_an_index_of_random_quotes_agrees_step_by_step(block: int) -> None:
    for seed in range(block * TAPES, (block + 1) * TAPES):
        tape, rng = draw_index_tape(seed), random.Random(seed)
        core = pc.IndexPrice(pc.Rulebook.parse(tape.text), "BTC")
        model = IndexPrice(read_index(expanded(tape.text), "BTC"))
        for place, step in enumerate(tape.steps):
            told = act(core, step, rng)
            if step.kind == "update":
                row = model.update(step.time, [(name, price, step.sent.get(name)) for name, price in step.quotes])
            else:
                row = getattr(model, step.kind)(step.time)
            found = [*differences(sample(told, FIELDS), wanted(row)), *source_differences(core, model)]
            now = {"value": core.value, "state": core.state, "groups": core.groups}
            found += differences(now, {name: value for name, value in wanted(row).items() if name != "time"})
            if rng.random() < 0.1:
                found += settle_differences(core, model, step.time, rng)
            if rng.random() < 0.03:
                refused_going_back(core, step.time, core.update)
            report(f"draw_index_tape({seed}), step {place}: {step}", found)


def long_table(steps: list[Step], rng: random.Random) -> Any:
    """A row a quote."""
    rows = [(step.time, name, price.numerator, step.sent.get(name)) for step in steps for name, price in step.quotes]
    table: dict[str, Any] = {
        "time": [row[0] for row in rows],
        "source": [row[1] for row in rows],
        "price": [plain(row[2]) for row in rows],
    }
    if any(row[3] is not None for row in rows):
        table["sent"] = [row[3] for row in rows]
    return in_arrow(table, rng)


def wide_table(steps: list[Step], rng: random.Random) -> Any:
    """A row an update, a column a source; no stamps."""
    names = sorted({name for step in steps for name, _ in step.quotes})
    rows = [{name: plain(price.numerator) for name, price in step.quotes} for step in steps]
    table = {name: [row.get(name) for row in rows] for name in names}
    return in_arrow({"time": [step.time for step in steps], **table}, rng)


def in_arrow(table: dict[str, Any], rng: random.Random) -> Any:
    """As lists, or as an Arrow table with times of the right type."""
    if rng.random() < 0.5:
        return table
    arrays = {}
    for name, values in table.items():
        stamp = name in ("time", "sent")
        arrays[name] = pa.array(values, pa.timestamp("ns", "UTC") if stamp else pa.string())
    return pa.table(arrays)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_an_index_of_a_table_agrees(block: int) -> None:
    for seed in range(block * TAPES, (block + 1) * TAPES):
        tape, rng = draw_index_tape(seed, table=True), random.Random(seed)
        rules = pc.Rulebook.parse(tape.text)
        model = IndexPrice(read_index(expanded(tape.text), "BTC"))
        wide = seed % 3 == 0
        rows: list[dict[str, Any]] = []
        for step in tape.steps:
            if wide:
                step.quotes = [(name, price) for name, price in step.quotes if name in model.feeds]
                step.sent = {}
            quotes = [(name, price, step.sent.get(name)) for name, price in step.quotes]
            rows.append(wanted(model.update(step.time, quotes)))
        core = pc.IndexPrice(rules, "BTC")
        table = wide_table(tape.steps, rng) if wide else long_table(tape.steps, rng)
        found = list(table_differences(core.run(table), rows))
        found += source_differences(core, model)
        report(f"draw_index_tape({seed}, table=True), {'wide' if wide else 'long'}", found)
        streamed = pc.IndexPrice(rules, "BTC")
        for step in tape.steps:
            act(streamed, step, rng)
        assert streamed.digest == core.digest, seed

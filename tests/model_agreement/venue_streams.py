"""Random streams through `pc.Venue` and through the model of one: every event, column by column, and what is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from tests.model.venue import Venue, changes, read_rules
from tests.model.venue.compare import (
    DifferenceError,
    Ids,
    as_expected,
    as_got,
    cells,
    learn,
    model_rows,
    state_rows,
    units,
)
from tests.model.venue.dry_run import dry_run
from tests.model.venue.fitting import is_unfit
from tests.model.venue.streams import resolve, stream

import perpcore as pc

TYPES = {
    "time": pa.int64(),
    "until": pa.int64(),
    "sent": pa.int64(),
    "investor_until": pa.int64(),
    "knowledge_until": pa.int64(),
    "order": pa.uint64(),
    "reduce_only": pa.bool_(),
}
TOGETHER = 40  # rows of a table
LOOK_EVERY = 100  # commands between two looks at ledger, positions and statuses


def core_reader(text: str) -> tuple[str, str]:
    """Which text is a rulebook, what it extends, and its digest, is the core's own word."""
    try:
        rules = pc.Rulebook.parse(text)
    except pc.errors.RulebookError as error:
        raise ValueError(str(error)) from error
    return rules.to_toml() if "extends" in text else text, rules.digest


def core_venue(text: str) -> Any:
    """The venue under test."""
    return pc.Venue(pc.Rulebook.parse(text))


def table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows of `commands`."""
    names = {"kind": None, **dict.fromkeys(name for row in rows for name in row)}
    return pa.table({name: pa.array([row.get(name) for row in rows], TYPES.get(name, pa.string())) for name in names})


def events_of(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Rows, times in nanoseconds."""
    at = batch.schema.get_field_index("time")
    times = batch.column(at).cast(pa.int64())
    rows: list[dict[str, Any]] = batch.set_column(at, pa.field("time", pa.int64()), times).to_pylist()
    return rows


class Player:
    """perpcore's venue by itself; orders are numbered as they are accepted, instrument by instrument."""

    def __init__(self, text: str) -> None:
        self.core, self.ids = core_venue(text), Ids()

    def apply(self, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The events of one row, its orders numbered."""
        got = events_of(self.core.apply(table([cells(dict(row), self.ids)])))
        for event in got:
            key = (event["instrument"], event["order"])
            if event["kind"] == "accepted" and event["order"] and key not in self.ids.known:
                number = 1 + sum(name == event["instrument"] for name, _ in self.ids.back)
                self.ids.learn(event["order"], (event["instrument"], number))
        return [as_got(event, self.ids) for event in got]


class Replay:
    """One stream through both. Rows wait for each other, so that the core gets them in tables of several."""

    def __init__(self, seed: int, flavor: str, length: int) -> None:
        self.where = (seed, flavor, length)
        text, self.rows = stream(seed, flavor, length)
        self.core, self.model, self.ids = core_venue(text), Venue(read_rules(text, core_reader)), Ids()
        self.waiting: list[tuple[int, dict[str, Any]]] = []
        self.expected: list[tuple[int, dict[str, Any]]] = []  # each with the index of its command

    def run(self) -> None:
        """Raises the first difference."""
        index = 0
        for index, row in enumerate(self.rows):
            command = resolve(row, self.model)
            if self.names_unknown(command):
                self.compare()
            if command.get("kind") == "activate_rulebook":
                self.compare()
                compare_dry_runs(self.core, self.model, (*self.where, index), command)
            self.waiting.append((index, command))
            self.expected += [(index, event) for event in self.model.apply(command)]
            if len(self.waiting) == TOGETHER:
                self.compare()
            if index % LOOK_EVERY == 0:
                self.compare()
                compare_states(self.core, self.model, (*self.where, index), command)
        self.compare()
        compare_states(self.core, self.model, (*self.where, index), {})

    def names_unknown(self, command: Mapping[str, Any]) -> bool:
        """Whether a row names an order whose id the core has not told yet."""
        named = (command.get("instrument"), command.get("order"))
        return command.get("kind") in ("amend", "cancel") and "order" in command and named not in self.ids.back

    def compare(self) -> None:
        """The rows that wait, through the core."""
        if not self.waiting:
            return
        rows = [cells(command, self.ids) for _, command in self.waiting]
        got = events_of(self.core.apply(table(rows)))
        learn([event for _, event in self.expected], got, self.ids)
        mine = [as_expected(event, self.ids) for _, event in self.expected]
        theirs = [as_got(event, self.ids) for event in got]
        if mine != theirs:
            at = next(
                (at for at, pair in enumerate(zip(mine, theirs, strict=False)) if pair[0] != pair[1]), len(mine) - 1
            )
            index = self.expected[max(0, at)][0] if self.expected else self.waiting[0][0]
            raise DifferenceError(*self.where, index, dict(self.waiting)[index], mine, theirs)
        self.waiting, self.expected = [], []


def replay(seed: int, flavor: str, length: int) -> None:
    """One stream; raises where it differs."""
    Replay(seed, flavor, length).run()


def compare_states(core: Any, model: Venue, where: tuple[int, str, int, int], command: Mapping[str, Any]) -> None:
    """Ledger, positions, and the status of every account."""
    for (name, mine), (_, theirs) in zip(model_rows(model), state_rows(core), strict=True):
        if mine != theirs:
            raise DifferenceError(*where, dict(command), mine, theirs, name)
    mine = list(model_statuses(model))
    names = ("account", "status", "isolated_status")
    theirs = [{name: row[name] for name in names} for row in core.accounts().to_pylist()]
    if mine != theirs:
        raise DifferenceError(*where, dict(command), mine, theirs, "statuses")


def compare_dry_runs(core: Any, model: Venue, where: tuple[int, str, int, int], command: Mapping[str, Any]) -> None:
    """What a rulebook would do now, whether or not it is refused."""
    rules = changes.read(model, command["rulebook"])
    if rules is None or is_unfit(model, rules):
        return
    mine = dry_run(model, rules)
    theirs = core.dry_run(pc.Rulebook.parse(command["rulebook"])).to_pylist()
    numbers = ("equity", "maintenance_margin", "notional", "forced", "limit", "excess")
    theirs = [row | {name: units(row[name]) for name in numbers} for row in theirs]
    if mine != theirs:
        raise DifferenceError(*where, dict(command), mine, theirs, "dry runs")


def model_statuses(model: Venue) -> Iterator[dict[str, Any]]:
    """As `venue.accounts()` has them."""
    order = ("undecided", "bankrupt", "liquidation", "margin_call", "healthy")
    for holder in model.open_holders():
        buckets = [
            holder.statuses.get(name, "healthy")
            for (name, mode), own in holder.positions.items()
            if mode == "isolated" and (own.quantity or own.cost or own.margin)
        ]
        yield {
            "account": holder.name,
            "status": holder.statuses.get(None, "healthy"),
            "isolated_status": min(buckets, key=order.index) if buckets else None,
        }

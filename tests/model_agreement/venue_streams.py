"""Random streams through `pc.Venue` and through the model of one: every event, column by column, and what is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
from tests.model.venue import Venue, read_rules
from tests.model.venue.compare import DifferenceError, Ids, as_expected, as_got, cells, learn, model_rows, state_rows
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
LOOK_EVERY = 100  # commands between two looks at ledger, positions and statuses


def core_venue(text: str) -> Any:
    """The venue under test."""
    return pc.Venue(pc.Rulebook.parse(text))


def table(row: Mapping[str, Any]) -> pa.Table:
    """One row of `commands`."""
    columns = {"kind": pa.array([row.get("kind")], pa.string())}
    columns |= {name: pa.array([value], TYPES.get(name, pa.string())) for name, value in row.items() if name != "kind"}
    return pa.table(columns)


def events_of(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Rows, times in nanoseconds."""
    at = batch.schema.get_field_index("time")
    times = batch.column(at).cast(pa.int64())
    return batch.set_column(at, pa.field("time", pa.int64()), times).to_pylist()


class Player:
    """perpcore's venue by itself; orders are numbered as they are accepted, instrument by instrument."""

    def __init__(self, text: str) -> None:
        self.core, self.ids = core_venue(text), Ids()

    def apply(self, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The events of one row, its orders numbered."""
        got = events_of(self.core.apply(table(cells(dict(row), self.ids))))
        for event in got:
            key = (event["instrument"], event["order"])
            if event["kind"] == "accepted" and event["order"] and key not in self.ids.known:
                number = 1 + sum(name == event["instrument"] for name, _ in self.ids.back)
                self.ids.learn(event["order"], (event["instrument"], number))
        return [as_got(event, self.ids) for event in got]


def replay(seed: int, flavor: str, length: int) -> tuple[Any, Venue]:
    """Raises the first difference; what is left of both."""
    text, rows = stream(seed, flavor, length)
    core, model, ids = core_venue(text), Venue(read_rules(text)), Ids()
    for index, row in enumerate(rows):
        command = resolve(row, model)
        expected = model.apply(command)
        got = events_of(core.apply(table(cells(command, ids))))
        learn(expected, got, ids)
        mine = [as_expected(event, ids) for event in expected]
        theirs = [as_got(event, ids) for event in got]
        if mine != theirs:
            raise DifferenceError(seed, flavor, length, index, command, mine, theirs)
        if index % LOOK_EVERY == 0:
            compare_states(core, model, (seed, flavor, length, index), command)
    compare_states(core, model, (seed, flavor, length, length), {})
    return core, model


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

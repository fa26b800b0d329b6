"""A stream through perpcore and through the model, side by side; what differs is told with how to see it again.

Ids of orders are the core's own: they are compared through the numbers of the model, learned from `accepted`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .stream_setting import Row
from .venue import Venue

PLAIN = (
    "seq", "time", "cause", "kind", "code", "account", "instrument", "client_id", "trade", "other_account",
    "aggressor", "asset", "before", "after", "rule",
)  # fmt: skip
NUMBERS = ("quantity", "price", "amount", "balance")
RENAMED = {"class": "cls", "other_class": "other_cls"}
ORDERS = ("order", "other_order")
REPORTS = ("adl", "adl_report", "adl_report_due")  # their orders are numbers of reports
CONTEXT = 3  # rows shown before the first that differs
UNKNOWN = 2**40  # what an order is called that is not known


@dataclass
class DifferenceError(Exception):
    """The first one of a stream."""

    seed: int
    flavor: str
    length: int
    index: int
    command: Row
    expected: list[Row]
    got: list[Row]
    what: str = "events"

    def __str__(self) -> str:
        lines = [
            f"seed {self.seed}, flavor {self.flavor}, length {self.length}, command {self.index}: {self.what} differ",
            f"  command  {self.command}",
        ]
        both = zip(self.expected, self.got, strict=False)
        same = next(
            (at for at, (mine, theirs) in enumerate(both) if mine != theirs), min(len(self.expected), len(self.got))
        )
        window = slice(max(0, same - CONTEXT), same + 2 * CONTEXT)
        lines.append(f"  from row {window.start} of {len(self.expected)} and {len(self.got)}")
        lines += [f"  expected {shown(row)}{'' if row in self.got else '   <<<'}" for row in self.expected[window]]
        lines += [f"  got      {shown(row)}{'' if row in self.expected else '   <<<'}" for row in self.got[window]]
        return "\n".join(lines)


def shown(row: Row) -> str:
    """What is not null."""
    return " ".join(f"{name}={value}" for name, value in row.items() if value is not None)


@dataclass
class Ids:
    """The core's ids of orders, one book each, beside the model's numbers."""

    known: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    back: dict[tuple[str, int], int] = field(default_factory=dict)

    def learn(self, core: int, model: tuple[str, int]) -> None:
        """From an order that both accepted."""
        self.known[model[0], core] = model
        self.back[model] = core


def cells(row: Row, ids: Ids) -> Row:
    """A row as the core takes it."""
    made = dict(row)
    if row.get("kind") in ("amend", "cancel") and "order" in row:
        made["order"] = ids.back.get((row.get("instrument", ""), row["order"]), UNKNOWN)
    return made


def units(value: Decimal | None) -> int | None:
    """In grid units."""
    return None if value is None else int(value.scaleb(8))


def as_got(event: Mapping[str, Any], ids: Ids) -> Row:
    """An event of the core, its orders as the model numbers them."""
    row: Row = {name: event[name] for name in PLAIN}
    row |= {name: units(event[name]) for name in NUMBERS}
    row |= {name: event[name] for name in RENAMED}
    for name in ORDERS:
        value = event[name]
        in_a_book = value is not None and event["instrument"] is not None and event["kind"] not in REPORTS
        row[name] = ids.known.get((event["instrument"], value), "unknown") if in_a_book else value
    row["note"] = event.get("note")
    return row


def as_expected(event: Mapping[str, Any], ids: Ids) -> Row:
    """An event of the model with all columns."""
    row: Row = {name: event.get(name) for name in (*PLAIN, *NUMBERS)}
    row |= {name: event.get(own) for name, own in RENAMED.items()}
    for name in ORDERS:
        value = event.get(name)
        row[name] = "unknown" if isinstance(value, tuple) and value not in ids.back else value
    row["note"] = event.get("note")
    return row


def learn(expected: Sequence[Mapping[str, Any]], got: Sequence[Mapping[str, Any]], ids: Ids) -> None:
    """From every acceptance of an order, pair by pair."""
    for mine, theirs in zip(expected, got, strict=False):
        if mine["kind"] == theirs["kind"] == "accepted" and mine.get("order") is not None and theirs["order"]:
            ids.learn(theirs["order"], mine["order"])


def state_rows(venue: Any) -> Iterator[tuple[str, list[Row]]]:
    """Ledger and positions of the core, in grid units."""
    ledger = venue.ledger().to_pylist()
    yield "ledger", [row | {"amount": units(row["amount"]), "held": units(row["held"])} for row in ledger]
    positions = venue.positions().to_pylist()
    for row in positions:
        row |= {
            "quantity": units(row["quantity"]),
            "cost": int(row["cost"].scaleb(16)),
            "isolated_margin": units(row["isolated_margin"]),
        }
        del row["entry_price"]
    yield "positions", positions


def model_rows(venue: Venue) -> Iterator[tuple[str, list[Row]]]:
    """The same of the model."""
    yield "ledger", venue.ledger_rows()
    yield "positions", venue.position_rows()

"""`perpcore book replay FILE`: a file of commands through an order book."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from .._tables import compute, pa
from ..event import Level
from ..orderbook import OrderBook
from .output import BadInput, json_text, show_rows, write_output
from .source import load_rulebook
from .stream import SLICE, carried_out, read_commands

__all__ = ["book"]

_SLICE = SLICE
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def book() -> None:
    """Order books."""


@book.command()
@click.argument("commands", type=_FILE)
@click.option("-r", "--rulebook", "rules", required=True, metavar="PRESET|FILE", help="The rules.")
@click.option("--instrument", metavar="NAME", help="Whose book it is. Default: the only instrument of the rulebook.")
@click.option("-o", "--output", type=_FILE, help="Write the events (.parquet, .arrow, .feather, .csv).")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def replay(commands: Path, rules: str, instrument: str | None, output: Path | None, as_json: bool) -> None:
    """Carry out the commands in a file, as `schema("commands")` has them, and tell what they did.

    Exit 1 where a command was rejected, 2 where the file is none of commands.
    """
    rulebook = load_rulebook(rules)
    if instrument is None:
        if len(rulebook.instruments) != 1:
            raise BadInput(f"--instrument says which book: {', '.join(rulebook.instruments)}")
        instrument = rulebook.instruments[0]
    table = read_commands(commands)
    played = OrderBook(rulebook, instrument)
    events = carried_out(played.apply, table, _SLICE)
    told = _summary(played, len(table), events)
    if output is not None:
        write_output(events, output)
    if as_json:
        click.echo(json_text(told))
    else:
        _show(told)
    if told["rejected"]:
        raise click.exceptions.Exit(1)


def _summary(played: OrderBook, commands: int, events: Any) -> dict[str, Any]:
    rejected = events.filter(compute.equal(events["kind"].cast(pa.string()), "rejected"))
    bid, ask = played.best
    return {
        "instrument": played.instrument,
        "commands": commands,
        "events": dict(Counter(events["kind"].to_pylist())),
        "rejected": dict(Counter(rejected["code"].to_pylist())),
        "orders": len(played),
        "phase": played.phase,
        "bid": _level(bid),
        "ask": _level(ask),
        "digest": played.digest,
    }


def _level(level: Level | None) -> dict[str, Any] | None:
    return None if level is None else level._asdict()


def _show(told: dict[str, Any]) -> None:
    click.echo(f"{told['instrument']}, {told['phase']}: {told['commands']:,} commands, {told['orders']:,} orders left")
    rows = [{"event": kind, "code": None, "count": count} for kind, count in told["events"].items()]
    rows += [{"event": "rejected", "code": code, "count": count} for code, count in told["rejected"].items()]
    show_rows(sorted(rows, key=lambda row: (row["event"], row["code"] or "")), ("event", "code", "count"))
    sides = [{"side": side, **told[side]} for side in ("bid", "ask") if told[side] is not None]
    if sides:
        show_rows(sides, ("side", "price", "quantity", "orders"), title="best")
    click.echo(f"digest {told['digest']}")

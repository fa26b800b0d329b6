"""`perpcore price index | mark | funding FILE`: recorded quotes and books through the pricing rules."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from .._files import read_file
from .._tables import RecordBatch, Table, compute, pa
from ..errors import PerpcoreError
from ..funding import Funding
from ..index_price import IndexPrice
from ..mark_price import MarkPrice
from ..plot import plot_funding, plot_index, plot_mark
from .output import BadInput, json_text, output_options, show_rows, write_output
from .source import load_rulebook

__all__ = ["price"]

# Rows at a time: a look at Ctrl-C and a step of the progress bar every few milliseconds.
_SLICE = 100_000
# State changes and settlements shown; JSON and files have all.
_SHOWN = 40
_FILE = click.Path(dir_okay=False, path_type=Path)

_Run = Callable[[Table], RecordBatch]
_Verb = Callable[..., None]


@click.group()
def price() -> None:
    """Index, mark and funding from recorded quotes and books."""


def _options(command: Any) -> Any:
    """What the three verbs have in common."""
    options = (
        click.argument("file", type=_FILE),
        click.option("-r", "--rulebook", "rules", required=True, metavar="PRESET|FILE", help="The rules."),
        click.option("--plot", type=_FILE, help="Draw a chart (.png, .svg or .pdf)."),
        output_options,
    )
    for option in reversed(options):
        command = option(command)
    return command


@price.command()
@_options
@click.option("--underlying", metavar="NAME", required=True, help="Whose index.")
def index(file: Path, rules: str, plot: Path | None, output: Path | None, as_json: bool, underlying: str) -> None:
    """The index from quotes: time, source, price; or time and a column a source.

    Exit 1 where it was never live or thin, or was not after it first was.
    """
    made = IndexPrice(load_rulebook(rules), underlying)
    table = _read(file, "quotes")
    found = _through(table, made.run, cut="source" in table.column_names)
    changes = _changes(found, ("time", "state", "value", "groups", "reason"))
    states = Counter(found["state"].to_pylist())
    summary = {
        "underlying": made.underlying,
        "rows": len(table),
        "samples": len(found),
        "states": dict(states),
        "counters": made.counters(),
        "state": made.state,
        "value": made.value,
        "digest": made.digest,
        "changes": changes,
    }
    _finish(found, summary, plot, plot_index, output, as_json)
    _judge(changes)


@price.command()
@_options
@click.option("--instrument", metavar="NAME", help="Whose mark. Default: the only instrument of the rulebook.")
def mark(file: Path, rules: str, plot: Path | None, output: Path | None, as_json: bool, instrument: str | None) -> None:
    """The mark from what the market did: time with index, state, bid, ask, last and more, as schema("tops") has them.

    Exit 1 where it was never live or thin, or was not after it first was.
    """
    rulebook = load_rulebook(rules)
    made = MarkPrice(rulebook, instrument or _only("--instrument", rulebook.instruments))
    table = _read(file, "tops")
    found = _through(table, made.run)
    changes = _changes(found, ("time", "state", "mark", "rule", "bound", "inputs", "index"))
    summary = {
        "instrument": made.instrument,
        "rows": len(table),
        "states": dict(Counter(found["state"].to_pylist())),
        "rules": dict(Counter(map(str, found["rule"].to_pylist()))),
        "bounds": dict(Counter(map(str, found["bound"].drop_null().to_pylist()))),
        "state": made.state,
        "mark": made.mark,
        "digest": made.digest,
        "changes": changes,
    }
    _finish(found, summary, plot, plot_mark, output, as_json)
    _judge(changes)


@price.command()
@_options
@click.option("--instrument", metavar="NAME", help="Whose funding. Default: the only instrument of the rulebook.")
def funding(
    file: Path, rules: str, plot: Path | None, output: Path | None, as_json: bool, instrument: str | None
) -> None:
    """The funding rate from impact prices: time with index, state, impact_bid, impact_ask, mark.

    Exit 1 where an interval was missed or had too few samples.
    """
    rulebook = load_rulebook(rules)
    made = Funding(rulebook, instrument or _only("--instrument", rulebook.instruments))
    table = _read(file, "funding_inputs")
    found = _through(table, made.run)
    ended = found.filter(compute.is_valid(found["outcome"]))
    columns = ("time", "outcome", "rate", "samples", "slot", "missed", "cumulative")
    settlements = [{name: row[name] for name in columns} for row in ended.select(columns).to_pylist()]
    summary = {
        "instrument": made.instrument,
        "rows": len(table),
        "slots": len(found),
        "invalid": dict(Counter(map(str, found["reason"].drop_null().to_pylist()))),
        "digest": made.digest,
        "settlements": settlements,
    }
    _finish(found, summary, plot, plot_funding, output, as_json)
    if any(row["outcome"] != "settled" for row in settlements):
        raise click.exceptions.Exit(1)


def _only(option: str, names: Any) -> str:
    if len(names) != 1:
        raise BadInput(f"{option} says which one: {', '.join(names) or 'the rulebook has none'}")
    return str(names[0])


def _read(file: Path, table: str) -> Table:
    try:
        return read_file(file, table)
    except PerpcoreError:
        raise
    except (OSError, ValueError) as error:
        raise BadInput(str(error)) from error


def _through(table: Table, run: _Run, cut: bool = False) -> Table:
    """The rows of a table through `run`, some at a time; `cut`: only where the time changes."""
    batches: list[RecordBatch] = []
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("rows", total=len(table))
        for part in _parts(table, cut):
            batches.append(run(part))
            progress.advance(task, len(part))
    return pa.Table.from_batches(batches)


def _parts(table: Table, cut: bool) -> Iterator[Table]:
    start = 0
    while start < max(len(table), 1):
        end = min(start + _SLICE, len(table))
        while cut and start < end < len(table) and table["time"][end].equals(table["time"][end - 1]):
            end += 1
        yield table.slice(start, end - start)
        start = max(end, start + 1)


def _changes(found: Table, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """The first row, and those whose state is another one than in the row before."""
    if len(found) == 0:
        return []
    states = found["state"].combine_chunks().cast(pa.string())
    other = compute.not_equal(states.slice(1), states.slice(0, len(states) - 1))
    rows = pa.concat_arrays([pa.array([True]), other])
    return [dict(row) for row in found.filter(rows).select(columns).to_pylist()]


def _judge(changes: list[dict[str, Any]]) -> None:
    """Exit 1 where a price was never usable, or was not after it first was."""
    usable = [row["state"] in ("live", "thin") for row in changes]
    if not any(usable) or not all(usable[usable.index(True) :]):
        raise click.exceptions.Exit(1)


def _finish(
    found: Table,
    summary: dict[str, Any],
    plot: Path | None,
    draw: Callable[[Any, Path], None],
    output: Path | None,
    as_json: bool,
) -> None:
    if plot is not None:
        try:
            draw(found, plot)
        except (ImportError, OSError, ValueError) as error:
            raise BadInput(str(error)) from error
        click.echo(f"drew {plot}", err=True)
    if output is not None:
        write_output(found, output)
    if as_json:
        click.echo(json_text(summary))
        return
    for name, value in summary.items():
        if isinstance(value, list):
            rows = [row | {"time": f"{row['time']:%Y-%m-%d %H:%M:%S}"} for row in value[:_SHOWN]]
            show_rows(rows, tuple(rows[0]) if rows else ("time",), title=name)
            if len(value) > _SHOWN:
                click.echo(f"… {len(value) - _SHOWN:,} more")
        elif isinstance(value, dict):
            click.echo(f"{name}: " + ", ".join(f"{word} {count:,}" for word, count in value.items()))
        else:
            click.echo(f"{name}: {value:,}" if isinstance(value, int) else f"{name}: {value}")

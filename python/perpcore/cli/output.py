"""How a verb shows a table: drawn on a terminal, plain when piped, as JSON, or written to a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table as Drawn

from .._files import SUFFIXES, write_file
from .._tables import RecordBatch, catalogue
from ..errors import PerpcoreError, RulebookError
from ..explanation import amount_text

__all__ = ["BadInput", "error_block", "json_text", "output_options", "show_rows", "write_output"]

# Problems shown of one error; the rest is counted. `.problems` in Python has up to 1,000.
_SHOWN = 20


class BadInput(click.ClickException):
    """What was given cannot be used: exit 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Prints the message as it is; it says itself what it is."""
        click.echo(self.format_message(), file=file, err=file is None)


def error_block(error: PerpcoreError) -> str:
    """A typed error as one block: what, where, the value, what would be accepted, further problems."""
    kind = type(error).__name__
    if isinstance(error, RulebookError) and "\n" not in str(error) and error.column is None:
        return f"{kind}: {error}"
    if isinstance(error, RulebookError):
        # Each problem of a rulebook is a line of its own, with its place.
        return f"{kind}\n{error}"
    entry = catalogue().get(error.code or "")
    where = ".".join(part for part in (error.table, error.column) if part)
    if error.row is not None:
        where += f", row {error.row}"
    lines = [f"{kind} {entry['number']} {error.code}: {entry['text']}" if entry else f"{kind}: {error}"]
    for label, value in (("where", where), ("value", error.value), ("accepted", error.accepted)):
        if value:
            lines.append(f"  {label:<9} {value}")
    further = error.problems.to_pylist()[1:]
    if further:
        lines.append(f"  and {len(further)} more:")
        lines += [f"    {problem['message'] or problem['code']}" for problem in further[:_SHOWN]]
        if len(further) > _SHOWN:
            lines.append(f"    … {len(further) - _SHOWN} more")
    return "\n".join(lines)


def output_options(command: Any) -> Any:
    """The options `--json` and `-o FILE` of a verb that shows a table."""
    kinds = ", ".join(SUFFIXES)
    command = click.option("--json", "as_json", is_flag=True, help="Print everything as JSON, amounts as text.")(
        command
    )
    return click.option(
        "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help=f"Write the whole table ({kinds})."
    )(command)


def write_output(batch: RecordBatch, path: Path) -> None:
    """Writes a table and says so; another suffix is bad input."""
    try:
        write_file(batch, path)
    except (OSError, ValueError) as error:
        raise BadInput(str(error)) from error
    click.echo(f"wrote {batch.num_rows:,} rows to {path}", err=True)


def json_text(value: Any) -> str:
    """JSON with exact amounts: a Decimal becomes its plain text."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def show_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], title: str = "") -> None:
    """Rows as a table: drawn with lines on a terminal, in plain columns otherwise. Numbers are right-aligned.

    Amounts are shown to the cent; JSON and files have them exactly.
    """
    listed = list(rows)
    cells = [[_cell(row.get(name)) for name in columns] for row in listed]
    heads = [name.replace("_", " ") for name in columns]
    numeric = [any(isinstance(row.get(name), (Decimal, int, float)) for row in listed) for name in columns]
    if title:
        click.echo(title)
    if sys.stdout.isatty():
        drawn = Drawn()
        for head, number in zip(heads, numeric, strict=True):
            drawn.add_column(head, justify="right" if number else "left", no_wrap=True)
        for line in cells:
            drawn.add_row(*line)
        Console().print(drawn)
        return
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    for line in (heads, *cells):
        padded = [
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, numeric, strict=True)
        ]
        click.echo("  ".join(padded).rstrip())


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case Decimal():
            return amount_text(round(value, 2))
        case bool():
            return str(value).lower()
        case int():
            return f"{value:,}"
        case float():
            return f"{value:.4f}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case _:
            return str(value)

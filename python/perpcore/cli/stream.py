"""A file of commands, carried out some at a time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from .._files import read_file
from .._tables import RecordBatch, Table, pa
from ..errors import PerpcoreError
from .output import BadInput

__all__ = ["SLICE", "carried_out", "read_commands"]

# Commands at a time: a look at Ctrl-C and a step of the progress bar every few milliseconds.
SLICE = 50_000


def read_commands(path: Path) -> Table:
    """The commands in a file; what is none is bad input."""
    try:
        return read_file(path, "commands")
    except PerpcoreError:
        raise
    except (OSError, ValueError) as error:
        raise BadInput(str(error)) from error


def carried_out(apply: Callable[[Table], RecordBatch], commands: Table, size: int) -> Any:
    """The events of commands, carried out so many at a time."""
    batches: list[RecordBatch] = []
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("commands", total=len(commands))
        for start in range(0, max(len(commands), 1), size):
            batches.append(apply(commands.slice(start, size)))
            progress.advance(task, size)
    # All are of the rulebook in force at the end, as those of one table.
    return pa.Table.from_batches(batches, schema=batches[-1].schema)

"""A book is a plain dict of tables; on disk it is a folder of files named like them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ._files import SUFFIXES, read_file, write_file
from ._inputs import producer
from ._tables import Table, table_of

__all__ = ["TABLES", "read_book", "write_book"]

TABLES = ("positions", "balances", "prices", "orders", "accounts", "scenarios")


def read_book(folder: str | os.PathLike[str]) -> dict[str, Table]:
    """The book in a folder: `positions`, `balances`, `prices`, `orders`, `accounts`, `scenarios`, those that are there.

    Files are named like the tables, as .parquet, .arrow, .feather (Arrow IPC) or .csv. In CSV, ids are text as
    written, numbers are read from their text, an empty field is null; nothing is inferred.

    Raises FileNotFoundError where there is no table, ValueError for two files of one table, for a name that looks
    like a misspelled table and for a file that cannot be read as what its suffix says, SchemaError for a CSV
    field that does not fit its column.

    >>> import tempfile, perpcore as pc
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pc.write_book({"balances": {"account": ["007"], "asset": ["USD"], "amount": ["1.50"]}}, folder, "csv")
    ...     pc.read_book(folder)["balances"].to_pylist()
    [{'account': '007', 'asset': 'USD', 'amount': '1.50'}]
    """
    place = Path(folder)
    if not place.is_dir():
        raise FileNotFoundError(f"{place}: no such folder; a book is a folder of {_looked_for()}")
    found: dict[str, Path] = {}
    for path in sorted(place.iterdir()):
        if path.suffix not in SUFFIXES or not path.is_file():
            continue
        if path.stem in found:
            raise ValueError(f"{place}: two files of one table, {found[path.stem].name} and {path.name}")
        if path.stem in TABLES:
            found[path.stem] = path
        elif meant := difflib.get_close_matches(path.stem, TABLES, n=1, cutoff=0.8):
            # A misspelled table left out would be a wrong result without a word.
            raise ValueError(f"{path}: not a table of a book; did you mean {meant[0]}{path.suffix}?")
    if not found:
        raise FileNotFoundError(f"{place}: no table found; looked for {_looked_for()}")
    return {table: read_file(found[table], table) for table in TABLES if table in found}


def write_book(book: Mapping[str, Any], folder: str | os.PathLike[str], form: str = "parquet") -> None:
    """Writes a book into a folder, one file a table, as `form`: parquet, arrow, feather or csv.

    Raises ValueError for another form or an unknown table.

    >>> import os, tempfile, perpcore as pc
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pc.write_book({"balances": {"account": ["A"], "asset": ["USD"], "amount": ["1"]}}, folder)
    ...     os.listdir(folder)
    ['balances.parquet']
    """
    if unknown := sorted(set(book) - set(TABLES)):
        raise ValueError(f"a book has the tables {', '.join(TABLES)}, not {', '.join(unknown)}")
    for table, value in book.items():
        if value is not None:
            write_file(table_of(producer(table, value)), Path(folder) / f"{table}.{form}")


def _looked_for() -> str:
    return f"{', '.join(TABLES)} as {', '.join(SUFFIXES)}"

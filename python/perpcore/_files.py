"""One table, one file: Parquet, Arrow IPC or CSV, told by the suffix.

CSV carries no types, and none are guessed: ids stay text as written, numbers stay text for the core to read exactly,
an empty field is null. Only columns that the core declares as booleans, times or `_e8` integers are converted.
"""

from __future__ import annotations

import csv as text_csv
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from ._inputs import refuse
from ._tables import RecordBatch, Table, compute, csv, declared, ipc, pa, parquet, plain_ids

__all__ = ["SUFFIXES", "read_file", "write_file"]


def _read_parquet(path: Path, _table: str) -> Table:
    found: Table = parquet().ParquetFile(path).read()
    return found


def _read_ipc(path: Path, _table: str) -> Table:
    with pa.memory_map(str(path)) as source:
        try:
            found: Table = ipc().open_file(source).read_all()
        except pa.ArrowInvalid:
            source.seek(0)
            found = ipc().open_stream(source).read_all()
    return found


def _read_csv(path: Path, table: str) -> Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = next(text_csv.reader(file), [])
    types = dict.fromkeys(names, pa.string())
    convert = csv().ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True)
    parse = csv().ParseOptions(newlines_in_values=True)
    read = csv().read_csv(path, convert_options=convert, parse_options=parse)
    columns = [_typed(table, name, column) for name, column in zip(names, read.columns, strict=True)]
    found: Table = pa.Table.from_arrays(columns, names=names)
    return found


_READERS: dict[str, Callable[[Path, str], Table]] = {
    ".parquet": _read_parquet,
    ".arrow": _read_ipc,
    ".feather": _read_ipc,
    ".csv": _read_csv,
}

SUFFIXES = tuple(_READERS)


def read_file(path: Path, table: str) -> Table:
    """The table in a file. `table` is its name, for the types of CSV columns and for messages.

    Raises OSError where the file cannot be read, ValueError where it is not what its suffix says, SchemaError for a
    CSV field that does not fit its column.
    """
    if path.suffix not in _READERS:
        raise ValueError(f"{path}: a table is read from {', '.join(SUFFIXES)}")
    try:
        return _READERS[path.suffix](path, table)
    except pa.ArrowInvalid as error:
        raise ValueError(f"{path}: not a readable {path.suffix} file: {error}") from error


def _typed(table: str, name: str, column: Any) -> Any:
    """A CSV column in the type that the core wants, where text will not do."""
    if name.endswith("_e8"):
        return _each(table, name, column, lambda text: text.cast(pa.int64()), "a whole number in raw grid units")
    kind = declared(table).get(name)
    if kind is None:
        return column
    if pa.types.is_boolean(kind):
        return _each(table, name, column, _booleans, "true or false")
    if pa.types.is_timestamp(kind):
        return _each(table, name, column, _times, "nanoseconds since 1970, or ISO 8601 with a zone")
    return column


def _booleans(column: Any) -> Any:
    words = compute.index_in(compute.utf8_lower(column), value_set=pa.array(["false", "true", "0", "1"]))
    if words.null_count != column.null_count:
        raise pa.ArrowInvalid("not a boolean")
    return compute.equal(compute.bit_wise_and(words, 1), 1)


def _times(column: Any) -> Any:
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:
        return column.cast(pa.timestamp("ns", tz="UTC"))


def _each(table: str, name: str, column: Any, convert: Callable[[Any], Any], accepted: str) -> Any:
    try:
        return convert(column)
    except pa.ArrowInvalid:
        for row, value in enumerate(column.to_pylist()):
            try:
                convert(pa.array([value], pa.string()))
            except pa.ArrowInvalid as error:
                refuse(table, name, "the field does not fit", row=row, value=value, accepted=accepted, cause=error)
        raise


def write_file(table: Table | RecordBatch, path: Path) -> None:
    """Writes a table; the folder is made if needed. Raises ValueError for another suffix."""
    if path.suffix not in SUFFIXES:
        raise ValueError(f"{path}: a table is written as {', '.join(SUFFIXES)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = pa.table(table)
    if path.suffix == ".parquet":
        parquet().write_table(whole, path)
    elif path.suffix == ".csv":
        plain = [_as_text(column) for column in whole.columns]
        csv().write_csv(pa.Table.from_arrays(plain, names=whole.column_names), path)
    else:
        with ipc().new_file(str(path), whole.schema) as sink:
            sink.write_table(whole)


def _as_text(column: Any) -> Any:
    """A column as CSV writes it exactly: decimals in plain notation, dictionaries by value, times with their zone."""
    column = plain_ids(column)
    if pa.types.is_decimal(column.type):
        return pa.array([_plain(value) for value in column.to_pylist()], pa.string())
    if pa.types.is_timestamp(column.type):
        return compute.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
    return column


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")

"""The gate to pyarrow: the only module that imports it, and what the others need of it.

Nothing here knows a rule. `pa` and `compute` are deliberately untyped: pyarrow ships no annotations, and a
third-party stub package must not decide whether this package type-checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pyarrow
import pyarrow.compute
from pyarrow import RecordBatch, RecordBatchReader, Schema, Table

from . import _core

__all__ = [
    "RecordBatch",
    "RecordBatchReader",
    "Schema",
    "Table",
    "catalogue",
    "compute",
    "csv",
    "declared",
    "displayed",
    "imported",
    "ipc",
    "one_batch",
    "pa",
    "parquet",
    "plain_ids",
    "problems_batch",
    "schema",
    "table_of",
]

pa: Any = pyarrow
compute: Any = pyarrow.compute

# Columns of `PerpcoreError.problems`, in order.
_PROBLEMS: Any = pa.schema(
    [
        ("number", pa.int32()),
        ("code", pa.string()),
        ("table", pa.string()),
        ("column", pa.string()),
        ("row", pa.int64()),
        ("value", pa.string()),
        ("accepted", pa.string()),
        ("message", pa.string()),
    ]
)


def parquet() -> Any:
    """`pyarrow.parquet`, imported when first used: loading it takes longer than an assessment."""
    import pyarrow.parquet

    return pyarrow.parquet


def csv() -> Any:
    """`pyarrow.csv`, imported when first used."""
    import pyarrow.csv

    return pyarrow.csv


def ipc() -> Any:
    """`pyarrow.ipc`, imported when first used."""
    import pyarrow.ipc

    return pyarrow.ipc


def schema(name: str) -> Schema:
    """The Arrow schema of a table, its columns in the canonical form of each.

    `name` is one of the tables of `describe()["tables"]`, as `positions` or `lines`. A number column is accepted in
    more forms than the one named here (decimals, integers, float64, text, `_e8`). An unknown name is refused.

    >>> import perpcore as pc
    >>> pc.schema("positions").names[:3]
    ['account', 'instrument', 'quantity']
    """
    found: Schema = pa.schema(_core.schema(name))
    return found


@cache
def declared(table: str) -> Mapping[str, Any]:
    """Column name → Arrow type of a table, as the core declares it."""
    return {field.name: field.type for field in pa.schema(_core.schema(table))}


@cache
def catalogue() -> Mapping[str, Mapping[str, Any]]:
    """Error code → its entry in the catalogue: number, name, class, text, accepted."""
    return {entry["name"]: entry for entry in _core.describe()["errors"]}


def imported(batch: _core.Batch) -> RecordBatch:
    """A batch of the core as a pyarrow RecordBatch, without a copy."""
    found: RecordBatch = pa.record_batch(batch)
    return found


def table_of(producer: object) -> Table:
    """Anything with the Arrow C interface as a pyarrow Table, without a copy."""
    found: Table
    if hasattr(producer, "__arrow_c_stream__"):
        found = pa.table(producer)
    else:
        found = pa.Table.from_batches([pa.record_batch(producer)])
    return found


def one_batch(table: Any) -> RecordBatch:
    """A table as a single RecordBatch; an empty one keeps its schema."""
    batches = table.combine_chunks().to_batches()
    if not batches:
        return RecordBatch.from_pylist([], schema=table.schema)
    found: RecordBatch = batches[0]
    return found


def plain_ids(column: Any) -> Any:
    """An id column without its dictionary and as `string` or an integer type, so that two can be compared."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    return column


def displayed(batch: RecordBatch, *, decimals: bool) -> RecordBatch:
    """The batch for a data frame: ids without dictionaries; decimals as float64 unless `decimals`."""
    names, arrays = [], []
    for field, column in zip(batch.schema, batch.columns, strict=True):
        if pa.types.is_dictionary(field.type):
            column = plain_ids(column)
        elif pa.types.is_decimal(field.type) and not decimals:
            column = column.cast(pa.float64(), safe=False)
        names.append(field.name)
        arrays.append(column)
    shown: RecordBatch = pa.RecordBatch.from_arrays(arrays, names=names)
    return shown


def problems_batch(problems: Iterable[Mapping[str, Any]]) -> RecordBatch:
    """Problems as a batch; the number of a code comes from the catalogue where it is not given."""
    entries = catalogue()
    numbers = {name: entries[name]["number"] for name in entries}
    rows = [{"number": numbers.get(problem.get("code", "")), **problem} for problem in problems]
    found: RecordBatch = pa.RecordBatch.from_pylist(rows, schema=_PROBLEMS)
    return found

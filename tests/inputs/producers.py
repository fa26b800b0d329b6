"""Every library that speaks the Arrow C interface, and plain Python, as a way to hand a table over."""

from collections import OrderedDict
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import duckdb
import nanoarrow
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

Convert = Callable[[pa.Table], Any]


def cut(table: pa.Table, size: int) -> pa.Table:
    return pa.Table.from_batches(table.to_batches(max_chunksize=size), table.schema)


def inside(table: pa.Table) -> pa.Table:
    """A slice of a longer table whose rows around it would be refused."""
    nonsense = pa.table({name: pa.nulls(2, table.schema.field(name).type) for name in table.column_names})
    return pa.concat_tables([nonsense, table, nonsense]).combine_chunks().slice(2, table.num_rows)


def struct_array(table: pa.Table) -> pa.StructArray:
    return table.combine_chunks().to_struct_array().combine_chunks()


def through_duckdb(table: pa.Table) -> Any:
    connection = duckdb.connect()
    connection.register("given", table)
    return connection.sql("select * from given")


PRODUCERS: dict[str, Convert] = {
    "pyarrow table": lambda table: table,
    "pyarrow batch": lambda table: table.combine_chunks().to_batches()[0],
    "pyarrow chunks of one": lambda table: cut(table, 1),
    "pyarrow chunks of two": lambda table: cut(table, 2),
    "pyarrow slice": inside,
    "pyarrow sliced batch": lambda table: inside(table).to_batches()[0],
    "pyarrow reader": lambda table: cut(table, 2).to_reader(),
    "pyarrow struct array": struct_array,
    "polars": pl.from_arrow,
    "polars rechunked": lambda table: pl.concat([pl.from_arrow(table[:1]), pl.from_arrow(table[1:])], rechunk=False),
    "pandas": lambda table: table.to_pandas(),
    "pandas with Arrow types": lambda table: table.to_pandas(types_mapper=pd.ArrowDtype),
    "pandas with another index": lambda table: table.to_pandas().set_index(pd.Index(range(7, 7 + table.num_rows))),
    "duckdb": through_duckdb,
    "nanoarrow array": lambda table: nanoarrow.Array(table.combine_chunks().to_batches()[0]),
    "nanoarrow stream": lambda table: nanoarrow.ArrayStream(cut(table, 2)),
    "nanoarrow c_array": lambda table: nanoarrow.c_array(table.combine_chunks().to_batches()[0]),
    "mapping of lists": lambda table: table.to_pydict(),
    "mapping of tuples": lambda table: {name: tuple(values) for name, values in table.to_pydict().items()},
    "mapping of Arrow arrays": lambda table: {name: table[name].combine_chunks() for name in table.column_names},
    "mapping of chunked arrays": lambda table: {name: cut(table, 2)[name] for name in table.column_names},
    "mapping of polars series": lambda table: {s.name: s for s in pl.from_arrow(table)},
    "mapping of pandas series": lambda table: dict(table.to_pandas().items()),
    "mapping of object arrays": lambda table: {k: np.array(v, dtype=object) for k, v in table.to_pydict().items()},
    "ordered mapping": lambda table: OrderedDict(table.to_pydict()),
    "read-only mapping": lambda table: MappingProxyType(table.to_pydict()),
}

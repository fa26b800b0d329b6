"""Books to keep a process busy with, and what is the same about two results."""

import hashlib
import os
from typing import Any

import pyarrow as pa

import perpcore as pc

SOAK = os.environ.get("PERPCORE_SOAK") == "1"


def load(accounts: int, seed: int = 7, **form: Any) -> tuple[pc.Rulebook, dict[str, pa.Table]]:
    found = pc.synth.workload(accounts=accounts, instruments=3, seed=seed, **form)
    return pc.Rulebook.parse(found.rulebook), found.book


def text_numbers(table: pa.Table) -> pa.Table:
    """The table with its raw numbers as text, which takes longest to read."""
    columns = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        if name.endswith("_e8"):
            decimals = pa.Array.from_buffers(pa.decimal128(28, 8), len(column), [None, wide(column)])
            columns[name.removesuffix("_e8")] = decimals.cast(pa.string())
        else:
            columns[name] = column
    return pa.table(columns)


def wide(column: pa.Array) -> pa.Buffer:
    """int64 values as the 128 bits of a decimal."""
    import numpy as np

    values = column.to_numpy()
    halves = np.empty((len(values), 2), np.int64)
    halves[:, 0], halves[:, 1] = values, values >> 63
    return pa.py_buffer(halves)


def figures(result: pc.Assessment) -> str:
    """A digest of all figures."""
    digest = hashlib.sha256()
    for batch in (result.accounts, result.isolated):
        plain = pa.table(batch).unify_dictionaries().combine_chunks()
        with pa.ipc.new_stream(Sink(digest), plain.schema) as writer:
            writer.write_table(plain)
    return digest.hexdigest()


class Sink:
    """A file that only a digest sees."""

    closed = False

    def __init__(self, digest: Any) -> None:
        self.digest = digest

    def write(self, data: Any) -> int:
        self.digest.update(data)
        return len(data)

    def flush(self) -> None: ...

    def close(self) -> None: ...

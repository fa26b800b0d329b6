"""Columns in blocks, by single kernels; and what stands where a source or the book says nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from ...tape import BOOK, SOURCES, Terms
from ...workload import Floats

Rows: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

BID, ASK, IMPACT_BID, IMPACT_ASK, LAST = range(len(SOURCES), len(SOURCES) + len(BOOK))
NO_ROWS: Rows = np.zeros(0, np.int64)
# Rows that are worked on together, so that they stay in the cache.
BLOCK = 28_800
# A source that is off for more rows than that is left out, not counted row by row.
_LONG = 3_600


def no_rows() -> Rows:
    return NO_ROWS


def arrow(series: Any, absent: Rows) -> Any:
    if not len(absent):
        return series.to_arrow()
    return pa.array(series.to_numpy(), mask=flags(len(series), absent))


def flags(count: int, rows: Rows) -> Flags:
    found = np.zeros(count, np.bool_)
    found[rows] = True
    return found


def where(mask: Any) -> Rows:
    """Where a mask is set, which it seldom is."""
    return np.flatnonzero(mask.to_numpy()) if mask.any() else NO_ROWS


def union(*rows: Rows) -> Rows:
    """Rows of any, rising."""
    some = [each for each in rows if len(each)]
    if len(some) < 2:
        return some[0] if some else NO_ROWS
    found: Rows = np.unique(np.concatenate(some))
    return found


def between(rows: Rows, start: int, end: int) -> slice:
    """Which of some rows, rising, lie between two."""
    return slice(*np.searchsorted(rows, (start, end)).tolist()) if len(rows) else slice(0, 0)


def joined(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else pl.concat(parts, rechunk=True)


def within(series: Any, low: Any, high: Any) -> Any:
    """Clamped, where the lower bound is not above the upper one."""
    raised = series.zip_with(series >= low, low)
    return raised.zip_with(raised <= high, high)


def medians(values: Floats) -> Floats:
    """The median of each column of those that are numbers; NaN where none is."""
    ranked = np.sort(values, axis=0)  # NaN last
    count = np.count_nonzero(~np.isnan(values), axis=0)
    each = np.arange(values.shape[1])
    found: Floats = (ranked[np.maximum(count - 1, 0) // 2, each] + ranked[count // 2, each]) / 2
    return found


@dataclass
class Column:
    """A column as it came, whatever stands in its nulls; their rows; and what was quoted last before each of these, NaN
    where it is too old to stand. `off`: none of its rows has anything.
    """

    series: Any
    values: Floats
    nulls: Rows = field(default_factory=no_rows)
    standing: Floats = field(default_factory=lambda: np.zeros(0))
    off: bool = False


class Quotes:
    def __init__(self, terms: Terms) -> None:
        # A null in a source or in trades is that nothing new was said, in the book that there is nothing.
        self._limits = np.array([terms.stale_after] * len(SOURCES) + [0] * (len(BOOK) - 1) + [terms.last_for])
        self._last = np.full(len(self._limits), np.nan)
        self._age = np.full(len(self._limits), 1 << 40)

    def cuts(self, columns: list[Any]) -> list[int]:
        """Where to cut a batch, so that a source that is off for long is off in all of a part."""
        cuts: set[int] = set()
        for column, age, limit in zip(columns[: len(SOURCES)], self._age, self._limits, strict=False):
            if column.null_count > _LONG:
                edges = np.flatnonzero(np.diff(column.is_null().to_numpy(zero_copy_only=False), prepend=0, append=0))
                for start, end in edges.reshape(-1, 2).tolist():
                    if end - start > _LONG:
                        cuts |= {start + max(0, limit - (0 if start else age)), end}
        return sorted(cuts - {0, len(columns[0])})

    def take(self, columns: list[Any]) -> list[Column]:
        count, width = len(columns[0]), (len(columns[0]) + 14) // 8
        missing = np.zeros((len(columns), width), np.uint8)
        shifts = np.zeros(len(columns), np.int64)
        found: list[Column] = []
        for at, column in enumerate(columns):
            bits, numbers = column.buffers()
            plain = pa.Array.from_buffers(pa.float64(), count, [None, numbers], 0, column.offset)
            found.append(Column(pl.Series(plain), plain.to_numpy()))
            if column.null_count == count and self._age[at] >= self._limits[at]:
                found[-1].off = True
            elif column.null_count:
                first, shifts[at] = divmod(column.offset, 8)
                valid = np.frombuffer(bits, np.uint8)[first : first + width]
                np.invert(valid, out=missing[at, : len(valid)])
        # The nulls of all columns at once: which, where, and how many in a row up to each.
        octets = missing.ravel()
        some = np.flatnonzero(octets != 0)
        unset = np.flatnonzero(np.unpackbits(octets[some], bitorder="little").view(np.bool_))
        which, row = np.divmod(some[unset >> 3] * 8 + (unset & 7), width * 8)
        row -= shifts[which]
        inside = (row >= 0) & (row < count)
        if not inside.all():
            which, row = which[inside], row[inside]
        number = np.arange(len(row))
        begins = row == 0
        begins[1:] |= (row[1:] - row[:-1] != 1) | (which[1:] != which[:-1])
        age = number - np.maximum.accumulate(np.where(begins, number, 0)) + 1
        source = row - age
        carried = source < 0
        age[carried] += self._age[which[carried]]
        old = age > self._limits[which]
        for at, (column, (start, end)) in enumerate(
            zip(found, pairwise(np.searchsorted(which, np.arange(len(columns) + 1)).tolist()), strict=True)
        ):
            part = slice(start, end)
            if column.off:
                self._age[at] += count
                column.nulls, column.standing = np.arange(count), np.full(count, np.nan)
                continue
            last, self._age[at] = column.values[-1], 0
            if start < end:
                column.nulls, column.standing = row[part], column.values[source[part]]
                column.standing[carried[part]] = self._last[at]
                if row[end - 1] == count - 1:
                    last, self._age[at] = column.standing[-1], age[end - 1]
                column.standing[old[part]] = np.nan
            self._last[at] = last
        return found

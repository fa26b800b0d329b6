"""Index, mark and funding in Polars, float64, from a tape of one row a second in batches.

Columns are Series, and whole columns are worked on by one kernel a step, in blocks that fit the cache; not by
expressions, whose every call costs as much as some kernels. Most rows need little. Where every source quotes within
about 1.5 % of one none is dropped or bounded, and that mean is the value; a price that stayed within 10 % all day
did not jump. The rows that need more are found by comparing whole columns and done apart, with NumPy: where a source
says nothing new, is too old, dropped or bounded, or where the mark has fewer than three inputs. While an index is not
live its state is followed row by row.

From batch to batch it carries the last quote of each column and its age, the state, the latest seconds of mid and
basis, and the sums of the interval. A row a second without a gap is taken for granted, but for a look at the ends of a
batch, and so is that every number is a price.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pyarrow as pa

from ...tape import BOOK, SECOND, SOURCES, STATES, Found, Terms
from .columns import Quotes, arrow
from .funding import Funding
from .index import Index
from .mark import Mark

__all__ = ["Prices"]

_WORDS = pa.array(STATES)


class Prices:
    """Index, mark and funding of one market."""

    def __init__(self, terms: Terms) -> None:
        self._quotes = Quotes(terms)
        self._index = Index(terms)
        self._mark = Mark(terms)
        self._funding = Funding(terms)
        self._next: int | None = None

    def feed(self, batch: pa.RecordBatch) -> Found:
        """The next rows."""
        times, count = batch.column("time"), batch.num_rows
        now = times[0].value // SECOND
        if times[-1].value // SECOND - now != count - 1 or self._next not in (None, now):
            raise ValueError("not a row a second")
        self._next = now + count
        given = [batch.column(name) for name in SOURCES + BOOK]
        cuts = [0, *self._quotes.cuts(given), count]
        made, rates = [], []
        for start, end in pairwise(cuts):
            table, settled = self._part(now + start, [column.slice(start, end - start) for column in [times, *given]])
            made.append(table)
            rates += [(now + start + row, rate) for row, rate in settled]
        return Found(made[0] if len(made) == 1 else pa.concat_batches(made), rates)

    def _part(self, now: int, given: list[Any]) -> tuple[pa.RecordBatch, list[tuple[int, float]]]:
        times, *given = given
        columns = self._quotes.take(given)
        index = self._index.take(now, columns)
        before = self._funding.rate
        settled = self._funding.take(now, index, columns)
        mark = self._mark.take(now, index, columns, [(0, before), *settled])
        state = pa.DictionaryArray.from_arrays(index.codes.to_arrow(), _WORDS, safe=False)
        made = [times, arrow(index.value, index.absent), state, arrow(mark, index.absent)]
        return pa.RecordBatch.from_arrays(made, names=["time", "index", "state", "mark"]), settled

"""`mark.median3`, in the band."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from ...tape import Terms
from ...workload import Floats
from .columns import ASK, BID, BLOCK, LAST, Column, Rows, between, flags, joined, medians, union, where, within
from .index import Values

# So many mids later, one of them weighs less than a float64 of the average can show.
_FADED = 1_100


class Mark:
    """`mark.median3`, in the band."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._left = pl.Series((terms.every - np.arange(terms.every)) / terms.every)
        # The latest seconds of mid − index, 0 where there is none, and where that is.
        self._tail: Any = pl.Series(np.zeros(terms.samples))
        self._empty = np.arange(terms.samples)
        # What mids weigh in their average, the latest last; and the latest so many of them together.
        self._weights = terms.ema ** np.arange(_FADED - 1.0, -1, -1)
        self._sums = np.cumsum(self._weights[::-1])
        # The latest mids and their seconds.
        self._mids, self._seconds = np.zeros(0), np.zeros(0, np.int64)

    def take(self, now: int, index: Values, columns: list[Column], rates: list[tuple[int, float]]) -> Any:
        """The marks, with a rate from each of some rows on."""
        terms, count = self._terms, len(index.value)
        bid, ask, last = (columns[at] for at in (BID, ASK, LAST))
        trades = last.values.copy()
        trades[last.nulls] = last.standing
        old = last.nulls[np.isnan(last.standing)]
        crossed = where(bid.series >= ask.series)
        no_mid = union(bid.nulls, ask.nulls, crossed)
        empty = union(no_mid, index.unusable)
        partly, present = self._counts(empty, count)
        rows = union(no_mid, old, partly[present == 0])
        marks, known, unbased = [], np.empty((2, len(rows))), np.searchsorted(rows, partly[present == 0])
        for start, end, rate in self._pieces(count, rates):
            value, low, high, trade = (
                series.slice(start, end - start) for series in (index.value, bid.series, ask.series, pl.Series(trades))
            )
            # The mean of mid − index in the seconds before.
            off = (low + high) * 0.5 - value
            some = empty[between(empty, start, end)] - start
            if len(some):
                off = off.scatter(some, 0.0)
            off = pl.concat([self._tail, off], rechunk=True)
            self._tail = off.tail(terms.samples)
            off = _sums(off, terms.samples)
            part = between(partly, start, end)
            few = partly[part] - start
            fewer = off.to_numpy()[few] / np.maximum(present[part], 1)
            off = off.head(end - start) * (1 / terms.samples)
            if len(few):
                off = off.scatter(few, fewer)
            based, carried = value + off, value
            if rate:
                carried = value * (self._left.slice((now + start) % terms.every, end - start) * rate + 1)
            less = carried < based
            book = within(trade, low, high)
            mark = within(book, carried.zip_with(less, based), based.zip_with(less, carried))
            low, high = value * (1 - terms.band), value * (1 + terms.band)
            if (mark < low).any() or (mark > high).any():
                mark = within(mark, low, high)
            marks.append(mark)
            part = between(rows, start, end)
            some = rows[part] - start
            if len(some):
                known[:, part] = carried.to_numpy()[some], based.to_numpy()[some]
        mark, known[1, unbased] = joined(marks), np.nan
        if len(rows):
            mark = mark.scatter(rows, self._in_full(now, index, columns, trades, rows, known, no_mid))
        self._keep(now, bid, ask, no_mid)
        return mark

    @staticmethod
    def _pieces(count: int, rates: list[tuple[int, float]]) -> Iterator[tuple[int, int, float]]:
        """Blocks with one rate each."""
        for (first, rate), (last, _) in pairwise([*rates, (count, 0.0)]):
            for start in range(first, last, BLOCK):
                yield start, min(start + BLOCK, last), rate

    def _counts(self, empty: Rows, count: int) -> tuple[Rows, Rows]:
        """The rows before which some seconds are empty, and how many are not."""
        samples = self._terms.samples
        empty = np.concatenate((self._empty, empty + samples))
        self._empty = empty[empty >= count] - count
        reached = (empty[:, None] - np.arange(samples)).ravel()
        rows, times = np.unique(reached[(reached >= 0) & (reached < count)], return_counts=True)
        return rows, samples - times

    def _in_full(
        self,
        now: int,
        index: Values,
        columns: list[Column],
        trades: Floats,
        rows: Rows,
        known: Floats,
        no_mid: Rows,
    ) -> Floats:
        """The marks of some rows by the inputs that are there; with two, by these and the average of the mid."""
        bid, ask = (columns[at].values[rows] for at in (BID, ASK))
        for side, at in ((bid, BID), (ask, ASK)):
            side[np.searchsorted(rows, columns[at].nulls)] = np.nan
        crossed = bid >= ask
        bid[crossed] = ask[crossed] = np.nan
        inputs = np.stack([*known, medians(np.stack([bid, ask, trades[rows]])), np.full(len(rows), np.nan)])
        two = np.count_nonzero(np.isnan(inputs), axis=0) == 2
        if two.any():
            inputs[3, two] = self._averages(now, rows[two], columns, no_mid)
        value = index.value.to_numpy()[rows]
        return np.clip(medians(inputs), value * (1 - self._terms.band), value * (1 + self._terms.band))

    def _averages(self, now: int, rows: Rows, columns: list[Column], no_mid: Rows) -> Floats:
        """The average of the mids before each row; NaN where none is recent."""
        # Rows far from each other have no mids in common that matter.
        parts = np.split(rows, np.flatnonzero(np.diff(rows) > _FADED) + 1)
        return np.concatenate([self._average(now, part, columns, no_mid) for part in parts])

    def _average(self, now: int, rows: Rows, columns: list[Column], no_mid: Rows) -> Floats:
        mids, seconds = self._latest(now, int(rows[-1]), int(rows[-1] - rows[0]), columns[BID], columns[ASK], no_mid)
        at = np.searchsorted(seconds, rows + now) - 1
        recent = (at >= 0) & (rows + now - 1 - seconds[at] < self._terms.last_for) if len(mids) else at >= 0
        if not recent.any():
            return np.full(len(rows), np.nan)
        before = np.lib.stride_tricks.sliding_window_view(np.concatenate((np.zeros(_FADED), mids)), _FADED)
        averages = before[at + 1] @ self._weights / self._sums[np.minimum(at, _FADED - 1)]
        return np.where(recent, averages, np.nan)

    def _latest(self, now: int, end: int, more: int, bid: Column, ask: Column, no_mid: Rows) -> tuple[Floats, Rows]:
        """The mids before a row with their seconds: so many as matter, and those of some more rows."""
        none = no_mid[: np.searchsorted(no_mid, end)]
        first = max(0, end - _FADED - more - len(none))
        there = np.flatnonzero(~flags(end - first, none[none >= first] - first)) + first
        mids, seconds = (bid.values[there] + ask.values[there]) * 0.5, there + now
        if first == 0:
            mids, seconds = np.concatenate((self._mids, mids)), np.concatenate((self._seconds, seconds))
        return mids, seconds

    def _keep(self, now: int, bid: Column, ask: Column, no_mid: Rows) -> None:
        mids, seconds = self._latest(now, len(bid.values), 0, bid, ask, no_mid)
        self._mids, self._seconds = mids[-_FADED:], seconds[-_FADED:]


def _sums(series: Any, width: int) -> Any:
    """The sums of so many numbers from each on, from those of powers of 2."""
    found, done, power = None, 0, 1
    while True:
        if width & power:
            found = series if found is None else found.head(len(series) - done) + series.slice(done)
            done += power
        if done == width:
            return found
        series = series.head(len(series) - power) + series.slice(power)
        power *= 2

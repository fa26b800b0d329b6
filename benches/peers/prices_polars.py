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

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from ..tape import BOOK, SECOND, SOURCES, STATES, Found, Terms
from ..workload import Floats

Rows: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

_LIVE, _THIN, _PROTECTED, _FROZEN, _HALTED = range(5)
_BID, _ASK, _IMPACT_BID, _IMPACT_ASK, _LAST = range(len(SOURCES), len(SOURCES) + len(BOOK))
_WORDS = pa.array(STATES)
_NO_ROWS: Rows = np.zeros(0, np.int64)
# Rows that are worked on together, so that they stay in the cache.
_BLOCK = 28_800
# A source that is off for more rows than that is left out, not counted row by row.
_LONG = 3_600
# So many mids later, one of them weighs less than a float64 of the average can show.
_FADED = 1_100
# What is as far as a limit is not beyond it, whatever the last bit of a float64.
_EXACTLY = 1 + 1e-12


class Prices:
    """Index, mark and funding of one market."""

    def __init__(self, terms: Terms) -> None:
        self._quotes = _Quotes(terms)
        self._index = _Index(terms)
        self._mark = _Mark(terms)
        self._funding = _Funding(terms)
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
        made = [times, _arrow(index.value, index.absent), state, _arrow(mark, index.absent)]
        return pa.RecordBatch.from_arrays(made, names=["time", "index", "state", "mark"]), settled


def _no_rows() -> Rows:
    return _NO_ROWS


def _arrow(series: Any, absent: Rows) -> Any:
    if not len(absent):
        return series.to_arrow()
    return pa.array(series.to_numpy(), mask=_flags(len(series), absent))


def _flags(count: int, rows: Rows) -> Flags:
    found = np.zeros(count, np.bool_)
    found[rows] = True
    return found


def _where(mask: Any) -> Rows:
    """Where a mask is set, which it seldom is."""
    return np.flatnonzero(mask.to_numpy()) if mask.any() else _NO_ROWS


def _union(*rows: Rows) -> Rows:
    """Rows of any, rising."""
    some = [each for each in rows if len(each)]
    if len(some) < 2:
        return some[0] if some else _NO_ROWS
    found: Rows = np.unique(np.concatenate(some))
    return found


def _between(rows: Rows, start: int, end: int) -> slice:
    """Which of some rows, rising, lie between two."""
    return slice(*np.searchsorted(rows, (start, end)).tolist()) if len(rows) else slice(0, 0)


def _joined(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else pl.concat(parts, rechunk=True)


def _within(series: Any, low: Any, high: Any) -> Any:
    """Clamped, where the lower bound is not above the upper one."""
    raised = series.zip_with(series >= low, low)
    return raised.zip_with(raised <= high, high)


def _median(values: Floats) -> Floats:
    """The median of each column of those that are numbers; NaN where none is."""
    ranked = np.sort(values, axis=0)  # NaN last
    count = np.count_nonzero(~np.isnan(values), axis=0)
    each = np.arange(values.shape[1])
    found: Floats = (ranked[np.maximum(count - 1, 0) // 2, each] + ranked[count // 2, each]) / 2
    return found


# --- what is missing


@dataclass
class _Column:
    """A column as it came, whatever stands in its nulls; their rows; and what was quoted last before each of these, NaN
    where it is too old to stand. `off`: none of its rows has anything.
    """

    series: Any
    values: Floats
    nulls: Rows = field(default_factory=_no_rows)
    standing: Floats = field(default_factory=lambda: np.zeros(0))
    off: bool = False


class _Quotes:
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

    def take(self, columns: list[Any]) -> list[_Column]:
        count, width = len(columns[0]), (len(columns[0]) + 14) // 8
        missing = np.zeros((len(columns), width), np.uint8)
        shifts = np.zeros(len(columns), np.int64)
        found: list[_Column] = []
        for at, column in enumerate(columns):
            bits, numbers = column.buffers()
            plain = pa.Array.from_buffers(pa.float64(), count, [None, numbers], 0, column.offset)
            found.append(_Column(pl.Series(plain), plain.to_numpy()))
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


# --- the index


@dataclass
class _Values:
    """The index: the values that were accepted last and the codes of its states. By rows, which are few: none was
    accepted yet; neither live nor thin; thin.
    """

    value: Any
    codes: Any
    absent: Rows = field(default_factory=_no_rows)
    unusable: Rows = field(default_factory=_no_rows)
    thin: Rows = field(default_factory=_no_rows)


@dataclass
class _Apart:
    """Rows that were done in full: how many groups made their values, and of which sources, a bit each."""

    rows: Rows
    groups: Rows
    counted: Rows


class _Index:
    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._member = (np.array(terms.groups) == np.arange(max(terms.groups) + 1)[:, None]).astype(np.float64)
        # As near as that to one of them, or to their mean, numbers are within so much of any median of them.
        most = min(terms.max_deviation, terms.drop_beyond)
        self._near = most / (2 + most) * (1 - 1e-9)
        self._state = _State(terms)
        self._before: float | None = None
        self._counted = 0

    def take(self, now: int, columns: list[_Column]) -> _Values:
        sources = [at for at in range(len(SOURCES)) if not columns[at].off]
        value, apart = self._sample(columns, sources)
        count, together = len(value), sum(1 << at for at in sources)
        few = apart.rows[apart.groups < self._terms.min_sources]
        jumps = self._jumps(value)
        if self._state.code == _LIVE and not len(few) and not len(jumps):
            found = _Values(value, pl.Series(np.zeros(count, np.int8)))
            self._state.accept(now + count - 1, value[-1])
        else:
            found = self._follow(now, columns, value, apart, together, _union(few, jumps).tolist())
        last = len(apart.rows) and apart.rows[-1] == count - 1
        self._counted = int(apart.counted[-1]) if last else together
        return found

    def _sample(self, columns: list[_Column], sources: list[int]) -> tuple[Any, _Apart]:
        """What the sources say in each row; no number that means anything where fewer than two groups do."""
        count = len(columns[0].values)
        plain = self._is_plain(sources)
        value: Any = None
        flags = np.ones(count, np.bool_)
        if plain:
            value, flags = self._means(columns, sources)
        for at in sources:
            flags[columns[at].nulls] = True
        rows = np.flatnonzero(flags)
        place = np.empty(count, np.int64)
        place[rows] = np.arange(len(rows))
        prices = np.full((len(SOURCES), len(rows)), np.nan)
        for at in sources:
            prices[at] = columns[at].values[rows]
            prices[at, place[columns[at].nulls]] = columns[at].standing
        full = np.ones(len(rows), np.bool_)
        values = np.empty(len(rows))
        if plain:
            values = prices[sources].sum(axis=0) / len(sources)
            full = ~(np.abs(prices[sources] - values) <= self._near * values).all(axis=0)
        values[full], groups, counted = self._in_full(prices[:, full])
        value = value.scatter(rows, values) if plain else pl.Series(values)
        return value, _Apart(rows[full], groups, counted)

    def _means(self, columns: list[_Column], sources: list[int]) -> tuple[Any, Flags]:
        """The mean of the sources, and where one of them is not near the first; neither where one is null."""
        count = len(columns[0].values)
        means, flags = [], np.empty(count, np.bool_)
        for start in range(0, count, _BLOCK):
            one, *others = (columns[at].series.slice(start, _BLOCK) for at in sources)
            low, high = one * (1 - self._near), one * (1 + self._near)
            total, far = one, one < low
            for each in others:
                total, far = total + each, far | (each < low) | (each > high)
            means.append(total * (1 / len(sources)))
            flags[start : start + len(far)] = far.to_numpy()
        return _joined(means), flags

    def _is_plain(self, sources: list[int]) -> bool:
        """Whether sources that are near each other are in quorum and their value is their mean."""
        weights = self._member[:, sources].sum(axis=1)
        groups = np.count_nonzero(weights)
        if groups < self._terms.min_sources:
            return False
        return bool(weights.max() / len(sources) <= max(self._terms.max_group_weight, 1 / groups))

    def _in_full(self, prices: Floats) -> tuple[Floats, Rows, Rows]:
        """Values, groups and sources that count, where a column is a row and NaN is no price."""
        terms = self._terms
        quoted = ~np.isnan(prices)
        median = _median(prices)
        counted = quoted & ~(np.abs(prices - median) > terms.drop_beyond * median * _EXACTLY)
        weights = self._member @ counted
        groups, before = np.count_nonzero(weights, axis=0), np.count_nonzero(self._member @ quoted, axis=0)
        # Where most groups are too far from the median of the sources, it is no median of theirs.
        disagree = 2 * groups < before
        counted[:, disagree], weights[:, disagree], groups[disagree] = False, 0, 0
        with np.errstate(invalid="ignore", divide="ignore"):
            said = self._member @ np.where(counted, prices, 0) / weights
            median = _median(said)
            said = np.clip(said, median * (1 - terms.max_deviation), median * (1 + terms.max_deviation))
            shares = _capped(weights / weights.sum(axis=0), np.maximum(terms.max_group_weight, 1 / groups))
        values = np.where(weights > 0, shares * said, 0).sum(axis=0)
        values[groups == 0] = 1
        return values, groups, (1 << np.arange(len(SOURCES))) @ counted

    def _jumps(self, value: Any) -> Rows:
        """Rows that are too far from the row before."""
        first, most = self._before, self._terms.max_jump
        least, greatest = value.min(), value.max()
        if first is not None:
            least, greatest = min(least, first), max(greatest, first)
        self._before = value[-1]
        if greatest <= least * (1 + most):
            return _NO_ROWS
        numbers = value.to_numpy()
        before = np.concatenate(([numbers[0] if first is None else first], numbers[:-1]))
        return np.flatnonzero(np.abs(numbers - before) > most * before * _EXACTLY)

    def _follow(
        self, now: int, columns: list[_Column], value: Any, apart: _Apart, together: int, events: list[int]
    ) -> _Values:
        """The states where some row may not be live: from row to row while one is not, and from event to event."""
        state, count, numbers = self._state, len(value), value.to_numpy()
        at_least = self._terms.min_sources
        groups = dict(zip(apart.rows.tolist(), apart.groups.tolist(), strict=True))
        counted = dict(zip(apart.rows.tolist(), apart.counted.tolist(), strict=True)) | {-1: self._counted}
        sources = [column for column in columns[: len(SOURCES)] if not column.off]
        nulls = np.concatenate([column.nulls for column in sources]) if sources else _NO_ROWS
        silent = set(np.flatnonzero(np.bincount(nulls, minlength=count) == len(sources)).tolist())

        def sampled(row: int) -> bool:
            """Whether a quote came, or other sources count."""
            return row not in silent or counted.get(row, together) != counted.get(row - 1, together)

        codes, rows, held = np.zeros(count, np.int8), [], []
        absent = 0
        at = 0
        while at < count:
            if state.code == _LIVE:
                then = bisect_left(events, at)
                upto = events[then] if then < len(events) else count
                if upto > at:
                    # What was not sampled a second ago is nothing to jump from.
                    state.accept(now + upto - 1, float(numbers[upto - 1]), sampled(upto - 1))
                    at = upto
                    continue
            state.advance(now + at)
            if sampled(at):
                state.sample(now + at, float(numbers[at]), groups.get(at, at_least), at not in silent)
            codes[at] = state.code
            rows.append(at)
            held.append(1.0 if state.held is None else state.held)
            absent += state.held is None
            at += 1
        if rows:
            value = value.scatter(rows, held)
        unusable, thin = np.flatnonzero(codes > _THIN), np.flatnonzero(codes == _THIN)
        return _Values(value, pl.Series(codes), np.arange(absent), unusable, thin)


def _capped(shares: Floats, most: Floats) -> Floats:
    """Shares of which none is above `most`: what is cut goes to the others in proportion, until it is so."""
    capped = np.zeros(shares.shape, np.bool_)
    while (over := ~capped & (shares > most * _EXACTLY)).any():
        capped |= over
        rest = np.where(capped, 0, shares)
        left = 1 - most * capped.sum(axis=0)
        shares = np.where(capped, most, rest * (left / np.maximum(rest.sum(axis=0), 1e-300)))
    return shares


class _State:
    """`index.state`, a sample after the other."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self.code = _FROZEN
        self.held: float | None = None
        self._since: int | None = None
        self._accepted: tuple[int, float] | None = None
        self._run: deque[tuple[float, int]] = deque(maxlen=terms.agree_samples)

    def accept(self, now: int, value: float, sampled: bool = True) -> None:
        self.held = value
        self._accepted = (now, value) if sampled else None

    def advance(self, now: int) -> None:
        if self._since is None:
            self._since = now
        if self.code == _PROTECTED and now - self._since >= self._terms.protected_for:
            self._enter(_FROZEN, self._since + self._terms.protected_for)
        if self.code == _FROZEN and now - self._since > self._terms.halt_after:
            self._enter(_HALTED, self._since + self._terms.halt_after)

    def sample(self, now: int, value: float, groups: int, quoted: bool) -> None:
        terms = self._terms
        if self.code == _HALTED or (not quoted and self.code > _THIN and groups >= terms.min_sources):
            return
        if groups < 2:
            self._run.clear()
            if self.code != _FROZEN:
                self._enter(_FROZEN, now)
        elif self.code <= _THIN:
            if self._accepted is not None and self._accepted[0] >= now - 1:
                before = self._accepted[1]
                if abs(value - before) > terms.max_jump * before * _EXACTLY:
                    self._run.clear()
                    self._run.append((value, groups))
                    self._enter(_PROTECTED, now)
                    return
            self._enter(_LIVE if groups >= terms.min_sources else _THIN, now)
            self.accept(now, value)
        else:
            self._run.append((value, groups))
            values = [each for each, _ in self._run]
            if len(values) < terms.agree_samples or max(values) > (1 + terms.max_jump) * min(values) * _EXACTLY:
                return
            quorum = all(each >= terms.min_sources for _, each in self._run)
            if quorum or self.code == _FROZEN:
                self._run.clear()
                self._enter(_LIVE if quorum else _THIN, now)
                self.accept(now, value)

    def _enter(self, code: int, since: int) -> None:
        self.code, self._since = code, since


# --- the mark


class _Mark:
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

    def take(self, now: int, index: _Values, columns: list[_Column], rates: list[tuple[int, float]]) -> Any:
        """The marks, with a rate from each of some rows on."""
        terms, count = self._terms, len(index.value)
        bid, ask, last = (columns[at] for at in (_BID, _ASK, _LAST))
        trades = last.values.copy()
        trades[last.nulls] = last.standing
        old = last.nulls[np.isnan(last.standing)]
        crossed = _where(bid.series >= ask.series)
        no_mid = _union(bid.nulls, ask.nulls, crossed)
        empty = _union(no_mid, index.unusable)
        partly, present = self._counts(empty, count)
        rows = _union(no_mid, old, partly[present == 0])
        marks, known, unbased = [], np.empty((2, len(rows))), np.searchsorted(rows, partly[present == 0])
        for start, end, rate in self._pieces(count, rates):
            value, low, high, trade = (
                series.slice(start, end - start) for series in (index.value, bid.series, ask.series, pl.Series(trades))
            )
            # The mean of mid − index in the seconds before.
            off = (low + high) * 0.5 - value
            some = empty[_between(empty, start, end)] - start
            if len(some):
                off = off.scatter(some, 0.0)
            off = pl.concat([self._tail, off], rechunk=True)
            self._tail = off.tail(terms.samples)
            off = _sums(off, terms.samples)
            part = _between(partly, start, end)
            few = partly[part] - start
            fewer = off.to_numpy()[few] / np.maximum(present[part], 1)
            off = off.head(end - start) * (1 / terms.samples)
            if len(few):
                off = off.scatter(few, fewer)
            based, carried = value + off, value
            if rate:
                carried = value * (self._left.slice((now + start) % terms.every, end - start) * rate + 1)
            less = carried < based
            book = _within(trade, low, high)
            mark = _within(book, carried.zip_with(less, based), based.zip_with(less, carried))
            low, high = value * (1 - terms.band), value * (1 + terms.band)
            if (mark < low).any() or (mark > high).any():
                mark = _within(mark, low, high)
            marks.append(mark)
            part = _between(rows, start, end)
            some = rows[part] - start
            if len(some):
                known[:, part] = carried.to_numpy()[some], based.to_numpy()[some]
        mark, known[1, unbased] = _joined(marks), np.nan
        if len(rows):
            mark = mark.scatter(rows, self._in_full(now, index, columns, trades, rows, known, no_mid))
        self._keep(now, bid, ask, no_mid)
        return mark

    @staticmethod
    def _pieces(count: int, rates: list[tuple[int, float]]) -> Iterator[tuple[int, int, float]]:
        """Blocks with one rate each."""
        for (first, rate), (last, _) in pairwise([*rates, (count, 0.0)]):
            for start in range(first, last, _BLOCK):
                yield start, min(start + _BLOCK, last), rate

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
        index: _Values,
        columns: list[_Column],
        trades: Floats,
        rows: Rows,
        known: Floats,
        no_mid: Rows,
    ) -> Floats:
        """The marks of some rows by the inputs that are there; with two, by these and the average of the mid."""
        bid, ask = (columns[at].values[rows] for at in (_BID, _ASK))
        for side, at in ((bid, _BID), (ask, _ASK)):
            side[np.searchsorted(rows, columns[at].nulls)] = np.nan
        crossed = bid >= ask
        bid[crossed] = ask[crossed] = np.nan
        inputs = np.stack([*known, _median(np.stack([bid, ask, trades[rows]])), np.full(len(rows), np.nan)])
        two = np.count_nonzero(np.isnan(inputs), axis=0) == 2
        if two.any():
            inputs[3, two] = self._averages(now, rows[two], columns, no_mid)
        value = index.value.to_numpy()[rows]
        return np.clip(_median(inputs), value * (1 - self._terms.band), value * (1 + self._terms.band))

    def _averages(self, now: int, rows: Rows, columns: list[_Column], no_mid: Rows) -> Floats:
        """The average of the mids before each row; NaN where none is recent."""
        # Rows far from each other have no mids in common that matter.
        parts = np.split(rows, np.flatnonzero(np.diff(rows) > _FADED) + 1)
        return np.concatenate([self._average(now, part, columns, no_mid) for part in parts])

    def _average(self, now: int, rows: Rows, columns: list[_Column], no_mid: Rows) -> Floats:
        mids, seconds = self._latest(now, int(rows[-1]), int(rows[-1] - rows[0]), columns[_BID], columns[_ASK], no_mid)
        at = np.searchsorted(seconds, rows + now) - 1
        recent = (at >= 0) & (rows + now - 1 - seconds[at] < self._terms.last_for) if len(mids) else at >= 0
        if not recent.any():
            return np.full(len(rows), np.nan)
        before = np.lib.stride_tricks.sliding_window_view(np.concatenate((np.zeros(_FADED), mids)), _FADED)
        averages = before[at + 1] @ self._weights / self._sums[np.minimum(at, _FADED - 1)]
        return np.where(recent, averages, np.nan)

    def _latest(self, now: int, end: int, more: int, bid: _Column, ask: _Column, no_mid: Rows) -> tuple[Floats, Rows]:
        """The mids before a row with their seconds: so many as matter, and those of some more rows."""
        none = no_mid[: np.searchsorted(no_mid, end)]
        first = max(0, end - _FADED - more - len(none))
        there = np.flatnonzero(~_flags(end - first, none[none >= first] - first)) + first
        mids, seconds = (bid.values[there] + ask.values[there]) * 0.5, there + now
        if first == 0:
            mids, seconds = np.concatenate((self._mids, mids)), np.concatenate((self._seconds, seconds))
        return mids, seconds

    def _keep(self, now: int, bid: _Column, ask: _Column, no_mid: Rows) -> None:
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


# --- the funding


class _Funding:
    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._slots = terms.every // terms.sample
        self._numbers = np.arange(1.0, self._slots + 1)
        self._began = False
        self._clear()
        self.rate = 0.0

    def _clear(self) -> None:
        self._weighted, self._weights, self._valid = 0.0, 0.0, 0

    def take(self, now: int, index: _Values, columns: list[_Column]) -> list[tuple[int, float]]:
        """The rates that are settled, with their rows. A sample is of what is known a second before its slot."""
        terms, step, count = self._terms, self._terms.sample, len(index.value)
        first = (-now - 1) % step
        bid, ask = columns[_IMPACT_BID], columns[_IMPACT_ASK]
        picked = (index.value.to_numpy(), bid.values, ask.values)
        value, low, high = (pl.Series(np.ascontiguousarray(each[first::step])) for each in picked)
        premium: Any = (_within(value, low, high) - value) / value
        premiums = np.rint(premium.to_numpy() * 1e8) * 1e-8
        none = _NO_ROWS if terms.thin_trades else index.thin
        invalid = np.concatenate((bid.nulls, ask.nulls, index.absent, index.unusable, none)) - first
        invalid = _union(invalid[(invalid >= 0) & (invalid % step == 0)] // step, _where(low >= high))
        premiums[invalid] = 0
        valid = np.ones(len(premiums))
        valid[invalid] = 0
        settled = []
        start = 0
        for row in [*range(-now % terms.every, count, terms.every), count]:
            end = max(0, -((first - row) // step))
            if start < end:
                number = (now + first + start * step) % terms.every // step
                weights = self._numbers[number : number + end - start] * valid[start:end]
                self._weighted += float(premiums[start:end] @ weights)
                self._weights += float(weights.sum())
                self._valid += int(valid[start:end].sum())
            start = end
            # No interval ends where the tape begins.
            if row < count and (row or self._began):
                self.rate = self._settle()
                settled.append((row, self.rate))
        self._began = True
        return settled

    def _settle(self) -> float:
        terms, rate = self._terms, 0.0
        if self._valid and self._valid >= terms.min_coverage * self._slots:
            average = self._weighted / self._weights
            rate = average + min(max(terms.interest_8h - average, -terms.dead_zone), terms.dead_zone)
            rate = min(max(rate * terms.every / 28_800, -terms.cap), terms.cap) * self._valid / self._slots
        self._clear()
        return round(rate, 8)

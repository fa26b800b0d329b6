"""The index: the mean where all sources are near each other, in full where not."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from ...tape import SOURCES, Terms
from ...workload import Floats
from .columns import BLOCK, NO_ROWS, Column, Flags, Rows, joined, medians, no_rows, union
from .state import EXACTLY, LIVE, THIN, State


@dataclass
class Values:
    """The index: the values that were accepted last and the codes of its states. By rows, which are few: none was
    accepted yet; neither live nor thin; thin.
    """

    value: Any
    codes: Any
    absent: Rows = field(default_factory=no_rows)
    unusable: Rows = field(default_factory=no_rows)
    thin: Rows = field(default_factory=no_rows)


@dataclass
class _Apart:
    """Rows that were done in full: how many groups made their values, and of which sources, a bit each."""

    rows: Rows
    groups: Rows
    counted: Rows


class Index:
    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._member = (np.array(terms.groups) == np.arange(max(terms.groups) + 1)[:, None]).astype(np.float64)
        # As near as that to one of them, or to their mean, numbers are within so much of any median of them.
        most = min(terms.max_deviation, terms.drop_beyond)
        self._near = most / (2 + most) * (1 - 1e-9)
        self._state = State(terms)
        self._before: float | None = None
        self._counted = 0

    def take(self, now: int, columns: list[Column]) -> Values:
        sources = [at for at in range(len(SOURCES)) if not columns[at].off]
        value, apart = self._sample(columns, sources)
        count, together = len(value), sum(1 << at for at in sources)
        few = apart.rows[apart.groups < self._terms.min_sources]
        jumps = self._jumps(value)
        if self._state.code == LIVE and not len(few) and not len(jumps):
            found = Values(value, pl.Series(np.zeros(count, np.int8)))
            self._state.accept(now + count - 1, value[-1])
        else:
            found = self._follow(now, columns, value, apart, together, union(few, jumps).tolist())
        last = len(apart.rows) and apart.rows[-1] == count - 1
        self._counted = int(apart.counted[-1]) if last else together
        return found

    def _sample(self, columns: list[Column], sources: list[int]) -> tuple[Any, _Apart]:
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

    def _means(self, columns: list[Column], sources: list[int]) -> tuple[Any, Flags]:
        """The mean of the sources, and where one of them is not near the first; neither where one is null."""
        count = len(columns[0].values)
        means, flags = [], np.empty(count, np.bool_)
        for start in range(0, count, BLOCK):
            one, *others = (columns[at].series.slice(start, BLOCK) for at in sources)
            low, high = one * (1 - self._near), one * (1 + self._near)
            total, far = one, one < low
            for each in others:
                total, far = total + each, far | (each < low) | (each > high)
            means.append(total * (1 / len(sources)))
            flags[start : start + len(far)] = far.to_numpy()
        return joined(means), flags

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
        median = medians(prices)
        counted = quoted & ~(np.abs(prices - median) > terms.drop_beyond * median * EXACTLY)
        weights = self._member @ counted
        groups, before = np.count_nonzero(weights, axis=0), np.count_nonzero(self._member @ quoted, axis=0)
        # Where most groups are too far from the median of the sources, it is no median of theirs.
        disagree = 2 * groups < before
        counted[:, disagree], weights[:, disagree], groups[disagree] = False, 0, 0
        with np.errstate(invalid="ignore", divide="ignore"):
            said = self._member @ np.where(counted, prices, 0) / weights
            median = medians(said)
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
            return NO_ROWS
        numbers = value.to_numpy()
        before = np.concatenate(([numbers[0] if first is None else first], numbers[:-1]))
        return np.flatnonzero(np.abs(numbers - before) > most * before * EXACTLY)

    def _follow(
        self, now: int, columns: list[Column], value: Any, apart: _Apart, together: int, events: list[int]
    ) -> Values:
        """The states where some row may not be live: from row to row while one is not, and from event to event."""
        state, count, numbers = self._state, len(value), value.to_numpy()
        at_least = self._terms.min_sources
        groups = dict(zip(apart.rows.tolist(), apart.groups.tolist(), strict=True))
        counted = dict(zip(apart.rows.tolist(), apart.counted.tolist(), strict=True)) | {-1: self._counted}
        sources = [column for column in columns[: len(SOURCES)] if not column.off]
        nulls = np.concatenate([column.nulls for column in sources]) if sources else NO_ROWS
        silent = set(np.flatnonzero(np.bincount(nulls, minlength=count) == len(sources)).tolist())

        def sampled(row: int) -> bool:
            """Whether a quote came, or other sources count."""
            return row not in silent or counted.get(row, together) != counted.get(row - 1, together)

        codes, rows, held = np.zeros(count, np.int8), [], []
        absent = 0
        at = 0
        while at < count:
            if state.code == LIVE:
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
        unusable, thin = np.flatnonzero(codes > THIN), np.flatnonzero(codes == THIN)
        return Values(value, pl.Series(codes), np.arange(absent), unusable, thin)


def _capped(shares: Floats, most: Floats) -> Floats:
    """Shares of which none is above `most`: what is cut goes to the others in proportion, until it is so."""
    capped = np.zeros(shares.shape, np.bool_)
    while (over := ~capped & (shares > most * EXACTLY)).any():
        capped |= over
        rest = np.where(capped, 0, shares)
        left = 1 - most * capped.sum(axis=0)
        shares = np.where(capped, most, rest * (left / np.maximum(rest.sum(axis=0), 1e-300)))
    return shares

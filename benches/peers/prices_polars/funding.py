"""The funding: a sample a slot, a rate an interval."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ...tape import Terms
from .columns import IMPACT_ASK, IMPACT_BID, NO_ROWS, Column, union, where, within
from .index import Values


class Funding:
    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._slots = terms.every // terms.sample
        self._numbers = np.arange(1.0, self._slots + 1)
        self._began = False
        self._clear()
        self.rate = 0.0

    def _clear(self) -> None:
        self._weighted, self._weights, self._valid = 0.0, 0.0, 0

    def take(self, now: int, index: Values, columns: list[Column]) -> list[tuple[int, float]]:
        """The rates that are settled, with their rows. A sample is of what is known a second before its slot."""
        terms, step, count = self._terms, self._terms.sample, len(index.value)
        first = (-now - 1) % step
        bid, ask = columns[IMPACT_BID], columns[IMPACT_ASK]
        picked = (index.value.to_numpy(), bid.values, ask.values)
        value, low, high = (pl.Series(np.ascontiguousarray(each[first::step])) for each in picked)
        premium: Any = (within(value, low, high) - value) / value
        premiums = np.rint(premium.to_numpy() * 1e8) * 1e-8
        none = NO_ROWS if terms.thin_trades else index.thin
        invalid = np.concatenate((bid.nulls, ask.nulls, index.absent, index.unusable, none)) - first
        invalid = union(invalid[(invalid >= 0) & (invalid % step == 0)] // step, where(low >= high))
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

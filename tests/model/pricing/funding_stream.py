"""Funding as a stream: what changes in, rows of the slots that passed out."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..grid import GRID
from .funding import cap_of, funding_rate, premium
from .rules import Contract, price_or_none

NAMES = ("index", "state", "impact_bid", "impact_ask", "mark")
HIGHEST_PREMIUM = 10 * GRID


@dataclass
class FundingRow:
    """One slot, `samples` the valid ones of the interval so far; `rate` and `outcome` at the end of an interval."""

    time: int
    slot: int
    premium: int | None
    valid: bool
    reason: str | None
    samples: int
    predicted: int
    rate: int | None
    outcome: str | None
    missed: int
    index: int | None
    state: str
    impact_bid: int | None
    impact_ask: int | None
    mark: int | None
    cumulative: int | None  # at 10⁻¹⁶


class Funding:
    """A slot is taken by the first update at its time or later, on what was known before that update."""

    def __init__(self, rules: Contract) -> None:
        self.rules = rules
        self.slots = rules.every // rules.sample
        self.known: dict[str, Any] = dict.fromkeys(NAMES)
        self.index_time: int | None = None
        self.mark_time: int | None = None
        self.passed: int | None = None  # the last slot that passed, counted since 1970
        self.blind = False  # whether that slot had no index, or one that was too old
        self.samples: list[int | None] = []  # of the interval in course
        self.cumulative: int | None = None

    def update(self, now: int, **named: Any) -> list[FundingRow]:
        """Prices in grid units, None: there is none."""
        rows: list[FundingRow] = []
        slot = now // self.rules.sample
        if self.passed is None:
            # the slots of this interval that nobody saw count as invalid
            self.samples = [None] * (slot % self.slots)
        else:
            rows = self.slots_pass(self.passed + 1, slot)
        self.passed = slot
        for name, value in named.items():
            self.known[name] = value if name == "state" else price_or_none(value)
            if name == "index" and self.known[name] is not None:
                self.index_time = now
            if name == "mark":
                self.mark_time = now
        return rows

    def slots_pass(self, first: int, last: int) -> list[FundingRow]:
        """A row each; of slots that are blind after a blind one, only of the last of an interval.

        Whole intervals after a blind slot at the end of one are a single row, at the last end.
        """
        rows: list[FundingRow] = []
        whole: FundingRow | None = None
        gap_from: int | None = None  # the interval after the first blind end
        if self.blind and not self.samples and self.is_blind(first):
            gap_from = (first - 1) // self.slots
        for slot in range(first, last + 1):
            follows, self.blind = self.blind, self.is_blind(slot)
            found, reason = self.sample(slot)
            self.samples.append(found)
            ends = len(self.samples) == self.slots
            if follows and self.blind and not ends:
                continue
            row = self.row(slot, found, reason)
            if ends and self.blind and gap_from is not None and (slot - 1) // self.slots >= gap_from:
                row.missed += 0 if whole is None else whole.missed
                whole = row
                continue
            rows.append(row)
            if ends and self.blind:
                gap_from = slot // self.slots
        return rows if whole is None else [*rows, whole]

    def is_blind(self, slot: int) -> bool:
        """Whether there is no index, or one that is too old at the slot."""
        if self.known["index"] is None:
            return True
        assert self.index_time is not None
        return slot * self.rules.sample - self.index_time > self.rules.index.stale_after

    def state(self) -> str:
        """None is live."""
        return self.known["state"] or "live"

    def sample(self, slot: int) -> tuple[int | None, str | None]:
        """(premium, None), or (None, the reason why there is no valid one)."""
        index, bid, ask = (self.known[name] for name in ("index", "impact_bid", "impact_ask"))
        if index is None:
            return None, "no_index"
        if self.state() != "live" and not (self.state() == "thin" and self.rules.index.thin_is_usable):
            return None, "index_state"
        if self.is_blind(slot):
            return None, "stale_index"
        if bid is None or ask is None:
            return None, "thin_book"
        if bid >= ask:
            return None, "crossed"
        found = premium(index, bid, ask)
        return (None, "off_scale") if abs(found) > HIGHEST_PREMIUM else (found, None)

    def row(self, slot: int, found: int | None, reason: str | None) -> FundingRow:
        """The sample of the slot, the predicted rate and, at the end of the interval, the settlement."""
        predicted = funding_rate(self.samples, self.rules)
        row = FundingRow(
            time=slot * self.rules.sample,
            slot=len(self.samples),
            premium=found,
            valid=found is not None,
            reason=reason,
            samples=predicted.valid,
            predicted=predicted.rate,
            rate=None,
            outcome=None,
            missed=0,
            index=self.known["index"],
            state=self.state(),
            impact_bid=self.known["impact_bid"],
            impact_ask=self.known["impact_ask"],
            mark=self.mark_at(slot * self.rules.sample),
            cumulative=self.cumulative,
        )
        if row.slot == self.slots:
            row.rate, row.outcome = predicted.rate, predicted.outcome
            row.missed = 0 if predicted.valid else 1
            if predicted.valid and reason in ("no_index", "index_state", "stale_index"):
                row.rate, row.outcome = 0, "price_unusable"
            row.cumulative = self.settle(row.rate, row.mark)
        return row

    def mark_at(self, time: int) -> int | None:
        """The mark, if it is known and not older than an index may be."""
        if self.known["mark"] is None or self.mark_time is None:
            return None
        mark: int = self.known["mark"]
        return mark if time - self.mark_time <= self.rules.index.stale_after else None

    def settle(self, rate: int, mark: int | None) -> int | None:
        """The cumulative index moves by M·F; without a mark it is not known any more. A new interval begins."""
        if rate != 0:
            self.cumulative = None if mark is None else (self.cumulative or 0) + mark * rate
        self.samples = []
        return self.cumulative

    def restore(self, now: int, mark: int, cumulative: int) -> list[FundingRow] | None:
        """An update that names the mark, then the cumulative index as it is told.

        None: refused, farther from our own than the intervals since the last settlement can have moved it.
        """
        if self.cumulative is not None and self.passed is not None:
            begun = self.passed // self.slots * self.rules.every
            intervals = max(1, (now - begun) // self.rules.every)
            cap = cap_of(self.rules)
            known = mark if self.known["mark"] is None else self.known["mark"]
            if abs(cumulative - self.cumulative) > Fraction(GRID if cap is None else cap) * known * intervals:
                return None
        rows = self.update(now, mark=mark)
        self.cumulative = cumulative
        return rows

"""Funding as a stream: what changes in, a row for each slot that passed out."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..grid import GRID
from .funding import cap_of, funding_rate, premium
from .rules import Contract

NAMES = ("index", "state", "impact_bid", "impact_ask", "mark")
HIGHEST_PREMIUM = 10 * GRID


@dataclass
class FundingRow:
    """One slot; `rate` at a settlement only, `missed` intervals that had no valid sample at all."""

    time: int
    slot: int
    premium: int | None
    valid: bool
    reason: str | None
    predicted: int
    rate: int | None
    missed: int
    cumulative: int | None  # at 10⁻¹⁶


class Funding:
    """A slot is taken by the first update at its time or later, on what was known before that update."""

    def __init__(self, rules: Contract) -> None:
        self.rules = rules
        self.slots = rules.every // rules.sample
        self.known: dict[str, Any] = dict.fromkeys(NAMES)
        self.index_time: int | None = None
        self.passed: int | None = None  # the last slot that passed, counted since 1970
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
        self.known.update(named)
        if named.get("index") is not None:
            self.index_time = now
        if self.known["mark"] is not None and self.cumulative is None:
            self.cumulative = 0
        return rows

    def slots_pass(self, first: int, last: int) -> list[FundingRow]:
        """A row each until the index is stale; then one, the settlement of its interval, and one for all the rest."""
        rows: list[FundingRow] = []
        interval: int | None = None  # in course when the index went stale
        missed: FundingRow | None = None
        for slot in range(first, last + 1):
            found, reason = self.sample(slot)
            self.samples.append(found)
            settles = len(self.samples) == self.slots
            if self.is_fresh(slot) or interval is None:
                if not self.is_fresh(slot):
                    interval = (slot - 1) // self.slots
                rows.append(self.row(slot, found, reason))
            elif settles and (slot - 1) // self.slots == interval:
                rows.append(self.row(slot, found, reason))
            elif settles:
                row = self.row(slot, found, reason)
                row.missed += 0 if missed is None else missed.missed
                missed = row
        return rows if missed is None else [*rows, missed]

    def is_fresh(self, slot: int) -> bool:
        """Whether there is an index that is not stale at the slot."""
        if self.known["index"] is None:
            return False
        assert self.index_time is not None
        return slot * self.rules.sample - self.index_time <= self.rules.index.stale_after

    def sample(self, slot: int) -> tuple[int | None, str | None]:
        """(premium, None), or (None, the reason why there is no valid one)."""
        index, bid, ask = (self.known[name] for name in ("index", "impact_bid", "impact_ask"))
        if index is None:
            return None, "no_index"
        state = self.known["state"] or "live"
        if state != "live" and not (state == "thin" and self.rules.index.thin_is_usable):
            return None, "index_state"
        if not self.is_fresh(slot):
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
            predicted=predicted.rate,
            rate=None,
            missed=0,
            cumulative=self.cumulative,
        )
        if row.slot == self.slots:
            row.rate = predicted.rate
            row.reason = predicted.reason or reason
            if predicted.valid == 0:
                row.missed, row.reason = 1, "funding_missed"
            self.settle(row)
        return row

    def settle(self, row: FundingRow) -> None:
        """The cumulative index moves by M·F, and a new interval begins."""
        if self.known["mark"] is not None:
            assert self.cumulative is not None
            assert row.rate is not None
            self.cumulative += self.known["mark"] * row.rate
        row.cumulative = self.cumulative
        self.samples = []

    def restore(self, now: int, mark: int, cumulative: int) -> bool:
        """False: refused, farther from our own than the intervals since the last settlement can have moved it."""
        assert self.passed is not None
        begun = self.passed // self.slots * self.rules.every
        intervals = max(1, (now - begun) // self.rules.every)
        cap = cap_of(self.rules)
        reach = Fraction(GRID if cap is None else cap) * mark * intervals
        if abs(cumulative - (self.cumulative or 0)) > reach:
            return False
        self.known["mark"] = mark
        self.cumulative = cumulative
        return True

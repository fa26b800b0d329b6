"""A mark as a stream: what changes in, one mark an update out."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..grid import GRID
from .ema import Ema
from .exact import rounded
from .mark import (
    Anchor,
    Formed,
    band_of,
    banded,
    carried,
    fair_basis,
    impact_basis,
    is_tight,
    limited,
    median3,
    of_the_book,
    with_basis,
    worse,
)
from .rules import SECOND, Contract, price_or_none

NAMES = ("index", "state", "bid", "ask", "impact_bid", "impact_ask", "last", "funding_rate")


@dataclass
class MarkRow:
    """What an update answers; the inputs as they are shown, each half to even."""

    time: int
    state: str
    samples: int
    mark: int | None = None
    rule: str | None = None
    bound: str | None = None
    inputs: int = 0
    index: int | None = None
    index_age: int | None = None
    carried: int | None = None
    basis: int | None = None
    book: int | None = None
    average: int | None = None  # of the mid, where it stood in


class MarkPrice:
    """What an update names replaces what was known; before that, whole seconds that began since pass."""

    def __init__(self, rules: Contract) -> None:
        self.rules = rules
        self.known: dict[str, Any] = dict.fromkeys(NAMES)
        self.index_time: int | None = None
        self.last_time: int | None = None
        self.second: int | None = None  # of the last update
        self.slots: dict[int, Fraction] = {}  # the basis by second
        self.average = Ema(rules.ema)
        self.newest: Anchor | None = None
        self.anchor: Anchor | None = None

    def update(self, now: int, **named: Any) -> MarkRow:
        """Prices and the rate in grid units, None: there is none."""
        second = now // SECOND
        if self.second is not None and second > self.second:
            self.seconds_pass(self.second, second)
        self.second = second
        if self.newest is not None and self.newest.second < second:
            self.anchor = self.newest
        self.tell(now, named)
        return self.row(now, second)

    def tell(self, now: int, named: dict[str, Any]) -> None:
        """What is no price counts as none; without a last price no trade is told, without a rate none is settled."""
        for name, value in named.items():
            if name == "state":
                self.known[name] = value
            elif name == "funding_rate":
                if value is not None:
                    self.known[name] = max(-GRID, min(GRID, value))
            elif name == "last":
                if price_or_none(value) is not None:
                    self.known[name], self.last_time = price_or_none(value), now
            else:
                self.known[name] = price_or_none(value)
        if price_or_none(named.get("index")) is not None:
            self.index_time = now

    def state(self) -> str:
        """None is live."""
        return self.known["state"] or "live"

    def pair(self, bid: str, ask: str) -> tuple[int | None, int | None]:
        """Both sides; a crossed or locked book is none."""
        low, high = self.known[bid], self.known[ask]
        if low is not None and high is not None and low >= high:
            return None, None
        return low, high

    def index_is_good(self, time: int) -> bool:
        """There, live or thin, and not stale at that time."""
        if self.known["index"] is None or self.state() not in ("live", "thin"):
            return False
        assert self.index_time is not None
        return time - self.index_time <= self.rules.index.stale_after

    def seconds_pass(self, before: int, second: int) -> None:
        """What was known prevailed from after `before` to `second`."""
        bid, ask = self.pair("bid", "ask")
        mid = None if bid is None or ask is None else Fraction(bid + ask, 2)
        for slot in range(max(before, second - self.rules.samples) + 1, second + 1):
            if mid is not None and self.index_is_good(slot * SECOND):
                self.slots[slot] = mid - self.known["index"]
        x = self.averaged(mid)
        until = second
        if self.rules.fair_basis and self.index_time is not None:
            # a basis lasts as long as its index
            until = min(second, (self.index_time + self.rules.index.stale_after) // SECOND)
        if x is not None and until > before:
            self.average.step(x, until - before, until * SECOND)

    def averaged(self, mid: Fraction | None) -> Fraction | None:
        """What the EMA averages, in whole units: the mid, or of `fair_basis` the basis."""
        if not self.rules.fair_basis:
            return None if mid is None else mid / GRID
        bid, ask = self.pair("impact_bid", "impact_ask")
        if bid is None or ask is None or self.known["index"] is None or self.state() not in ("live", "thin"):
            return None
        index = self.known["index"]
        if not is_tight(index, bid, ask, self.rules.first_maintenance):
            return None
        return impact_basis(index, bid, ask, self.rules.band)

    def row(self, now: int, second: int) -> MarkRow:
        """The mark and its lineage."""
        index = self.known["index"]
        samples = [self.slots[slot] for slot in self.slots if slot > second - self.rules.samples]
        row = MarkRow(now, worse(self.state(), "frozen"), len(samples))
        if index is None:
            return row
        assert self.index_time is not None
        row.index, row.index_age = index, now - self.index_time
        if row.index_age <= self.rules.index.stale_after:
            row.state = self.state()
        if self.rules.fair_basis:
            formed = fair_basis(index, self.average.value())
        else:
            formed = self.median3(now, index, samples, row)
        if formed.rule == "single":
            row.state = worse(row.state, "thin")
        row.rule, row.inputs = formed.rule, formed.inputs
        self.bind(formed, second, row)
        return row

    def median3(self, now: int, index: int, samples: list[Fraction], row: MarkRow) -> Formed:
        """The inputs, shown in the row, and the mark that they make."""
        left = self.rules.every - now % self.rules.every
        first = carried(index, self.known["funding_rate"] or 0, left, self.rules.every)
        second = with_basis(index, samples)
        third = of_the_book(*self.pair("bid", "ask"), self.fresh_last(now))
        row.carried, row.basis, row.book = (None if x is None else rounded(x) for x in (first, second, third))
        average = self.average.value()
        if average is not None:
            assert self.average.time is not None
            average = average * GRID if now - self.average.time < self.rules.last_for else None
        formed = median3((first, second, third), average)
        if formed.rule == "average":
            assert average is not None
            row.average = rounded(average)
        return formed

    def fresh_last(self, now: int) -> int | None:
        """The last trade, not older than `last_for`."""
        last: int | None = self.known["last"]
        if last is None:
            return None
        assert self.last_time is not None
        return last if now - self.last_time <= self.rules.last_for else None

    def bind(self, formed: Formed, second: int, row: MarkRow) -> None:
        """The band, then the speed limit; where that leaves the mark outside the band it is protected."""
        assert row.index is not None
        mark = banded(formed.price, row.index, self.rules.band)
        if mark != rounded(formed.price):
            row.bound = "band"
        slowed = limited(mark, self.anchor, second, self.rules)
        if slowed != mark:
            row.bound = "speed"
        low, high = band_of(row.index, self.rules.band)
        if not low <= slowed <= high:
            row.state = worse(row.state, "protected")
        row.mark = slowed
        self.newest = Anchor(slowed, second)

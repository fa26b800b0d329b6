"""RULES §7 `index.value`: taking the quotes of a source, and whether the source is live.

A quote that is taken replaces what was known of its source, whether it is good or not; only the stamp of one that is
ahead is not kept. The reasons, in this order: missing, ahead, non_positive, off_domain, off_grid, stale, unchanged,
no_rate; standby and beyond are said by `index`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ..grid import GRID, half_even
from ..tables import MAX_PRICE
from .rules import IndexRules, Rate, Source


@dataclass
class Feed:
    """What is known of one source; the price in grid units, not always a whole number of them."""

    price: Fraction | None = None
    sent: int | None = None  # the last stamp that was taken, those ahead left out
    arrived: int | None = None
    ahead: bool = False
    equal_since: int | None = None  # arrival of the first quote of the present run of equal prices

    def take(self, now: int, price: Fraction, sent: int | None, max_ahead: int) -> bool:
        """False where the quote is out of order: it is ignored. A quote without a stamp was stamped now."""
        stamp = now if sent is None else sent
        if self.sent is not None and stamp < self.sent:
            return False
        if price != self.price:
            self.price = price
            self.equal_since = now
        self.arrived = now
        self.ahead = stamp > now + max_ahead
        if not self.ahead:
            self.sent = stamp
        return True

    def age(self, now: int) -> int:
        """From the earlier of stamp and arrival; of a feed that is neither missing nor ahead."""
        assert self.sent is not None
        assert self.arrived is not None
        return now - min(self.sent, self.arrived)

    def fault(self) -> str | None:
        """What is wrong with the last quote, whatever the time is."""
        if self.price is None:
            return "missing"
        if self.ahead:
            return "ahead"
        if self.price <= 0:
            return "non_positive"
        if self.price > MAX_PRICE:
            return "off_domain"
        return "off_grid" if self.price.denominator != 1 else None


def usable_rate(feed: Feed, rate: Rate, now: int) -> int | None:
    """The price of one unit of a currency, if it is one."""
    if feed.fault() is not None or feed.age(now) > rate.stale_after:
        return None
    assert feed.price is not None
    return feed.price.numerator


def live_price(
    source: Source, feeds: Mapping[str, Feed], rules: IndexRules, now: int
) -> tuple[int, None] | tuple[None, str]:
    """(price in the settlement currency, None), or (None, the reason why the source is out)."""
    feed = feeds[source.id]
    fault = feed.fault()
    if fault is not None:
        return None, fault
    assert feed.price is not None
    assert feed.equal_since is not None
    price = feed.price.numerator
    rate: int | None = GRID
    if source.currency is not None:
        rate = None
        for each in rules.rates:
            if each.currency == source.currency:
                rate = usable_rate(feeds[each.source], each, now)
    if rate is not None:
        price = half_even(price * rate, GRID)
        if not 1 <= price <= MAX_PRICE:
            return None, "off_domain"
    if feed.age(now) > rules.stale_after:
        return None, "stale"
    if rules.unchanged_for is not None and now - feed.equal_since > rules.unchanged_for:
        return None, "unchanged"
    if rate is None:
        return None, "no_rate"
    return price, None

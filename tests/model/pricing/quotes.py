"""RULES §7 `index.value`: taking the quotes of a source, and whether the source is live.

A quote that is taken replaces what was known of its source, whether it is good or not; only good prices make a run of
equal ones. Whether a stamp is ahead is asked at each look. The reasons, in this order: missing, ahead, off_grid,
non_positive, off_domain, stale, unchanged, no_rate, off_domain of what it is worth in the settlement currency; standby
and beyond are said by `index`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ..grid import GRID, half_even
from ..tables import MAX_PRICE
from .rules import IndexRules, Rate, Source

Price = Fraction | None  # in grid units, not always a whole number of them; None is no number at all


def fault_of(price: Price) -> str | None:
    """Why a number is no price."""
    if price is None or price.denominator != 1:
        return "off_grid"
    if price <= 0:
        return "non_positive"
    return "off_domain" if price > MAX_PRICE else None


@dataclass
class Feed:
    """What is known of one source: what is wrong with its last price, or the price; when it was sent and arrived."""

    fault: str | None = "missing"
    price: int = 0
    sent: int | None = None
    arrived: int | None = None
    equal_since: int | None = None  # arrival of the first quote of the present run of equal prices

    def take(self, now: int, price: Price, sent: int | None, max_ahead: int) -> bool:
        """False where the quote is out of order: it is ignored. A quote without a stamp was stamped now."""
        stamp = now if sent is None else sent
        if self.sent is not None and self.arrived is not None:
            # a stamp that was ahead says nothing of order; when it arrived does
            latest = self.arrived if self.sent > self.arrived + max_ahead else self.sent
            if stamp < latest:
                return False
        self.sent = stamp
        self.arrived = now
        self.fault = fault_of(price)
        if self.fault is None:
            assert price is not None
            if price != self.price:
                self.equal_since = now
            self.price = price.numerator
        return True

    def reason(self, now: int, max_ahead: int) -> str | None:
        """Why its last quote is none, whatever its age."""
        return "ahead" if self.sent is not None and self.sent > now + max_ahead else self.fault

    def age(self, now: int) -> int:
        """From the earlier of stamp and arrival; of a feed without a fault."""
        assert self.sent is not None
        assert self.arrived is not None
        return now - min(self.sent, self.arrived)


def usable_rate(feed: Feed, rate: Rate, now: int, max_ahead: int) -> int | None:
    """The price of one unit of a currency, if it is one."""
    return None if feed.reason(now, max_ahead) is not None or feed.age(now) > rate.stale_after else feed.price


def live_price(
    source: Source, feeds: Mapping[str, Feed], rules: IndexRules, now: int
) -> tuple[int, None] | tuple[None, str]:
    """(price in the settlement currency, None), or (None, the reason why the source is out)."""
    feed = feeds[source.id]
    reason = feed.reason(now, rules.max_ahead)
    if reason is not None:
        return None, reason
    if feed.age(now) > rules.stale_after:
        return None, "stale"
    assert feed.equal_since is not None
    if rules.unchanged_for is not None and now - feed.equal_since > rules.unchanged_for:
        return None, "unchanged"
    if source.currency is None:
        return feed.price, None
    worth: int | None = None
    for rate in rules.rates:
        if rate.currency == source.currency:
            worth = usable_rate(feeds[rate.source], rate, now, rules.max_ahead)
    if worth is None:
        return None, "no_rate"
    price = half_even(feed.price * worth, GRID)
    return (price, None) if 1 <= price <= MAX_PRICE else (None, "off_domain")

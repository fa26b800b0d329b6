"""An index as a stream: quotes in, one sample an update out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .index import Choice, Voice, choose, index_value
from .quotes import Feed, Price, live_price
from .rules import IndexRules
from .states import Market

Quote = tuple[str, Price, int | None]  # source, price, stamp


@dataclass
class IndexRow:
    """What an update answers; `groups` are those that count now."""

    time: int
    value: int | None
    state: str
    groups: int


class IndexPrice:
    """Every update and every command lets time pass, takes quotes, asks who is live, and only then acts.

    Sources come and go at their own moments, however seldom time is told.
    """

    def __init__(self, rules: IndexRules) -> None:
        self.rules = rules
        self.market = Market(rules)
        self.feeds = self.no_feeds()
        self.counted: list[str] = []
        self.out: dict[str, str | None] = {source.id: "missing" for source in rules.sources}
        self.unknown = self.out_of_order = 0
        self.now: int | None = None

    def no_feeds(self) -> dict[str, Feed]:
        """Nothing is known of any source, nor of any source of a rate."""
        names = [source.id for source in self.rules.sources] + [rate.source for rate in self.rules.rates]
        return {name: Feed() for name in names}

    def update(self, now: int, quotes: Iterable[Quote] = ()) -> IndexRow:
        """A sample if a quote was taken or if other sources count than before; else only time passes."""
        for moment in self.moments(now):
            self.look_at(moment, set(), False)
        self.now = now
        quoted: set[str] = set()
        for name, price, sent in quotes:
            if name not in self.feeds:
                self.unknown += 1
            elif self.feeds[name].take(now, price, sent, self.rules.max_ahead):
                quoted.add(name)
            else:
                self.out_of_order += 1
        return self.row(now, self.look_at(now, quoted, bool(quoted)).groups)

    def moments(self, now: int) -> list[int]:
        """When, after the last call, a source is too old, too long unchanged, or no longer ahead."""
        found: set[int] = set()
        ages = {source.id: self.rules.stale_after for source in self.rules.sources}
        ages |= {rate.source: rate.stale_after for rate in self.rules.rates}
        for name, stale_after in ages.items():
            feed = self.feeds[name]
            if feed.sent is not None and feed.arrived is not None:
                found |= {feed.sent - self.rules.max_ahead, min(feed.sent, feed.arrived) + stale_after + 1}
            if feed.equal_since is not None and self.rules.unchanged_for is not None:
                found.add(feed.equal_since + self.rules.unchanged_for + 1)
        return sorted(moment for moment in found if self.now is not None and self.now < moment <= now)

    def look_at(self, now: int, quoted: set[str], taken: bool) -> Choice:
        """Time passes; then a sample if a quote was taken, or if other sources count than before.

        Only one that a source which counts has quoted can lead out of a state.
        """
        self.market.time_passes(now)
        choice = self.look(now)
        counted = sorted(voice.id for voice in choice.counted)
        if taken or counted != self.counted:
            self.market.sample(now, index_value(choice.counted, self.rules), choice.groups, bool(quoted & set(counted)))
        self.counted = counted
        return choice

    def look(self, now: int) -> Choice:
        """Who counts at a time; the reason of everybody else stays in `out`."""
        voices: list[Voice] = []
        for source in self.rules.sources:
            price, self.out[source.id] = live_price(source, self.feeds, self.rules, now)
            if price is not None:
                voices.append(Voice(source.id, source.group, source.weight, source.rank, price))
        choice = choose(voices, sorted({source.rank for source in self.rules.sources}), self.rules)
        for name in choice.standby:
            self.out[name] = "standby"
        for name in choice.beyond:
            self.out[name] = "beyond"
        for name in choice.disagreeing:
            self.out[name] = "disagreement"
        return choice

    def row(self, now: int, groups: int) -> IndexRow:
        """The market as it stands."""
        return IndexRow(now, self.market.held, self.market.state, groups)

    def halt(self, now: int) -> IndexRow:
        """By command."""
        before = self.update(now)
        self.market.halt(now)
        return self.row(now, before.groups)

    def resume(self, now: int) -> IndexRow:
        """Refused without a quorum since the halt: then nothing changes."""
        before = self.update(now)
        self.market.resume(now)
        return self.row(now, before.groups)

    def restart(self, now: int) -> IndexRow:
        """A process that was stopped saw no time pass; the sources are forgotten."""
        self.now = now
        self.market.restart(now)
        self.feeds = self.no_feeds()
        self.counted = []
        return self.row(now, self.look(now).groups)

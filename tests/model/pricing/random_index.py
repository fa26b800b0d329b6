"""Random tapes of an index: groups of sources by rank and currency, an honest walk, and everything that goes wrong."""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from ..grid import GRID
from ..tables import MAX_PRICE
from .index_stream import IndexPrice
from .quotes import Price
from .random_tapes import (
    MILLISECOND,
    PLAIN_TIERS,
    draw_beside,
    draw_price,
    draw_start,
    draw_time,
    inline,
    rulebook_text,
    scaled,
    seconds_text,
    share_text,
    some,
)
from .rules import HOUR, SECOND, IndexRules, read_index

COMMANDS = ("halt", "resume", "restart")


@dataclass
class Step:
    """`kind`: update, or one of the commands. Prices in grid units, a fraction where off the grid, None: no number."""

    kind: str
    time: int
    quotes: list[tuple[str, Price]] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)


@dataclass
class IndexTape:
    """A rulebook and what happens under it."""

    text: str
    steps: list[Step]


def draw_index_tape(seed: int, length: int = 120, table: bool = False) -> IndexTape:
    """`table`: only what a table can say: updates at rising times, each with a quote, all of them on the grid."""
    rng = random.Random(seed)
    text = draw_index_rules(rng)
    rules = read_index(tomllib.loads(text, parse_float=Decimal), "BTC")
    return IndexTape(text, Walk(rng, rules, table).steps(length))


def draw_index_rules(rng: random.Random) -> str:
    """One to six groups of one to three sources, up to three ranks, up to two currencies."""
    currencies = rng.choice(([], [], ["USDT"], ["USDT", "EUR"]))
    ranks = rng.choice(([0], [0], [0, 1], [0, 1, 5], [2, 7]))
    sources: list[str] = []
    for group in range(rng.choice((1, 2, 3, 3, 4, 4, 4, 5, 6, 7))):
        for number in range(rng.choice((1, 1, 2, 3))):
            entry = {"id": f'"s{group}{number}"', "group": f'"G{group}"'}
            if rng.random() < 0.4:
                entry["weight"] = rng.choice(("2", "0.5", "8", "45", "0.333", "2.5", "0.001"))
            if len(ranks) > 1 or ranks[0]:
                entry["rank"] = str(rng.choice(ranks))
            if currencies and rng.random() < 0.4:
                entry["currency"] = f'"{rng.choice(currencies)}"'
            sources.append(inline(entry))
    rates = [
        inline(
            {"currency": f'"{name}"', "source": f'"{name.lower()}-usd"', "stale_after": rng.choice(('"60s"', '"5s"'))}
        )
        for name in currencies
    ]
    drop = rng.choice((10**7, 5 * 10**6, 2 * 10**7, 3_333_333))
    index = {
        "min_sources": rng.choice(("1", "2", "3", "4")),
        "stale_after": seconds_text(rng.choice((2 * SECOND, 5 * SECOND, 1_500 * MILLISECOND, 180 * SECOND))),
        "max_ahead": seconds_text(rng.choice((500 * MILLISECOND, 2 * SECOND))),
        "drop_beyond": share_text(rng, drop),
        "max_deviation": share_text(rng, rng.choice((10**6, 500_000, 10**6, drop // 2, drop // 7, 0, GRID))),
        "max_jump": share_text(rng, rng.choice((5 * 10**6, 2 * 10**7, 1_234_567, 0))),
        "jump_window": seconds_text(rng.choice((SECOND, 2 * SECOND, 500 * MILLISECOND, 10 * SECOND))),
        "agree_samples": rng.choice(("1", "2", "3", "5", "7")),
        "protected_for": seconds_text(rng.choice((60, 10, 3)) * SECOND),
        "halt_after": seconds_text(rng.choice((180, 20, 7)) * SECOND),
        "max_group_weight": share_text(rng, rng.choice((4 * 10**7, 10**8, 5 * 10**6, 33_333_333))),
    }
    chosen = some(rng, 0.5, index)
    if rng.random() < 0.25:
        chosen["unchanged_for"] = seconds_text(rng.choice((5, 30, 600)) * SECOND)
    lines = ["sources = [" + ", ".join(sources) + "]", f"index = {inline(chosen)}"]
    if rates:
        lines.append("rates = [" + ", ".join(rates) + "]")
    return rulebook_text("\n".join(lines), PLAIN_TIERS)


class Walk:
    """A true price that moves, and sources that tell it well or badly. A model of its own says where the edges are."""

    def __init__(self, rng: random.Random, rules: IndexRules, table: bool) -> None:
        self.rng = rng
        self.rules = rules
        self.table = table
        self.now = draw_start(rng)
        self.price = draw_price(rng)
        self.model = IndexPrice(rules)
        self.names = [source.id for source in rules.sources]
        self.all_names = [*self.names, *(rate.source for rate in rules.rates)]
        self.constant = {name for name in self.names if rng.random() < 0.05}
        self.honesty = rng.choice((0.99, 0.97, 0.9, 0.6))
        self.worth = {rate.currency: draw_rate(rng) for rate in rules.rates}
        self.calm = 0  # so many steps more with everybody honest and quick
        self.together = False  # in this step everybody says the same, so that the value is exactly that
        self.nonsense = False  # in this step nobody but the first says a price

    def steps(self, length: int) -> list[Step]:
        """So many steps at most; now and then a calm spell that lets a market come back."""
        steps: list[Step] = []
        while len(steps) < length:
            halted = self.model.market.state == "halted"
            if self.table and halted and self.rng.random() < 0.1:
                break  # no table says how to leave it
            if not self.calm and self.rng.random() < (0.3 if halted else 0.06):
                self.calm = self.rng.randint(3, 12)
            step = self.step()
            self.calm = max(0, self.calm - 1)
            self.apply(step)
            steps.append(step)
        return steps

    def apply(self, step: Step) -> None:
        """Keeps the model abreast."""
        if step.kind == "update":
            self.model.update(step.time, [(name, price, step.sent.get(name)) for name, price in step.quotes])
        else:
            getattr(self.model, step.kind)(step.time)

    def step(self) -> Step:
        """One step, a command now and then; a market that is halted is often resumed."""
        halted = self.model.market.state == "halted"
        self.nonsense = self.model.market.state in ("protected", "frozen") and self.rng.random() < 0.06
        waits = {"protected": 0.25, "frozen": 0.15}.get(self.model.market.state, 0)
        if not self.table and not self.nonsense and self.rng.random() < waits:
            silent = self.silence()
            if silent is not None:
                self.now = silent
                self.calm = self.rng.choice((0, 8))
                return Step("update", self.now)
        self.move_time()
        if not self.table and self.rng.random() < (0.3 if halted else 0.015):
            again = halted and self.rng.random() < 0.8
            return Step("resume" if again else self.rng.choice(COMMANDS), self.now)
        self.move_price()
        step = Step("update", self.now)
        for name in self.speakers():
            step.quotes.append((name, self.quote(name)))
            stamp = self.stamp(name)
            if stamp is not None:
                step.sent[name] = stamp
        return step

    def silence(self) -> int | None:
        """When one of those that count is too old, if nobody says anything until then."""
        ages = [
            min(feed.sent, feed.arrived) + self.rules.stale_after + 1
            for name, feed in self.model.feeds.items()
            if name in self.model.counted and feed.sent is not None and feed.arrived is not None
        ]
        return min(ages, default=None)

    def move_time(self) -> None:
        """Often to where something falls due."""
        if self.calm:
            self.now += self.rng.choice((1, 100 * MILLISECOND, SECOND, self.rules.jump_window))
            return
        rules, market = self.rules, self.model.market
        feed = self.model.feeds[self.rng.choice(self.all_names)]
        targets = [self.now + rules.jump_window, self.now + rules.max_ahead]
        if feed.sent is not None and feed.equal_since is not None:
            targets += [feed.sent + rules.stale_after, feed.sent + rules.stale_after]
            targets += [feed.equal_since + (rules.unchanged_for or HOUR), feed.sent + 60 * SECOND]
            targets += [feed.sent - rules.max_ahead]
        if market.since is not None and market.state in ("protected", "frozen"):
            targets.append(market.since + (rules.protected_for if market.state == "protected" else rules.halt_after))
        later = draw_time(self.rng, self.now, targets, far=0.005)
        self.now = max(later, self.now + 1) if self.table else later

    def move_price(self) -> None:
        """Mostly a little; sometimes exactly as far as a jump may go, or beyond."""
        kind = self.rng.random()
        market = self.model.market
        held = market.held or self.price
        self.together = market.state in ("protected", "frozen") and self.rng.random() < 0.3
        if self.together and market.run:
            lowest = min(value for _, value, _ in market.run)
            self.price = draw_beside(self.rng, scaled(lowest, self.rng.choice((0, 0, self.rules.max_jump))))
            return
        if kind < 0.5:
            return
        if kind < 0.9 or (self.calm and self.rng.random() < 0.7):
            self.price = scaled(self.price, self.rng.choice((1, -1)) * self.rng.randint(0, 200_000))
        elif kind < 0.97:
            self.price = draw_beside(self.rng, scaled(held, self.rng.choice((1, -1)) * self.rules.max_jump))
            self.together = self.rng.random() < 0.7
        else:
            self.price = scaled(self.price, self.rng.choice((-(10**7), 10**7, 3 * 10**7, -(4 * 10**7))))
        self.price = min(max(self.price, 3), MAX_PRICE)

    def speakers(self) -> list[str]:
        """Everybody, some, one, nobody; sometimes one that nobody knows."""
        if self.calm or self.together or self.nonsense or self.rng.random() < 0.5:
            return self.all_names
        found = self.rng.sample(self.all_names, self.rng.randint(1 if self.table else 0, len(self.all_names)))
        if self.rng.random() < 0.05:
            found.append("nobody")
        return found

    def quote(self, name: str) -> Price:
        """What a source says."""
        if self.nonsense and name != self.names[0]:
            return Fraction(0)
        for rate in self.rules.rates:
            if rate.source == name:
                return self.rate_quote(rate.currency)
        price = Fraction(self.price)
        for source in self.rules.sources:
            if source.id == name and source.currency is not None:
                price = Fraction(self.price * GRID // self.worth[source.currency])
        if self.together:
            return price
        if name in self.constant and self.model.feeds[name].price:
            return Fraction(self.model.feeds[name].price)
        if self.calm or self.rng.random() < self.honesty:
            return self.near(price)
        return self.wrong(price)

    def rate_quote(self, currency: str) -> Fraction:
        """What one unit of a currency is worth, now and then nonsense."""
        if self.rng.random() < 0.02 and not self.calm:
            return Fraction(self.rng.choice((0, -GRID, MAX_PRICE + 1, 1, 1_000 * GRID)))
        if self.rng.random() < 0.05:
            self.worth[currency] = draw_rate(self.rng)
        return Fraction(self.worth[currency])

    def near(self, price: Fraction) -> Fraction:
        """The price, a trifle off, or at an edge of what still counts as it is."""
        kind = self.rng.random()
        if kind < 0.55:
            return price
        if kind < 0.8:
            return max(Fraction(1), price + self.rng.randint(-3, 3))
        edge = self.rng.choice((self.rules.max_deviation, self.rules.drop_beyond, 50_000, 1_000_000))
        return Fraction(max(1, draw_beside(self.rng, scaled(int(price), self.rng.choice((-edge, edge))))))

    def wrong(self, price: Fraction) -> Price:
        """A price that is none, or of another scale; also none at all."""
        if not self.table and self.rng.random() < 0.15:
            between = price + Fraction(1, self.rng.choice((2, 10, 100)))
            beyond = Fraction(self.rng.choice((-1, 1)) * 10 ** self.rng.choice((18, 19, 20, 30, 50)))
            return self.rng.choice((between, None, Fraction(-1, 2), beyond, Fraction(1, 10**20)))
        low, high = int(price) // 1_000, int(price) * 1_000
        odd = (0, -int(price), low, high, MAX_PRICE, MAX_PRICE + 1, int(price) * 5 // 4, int(price) * 4 // 5, 1)
        return Fraction(min(self.rng.choice(odd), 10**17))

    def stamp(self, name: str) -> int | None:
        """None is now; late, stale, ahead, or before the last one."""
        kind = self.rng.random()
        if kind < (0.8 if self.calm else 0.5):
            return None
        if kind < 0.85 or self.calm:
            return self.now - self.rng.choice((0, 1, 300 * MILLISECOND, self.rng.randint(0, 2 * SECOND)))
        if kind < 0.92:
            return draw_beside(self.rng, self.now - self.rules.stale_after)
        if kind < 0.96:
            return draw_beside(self.rng, self.now + self.rules.max_ahead + self.rng.choice((0, 0, SECOND)))
        feed = self.model.feeds.get(name)
        known = [] if feed is None else [time for time in (feed.sent, feed.arrived) if time is not None]
        return draw_beside(self.rng, self.rng.choice([self.now, *known]))


def draw_rate(rng: random.Random) -> int:
    """What one unit of another currency is worth."""
    return rng.choice((GRID, 99_900_000, 100_012_345, 110_000_000, rng.randint(90_000_000, 110_000_000)))

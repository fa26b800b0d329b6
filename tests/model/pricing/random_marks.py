"""Random tapes of a mark: an index, a book, trades and impact prices that come, go, cross and stand at every edge."""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ..grid import GRID
from ..tables import MAX_PRICE
from .mark_stream import NAMES, MarkPrice
from .random_tapes import (
    MILLISECOND,
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
from .rules import HOUR, SECOND, Contract, read_contract

STATES = ("live", "thin", "protected", "frozen", "halted")
PRICES = tuple(name for name in NAMES if name not in ("state", "funding_rate"))
Step = tuple[int, dict[str, Any]]


@dataclass
class MarkTape:
    """A rulebook and, per step, the time and what is named, in grid units."""

    text: str
    steps: list[Step]


def draw_mark_tape(seed: int, length: int = 150, table: bool = False) -> MarkTape:
    """`table`: the same names in every step."""
    rng = random.Random(seed)
    text = draw_mark_rules(rng)
    rules = read_contract(tomllib.loads(text, parse_float=Decimal), "BTC-PERP")
    return MarkTape(text, Walk(rng, rules, table).steps(length))


def draw_mark_rules(rng: random.Random) -> str:
    """Either method, with and without a speed limit, bands and spans of all sizes."""
    index = {"stale_after": seconds_text(rng.choice((2 * SECOND, 5 * SECOND, 1_500 * MILLISECOND, 180 * SECOND)))}
    mark = {
        "band": share_text(rng, rng.choice((500_000, 10**6, 5 * 10**6, 12_345, 100_000, 0, GRID // 2))),
        "ema": share_text(rng, rng.choice((5 * 10**7, 99_000_000, 0, 33_333_333, 90_000_001, 99_999_999))),
        "samples": rng.choice(("1", "2", "3", "10", "60")),
        "last_for": seconds_text(rng.choice((2 * SECOND, 10 * SECOND, 60 * SECOND, 1_500 * MILLISECOND))),
    }
    chosen = some(rng, 0.6, mark)
    chosen["method"] = rng.choice(('"median3"', '"median3"', '"fair_basis"'))
    if rng.random() < 0.4:
        chosen["speed"] = share_text(rng, rng.choice((100_000, 10**6, 12_345, 300, 5 * 10**6, 0, GRID)))
    funding = some(rng, 0.6, {"every": rng.choice(('"1h"', '"4h"', '"24h"', '"10m"'))})
    maintenance = share_text(rng, rng.choice((500_000, 10**6, 333_333)))
    lines = [f"mark = {inline(chosen)}", f'tiers = [[1000, {maintenance}, 50], ["rest", "2%", 20]]']
    if funding:
        lines.append(f"funding = {inline(funding)}")
    return rulebook_text(f"index = {inline(index)}", "\n".join(lines))


class Walk:
    """An index that moves and a book around it. A model of its own says where the edges are."""

    def __init__(self, rng: random.Random, rules: Contract, table: bool) -> None:
        self.rng = rng
        self.rules = rules
        self.now = draw_start(rng)
        self.index = draw_price(rng)
        self.grain = rng.choice((1, 1, max(1, self.index // 10_000), max(1, self.index // 100_000)))
        self.model = MarkPrice(rules)
        self.quiet = rng.choice((0.02, 0.1, 0.4))  # chance that something is absent
        self.columns: list[str] | None = None
        if table:
            self.columns = [name for name in NAMES if name == "index" or rng.random() < 0.8]

    def steps(self, length: int) -> list[Step]:
        """So many steps."""
        steps: list[Step] = []
        for _ in range(length):
            steps.append((self.now, self.named()))
            self.model.update(self.now, **steps[-1][1])
            self.now = self.later()
        return steps

    def later(self) -> int:
        """Often on a second, or where the index, a trade, the average or the funding interval ends."""
        rules, model = self.rules, self.model
        targets = [(self.now // SECOND + 1) * SECOND]
        for time, lasts in (
            (model.index_time, rules.index.stale_after),
            (model.last_time, rules.last_for),
            (model.average.time, rules.last_for),
        ):
            if time is not None:
                targets += [time + lasts, time + lasts]
        if self.rng.random() < 0.1:
            targets = [(self.now // rules.every + 1) * rules.every]
            if targets[0] - self.now > HOUR:
                targets = []
        return draw_time(self.rng, self.now, targets, far=0.01)

    def named(self) -> dict[str, Any]:
        """Some of the names, or the columns of the table."""
        self.move()
        names = self.columns
        if names is None:
            chance = self.rng.choice((0.1, 0.5, 0.9, 1.0))
            names = [name for name in NAMES if self.rng.random() < chance]
        named: dict[str, Any] = {name: self.value(name) for name in names}
        if self.rng.random() < 0.25:
            self.aim(named)
        return named

    def move(self) -> None:
        """The index: mostly a little, rarely far."""
        kind = self.rng.random()
        if kind < 0.4:
            return
        if kind < 0.95:
            self.index += self.rng.randint(-5, 5) * self.grain
        else:
            self.index = scaled(self.index, self.rng.choice((-2, -1, 1, 2)) * 5 * 10**6)
        self.index = min(max(self.index, 1), MAX_PRICE)

    def value(self, name: str) -> Any:
        """None with some chance; prices near the index, in multiples of the grain."""
        rng = self.rng
        if rng.random() < (0.6 if name == "last" and self.columns else self.quiet):
            return None
        if name in PRICES and rng.random() < 0.01:
            return rng.choice((0, -GRID, MAX_PRICE + 1, self.index + Fraction(1, 2)))
        if name == "index":
            return self.index
        if name == "state":
            return "live" if rng.random() > self.quiet else rng.choice(STATES)
        if name == "funding_rate":
            return rng.choice((0, 10_000, -10_000, 37_500, rng.randint(-(10**6), 10**6), 2 * GRID, -GRID - 1))
        away = rng.randint(0, rng.choice((2, 10, 60))) * self.grain
        side = {"bid": -1, "impact_bid": -1, "ask": 1, "impact_ask": 1}.get(name, rng.choice((-1, 1)))
        if rng.random() < 0.05:
            side = -side  # a crossed book
        return min(max(1, self.index + side * away), MAX_PRICE)

    def aim(self, named: dict[str, Any]) -> None:
        """Moves a book to an edge: of the band, of the speed limit, of the spread that stops the average."""
        rng, rules = self.rng, self.rules
        edges = [scaled(self.index, rng.choice((-1, 1)) * rules.band)]
        newest = self.model.newest
        if newest is not None and rules.speed is not None:
            edges.append(scaled(newest.mark, rng.choice((-1, 1)) * rules.speed))
        edge = max(2, draw_beside(rng, rng.choice(edges)))
        aimed = {"bid": edge - 1, "ask": edge + 1, "last": edge}
        spread = self.index * rules.first_maintenance // GRID
        middle = self.index + rng.choice((0, 1, -1)) * min(spread, self.index * rules.band // GRID)
        low = max(1, middle - spread // 2)
        aimed |= {"impact_bid": low, "impact_ask": max(low + 1, draw_beside(rng, low + spread))}
        named.update({name: price for name, price in aimed.items() if name in named and price <= MAX_PRICE})

"""Random tapes of funding: slots hit and missed, gaps of many intervals, premiums at every edge, restores."""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ..grid import GRID
from ..tables import MAX_PRICE
from .funding import cap_of
from .funding_stream import NAMES, Funding
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

STATES = ("thin", "thin", "protected", "frozen", "halted")
MINUTE = 60 * SECOND
# (interval, slot): few slots an interval, so that a tape sees many intervals
INTERVALS = (
    (HOUR, MINUTE),
    (HOUR, 5 * MINUTE),
    (10 * MINUTE, 5 * SECOND),
    (5 * MINUTE, 10 * SECOND),
    (MINUTE, SECOND),
    (MINUTE, 5 * SECOND),
    (8 * HOUR, 10 * MINUTE),
    (24 * HOUR, HOUR),
    (5 * MINUTE, 5 * MINUTE),
    (MINUTE, 1_500 * MILLISECOND),
)


@dataclass
class Step:
    """What is named, in grid units; or a restore, its cumulative index at 10⁻¹⁶."""

    time: int
    named: dict[str, Any]
    cumulative: int | None = None


@dataclass
class FundingTape:
    """A rulebook and what happens under it."""

    text: str
    steps: list[Step]


def draw_funding_tape(seed: int, length: int = 150, table: bool = False) -> FundingTape:
    """`table`: the same names in every step, no restore."""
    rng = random.Random(seed)
    text = draw_funding_rules(rng)
    rules = read_contract(tomllib.loads(text, parse_float=Decimal), "BTC-PERP")
    return FundingTape(text, Walk(rng, rules, table).steps(length))


def draw_funding_rules(rng: random.Random) -> str:
    """With and without a cap of each kind; dead zones, interests and coverages of all sizes."""
    every, sample = rng.choice(INTERVALS)
    thin = rng.choice(('"trade"', '"protect"'))
    index = {"stale_after": seconds_text(rng.choice((5, 10, 60, 180)) * SECOND), "thin": thin}
    funding = some(
        rng,
        0.5,
        {
            "interest_8h": share_text(rng, rng.choice((0, 10_000, -20_000, 33_333, 300_000))),
            "dead_zone": share_text(rng, rng.choice((0, 25_000, 50_000, 77_777, GRID))),
            "min_coverage": share_text(rng, rng.choice((5 * 10**7, 33_333_333, 75 * 10**6, GRID, 0))),
        },
    )
    funding |= {"every": f'"{every // MINUTE}m"', "sample": seconds_text(sample)}
    caps = {
        "cap": share_text(rng, rng.choice((375_000, 10**6, 50, 333))),
        "cap_factor_maintenance": share_text(rng, rng.choice((75 * 10**6, 33_333_333, 3 * 10**8))),
        "cap_factor_difference": share_text(rng, rng.choice((90 * 10**6, 6 * 10**8, 1_111_111))),
    }
    name = rng.choice([*caps, None])
    if name is not None:
        funding[name] = caps[name]
    maintenance = share_text(rng, rng.choice((500_000, 10**6, 333_333)))
    tiers = f'tiers = [[1000, {maintenance}, 30], ["rest", "4%", 20]]'
    return rulebook_text(f"index = {inline(index)}", f"funding = {inline(funding)}\n{tiers}")


class Walk:
    """An index that moves and impact prices around it. A model of its own says where the edges are."""

    def __init__(self, rng: random.Random, rules: Contract, table: bool) -> None:
        self.rng = rng
        self.rules = rules
        self.now = draw_start(rng)
        self.index = draw_price(rng)
        self.model = Funding(rules)
        self.quiet = rng.choice((0.01, 0.1, 0.4))
        self.level = rng.choice((0, 0, 0, 100_000, -100_000, 10**6, -(10**6)))  # the premium of these days
        self.columns: list[str] | None = None
        if table:
            self.columns = [name for name in NAMES if name == "index" or rng.random() < 0.85]

    def steps(self, length: int) -> list[Step]:
        """So many steps."""
        steps: list[Step] = []
        for _ in range(length):
            step = Step(self.now, self.named())
            if self.columns is None and self.rng.random() < (0.1 if self.model.passed is None else 0.03):
                step = self.restore()
                assert step.cumulative is not None
                self.model.restore(step.time, step.named["mark"], step.cumulative)
            else:
                self.model.update(step.time, **step.named)
            steps.append(step)
            self.now = self.later()
        return steps

    def later(self) -> int:
        """Often exactly on a slot, at a settlement, or where the index goes stale; rarely after many intervals."""
        rules, rng = self.rules, self.rng
        if rng.random() < 0.02:
            return self.now + rng.randint(0, 4) * rules.every + rng.randint(0, rules.every)
        slot = (self.now // rules.sample + 1) * rules.sample
        settlement = (self.now // rules.every + 1) * rules.every
        targets = [slot, slot, slot, slot + rules.sample]
        if self.model.index_time is not None:
            stale = self.model.index_time + rules.index.stale_after
            targets += [stale, -(-stale // rules.sample) * rules.sample]
        kind = rng.random()
        if kind < 0.05:
            return settlement + rng.choice((0, 0, 1, -1))
        if kind < 0.4:
            return slot + rng.randint(0, min(rules.sample, rules.index.stale_after) - 1)
        return draw_time(rng, self.now, targets, far=0.01)

    def named(self) -> dict[str, Any]:
        """Some of the names, or the columns of the table."""
        rng = self.rng
        self.move()
        names = self.columns
        if names is None:
            chance = rng.choice((0.1, 0.6, 1.0, 1.0))
            names = [name for name in NAMES if rng.random() < chance]
        bid, ask = self.book()
        values: dict[str, Any] = {
            "index": self.index,
            "state": "live",
            "impact_bid": bid,
            "impact_ask": ask,
            "mark": self.index + 7,
        }
        if rng.random() < self.quiet:
            values["state"] = rng.choice(STATES)
        for name in ("index", "impact_bid", "impact_ask", "mark"):
            if rng.random() < self.quiet / 10:
                values[name] = rng.choice((0, -GRID, MAX_PRICE + 1, self.index + Fraction(1, 2)))
        return {name: None if rng.random() < self.quiet / 4 else values[name] for name in names}

    def move(self) -> None:
        """The index: a little. On a slot now and then, so that it is stale exactly on one."""
        if self.rng.random() < 0.5:
            self.index = scaled(self.index, self.rng.randint(-100_000, 100_000))
        self.index = min(max(self.index, 10), MAX_PRICE // 20)

    def book(self) -> tuple[int, int]:
        """Impact prices whose premium is drawn: around the level, at an edge of the formula, or off the scale."""
        rng, rules = self.rng, self.rules
        if rng.random() < 0.05:
            self.level = rng.choice((0, 100_000, -100_000, 10**6, -(10**6)))
        premium = self.level + rng.randint(-1_000, 1_000)
        kind = rng.random()
        if kind < 0.15:
            premium = rules.interest + rng.choice((0, rules.dead_zone, -rules.dead_zone))
        elif kind < 0.2:
            premium = rng.choice((10 * GRID, 10 * GRID + 1, 3 * GRID, -GRID // 2))
        elif kind < 0.4:
            premium = 0
        width = max(1, scaled(self.index, rng.choice((10_000, 100_000))) - self.index)
        if premium > 0:
            bid = min(draw_beside(rng, scaled(self.index, premium)), MAX_PRICE - width)
            ask = bid + width
        elif premium < 0:
            ask = max(2, draw_beside(rng, scaled(self.index, premium)))
            bid = max(1, ask - width)
        else:
            bid, ask = max(1, self.index - width), self.index + width
        if rng.random() < self.quiet / 4:
            return ask, rng.choice((ask, bid))  # locked or crossed
        return bid, ask

    def restore(self) -> Step:
        """At, within or beyond what the intervals can have moved."""
        rules, rng = self.rules, self.rng
        begun = (self.model.passed or 0) // self.model.slots * rules.every
        cap = cap_of(rules)
        mark = self.index
        reach = Fraction(GRID if cap is None else cap) * mark * max(1, (self.now - begun) // rules.every)
        edge = int(reach) + rng.choice((0, 0, 1, -1, int(reach), -int(reach) // 2))
        cumulative = (self.model.cumulative or 0) + rng.choice((-1, 1)) * edge
        return Step(self.now, {"mark": mark}, cumulative)

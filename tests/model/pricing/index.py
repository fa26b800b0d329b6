"""RULES §7 `index.value`: which live sources count, and the value they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..grid import GRID
from .exact import clamp, median, rounded
from .rules import IndexRules


@dataclass(frozen=True)
class Voice:
    """A live source and its price in grid units."""

    id: str
    group: str
    weight: int
    rank: int
    price: int


@dataclass
class Choice:
    """What counts of the live sources; without a quorum of any kind nothing counts and `groups` is 0."""

    counted: list[Voice]
    standby: set[str]
    beyond: set[str]
    disagreeing: set[str]
    groups: int


def groups_of(voices: Sequence[Voice]) -> list[str]:
    """The groups that have a voice, each once."""
    return sorted({voice.group for voice in voices})


def choose(voices: Sequence[Voice], ranks: Sequence[int], rules: IndexRules) -> Choice:
    """Rank by rank until the quorum stands, of two groups at least; `ranks` are those of all sources, live or not."""
    choice = Choice([], set(), set(), set(), 0)
    for rank in sorted(ranks):
        candidates = [voice for voice in voices if voice.rank <= rank]
        left = near_the_median(candidates, rules.drop_beyond)
        choice = Choice(
            counted=left,
            standby={voice.id for voice in voices if voice not in candidates},
            beyond={voice.id for voice in candidates if voice not in left},
            disagreeing=set(),
            groups=len(groups_of(left)),
        )
        if 2 * choice.groups < len(groups_of(candidates)):
            # most groups were dropped: one group of many sources must not vote the others out
            choice.disagreeing = {voice.id for voice in left}
            choice.counted = []
            choice.groups = 0
        if choice.groups >= max(rules.min_sources, 2):
            break
    return choice


def near_the_median(candidates: Sequence[Voice], drop_beyond: int) -> list[Voice]:
    """Without those more than `drop_beyond` from the median of all of them."""
    if not candidates:
        return []
    middle = median([voice.price for voice in candidates])
    return [voice for voice in candidates if abs(voice.price - middle) <= middle * drop_beyond / GRID]


def index_value(counted: Sequence[Voice], rules: IndexRules) -> int | None:
    """One value per group, clamped around their median, weighted; None with less than two groups."""
    names = groups_of(counted)
    if len(names) < 2:
        return None
    values: dict[str, Fraction] = {}
    weights: dict[str, Fraction] = {}
    for name in names:
        members = [voice for voice in counted if voice.group == name]
        weights[name] = Fraction(sum(voice.weight for voice in members))
        values[name] = Fraction(sum(voice.weight * voice.price for voice in members)) / weights[name]
    middle = median(list(values.values()))
    low = middle * (GRID - rules.max_deviation) / GRID
    high = middle * (GRID + rules.max_deviation) / GRID
    shares = capped_shares(weights, rules.max_group_weight)
    return rounded(sum((clamp(values[name], low, high) * shares[name] for name in names), Fraction(0)))


def capped_shares(weights: dict[str, Fraction], max_group_weight: int) -> dict[str, Fraction]:
    """No share above max(max_group_weight, 1/groups); what is cut goes to the others in proportion, repeated."""
    cap = max(Fraction(max_group_weight, GRID), Fraction(1, len(weights)))
    capped: set[str] = set()
    while True:
        free = {name: weight for name, weight in weights.items() if name not in capped}
        total = sum(free.values(), Fraction(0))
        shares = dict.fromkeys(capped, cap)
        for name, weight in free.items():
            shares[name] = weight / total * (1 - cap * len(capped))
        over = {name for name in free if shares[name] > cap}
        if not over:
            return shares
        capped |= over

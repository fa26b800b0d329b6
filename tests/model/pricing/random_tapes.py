"""What random tapes of quotes, books and premiums share: spans that hit boundaries, prices that hit thresholds."""

from __future__ import annotations

import random
from collections.abc import Sequence

from ..grid import GRID, plain
from ..tables import MAX_PRICE
from .rules import DAY, HOUR, SECOND

START = 1_700_000_000 * SECOND // DAY * DAY  # midnight of a day in 2023
MILLISECOND = 10**6


def draw_start(rng: random.Random) -> int:
    """Where a tape begins: on an hour, a second, or anywhere."""
    hours = START + rng.randint(0, 23) * HOUR
    return hours + rng.choice((0, 0, rng.randint(0, 3599) * SECOND, rng.randint(0, HOUR - 1)))


def draw_price(rng: random.Random) -> int:
    """A price: round, with all digits, of a few units, or high up."""
    round_prices = (100 * GRID, 60_000 * GRID, 2_500 * GRID, GRID, GRID // 1_000)
    kind = rng.random()
    if kind < 0.6:
        return rng.choice(round_prices)
    if kind < 0.85:
        return int(10 ** rng.uniform(6, 14))
    return rng.choice((rng.randint(1, 500), 10**6 + 1, MAX_PRICE // 20, MAX_PRICE // 3, MAX_PRICE - 7))


def draw_beside(rng: random.Random, value: int) -> int:
    """The value itself most of the time, else a unit beside it."""
    return value + rng.choice((0, 0, 0, -1, 1))


def scaled(value: int, share: int) -> int:
    """value·(1 + share), down to the grid."""
    return value * (GRID + share) // GRID


def draw_time(rng: random.Random, now: int, targets: Sequence[int], far: float = 0.03) -> int:
    """The next time: near, on or beside one of the targets, on a second, or far away. Never before `now`."""
    ahead = [target for target in targets if target >= now]
    kind = rng.random()
    if kind < 0.35 and ahead:
        return max(now, rng.choice(ahead) + rng.choice((0, 0, 0, 1, -1)))
    if kind < 0.45:
        return now + rng.choice((0, 1, 2))
    if kind < 0.65:
        return now + rng.randint(1, 900) * MILLISECOND
    if kind < 0.85:
        return (now // SECOND + rng.choice((1, 1, 1, 2, 3))) * SECOND
    if kind < 1 - far:
        return now + rng.randint(1, rng.choice((2, 5, 20)) * SECOND)
    return now + rng.choice((60 * SECOND, 180 * SECOND, rng.randint(1, HOUR), rng.randint(1, 3 * HOUR)))


def seconds_text(span: int) -> str:
    """A duration of the rulebook."""
    return f'"{span // SECOND}s"' if span % SECOND == 0 else f'"{span // MILLISECOND}ms"'


def share_text(rng: random.Random, share: int) -> str:
    """A rate of the rulebook, bare or as a percentage."""
    return f'"{plain(share * 100)}%"' if rng.random() < 0.5 else plain(share)


def inline(entries: dict[str, str]) -> str:
    """An inline table."""
    return "{ " + ", ".join(f"{name} = {value}" for name, value in entries.items()) + " }"


def some(rng: random.Random, chance: float, entries: dict[str, str]) -> dict[str, str]:
    """Each entry with this chance; the default otherwise."""
    return {name: value for name, value in entries.items() if rng.random() < chance}


def rulebook_text(underlying: str, contract: str) -> str:
    """A rulebook with one underlying and one contract on it."""
    return (
        '[venue]\nsettlement = "USD"\n[asset.USD]\nclass = "fiat"\neligible = true\n'
        f"[underlying.BTC]\n{underlying}\n"
        f'[instrument.BTC-PERP]\nunderlying = "BTC"\ntick = 0.00000001\nlot = 0.00000001\n{contract}\n'
    )


PLAIN_TIERS = 'tiers = [["rest", "0.5%", 20]]'

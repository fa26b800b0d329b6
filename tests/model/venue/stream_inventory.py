"""Rows of streams in which the fund takes positions over, holds them, and is rid of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from .stream_changes import Proposal
from .stream_liquidation import priced, seconds, thin_quotes, waiting_ones
from .stream_setting import SECOND, Row, Setting

MINUTE = 60 * SECOND


def minutes(setting: Setting) -> Iterable[Row]:
    """Full ones, with somebody in the book or nobody."""
    rng = setting.rng
    for _ in range(rng.randint(1, 3)):
        if rng.random() < 0.7:
            yield from waiting_ones(setting, setting.instrument, rng.choice((1, -1)))
        setting.time += MINUTE - setting.time % MINUTE + rng.choice((0, 0, SECOND, MINUTE))
        yield {"kind": "advance_time", "time": setting.time}


def fall_on(setting: Setting) -> Iterable[Row]:
    """One instrument falls or rises on and on: who took the first positions over is hit by the next step."""
    rng, instrument = setting.rng, setting.instrument
    side = rng.choice((1, -1))
    if rng.random() < 0.7:
        yield {"kind": "cancel_all", "instrument": instrument}
    for _ in range(rng.randint(2, 6)):
        step = Decimal(rng.choice(("0.006", "0.01", "0.02", "0.03", "0.05"))) * side
        setting.marks[instrument] = max(Decimal(1), round(setting.marks[instrument] * (1 + step), 2))
        setting.time += rng.choice((0, SECOND // 2, SECOND, 20 * SECOND))
        yield from priced(setting, instrument, rng.random() < 0.3)
        if rng.random() < 0.3:
            yield from rng.choice((seconds, thin_quotes))(setting)


def other_mode(setting: Setting) -> Iterable[Row]:
    """The fund pays from now on, or takes, or unwinds faster."""
    rng = setting.rng
    proposal = Proposal(rng.randrange(2**32), rng.choice((1, 1, 2, 3)), among="inventory")
    yield {"kind": "activate_rulebook", "rulebook": proposal, "confirm": rng.choice(("yes", "yes", None))}


Maker = Callable[[Setting], Iterable[Row]]
MAKERS: dict[str, Maker] = {"minutes": minutes, "fall_on": fall_on, "other_mode": other_mode}

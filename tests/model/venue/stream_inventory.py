"""Rows of streams in which the fund takes positions over, holds them, and is rid of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from .stream_changes import Proposal
from .stream_liquidation import (
    HUNTED,
    collateral_falls,
    deposit_of,
    on_tick,
    priced,
    seconds,
    sized,
    thin_quotes,
    unit,
    waiting_ones,
)
from .stream_people import slots
from .stream_setting import HOME, SECOND, Row, Setting, text

MINUTE = 60 * SECOND


def minutes(setting: Setting) -> Iterable[Row]:
    """Full ones, with somebody in the book or nobody."""
    rng = setting.rng
    for _ in range(rng.randint(1, 3)):
        if rng.random() < 0.7:
            yield from waiting_ones(setting, setting.instrument, rng.choice((1, -1)))
        if rng.random() < 0.4:
            yield from stops(setting)
        setting.time += MINUTE - setting.time % MINUTE + rng.choice((0, 0, SECOND, MINUTE))
        yield {"kind": "advance_time", "time": setting.time}


def stops(setting: Setting) -> Iterable[Row]:
    """By the last price, on both sides of the mark."""
    rng, instrument = setting.rng, setting.instrument
    for side, when in ((1, "at_or_above"), (-1, "at_or_below")):
        away = Decimal(rng.choice(("0.001", "0.004", "0.01", "0.02")))
        yield {
            "kind": "place", "account": rng.choice(("bob", "hal", "ivy")), "instrument": instrument,
            "quantity": text(Decimal(side)), "trigger": on_tick(setting, instrument, 1 + side * away),
            "trigger_by": "last", "trigger_when": when,
        }  # fmt: skip


def hours(setting: Setting) -> Iterable[Row]:
    """Onto the end of an interval of funding, or near it, with a book too far away to be rid of anything."""
    rng = setting.rng
    for instrument in ("BTC-PERP", "ETH-PERP"):
        yield {"kind": "cancel_all", "instrument": instrument}
        for side in (1, -1):
            yield {
                "kind": "place", "account": rng.choice(("bob", "hal", "ivy")), "instrument": instrument,
                "price": on_tick(setting, instrument, 1 - side * Decimal(rng.choice(("0.04", "0.05")))),
                "quantity": text(side * Decimal(rng.choice((1, 2))) * (1 if instrument == "BTC-PERP" else 20)),
            }  # fmt: skip
    yield from slots(setting)


def hunt(setting: Setting) -> Iterable[Row]:
    """In one instrument or the other."""
    yield from hunt_in(setting, setting.instrument)


def blind(setting: Setting) -> Iterable[Row]:
    """One mark may not be used, mostly; what happens in the other instrument, and what does not."""
    rng = setting.rng
    instrument, other = rng.sample(("BTC-PERP", "ETH-PERP"), 2)
    state, price = rng.choice(("thin", "frozen")), text(setting.marks[instrument])
    yield {"kind": "mark", "instrument": instrument, "price": price, "state": state}
    yield from hunt_in(setting, other)
    yield from minutes(setting)
    yield from priced(setting, instrument, True)


def hunt_in(setting: Setting, instrument: str) -> Iterable[Row]:
    """Somebody gets as much of a position as it can, and the price goes against it."""
    rng = setting.rng
    taker, maker, side = (
        rng.choice(HUNTED),
        rng.choice(("bob", "hal", "ivy", "ivy", rng.choice(HUNTED))),
        rng.choice((1, -1)),
    )
    mode, size = rng.choice((None, None, "isolated")), sized(setting, instrument)
    row: Row = {"kind": "place", "instrument": instrument, "price": on_tick(setting, instrument, Decimal(1))}
    yield from priced(setting, instrument, False)
    yield deposit_of(taker, setting.assets[0], Decimal(rng.choice((20, 60, 200, 500))))
    yield row | {"account": maker, "quantity": text(-side * 3 * size)}
    lot = Decimal("0.1") if instrument == "BTC-PERP" else Decimal(1)
    for parts in (Decimal(1) / 3, 1, 2, 4, 8):
        part = max(2 * lot, (size / parts / lot).to_integral_value() * lot)
        yield row | {"account": taker, "quantity": text(side * part), "margin_mode": mode, "tif": "ioc"}
    yield from falls(setting, instrument, -side)


def fall_on(setting: Setting) -> Iterable[Row]:
    """Whatever anybody has: who took the first positions over is hit by the next step."""
    yield from falls(setting, setting.instrument, setting.rng.choice((1, -1)))


def emptied(setting: Setting) -> Iterable[Row]:
    """Somebody closes a position at a loss, which is not settled yet, and its collateral is worth little."""
    rng, instrument = setting.rng, setting.instrument
    taker, side, size = rng.choice(HUNTED), rng.choice((1, -1)), sized(setting, instrument) / 2
    yield from priced(setting, instrument, False)
    asset = setting.assets[1]
    yield deposit_of(taker, asset, rng.choice((100, 300)) * unit(asset))
    row: Row = {"kind": "place", "instrument": instrument}
    lot = Decimal("0.1") if instrument == "BTC-PERP" else Decimal(1)
    size = max(2 * lot, (size / lot).to_integral_value() * lot)
    for account, quantity in (("ivy", -side * size), (taker, side * size)):
        yield row | {
            "account": account, "quantity": text(quantity), "price": on_tick(setting, instrument, Decimal(1)),
        }  # fmt: skip
    step = Decimal(rng.choice(("0.01", "0.02", "0.03")))
    setting.marks[instrument] = max(Decimal(1), round(setting.marks[instrument] * (1 - step * side), 2))
    for account, quantity in (("ivy", side * size), (taker, -side * size)):
        yield row | {
            "account": account, "quantity": text(quantity), "price": on_tick(setting, instrument, Decimal(1)),
            "reduce_only": None if account == "ivy" else True,
        }  # fmt: skip
    yield from collateral_falls(setting)


def falls(setting: Setting, instrument: str, side: int) -> Iterable[Row]:
    """One instrument falls or rises on and on; in the end it may come back half the way."""
    rng = setting.rng
    if rng.random() < 0.6:
        yield {"kind": "cancel_all", "instrument": instrument}
    for _ in range(rng.randint(2, 6)):
        step = Decimal(rng.choice(("0.006", "0.01", "0.02", "0.03", "0.05", "0.12"))) * side
        setting.marks[instrument] = max(Decimal(1), round(setting.marks[instrument] * (1 + step), 2))
        setting.time += rng.choice((0, SECOND // 2, SECOND, 20 * SECOND))
        yield from priced(setting, instrument, rng.random() < 0.3)
        if rng.random() < 0.3:
            yield from rng.choice((seconds, thin_quotes))(setting)
    if rng.random() < 0.3:
        setting.marks[instrument] = round((setting.marks[instrument] + HOME[instrument]) / 2, 2)
        yield from priced(setting, instrument, True)


def other_mode(setting: Setting) -> Iterable[Row]:
    """The fund pays from now on, or takes, or unwinds faster."""
    rng = setting.rng
    proposal = Proposal(rng.randrange(2**32), rng.choice((1, 1, 2, 3)), among="inventory")
    yield {"kind": "activate_rulebook", "rulebook": proposal, "confirm": rng.choice(("yes", "yes", None))}


Maker = Callable[[Setting], Iterable[Row]]
MAKERS: dict[str, Maker] = {
    "minutes": minutes, "hours": hours, "hunt": hunt, "blind": blind, "emptied": emptied, "fall_on": fall_on,
    "other_mode": other_mode,
}  # fmt: skip

"""RULES §6 `threshold.liquidation`: the mark of one instrument at which its bucket goes into liquidation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from .book import Account, Price
from .bucket import Bucket, cross_bucket, isolated_bucket
from .grid import E16, decimal8
from .requirement import Point
from .rulebook import Rulebook
from .scenarios import Scenario
from .tables import MAX_PRICE

# A surplus that stays within its roundings over more ticks than this is not searched (no answer: `unknown`).
MOST_TICKS = 4_000
UNKNOWN = "unknown"


def liquidation_rows(
    rules: Rulebook, prices: dict[str, Price], table: Sequence[Scenario], account: Account
) -> Iterator[dict[str, Any]]:
    """A row for each position of the account that is not flat."""
    for (name, mode), position in account.positions.items():
        if position.quantity == 0:
            continue
        instrument, mark = rules.instruments[name], prices[name].value
        if mode == "isolated":
            bucket = isolated_bucket(rules, prices, name, position)
        else:
            bucket = cross_bucket(rules, prices, table, account, instrument.underlying)
        below, above = liquidation_prices(bucket, mark, instrument.tick)
        row = {"account": account.id, "instrument": name, "margin_mode": mode, "mark": decimal8(mark)}
        yield row | {"below": as_price(below), "above": as_price(above)}


def as_price(answer: int | str | None) -> object:
    """A price as a Decimal; null and `UNKNOWN` as they are."""
    return decimal8(answer) if isinstance(answer, int) else answer


def liquidation_prices(bucket: Bucket, mark: int, tick: int) -> tuple[int | str | None, int | str | None]:
    """(below, above); null when no root lies inside the bounds or the bucket is already in liquidation."""
    if not bucket.is_safe(Fraction(1)):
        return None, None
    return one_side(bucket, mark, tick, Fraction(0)), one_side(bucket, mark, tick, Fraction(MAX_PRICE, mark))


def one_side(bucket: Bucket, mark: int, tick: int, bound: Fraction) -> int | str | None:
    """The answer between a bound of λ and the mark."""
    toward = 1 if bound < 1 else -1  # to the mark
    if bound == 1 or bucket.surplus(bound, toward > 0)[0] >= 0:
        return None
    root, slope = root_from(bucket, bound, toward, Fraction(0))
    inside = first_tick(root, mark, tick, toward)
    if is_shallow(slope * toward, mark, tick):
        return inside if (mark - inside) * toward > 0 else mark
    slack = bucket.requirement.slack
    outermost = root if slack == 0 else root_from(bucket, bound, toward, slack)[0]
    price = first_tick(outermost, mark, tick, toward)
    price = max(price, tick) if toward > 0 else price
    for _ in range(MOST_TICKS):
        if (mark - price) * toward <= 0:
            return mark
        if bucket.is_safe(Fraction(price, mark)):
            return price
        price += toward * tick
    return UNKNOWN


def is_shallow(slope: Fraction, mark: int, tick: int) -> bool:
    """Less than 1/100 of a unit a tick; the slope is that in λ."""
    return slope * tick * 100 < E16 * mark


def first_tick(ratio: Fraction, mark: int, tick: int, toward: int) -> int:
    """The first tick at or after λ·M on the way to the mark."""
    ticks = ratio * mark / tick
    return tick * (-(-ticks // 1) if toward > 0 else ticks // 1)


def root_from(bucket: Bucket, bound: Fraction, toward: int, slack: Fraction) -> Point:
    """Where equity − MM + slack, concave, reaches 0 on the way from a bound to the mark; with its slope there.

    Each tangent lies above the curve, so its root never passes the curve's; on the last piece it meets it.
    """
    ratio = bound
    while True:
        value, slope = bucket.surplus(ratio, toward > 0)
        value += slack
        if value >= 0:
            return ratio, slope
        if slope * toward <= 0:  # rounded figures only are safe at the mark
            return Fraction(1), slope
        ratio -= value / slope
        if (ratio - 1) * toward > 0:
            return Fraction(1), slope

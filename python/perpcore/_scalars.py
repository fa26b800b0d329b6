"""Scalar arguments: times, and what an update names. Numbers are read by the core (`_core.grid_units`)."""

from __future__ import annotations

import enum
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np

from ._inputs import refuse

__all__ = [
    "SAME",
    "Number",
    "Same",
    "Time",
    "instant",
    "named",
    "nanoseconds",
    "order_id",
    "some_nanoseconds",
    "stamp",
    "within",
]

Number = str | int | float | Decimal
Time = int | datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# An integer time before it is in another unit, or a mistake.
_YEAR_2000 = 946_684_800 * 10**9


class Same(enum.Enum):
    """What an update does not name."""

    SAME = enum.auto()

    def __repr__(self) -> str:
        return "SAME"


SAME: Final = Same.SAME


def named(**told: Any) -> dict[str, Any]:
    """What an update names."""
    return {name: value for name, value in told.items() if value is not SAME}


def within(name: str, value: int, least: int, most: int) -> int:
    """An integer that the core can hold."""
    if not least <= value <= most:
        raise ValueError(f"{name} is from {least} to {most}, not {value}")
    return value


def nanoseconds(name: str, value: Time) -> int:
    """A time as nanoseconds since 1970 UTC."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return within(name, int(value), -(2**63), 2**63 - 1)
    if not isinstance(value, datetime):
        raise TypeError(f"{name} is nanoseconds since 1970 UTC or an aware datetime, not {type(value).__name__}")
    if value.utcoffset() is None:
        raise ValueError(f"{name} has no zone; accepted: an aware datetime, or nanoseconds since 1970 UTC")
    # Those of pandas count further than microseconds.
    beyond = getattr(value, "nanosecond", 0)
    return within(name, (value - _EPOCH) // timedelta(microseconds=1) * 1_000 + beyond, -(2**63), 2**63 - 1)


def some_nanoseconds(name: str, value: Time | None) -> int | None:
    """The same where one is given."""
    return None if value is None else nanoseconds(name, value)


def order_id(value: int | None) -> int | None:
    """An id of an order, or of a withdrawal."""
    if not isinstance(value, int) or isinstance(value, bool):
        if value is None:
            return None
        raise TypeError(f"order is the id that its event has, not {type(value).__name__}")
    return within("order", value, 0, 2**64 - 1)


def stamp(name: str, value: Time) -> int:
    """The time that somebody else says, whatever it is; beyond 64 bits it is as far away as they reach."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = max(-(2**63), min(value, 2**63 - 1))
    return nanoseconds(name, value)


def instant(table: str, name: str, value: Time) -> int:
    """The same for when something happened; an integer before the year 2000 is refused, as in a table."""
    time = nanoseconds(name, value)
    if time < _YEAR_2000 and not isinstance(value, datetime):
        refuse(table, name, "an integer counts nanoseconds", value=value, code="implausible_time")
    return time

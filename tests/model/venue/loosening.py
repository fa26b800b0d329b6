"""Whether a rulebook loosens another: every change that is not one of the tightenings named here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from ..pricing.rules import span
from ..rulebook_values import amount, rate

NO_CHANGE = ("version", "effective", "name", "source", "extends")
ANY = Fraction(10**40)

# the last parts of a key: what stands where it is left out
LOWER_IS_TIGHTER: dict[str, Fraction] = {
    "limits.position": ANY, "limits.client_position": ANY, "limits.group_position": ANY, "limits.open_interest": ANY,
    "limits.open_orders": Fraction(200), "limits.client_open_orders": ANY, "limits.group_open_orders": ANY,
    "max_size": ANY, "rates.orders_per_second": ANY, "rates.client_orders_per_second": ANY,
    "rates.group_orders_per_second": ANY, "venue.outflow_per_hour": ANY, "platform_cap": ANY,
    "breaker.loss_per_minute": ANY, "breaker.turnover_per_minute": ANY,
}  # fmt: skip
HIGHER_IS_TIGHTER: dict[str, Fraction] = {"venue.withdraw_ratio": Fraction(0), "changes.delay": Fraction(0)}
TIGHT_WORDS: dict[str, tuple[bool, bool]] = {  # the word that is tighter, what stands where it is left out
    "changes.approved": (True, False),
    "eligible": (False, False),
}


def loosens(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The keys that loosen."""
    was, becomes = dict(keys(before)), dict(keys(after))
    return [
        path
        for path in sorted({*was, *becomes})
        if was.get(path) != becomes.get(path) and not tightens(path, was.get(path), becomes.get(path))
    ]


def keys(table: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted paths of what has a value; a source is no rule."""
    for name, value in table.items():
        if name in NO_CHANGE and (not path or name == "source"):
            continue
        if isinstance(value, Mapping):
            yield from keys(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def tightens(path: str, before: object, after: object) -> bool:
    """Whether a change is known to do so."""
    for ending, default in LOWER_IS_TIGHTER.items():
        if path.endswith(ending):
            return number(after, default) <= number(before, default)
    for ending, default in HIGHER_IS_TIGHTER.items():
        if path.endswith(ending):
            return number(after, default) >= number(before, default)
    for ending, (tight, absent) in TIGHT_WORDS.items():
        if path.endswith(ending):
            default_word = True if path.startswith("underlying.") else absent
            return (default_word if after is None else after) == tight
    return False


def number(value: object, default: Fraction) -> Fraction:
    """A number, a rate or a duration."""
    if value is None or value == "none":
        return default
    if isinstance(value, str) and value[-1] in "smhd":
        return Fraction(span(value))
    return Fraction(rate(value) if isinstance(value, str) and value.endswith("%") else amount(value), 10**8)

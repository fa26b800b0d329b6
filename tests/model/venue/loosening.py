"""Whether a rulebook loosens another: every change that is not one of the tightenings named here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from ..pricing.rules import span
from ..rulebook_values import amount, rate

DEFAULTS = {"mark.band": "0.5%", "mark.samples": 30}  # of what neither tightens nor loosens
NO_CHANGE = ("version", "effective", "name", "source", "extends")
ANY = Fraction(10**40)

# the last parts of a key: what stands where it is left out
LOWER_IS_TIGHTER: dict[str, Fraction] = {
    "limits.position": ANY, "limits.client_position": ANY, "limits.group_position": ANY, "limits.open_interest": ANY,
    "limits.open_orders": Fraction(200), "limits.client_open_orders": ANY, "limits.group_open_orders": ANY,
    "max_size": ANY, "rates.orders_per_second": ANY, "rates.client_orders_per_second": ANY,
    "rates.group_orders_per_second": ANY, "venue.outflow_per_hour": ANY, "platform_cap": ANY,
    "breaker.loss_per_minute": ANY, "breaker.turnover_per_minute": ANY, "account_cap": ANY,
    "collar.width": Fraction(3, 100), "venue.profit_credit": Fraction(0), "rates.max_age": Fraction(span("7d")),
}  # fmt: skip
HIGHER_IS_TIGHTER: dict[str, Fraction] = {
    "venue.withdraw_ratio": Fraction(0), "changes.delay": Fraction(0), "venue.call_factor": Fraction(5, 4),
    "min_size": Fraction(0),
}  # fmt: skip
TIGHT_WORDS: dict[str, tuple[Any, Any]] = {  # the word that is tighter, what stands where it is left out
    "changes.approved": (True, False),
    "index.thin": ("protect", "protect"),
}
CURVES = ("haircut", "tiers")
WHOLE = Fraction(1)


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
            return word(after, absent) in (tight, word(before, absent))
    if path.endswith("eligible"):
        absent = path.startswith("underlying.")
        return word(after, absent) in (False, word(before, absent))
    if path == "client.require":
        return set(listed(before)) <= set(listed(after))
    if path == "client.classes":
        return not listed(before) or (bool(listed(after)) and set(listed(after)) <= set(listed(before)))
    if path.endswith(CURVES) and before is not None and after is not None:
        return is_above(curve(path, after), curve(path, before))
    return any(path.endswith(ending) and word(before, one) == word(after, one) for ending, one in DEFAULTS.items())


def word(value: Any, absent: Any) -> Any:
    """What stands where it is left out."""
    return absent if value is None else value


def listed(value: object) -> list[str]:
    """A list that may be left out."""
    return value if isinstance(value, list) else []


Curve = list[tuple[Fraction, list[Fraction]]]  # up to, rates


def curve(path: str, rows: Any) -> Curve:
    """Haircuts by quantity; maintenance and initial rates by notional. Beyond the last everything counts."""
    if not isinstance(rows, list):
        rows = [["rest", rows]]
    made: Curve = []
    for upto, share, *leverage in rows:
        rates = [number(share, WHOLE), *(1 / Fraction(amount(one), 10**8) for one in leverage)]
        made.append((ANY if upto == "rest" else number(upto, ANY), rates))
    return [*made, (2 * ANY, [WHOLE] * len(made[0][1]))]


def is_above(after: Curve, before: Curve) -> bool:
    """Everywhere at least as high."""
    ends = sorted({upto for upto, _ in (*after, *before)})
    return all(low <= high for end in ends for low, high in zip(at(before, end), at(after, end), strict=True))


def at(rows: Curve, end: Fraction) -> list[Fraction]:
    """The rates of the slice that ends there or beyond."""
    return next(rates for upto, rates in rows if end <= upto)


def number(value: object, default: Fraction) -> Fraction:
    """A number, a rate or a duration."""
    if value is None or value == "none":
        return default
    if isinstance(value, str) and value[-1] in "smhd":
        return Fraction(span(value))
    return Fraction(rate(value) if isinstance(value, str) and value.endswith("%") else amount(value), 10**8)

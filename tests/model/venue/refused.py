"""The columns of a `rejected` event: what names the command, then why."""

from __future__ import annotations

from typing import Any

from ..grid import NumberError, read_number
from .refusals import amount_of, balance_of, key_of, rule_of
from .rows import NUMBERS
from .rules import VenueRules

Row = dict[str, Any]


def readable(value: object, bounds: tuple[int, int]) -> int | None:
    """A number as an event shows it; what could not be read, and 0, is not shown."""
    try:
        found = value if isinstance(value, int) else read_number(value)
    except NumberError:
        return None
    return found if found and bounds[0] <= found <= bounds[1] else None


def columns(rules: VenueRules, row: Row, code: str) -> Row:
    """As far as the row could be read."""
    shown: Row = {name: row.get(name) for name in ("account", "client_id")}
    if row.get("asset") in rules.valuation.assets:
        shown["asset"] = row["asset"]
    shown |= {name: readable(row.get(name), NUMBERS[name]) for name in ("quantity", "price", "amount")}
    if row.get("kind") == "quote":
        shown["price"] = readable(row.get("quoted"), NUMBERS["price"])
    if row.get("instrument") in rules.markets:
        shown["instrument"] = row["instrument"]
    if row.get("order") is not None:
        book_kind = row.get("kind") in ("amend", "cancel")
        shown["order"] = (row.get("instrument"), row["order"]) if book_kind else row["order"]
    if row.get("kind") == "amend" and code not in ("unknown_holder", "time_runs_back"):
        shown |= {"quantity": None, "price": None}
    shown |= {"rule": rule_of(code), "note": key_of(code, **names_of(rules, shown))}
    if amount_of(code) is not None:
        shown |= {"amount": amount_of(code), "balance": balance_of(code)}
    return shown


def names_of(rules: VenueRules, shown: Row) -> dict[str, str | None]:
    """What the event is about; it names no underlying by itself."""
    instrument, asset, underlying = shown.get("instrument"), shown.get("asset"), None
    if instrument is not None:
        underlying = rules.markets[instrument].underlying
    elif asset is not None:
        underlying = rules.valuation.assets[asset].underlying
    return {"instrument": instrument, "asset": asset, "underlying": underlying}

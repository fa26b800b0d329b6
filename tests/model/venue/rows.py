"""One row of `commands`: the columns of each kind, and what is wrong with a row before anybody acts on it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ..grid import GRID, NumberError, read_number
from ..tables import MAX_BALANCE, MAX_PRICE, MAX_QUANTITY
from .people import words_of
from .rules import VenueRules

Row = dict[str, Any]

ORDER_COLUMNS = (
    "client_id", "price", "tif", "until", "post_only", "reduce_only", "margin_mode", "trigger", "trigger_by",
    "trigger_when", "stp", "sent",
)  # fmt: skip
SETTINGS = (
    "client", "group", "class", "model", "leverage", "fee_tier", "investor_until", "knowledge_until", "approval",
)  # fmt: skip

SCOPES = ("instrument", "underlying", "account", "client", "class")  # of a halt: one of them, or all instruments

# kind: (columns that are needed, columns that it may have); time, kind and note always may be there
KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "place": (("account", "quantity"), ("instrument", *ORDER_COLUMNS)),
    "amend": ((), ("account", "instrument", "order", "client_id", "quantity", "price")),
    "cancel": ((), ("account", "instrument", "order", "client_id")),
    "cancel_all": ((), ("account", "client", "group", "class", "instrument")),
    "open_account": (("account",), SETTINGS),
    "set_account": (("account",), (*SETTINGS, "instrument", "margin_mode")),
    "close_account": (("account",), ()),
    "hold": (("account",), ("flags", "approval")),
    "disconnect": (("account",), ()),
    "deadman": (("account",), ("until",)),
    "deposit": (("account", "asset", "amount"), ()),
    "withdraw": (("account", "asset", "amount"), ()),
    "confirm_withdrawal": (("order",), ()),
    "release_withdrawal": (("order",), ()),
    "transfer": (("account", "amount"), ("to_account", "instrument", "asset")),
    "index": (("price",), ("underlying", "asset", "state")),
    "mark": (("price",), ("instrument", "state")),
    "quote": (("source", "underlying"), ("price", "sent")),
    "top": ((), ("instrument", "bid", "ask")),
    "advance_time": (("time",), ()),
    "restart": ((), ()),
    "phase": (("state",), ("instrument",)),
    "halt": ((), SCOPES),
    "resume": ((), SCOPES),
    "fund_topup": (("amount",), ("asset", "account")),
    "register_backstop": (("account", "amount"), ()),
    "settle": ((), ("instrument", "price", "approval")),
    "approve_rulebook": (("rulebook",), ("approval",)),
    "activate_rulebook": (("rulebook",), ("confirm",)),
}
FLAGS = ("no_open", "no_withdraw", "frozen")
# Of several books the one that has the order is found.
NAMED = ("amend", "cancel")
ONE_INSTRUMENT = ("place", "amend", "cancel", "mark", "phase", "settle", "top")  # null is the only one that there is

NUMBERS: dict[str, tuple[int, int]] = {
    "quantity": (-MAX_QUANTITY, MAX_QUANTITY),
    "price": (1, MAX_PRICE),
    "trigger": (1, MAX_PRICE),
    "amount": (-MAX_BALANCE, MAX_BALANCE),
    "bid": (1, MAX_PRICE),
    "ask": (1, MAX_PRICE),
    "leverage": (GRID, 10**6 * GRID),
}
PRICE_STATES = ("live", "thin", "protected", "frozen", "halted")
PHASES = ("listed", "preopen", "auction", "open", "reduce_only", "halted", "settling", "settled")
WORDS: dict[str, tuple[str, ...]] = {
    "tif": ("gtc", "ioc", "fok", "gtd"),
    "post_only": ("reject", "slide"),
    "margin_mode": ("cross", "isolated"),
    "trigger_by": ("mark", "index", "last"),
    "trigger_when": ("at_or_above", "at_or_below"),
    "stp": ("taker", "maker", "both", "decrement"),
    "class": ("professional", "affiliated_market_maker", "market_maker", "backstop"),
    "model": ("standard", "portfolio"),
}


def read_row(rules: VenueRules, raw: Mapping[str, Any]) -> tuple[Row, str | None]:
    """Values in grid units, and the first thing that is wrong."""
    row = {name: value for name, value in raw.items() if value is not None}
    kind = row.get("kind")
    if kind not in KINDS:
        return row, "null_value" if kind is None else "out_of_range"
    needed, may = KINDS[kind]
    if set(row) - {"time", "kind", "note", *needed, *may}:
        return row, "unused_column"
    if kind == "quote" and "price" in row:
        row["quoted"] = row["price"]
        row["price"] = Fraction(row["price"]) * GRID  # whatever it is: the index judges it
    for name, (low, high) in NUMBERS.items():
        if name in row and not (kind == "quote" and name == "price"):
            try:
                row[name] = read_number(row[name])
            except NumberError as error:
                return row, error.code
            if not low <= row[name] <= high:
                return row, "out_of_range"
    for name, words in (*WORDS.items(), ("state", PHASES if kind == "phase" else PRICE_STATES)):
        if name in row and row[name] not in words:
            return row, "out_of_range"
    if any(name not in row for name in needed):
        return row, "null_value"
    return row, names_fault(rules, kind, row)


def names_fault(rules: VenueRules, kind: str, row: Row) -> str | None:
    """Instruments, assets, and how an order is named."""
    if row.get("instrument") is not None and row["instrument"] not in rules.markets:
        return "unknown_instrument"
    if row.get("asset") is not None and row["asset"] not in rules.valuation.assets:
        return "unknown_asset"
    if kind in ONE_INSTRUMENT and "instrument" not in row and (kind not in NAMED or len(rules.markets) == 1):
        if len(rules.markets) != 1:
            return "null_value"
        row["instrument"] = next(iter(rules.markets))
    if kind in ("amend", "cancel"):
        if "order" in row and "client_id" in row:
            return "conflicting_values"
        if "order" not in row and not ("account" in row and "client_id" in row):
            return "null_value"
    code = words_fault(rules, kind, row)
    if code is not None:
        return code
    if kind == "place" and "trigger" not in row and ("trigger_by" in row or "trigger_when" in row):
        return "conflicting_values"
    if kind == "place" and "trigger" in row and "trigger_when" not in row:
        return "null_value"
    if kind == "quote":
        known = rules.indexes.get(row["underlying"])
        names = [] if known is None else [*(one.id for one in known.sources), *(one.source for one in known.rates)]
        return None if row["source"] in names else "out_of_range"
    if kind == "transfer":
        return transfer_fault(rules, row)
    return None


def words_fault(rules: VenueRules, kind: str, row: Row) -> str | None:
    """Words of the rulebook and of the kind, and whose price an index is."""
    if "fee_tier" in row and row["fee_tier"] not in (*rules.fees, "standard"):
        return "unknown_fee_tier"
    if kind == "hold" and any(word not in FLAGS for word in words_of(row)):
        return "out_of_range"
    if kind == "fund_topup" and row.get("note") not in (None, "", "fund", "converter"):
        return "out_of_range"
    if kind in ("halt", "resume") and sum(name in row for name in SCOPES) > 1:
        return "conflicting_values"
    if kind == "index":
        if "underlying" in row and "asset" in row:
            return "conflicting_values"
        if "underlying" in row and row["underlying"] not in rules.indexes:
            return "out_of_range"
        return None if "underlying" in row or "asset" in row else "null_value"
    return None


def transfer_fault(rules: VenueRules, row: Row) -> str | None:
    """To an account with an asset, or to a position in an instrument."""
    if "to_account" in row:
        if "instrument" in row:
            return "conflicting_values"
        return None if "asset" in row else "null_value"
    if "asset" in row:
        return "conflicting_values"
    if "instrument" not in row:
        if len(rules.markets) != 1:
            return "null_value"
        row["instrument"] = next(iter(rules.markets))
    return None

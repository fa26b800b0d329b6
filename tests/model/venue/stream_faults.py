"""Rows that are wrong: each has one fault, sometimes two."""

from __future__ import annotations

from collections.abc import Iterable

from .stream_setting import Row, Setting

FAULTS: tuple[Row, ...] = (
    {"kind": "place", "quantity": "1.05"},
    {"kind": "place", "quantity": "0"},
    {"kind": "place", "quantity": "0.1"},
    {"kind": "place", "quantity": "61"},
    {"kind": "place", "quantity": "1", "price": "1000.25"},
    {"kind": "place", "quantity": "0.000000001"},
    {"kind": "place", "quantity": "1000000001"},
    {"kind": "place", "quantity": "one"},
    {"kind": "place", "quantity": "1", "price": "0"},
    {"kind": "place", "quantity": "1", "price": "2000"},
    {"kind": "place", "quantity": "1", "instrument": "DOGE-PERP"},
    {"kind": "place", "quantity": "1", "instrument": None},
    {"kind": "place", "quantity": "1", "account": None},
    {"kind": "place", "quantity": "1", "account": "nobody"},
    {"kind": "place", "quantity": None},
    {"kind": "place", "quantity": "1", "amount": "1"},
    {"kind": "place", "quantity": "1", "trigger": "1000"},
    {"kind": "place", "quantity": "1", "trigger_when": "at_or_above"},
    {"kind": "place", "quantity": "1", "tif": "gtd"},
    {"kind": "place", "quantity": "1", "tif": "day"},
    {"kind": "place", "quantity": "1", "price": None, "tif": "gtc"},
    {"kind": "place", "quantity": "1", "tif": "ioc", "post_only": "reject"},
    {"kind": "place", "quantity": "-1", "reduce_only": True, "margin_mode": "isolated"},
    {"kind": "cancel", "order": 77_777},
    {"kind": "cancel", "account": "nobody", "client_id": "c1"},
    {"kind": "cancel"},
    {"kind": "cancel", "order": 1, "client_id": "c1"},
    {"kind": "amend", "order": 77_777, "quantity": "1"},
    {"kind": "cancel_all", "account": "nobody"},
    {"kind": "deposit", "asset": "DOGE", "amount": "1"},
    {"kind": "deposit", "asset": "BTC", "amount": None},
    {"kind": "deposit", "asset": "BTC", "amount": "2000000000000"},
    {"kind": "withdraw", "asset": "BTC", "amount": "0.123456789"},
    {"kind": "confirm_withdrawal", "order": 99_999},
    {"kind": "release_withdrawal", "order": 99_999},
    {"kind": "transfer", "amount": "1"},
    {"kind": "transfer", "amount": "1", "to_account": "nobody", "asset": "BTC"},
    {"kind": "transfer", "amount": "1", "to_account": "ada", "instrument": "BTC-PERP", "asset": "BTC"},
    {"kind": "set_account", "leverage": "0.5"},
    {"kind": "set_account", "fee_tier": "gold"},
    {"kind": "set_account", "account": "nobody"},
    {"kind": "open_account", "account": "ada"},
    {"kind": "open_account", "account": "converter"},
    {"kind": "close_account", "account": "ada"},
    {"kind": "hold", "flags": "free"},
    {"kind": "hold", "flags": "frozen"},
    {"kind": "mark", "instrument": "BTC-PERP", "price": None},
    {"kind": "mark", "instrument": "BTC-PERP", "price": "1000", "account": "ada"},
    {"kind": "mark", "instrument": None, "price": "1000"},
    {"kind": "mark", "instrument": "BTC-PERP", "price": "1000", "state": "good"},
    {"kind": "index", "price": "1000"},
    {"kind": "index", "price": "1000", "underlying": "DOGE"},
    {"kind": "index", "price": "1000", "asset": "DOGE"},
    {"kind": "index", "price": "1", "underlying": "BTC", "asset": "BTC"},
    {"kind": "phase", "instrument": "BTC-PERP", "state": "closed"},
    {"kind": "phase", "instrument": "BTC-PERP"},
    {"kind": "fund_topup", "amount": "-1"},
    {"kind": "settle", "instrument": "BTC-PERP"},
    {"kind": "dance"},
    {"kind": None},
)
ACCOUNTS_NEEDED = ("place", "deposit", "withdraw", "transfer", "set_account", "hold")
BOOKS_NEEDED = ("place", "cancel", "amend")


def fault(setting: Setting) -> Iterable[Row]:
    row = dict(setting.rng.choice(FAULTS))
    if row["kind"] in ACCOUNTS_NEEDED and "account" not in row:
        row["account"] = setting.account
    if row["kind"] in BOOKS_NEEDED and "instrument" not in row:
        row["instrument"] = "BTC-PERP"
    if row["kind"] == "place" and "price" not in row:
        row["price"] = "1000"
    yield row

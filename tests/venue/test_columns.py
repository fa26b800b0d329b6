"""Every kind of command beside every column: what it does not use refuses it, what it needs may not be missing."""

from typing import Any

import pyarrow as pa
import pytest
from tests.venue.setting import NOW

import perpcore as pc

KINDS: dict[str, dict[str, Any]] = {kind["name"]: kind for kind in pc.describe()["commands"]}
COLUMNS: list[str] = [
    column["name"] for table in pc.describe()["tables"] if table["name"] == "commands" for column in table["columns"]
]
# A value that each column takes.
VALUES: dict[str, Any] = {
    "time": NOW,
    "account": "A",
    "client": "one",
    "group": "g",
    "instrument": "X-PERP",
    "order": pa.scalar(1, pa.uint64()),
    "client_id": "c",
    "quantity": "1",
    "price": "100",
    "tif": "gtc",
    "until": NOW + 10**9,
    "post_only": "slide",
    "reduce_only": False,
    "margin_mode": "isolated",
    "trigger": "101",
    "trigger_by": "mark",
    "trigger_when": "at_or_above",
    "stp": "both",
    "class": "professional",
    "state": "halted",
    "note": "fund",
    "asset": "USD",
    "amount": "1",
    "to_account": "B",
    "model": "standard",
    "leverage": "5",
    "fee_tier": "free",
    "investor_until": NOW,
    "knowledge_until": NOW,
    "flags": "no_open",
    "approval": "board 12",
    "confirm": "x",
    "source": "a",
    "underlying": "X",
    "bid": "99",
    "ask": "101",
    "sent": NOW,
    "rulebook": "x",
}


def one(value: Any) -> pa.Array:
    return pa.array([value.as_py()], value.type) if isinstance(value, pa.Scalar) else pa.array([value])


def codes(target: pc.Venue | pc.OrderBook, kind: str, names: list[str]) -> list[str | None]:
    """The codes of a row in which these columns have values."""
    row = {"kind": pa.array([kind]), **{name: one(VALUES[name]) for name in names}}
    found: list[str | None] = target.apply(pa.table(row))["code"].to_pylist()
    return found


def test_every_column_has_a_value_here() -> None:
    assert {"kind", *VALUES} == set(COLUMNS)
    assert set(KINDS) >= {"place", "deposit", "settle"}


@pytest.mark.code("unused_column")
@pytest.mark.parametrize("kind", KINDS)
def test_a_value_that_a_kind_does_not_use_refuses_it(venue: pc.Venue, kind: str) -> None:
    used = KINDS[kind]["columns"]
    needed = [name for name, need in used.items() if need == "needed" and name != "kind"]
    for name in VALUES:
        found = codes(venue, kind, list(dict.fromkeys([*needed, name])))
        assert ("unused_column" in found) is (name not in used), (name, found)


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_that_a_kind_needs_may_not_be_missing(venue: pc.Venue, kind: str) -> None:
    needed = [name for name, need in KINDS[kind]["columns"].items() if need == "needed" and name != "kind"]
    for name in needed:
        assert codes(venue, kind, [other for other in needed if other != name])[-1] == "null_value", name


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_of_an_order_book(kind: str) -> None:
    book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
    used = KINDS[kind]["book_columns"]
    if used is None:
        for name in VALUES:
            assert codes(book, kind, [name]) == ["out_of_range"]
        return
    needed = [name for name, need in used.items() if need == "needed" and name != "kind"]
    for name in VALUES:
        found = codes(book, kind, list(dict.fromkeys([*needed, name])))
        assert ("unused_column" in found) is (name not in used), (name, found)
    for name in needed:
        assert codes(book, kind, [other for other in needed if other != name])[-1] == "null_value", name


def test_the_first_column_at_fault_says_why(venue: pc.Venue) -> None:
    """Of several faults that of the first column, in the order of the table."""
    for row, code in (
        ({"kind": "deposit", "account": "A", "price": "1", "asset": "XRP"}, "unused_column"),
        ({"kind": "deposit", "account": "A", "asset": "XRP", "bid": "1"}, "unknown_asset"),
        ({"kind": "deposit", "account": "A", "bid": "1"}, "null_value"),
        ({"kind": "mark", "price": "0", "state": "open", "bid": "1"}, "out_of_range"),
        ({"kind": "mark", "price": "1", "state": "open", "bid": "1"}, "out_of_range"),
        ({"kind": "mark", "price": "1", "state": "live", "bid": "1"}, "unused_column"),
        ({"kind": "hold", "account": "A", "flags": "vip", "source": "a"}, "out_of_range"),
        ({"kind": "hold", "account": "A", "flags": "no_open", "source": "a"}, "unused_column"),
        ({"kind": "fund_topup", "amount": "x", "note": "pocket"}, "out_of_range"),
        ({"kind": "fund_topup", "amount": "x", "note": "fund"}, "wrong_type"),
    ):
        events = venue.apply({name: [value] for name, value in row.items()})
        assert events["code"].to_pylist() == [code], row

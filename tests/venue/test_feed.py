"""`feed`: what a reader may see of a table of events."""

from typing import Any

import pyarrow as pa
import pytest
from tests.venue.setting import made
from tests.venue.stream import commands, table

import perpcore as pc

FIGURES = ("amount", "balance", "note")


@pytest.fixture(scope="module")
def events() -> pa.RecordBatch:
    rows = [row for row in commands(17, 2_000) if row["kind"] != "activate_rulebook"]
    return made(venue__outflow_per_hour="1%").apply(table(rows))


def rows(of: Any) -> list[dict[str, Any]]:
    return pa.table(of).to_pylist()


@pytest.mark.parametrize("reader", [None, "account-2", "account-4"])
def test_a_reader_sees_what_is_public_and_what_is_his(events: pa.RecordBatch, reader: str | None) -> None:
    shown = {row["seq"]: row for row in rows(pc.feed(events, reader))}
    assert {row["audience"] for row in shown.values()} == ({"public", "account"} if reader else {"public"})
    for row in rows(events):
        own, other = (reader is not None and row[name] == reader for name in ("account", "other_account"))
        visible = row["audience"] == "public" or (row["audience"] == "account" and (own or other))
        assert (row["seq"] in shown) is visible
        if not visible:
            continue
        hidden = {} if own else dict.fromkeys(("account", "order", "client_id"))
        hidden |= {} if other else dict.fromkeys(("other_account", "other_order"))
        hidden |= {} if own or row["account"] is None else dict.fromkeys(FIGURES)
        assert shown[row["seq"]] == {**row, **hidden}


def test_nobody_sees_what_is_the_venue_s(events: pa.RecordBatch) -> None:
    assert "venue" in events["audience"].to_pylist()
    for reader in (None, *{row["account"] for row in rows(events)}):
        assert "venue" not in pc.feed(events, reader)["audience"].to_pylist()


def test_a_table_comes_back_as_it_came(events: pa.RecordBatch) -> None:
    batch = pc.feed(events, "account-2")
    assert isinstance(batch, pa.RecordBatch)
    assert batch.schema.equals(events.schema, check_metadata=True)
    whole = pa.table(events)
    for given in (whole, pa.Table.from_batches([events.slice(0, 50), events.slice(50)])):
        told = pc.feed(given, "account-2")
        assert isinstance(told, pa.Table)
        assert told.to_pylist() == batch.to_pylist()
    assert pc.feed(events.slice(0, 0), "account-2").num_rows == 0


def test_accounts_may_be_dictionaries_or_numbers() -> None:
    numbers = made(client__classes=[])
    rows_of = {"kind": ["open_account", "deposit"], "account": [7, 7], "asset": [None, "USD"], "amount": [None, "1"]}
    fresh = pc.Venue(numbers.rules)
    events = fresh.apply(rows_of)
    assert pc.feed(events, 7)["account"].to_pylist() == [7, 7]
    assert pc.feed(events, 8).num_rows == 0
    with pytest.raises(pc.errors.InputError) as raised:
        pc.feed(events, "7")
    assert raised.value.code == "id_kind_mismatch"
    other = pc.Venue(numbers.rules)
    encoded = pa.array(["A", "A"]).dictionary_encode()
    events = other.apply({**rows_of, "account": encoded})
    assert pc.feed(events, "A")["account"].to_pylist() == ["A", "A"]
    assert pc.feed(events).num_rows == 0


def test_a_book_has_a_feed_too() -> None:
    book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
    orders = {"kind": ["place", "place"], "account": ["A", "B"], "quantity": ["1", "-1"], "price": ["58000"] * 2}
    events = book.apply(orders)
    told = [(row["kind"], row["account"], row["other_account"]) for row in pc.feed(events, "A").to_pylist()]
    assert told == [("accepted", "A", None), ("filled", None, "A")]

"""What is counted before a trade takes into account which reduce-only orders the trade itself cuts."""

import pytest

import perpcore as pc


@pytest.fixture
def book() -> pc.OrderBook:
    """X holds 2 and sells 2 at 100, and once more 2 at 101 that may only reduce: after the first nothing is held."""
    book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
    book.place("X", 2, 100)
    book.place("Z", -2, 100)
    book.place("X", -2, 100)
    book.place("X", -2, 101, reduce_only=True)
    return book


def test_a_fill_or_kill_is_all_or_nothing_where_makers_are_cut(book: pc.OrderBook) -> None:
    refused = book.place("F", 4, 101, tif="fok")
    assert [(event.kind, event.code) for event in refused] == [("rejected", "not_fillable")]
    assert [event.kind for event in book.place("F", 2, 101, tif="fok")] == ["accepted", "filled", "canceled"]


def test_an_amendment_that_would_reach_its_group_behind_cut_makers_is_refused(book: pc.OrderBook) -> None:
    for account in ("G1", "G2"):
        book.open_account(account, group="g")
    book.place("G2", -1, 102)
    order = book.place("G1", 4, 50)[0].order
    assert [(event.kind, event.code) for event in book.amend(order, price=102)] == [("rejected", "self_trade")]
    assert book.orders("G1")["price"].to_pylist() == [50]


def test_an_amendment_that_closes_what_is_held_may_be_below_min_size() -> None:
    rules = pc.Rulebook.preset("hk-vatp-perp").edit({"instrument.BTC-PERP.min_size": 1})
    book = pc.OrderBook(rules, "BTC-PERP")
    book.place("X", "1.5", 100)
    book.place("Z", "-1.5", 100)
    book.place("X", "-1", 100)
    book.place("Z", "1", 100)  # X holds 0.5
    order = book.place("X", "-1", 200)[0].order
    assert [event.code for event in book.amend(order, quantity="-0.4")] == ["below_min_size"]
    assert [event.kind for event in book.amend(order, quantity="-0.5")] == ["amended"]

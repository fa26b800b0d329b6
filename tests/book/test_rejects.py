"""Every reason for which a book refuses a command or ends an order, by the typed methods."""

from collections.abc import Callable

import pytest

import perpcore as pc

Make = Callable[..., pc.OrderBook]
HOUR = 3_600_000_000_000
NOW = 1_700_000_000_000_000_000


def codes(events: list[pc.Event]) -> list[str | None]:
    return [event.code for event in events]


def refused(events: list[pc.Event], code: str) -> pc.Event:
    """The one event of a refused command."""
    (event,) = events
    assert (event.kind, event.code) == ("rejected", code)
    return event


@pytest.mark.code("phase_refused")
def test_a_phase_admits_what_it_says(book: pc.OrderBook) -> None:
    order = book.place("A", 1, 100)[0].order
    book.enter_phase("halted")
    before = len(book)
    refused(book.place("A", 1, 100), "phase_refused")
    refused(book.amend(order, price=99), "phase_refused")
    assert len(book) == before
    assert codes(book.cancel(order)) == ["requested"]
    book.enter_phase("auction")
    refused(book.place("A", 1, 100, tif="ioc"), "phase_refused")
    assert codes(book.place("A", 1, 100)) == [None]


@pytest.mark.code("off_tick", "off_lot", "below_min_size", "above_max_size")
def test_prices_are_ticks_and_sizes_lots_within_bounds(book: pc.OrderBook) -> None:
    event = refused(book.place("A", 1, "100.25"), "off_tick")
    assert (str(event.quantity), str(event.price), event.account) == ("1.00000000", "100.25000000", "A")
    refused(book.place("A", "1.05", 100), "off_lot")
    refused(book.place("A", 0, 100), "off_lot")
    refused(book.place("A", "0.4", 100), "below_min_size")
    refused(book.place("A", "100.1", 100), "above_max_size")
    order = book.place("A", "-100", 100)[0].order
    refused(book.amend(order, quantity="-100.1"), "above_max_size")
    refused(book.amend(order, quantity="-0.4"), "below_min_size")


def test_what_closes_a_position_may_be_smaller_than_an_order(book: pc.OrderBook) -> None:
    book.place("A", -1, 100)
    book.place("B", 1, 100)
    book.place("C", "0.6", 100)
    book.place("B", "-0.6", 100)
    # B holds 0.4, below the smallest size of 0.5.
    assert codes(book.place("B", "-0.4", 101)) == [None]


@pytest.mark.code("outside_collar")
def test_the_aggressive_side_stays_within_the_collar(book: pc.OrderBook) -> None:
    book.mark(100)
    # 5 % of 100: buyers at most at 105, sellers at least at 95; away from the mark an order may rest.
    refused(book.place("A", 1, "105.5"), "outside_collar")
    refused(book.place("A", -1, "94.5"), "outside_collar")
    assert codes(book.place("A", 1, 105) + book.place("A", 1, 50)) == [None, None]


@pytest.mark.code("too_many_orders")
def test_an_account_has_at_most_its_open_orders(book: pc.OrderBook) -> None:
    for price in (100, 101, 102, 103):
        book.place("A", 1, price)
    refused(book.place("A", 1, 99), "too_many_orders")
    assert codes(book.place("B", 1, 99)) == [None]


@pytest.mark.code("position_limit")
def test_position_and_orders_stay_within_the_limit(book: pc.OrderBook) -> None:
    book.place("A", 100, 100)
    # 100 + 50 are 150, the limit; 50.1 more are not.
    refused(book.place("A", "50.1", 99), "position_limit")
    assert codes(book.place("A", 50, 99)) == [None]
    book.place("B", -100, 100)
    refused(book.place("A", 1, 98), "position_limit")


@pytest.mark.code("client_id_reused")
def test_an_id_of_a_client_names_one_order(book: pc.OrderBook) -> None:
    first = book.place("A", 1, 100, client_id="a")
    assert book.place("A", 1, 100, client_id="a") == first
    assert refused(book.place("A", 2, 100, client_id="a"), "client_id_reused").client_id == "a"
    assert codes(book.place("B", 2, 100, client_id="a")) == [None]
    assert len(book) == 2


def test_a_repeat_returns_what_was_said_even_when_the_order_is_gone(book: pc.OrderBook) -> None:
    book.place("B", -1, 100, time=NOW)
    first = book.place("A", 1, 100, client_id=7)
    assert [event.kind for event in first] == ["accepted", "filled"]
    assert book.place("A", 1, 100, client_id=7, time=NOW + HOUR - 1) == first
    # After the window of an hour it is a new order.
    assert [event.kind for event in book.place("A", 1, 100, client_id=7, time=NOW + 2 * HOUR)] == ["accepted"]


@pytest.mark.code("unknown_order")
def test_an_order_that_is_gone_or_of_somebody_else_is_not_known(book: pc.OrderBook) -> None:
    order = book.place("A", 1, 100, client_id="a")[0].order
    assert refused(book.cancel(order, account="B"), "unknown_order").order == order
    assert refused(book.amend(account="B", client_id="a", price=99), "unknown_order").client_id == "a"
    book.cancel(account="A", client_id="a")
    refused(book.cancel(order), "unknown_order")
    refused(book.cancel(account="A", client_id="a"), "unknown_order")


@pytest.mark.code("would_take")
def test_a_post_only_order_takes_nothing(book: pc.OrderBook) -> None:
    book.place("A", -1, 100)
    refused(book.place("B", 1, 100, post_only="reject"), "would_take")
    (slid,) = book.place("B", 1, 101, post_only="slide")
    assert str(slid.price) == "99.50000000"


@pytest.mark.code("not_fillable")
def test_fill_or_kill_is_all_or_nothing(book: pc.OrderBook) -> None:
    book.place("A", -1, 100)
    book.place("A", -1, 101)
    refused(book.place("B", 2, 100, tif="fok"), "not_fillable")
    kinds = [event.kind for event in book.place("B", 2, 101, tif="fok")]
    assert kinds == ["accepted", "filled", "filled"]


@pytest.mark.code("nothing_to_reduce", "beyond_position")
def test_reduce_only_neither_opens_nor_turns_a_position(book: pc.OrderBook) -> None:
    refused(book.place("A", 1, 100, reduce_only=True), "nothing_to_reduce")
    book.place("A", 3, 100)
    book.place("B", -3, 100)
    # A holds 3: of an order to sell 5, 2 are cut.
    events = book.place("A", -5, 101, reduce_only=True)
    assert [(event.kind, event.code, str(event.quantity)) for event in events] == [
        ("accepted", None, "-5.00000000"),
        ("canceled", "beyond_position", "-2.00000000"),
    ]
    assert str(book.orders("A").to_pylist()[0]["quantity"]) == "-3.00000000"


@pytest.mark.code("self_trade")
def test_a_group_does_not_trade_with_itself(book: pc.OrderBook) -> None:
    book.open_account("A", group="G")
    book.open_account("B", group="G")
    book.place("A", -1, 100)
    assert codes(book.place("B", 1, 100)) == [None, "self_trade"]
    assert len(book) == 1
    assert codes(book.place("B", 1, 100, stp="maker")) == [None, "self_trade"]
    assert book.best[1] is None


def test_accounts_of_one_client_are_one_group_unless_a_group_is_named(book: pc.OrderBook) -> None:
    for account in ("A", "B"):
        book.open_account(account, client="C")
    book.open_account("D", client="C", group="G")
    book.place("A", -1, 100)
    assert codes(book.place("B", 1, 100)) == [None, "self_trade"]
    assert [event.kind for event in book.place("D", 1, 100)] == ["accepted", "filled"]


@pytest.mark.code("time_runs_back")
def test_time_does_not_run_back(book: pc.OrderBook) -> None:
    book.advance_time(NOW)
    event = refused(book.place("A", 1, 100, client_id="a", time=NOW - 1), "time_runs_back")
    assert (event.time, event.client_id) == (NOW, "a")
    assert codes(book.place("A", 1, 100, client_id="a", time=NOW)) == [None]


@pytest.mark.code("below_filled")
def test_an_amendment_is_of_the_total(book: pc.OrderBook) -> None:
    order = book.place("A", 5, 100)[0].order
    book.place("B", -2, 100)
    refused(book.amend(order, quantity=2), "below_filled")
    (amended,) = book.amend(order, quantity=3)
    assert str(amended.quantity) == "1.00000000"


@pytest.mark.code("unmatched")
def test_a_market_order_ends_with_what_nobody_offers(book: pc.OrderBook) -> None:
    book.place("A", -1, 100)
    events = book.place("B", 3)
    assert [(event.kind, event.code, str(event.quantity)) for event in events] == [
        ("accepted", None, "3.00000000"),
        ("filled", None, "1.00000000"),
        ("canceled", "unmatched", "2.00000000"),
    ]
    assert events[0].price is None


@pytest.mark.code("requested")
def test_all_orders_of_a_scope_are_canceled(book: pc.OrderBook) -> None:
    book.open_account("A", client="one")
    book.open_account("B", client="one", account_class="market_maker")
    for account in ("A", "B", "C"):
        book.place(account, 1, 100)
    assert [event.account for event in book.cancel_all(client="one", account_class="market_maker")] == ["B"]
    assert book.cancel_all(client="two") == []
    assert codes(book.cancel_all()) == ["requested"] * 2


@pytest.mark.code("until_reached")
def test_an_order_good_till_a_time_is_live_before_it(book: pc.OrderBook) -> None:
    refused(book.place("A", 1, 100, tif="gtd", until=NOW, time=NOW), "until_reached")
    book.place("A", 1, 100, tif="gtd", until=NOW + HOUR)
    assert book.advance_time(NOW + HOUR - 1) == []
    (expired,) = book.advance_time(NOW + HOUR)
    assert (expired.kind, expired.code) == ("expired", "until_reached")


@pytest.mark.code("too_old")
def test_an_order_expires_at_the_largest_age(book: pc.OrderBook) -> None:
    book.place("A", 1, 100, time=NOW)
    assert book.advance_time(NOW + 24 * HOUR - 1) == []
    assert codes(book.advance_time(NOW + 24 * HOUR)) == ["too_old"]


@pytest.mark.code("auction_extended")
def test_an_auction_beyond_the_collar_goes_on(book: pc.OrderBook) -> None:
    book.mark(92)
    book.enter_phase("auction")
    book.place("A", -1, 90)
    book.place("B", 1, 94)
    book.mark(100)
    # They would meet at 94, the tick nearest the mark, below 95.
    events = book.enter_phase("open")
    assert ("phase", "auction_extended", "auction") in [(event.kind, event.code, event.after) for event in events]
    assert book.phase == "auction"


@pytest.mark.code("unused_column")
def test_a_value_that_the_kind_does_not_use_is_refused(book: pc.OrderBook) -> None:
    events = book.apply({"kind": ["advance_time", "mark"], "time": [NOW, NOW], "price": ["1", "1"]})
    assert events["code"].to_pylist() == ["unused_column", None]

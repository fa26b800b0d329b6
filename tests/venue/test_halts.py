"""The kill switch, limits of clients and groups, and the breaker: who sends no order, and who may only reduce."""

from decimal import Decimal
from typing import Any

import pytest
from tests.venue.setting import NOW, made, refused, told, trade

import perpcore as pc

SECOND = 10**9
PEOPLE = {"one": "CD", "two": "E"}  # accounts by client


def peopled(**changes: Any) -> pc.Venue:
    """Beside A and B two clients of one group: one with C and D, two with E."""
    venue = made(**changes)
    for client, accounts in PEOPLE.items():
        for account in accounts:
            venue.open_account(account, client=client, group="G")
            venue.deposit(account, "USD", 10_000)
    return venue


@pytest.mark.code("account_halted")
def test_who_is_halted_sends_no_order_and_has_none() -> None:
    venue = peopled()
    trade(venue, "C", "A", 10, 100)
    rests = venue.place("C", "X-PERP", 1, 90)[0].order
    waits = venue.place("C", "X-PERP", -1, trigger=80, trigger_when="at_or_below")[0].order
    events = venue.halt(account="C")
    assert [(event.kind, event.account, event.order, event.code) for event in events] == [
        ("halt", "C", None, None),
        ("canceled", "C", rests, "account_halted"),
        ("canceled", "C", waits, "account_halted"),
    ]
    # What reduces, too; money moves as before.
    event = refused(venue.place("C", "X-PERP", -10, 101, reduce_only=True), "account_halted")
    assert (event.rule, event.note, event.amount, event.balance) == ("gate.halt", None, None, None)
    assert told(venue.withdraw("C", "USD", 1)) == [("withdrawal_requested", None)]
    assert told(venue.halt(account="C")) == [("halt", None)]
    assert [(event.kind, event.account) for event in venue.resume(account="C")] == [("resume", "C")]
    assert told(venue.place("C", "X-PERP", -10, 101)) == [("accepted", None)]
    assert refused(venue.resume(account="C"), "phase_refused").account == "C"


def test_a_client_and_a_class_are_halted_with_all_their_accounts() -> None:
    venue = peopled()
    venue.place("D", "X-PERP", 1, 90)
    events = venue.halt(client="one")
    assert [(event.kind, event.account) for event in events] == [("halt", "C"), ("halt", "D"), ("canceled", "D")]
    refused(venue.place("C", "X-PERP", 1, 90), "account_halted")
    assert told(venue.place("E", "X-PERP", 1, 90)) == [("accepted", None)]
    # Who comes to the client later is halted too.
    venue.open_account("F", client="one")
    refused(venue.place("F", "X-PERP", 1, 90), "account_halted")
    assert [event.account for event in venue.resume(client="one")] == ["C", "D", "F"]
    events = venue.halt(account_class="professional")
    assert [(event.kind, event.account, event.class_, event.instrument) for event in events] == [
        ("halt", None, "professional", None),
        ("canceled", "E", "professional", "X-PERP"),
    ]
    refused(venue.place("A", "X-PERP", 1, 90), "account_halted")
    # One resumes what the same halted.
    refused(venue.resume(account="A"), "phase_refused")
    (event,) = venue.resume(account_class="professional")
    assert (event.kind, event.class_, event.account) == ("resume", "professional", None)
    assert told(venue.place("A", "X-PERP", 1, 90)) == [("accepted", None)]
    refused(venue.halt(account="nobody"), "unknown_holder")
    refused(venue.halt(client="nobody"), "unknown_holder")


def test_one_thing_is_halted_at_a_time(venue: pc.Venue) -> None:
    one: dict[str, Any] = {
        "account": "A",
        "client": "A",
        "account_class": "professional",
        "instrument": "X-PERP",
        "underlying": "X",
    }
    for first in one:
        for second in one.keys() - {first}:
            cells = {first: one[first], second: one[second]}
            for told_of in (venue.halt(**cells), venue.resume(**cells)):
                refused(told_of, "conflicting_values")
    # A halt of a class says the class in the table as well, and who may read it.
    rows = venue.apply({"kind": ["halt", "halt"], "class": ["backstop", None], "account": [None, "A"]}).to_pylist()
    assert [(row["kind"], row["class"], row["account"], row["audience"]) for row in rows] == [
        ("halt", "backstop", None, "public"),
        ("halt", None, "A", "account"),
    ]


@pytest.mark.code("other_group")
def test_accounts_of_a_client_are_of_one_group() -> None:
    venue = peopled()
    refused(venue.open_account("F", client="one", group="H"), "other_group")
    refused(venue.set_account("A", client="one", group="H"), "other_group")
    venue.open_account("F", client="one")
    venue.deposit("F", "USD", 1_000)
    # F is of the group G as its client is: its order does not meet one of E.
    venue.place("E", "X-PERP", -1, 100)
    assert told(venue.place("F", "X-PERP", 1, 100)) == [("accepted", None), ("canceled", "self_trade")]


@pytest.mark.code("client_limit")
def test_a_client_s_positions_and_orders_stay_within_the_limit() -> None:
    venue = peopled(instrument__X_PERP__limits__client_position=30, instrument__X_PERP__limits__group_position=50)
    trade(venue, "C", "A", 20, 100)
    event = refused(venue.place("D", "X-PERP", "10.1", 99), "client_limit")
    assert (event.amount, event.balance) == (Decimal("30.1"), 30)
    assert (event.rule, event.note) == ("gate.limits", "instrument.X-PERP.limits.client_position")
    assert told(venue.place("D", "X-PERP", 10, 99)) == [("accepted", None)]
    event = refused(venue.place("E", "X-PERP", 21, 99), "group_limit")
    assert (event.amount, event.balance, event.note) == (51, 50, "instrument.X-PERP.limits.group_position")


@pytest.mark.code("client_orders", "group_orders")
def test_a_client_and_a_group_have_so_many_orders() -> None:
    limits = {"instrument__X_PERP__limits__client_open_orders": 2, "instrument__X_PERP__limits__group_open_orders": 3}
    venue = peopled(**limits)
    placed = [venue.place(account, "X-PERP", 1, 90) for account in "CD"]
    event = refused(venue.place("C", "X-PERP", 1, 90), "client_orders")
    assert (event.amount, event.balance, event.note) == (3, 2, "instrument.X-PERP.limits.client_open_orders")
    assert told(venue.place("E", "X-PERP", 1, 90)) == [("accepted", None)]
    event = refused(venue.place("E", "X-PERP", 1, 90), "group_orders")
    assert (event.amount, event.balance, event.note) == (4, 3, "instrument.X-PERP.limits.group_open_orders")
    # What cannot rest is not asked.
    assert told(venue.place("C", "X-PERP", 1, 90, tif="ioc")) == [("accepted", None), ("canceled", "unmatched")]
    venue.cancel(placed[0][0].order, instrument="X-PERP")
    assert told(venue.place("C", "X-PERP", 1, 90)) == [("accepted", None)]


@pytest.mark.code("client_rate", "group_rate")
def test_a_client_and_a_group_send_so_many_orders_a_second() -> None:
    rates = {"max_age": "1d", "client_orders_per_second": 2, "group_orders_per_second": 3}
    venue = peopled(venue__rates=rates)
    for account in "CD":
        assert told(venue.place(account, "X-PERP", 1, 90)) == [("accepted", None)]
    event = refused(venue.place("C", "X-PERP", 1, 90), "client_rate")
    assert (event.amount, event.balance, event.note) == (3, 2, "venue.rates.client_orders_per_second")
    assert told(venue.place("E", "X-PERP", 1, 90)) == [("accepted", None)]
    event = refused(venue.place("E", "X-PERP", 1, 90), "group_rate")
    assert (event.amount, event.balance, event.note) == (4, 3, "venue.rates.group_orders_per_second")
    assert venue.place("C", "X-PERP", 1, 90, time=NOW + SECOND)[-1].kind == "accepted"


@pytest.mark.code("breaker_loss")
def test_who_loses_too_much_within_a_minute_may_only_reduce() -> None:
    """A buys 20 at 100 and sells 10 at 95: 10,000 less fees of 4 and 1.9 and 10 · 5 realized, 10 held at 95."""
    venue = made(venue__breaker={"loss_per_minute": "1%"})
    trade(venue, "A", "B", 20, 100)
    added = venue.place("A", "X-PERP", 1, 80)[0].order
    venue.index("X", 95)
    venue.mark("X-PERP", 95)
    venue.place("B", "X-PERP", 10, 95)
    events = venue.place("A", "X-PERP", -10, 95)
    (trip,) = [event for event in events if event.kind == "limit_reached"]
    # Its equity was 10,000 before, less 4, less 20 · 5, less 1.9 now; the line is 1 % of 9,894.1.
    assert (trip.account, trip.code, trip.rule) == ("A", "breaker_loss", "gate.breaker")
    assert (trip.balance, trip.amount) == (Decimal("105.9"), Decimal("98.941"))
    assert [(event.order, event.code) for event in events if event.kind == "canceled"] == [(added, "breaker_loss")]
    event = refused(venue.place("A", "X-PERP", 1, 95), "breaker_loss")
    assert (event.amount, event.balance, event.rule) == (trip.balance, trip.amount, "gate.breaker")
    assert event.note == "venue.breaker.loss_per_minute"
    assert told(venue.place("A", "X-PERP", -10, 96)) == [("accepted", None)]
    assert told(venue.resume(account="A")) == [("resume", None)]
    assert told(venue.place("A", "X-PERP", 1, 95)) == [("accepted", None)]


@pytest.mark.code("breaker_turnover")
def test_who_trades_too_much_within_a_minute_may_only_reduce() -> None:
    """10,000 at 0.1 times equity are lines of 1,000 less fees: 10 at 100 pass it, 5 do not."""
    venue = made(venue__breaker={"turnover_per_minute": "0.1"})
    trade(venue, "A", "B", 5, 100)
    events = trade(venue, "A", "B", 5, 100)
    tripped = [(event.account, event.code, event.balance) for event in events if event.kind == "limit_reached"]
    assert tripped == [("A", "breaker_turnover", 1_000), ("B", "breaker_turnover", 1_000)]
    event = refused(venue.place("A", "X-PERP", 1, 99), "breaker_turnover")
    # Twice a fee of 1 was paid.
    assert (event.amount, event.balance) == (1_000, Decimal("999.8"))
    assert event.note == "venue.breaker.turnover_per_minute"
    venue.resume(account="A")
    # After a minute nothing counts any more.
    venue.mark("X-PERP", 100, time=NOW + 61 * SECOND)
    assert told(venue.place("A", "X-PERP", 1, 99)) == [("accepted", None)]


@pytest.mark.code("investor_status")
def test_orders_that_add_end_with_the_proof() -> None:
    venue = made(client__require=["professional"])
    for account in "AB":
        venue.set_account(account, investor_until=NOW + 10 * SECOND)
    trade(venue, "A", "B", 5, 100)
    adds, reduces = (venue.place("A", "X-PERP", *order)[0].order for order in ((1, 90), (-5, 110)))
    events = venue.advance_time(NOW + 10 * SECOND)
    ended = [(event.order, event.code) for event in events if event.kind == "canceled" and event.account == "A"]
    assert ended == [(adds, "investor_status")]
    assert venue.orders("A").to_pydict()["order"] == [reduces]

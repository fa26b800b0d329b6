"""Ways round a limit, a halt or an approval that are closed; each was open once."""

from typing import Any

import pytest
from tests.venue.setting import NOW, made, opened, refused, rulebook, told, trade

import perpcore as pc

SECOND = 10**9


def test_cross_and_isolated_positions_do_not_make_up_for_each_other() -> None:
    venue = made(instrument__X_PERP__limits={"position": 30, "open_orders": 50})
    trade(venue, "A", "B", 30, 100)
    trade(venue, "B", "A", 30, 100, margin_mode="isolated")
    # Long 30 and, isolated, short 30: neither may become 30.5, though together they are nothing.
    refused(venue.place("A", "X-PERP", 0.5, 100), "position_limit")
    refused(venue.place("A", "X-PERP", -0.5, 100, margin_mode="isolated"), "position_limit")
    # What closes one of them passes, flagged or not.
    assert told(venue.place("A", "X-PERP", 1, 90, margin_mode="isolated")) == [("accepted", None)]
    assert told(venue.place("A", "X-PERP", 29, 90, margin_mode="isolated", reduce_only=True)) == [("accepted", None)]


def test_whichever_order_trades_first_the_position_stays_within_the_limit() -> None:
    venue = made(instrument__X_PERP__limits={"position": 10, "open_orders": 50})
    trade(venue, "A", "B", 5, 100)
    venue.place("A", "X-PERP", -15, 110)
    # Sold first, these 5 would leave 15 that are sold short.
    refused(venue.place("A", "X-PERP", -5, 105, reduce_only=True), "position_limit")


def test_what_adds_nothing_passes_a_limit_that_was_lowered() -> None:
    venue = made(instrument__X_PERP__limits={"position": 60, "open_orders": 50})
    trade(venue, "A", "B", 50, 100)
    order = venue.place("A", "X-PERP", 10, 90)[0].order
    venue.activate_rulebook(venue.rules.edit({"instrument.X-PERP.limits.position": 30}))
    assert told(venue.amend(order, price=91)) == [("amended", None)]
    refused(venue.amend(order, quantity=11), "position_limit")
    assert told(venue.place("A", "X-PERP", -10, 105)) == [("accepted", None)]


def test_orders_of_an_isolated_position_do_not_make_room_for_it() -> None:
    venue = made(instrument__X_PERP__limits={"position": 30, "open_orders": 50})
    trade(venue, "B", "A", 30, 100)
    # Short 30: an isolated order of 60 would be long 60, whatever the other one is.
    refused(venue.place("A", "X-PERP", 60, 100, margin_mode="isolated"), "position_limit")


def test_accounts_of_a_client_do_not_make_up_for_each_other() -> None:
    venue = pc.Venue(rulebook(instrument__X_PERP__limits={"client_position": 30, "open_orders": 50}))
    opened(venue, "AB")
    for account in "CD":
        venue.open_account(account, client="one")
        venue.deposit(account, "USD", 10_000)
    trade(venue, "C", "A", 30, 100)
    trade(venue, "A", "D", 30, 100)
    event = refused(venue.place("C", "X-PERP", 1, 100), "client_limit")
    assert (event.amount, event.balance) == (31, 30)
    # D may close, and A could not do it for it.
    assert told(venue.place("D", "X-PERP", 30, 90, reduce_only=True)) == [("accepted", None)]


@pytest.mark.parametrize("second", ["risk 7 ", "RISK-7", "risk\u200b7", "risk_7"])
def test_one_approval_does_not_become_two_by_its_look(second: str) -> None:
    venue = made()
    venue.enter_phase("X-PERP", "settling")
    venue.settle("X-PERP", 100, approval="risk 7")
    refused(venue.settle("X-PERP", 100, approval=second), "second_approval")
    assert venue.settle("X-PERP", 100, approval="risk 8")[0].kind == "settlement"


@pytest.mark.parametrize("nothing", [" ", "\u200b", "\u2060\ufeff", "--", "\x00"])
def test_an_approval_of_nothing_is_none(nothing: str) -> None:
    venue = made()
    refused(venue.open_account("M", account_class="affiliated_market_maker", approval=nothing), "approval_missing")
    refused(venue.hold("A", flags=["frozen"], approval=nothing), "approval_missing")
    refused(venue.approve_rulebook(venue.rules, nothing), "approval_missing")


def test_a_blank_confirms_nothing() -> None:
    venue = made()
    venue.deposit("B", "USD", 100_000)
    trade(venue, "A", "B", 500, 100)
    harder = venue.rules.edit({"instrument.X-PERP.tiers": [["rest", "40%", 2]]})
    refused(venue.activate_rulebook(harder, confirm=" "), "rulebook_forces")
    assert told(venue.activate_rulebook(harder, confirm="risk 7"))[1] == ("rulebook_activated", None)


def test_whoever_is_affiliated_does_not_cease_to_be_without_approval() -> None:
    venue = made()
    venue.open_account("M", account_class="affiliated_market_maker", approval="board 3")
    refused(venue.set_account("M", account_class="professional"), "approval_missing")
    assert told(venue.set_account("M", account_class="professional", approval="board 4")) == [("accepted", None)]


def test_resume_does_not_bring_an_ineligible_underlying_back_to_openings() -> None:
    venue = made()
    venue.halt("X-PERP")
    venue.activate_rulebook(venue.rules.edit({"underlying.X.eligible": False}))
    events = venue.resume("X-PERP")
    assert [(event.kind, event.after) for event in events] == [("resume", None), ("phase", "reduce_only")]
    refused(venue.place("A", "X-PERP", 1, 100), "phase_refused")


def test_resume_of_a_client_is_said_of_those_who_go_on() -> None:
    venue = made()
    for account in "CD":
        venue.open_account(account, client="one")
    venue.halt(account="C")
    venue.halt(client="one")
    assert [(event.kind, event.account) for event in venue.resume(client="one")] == [("resume", "D")]
    refused(venue.place("C", "X-PERP", 1, 100), "account_halted")


def test_a_told_index_that_is_halted_stays_it_until_somebody_resumes_it() -> None:
    venue = made()
    events = venue.halt(underlying="X")
    assert [(event.kind, event.instrument, event.after) for event in events] == [
        ("price_state", None, "halted"),
        ("price_state", "X-PERP", "halted"),
    ]
    assert told(venue.index("X", 101)) == [("index", None)]
    assert told(venue.mark("X-PERP", 101)) == [("mark", None)]
    refused(venue.place("A", "X-PERP", 1, 100), "price_unusable")
    assert told(venue.resume(underlying="X")) == []
    refused(venue.resume(underlying="X"), "price_unusable")
    # Nothing is told anew yet.
    refused(venue.place("A", "X-PERP", 1, 100), "price_unusable")
    venue.index("X", 101)
    venue.mark("X-PERP", 101)
    assert told(venue.place("A", "X-PERP", 1, 100)) == [("accepted", None)]


def test_a_triggered_order_needs_a_mark_that_may_be_used() -> None:
    venue = made()
    trade(venue, "A", "B", 5, 100)
    venue.place("B", "X-PERP", 5, 99)
    stop = {"trigger": 99, "trigger_by": "index", "trigger_when": "at_or_below"}
    venue.place("A", "X-PERP", -3, reduce_only=True, **stop)
    venue.halt(underlying="X")
    venue.resume(underlying="X")
    assert told(venue.index("X", 98))[-2:] == [("triggered", None), ("canceled", "price_unusable")]


@pytest.mark.parametrize("change", [{"state": "frozen"}, {}])
def test_a_speck_without_a_price_and_a_frozen_mark_hide_nothing_from_a_dry_run(change: dict[str, Any]) -> None:
    venue = made()
    venue.deposit("B", "USD", 100_000)
    trade(venue, "A", "B", 500, 100)
    venue.deposit("A", "EUR", "0.00000001")
    venue.mark("X-PERP", 100, **change)
    harder = venue.rules.edit({"instrument.X-PERP.tiers": [["rest", "40%", 2]]})
    # 10,000 less the fee against 40 % of 50,000.
    (row,) = (row for row in venue.dry_run(harder).to_pylist() if row["account"] == "A")
    assert (row["after"], row["forced"]) == ("liquidation", 50_000)
    refused(venue.activate_rulebook(harder), "rulebook_forces")


def test_a_halt_is_not_shed_by_another_client_or_class() -> None:
    venue = made()
    venue.open_account("C", client="one")
    venue.halt(client="one")
    refused(venue.set_account("C", client="two"), "account_halted")
    venue.halt(account_class="professional")
    refused(venue.set_account("A", account_class="market_maker"), "account_halted")


def test_a_delay_is_not_over_before_the_clock_began() -> None:
    rules = rulebook(venue__changes={"delay": "1h"})
    venue = pc.Venue(rules)
    looser = rules.edit({"instrument.X-PERP.limits.position": 3_000})
    event = refused(venue.activate_rulebook(looser), "activation_too_early")
    assert (event.amount, event.balance) == (0, 3_600)
    venue.advance_time(NOW)
    refused(venue.activate_rulebook(looser), "activation_too_early")

"""Rulebooks that are approved, wait, and come into force; phases and last settlements that ask for approvals."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.venue.setting import HOUR, NOW, made, opened, refused, rulebook, told, trade

import perpcore as pc

SECOND = 10**9
DELAY = 3_600
TIGHTER: dict[str, Any] = {"instrument.X-PERP.limits.position": 100}
LOOSER: dict[str, Any] = {"instrument.X-PERP.limits.position": 3000}


def at(rules: pc.Rulebook, time: int) -> pc.Rulebook:
    """The rulebook with the time from when it holds."""
    return rules.edit({"effective": datetime.fromtimestamp(time // SECOND, UTC)})


def digests(before: pc.Rulebook, after: pc.Rulebook) -> str:
    return f"{before.digest} → {after.digest}"


@pytest.mark.code("rulebook_not_approved")
def test_nothing_opens_and_nothing_comes_into_force_without_approval() -> None:
    rules = rulebook(venue__changes={"approved": True})
    venue = pc.Venue(rules)
    opened(venue)
    event = refused(venue.enter_phase("X-PERP", "open"), "rulebook_not_approved")
    assert (event.rule, event.note, event.instrument) == ("rulebook.approve", "venue.changes.approved", "X-PERP")
    (event,) = venue.approve_rulebook(rules, "board 14")
    assert (event.kind, event.rule, event.note) == ("accepted", "rulebook.approve", rules.digest)
    assert (event.order, event.class_, event.account) == (None, None, None)
    assert venue.enter_phase("X-PERP", "open")[-1].after == "open"
    other = rules.edit(TIGHTER)
    refused(venue.activate_rulebook(other), "rulebook_not_approved")
    venue.approve_rulebook(other.digest, "board 15")
    assert told(venue.activate_rulebook(other)) == [("accepted", None), ("rulebook_activated", None)]


def test_what_is_approved_is_a_digest_with_a_reference(venue: pc.Venue) -> None:
    refused(venue.approve_rulebook("x", "board 14"), "out_of_range")
    refused(venue.approve_rulebook(venue.rules.digest.upper(), "board 14"), "out_of_range")
    refused(venue.approve_rulebook(venue.rules, ""), "approval_missing")
    rows = venue.apply(
        {"kind": ["approve_rulebook"] * 2, "rulebook": [venue.rules.digest, None], "approval": ["", "x"]}
    )
    assert rows["code"].to_pylist() == ["approval_missing", "null_value"]
    # Any digest, and again.
    for _ in range(2):
        assert told(venue.approve_rulebook("0" * 64, "board 14")) == [("accepted", None)]


@pytest.mark.code("rulebook_invalid", "rulebook_unfit")
def test_what_cannot_follow_is_refused(venue: pc.Venue) -> None:
    for text in ("", "no toml", 'extends = "hk-vatp-perp@1"\nvenue.call_facto = 2'):
        assert refused(venue.activate_rulebook(text), "rulebook_invalid").rule == "rulebook.activate"
    trade(venue, "A", "B", 1, 100)
    rules = venue.rules
    for changes in (
        {"underlying.Y.sources": None},
        {"instrument.X-PERP.contract_size": 2},
        {"instrument.X-PERP.lot": "0.3"},
        {"instrument.X-PERP.underlying": "Y"},
    ):
        other = venue.rules.edit(changes)
        refused(venue.activate_rulebook(other), "rulebook_unfit")
        with pytest.raises(pc.errors.StateError, match="cannot follow the one in force") as raised:
            venue.dry_run(other)
        assert raised.value.code == "rulebook_unfit"
    refused(venue.activate_rulebook(pc.Rulebook.preset("hk-vatp-perp")), "rulebook_unfit")
    assert venue.rules == rules


@pytest.mark.code("activation_too_early")
def test_what_loosens_waits_and_what_tightens_does_not() -> None:
    venue = made(venue__changes={"delay": "1h"})
    rules = venue.rules
    event = refused(venue.activate_rulebook(rules.edit(LOOSER)), "activation_too_early")
    assert (event.amount, event.balance) == (0, DELAY)
    assert (event.rule, event.note) == ("rulebook.activate", "venue.changes.delay")
    event = refused(venue.activate_rulebook(at(rules.edit(LOOSER), NOW + HOUR - SECOND)), "activation_too_early")
    assert (event.amount, event.balance) == (DELAY - 1, DELAY)
    looser = at(rules.edit(LOOSER), NOW + HOUR)
    (event,) = venue.activate_rulebook(looser)
    assert (event.kind, event.note) == ("accepted", digests(rules, looser))
    assert venue.rules == rules
    activated = [event for event in venue.advance_time(NOW + HOUR) if event.kind == "rulebook_activated"]
    assert [event.note for event in activated] == [digests(rules, looser)]
    assert venue.rules == looser
    assert told(venue.activate_rulebook(venue.rules.edit(TIGHTER)))[:2] == [
        ("accepted", None),
        ("rulebook_activated", None),
    ]


@pytest.mark.code("replaced")
def test_one_rulebook_waits_and_the_next_takes_its_place(venue: pc.Venue) -> None:
    rules = venue.rules
    first, second = (at(rules.edit(changes), NOW + HOUR) for changes in (TIGHTER, LOOSER))
    venue.activate_rulebook(first)
    events = venue.activate_rulebook(second)
    assert told(events) == [("accepted", None), ("canceled", "replaced")]
    assert [event.note for event in events] == [digests(rules, second), digests(rules, first)]
    # The one in force is nothing to wait for.
    events = venue.activate_rulebook(rules)
    assert [(event.kind, event.note) for event in events] == [
        ("accepted", digests(rules, rules)),
        ("canceled", digests(rules, second)),
    ]
    venue.advance_time(NOW + HOUR)
    assert venue.rules == rules


@pytest.mark.code("rulebook_forces")
def test_what_forces_positions_to_be_closed_is_confirmed() -> None:
    """A holds 100 at 100 with 10,000 less a fee: less than a maintenance margin of all that he holds."""
    venue = made()
    trade(venue, "A", "B", 100, 100)
    other = venue.rules.edit({"instrument.X-PERP.tiers": [["rest", "100%", 1]]})
    forced = venue.dry_run(other).to_pylist()
    # Both paid a fee: 0.2 % of 10,000 the taker, 0.1 % the maker.
    of_bucket = {"instrument": None, "before": "healthy", "after": "liquidation", "maintenance_margin": Decimal(10_000)}
    of_bucket |= {"notional": Decimal(10_000), "forced": Decimal(10_000), "limit": None, "excess": None}
    assert forced == [
        {**of_bucket, "account": "A", "equity": Decimal(9_980)},
        {**of_bucket, "account": "B", "equity": Decimal(9_990)},
    ]
    event = refused(venue.activate_rulebook(other), "rulebook_forces")
    assert (event.amount, event.balance, event.note) == (20_000, 0, None)
    refused(venue.activate_rulebook(other, ""), "rulebook_forces")
    events = venue.activate_rulebook(other, "risk 3")
    assert [event.after for event in events if event.kind == "status_changed"] == ["liquidation"] * 2
    assert venue.dry_run(other).num_rows == 0


def test_a_dry_run_says_who_is_beyond_a_limit(venue: pc.Venue) -> None:
    trade(venue, "A", "B", 20, 100)
    before = venue.digest
    table = venue.dry_run(venue.rules.edit({"instrument.X-PERP.limits.position": "15.5"}))
    assert table.schema.names == pc.schema("dry_run").names
    none = dict.fromkeys(("before", "after", "equity", "maintenance_margin"))
    row = {"instrument": "X-PERP", **none, "notional": 2_000, "forced": 0, "limit": Decimal("15.5")}
    assert table.to_pylist() == [{**row, "account": account, "excess": Decimal("4.5")} for account in "AB"]
    assert venue.digest == before


@pytest.mark.code("underlying_ineligible")
def test_an_underlying_that_is_not_eligible_is_only_reduced(venue: pc.Venue) -> None:
    trade(venue, "A", "B", 20, 100)
    events = venue.activate_rulebook(venue.rules.edit({"underlying.X.eligible": False}))
    assert [event.after for event in events if event.kind == "phase"] == ["reduce_only"]
    event = refused(venue.enter_phase("X-PERP", "open"), "underlying_ineligible")
    assert (event.rule, event.note) == ("gate.phase", "underlying.X.eligible")
    refused(venue.place("A", "X-PERP", 1, 100), "phase_refused")
    assert told(venue.place("A", "X-PERP", -20, 101, reduce_only=True)) == [("accepted", None)]


def test_no_phase_leads_back_to_listed_and_a_restart_halts(venue: pc.Venue) -> None:
    refused(venue.enter_phase("X-PERP", "listed"), "phase_refused")
    venue.place("A", "X-PERP", 1, 90)
    events = [event for event in venue.restart() if event.instrument == "X-PERP" and event.kind != "price_state"]
    assert [(event.kind, event.after) for event in events] == [("halt", None), ("phase", "halted")]
    assert venue.phase("Y-PERP") == "listed"
    assert venue.orders("A").num_rows == 1
    refused(venue.resume("X-PERP"), "price_unusable")
    venue.index("X", 100)
    venue.mark("X-PERP", 100)
    assert venue.resume("X-PERP")[-1].after == "preopen"


@pytest.mark.code("second_approval")
def test_a_price_of_settlement_needs_two_approvals(venue: pc.Venue) -> None:
    trade(venue, "A", "B", 1, 100)
    venue.enter_phase("X-PERP", "settling")
    refused(venue.settle("X-PERP", 100), "approval_missing")
    (event,) = venue.settle("X-PERP", 100, approval="risk 7")
    assert (event.kind, event.instrument, event.price) == ("accepted", "X-PERP", 100)
    assert (event.rule, event.class_) == ("settle.price", None)
    event = refused(venue.settle("X-PERP", 100, approval="risk 7"), "second_approval")
    assert (event.rule, event.note) == ("settle.price", None)
    # Beside the range of the last hour, which is 100 alone.
    refused(venue.settle("X-PERP", 101, approval="board 15"), "settlement_price")
    assert venue.settle("X-PERP", 100, approval="board 15")[-1].after == "settled"


def test_a_settlement_without_price_is_the_average_of_its_window() -> None:
    """100 for one second and 106 for the other of two."""
    venue = made(instrument__X_PERP__settlement_window="2s")
    venue.index("X", 106, time=NOW + 10 * SECOND)
    venue.enter_phase("X-PERP", "settling")
    settled = [event.price for event in venue.settle("X-PERP") if event.kind == "settlement"]
    assert settled == [103]

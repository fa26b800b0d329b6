"""Every reason for which a venue refuses a command, ends an order or cuts somebody short, by the typed methods."""

import pytest
from tests.venue.setting import HOUR, NOW, made, opened, refused, rulebook, told, trade

import perpcore as pc

YEAR = 365 * 24 * HOUR


@pytest.mark.code("unknown_holder")
def test_an_account_is_opened_before_anything_else(venue: pc.Venue) -> None:
    for events in (
        venue.place("C", "X-PERP", 1, 100),
        venue.amend(instrument="X-PERP", account="C", client_id="c", price=1),
        venue.cancel(instrument="X-PERP", account="C", client_id="c"),
        venue.cancel_all(account="C"),
        venue.set_account("C", leverage=5),
        venue.close_account("C"),
        venue.hold("C"),
        venue.disconnect("C"),
        venue.deadman("C"),
        venue.deposit("C", "USD", 1),
        venue.withdraw("C", "USD", 1),
        venue.transfer("C", 1, instrument="X-PERP"),
        venue.transfer("C", 1, to_account="A", asset="USD"),
        venue.fund_topup(1, account="C"),
    ):
        assert refused(events, "unknown_holder").account == "C"
    refused(venue.transfer("A", 1, to_account="nobody", asset="USD"), "unknown_holder")
    assert venue.accounts()["account"].to_pylist() == ["A", "B"]


def test_an_account_that_was_closed_stays_so(venue: pc.Venue) -> None:
    venue.open_account("C")
    assert told(venue.close_account("C")) == [("accepted", None)]
    refused(venue.deposit("C", "USD", 1), "unknown_holder")
    refused(venue.open_account("C"), "duplicate_account")
    assert venue.accounts()["account"].to_pylist() == ["A", "B"]


@pytest.mark.code("duplicate_account")
def test_an_account_is_opened_once(venue: pc.Venue) -> None:
    assert refused(venue.open_account("A"), "duplicate_account").account == "A"


@pytest.mark.code("reserved_name")
@pytest.mark.parametrize("name", ["fund", "fees", "converter", "rounding"])
def test_names_of_the_ledger_are_no_account_s(venue: pc.Venue, name: str) -> None:
    assert refused(venue.open_account(name), "reserved_name").account == name
    refused(venue.open_account(name, time=NOW - 1), "time_runs_back")
    refused(venue.deposit(name, "USD", 1), "unknown_holder")
    events = venue.apply({"kind": ["open_account"], "account": [name]})
    assert events["code"].to_pylist() == ["reserved_name"]


@pytest.mark.code("class_not_admitted")
def test_a_class_that_the_venue_does_not_admit() -> None:
    venue = made(client__classes=["professional"])
    refused(venue.open_account("M", account_class="market_maker"), "class_not_admitted")
    assert told(venue.open_account("P", account_class="professional")) == [("accepted", None)]
    refused(venue.set_account("P", account_class="backstop"), "class_not_admitted")


@pytest.mark.code("approval_missing")
def test_what_needs_an_approval(venue: pc.Venue) -> None:
    for approval in (None, ""):
        events = venue.open_account("M", account_class="affiliated_market_maker", approval=approval)
        refused(events, "approval_missing")
        refused(venue.hold("A", "frozen", approval=approval), "approval_missing")
    assert told(venue.hold("A", "frozen", approval="order 7")) == [("accepted", None)]
    venue.enter_phase("X-PERP", "settling")
    refused(venue.settle("X-PERP", 100), "approval_missing")


@pytest.mark.code("account_not_empty")
def test_an_account_that_holds_something_is_not_closed(venue: pc.Venue) -> None:
    refused(venue.close_account("A"), "account_not_empty")
    number = venue.withdraw("A", "USD", 10_000)[0].order
    refused(venue.close_account("A"), "account_not_empty")
    assert number is not None
    venue.confirm_withdrawal(number)
    assert told(venue.close_account("A")) == [("accepted", None)]


@pytest.mark.code("account_frozen", "account_no_open")
def test_who_is_held_back_may_reduce(venue: pc.Venue) -> None:
    trade(venue, "A", "B", 10, 100)
    for flags, code in (("no_open", "account_no_open"), ("frozen", "account_frozen")):
        venue.hold("A", flags, approval="order 7")
        refused(venue.place("A", "X-PERP", 1, 100), code)
        refused(venue.place("A", "X-PERP", -11, 100), code)
        assert told(venue.place("A", "X-PERP", -10, 101)) == [("accepted", None)]
        venue.cancel_all(account="A")
    venue.hold("A")
    assert told(venue.place("A", "X-PERP", 1, 100)) == [("accepted", None)]


def test_flags_replace_each_other_and_are_words_of_a_list(venue: pc.Venue) -> None:
    venue.hold("A", ["no_open", "no_withdraw"])
    venue.hold("A", "no_withdraw")
    assert told(venue.place("A", "X-PERP", 1, 100)) == [("accepted", None)]
    for flags in ("vip", "no_open,vip", "no_open, frozen", "no_open,", ","):
        refused(venue.hold("A", flags), "out_of_range")
    refused(venue.withdraw("A", "USD", 1), "withdraw_held")
    venue.hold("A", [])
    assert venue.withdraw("A", "USD", 1)[0].kind == "withdrawal_requested"


@pytest.mark.code("investor_status", "knowledge_status")
def test_proofs_end_at_their_time() -> None:
    venue = pc.Venue(rulebook(client__require=["professional", "knowledge"]))
    opened(venue)
    refused(venue.place("A", "X-PERP", 1, 100), "investor_status")
    venue.set_account("A", investor_until=NOW + HOUR)
    refused(venue.place("A", "X-PERP", 1, 100), "knowledge_status")
    venue.set_account("A", knowledge_until=NOW + 2 * HOUR)
    assert venue.place("A", "X-PERP", 1, 100, time=NOW + HOUR - 1)[-1].kind == "accepted"
    refused(venue.place("A", "X-PERP", 1, 100, time=NOW + HOUR), "investor_status")
    venue.set_account("A", investor_until=NOW + YEAR, time=NOW + 2 * HOUR)
    refused(venue.place("A", "X-PERP", 1, 100), "knowledge_status")
    # Others than professionals need none.
    venue.open_account("M", account_class="market_maker")
    venue.deposit("M", "USD", 1_000)
    venue.mark("X-PERP", 100)
    assert told(venue.place("M", "X-PERP", 1, 100)) == [("accepted", None)]


@pytest.mark.code("rate_limit")
def test_so_many_orders_within_a_second() -> None:
    venue = made(venue__rates={"max_age": "1d", "orders_per_second": 2})
    orders = [venue.place("A", "X-PERP", 1, 90 + at, time=NOW + at)[0] for at in range(2)]
    assert [order.kind for order in orders] == ["accepted"] * 2
    refused(venue.place("A", "X-PERP", 1, 99), "rate_limit")
    refused(venue.amend(orders[0].order, instrument="X-PERP", price=92), "rate_limit")
    assert told(venue.place("B", "X-PERP", 1, 99)) == [("accepted", None)]
    assert told(venue.cancel(orders[0].order, instrument="X-PERP")) == [("canceled", "requested")]
    assert told(venue.place("A", "X-PERP", 1, 99, time=NOW + 10**9)) == [("accepted", None)]


@pytest.mark.code("group_limit")
def test_a_group_s_positions_and_orders_stay_within_the_limit() -> None:
    venue = made(instrument__X_PERP__limits={"position": 100, "group_position": 30, "open_orders": 50})
    for account in ("C", "D"):
        venue.open_account(account, group="G")
        venue.deposit(account, "USD", 10_000)
    trade(venue, "C", "A", 20, 100)
    # 20 held by C, 10 more are 30.
    refused(venue.place("D", "X-PERP", "10.1", 100), "group_limit")
    assert told(venue.place("D", "X-PERP", 10, 99)) == [("accepted", None)]
    refused(venue.place("C", "X-PERP", "0.5", 99), "group_limit")
    assert told(venue.place("A", "X-PERP", 31, 90)) == [("accepted", None)]


@pytest.mark.code("open_interest")
def test_what_is_open_in_all_stays_within_the_limit() -> None:
    venue = made(instrument__X_PERP__limits={"position": 100, "open_interest": 30, "open_orders": 50})
    trade(venue, "A", "B", 20, 100)
    refused(venue.place("B", "X-PERP", "-10.1", 100), "open_interest")
    assert told(venue.place("B", "X-PERP", -10, 101)) == [("accepted", None)]
    # What reduces passes.
    assert told(venue.place("A", "X-PERP", -20, 102)) == [("accepted", None)]


@pytest.mark.code("account_restricted")
def test_who_falls_below_initial_margin_loses_orders_that_add(venue: pc.Venue) -> None:
    trade(venue, "A", "B", 500, 100)
    near, far = (venue.place("A", "X-PERP", 100, price)[0].order for price in (84, 80))
    # 10,000 − 100 of fee − 500 × 15.5 are 2,150; 5 % of 500 × 84.5 are 2,112.5, each order adds 422.5 and its fee.
    events = venue.mark("X-PERP", "84.5")
    assert [(event.kind, event.code, event.order, event.after) for event in events[1:]] == [
        ("status_changed", None, None, "restricted"),
        ("canceled", "account_restricted", far, None),
        ("canceled", "account_restricted", near, None),
        ("status_changed", None, None, "healthy"),
    ]


@pytest.mark.code("disconnected")
def test_orders_of_who_is_gone_end(venue: pc.Venue) -> None:
    placed = [venue.place("A", "X-PERP", 1, price)[0].order for price in (90, 91)]
    venue.place("B", "X-PERP", 1, 92)
    events = venue.disconnect("A")
    assert told(events) == [("canceled", "disconnected")] * 2
    assert [event.order for event in events] == placed
    assert venue.disconnect("A") == []


@pytest.mark.code("deadman")
def test_orders_end_where_nobody_says_that_he_is_there(venue: pc.Venue) -> None:
    venue.place("A", "X-PERP", 1, 90)
    venue.deadman("A", NOW + HOUR)
    venue.deadman("A", NOW + 2 * HOUR)
    assert [event.code for event in venue.advance_time(NOW + HOUR) if event.kind == "canceled"] == []
    (event,) = [event for event in venue.advance_time(NOW + 3 * HOUR) if event.kind == "canceled"]
    assert (event.code, event.time) == ("deadman", NOW + 2 * HOUR)
    refused(venue.deadman("A", NOW + 3 * HOUR), "until_reached")


@pytest.mark.code("insufficient_balance")
def test_what_is_held_is_not_free(venue: pc.Venue) -> None:
    refused(venue.withdraw("A", "USD", "10000.00000001"), "insufficient_balance")
    venue.withdraw("A", "USD", 6_000)
    refused(venue.withdraw("A", "USD", "4000.00000001"), "insufficient_balance")
    refused(venue.withdraw("A", "EUR", 1), "insufficient_balance")
    refused(venue.transfer("A", -1, instrument="X-PERP"), "insufficient_balance")


@pytest.mark.code("not_withdrawable")
def test_what_an_account_needs_stays(venue: pc.Venue) -> None:
    trade(venue, "A", "B", 100, 100)
    # 10,000 less a fee of 20; 5 % of 10,000 are 500.
    refused(venue.withdraw("A", "USD", "9480.00000001"), "not_withdrawable")
    assert told(venue.withdraw("A", "USD", 9_480)) == [("withdrawal_requested", None)]
    venue.release_withdrawal(1)
    # A gain that is not settled does not leave.
    venue.mark("X-PERP", 110)
    refused(venue.withdraw("A", "USD", "9430.00000001"), "not_withdrawable")


@pytest.mark.code("withdraw_held")
def test_withdrawals_of_who_is_held_back_wait(venue: pc.Venue) -> None:
    number = venue.withdraw("A", "USD", 1)[0].order
    assert number is not None
    for flags in ("no_withdraw", "frozen"):
        venue.hold("A", flags, approval="order 7")
        refused(venue.withdraw("A", "USD", 1), "withdraw_held")
        refused(venue.confirm_withdrawal(number), "withdraw_held")
    venue.hold("A", None)
    assert told(venue.confirm_withdrawal(number)) == [("posting", None), ("withdrawal_confirmed", None)]


@pytest.mark.code("outflow_limit")
def test_all_clients_together_withdraw_so_much_an_hour() -> None:
    venue = made(venue__outflow_per_hour="10%")
    # 10 % of 20,000.
    assert told(venue.withdraw("A", "USD", 1_500)) == [("withdrawal_requested", None)]
    limit, refusal = venue.withdraw("B", "USD", 501)
    assert (limit.kind, limit.amount, limit.balance, limit.account) == ("limit_reached", 2_000, 1_500, None)
    assert (refusal.kind, refusal.code, refusal.account) == ("rejected", "outflow_limit", "B")
    assert told(venue.withdraw("B", "USD", 500)) == [("withdrawal_requested", None)]
    venue.release_withdrawal(1)
    assert told(venue.withdraw("B", "USD", 1_500)) == [("withdrawal_requested", None)]
    refused(venue.withdraw("B", "USD", 1, time=NOW + HOUR - 1), "outflow_limit")
    assert venue.withdraw("B", "USD", 1, time=NOW + HOUR)[-1].kind == "withdrawal_requested"


@pytest.mark.code("platform_cap")
def test_a_platform_takes_so_much_of_an_asset() -> None:
    venue = made(asset__EUR__platform_cap=100)
    assert told(venue.deposit("A", "EUR", 60))[0] == ("posting", None)
    refused(venue.deposit("B", "EUR", "40.00000001"), "platform_cap")
    assert told(venue.deposit("B", "EUR", 40))[0] == ("posting", None)


@pytest.mark.code("unknown_withdrawal")
def test_a_withdrawal_ends_once(venue: pc.Venue) -> None:
    assert refused(venue.confirm_withdrawal(1), "unknown_withdrawal").order == 1
    number = venue.withdraw("A", "USD", 1)[0].order
    assert number == 1
    assert told(venue.release_withdrawal(number)) == [("withdrawal_released", None)]
    refused(venue.release_withdrawal(number), "unknown_withdrawal")
    refused(venue.confirm_withdrawal(number), "unknown_withdrawal")


@pytest.mark.code("other_client")
def test_money_moves_between_accounts_of_one_client(venue: pc.Venue) -> None:
    refused(venue.transfer("A", 1, to_account="B", asset="USD"), "other_client")
    for account in ("C", "D"):
        venue.open_account(account, client="one")
    venue.deposit("C", "USD", 10)
    events = venue.transfer("C", 4, to_account="D", asset="USD")
    assert [(event.account, event.amount, event.balance) for event in events] == [("C", -4, 6), ("D", 4, 4)]


@pytest.mark.code("priced_by_sources")
def test_a_price_is_told_or_made_not_both(venue: pc.Venue) -> None:
    refused(venue.index("Y", 100), "priced_by_sources")
    refused(venue.mark("Y-PERP", 100), "priced_by_sources")
    refused(venue.quote("X", "a", 100), "out_of_range")
    assert venue.quote("Y", "a", 100) == []
    refused(venue.quote("Y", "d", 100), "out_of_range")


@pytest.mark.code("below_min_equity", "model_not_enabled")
def test_the_portfolio_model_is_for_who_has_enough(venue: pc.Venue) -> None:
    refused(venue.open_account("C", model="portfolio"), "model_not_enabled")
    venue = pc.synth.venue()  # from 100,000 on
    refused(venue.open_account("C", model="portfolio"), "below_min_equity")
    venue.open_account("C")
    venue.deposit("C", "USDT", "99999.99999999")
    refused(venue.set_account("C", model="portfolio"), "below_min_equity")
    venue.deposit("C", "USDT", "0.00000001")
    assert told(venue.set_account("C", model="portfolio")) == [("accepted", None)]


@pytest.mark.code("fund_short")
def test_what_neither_a_payer_nor_the_fund_has_receivers_lack() -> None:
    """A is worth nothing when funding is due, and the fund is empty."""
    venue = made(instrument__X_PERP__funding={"every": "8h", "min_coverage": "0%", "impact_notional": 10})
    trade(venue, "A", "B", 1_000, 100)
    venue.open_account("C")
    venue.deposit("C", "USD", 1_000)
    end = NOW + 8 * HOUR
    venue.place("C", "X-PERP", 5, 90, time=end - 3 * 10**9)
    venue.place("C", "X-PERP", -5, "90.5")
    # The only sample: index and mark are told within ten seconds of the interval's end.
    venue.index("X", "90.2")
    # 10,000 less a fee of 200 less 1,000 × 9.8 of loss.
    (status,) = (event for event in venue.mark("X-PERP", "90.2") if event.kind == "status_changed")
    assert (status.account, status.amount, status.after) == ("A", 0, "liquidation")
    events = [event for event in venue.advance_time(end) if event.instrument == "X-PERP" or event.account]
    assert told(events)[-4:] == [
        ("settlement", None),
        ("posting", None),
        ("posting", None),
        ("fund_draw", "fund_short"),
    ]
    assert (events[-1].amount, events[-1].balance) == (0, 0)
    assert venue.verify() == []


def test_margin_is_asked_last(venue: pc.Venue) -> None:
    # 5 % of 100,000, and a fee of 0.2 %, are 5,200: twice is more than there is.
    assert told(venue.place("A", "X-PERP", 1_000, 100)) == [("accepted", None)]
    refused(venue.place("A", "X-PERP", 1_000, 100), "insufficient_margin")
    refused(venue.set_account("A", leverage=9), "insufficient_margin")


def test_a_price_that_may_not_be_used_stops_all_but_reducing(venue: pc.Venue) -> None:
    trade(venue, "A", "B", 10, 100)
    venue.mark("X-PERP", 100, state="frozen")
    refused(venue.place("A", "X-PERP", 1, 100), "price_unusable")
    refused(venue.withdraw("A", "USD", 1), "price_unusable")
    assert told(venue.place("A", "X-PERP", -10, 101)) == [("accepted", None)]
    assert told(venue.cancel_all()) == [("canceled", "requested")]
    venue.halt()
    refused(venue.resume("X-PERP"), "price_unusable")
    refused(venue.enter_phase("X-PERP", "open"), "phase_refused")
    refused(venue.resume(underlying="X"), "price_unusable")
    refused(venue.index("X", 100, time=NOW - 1), "time_runs_back")


def test_prices_of_assets_and_of_underlyings_are_told_apart(venue: pc.Venue) -> None:
    refused(venue.index(None, 100), "null_value")
    refused(venue.index("X", 100, asset="EUR"), "conflicting_values")
    refused(venue.index(None, 1, asset="USD"), "settlement_price")
    refused(venue.index(None, 1, asset="COIN"), "conflicting_values")
    (event, state) = venue.index(None, "1.1", asset="EUR")
    assert (event.asset, event.note, state.asset, state.after) == ("EUR", None, "EUR", "live")
    (event,) = venue.index("X", 101)
    assert (event.asset, event.note) == (None, "X")


def test_what_cannot_be_said_together_is_refused(venue: pc.Venue) -> None:
    refused(venue.set_account("A", instrument="X-PERP"), "null_value")
    refused(venue.set_account("A", margin_mode="isolated"), "conflicting_values")
    refused(venue.transfer("A", 1, instrument="X-PERP", asset="USD"), "conflicting_values")
    refused(venue.transfer("A", 1, instrument="X-PERP", to_account="B"), "conflicting_values")
    refused(venue.transfer("A", 1, to_account="B"), "null_value")
    refused(venue.transfer("A", 1, asset="USD"), "null_value")
    refused(venue.transfer("A", 1, to_account="A", asset="USD"), "conflicting_values")
    refused(venue.halt("X-PERP", underlying="X"), "conflicting_values")
    refused(venue.resume("X-PERP", underlying="X"), "conflicting_values")
    refused(venue.place("A", None, 1, 100), "null_value")
    refused(venue.deposit("A", "USD", -1), "out_of_range")
    refused(venue.fund_topup(0), "out_of_range")


def test_names_that_the_rulebook_does_not_have(venue: pc.Venue) -> None:
    refused(venue.place("A", "Z-PERP", 1, 100), "unknown_instrument")
    refused(venue.deposit("A", "XRP", 1), "unknown_asset")
    refused(venue.open_account("C", fee_tier="vip"), "unknown_fee_tier")
    refused(venue.index("Z", 1), "out_of_range")
    refused(venue.quote("Z", "a", 1), "out_of_range")


def test_a_refusal_says_of_what(venue: pc.Venue) -> None:
    event = refused(venue.withdraw("A", "USD", 20_000), "insufficient_balance")
    assert (event.account, event.asset, event.amount) == ("A", "USD", 20_000)
    event = refused(venue.place("A", "X-PERP", 1, "100.25", client_id="a"), "off_tick")
    assert (event.instrument, event.quantity, event.client_id) == ("X-PERP", 1, "a")
    event = refused(venue.place("C", "X-PERP", 1, 100, client_id="c"), "unknown_holder")
    assert (event.account, event.client_id) == ("C", "c")

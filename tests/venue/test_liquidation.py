"""The liquidation loop and its steps, the waterfall; every number by hand."""

from decimal import Decimal
from typing import Any

import pytest

import perpcore as pc

SECOND = 10**9
MIDNIGHT = 1_796_083_200 * SECOND  # 2026-12-01T00:00:00Z
DAY = 86_400 * SECOND

RULES = """
[venue]
settlement = "USD"
settle_every = "24h"
fees = { standard = { maker = "0%", taker = "0%" } }
[client]
classes = ["professional", "backstop"]
[liquidation]
fund = { low = 9_800 }
[instrument.X-PERP]
underlying = "X"
tick = 1
lot = 0.1
tiers = [["rest", "5%", 10]]
collar = { width = "20%" }
"""

WITHOUT = RULES.replace("[liquidation]\nfund = { low = 9_800 }\n", "")


def opened(rules: pc.Rulebook, cash: dict[str, int]) -> pc.Venue:
    """Accounts with cash, and X-PERP open at 1,000."""
    venue = pc.Venue(rules)
    venue.advance_time(MIDNIGHT)
    for account, amount in cash.items():
        venue.open_account(account)
        venue.deposit(account, "USD", amount)
    venue.index("X", 1_000)
    venue.mark("X-PERP", 1_000)
    venue.enter_phase("X-PERP", "open")
    return venue


def venue_of(bids: dict[int, float] | None = None, *, fund: int = 0, backstop: int = 0, **changes: Any) -> pc.Venue:
    """L is long 10 at 1,000 with 1,100 of cash; S is short 6 and T short 4, with 5,000 each; M bids."""
    rules = pc.Rulebook.parse(RULES)
    rules = rules.edit({f"liquidation.{key}": value for key, value in changes.items()})
    venue = opened(rules, {"L": 1_100, "S": 5_000, "T": 5_000, "M": 100_000})
    if backstop:
        venue.open_account("B", account_class="backstop")
        venue.deposit("B", "USD", 100_000)
        assert told(venue.register_backstop("B", backstop)) == ["accepted B"]
    if fund:
        venue.fund_topup(fund)
    venue.place("S", "X-PERP", -6, 1_000)
    venue.place("T", "X-PERP", -4, 1_000)
    venue.place("L", "X-PERP", 10, 1_000)
    for price, quantity in (bids or {}).items():
        venue.place("M", "X-PERP", quantity, price)
    return venue


def told(events: list[pc.Event]) -> list[str]:
    """Kinds and accounts."""
    return [" ".join(filter(None, (event.kind, event.account))) for event in events]


def steps(events: list[pc.Event]) -> list[tuple[Any, ...]]:
    """The steps: rule, what is to be closed, why the one before ended."""
    found = [event for event in events if event.kind == "liquidation_step"]
    return [(event.rule, number(event.quantity), event.code) for event in found]


def number(value: Decimal | None) -> Any:
    return None if value is None else float(value)


def figures(venue: pc.Venue, account: str) -> tuple[float, float, str]:
    """Equity, maintenance margin and status of a cross account."""
    row = next(row for row in venue.accounts().to_pylist() if row["account"] == account)
    return float(row["equity"]), float(row["maintenance_margin"]), row["status"]


def held(venue: pc.Venue) -> dict[str, float]:
    rows = venue.positions().to_pylist()
    return {row["account"]: float(row["quantity"]) for row in rows if row["quantity"]}


def fund_of(venue: pc.Venue) -> float:
    rows = venue.ledger().to_pylist()
    return float(next(row["amount"] for row in rows if row["account"] == "fund" and row["asset"] == "USD"))


def test_so_much_is_closed_that_the_bucket_is_out_of_it_again() -> None:
    venue = venue_of({925: 50})
    # Equity 400, maintenance 465. With 20 % closed 372 is not below 0.9·(400 − 4.65), with 40 % 279 is below 351.63.
    events = venue.mark("X-PERP", 930)
    assert told(events) == [
        "mark",
        "status_changed L",
        "liquidation_step L",
        "filled L",
        "posting L",
        "status_changed L",
    ]
    assert steps(events) == [("liquidation.book", -4.0, None)]
    step, fill, posting = events[2:5]
    assert [number(x) for x in (step.price, step.amount, step.balance)] == [744.0, 400.0, 465.0]
    assert (step.before, fill.order, fill.other_account) == ("liquidation", None, "M")
    assert [number(x) for x in (fill.quantity, fill.price)] == [-4.0, 925.0]
    # 0.25 % of 3,700; what is above bankruptcy, 3,700 − 3,560, is more.
    assert (number(posting.amount), posting.rule, fund_of(venue)) == (-9.25, "liquidation.fee", 9.25)
    assert figures(venue, "L") == (370.75, 279.0, "restricted")
    assert venue.verify() == []


@pytest.mark.code("in_liquidation")
def test_orders_of_the_bucket_end_and_its_stops() -> None:
    venue = venue_of({925: 50})
    limit = venue.place("L", "X-PERP", -1, 1_100, reduce_only=True)[0].order
    stop = venue.place("L", "X-PERP", -1, trigger=900, trigger_when="at_or_below")[0].order
    ends = [event for event in venue.mark("X-PERP", 930) if event.kind == "canceled"]
    assert [(event.order, event.code) for event in ends] == [(stop, "in_liquidation"), (limit, "in_liquidation")]


def test_liquidations_take_a_share_of_the_book_a_second() -> None:
    venue = venue_of({925: 5})
    # 20 % of 5 is 1: equity 400 − 5 − 2.3125, maintenance 418.5 of 9 at 930.
    events = venue.mark("X-PERP", 930)
    assert steps(events) == [("liquidation.book", -1.0, None)]
    assert figures(venue, "L") == (392.6875, 418.5, "liquidation")
    # Not twice within a second, whatever comes.
    assert told(venue.advance_time(MIDNIGHT + SECOND - 1)) == []
    # 20 % of 4; 20 % of 9 would be enough.
    events = venue.advance_time(MIDNIGHT + SECOND)
    assert steps(events) == [("liquidation.book", -0.8, None)]
    # 392.6875 − 4 − 1.85
    assert figures(venue, "L") == (386.8375, 381.3, "margin_call")


@pytest.mark.code("close_out")
def test_below_the_close_out_line_everything_goes_at_once() -> None:
    venue = venue_of({900: 50})
    # Equity 300 is below 66.666667 % of 460.
    events = venue.mark("X-PERP", 920)
    assert steps(events) == [("liquidation.book", -10.0, "close_out")]
    # 300 − 10·20 − 0.25 % of 9,000
    assert figures(venue, "L") == (77.5, 0.0, "healthy")


@pytest.mark.code("book_exhausted")
def test_backstop_providers_take_over_before_bankruptcy() -> None:
    venue = venue_of(backstop=20_000)
    events = venue.mark("X-PERP", 920)
    assert steps(events) == [
        ("liquidation.book", -10.0, "close_out"),
        ("liquidation.backstop", -10.0, "book_exhausted"),
    ]
    fill = next(event for event in events if event.kind == "backstop_fill")
    # The mark less 60 % of the way to 890; 40 % of 300 are the fund's.
    assert (fill.account, fill.other_account, fill.rule) == ("L", "B", "liquidation.backstop")
    assert [number(x) for x in (fill.quantity, fill.price, fill.amount, fill.balance)] == [-10.0, 902.0, 9020.0, 120.0]
    assert (held(venue)["B"], fund_of(venue), figures(venue, "L")) == (10.0, 120.0, (0.0, 0.0, "healthy"))


@pytest.mark.code("backstop_exhausted", "not_a_backstop")
def test_a_provider_takes_no_more_than_he_registered() -> None:
    venue = venue_of(backstop=1_900)
    events = venue.mark("X-PERP", 920)
    # 1,900 at 920 are 2.0 whole lots; the rest goes to the opposite side at the bankruptcy price.
    assert [step for step in steps(events) if step[0] != "liquidation.book"] == [
        ("liquidation.backstop", -10.0, "book_exhausted"),
        ("liquidation.adl", -8.0, "fund_unavailable"),
    ]
    assert held(venue)["B"] == 2.0
    assert figures(venue, "L")[:2] == (0.0, 0.0)
    event = venue.register_backstop("M", 5)[0]
    assert (event.code, event.rule) == ("not_a_backstop", "liquidation.backstop")


@pytest.mark.code("backstop_unavailable")
def test_the_fund_pays_what_fills_lack_to_bankruptcy() -> None:
    venue = venue_of({850: 50}, fund=10_000)
    # At 870 net value is −200, the bankruptcy price 890; within 3 % of the mark, at 850, 10·40 are missing.
    events = venue.mark("X-PERP", 870)
    assert steps(events) == [
        ("liquidation.book", -10.0, "close_out"),
        ("liquidation.fund", -10.0, "backstop_unavailable"),
    ]
    tail = [event for event in events if event.kind in ("posting", "fund_draw", "fund_low")]
    assert [(event.kind, event.account, number(event.amount), number(event.balance)) for event in tail] == [
        ("posting", "L", 400.0, 1_500.0),
        ("fund_draw", "L", 400.0, 9_600.0),
        ("fund_low", None, 9_600.0, 9_800.0),
    ]
    assert (figures(venue, "L"), fund_of(venue), venue.verify()) == ((0.0, 0.0, "healthy"), 9_600.0, [])


@pytest.mark.code("fund_exhausted")
def test_the_fund_pays_within_its_budget_and_the_rest_is_deleveraged() -> None:
    venue = venue_of({850: 50}, fund=1_000)
    # 20 % of 1,000 pay for 5 of 10, which lack 40 each; the others go at 890.
    events = venue.mark("X-PERP", 870)
    assert steps(events)[2:] == [("liquidation.adl", -5.0, "fund_exhausted")]
    assert fund_of(venue) == 800.0
    cut = [event for event in events if event.kind == "adl"]
    assert [(event.account, number(event.quantity), number(event.price)) for event in cut] == [("S", 5.0, 890.0)]
    assert figures(venue, "L") == (0.0, 0.0, "healthy")


@pytest.mark.code("fund_unavailable", "deleveraged")
def test_the_opposite_side_is_deleveraged_by_rank_and_told_before() -> None:
    venue = venue_of()
    order = venue.place("S", "X-PERP", 1, 800, reduce_only=True)[0].order
    # Net value −100: the bankruptcy price is 890. Both gain 12 %; S needs 264 of 5,720, T 176 of 5,480.
    events = venue.mark("X-PERP", 880)
    assert told(events)[3:] == [
        *("fund_depleted L", "fund_depleted S", "fund_depleted T"),
        *("liquidation_step L", "canceled S", "adl S", "adl T", "adl_report L", "status_changed L"),
    ]
    assert steps(events)[1:] == [("liquidation.adl", -10.0, "fund_unavailable")]
    ended = next(event for event in events if event.kind == "canceled")
    assert (ended.order, ended.code) == (order, "deleveraged")
    one, two = (event for event in events if event.kind == "adl")
    assert [number(x) for x in (one.quantity, one.price, one.amount)] == [6.0, 890.0, 60.0]
    assert [number(x) for x in (two.quantity, two.price, two.amount)] == [4.0, 890.0, 40.0]
    # 0.12 × 264 / 5,720 and 0.12 × 176 / 5,480, down.
    assert [event.balance for event in (one, two)] == [Decimal("0.00553846"), Decimal("0.00385401")]
    report = next(event for event in events if event.kind == "adl_report")
    assert [number(x) for x in (report.quantity, report.price, report.amount)] == [-10.0, 890.0, 100.0]
    assert (report.order, one.order, held(venue), venue.verify()) == (1, 1, {}, [])
    due = [event for event in venue.advance_time(MIDNIGHT + DAY) if event.kind == "adl_report_due"]
    assert [event.order for event in due] == [1]


@pytest.mark.parametrize("policy", ["score", "pro_rata", "minimax"])
def test_every_policy_closes_exactly_the_deficit(policy: str) -> None:
    venue = venue_of(adl=policy)
    events = venue.mark("X-PERP", 900)
    assert steps(events)[-1] == ("liquidation.adl", -10.0, "fund_unavailable")
    assert sum(event.quantity for event in events if event.kind == "adl") == 10
    assert (figures(venue, "L"), held(venue)) == ((0.0, 0.0, "healthy"), {})


def test_a_side_that_fills_up_within_the_second_is_not_taken_at_once() -> None:
    venue = venue_of(depth_share="10%")
    venue.open_account("K")
    venue.deposit("K", "USD", 1_110)
    venue.place("S", "X-PERP", -10, 1_000)
    venue.place("K", "X-PERP", 10, 1_000)
    # L: 1,100 − 640 = 460 of 5 % of 9,360 = 468; a step of 20 % is enough. Nobody bids.
    assert steps(venue.mark("X-PERP", 936))[0] == ("liquidation.book", -2.0, None)
    venue.place("M", "X-PERP", 10, 930)
    # K: 1,110 − 650 = 460 of 467.5, so 2.0 of its 10 too; of the 100 lots that rest now 10 may go within this second.
    events = venue.mark("X-PERP", 935)
    assert [step for step in steps(events) if step[0] == "liquidation.book"] == [("liquidation.book", -1.0, None)]
    assert held(venue)["K"] == 9.0


@pytest.mark.parametrize(("policy", "score"), [("score", 0), ("pro_rata", None), ("minimax", None)])
def test_a_score_of_nothing_is_said(policy: str, score: int | None) -> None:
    venue = venue_of(adl=policy)
    venue.open_account("N")
    venue.deposit("N", "USD", 100_000)
    # S and T hand their shorts over to N at 920.
    venue.mark("X-PERP", 941)
    venue.place("N", "X-PERP", -10, 920)
    venue.place("S", "X-PERP", 6, 920)
    venue.place("T", "X-PERP", 4, 920)
    # L: 1,100 − 800 = 300 is below two thirds of 5 % of 9,200, so all goes, at 890, where he is bankrupt: 10·30 better.
    (event,) = (event for event in venue.mark("X-PERP", 920) if event.kind == "adl")
    assert (event.account, number(event.price), number(event.amount), event.balance) == ("N", 890.0, -300.0, score)


@pytest.mark.code("adl_exhausted")
def test_a_deficit_is_cut_from_gains_when_the_opposite_side_has_none() -> None:
    venue = venue_of()
    venue.open_account("N")
    venue.deposit("N", "USD", 100_000)
    # S and T hand their shorts over to N at 930: he has no gain at 860, they do, without position.
    venue.mark("X-PERP", 941)
    venue.place("N", "X-PERP", -10, 860)
    venue.place("S", "X-PERP", 6, 860)
    venue.place("T", "X-PERP", 4, 860)
    assert held(venue) == {"L": 10.0, "N": -10.0}
    events = venue.mark("X-PERP", 870)
    # L: 1,100 − 1,300 = −200. N lost 10·10. Everything passes to N at 870; S gained 840, T 560: 120 and 80 are cut.
    assert steps(events)[-1] == ("liquidation.last_resort", -10.0, "adl_exhausted")
    last = [event for event in events if event.kind == "last_resort"]
    told_of = [(event.account, number(event.quantity), number(event.amount), number(event.balance)) for event in last]
    assert told_of == [
        ("N", 10.0, None, None),
        ("S", None, 120.0, 840.0),
        ("T", None, 80.0, 560.0),
        ("L", None, 200.0, None),
    ]
    assert (figures(venue, "L")[0], figures(venue, "S")[0], figures(venue, "T")[0]) == (0.0, 5_720.0, 5_480.0)
    assert (held(venue), venue.verify()) == ({}, [])
    venue.advance_time(MIDNIGHT + DAY)
    cash = {row["account"]: float(row["amount"]) for row in venue.ledger().to_pylist() if row["asset"] == "USD"}
    assert (cash.get("L", 0.0), cash["S"], cash["T"], cash["N"]) == (0.0, 5_720.0, 5_480.0, 99_900.0)


@pytest.mark.code("unknown_report")
def test_the_story_and_the_report_are_told_again_from_the_record() -> None:
    venue = venue_of()
    # Maintenance 5 % of 10,000, initial 10 %; called at 1.25 of it, closed out at two thirds.
    assert str(venue.explain_liquidation("L")).split("\n") == [
        "L",
        "  cross: equity 100 above initial margin at 1,000",
        "  cross: equity 475 above margin call at 625",
        "  cross: equity 600 above liquidation at 500",
        "  cross: equity 766.666665 above close-out at 333.333335",
        "  cross: net value 1,100 above bankruptcy at 0",
        # 1,100 + 10·(p − 1,000) = 5 % of 10·p at 936.8…
        "  X-PERP (cross) at 1,000: liquidated below 937, 6.30 % away",
    ]
    events = venue.mark("X-PERP", 880)
    story = venue.explain_liquidation("L")
    told_again = [row["seq"] for row in story.events.to_pylist()]
    assert told_again == [event.seq for event in events if "L" in (event.account, event.other_account)]
    lines = str(story).split("\n")[1:]
    assert [line.split(" ", 3)[3] for line in lines if "liquidation." in line or "deleveraged" in line] == [
        "liquidation.book: -10 X-PERP at 704 or better, since close_out; equity -100, maintenance margin 440",
        "liquidation.adl: -10 X-PERP at 890, since fund_unavailable; net value -100, maintenance margin 440",
        "S was deleveraged: 6 X-PERP at 890, which cost it 60",
        "T was deleveraged: 4 X-PERP at 890, which cost it 40",
    ]
    report = venue.adl_report(1).to_pylist()
    assert [row["kind"] for row in report] == [*["fund_depleted"] * 3, "liquidation_step", "adl", "adl", "adl_report"]
    assert [row["seq"] for row in report] == [event.seq for event in events if event.seq >= report[0]["seq"]][:7]
    with pytest.raises(pc.errors.StateError) as refused:
        venue.adl_report(2)
    assert refused.value.code == "unknown_report"


def test_nothing_is_liquidated_at_a_price_that_may_not_be_used() -> None:
    venue = venue_of({900: 50})
    for state in ("protected", "frozen", "halted"):
        assert steps(venue.mark("X-PERP", 700, state=state)) == []
    assert steps(venue.mark("X-PERP", 920)) == [("liquidation.book", -10.0, "close_out")]


def test_nothing_is_liquidated_while_the_instrument_does_not_trade() -> None:
    venue = venue_of({900: 50})
    venue.halt("X-PERP")
    assert steps(venue.mark("X-PERP", 920)) == []
    venue.resume("X-PERP")
    assert steps(venue.enter_phase("X-PERP", "open")) == [("liquidation.book", -10.0, "close_out")]


def test_an_isolated_bucket_is_closed_on_its_own_margin() -> None:
    venue = venue_of({850: 50}, fund=10_000)
    venue.open_account("I")
    venue.deposit("I", "USD", 5_000)
    venue.place("S", "X-PERP", -1, 1_001)
    # 100.1 for the position at 1,001 and 1 for its loss against the mark of 1,000: initial margin is 10 % of 1,000.
    venue.place("I", "X-PERP", 1, 1_001, margin_mode="isolated")
    before = {row["account"]: row for row in venue.positions().to_pylist() if row["margin_mode"] == "isolated"}["I"]
    assert number(before["isolated_margin"]) == 101.0
    # At 890 its equity is 101 − 111; its wallet of 4,899 is not asked. 850 lacks 1,001 − 101 − 850 = 50.
    venue.deposit("L", "USD", 50_000)
    events = venue.mark("X-PERP", 875)
    assert [(event.note, event.before) for event in events if event.kind == "liquidation_step"] == [
        ("isolated", "bankrupt")
    ] * 2
    draw = next(event for event in events if event.kind == "fund_draw")
    assert (draw.account, number(draw.amount)) == ("I", 50.0)
    wallet = [row for row in venue.ledger().to_pylist() if row["account"] == "I" and row["asset"] == "USD"]
    assert number(wallet[0]["amount"]) == 4_899.0


def test_the_worst_is_closed_first_and_one_command_does_only_so_much() -> None:
    venue = venue_of({900: 500}, per_command=1)
    venue.open_account("K")
    venue.deposit("K", "USD", 1_080)
    venue.place("S", "X-PERP", -10, 1_000)
    venue.place("K", "X-PERP", 10, 1_000)
    # At 920 L has 300 and K 280 of 460.
    assert [event.account for event in venue.mark("X-PERP", 920) if event.kind == "liquidation_step"] == ["K"]
    assert [event.account for event in venue.fund_topup(1) if event.kind == "liquidation_step"] == ["L"]


def test_an_account_is_liquidated_whatever_its_class_and_flags() -> None:
    venue = venue_of({900: 50})
    venue.hold("L", flags=["frozen"], approval="order 1")
    assert steps(venue.mark("X-PERP", 920)) == [("liquidation.book", -10.0, "close_out")]


def test_without_the_table_nothing_is_liquidated() -> None:
    rules = pc.Rulebook.parse(RULES.replace("[liquidation]\nfund = { low = 9_800 }\n", ""))
    assert "liquidation" not in rules.to_toml()
    venue = pc.Venue(rules)
    venue.advance_time(MIDNIGHT)
    for account in "LS":
        venue.open_account(account)
        venue.deposit(account, "USD", 1_100)
    venue.index("X", 1_000)
    venue.mark("X-PERP", 1_000)
    venue.enter_phase("X-PERP", "open")
    venue.place("S", "X-PERP", -10, 1_000)
    venue.place("L", "X-PERP", 10, 1_000)
    assert [event.after for event in venue.mark("X-PERP", 880) if event.kind == "status_changed"] == ["bankrupt"]


def test_who_came_since_is_told_too_before_he_is_deleveraged() -> None:
    # The first deficit is S's and T's; then L2 is long against S2, who came later.
    venue = venue_of()
    first = [line for line in told(venue.mark("X-PERP", 880)) if line.startswith("fund")]
    assert first == ["fund_depleted L", "fund_depleted S", "fund_depleted T"]
    venue.mark("X-PERP", 1_000)
    for account, cash in {"L2": 1_100, "S2": 5_000}.items():
        venue.open_account(account)
        venue.deposit(account, "USD", cash)
    venue.place("S2", "X-PERP", -10, 1_000)
    venue.place("L2", "X-PERP", 10, 1_000)
    again = told(venue.mark("X-PERP", 880))
    assert [line for line in again if line.startswith("fund")] == ["fund_depleted L2", "fund_depleted S2"]
    assert again.index("fund_depleted S2") < again.index("adl S2")
    kinds = [row["kind"] for row in venue.adl_report(2).to_pylist()]
    assert kinds == ["fund_depleted", "fund_depleted", "liquidation_step", "adl", "adl_report"]


def test_the_fund_is_low_whatever_it_paid_for() -> None:
    # It buys what L has to sell: nobody else does.
    rules = pc.Rulebook.parse(RULES).edit(
        {
            "asset.BTC": {"class": "virtual_asset", "eligible": True, "underlying": "X"},
            "liquidation.fund.low": 950,
            "liquidation.fee": 0,
        }
    )
    venue = pc.Venue(rules)
    venue.advance_time(MIDNIGHT)
    venue.index("X", 1_000)
    venue.mark("X-PERP", 1_000)
    venue.enter_phase("X-PERP", "open")
    for account, asset, amount in (("S", "USD", 10_000), ("M", "USD", 100_000), ("L", "BTC", 1.2)):
        venue.open_account(account)
        venue.deposit(account, asset, amount)
    venue.fund_topup(1_000)
    venue.place("S", "X-PERP", -10, 1_000)
    venue.place("L", "X-PERP", 10, 1_000)
    venue.place("M", "X-PERP", 20, 925)
    # At 925 L has lost 750 and is worth 450, less than 5 % of 9,250: 0.75 of its coins, at 1,000, bring the loss.
    events = venue.mark("X-PERP", 925)
    low = [event for event in events if event.kind == "fund_low"]
    assert [(number(event.amount), number(event.balance)) for event in low] == [(250.0, 950.0)]
    assert (events[-1].kind, fund_of(venue), venue.verify()) == ("fund_low", 250.0, [])


def test_a_rulebook_that_begins_to_liquidate_begins_with_the_worst() -> None:
    # Nobody is liquidated at first. A's order is off the tick of the new rulebook, so A is looked at before B is.
    rules = pc.Rulebook.parse(RULES)
    without = pc.Rulebook.parse(WITHOUT)
    venue = opened(without, {"A": 1_100, "B": 1_100, "S": 50_000})
    venue.place("S", "X-PERP", -21, 1_000)
    venue.place("A", "X-PERP", 10, 1_000)
    venue.place("B", "X-PERP", 11, 1_000)
    assert venue.place("A", "X-PERP", -1, 1_003, reduce_only=True)[-1].kind == "accepted"
    assert steps(venue.mark("X-PERP", 880)) == []
    events = venue.activate_rulebook(rules.edit({"instrument.X-PERP.tick": 5}), confirm="both are bankrupt")
    first = next(event for event in events if event.kind == "liquidation_step")
    # A is worth 1,100 − 1,200, B 1,100 − 1,320.
    assert (first.account, number(first.amount), venue.verify()) == ("B", -220.0, [])


def test_a_rulebook_in_force_tells_statuses_in_the_order_of_opening() -> None:
    rules = pc.Rulebook.parse(RULES)
    venue = opened(rules, {"A": 1_250, "B": 1_100, "S": 50_000})
    venue.place("S", "X-PERP", -20, 1_000)
    venue.place("A", "X-PERP", 10, 1_000)
    venue.place("B", "X-PERP", 10, 1_000)
    venue.halt(instrument="X-PERP")
    # Of 5 % of 9,300 = 465, A has 550, less than 1.25 times as much, and B 400; where nothing trades nobody is closed.
    fallen = [event for event in venue.mark("X-PERP", 930) if event.kind == "status_changed"]
    assert [(event.account, event.after) for event in fallen] == [("A", "margin_call"), ("B", "liquidation")]
    looser = rules.edit({"instrument.X-PERP.tiers": [["rest", "2%", 10]]})
    events = venue.activate_rulebook(looser, "a reference")
    eased = [event for event in events if event.kind == "status_changed"]
    # Of 2 % both have enough, of the 10 % that opening asks for neither.
    assert [(event.account, event.after) for event in eased] == [("A", "restricted"), ("B", "restricted")]


@pytest.mark.parametrize("later", [False, True])
def test_who_may_no_longer_open_is_held_back_before_anybody_is_liquidated(later: bool) -> None:
    venue = opened(pc.Rulebook.parse(WITHOUT), {"L": 1_100, "S": 50_000, "M": 100_000})
    venue.place("S", "X-PERP", -10, 1_000)
    venue.place("L", "X-PERP", 10, 1_000)
    order = venue.place("M", "X-PERP", 10, 895)[-1].order
    assert steps(venue.mark("X-PERP", 900)) == []
    # L: 1,100 − 1,000 = 100 of 5 % of 9,000 = 450 is closed out at 890 or better, as M bids; but M shows no knowledge.
    effective = "effective = 2026-12-01T00:00:30Z\n" if later else ""
    rules = pc.Rulebook.parse(effective + RULES).edit({"client.require": ["knowledge"]})
    events = venue.activate_rulebook(rules, "L is to be closed")
    if later:
        assert [event.kind for event in events] == ["accepted"]
        events = venue.advance_time(MIDNIGHT + 30 * SECOND)
    ended = next(at for at, event in enumerate(events) if (event.kind, event.order) == ("canceled", order))
    first = next(at for at, event in enumerate(events) if event.kind == "liquidation_step")
    assert (events[ended].code, ended < first) == ("knowledge_status", True)
    assert not [event for event in events if event.kind == "filled"]
    # At 890 S closes it, where L has nothing left.
    assert (held(venue), figures(venue, "L")[0], venue.verify()) == ({}, 0.0, [])

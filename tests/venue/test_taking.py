"""The fund takes positions over and unwinds them; rank lights, and what the fund would cover. By hand."""

from typing import Any

import pytest

import perpcore as pc

from .test_liquidation import DAY, MIDNIGHT, RULES, SECOND, figures, fund_of, held, number, steps, told, venue_of

MINUTE = 60 * SECOND


def taking(fund: int, bids: dict[int, float] | None = None, **changes: Any) -> pc.Venue:
    mode = {"mode": "take", "low": 950} | changes
    return venue_of(bids, fund=fund, **{f"fund.{key}": value for key, value in mode.items()})


def test_the_fund_takes_a_position_that_it_can_carry() -> None:
    # L is worth 1,100 − 1,200 = −100, so it goes at 880 + 100 / 10 = 890. The fund is then worth 100 less, and needs
    # 5 % of 8,800.
    venue = taking(540)
    events = venue.mark("X-PERP", 880)
    assert steps(events) == [
        ("liquidation.book", -10.0, "close_out"),
        ("liquidation.fund", -10.0, "backstop_unavailable"),
    ]
    step, taken = [event for event in events if event.rule == "liquidation.fund"]
    assert [number(x) for x in (step.price, step.amount, step.balance)] == [890.0, -100.0, 540.0]
    assert (taken.kind, taken.account, taken.other_account) == ("backstop_fill", "L", "fund")
    assert [number(x) for x in (taken.quantity, taken.price, taken.amount)] == [-10.0, 890.0, 8_900.0]
    assert held(venue) == {"S": -6.0, "T": -4.0, "fund": 10.0}
    assert (figures(venue, "L")[0], fund_of(venue), venue.verify()) == (0.0, 540.0, [])


def test_it_does_not_take_what_would_leave_it_below_maintenance() -> None:
    venue = taking(539)
    events = venue.mark("X-PERP", 880)
    assert steps(events)[1:] == [("liquidation.adl", -10.0, "fund_unavailable")]
    assert [line for line in told(events) if line.startswith("fund")] == [f"fund_unavailable {x}" for x in "LST"]
    assert (held(venue), fund_of(venue)) == ({}, 539.0)


@pytest.mark.code("unknown_holder")
@pytest.mark.code("reserved_name")
def test_no_command_can_name_it() -> None:
    venue = taking(540)
    venue.mark("X-PERP", 880)
    assert [venue.place("fund", "X-PERP", -1, 900)[0].code, venue.deposit("fund", "USD", 1)[0].code] == [
        "unknown_holder"
    ] * 2
    assert venue.open_account("fund")[0].code == "reserved_name"
    assert [row["account"] for row in venue.accounts().to_pylist()] == ["L", "S", "T", "M"]


def test_each_minute_a_share_of_the_book_is_unwound() -> None:
    # The limit is 880 · 97 % = 853.6, up to a tick: 854. 50 lots rest there and 20 beyond it; a tenth of 70 are 7.
    venue = taking(1_000)
    venue.mark("X-PERP", 880)
    venue.place("M", "X-PERP", 5, 870)
    venue.place("M", "X-PERP", 2, 850)
    assert steps(venue.advance_time(MIDNIGHT + MINUTE - 1)) == []
    step, fill = venue.advance_time(MIDNIGHT + MINUTE)[-2:]
    assert (step.kind, step.account, step.rule, step.code) == ("liquidation_step", "fund", "liquidation.fund", None)
    # 1,000 + 8,800 − 8,900, and 5 % of 8,800.
    assert [number(x) for x in (step.quantity, step.price, step.amount, step.balance)] == [-0.7, 854.0, 900.0, 440.0]
    assert (fill.kind, fill.account, fill.other_account, number(fill.price)) == ("filled", "fund", "M", 870.0)
    # 63 rest: 6 lots.
    events = venue.advance_time(MIDNIGHT + 2 * MINUTE)
    assert [number(event.quantity) for event in events if event.kind == "filled"] == [-0.6]
    row = next(row for row in venue.positions().to_pylist() if row["account"] == "fund")
    # 8,900 − 1.3 · 870
    assert (number(row["quantity"]), number(row["cost"]), venue.verify()) == (8.7, 7_769.0, [])
    assert str(venue.explain_liquidation("L")).split("\n")[4].endswith("fund took over 10 X-PERP at 890")
    story = [line.split(" ", 3)[3] for line in str(venue.explain_liquidation("fund")).split("\n")[1:]]
    assert story == [
        "fund took over 10 X-PERP at 890",
        "liquidation.fund: -0.7 X-PERP at 854 or better; equity 900, maintenance margin 440",
        "filled -0.7 X-PERP at 870, trade 3",
        # 1,000 + 9.3 · 880 − 8,291
        "liquidation.fund: -0.6 X-PERP at 854 or better; equity 893, maintenance margin 409.2",
        "filled -0.6 X-PERP at 870, trade 4",
    ]


def test_it_settles_with_the_fund_s_money() -> None:
    # 8,800 − 8,900 at midnight: 1,000 − 100 is below 950.
    venue = taking(1_000)
    venue.mark("X-PERP", 880)
    events = venue.advance_time(MIDNIGHT + DAY)
    paid = next(event for event in events if event.kind == "posting" and event.account == "fund")
    assert (number(paid.amount), number(paid.balance), paid.rule) == (-100.0, 900.0, "ledger.settle")
    low = next(event for event in events if event.kind == "fund_low")
    assert (number(low.amount), number(low.balance)) == (900.0, 950.0)
    assert (fund_of(venue), venue.verify()) == (900.0, [])


def test_below_maintenance_it_is_deleveraged() -> None:
    # At 870 it is worth 540 + 8,700 − 8,900 = 340 of 435: 40 % leave 261, less than 0.9 · 340. They go at
    # 870 − 34 = 836.
    venue = taking(540)
    venue.mark("X-PERP", 880)
    events = venue.mark("X-PERP", 870)
    assert steps(events) == [("liquidation.book", -4.0, None), ("liquidation.adl", -4.0, "fund_unavailable")]
    closed = [event for event in events if event.kind == "adl"]
    # S gained 780 on 6,000 with 261 of 5,780, T 520 on 4,000 with 174 of 5,520: S is more leveraged.
    assert [(event.account, number(event.quantity), number(event.price)) for event in closed] == [("S", 4.0, 836.0)]
    assert (held(venue), venue.verify()) == ({"S": -2.0, "T": -4.0, "fund": 6.0}, [])


def test_lights_show_where_positions_stand() -> None:
    venue = venue_of()
    venue.mark("X-PERP", 990)
    # 60 on 6,000 · 297 / 5,060 is more than 40 on 4,000 · 198 / 5,040: 6 of 10 are three fifths.
    lights = [
        (row["account"], number(row["quantity"]), row["light"]) for row in venue.rank_lights("X-PERP").to_pylist()
    ]
    assert lights == [("L", 10.0, 5), ("S", -6.0, 3), ("T", -4.0, 5)]


def test_the_fund_is_compared_with_what_everybody_would_lack() -> None:
    venue = venue_of(fund=1_000)
    moves = {"scenario": ["now", "fall", "more"], "X": ["0", "-0.12", "-0.14"]}
    rows = venue.coverage(moves).to_pylist()
    # At 880 L lacks 100, at 860 300.
    assert [tuple(number(row[key]) for key in ("fund", "deficit", "coverage")) for row in rows] == [
        (1_000.0, 0.0, None),
        (1_000.0, 100.0, 10.0),
        (1_000.0, 300.0, 3.33333333),
    ]
    assert [row["scenario"] for row in rows] == moves["scenario"]


def test_what_the_fund_took_over_counts_in_it() -> None:
    venue = taking(1_000)
    venue.mark("X-PERP", 880)
    # 1,000 + 10 · 871.2 − 8,900
    (row,) = venue.coverage({"scenario": ["less"], "X": ["-0.01"]}).to_pylist()
    assert [number(row[key]) for key in ("fund", "deficit", "coverage")] == [812.0, 0.0, None]


def test_where_it_is_bankrupt_itself_it_lacks_too() -> None:
    venue = taking(1_000)
    venue.mark("X-PERP", 880)
    # 1,000 + 10 · 440 − 8,900
    (row,) = venue.coverage({"scenario": ["half"], "X": ["-0.5"]}).to_pylist()
    assert [number(row[key]) for key in ("fund", "deficit", "coverage")] == [0.0, 3_500.0, 0.0]


def test_what_it_owes_for_what_it_took_over_is_not_spent() -> None:
    # Taken at 890, and deleveraged at 790 for all that it has: 900 of 900 is owed. C's fee of 1 % of 3,950 would have
    # to be paid with coins: nobody buys them, so C cannot trade, and nobody's gain is cut.
    rules = pc.Rulebook.parse(RULES).edit(
        {
            "venue.fees.standard": {"maker": "0%", "taker": "1%"},
            "asset.COIN": {"class": "virtual_asset", "eligible": True},
            "liquidation.fund": {"mode": "take"},
        }
    )
    venue = pc.Venue(rules)
    venue.advance_time(MIDNIGHT)
    cash = {"L": ("USD", 1_200), "S": ("USD", 10_000), "M": ("USD", 100_000), "C": ("COIN", 100)}
    venue.index("X", 1_000)
    venue.mark("X-PERP", 1_000)
    venue.index("COIN", 100)
    venue.enter_phase("X-PERP", "open")
    for account, (asset, amount) in cash.items():
        venue.open_account(account)
        venue.deposit(account, asset, amount)
    venue.fund_topup(900)
    venue.place("S", "X-PERP", -10, 1_000)
    venue.place("L", "X-PERP", 10, 1_000)
    venue.mark("X-PERP", 880)
    assert steps(venue.mark("X-PERP", 790))[-1][0] == "liquidation.adl"
    assert (held(venue), fund_of(venue)) == ({}, 900.0)
    venue.place("M", "X-PERP", -5, 790)
    events = venue.place("C", "X-PERP", 5, 790)
    assert [event.kind for event in events if event.kind in ("filled", "conversion", "last_resort")] == []
    assert (fund_of(venue), venue.verify()) == (900.0, [])

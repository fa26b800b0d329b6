"""The fund's mode take, worked by hand: `python -m tests.model.venue.check_inventory`."""

from __future__ import annotations

from typing import Any

from . import funding_due
from .check_controls import SECOND, TEXT, UNIT, Case, told
from .check_liquidation import KINDS, shown

Row = dict[str, Any]
TO_MINUTE = 40 * SECOND  # a case begins 20 seconds after a full minute
RULES = '[liquidation]\nfund = { mode = "take", unwind_share = "20%", low = 500 }\n'
SHOWN = (*KINDS, "fund_depleted", "fund_low", "posting")


class Taking(Case):
    """`a` is long 100 at 100 with 1,000 against `b`. MM is 5 %."""

    def __init__(self, fund: int) -> None:
        super().__init__(text=TEXT[: TEXT.index("limits")] + RULES)
        self.go("withdraw", account="a", asset="USD", amount="9000")
        self.go("confirm_withdrawal", order=1)
        self.go("fund_topup", amount=str(fund))
        self.order("b", -100)
        self.order("a", 100)

    def seen(self, kind: str, later: int = 0, **cells: Any) -> list[Row]:
        """What liquidations and the fund did."""
        return [row for row in self.go(kind, later, **cells) if row["kind"] in SHOWN]

    def marked(self, price: int, later: int = 0) -> list[Row]:
        """What a mark brings about."""
        return self.seen("mark", later, instrument="X-PERP", price=str(price))

    def held(self, account: str) -> tuple[float, float, float]:
        """Contracts, κ and cash."""
        holder = self.venue.holders[account]
        own = holder.at("X-PERP", "cross")
        return own.quantity / UNIT, own.cost / UNIT**2, holder.amount("USD") / UNIT


def taken() -> None:
    case = Taking(1_000)
    # equity 400, MM 470: 40 % goes. P_b = 94 − 400 / 100 = 90: 3,600 for 40.
    # With them the inventory has 1,000 + 3,760 − 3,600 = 1,160 and needs 188.
    assert [shown(row) for row in case.marked(94)] == [
        ("liquidation_step", None, 400, 470, -40, 92),
        ("liquidation_step", "backstop_unavailable", 400, 1_000, -40, 90),
        ("backstop_fill", None, 3_600, 0, -40, 90),
    ]
    assert (case.held("a"), case.held("fund")) == ((60, 6_400, 1_000), (40, 3_600, 1_000))
    # equity 240, MM 282, and P_b stays: 40 % of 60 in the next second
    step, _, fill = case.seen("advance_time", SECOND)
    assert shown(step) == ("liquidation_step", None, 240, 282, -24, 92)
    assert shown(fill) == ("backstop_fill", None, 2_160, 0, -24, 90)
    assert (fill["other_account"], fill["rule"]) == ("fund", "liquidation.fund")
    assert case.held("fund") == (64, 5_760, 1_000)
    assert [row["account"] for row in case.venue.position_rows()] == ["a", "b", "fund"]
    assert [row["account"] for row in case.venue.ledger_rows()] == ["a", "b", "c", "fund"]
    assert told(case.order("fund", 1)[0])[1] == "unknown_holder"
    assert told(case.go("open_account", account="fund")[0])[1] == "reserved_name"


def too_much() -> None:
    # −200 at 88: P_b = 90. All 100 would leave the fund 639 + 8,800 − 9,000 = 439, and MM is 440.
    case = Taking(639)
    assert [shown(row) for row in case.marked(88)] == [
        ("liquidation_step", "close_out", -200, 440, -100, 86),
        ("fund_unavailable", None, 639, None, None, None),
        ("fund_unavailable", None, 639, None, None, None),
        ("liquidation_step", "fund_unavailable", -200, 440, -100, 90),
        # b gained 1,200 on 10,000, MM 440, net value 11,200: 0.12 · 0.0392857…
        ("adl", None, 200, 0.00471428, 100, 90),
        ("adl_report", None, 200, None, -100, 90),
    ]
    case = Taking(640)
    assert [shown(row) for row in case.marked(88)][1:] == [
        ("liquidation_step", "backstop_unavailable", -200, 640, -100, 90),
        ("backstop_fill", None, 9_000, 0, -100, 90),
    ]
    assert (case.held("a"), case.held("fund")) == ((0, 1_000, 1_000), (100, 9_000, 640))


def unwound() -> None:
    case = Taking(1_000)
    case.marked(88)
    assert case.held("fund") == (100, 9_000, 1_000)
    case.order("c", 30, 87)
    case.order("c", 20, 86)
    case.order("c", 50, 85, later=SECOND)
    # 100 rest, 85 beyond 88 · 0.97 = 85.36 too: 20 of them
    step, filled = case.seen("advance_time", TO_MINUTE - SECOND)
    assert shown(step) == ("liquidation_step", None, 800, 440, -20, 86)
    assert shown(filled) == ("filled", None, None, None, -20, 87)
    assert (step["account"], step["rule"], filled["account"], filled["order"]) == (
        "fund", "liquidation.fund", "fund", None,
    )  # fmt: skip
    assert case.held("fund") == (80, 7_260, 1_000)  # 9,000 − 20 · 87
    assert case.seen("advance_time", 59 * SECOND) == []
    # 80 rest: 16, 10 of them at 87 and 6 at 86; equity 1,000 + 7,040 − 7,260
    step, *fills = case.seen("advance_time", SECOND)
    assert shown(step) == ("liquidation_step", None, 780, 352, -16, 86)
    assert [shown(row) for row in fills] == [
        ("filled", None, None, None, -10, 87), ("filled", None, None, None, -6, 86),
    ]  # fmt: skip
    assert case.held("fund") == (64, 5_874, 1_000)
    case.go("cancel_all", account="c")
    case.order("c", 2, 87)
    step, _ = case.seen("advance_time", 60 * SECOND)
    assert step["quantity"] == -1 * UNIT  # a fifth of 2, but at least one
    case.go("cancel_all", account="c")
    case.order("c", 50, 85)
    assert case.seen("advance_time", 60 * SECOND) == []


def deleveraged() -> None:
    case = Taking(640)
    case.marked(88)
    # equity 340, MM 435: 40 %, as there is no fee: 261 < 0.9 · 340. P_b = 87 − 340 / 100.
    # b gained 1,300 on 10,000, MM 435, net value 11,300: 0.13 · 0.0384955…
    assert [shown(row) for row in case.marked(87)] == [
        ("liquidation_step", None, 340, 435, -40, 85),
        ("fund_unavailable", None, 640, None, None, None),  # b: nobody else has a position
        ("liquidation_step", "fund_unavailable", 340, 435, -40, 83.6),
        ("adl", None, -136, 0.00500442, 40, 83.6),
        ("adl_report", None, -136, None, -40, 83.6),
    ]
    assert (case.held("b"), case.held("fund")) == ((-60, -6_656, 10_000), (60, 5_656, 640))
    # 640 + 4,800 − 5,656 = −216: P_b = 80 + 216 / 60. b gained 1,856 on 6,656, MM 240, net value 11,856.
    assert [shown(row) for row in case.marked(80)] == [
        ("liquidation_step", "close_out", -216, 240, -60, 78),
        ("liquidation_step", "fund_unavailable", -216, 240, -60, 83.6),
        ("adl", None, 216, 0.00564465, 60, 83.6),
        ("adl_report", None, 216, None, -60, 83.6),
    ]
    # all that the fund has is lost, and paid when it is settled
    assert case.held("fund") == (0, 640, 640)
    rows = case.seen("advance_time", 8 * 3_600 * SECOND)
    assert [(row["account"], *told(row)) for row in rows[:3]] == [
        ("a", "posting", None, -1_000, 0), ("b", "posting", None, 1_640, 11_640), ("fund", "posting", None, -640, 0),
    ]  # fmt: skip
    assert [told(row) for row in rows[3:]] == [("fund_low", None, 0, 500)]
    assert case.held("fund") == (0, 0, 0)


def covers_a_funding() -> None:
    case = Taking(1_000)
    case.marked(88)
    venue = case.venue
    # the inventory of 100 at 88 owes 88 at 1 %; b gets it
    funding_due.pay(venue, "X-PERP", 88 * UNIT, UNIT // 100)
    assert case.held("fund") == (100, 9_000, 912)
    assert case.held("b") == (-100, -10_000, 10_088)
    # at 10 % it owes 880 and is worth 912 + 8,800 − 9,000 = 712; what is left, 200, it owes for the inventory
    venue.events = []
    funding_due.pay(venue, "X-PERP", 88 * UNIT, UNIT // 10)
    assert [told(row) for row in venue.events] == [
        ("posting", None, -712, 200), ("fund_draw", "fund_short", 0, 200), ("posting", None, 712, 10_800),
    ]  # fmt: skip


if __name__ == "__main__":
    for check in (taken, too_much, unwound, deleveraged, covers_a_funding):
        check()
    print("all as by hand")

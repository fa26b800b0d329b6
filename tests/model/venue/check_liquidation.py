"""Small liquidations, worked by hand: `python -m tests.model.venue.check_liquidation`."""

from __future__ import annotations

from typing import Any

from .check_controls import SECOND, TEXT, UNIT, Case, told

Row = dict[str, Any]
KINDS = ("liquidation_step", "filled", "backstop_fill", "fund_draw", "fund_unavailable", "adl", "adl_report")


class Long(Case):
    """`a` is long 100 at 100 with 1,000 against `b`; the fund has 1,000. MM is 5 %."""

    def __init__(self) -> None:
        super().__init__(text=TEXT[: TEXT.index("limits")] + "[liquidation]\n")
        self.go("withdraw", account="a", asset="USD", amount="9000")
        self.go("confirm_withdrawal", order=1)
        self.go("fund_topup", amount="1000")
        self.order("b", -100)
        self.order("a", 100)

    def marked(self, price: int, later: int = 0) -> list[Row]:
        """What a mark brings about."""
        return [row for row in self.go("mark", later, instrument="X-PERP", price=str(price)) if row["kind"] in KINDS]

    def held(self, account: str) -> tuple[int, int, int]:
        """Contracts, κ and cash."""
        holder = self.venue.holders[account]
        own = holder.at("X-PERP", "cross")
        return own.quantity // UNIT, own.cost // UNIT**2, holder.amount("USD")


def shown(row: Row) -> tuple[Any, ...]:
    """With quantity and price in whole units."""
    numbers = [None if row.get(name) is None else row[name] / UNIT for name in ("quantity", "price")]
    return (*told(row), *numbers)


def throttled() -> None:
    case = Long()
    case.order("c", 50, 93)
    # equity 400, MM 470. 20 %: 376 is not below 0.9 · (400 − 4.7); 40 %: 282 is below 0.9 · (400 − 9.4).
    # 50 lots rest: 10 a second. The collar ends at 91.18. Fee 0.25 % of 930.
    step, filled = case.marked(94)
    assert shown(step) == ("liquidation_step", None, 400, 470, -10, 92)
    assert shown(filled) == ("filled", None, None, None, -10, 93)
    assert (step["before"], filled["order"]) == ("liquidation", None)
    assert case.held("a") == (90, 9070, 1_000 * UNIT - 2_32500000)
    # equity 387.675, MM 423: 40 % again, 36 lots; of 40 lots 8 are for this second
    step, filled = [row for row in case.go("advance_time", SECOND) if row["kind"] in KINDS]
    assert step["time"] == (case.time // SECOND) * SECOND
    assert shown(step) == ("liquidation_step", None, 387.675, 423, -8, 92)
    assert case.held("a")[0] == 82


def by_provider() -> None:
    case = Long()
    provider: Row = {"account": "p", "class": "backstop"}
    case.go("open_account", **provider)
    case.go("deposit", account="p", asset="USD", amount="10000")
    assert told(case.go("register_backstop", account="b", amount="1")[0])[:2] == ("rejected", "not_a_backstop")
    case.go("register_backstop", account="p", amount="100000")
    rows = case.marked(94)
    # 40 at 94 − 0.6 · (94 − 90) = 91.6; 0.4 · 160 for the fund
    assert shown(rows[0]) == ("liquidation_step", None, 400, 470, -40, 92)
    assert shown(rows[1]) == ("liquidation_step", "book_exhausted", 400, 470, -40, None)
    assert shown(rows[2]) == ("backstop_fill", None, 3664, 64, -40, 91.6)
    # one round a second; 1.6 a contract for the fund, 2.4 for the provider
    assert case.held("a") == (60, 6_336, 936 * UNIT)
    assert case.held("p") == (40, 3_664, 10_000 * UNIT)
    assert case.venue.ledger.house["fund"]["USD"] == 1_064 * UNIT


def down_to_adl() -> None:
    case = Long()
    case.order("c", 50, 87)
    rows = case.marked(88)
    # net value −200: P_b = 90. The fund adds 3 a contract to 87, of at most 200 of its 1,000.
    assert [shown(row) for row in rows] == [
        ("liquidation_step", "close_out", -200, 440, -100, 86),
        ("liquidation_step", "backstop_unavailable", -200, 1_000, -100, 86),
        ("filled", None, None, None, -50, 87),
        ("fund_draw", None, 150, 850, None, None),
        ("fund_unavailable", None, 850, None, None, None),
        ("fund_unavailable", None, 850, None, None, None),
        ("fund_unavailable", None, 850, None, None, None),
        ("liquidation_step", "fund_exhausted", -100, 220, -50, 90),
        # b gained 1,200 on 10,000, MM 440, net value 11,200: 0.12 · 0.0392857…
        ("adl", None, 100, 0.00471428, 50, 90),
        ("adl_report", None, 100, None, -50, 90),
    ]
    assert case.held("a") == (0, 1_150, 1_150 * UNIT)  # 10,000 − 4,350 − 4,500
    assert case.held("b") == (-50, -5_500, 10_000 * UNIT)
    due = [row for row in case.go("advance_time", 86_400 * SECOND) if row["kind"] == "adl_report_due"]
    assert [(row["order"], row["instrument"]) for row in due] == [(1, "X-PERP")]


if __name__ == "__main__":
    for check in (throttled, by_provider, down_to_adl):
        check()
    print("all as by hand")

"""The sums of RULES §1: 10¹² whole units of each kind is admitted and exact, one unit of the grid beyond is refused."""

from decimal import Decimal
from typing import Any

import pytest

import perpcore as pc

D = Decimal
UNIT = D("0.00000001")
BILLION = 10**9
TRILLION = 10**12

RULES = pc.Rulebook.parse("""
[venue]
settlement = "USD"
fees = { standard = { maker = 0, taker = "10%" } }
[asset.USD]
class = "fiat"
eligible = true
[asset.COIN]
class = "virtual_asset"
eligible = true
liability = { initial = "100%", maintenance = "100%" }
[asset.ASH]
class = "virtual_asset"
eligible = false
liability = { initial = "100%", maintenance = "100%" }
[instrument.P]
underlying = "P"
tick = 0.00000001
lot = 0.00000001
maintenance_fee = "100%"
tiers = [["rest", "100%", 1]]
[instrument.Q]
underlying = "Q"
tick = 0.00000001
lot = 0.00000001
tiers = [["rest", "100%", 1]]
""")


def table(first: str, second: str, **columns: list[Any]) -> dict[str, list[Any]]:
    """Rows of account A; `first` and `second` name the key columns."""
    rows = len(next(iter(columns.values())))
    return {"account": ["A"] * rows, first: second.split(), **columns}


def figures(**book: Any) -> dict[str, Any]:
    (row,) = pc.assess(RULES, **book).accounts.to_pylist()
    return row


PRICES = {"P": "1000", "Q": "1", "COIN": "1", "ASH": "0.1"}


def held(quantities: list[str], costs: list[str], modes: list[str | None] | None = None) -> dict[str, Any]:
    given = table("instrument", "P Q" if len(quantities) == 2 else "P", quantity=quantities, cost=costs)
    return {"positions": {**given, "margin_mode": modes or [None] * len(costs)}, "prices": PRICES}


def owned(assets: str, *amounts: str) -> dict[str, Any]:
    return {"balances": table("asset", assets, amount=list(amounts)), "prices": PRICES}


def ordered(instruments: str, quantities: list[str], prices: list[str]) -> dict[str, Any]:
    return {"orders": table("instrument", instruments, quantity=quantities, price=prices), "prices": PRICES}


# kind → (book at the bound, book one unit beyond). P at 1,000 and Q at 1: 10⁹ of P is 10¹² of notional, and the
# smallest order of Q adds 10⁻⁸.
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "gross notional of one position": (held(["1000000000"], ["0"]), held(["1000000000", "0.00000001"], ["0", "0"])),
    "gross notional of both signs": (
        held(["-999999999", "1000"], ["0", "0"]),
        held(["-999999999", "1000.00000001"], ["0", "0"]),
    ),
    "gross notional of cross and isolated": (
        held(["999999999", "1000"], ["0", "0"], ["isolated", "cross"]),
        held(["999999999", "1000.00000001"], ["0", "0"], ["isolated", "cross"]),
    ),
    "Σ|κ|": (held(["0"], ["1000000000000"]), held(["0"], ["1000000000000.00000001"])),
    "Σ|κ| of both signs": (
        held(["0", "0"], ["-600000000000", "400000000000"]),
        held(["0", "0"], ["-600000000000", "400000000000.00000001"]),
    ),
    "orders at the mark": (
        ordered("P", ["1000000000"], ["1"]),
        ordered("P Q", ["1000000000", "0.00000001"], ["1", "1"]),
    ),
    "orders at their limit": (
        ordered("Q", ["-500000000"], ["2000"]),
        ordered("Q Q", ["-500000000", "0.00000001"], ["2000", "1"]),
    ),
    "orders of both sides": (
        ordered("P P", ["600000000", "-400000000"], ["1", "1"]),
        ordered("P P Q", ["600000000", "-400000000", "0.00000001"], ["1", "1", "1"]),
    ),
    "one asset": (owned("COIN", "1000000000000"), owned("COIN USD", "1000000000000", "0.00000001")),
    "the settlement currency": (owned("USD", "1000000000000"), owned("USD COIN", "1000000000000", "0.00000001")),
    "assets and debts": (
        owned("COIN USD", "600000000000", "-400000000000"),
        owned("COIN USD", "600000000000", "-400000000000.00000001"),
    ),
    "debts of an asset that is not eligible": (
        owned("ASH COIN", "-1000000000000", "900000000000"),
        owned("ASH COIN", "-1000000000000", "900000000000.00000001"),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.code("account_too_large")
def test_the_bound_is_admitted_and_one_unit_beyond_is_refused(kind: str) -> None:
    at, beyond = KINDS[kind]
    assert figures(**at)["status"] != "unknown"
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(RULES, **beyond)
    assert caught.value.code == "account_too_large"
    marked = pc.assess(RULES, **beyond, on_error="mark").accounts.to_pylist()
    assert [row["problem"] for row in marked] == ["account_too_large"]


def test_the_kinds_are_bounded_each_by_itself() -> None:
    """10¹² of each at once, at rates of 100 % and a fee of 100 %, summed exactly by Python's integers."""
    row = figures(
        positions=table("instrument", "P", quantity=["1000000000"], cost=["-1000000000000"]),
        orders=table("instrument", "P", quantity=["1000000000"], price=["1000"]),
        balances=table("asset", "COIN", amount=["-1000000000000"]),
        prices=PRICES,
    )
    n = TRILLION
    assert row["unrealized_pnl"] == n + n
    assert row["collateral_value"] == -n
    assert row["equity"] == n
    # maintenance 100 % of N, its fee 100 % of N, the debt at 100 %
    assert row["maintenance_margin"] == n + n + n
    # N with the order is 2·10¹², the fee of 100 % on N, the debt, and 10 % taker fee on the order
    assert row["initial_margin"] == 2 * n + n + n + n // 10
    assert row["order_margin"] == n + n // 10
    assert row["margin_ratio"] == float(3 * n * 10**8) / float(n * 10**8)


def test_orders_that_reserve_nothing_do_not_count() -> None:
    book = ordered("P P", ["1000000000", "-1000000000"], ["1000", "1000"])
    book["orders"]["reduce_only"] = [True, False]
    assert figures(**book)["initial_margin"] == TRILLION + TRILLION // 10


def test_an_asset_that_is_not_eligible_does_not_count_while_it_is_owned() -> None:
    assert figures(**owned("ASH COIN", "1000000000000", "1000000000000"))["collateral_value"] == TRILLION


@pytest.mark.parametrize("rows", [2, 10, 1000])
@pytest.mark.parametrize("column", ["cost", "accrued_funding", "isolated_margin", "amount"])
def test_sums_of_many_rows_do_not_wrap(column: str, rows: int) -> None:
    """Each row is at its own bound; their sum is refused or exact, never another number."""
    if column == "amount":
        book = owned(" ".join(["USD"] * rows), *["1000000000000"] * rows)
    else:
        given = table("instrument", " ".join(["P"] * rows), quantity=["0"] * rows, cost=["0"] * rows)
        book = {"positions": {**given, "margin_mode": ["isolated"] * rows, column: ["1000000000000"] * rows}}
    try:
        (bucket,) = pc.assess(RULES, **book).isolated.to_pylist()
    except pc.errors.InputError as error:
        code = error.code
    else:
        code = None
        sign = 1 if column == "isolated_margin" else -1
        assert bucket["equity"] == sign * rows * TRILLION
    # those that RULES §1 bounds must be refused
    assert code is not None or column in ("accrued_funding", "isolated_margin")
    assert code in ("account_too_large", "out_of_range", None)


def test_quantities_of_many_rows_may_cancel() -> None:
    """Rows at ±10⁹ that net to zero: the sums of quantity and cost pass far beyond one row's bound on the way."""
    rows = 200
    quantities = ["1000000000"] * rows + ["-1000000000"] * rows
    book = table("instrument", " ".join(["P"] * 2 * rows), quantity=quantities, entry_price=["100000000"] * 2 * rows)
    row = figures(positions=book)
    assert (row["unrealized_pnl"], row["maintenance_margin"], row["status"]) == (0, 0, "healthy")


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_position_that_nets_beyond_the_bound_is_refused(sign: str) -> None:
    """|Q| ≤ 10⁹ holds of the key, not only of a row."""
    at = table("instrument", "Q Q", quantity=[f"{sign}500000000"] * 2, cost=["0"] * 2)
    assert figures(positions=at, prices=PRICES)["maintenance_margin"] == BILLION
    beyond = {**at, "quantity": [f"{sign}500000000", f"{sign}500000000.00000001"]}
    with pytest.raises(pc.errors.InputError):
        pc.assess(RULES, positions=beyond, prices=PRICES)


def test_accrued_funding_and_isolated_margin_at_the_bound() -> None:
    book = table("instrument", "P Q", quantity=["0"] * 2, cost=["0"] * 2)
    book |= {"accrued_funding": ["1000000000000", "0"], "margin_mode": ["cross", "isolated"]}
    book |= {"isolated_margin": ["0", "1000000000000"]}
    result = pc.assess(RULES, positions=book)
    (row,), (bucket,) = result.accounts.to_pylist(), result.isolated.to_pylist()
    assert row["equity"] == row["net_value"] == -TRILLION
    assert (row["status"], bucket["equity"]) == ("bankrupt", TRILLION)
    negative = {**book, "accrued_funding": ["-1000000000000", "0"]}
    assert figures(positions=negative)["equity"] == TRILLION
    for column in ("accrued_funding", "isolated_margin"):
        beyond = {**book, column: [format(D(value) + UNIT * (value != "0"), "f") for value in book[column]]}
        with pytest.raises(pc.errors.InputError) as caught:
            pc.assess(RULES, positions=beyond)
        assert caught.value.code == "out_of_range"

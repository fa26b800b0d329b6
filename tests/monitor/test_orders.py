"""`check_order`: the margin answer of the gate, by hand."""

from decimal import Decimal
from typing import Any

import pytest
from tests.stress.book import BOOK, RULES

import perpcore as pc
from perpcore.errors import InputError, StateError

HK = pc.Rulebook.preset("hk-vatp-perp")


def monitor(quantity: str = "1", amount: str = "5000", price: Any = "60000", **more: Any) -> pc.Monitor:
    return pc.Monitor(
        HK,
        positions={"account": ["A"], "instrument": ["BTC-PERP"], "quantity": [quantity], "entry_price": ["60000"]},
        balances={"account": ["A"], "asset": ["USD"], "amount": [amount]},
        prices=price if isinstance(price, dict) else {"BTC-PERP": price},
        **more,
    )


def test_the_larger_side_with_loss_and_fee_is_needed() -> None:
    # 2 · 60,000 · 5 % + 100 worse than the mark + 60,100 · 0.05 %
    answer = monitor(amount="6130.05").check_order("A", "BTC-PERP", 1, price="60100")
    assert (answer.accepted, answer.code) == (True, None)
    assert answer.initial_margin_after == Decimal("6130.05")
    answer = monitor(amount="6130.04").check_order("A", "BTC-PERP", 1, price="60100")
    assert (answer.accepted, answer.code) == (False, "insufficient_margin")
    lines = answer.lines.to_pylist()
    assert sum(line["amount"] for line in lines) == answer.initial_margin_after
    assert {line["rule"] for line in lines} == {"margin.initial", "margin.orders"}
    assert answer.opening_equity == Decimal("6130.04")


def test_at_the_mark_where_no_price_is_given() -> None:
    assert monitor().check_order("A", "BTC-PERP", 1).initial_margin_after == 6000 + 30


@pytest.mark.parametrize(
    ("quantity", "accepted"),
    [("-0.4", True), ("-1", True), ("-1.001", False), ("0.001", False)],
)
def test_what_reduces_passes_whatever_the_margin(quantity: str, accepted: bool) -> None:
    # 200 of equity at 55,200: in liquidation
    answer = monitor(price="55200").check_order("A", "BTC-PERP", quantity, price="1")
    assert answer.accepted is accepted
    assert answer.code == (None if accepted else "insufficient_margin")


@pytest.mark.code("account_bankrupt")
def test_nothing_passes_where_the_account_is_bankrupt() -> None:
    assert monitor(price="50000").check_order("A", "BTC-PERP", "-1").code == "account_bankrupt"


@pytest.mark.code("price_unusable")
def test_only_what_reduces_passes_at_prices_that_may_not_be_used() -> None:
    frozen = {"symbol": ["BTC-PERP"], "price": ["60000"], "state": ["frozen"]}
    assert monitor(price=frozen).check_order("A", "BTC-PERP", "0.001").code == "price_unusable"
    assert monitor(price=frozen).check_order("A", "BTC-PERP", "-0.5").accepted


@pytest.mark.code("insufficient_margin")
def test_orders_at_rest_count_with_it() -> None:
    orders = {"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["1"], "price": ["60000"]}
    resting = monitor(amount="9050", orders=orders)
    # 3 · 60,000 · 5 % + 2 · 60,000 · 0.05 %
    answer = resting.check_order("A", "BTC-PERP", 1)
    assert (answer.initial_margin_after, answer.code) == (9060, "insufficient_margin")
    # Against the position it reduces, and the bid of 1 is on the other side.
    assert resting.check_order("A", "BTC-PERP", "-1").accepted


def test_a_reduce_only_order_reserves_nothing() -> None:
    answer = monitor().check_order("A", "BTC-PERP", "-1", price=60_000, reduce_only=True)
    assert (answer.accepted, answer.initial_margin_after) == (True, 3000)


def test_a_flat_account_opens() -> None:
    flat = pc.Monitor(
        HK, balances={"account": ["A"], "asset": ["USD"], "amount": ["3030"]}, prices={"BTC-PERP": 60_000}
    )
    assert flat.check_order("A", "BTC-PERP", "1").accepted
    assert flat.check_order("A", "BTC-PERP", "-1").accepted
    assert not flat.check_order("A", "BTC-PERP", "1.001").accepted


def test_chosen_leverage_and_the_portfolio_model_count() -> None:
    levered = monitor(amount="60000", accounts={"account": ["A"], "leverage": [2]})
    # ⌈1/2⌉ of 2 · 60,000, and the fee
    assert levered.check_order("A", "BTC-PERP", 1).initial_margin_after == 60_030
    rules = pc.Rulebook.parse(RULES)
    portfolio = pc.Monitor(rules, **BOOK)
    # COIN: 16 % of 10 · 100 held, of 15 · 100 with 5 more
    answer = portfolio.check_order("COIN", "X-PERP", 5)
    assert (answer.initial_margin_after, answer.code) == (240, "insufficient_margin")
    assert portfolio.check_order("COIN", "X-PERP", -5).accepted


def test_an_answer_is_as_old_as_its_monitor() -> None:
    resident = monitor()
    answer = resident.check_order("A", "BTC-PERP", 1)
    resident.reprice({"BTC-PERP": "59000"})
    with pytest.raises(StateError, match="inputs_changed"):
        _ = answer.lines
    assert answer.initial_margin_after == 6030


@pytest.mark.parametrize("one", [1, 1.0, "1", Decimal(1), Decimal("1.00")])
def test_numbers_of_every_kind(one: Any) -> None:
    # A bid of 1 for 1 is no loss, and its fee is taken at the mark.
    assert monitor().check_order("A", "BTC-PERP", one, price=one).initial_margin_after == 6030


def test_arguments_are_refused() -> None:
    resident = monitor()
    for quantity in (0, "0", "x", float("nan"), "0.000000001", 10**10, Decimal("1e999999999"), Decimal("NaN")):
        with pytest.raises((ValueError, TypeError)):
            resident.check_order("A", "BTC-PERP", quantity)
    with pytest.raises(ValueError, match="price"):
        resident.check_order("A", "BTC-PERP", 1, price=0)
    with pytest.raises(TypeError, match="quantity"):
        resident.check_order("A", "BTC-PERP", [1])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="did you mean BTC-PERP") as unknown:
        resident.check_order("A", "BTC-PER", 1)
    assert unknown.value.code == "unknown_instrument"
    with pytest.raises(InputError) as missing:
        resident.check_order("A", "ETH-PERP", 1)
    assert missing.value.code == "missing_price"
    with pytest.raises(StateError) as nobody:
        resident.check_order("B", "BTC-PERP", 1)
    assert nobody.value.code == "unknown_account"

"""What a reject says beside its code: the rule, the parameter, what it would come to and what is allowed."""

from decimal import Decimal
from typing import Any

import pytest
from tests.venue.setting import HOUR, NOW, made, refused, trade

import perpcore as pc

D = Decimal
CODES = {entry["name"]: entry for entry in pc.describe()["errors"]}
LIMITS = "instrument.X-PERP.limits"
Numbers = tuple[Any, Any]


def place(*order: Any, **more: Any) -> Any:
    return lambda venue: venue.place("A", "X-PERP", *order, **more)


# A reject, its rule, its parameter and its numbers; A and B hold 20 and −20 bought at 100, with 10,000 less a fee.
CASES: dict[str, tuple[Any, str, str | None, Numbers]] = {
    "off_tick": (place(1, "100.25"), "gate.size", "instrument.X-PERP.tick", (D("100.25"), D("0.5"))),
    "off_lot": (place("-1.05", 100), "gate.size", "instrument.X-PERP.lot", (D("-1.05"), D("0.1"))),
    "below_min_size": (place("-0.4", 100), "gate.size", "instrument.X-PERP.min_size", (D("0.4"), D("0.5"))),
    "above_max_size": (place(1001, 100), "gate.size", "instrument.X-PERP.max_size", (D(1001), D(1000))),
    "outside_collar": (place(1, 200), "market.collar", "instrument.X-PERP.collar", (D(200), D(150))),
    "too_many_orders": (place(1, 90), "gate.limits", f"{LIMITS}.open_orders", (D(3), D(2))),
    "position_limit": (place(11, 90), "gate.limits", f"{LIMITS}.position", (D(31), D(30))),
    "open_interest": (
        lambda venue: venue.place("B", "X-PERP", -6, 110),
        "gate.limits",
        f"{LIMITS}.open_interest",
        (D(26), D(25)),
    ),
    "rate_limit": (place(1, 90), "gate.limits", "venue.rates.orders_per_second", (D(5), D(4))),
    "too_old": (
        place(1, 90, sent=NOW - 25 * HOUR),
        "book.order",
        "venue.rates.max_age",
        (D(25 * 3_600), D(24 * 3_600)),
    ),
    "insufficient_balance": (
        lambda venue: venue.withdraw("A", "USD", 20_000),
        "ledger.withdraw",
        None,
        # A fee of 0.2 % of 2,000 was paid.
        (D(20_000), D(9_996)),
    ),
    "not_withdrawable": (
        lambda venue: venue.withdraw("A", "USD", 9_900),
        "equity.withdrawable",
        "venue.withdraw_ratio",
        # 5 % of 2,000 stay.
        (D(9_900), D(9_896)),
    ),
    "outflow_limit": (
        lambda venue: venue.withdraw("A", "USD", 2_001),
        "ledger.withdraw",
        "venue.outflow_per_hour",
        # 10 % of 20,000 less the fees of 4 and 2.
        (D(2_001), D("1999.4")),
    ),
    "platform_cap": (
        lambda venue: venue.deposit("A", "EUR", 200),
        "ledger.deposit",
        "asset.EUR.platform_cap",
        (D(200), D(100)),
    ),
    # Of these the command says it all.
    "unknown_asset": (lambda venue: venue.deposit("A", "XRP", 5), "command.form", None, (D(5), None)),
    "unknown_holder": (lambda venue: venue.deposit("C", "USD", 5), "gate.account", None, (D(5), None)),
    "unknown_order": (lambda venue: venue.cancel(1, instrument="X-PERP"), "book.order", None, (None, None)),
    "class_not_admitted": (
        lambda venue: venue.open_account("M", account_class="market_maker"),
        "gate.account",
        "client.classes",
        (None, None),
    ),
    "priced_by_sources": (
        lambda venue: venue.mark("Y-PERP", 100),
        "index.value",
        "underlying.Y.sources",
        (None, None),
    ),
    "price_unusable": (
        lambda venue: venue.resume(underlying="X"),
        "index.state",
        # The event names no underlying.
        "underlying.*.index",
        (None, None),
    ),
    "phase_refused": (lambda venue: venue.place("A", "Y-PERP", 1, 1), "gate.phase", None, (None, None)),
    "settlement_price": (
        lambda venue: venue.settle("X-PERP", 300, approval="risk 7"),
        "settle.price",
        None,
        (None, None),
    ),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "too_many_orders": {"instrument__X_PERP__limits__open_orders": 2},
    "position_limit": {"instrument__X_PERP__limits__position": 30},
    "open_interest": {"instrument__X_PERP__limits__open_interest": 25},
    "rate_limit": {"venue__rates": {"max_age": "1d", "orders_per_second": 4}},
    "outflow_limit": {"venue__outflow_per_hour": "10%"},
    "platform_cap": {"asset__EUR__platform_cap": 100},
    "class_not_admitted": {"client__classes": ["professional"]},
}


def prepared(code: str) -> pc.Venue:
    venue = made(**SETTINGS.get(code, {}))
    trade(venue, "A", "B", 20, 100)
    if code in ("too_many_orders", "rate_limit"):
        for _ in range(int(CASES[code][3][1]) - (code == "rate_limit")):
            venue.place("A", "X-PERP", 1, 80)
    if code == "settlement_price":
        venue.enter_phase("X-PERP", "settling")
    return venue


@pytest.mark.parametrize("code", CASES)
def test_a_reject_says_its_rule_its_parameter_and_its_numbers(code: str) -> None:
    say, rule, parameter, numbers = CASES[code]
    event = refused(say(prepared(code)), code)
    assert (event.rule, event.note) == (rule, parameter)
    assert (event.amount, event.balance) == numbers
    told = CODES[code]
    assert told["rule"] == rule
    assert (told["parameter"] is None) is (parameter is None)
    assert (told["numbers"] is None) is (numbers[1] is None)


def test_a_table_says_the_same(venue: pc.Venue) -> None:
    orders = {"kind": ["place"] * 3, "account": ["A"] * 3, "instrument": ["X-PERP"] * 3, "client_id": ["a", "b", "a"]}
    rows = venue.apply({**orders, "quantity": ["1.05", "1", "1.05"], "price": ["100"] * 3}).to_pylist()
    first, placed, again = rows
    assert (first["rule"], first["note"]) == ("gate.size", "instrument.X-PERP.lot")
    assert (first["amount"], first["balance"]) == (D("1.05"), D("0.1"))
    assert (placed["rule"], placed["note"], placed["amount"], placed["balance"]) == (None,) * 4
    # A repeat has the first answer, numbers and all.
    assert again == first


def test_a_number_that_is_nothing_is_said_too() -> None:
    """10,000 less a fee of 20, and 5 % of 10,000 stay."""
    venue = made()
    trade(venue, "A", "B", 100, 100)
    venue.confirm_withdrawal(venue.withdraw("A", "USD", 9_470)[0].order or 0)
    event = refused(venue.withdraw("A", "USD", "10.5"), "not_withdrawable")
    assert (event.amount, event.balance) == (D("10.5"), 10)
    venue.confirm_withdrawal(venue.withdraw("A", "USD", 10)[0].order or 0)
    event = refused(venue.withdraw("A", "USD", 1), "not_withdrawable")
    assert (event.amount, event.balance) == (1, 0)


def test_money_that_comes_back_from_a_position_says_what_was_asked(venue: pc.Venue) -> None:
    venue.place("B", "X-PERP", -10, 100)
    venue.transfer("A", 60, instrument="X-PERP")
    venue.place("A", "X-PERP", 10, 100, margin_mode="isolated")
    event = refused(venue.transfer("A", -59, instrument="X-PERP"), "not_withdrawable")
    # 108 less 59 are less than 5 % of 1,000.
    assert event.balance is None
    assert event.rule == "equity.withdrawable"


def test_the_book_of_one_instrument_says_only_the_code() -> None:
    book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
    (event,) = book.place("A", "0.0001", 58_000)
    assert (event.code, event.rule, event.amount, event.balance, event.note) == ("off_lot", None, None, None, None)
    row = {"kind": ["place"], "account": ["A"], "quantity": ["0.0001"], "price": ["58000"]}
    (told,) = book.apply(row).to_pylist()
    assert [told[name] for name in ("code", "rule", "amount", "balance", "note")] == ["off_lot", None, None, None, None]


def test_every_parameter_and_rule_that_a_code_names_exists() -> None:
    rules = {rule["id"] for rule in pc.rules()}
    paths = {field["path"] for field in pc.describe()["rulebook"]}
    for entry in CODES.values():
        assert entry["rule"] is None or entry["rule"] in rules
        parameter = entry["parameter"]
        known = parameter in paths or any(path.startswith(f"{parameter}.") for path in paths)
        assert parameter is None or known, parameter

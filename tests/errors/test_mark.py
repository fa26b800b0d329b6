"""`on_error="mark"`: a bad row does not stop the call; its account is unknown, everybody else is valued."""

from typing import Any

import pytest
from tests.errors.refusals import HK, balances
from tests.errors.test_order import BOOK as FAULTY
from tests.errors.test_order import FAULTS
from tests.inputs.book import ACCOUNTS, BOOK, RULES
from tests.laws.books import figures

import perpcore as pc

FIGURES = [
    *("equity", "net_value", "collateral_value", "unrealized_pnl", "accrued_funding", "opening_equity"),
    *("initial_margin", "order_margin", "maintenance_margin", "available", "withdrawable", "margin_ratio"),
    *("worst_scenario", "isolated_status"),
]


def with_bad_rows() -> dict[str, Any]:
    """The good book, and bad rows of accounts V, W and B (which has good rows too)."""
    book = {name: {column: list(values) for column, values in table.items()} for name, table in BOOK.items()}
    rows = {
        "positions": [{"account": "V", "instrument": "NOTHING", "quantity": "1", "entry_price": "1"}],
        "balances": [
            {"account": "W", "asset": "COIN", "amount": None},
            {"account": "B", "asset": "NONE", "amount": "1"},
        ],
        "orders": [{"account": "W", "instrument": "X-PERP", "quantity": "1", "price": "-1"}],
    }
    for name, bad in rows.items():
        for row in bad:
            for column, values in book[name].items():
                values.insert(1, row.get(column))
    return book


def test_bad_accounts_are_unknown_and_the_others_as_without_them() -> None:
    result = pc.assess(RULES, **with_bad_rows(), on_error="mark")
    rows = {row["account"]: row for row in result.accounts.to_pylist()}
    problems = {"V": "unknown_instrument", "W": "null_value", "B": "unknown_asset"}
    for account, code in problems.items():
        assert rows[account]["status"] == "unknown"
        assert rows[account]["problem"] == code
        assert all(rows[account][name] is None for name in FIGURES)
    good = [row for row in ACCOUNTS if row["account"] not in problems]
    assert [rows[row["account"]] for row in good] == good
    for table in (result.isolated, result.lines()):
        assert not problems.keys() & set(table.column("account").to_pylist())
    assert result.counts()["unknown"] == 3


def test_accounts_keep_their_order_of_appearance() -> None:
    result = pc.assess(RULES, **with_bad_rows(), on_error="mark")
    assert result.accounts.column("account").to_pylist() == ["A", "V", "B", "C", "W", "D", "E", "F"]


def test_the_problem_is_the_first_of_the_account() -> None:
    result = pc.assess(RULES, **FAULTY, on_error="mark")
    problems = {row["account"]: row["problem"] for row in result.accounts.to_pylist()}
    wanted = dict.fromkeys(problems)
    for table, row, _, code in reversed(FAULTS):
        wanted[FAULTY[table]["account"][row]] = code
    assert problems == wanted


def test_a_good_book_is_the_same_either_way() -> None:
    assert figures(pc.assess(RULES, **BOOK, on_error="mark")) == figures(pc.assess(RULES, **BOOK))


def test_a_page_of_an_unknown_account_says_why() -> None:
    result = pc.assess(RULES, **with_bad_rows(), on_error="mark")
    page = result.explain("V")
    assert page.status == "unknown"
    assert page.lines.num_rows == 0
    assert "unknown_instrument" in str(page)
    assert result.explain("A").lines.num_rows > 0


WHOLE_ACCOUNTS = [
    ("missing_price", {"balances": balances(asset=["HKD"])}),
    ("negative_balance", {"balances": balances(asset=["HKD"], amount=["-1"]), "prices": {"HKD": "1"}}),
    ("account_too_large", {"balances": balances(amount=["1000000000000"] * 2)}),
    ("duplicate_account", {"accounts": {"account": ["A", "A"]}}),
    ("model_not_enabled", {"accounts": {"account": ["A"], "model": ["portfolio"]}}),
    ("conflicting_values", {"positions": {"account": ["A"] * 2, "instrument": ["BTC-PERP"] * 2, "quantity": ["1"] * 2,
                                          "cost": ["1"] * 2, "leverage": ["2", "3"]}, "prices": {"BTC-PERP": "1"}}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "book"), WHOLE_ACCOUNTS, ids=[row[0] for row in WHOLE_ACCOUNTS])
def test_what_is_wrong_with_a_whole_account_marks_it_too(code: str, book: Any) -> None:
    result = pc.assess(HK, **book, on_error="mark")
    assert [(row["status"], row["problem"]) for row in result.accounts.to_pylist()] == [("unknown", code)]
    assert result.lines().num_rows == 0


NOT_OF_AN_ACCOUNT = [
    ("unknown_column", {"balances": balances(x=[1])}),
    ("missing_column", {"balances": balances(asset=None)}),
    ("duplicate_price", {"prices": {"symbol": ["COIN"] * 2, "price": ["1"] * 2}}),
    ("settlement_price", {"prices": {"USD": "2"}}),
    ("out_of_range", {"prices": {"COIN": "0"}}),
    ("null_value", {"balances": balances(account=[None])}),
    ("id_kind_mismatch", {"balances": balances(), "accounts": {"account": [1]}}),
]


@pytest.mark.parametrize(("code", "book"), NOT_OF_AN_ACCOUNT, ids=[row[0] for row in NOT_OF_AN_ACCOUNT])
def test_what_is_no_row_of_an_account_is_raised(code: str, book: Any) -> None:
    with pytest.raises(pc.errors.PerpcoreError) as caught:
        pc.assess(RULES, **book, on_error="mark")
    assert caught.value.code == code


def test_nothing_is_half_done_by_a_refused_call() -> None:
    """Before, between and after refused calls the same rulebook and tables give the same bits; memory is given back."""
    import gc

    import pyarrow as pa

    tables = {name: pa.table(table) for name, table in BOOK.items()}
    copies = {name: pa.table(table) for name, table in BOOK.items()}
    before = pc.assess(RULES, **tables)
    for book in (FAULTY, {**tables, "accounts": {"account": [1]}}, {**tables, "prices": {"USD": "2"}}):
        with pytest.raises(pc.errors.PerpcoreError):
            pc.assess(RULES, **book)
    after = pc.assess(RULES, **tables)
    assert after.accounts.equals(before.accounts)
    assert after.lines().equals(before.lines())
    assert all(tables[name].equals(copies[name]) for name in tables)
    del before, after
    gc.collect()
    start = pa.total_allocated_bytes()
    for _ in range(50):
        table = pa.table(
            {"account": [f"A{n}" for n in range(1_000)], "asset": ["NONE"] * 1_000, "amount": ["1"] * 1_000}
        )
        with pytest.raises(pc.errors.InputError):
            pc.assess(RULES, balances=table)
        pc.assess(RULES, balances=table, on_error="mark")
    del table
    gc.collect()
    assert pa.total_allocated_bytes() == start

"""The demo runs on a small book, with and without the recorded minutes, and writes what it shows."""

from pathlib import Path

import pyarrow.parquet
import pytest
from tests.cli.books import run

import perpcore as pc
from perpcore import demo

FILES = {"calm_accounts", "low_accounts", "low_isolated", "changed", "path"}


def test_the_demo_runs_and_writes_its_tables(tmp_path: Path) -> None:
    done = run("demo", "--accounts", "300", "--seed", "3", "-o", tmp_path, PERPCORE_DATA=str(tmp_path / "none"))
    assert done.exit_code == 0, done.output
    assert {path.stem for path in tmp_path.glob("*.parquet")} == FILES
    assert "300 accounts" in done.stdout
    assert "accounts by status" in done.stdout
    accounts = pyarrow.parquet.read_table(tmp_path / "low_accounts.parquet")
    assert accounts.num_rows == 300


def test_the_demo_shows_the_same_every_time(tmp_path: Path) -> None:
    first, second = (demo.run(300, 3, repeats=1, data=tmp_path) for _ in range(2))
    assert first.after.accounts.equals(second.after.accounts)
    assert first.path == second.path
    assert str(first.page) == str(second.page)
    assert not first.by_minute


def test_the_crash_does_harm(tmp_path: Path) -> None:
    shown = demo.run(500, 7, repeats=1, data=tmp_path)
    assert shown.low.btc < shown.calm.btc
    fallen = {"liquidation", "bankrupt"}
    before, after = (sum(r.counts().get(s, 0) for s in fallen) for r in (shown.before, shown.after))
    assert after > before
    assert max(count for _, count in shown.path) >= after


def test_what_changed_is_the_difference_of_both_results(tmp_path: Path) -> None:
    shown = demo.run(300, 3, repeats=1, data=tmp_path)
    before = {row["account"]: row["status"] for row in shown.before.accounts.to_pylist()}
    after = {row["account"]: row["status"] for row in shown.after.accounts.to_pylist()}
    cross = [row for row in shown.changed.to_pylist() if row["instrument"] is None]
    assert {row["account"] for row in cross} == {account for account in before if before[account] != after[account]}
    assert all((row["before"], row["after"]) == (before[row["account"]], after[row["account"]]) for row in cross)


def test_shipped_prices_are_in_time_order_and_positive() -> None:
    moments = demo.moments()
    assert [moment.time for moment in moments] == sorted(moment.time for moment in moments)
    assert all(moment.btc > moment.eth > 0 for moment in moments)


@pytest.mark.parametrize("accounts", ["0", "99", "x"])
def test_a_book_too_small_for_the_demo_is_bad_input(accounts: str) -> None:
    assert run("demo", "--accounts", accounts).exit_code == 2


def test_diff_names_the_cause() -> None:
    """One account whose long loses 4,800 of its 5,000: the prices did it."""
    rules = pc.Rulebook.preset("hk-vatp-perp")
    book = {
        "positions": {
            "account": ["A", "B"],
            "instrument": ["BTC-PERP"] * 2,
            "quantity": ["1"] * 2,
            "cost": ["60000"] * 2,
        },
        "balances": {"account": ["A", "B"], "asset": ["USD"] * 2, "amount": ["5000", "50000"]},
    }
    calm, low = (pc.assess(rules, **book, prices={"BTC-PERP": price}) for price in ("60000", "55200"))
    (row,) = calm.diff(low).to_pylist()
    assert (row["account"], row["before"], row["after"]) == ("A", "healthy", "liquidation")
    assert (row["cause"], row["cause_amount"]) == ("unrealized_pnl", -4800)
    rules_changed = calm.diff(low, by="rule").to_pylist()
    change = next(line for line in rules_changed if line["rule"] == "pnl.unrealized")
    assert (change["account"], change["change"]) == ("A", -4800)
    assert calm.diff(calm).num_rows == 0

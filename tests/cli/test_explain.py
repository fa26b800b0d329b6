"""`perpcore explain FOLDER ACCOUNT` and `perpcore explain-code CODE`."""

import json
from pathlib import Path

import pyarrow.parquet
import pytest
from tests.cli.books import BOOK, run, write, write_csv

import perpcore as pc

HK = ("--rulebook", "hk-vatp-perp")

# each line of the page: the words, then the amounts, then the rule; spacing left aside
PAGE = """\
A-17 RESTRICTED, may only reduce standard, cross · hk-vatp-perp
equity 8,000.00
USD 20,000 × (1 − 0 %) 20,000.00 collateral.haircut
BTC-PERP 4 × 58,000 − 244,000 −12,000.00 pnl.unrealized
initial margin 15,029.25
BTC-PERP 5 × 58,000 × 5 % 14,500.00 margin.initial
BTC-PERP buy 1 at 58,500, mark 58,000 500.00 margin.orders (loss)
BTC-PERP 58,500 × 0.05 % 29.25 margin.orders (fee)
maintenance margin 1,980.00
BTC-PERP 232,000: 500 + 1,000 + 480 1,980.00 margin.maintenance
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(BOOK, tmp_path / "book", "csv")


def test_the_page_is_that_of_the_design(folder: Path) -> None:
    done = run("explain", folder, "A-17", *HK)
    assert done.exit_code == 0
    shown = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert shown[0].startswith(PAGE.splitlines()[0])
    assert shown[1 : len(PAGE.splitlines())] == PAGE.splitlines()[1:]


def test_json_has_totals_and_lines_exactly(folder: Path) -> None:
    told = json.loads(run("explain", folder, "A-17", *HK, "--json").stdout)
    assert (told["account"], told["status"]) == ("A-17", "restricted")
    assert told["totals"]["initial_margin"] == "15029.25000000"
    assert {line["rule"] for line in told["lines"]} >= {"margin.initial", "margin.orders", "pnl.unrealized"}
    assert sum(float(x["amount"]) for x in told["lines"] if x["total"] == "initial_margin") == 15029.25


def test_o_writes_the_lines(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "lines.parquet"
    assert run("explain", folder, "A-17", *HK, "-o", target).exit_code == 0
    assert set(pyarrow.parquet.read_table(target)["account"].to_pylist()) == {"A-17"}


def test_a_shock_moves_prices_first(folder: Path) -> None:
    done = run("explain", folder, "A-17", *HK, "--shock", "BTC=-10%")
    assert done.exit_code == 0, "whatever its status"
    assert "BANKRUPT" in done.stdout


def test_an_account_that_is_not_there_is_bad_input(folder: Path) -> None:
    done = run("explain", folder, "nobody", *HK)
    assert done.exit_code == 2
    assert "unknown_account" in done.stderr
    assert "nobody" in done.stderr


def test_accounts_may_be_numbers(tmp_path: Path) -> None:
    folder = tmp_path / "numbers"
    pc.write_book({"balances": {"account": [7, 8], "asset": ["USD"] * 2, "amount": ["1", "2"]}}, folder)
    done = run("explain", folder, "8", *HK)
    assert done.exit_code == 0
    assert done.stdout.startswith("8  HEALTHY")
    assert run("explain", folder, "x", *HK).exit_code == 2


def test_a_marked_account_says_its_problem(tmp_path: Path) -> None:
    book = {"balances": {"account": ["A"], "asset": ["NONE"], "amount": ["1"]}}
    done = run("explain", write_csv(book, tmp_path), "A", *HK, "--on-error", "mark")
    assert done.exit_code == 0
    assert "UNKNOWN: unknown_asset" in done.stdout


@pytest.mark.parametrize("entry", pc.error_codes(), ids=lambda entry: entry["name"])
def test_every_code_is_explained_by_name_and_by_number(entry: dict[str, str]) -> None:
    by_name, by_number = run("explain-code", entry["name"]), run("explain-code", str(entry["number"]))
    assert by_name.exit_code == 0
    assert by_name.stdout == by_number.stdout
    for part in ("name", "class", "text", "accepted"):
        assert entry[part] in by_name.stdout


def test_a_code_that_does_not_exist_is_bad_input_with_a_suggestion() -> None:
    done = run("explain-code", "missing_prise")
    assert done.exit_code == 2
    assert "missing_price" in done.stderr


def test_a_reject_is_explained_with_its_rule_its_parameter_and_its_numbers() -> None:
    told = run("explain-code", "client_limit").stdout
    for part in (
        "gate.limits: orders",
        "Binance",
        "instrument.*.limits.client_position: ",
        "amount ",
        "balance ",
        "limit",
    ):
        assert part in told
    # What only a table may have wrong has no rule, and what has no numbers says none.
    told = run("explain-code", "missing_price").stdout
    assert not {"rule", "parameter", "amount"} & {line.split()[0] for line in told.splitlines()}


@pytest.mark.parametrize("rule", pc.rules(), ids=lambda rule: rule["id"])
def test_every_rule_is_explained(rule: dict[str, str]) -> None:
    done = run("explain-code", rule["id"])
    assert done.exit_code == 0
    assert done.stdout.startswith(f"{rule['id']}\n")
    for part in ("formula", "source", *rule["parameters"]):
        assert part in done.stdout


def test_a_parameter_is_explained_by_any_name_in_its_path() -> None:
    by_star, by_name = (run("explain-code", f"instrument.{name}.limits.position").stdout for name in ("*", "BTC-PERP"))
    assert by_star == by_name
    for part in ("7108 position_limit", "gate.limits", "type"):
        assert part in by_star
    for field in pc.describe()["rulebook"]:
        assert field["doc"] in run("explain-code", field["path"]).stdout
    done = run("explain-code", "instrument.BTC-PERP.limits.positoin")
    assert done.exit_code == 2
    assert "instrument.*.limits.position" in done.stderr


def test_whatever_an_event_names_can_be_explained() -> None:
    for entry in pc.error_codes():
        for name in filter(None, (entry["rule"], entry["parameter"])):
            assert run("explain-code", name).exit_code == 0, name

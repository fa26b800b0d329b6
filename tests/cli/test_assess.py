"""`perpcore assess FOLDER`: every file form gives the same figures; exit 0, 1 (findings), 2 (bad input)."""

import json
from decimal import Decimal
from pathlib import Path

import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from tests.cli.books import BOOK, run, run_apart, write, write_csv

import perpcore as pc

FORMS = ["parquet", "arrow", "feather", "csv"]
HK = ("--rulebook", "hk-vatp-perp")


@pytest.fixture(params=FORMS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return write(BOOK, tmp_path / "book", request.param)


def test_every_form_gives_the_same_figures(folder: Path) -> None:
    done = run("assess", folder, *HK, "--json")
    assert done.exit_code == 0, done.output
    rows = {row["account"]: row for row in json.loads(done.stdout)}
    assert list(rows) == ["A-17", "B-02"]
    a = rows["A-17"]
    assert (a["equity"], a["initial_margin"], a["maintenance_margin"], a["status"]) == (
        *("8000.00000000", "15029.25000000", "1980.00000000", "restricted"),
    )
    # short 1.5 from 61,000 to 58,000: 4,500; 87,000 × 5 %, 435 = 0.5 % of it; the order is reduce-only
    b = rows["B-02"]
    assert (b["equity"], b["initial_margin"], b["maintenance_margin"], b["status"]) == (
        *("13500.00000000", "4350.00000000", "435.00000000", "healthy"),
    )
    assert b["order_margin"] == "0.00000000"


def test_the_screen_counts_and_shows_the_worst(folder: Path) -> None:
    done = run("assess", folder, *HK)
    assert done.exit_code == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["restricted", "1"] in lines
    assert ["healthy", "1"] in lines
    assert "2 accounts under hk-vatp-perp" in done.stdout
    worst = next(line for line in lines if line and line[0] == "A-17")
    assert "8,000.00" in worst


READERS = {
    ".parquet": pyarrow.parquet.read_table,
    ".arrow": lambda path: pyarrow.feather.read_table(path),
    ".csv": pyarrow.csv.read_csv,
}


@pytest.mark.parametrize("suffix", READERS)
@pytest.mark.parametrize("table", ["accounts", "isolated", "lines"])
def test_o_writes_the_whole_table(tmp_path: Path, suffix: str, table: str) -> None:
    folder = write(BOOK, tmp_path / "book", "parquet")
    target = tmp_path / "out" / f"result{suffix}"
    done = run("assess", folder, *HK, "-o", target, "--table", table)
    assert done.exit_code == 0, done.output
    result = pc.assess(pc.Rulebook.preset("hk-vatp-perp"), **pc.read_book(folder))
    wanted = {"accounts": result.accounts, "isolated": result.isolated, "lines": result.lines()}[table]
    found = READERS[suffix](target)
    assert found.column_names == wanted.schema.names
    assert found.num_rows == wanted.num_rows
    if table == "accounts":
        assert [Decimal(str(value)) for value in found["equity"].to_pylist()] == [8000, 13500]


@pytest.mark.parametrize(
    ("shocks", "equity", "status", "code"),
    [
        # 4 × (58,000 × 0.9 − 61,000) + 20,000 < 0
        (["BTC=-10%"], "-15200.00000000", "bankrupt", 1),
        (["BTC=-0.1"], "-15200.00000000", "bankrupt", 1),
        # 4 × 57,420 = 229,680: equity 5,680, above 1.25 × MM
        (["BTC=-1%"], "5680.00000000", "restricted", 0),
        # 4 × 56,550 = 226,200: equity 2,200, MM 500 + 1,000 + 26,200 × 1.5 % = 1,893; 1.25 × 1,893 = 2,366.25
        (["BTC=-2.5%"], "2200.00000000", "margin_call", 1),
        # 4 × 56,260 = 225,040: equity 1,040 < 1,875.60
        (["BTC=-3%"], "1040.00000000", "liquidation", 1),
        (["BTC=+10%"], "31200.00000000", "healthy", 0),
        (["ETH=-50%", "BTC=0%"], "8000.00000000", "restricted", 0),
    ],
)
def test_shocks_move_prices_first(tmp_path: Path, shocks: list[str], equity: str, status: str, code: int) -> None:
    book = {**BOOK, "orders": {name: values[1:] for name, values in BOOK["orders"].items()}}
    folder = write(book, tmp_path, "csv")
    options = [part for shock in shocks for part in ("--shock", shock)]
    done = run("assess", folder, *HK, "--json", *options)
    row = json.loads(done.stdout)[0]
    assert (row["equity"], row["status"], done.exit_code) == (equity, status, code)


@pytest.mark.parametrize("shock", ["BTC", "BTC=", "BTC=-100%", "BTC=-101%", "BTC=nan", "DOGE=1%", "=1%"])
def test_a_shock_that_is_none_is_bad_input(tmp_path: Path, shock: str) -> None:
    folder = write(BOOK, tmp_path, "csv")
    done = run("assess", folder, *HK, "--shock", shock)
    assert done.exit_code == 2
    assert "Traceback" not in done.output


FINDINGS = [
    ("undecided", {**BOOK, "prices": {"symbol": ["BTC-PERP"], "price": ["58000"], "state": ["frozen"]}}),
    ("bankrupt", {**BOOK, "prices": {"symbol": ["BTC-PERP"], "price": ["30000"]}}),
]


@pytest.mark.parametrize(("status", "book"), FINDINGS, ids=[row[0] for row in FINDINGS])
def test_findings_exit_with_1(tmp_path: Path, status: str, book: dict[str, dict[str, list[str]]]) -> None:
    done = run("assess", write_csv(book, tmp_path), *HK)
    assert done.exit_code == 1
    assert status in done.stdout


def test_a_marked_account_is_a_finding(tmp_path: Path) -> None:
    book = {**BOOK, "balances": {"account": ["A-17", "Z"], "asset": ["USD", "NONE"], "amount": ["20000", "1"]}}
    folder = write_csv(book, tmp_path)
    assert run("assess", folder, *HK).exit_code == 2
    done = run("assess", folder, *HK, "--on-error", "mark", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)[-1]["problem"] == "unknown_asset"


def test_extra_columns_are_refused_or_ignored(tmp_path: Path) -> None:
    folder = write_csv({**BOOK, "balances": {**BOOK["balances"], "desk": ["x", "y"]}}, tmp_path)
    done = run("assess", folder, *HK)
    assert done.exit_code == 2
    assert "unknown_column" in done.stderr
    assert "balances.desk" in done.stderr
    assert run("assess", folder, *HK, "--extra", "ignore").exit_code == 0


BAD_INPUT = {
    "no folder": ("assess", "nowhere", *HK),
    "a folder without tables": ("assess", ".", *HK),
    "no rulebook": ("assess", "book"),
    "an unknown preset": ("assess", "book", "--rulebook", "hk"),
    "no rulebook file": ("assess", "book", "--rulebook", "none.toml"),
    "an unknown option": ("assess", "book", "--color"),
    "an unknown verb": ("asses", "book"),
    "another suffix": ("assess", "book", *HK, "-o", "result.xlsx"),
    "another choice": ("assess", "book", *HK, "--on-error", "ignore"),
}


@pytest.mark.parametrize("arguments", BAD_INPUT.values(), ids=BAD_INPUT)
def test_bad_input_exits_with_2_and_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    write(BOOK, tmp_path / "book", "csv")
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == 2, done.output
    assert "Traceback" not in done.output
    assert done.stderr


BAD_FOLDERS = {
    "two files of one table": ("balances.parquet", b"PAR1"),
    "a misspelt table": ("positons.csv", b"account\n"),
    "no Parquet": ("accounts.parquet", b"not Parquet"),
    "no Arrow": ("accounts.arrow", b"not Arrow"),
    "a CSV field too many": ("accounts.csv", b"account,leverage\nA,2,3\n"),
}


@pytest.mark.parametrize(("name", "content"), BAD_FOLDERS.values(), ids=BAD_FOLDERS)
def test_files_that_are_not_what_they_say(tmp_path: Path, name: str, content: bytes) -> None:
    folder = write(BOOK, tmp_path, "csv")
    (folder / name).write_bytes(content)
    done = run("assess", folder, *HK)
    assert done.exit_code == 2
    assert name in done.stderr
    assert "Traceback" not in done.output


def test_an_error_is_one_block_with_place_value_and_answer(tmp_path: Path) -> None:
    book = {**BOOK, "balances": {"account": ["007", "A-17"], "asset": ["USD", "USDX"], "amount": ["1.50", "2"]}}
    done = run("assess", write_csv(book, tmp_path), *HK)
    assert done.exit_code == 2
    assert done.stdout == ""
    head, *rest = done.stderr.splitlines()
    assert head == "InputError 3007 unknown_asset: the rulebook has no such asset"
    assert [line.split(maxsplit=1) for line in rest[:2]] == [["where", "balances.asset, row 1"], ["value", "USDX"]]
    assert rest[2].split(maxsplit=1)[0] == "accepted"
    assert "did you mean USD" in rest[2]


def test_csv_ids_are_text_as_written_and_numbers_are_exact(tmp_path: Path) -> None:
    ids = ["007", "7", "1e3", "NULL", "true", " 7"]
    amounts = ["1.50", "0.00000001", "1000000000000", "+2", ".5", "3."]
    folder = write_csv({"balances": {"account": ids, "asset": ["USD"] * 6, "amount": amounts}}, tmp_path)
    rows = json.loads(run("assess", folder, *HK, "--json").stdout)
    assert [row["account"] for row in rows] == ids
    assert [Decimal(row["equity"]) for row in rows] == [Decimal(amount) for amount in amounts]


def test_csv_booleans_times_and_raw_units_are_read(tmp_path: Path) -> None:
    for word, margin in (("true", 0), ("TRUE", 0), ("1", 0), ("false", 1), ("0", 1), ("", 1)):
        book = {
            "orders": {"account": ["A"], "instrument": ["BTC-PERP"], "quantity_e8": ["100000000"], "price": ["58000"],
                       "reduce_only": [word]},
            "prices": {"symbol": ["BTC-PERP"] * 1, "price": ["58000"], "time": ["2026-03-12T10:46:30Z"]},
        }  # fmt: skip
        (row,) = json.loads(run("assess", write_csv(book, tmp_path), *HK, "--json").stdout)
        # 58,000 × 5 % + 58,000 × 0.05 %
        assert Decimal(row["order_margin"]) == margin * 2929


def test_a_rulebook_in_the_folder_is_the_default(tmp_path: Path) -> None:
    folder = write(BOOK, tmp_path, "csv")
    (folder / "rulebook.toml").write_text('name = "ours"\nextends = "hk-vatp-perp"\n', encoding="utf-8")
    done = run("assess", folder)
    assert done.exit_code == 0
    assert "under ours" in done.stdout


def test_a_failing_call_is_captured_and_fails_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "captured"
    monkeypatch.setenv("PERPCORE_CAPTURE", str(place))
    rules = pc.Rulebook.preset("hk-vatp-perp").edit({"venue.call_factor": 2})
    with pytest.raises(pc.errors.InputError):
        pc.assess(rules, **{**BOOK, "prices": None})
    monkeypatch.delenv("PERPCORE_CAPTURE")
    done = run("assess", place)
    assert done.exit_code == 2
    assert "missing_price" in done.stderr
    assert pc.Rulebook.read(place / "rulebook.toml").digest == rules.digest
    told = json.loads((place / "call.json").read_text(encoding="utf-8"))
    assert told["error"]["code"] == "missing_price"


def test_a_good_call_captures_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERPCORE_CAPTURE", str(tmp_path / "captured"))
    pc.assess(pc.Rulebook.preset("hk-vatp-perp"), **{**BOOK, "prices": {"BTC-PERP": "58000"}})
    assert not (tmp_path / "captured").exists()


@pytest.mark.parametrize(("price", "code"), [("58000", 0), ("30000", 1), ("abc", 2)])
def test_the_installed_program_exits_alike(tmp_path: Path, price: str, code: int) -> None:
    folder = write_csv({**BOOK, "prices": {"symbol": ["BTC-PERP"], "price": [price]}}, tmp_path)
    done = run_apart("assess", folder, *HK)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert bool(done.stdout) == (code != 2)

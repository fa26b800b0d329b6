"""`perpcore venue run`."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from tests.cli.books import run, run_apart
from tests.venue.setting import RULES, rulebook
from tests.venue.stream import commands, table

import perpcore as pc
from perpcore._files import write_file

ROWS: list[dict[str, Any]] = [
    {"kind": "open_account", "account": "A"},
    {"kind": "open_account", "account": "B"},
    {"kind": "deposit", "account": "A", "asset": "USD", "amount": "1000"},
    {"kind": "deposit", "account": "B", "asset": "USD", "amount": "1000"},
    {"kind": "fund_topup", "amount": "50"},
    {"kind": "index", "underlying": "X", "price": "100"},
    {"kind": "mark", "instrument": "X-PERP", "price": "100"},
    {"kind": "phase", "instrument": "X-PERP", "state": "open"},
    {"kind": "place", "account": "A", "instrument": "X-PERP", "quantity": "-3", "price": "100"},
    {"kind": "place", "account": "B", "instrument": "X-PERP", "quantity": "2", "price": "100"},
    {"kind": "withdraw", "account": "B", "asset": "USD", "amount": "5"},
    {"kind": "withdraw", "account": "C", "asset": "USD", "amount": "5"},
]


@pytest.fixture
def rules(tmp_path: Path) -> tuple[str, Path]:
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    return "-r", tmp_path / "rules.toml"


def applied(given: pa.Table) -> tuple[pc.Venue, pa.Table]:
    venue = pc.Venue(rulebook())
    return venue, pa.table(venue.apply(given))


@pytest.mark.parametrize("form", ["parquet", "arrow", "feather", "csv"])
def test_a_file_of_every_form_does_what_the_table_does(tmp_path: Path, rules: tuple[str, Path], form: str) -> None:
    venue, events = applied(table(ROWS))
    write_file(table(ROWS), tmp_path / f"commands.{form}")
    out = tmp_path / "events.parquet"
    said = run("venue", "run", tmp_path / f"commands.{form}", *rules, "-o", out, "--json")
    assert said.exit_code == 0, said.output
    assert parquet.read_table(out).to_pylist() == events.to_pylist()
    assert json.loads(said.stdout) == {
        "commands": 12,
        "accounts": 2,
        "events": {
            "accepted": 4,
            "posting": 5,
            "index": 1,
            "price_state": 2,
            "mark": 1,
            "phase": 1,
            "filled": 1,
            "withdrawal_requested": 1,
            "rejected": 1,
        },
        "rejected": {"unknown_holder": 1},
        "trades": 1,
        "volume": {"X-PERP": {"contracts": "2.00000000", "notional": "200.0000000000000000"}},
        # 0.1 % and 0.2 % of 200.
        "fees": "0.60000000",
        "ledger": [
            {"account": "clients", "asset": "USD", "amount": "1999.40000000", "held": "5.00000000"},
            {"account": "fund", "asset": "USD", "amount": "50.00000000", "held": "0.00000000"},
            {"account": "fees", "asset": "USD", "amount": "0.60000000", "held": "0.00000000"},
        ],
        "lost": [],
        "digest": venue.digest,
    }
    assert said.stderr == f"wrote {len(events)} rows to {out}\n"


def test_the_summary(tmp_path: Path, rules: tuple[str, Path]) -> None:
    write_file(table(ROWS), tmp_path / "commands.parquet")
    said = run("venue", "run", tmp_path / "commands.parquet", *rules)
    assert said.exit_code == 0, said.output
    lines = [line.split() for line in said.stdout.splitlines()]
    assert said.stdout.splitlines()[0] == "12 commands, 2 accounts, 1 trades"
    for wanted in (
        ["rejected", "unknown_holder", "1"],
        ["volume,", "fees", "0.60"],
        ["X-PERP", "2.00", "200.00"],
        ["clients", "USD", "1,999.40", "5.00"],
        ["fund", "USD", "50.00", "0.00"],
    ):
        assert wanted in lines
    assert said.stdout.splitlines()[-2].startswith("nothing was lost")
    assert said.stdout.splitlines()[-1] == f"digest {applied(table(ROWS))[0].digest}"


def test_a_contract_may_be_of_another_size(tmp_path: Path) -> None:
    text = rulebook(instrument__X_PERP__contract_size="0.01").to_toml()
    (tmp_path / "rules.toml").write_text(text, encoding="utf-8")
    write_file(table(ROWS), tmp_path / "commands.parquet")
    said = run("venue", "run", tmp_path / "commands.parquet", "-r", tmp_path / "rules.toml", "--json")
    assert said.exit_code == 0, said.output
    (volume,) = json.loads(said.stdout)["volume"].values()
    assert (float(volume["contracts"]), float(volume["notional"])) == (2, 2)


def test_halts_and_changes_of_the_rulebook(
    tmp_path: Path, rules: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    tighter = rulebook(instrument__X_PERP__limits__position=1)
    rows = [
        *ROWS,
        {"kind": "halt", "account": "A"},
        {"kind": "halt", "class": "backstop"},
        {"kind": "place", "account": "A", "instrument": "X-PERP", "quantity": "1", "price": "100"},
        {"kind": "resume", "account": "A"},
        {"kind": "approve_rulebook", "rulebook": tighter.digest, "approval": "board 14"},
        {"kind": "activate_rulebook", "rulebook": tighter.to_toml(), "confirm": "risk 3"},
        {"kind": "place", "account": "B", "instrument": "X-PERP", "quantity": "1", "price": "100"},
    ]
    write_file(table(rows), tmp_path / "commands.csv")
    monkeypatch.setattr(import_module("perpcore.cli.venue"), "_SLICE", 5)
    out = tmp_path / "events.parquet"
    said = run("venue", "run", tmp_path / "commands.csv", *rules, "-o", out, "--json")
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    assert told["rejected"] == {"unknown_holder": 1, "account_halted": 1, "position_limit": 1}
    assert (told["events"]["halt"], told["events"]["resume"], told["events"]["rulebook_activated"]) == (2, 1, 1)
    events = parquet.read_table(out)
    assert events.to_pylist() == applied(table(rows))[1].to_pylist()
    assert events.schema.metadata[b"perpcore.rulebook"].decode() == tighter.digest


def test_how_many_commands_are_done_at_a_time_shows_nowhere(
    tmp_path: Path, rules: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = table(list(commands(3, 500)))
    write_file(given, tmp_path / "commands.parquet")
    monkeypatch.setattr(import_module("perpcore.cli.venue"), "_SLICE", 7)
    out = tmp_path / "events.parquet"
    said = run("venue", "run", tmp_path / "commands.parquet", *rules, "-o", out, "--json")
    assert said.exit_code == 0, said.output
    venue, events = applied(given)
    assert parquet.read_table(out).to_pylist() == events.to_pylist()
    assert json.loads(said.stdout)["digest"] == venue.digest


def test_what_was_lost_exits_1(tmp_path: Path, rules: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pc.Venue, "verify", lambda _: ["USD: 1 more than came"])
    write_file(table(ROWS), tmp_path / "commands.parquet")
    said = run("venue", "run", tmp_path / "commands.parquet", *rules)
    assert said.exit_code == 1
    assert "lost: USD: 1 more than came" in said.stdout
    said = run("venue", "run", tmp_path / "commands.parquet", *rules, "--json")
    assert (said.exit_code, json.loads(said.stdout)["lost"]) == (1, ["USD: 1 more than came"])


def test_without_a_command_nothing_is_done(tmp_path: Path, rules: tuple[str, Path]) -> None:
    write_file(table(ROWS).slice(0, 0), tmp_path / "commands.parquet")
    said = run("venue", "run", tmp_path / "commands.parquet", *rules, "--json")
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    assert (told["commands"], told["events"], told["volume"], told["ledger"], told["fees"]) == (0, {}, {}, [], "0")
    said = run("venue", "run", tmp_path / "commands.parquet", *rules)
    assert said.exit_code == 0


def test_bad_input_exits_2_and_writes_nothing(tmp_path: Path, rules: tuple[str, Path]) -> None:
    parquet.write_table(pa.table({"kind": ["deposit"], "qty": ["1"]}), tmp_path / "unknown.parquet")
    parquet.write_table(pa.table({"kind": ["deposit"], "amount": [True]}), tmp_path / "wrong.parquet")
    (tmp_path / "noise.parquet").write_bytes(b"\xff noise")
    (tmp_path / "commands.txt").write_text("kind\nmark\n", encoding="utf-8")
    write_file(table(ROWS), tmp_path / "good.parquet")
    out = tmp_path / "events.parquet"
    for name, arguments, told in (
        ("unknown.parquet", rules, "unknown_column"),
        ("wrong.parquet", rules, "wrong_type"),
        ("noise.parquet", rules, "noise.parquet"),
        ("none.parquet", rules, "none.parquet"),
        ("commands.txt", rules, ".parquet"),
        ("good.parquet", (), "--rulebook"),
        ("good.parquet", ("-r", "hk-vatp-perq"), "hk-vatp-perp"),
        ("good.parquet", ("-r", tmp_path / "none.toml"), "none.toml"),
    ):
        said = run("venue", "run", tmp_path / name, *arguments, "-o", out)
        assert said.exit_code == 2, (name, said.output)
        assert told in said.output
        assert not out.exists()
    said = run("venue", "run", tmp_path / "good.parquet", *rules, "-o", tmp_path / "events.txt")
    assert said.exit_code == 2


def test_as_a_program_of_its_own(tmp_path: Path, rules: tuple[str, Path]) -> None:
    write_file(table(ROWS), tmp_path / "commands.parquet")
    said = run_apart("venue", "run", tmp_path / "commands.parquet", *rules, "--json")
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)["trades"] == 1
    said = run_apart("venue", "run", tmp_path / "none.parquet", *rules)
    assert (said.returncode, said.stdout) == (2, "")
    assert "Traceback" not in said.stderr

"""`perpcore book replay`."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as parquet
import pytest
from tests.cli.books import run, run_apart

import perpcore as pc
from perpcore._files import write_file

HK = pc.Rulebook.preset("hk-vatp-perp")
RULES = ("-r", "hk-vatp-perp", "--instrument", "BTC-PERP")
NOW = 1_700_000_000_000_000_000
COMMANDS: dict[str, list[Any]] = {
    "kind": ["mark", "open_account", "place", "place", "place", "amend", "cancel"],
    "time": [NOW, None, NOW + 1, None, NOW + 2, None, NOW + 3],
    "account": [None, "MM", "MM", "A", "A", "MM", "A"],
    "class": [None, "affiliated_market_maker", None, None, None, None, None],
    "client_id": [None, None, "s-1", None, "b-1", "s-1", "b-1"],
    "quantity": [None, None, "-2", "0.5", "1", "-1.5", None],
    "price": ["58000", None, "58000.5", "58001", "57990", None, None],
    "reduce_only": [None, None, False, None, None, None, None],
}
# 2 offered, 0.5 of them traded, then 1.5 in all: 1 is left.
LEFT = {"price": "58000.50000000", "quantity": "1.00000000", "orders": 1}
FORMS = ("parquet", "arrow", "feather", "csv")


def table(columns: dict[str, list[Any]]) -> pa.Table:
    types = {"time": pa.int64(), "reduce_only": pa.bool_()}
    return pa.table({name: pa.array(values, types.get(name, pa.string())) for name, values in columns.items()})


def commands(path: Path, **changes: list[Any]) -> Path:
    """The commands, some columns replaced, in a file of the form that its suffix says."""
    write_file(table({**COMMANDS, **changes}), path)
    return path


def applied(given: pa.Table) -> tuple[pc.OrderBook, pa.Table]:
    book = pc.OrderBook(HK, "BTC-PERP")
    return book, pa.table(book.apply(given))


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_every_form_does_what_the_table_does(tmp_path: Path, form: str) -> None:
    book, events = applied(table(COMMANDS))
    out = tmp_path / "events.parquet"
    said = run("book", "replay", commands(tmp_path / f"commands.{form}"), *RULES, "-o", out, "--json")
    assert said.exit_code == 0, said.output
    assert parquet.read_table(out).to_pylist() == events.to_pylist()
    assert json.loads(said.stdout) == {
        "instrument": "BTC-PERP",
        "commands": 7,
        "events": {"mark": 1, "accepted": 4, "filled": 1, "amended": 1, "canceled": 1},
        "rejected": {},
        "orders": 1,
        "phase": "open",
        "bid": None,
        "ask": LEFT,
        "digest": book.digest,
    }
    assert said.stderr == f"wrote 8 rows to {out}\n"


@pytest.mark.parametrize("form", FORMS)
def test_events_are_written_in_every_form(tmp_path: Path, form: str) -> None:
    events = applied(table(COMMANDS))[1].to_pylist()
    out = tmp_path / "new folder" / f"events.{form}"
    said = run("book", "replay", commands(tmp_path / "commands.parquet"), *RULES, "-o", out)
    assert said.exit_code == 0, said.output
    if form == "csv":
        lines = out.read_text(encoding="utf-8").splitlines()
        assert len(lines) == 1 + len(events)
        assert lines[0].replace('"', "").split(",") == list(events[0])
        return
    read = parquet.read_table(out) if form == "parquet" else feather.read_table(out)
    assert read.to_pylist() == events


def test_a_stream_in_a_file_of_arrow(tmp_path: Path) -> None:
    given = table(COMMANDS)
    with pa.ipc.new_stream(str(tmp_path / "commands.arrow"), given.schema) as sink:
        for row in range(len(given)):
            sink.write_table(given.slice(row, 1))
    said = run("book", "replay", tmp_path / "commands.arrow", *RULES, "--json")
    assert said.exit_code == 0, said.output
    assert json.loads(said.stdout)["digest"] == applied(given)[0].digest


def test_times_and_raw_numbers_of_csv(tmp_path: Path) -> None:
    lines = "time,kind,account,quantity_e8,price_e8\n2023-11-14T22:13:20Z,place,7,100000000,5800000000000\n"
    (tmp_path / "commands.csv").write_text(lines, encoding="utf-8")
    out = tmp_path / "events.arrow"
    said = run("book", "replay", tmp_path / "commands.csv", *RULES, "-o", out)
    assert said.exit_code == 0, said.output
    (event,) = feather.read_table(out).to_pylist()
    # An id of CSV is text as written.
    assert (event["account"], str(event["price"]), event["time"].value) == ("7", "58000.00000000", NOW)


def test_the_summary(tmp_path: Path) -> None:
    said = run("book", "replay", commands(tmp_path / "commands.parquet"), *RULES)
    assert said.exit_code == 0, said.output
    lines = said.stdout.splitlines()
    assert lines[0] == "BTC-PERP, open: 7 commands, 1 orders left"
    counts = [line.split() for line in lines]
    assert ["accepted", "4"] in [[part for part in line if part != "–"] for line in counts]
    assert "58,000.50" in said.stdout
    assert lines[-1] == f"digest {applied(table(COMMANDS))[0].digest}"


def test_a_rejected_command_exits_1_and_the_rest_is_carried_out(tmp_path: Path) -> None:
    off_tick = [None, None, "-2", "0.5", "1", "-1.5", None]
    prices = ["58000", None, "58000.5", "58000.001", "57990", None, None]
    kinds = ["mark", "open_account", "place", "place", "place", "?", "cancel"]
    changes: dict[str, list[Any]] = {"quantity": off_tick, "price": prices, "kind": kinds}
    book, events = applied(table({**COMMANDS, **changes}))
    out = tmp_path / "events.parquet"
    said = run("book", "replay", commands(tmp_path / "commands.csv", **changes), *RULES, "-o", out, "--json")
    assert said.exit_code == 1, said.output
    told = json.loads(said.stdout)
    assert told["rejected"] == {"off_tick": 1, "out_of_range": 1}
    assert (told["events"]["rejected"], told["events"]["canceled"], told["digest"]) == (2, 1, book.digest)
    assert parquet.read_table(out).to_pylist() == events.to_pylist()
    said = run("book", "replay", tmp_path / "commands.csv", *RULES)
    assert said.exit_code == 1
    assert "off_tick" in said.stdout


def test_without_a_command_nothing_is_done(tmp_path: Path) -> None:
    none: dict[str, list[Any]] = {name: [] for name in COMMANDS}
    said = run("book", "replay", commands(tmp_path / "commands.parquet", **none), *RULES, "--json")
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    assert (told["commands"], told["events"], told["orders"]) == (0, {}, 0)
    assert told["digest"] == pc.OrderBook(HK, "BTC-PERP").digest


def test_how_many_commands_are_done_at_a_time_shows_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("perpcore.cli.book"), "_SLICE", 2)
    out = tmp_path / "events.parquet"
    said = run("book", "replay", commands(tmp_path / "commands.parquet"), *RULES, "-o", out)
    assert said.exit_code == 0, said.output
    assert parquet.read_table(out).to_pylist() == applied(table(COMMANDS))[1].to_pylist()


def test_the_only_instrument_needs_no_name(tmp_path: Path) -> None:
    one = """
        [venue]
        settlement = "USD"
        [asset.USD]
        [underlying.X]
        [instrument.X-PERP]
        underlying = "X"
        tick = 0.5
        lot = 0.1
        tiers = [["rest", "0.5%", 20]]
    """
    (tmp_path / "one.toml").write_text(one, encoding="utf-8")
    file = commands(tmp_path / "commands.parquet")
    said = run("book", "replay", file, "--rulebook", tmp_path / "one.toml", "--json")
    assert said.exit_code == 0, said.output
    assert json.loads(said.stdout)["instrument"] == "X-PERP"
    said = run("book", "replay", file, "-r", "hk-vatp-perp")
    assert said.exit_code == 2
    assert "--instrument says which book: BTC-PERP" in said.output


def test_commands_of_another_instrument_are_rejected(tmp_path: Path) -> None:
    file = commands(tmp_path / "commands.parquet", instrument=["BTC-PERP", None, "ETH-PERP", None, None, None, None])
    said = run("book", "replay", file, *RULES, "--json")
    assert said.exit_code == 1
    assert json.loads(said.stdout)["rejected"]["unknown_instrument"] == 1


MALFORMED: dict[str, tuple[pa.Table, str]] = {
    "no kind": (pa.table({"quantity": ["1"]}), "missing_column"),
    "an unknown column": (pa.table({"kind": ["place"], "qty": ["1"]}), "unknown_column"),
    "a wrong type": (pa.table({"kind": ["place"], "quantity": [True]}), "wrong_type"),
    "one column in two forms": (pa.table({"kind": ["mark"], "price": ["1"], "price_e8": [1]}), "duplicate_column"),
    "kinds that are numbers": (pa.table({"kind": [1]}), "wrong_type"),
    "no column": (pa.table({}), "missing_column"),
}


@pytest.mark.parametrize(("given", "code"), MALFORMED.values(), ids=MALFORMED)
def test_a_table_that_is_none_of_commands_exits_2_and_writes_nothing(
    tmp_path: Path, given: pa.Table, code: str
) -> None:
    parquet.write_table(given, tmp_path / "commands.parquet")
    out = tmp_path / "events.parquet"
    said = run("book", "replay", tmp_path / "commands.parquet", *RULES, "-o", out, "--json")
    assert said.exit_code == 2, said.output
    assert code in said.stderr
    assert "commands" in said.stderr
    assert not out.exists()
    assert said.stdout == ""


def test_bad_files_exit_2(tmp_path: Path) -> None:
    for suffix in FORMS:
        (tmp_path / f"noise.{suffix}").write_bytes(b"\xff\xfe noise \x00" * 9)
        (tmp_path / f"empty.{suffix}").write_bytes(b"")
    (tmp_path / "field.csv").write_text("kind,time\nmark,yesterday\n", encoding="utf-8")
    (tmp_path / "flag.csv").write_text("kind,reduce_only\nplace,perhaps\n", encoding="utf-8")
    (tmp_path / "ragged.csv").write_text("kind,price\nmark,1,2\n", encoding="utf-8")
    (tmp_path / "folder.csv").mkdir()
    names = [f"{what}.{suffix}" for what in ("none", "noise", "empty") for suffix in FORMS]
    for name in (*names, "field.csv", "flag.csv", "ragged.csv", "folder.csv"):
        said = run("book", "replay", tmp_path / name, *RULES)
        assert said.exit_code == 2, (name, said.output, said.exception)
        assert said.output


def test_a_file_of_another_suffix_exits_2(tmp_path: Path) -> None:
    (tmp_path / "commands.txt").write_text("kind\nmark\n", encoding="utf-8")
    said = run("book", "replay", tmp_path / "commands.txt", *RULES)
    assert said.exit_code == 2, (said.output, said.exception)
    assert ".parquet" in said.output


def test_bad_arguments_exit_2(tmp_path: Path) -> None:
    file = commands(tmp_path / "commands.parquet")
    for arguments, told in (
        ([], "--rulebook"),
        (["-r", "hk-vatp-perq"], "hk-vatp-perp"),
        (["-r", tmp_path / "none.toml"], "none.toml"),
        (["-r", "hk-vatp-perp", "--instrument", "BTC-PERQ"], "BTC-PERP"),
        ([*RULES, "-o", tmp_path / "events.txt"], "txt"),
    ):
        said = run("book", "replay", file, *arguments)
        assert said.exit_code == 2, (arguments, said.output)
        assert told in said.output


def test_as_a_program_of_its_own(tmp_path: Path) -> None:
    out = tmp_path / "events.parquet"
    said = run_apart("book", "replay", commands(tmp_path / "commands.parquet"), *RULES, "-o", out, "--json")
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)["ask"] == LEFT
    said = run_apart("book", "replay", tmp_path / "none.parquet", *RULES)
    assert (said.returncode, said.stdout) == (2, "")
    assert "Traceback" not in said.stderr

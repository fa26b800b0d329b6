"""`perpcore stress`."""

import json
from pathlib import Path

import pyarrow.parquet as parquet
from tests.cli.books import BOOK, run, write

RULES = ("--rulebook", "hk-vatp-perp")


def test_scenarios_by_hand_and_from_a_file_say_the_same(tmp_path: Path) -> None:
    folder = write(BOOK, tmp_path / "book", "csv")
    said = run("stress", folder, *RULES, "--moves", "BTC=-12%", "--moves", "BTC=5%,ETH=0.07", "--json")
    assert said.exit_code == 0, said.output
    fall, rise = json.loads(said.stdout)
    # 20,000 + 4 · 51,040 − 244,000; B-02: 9,000 + 91,500 − 1.5 · 51,040
    assert (fall["bankrupt"], fall["deficit"], fall["equity"]) == (1, "19840.00000000", "4100.00000000")
    assert rise["scenario"] == "BTC=5%,ETH=0.07"
    (tmp_path / "scenarios.csv").write_text("scenario,BTC\nfall,-0.12\n", encoding="utf-8")
    out = tmp_path / "stress.parquet"
    said = run("stress", folder, *RULES, "--scenarios", tmp_path / "scenarios.csv", "-o", out)
    assert said.exit_code == 0, said.output
    assert str(parquet.read_table(out).to_pylist()[0]["deficit"]) == "19840.00000000"


def test_a_deficit_beyond_the_fund_exits_1(tmp_path: Path) -> None:
    folder = write(BOOK, tmp_path / "book", "csv")
    for fund, code in (("19840", 0), ("19839.99", 1)):
        assert run("stress", folder, *RULES, "--moves", "BTC=-12%", "--fund", fund).exit_code == code


def test_the_other_questions(tmp_path: Path) -> None:
    folder = write(BOOK, tmp_path / "book", "csv")
    said = run("stress", folder, *RULES, "--moves", "BTC=-12%", "--largest", "3")
    assert "A-17" in said.output
    assert "B-02" not in said.output
    said = run("stress", folder, *RULES, "--reverse", "BTC=-1")
    assert said.output == "up to BTC −3.4483%\n"  # 8,000 of 232,000
    assert json.loads(run("stress", folder, *RULES, "--reverse", "BTC=-1", "--json").output)["t"] == "1/29"
    assert run("stress", folder, *RULES, "--reverse", "ETH=-1").output == "never, as far as prices can move\n"
    drawn = tmp_path / "ladder.png"
    said = run("stress", folder, *RULES, "--ladder", "BTC-PERP", "--plot", drawn)
    assert "232,000" in said.output
    assert drawn.read_bytes().startswith(b"\x89PNG")
    drawn = tmp_path / "stress.svg"
    assert run("stress", folder, *RULES, "--moves", "BTC=-12%", "--plot", drawn).exit_code == 0
    assert "BTC=-12%" in drawn.read_text(encoding="utf-8")


def test_bad_input_exits_2(tmp_path: Path) -> None:
    folder = write(BOOK, tmp_path / "book", "csv")
    for arguments, told in (
        ([], "say what is asked"),
        (["--moves", "BTC"], "a move has a name and a size"),
        (["--moves", "BTC=1,BTC=2"], "moved once"),
        (["--moves", "BTX=1"], "unknown_column"),
        (["--moves", "BTC=-2"], "out_of_range"),
        (["--moves", "BTC=0", "--scenarios", "none.csv"], "one of them"),
        (["--scenarios", "none.csv"], "none.csv"),
        (["--moves", "BTC=0", "--fund", "x"], "fund is a number"),
        (["--moves", "BTC=0", "--plot", str(tmp_path / "a.doc")], "doc"),
        (["--reverse", "BTC=-1", "--plot", "a.png"], "one number"),
        (["--ladder", "BTX"], "unknown_instrument"),
    ):
        said = run("stress", folder, *RULES, *arguments)
        assert said.exit_code == 2, (arguments, said.output)
        assert told in said.output

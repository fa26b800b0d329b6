"""`perpcore scenarios fit`."""

import json
from pathlib import Path

import pyarrow.parquet as parquet
from click.testing import CliRunner

from perpcore.cli import main


def test_fit_writes_a_table_and_prints_one(tmp_path: Path) -> None:
    history = tmp_path / "history.csv"
    history.write_text("BTC,ETH\n100,10\n110,11\n99,12.1\n99,12.1\n108.9,12.1\n", encoding="utf-8")
    arguments = ["scenarios", "fit", str(history), "--horizon", "1", "--decay", "0.5", "--warm-up", "1"]
    said = CliRunner().invoke(main, arguments)
    assert said.exit_code == 0, said.output
    assert [row["BTC"] for row in json.loads(said.output)] == ["-0.10000000", "0.00000000", "0.12247449"]
    out = tmp_path / "scenarios.parquet"
    said = CliRunner().invoke(main, [*arguments, "-o", str(out)])
    assert said.exit_code == 0
    assert "wrote 3 rows" in said.output
    assert parquet.read_table(out).column_names == ["scenario", "BTC", "ETH"]


def test_bad_history_and_arguments_exit_2(tmp_path: Path) -> None:
    history = tmp_path / "history.csv"
    history.write_text("BTC\n100\n0\n99\n", encoding="utf-8")
    for horizon, told in (("1", "out_of_range"), ("x", "a number of rows, or a time"), ("2h", "needs a column `time`")):
        said = CliRunner().invoke(main, ["scenarios", "fit", str(history), "--horizon", horizon, "--warm-up", "1"])
        assert said.exit_code == 2
        assert told in said.output

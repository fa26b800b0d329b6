"""`perpcore price`."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from tests.cli import books

import perpcore as pc
from perpcore._files import write_file

NOW = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
NAMES = ("a", "b", "c")
RULES = 'extends = "hk-vatp-perp"\nunderlying.BTC.sources = [{}]\n'.format(
    ", ".join(f'{{ id = "{name}", group = "{name}" }}' for name in NAMES)
)


def run(*words: str, code: int = 0) -> str:
    """What `perpcore` printed; it ended with `code`."""
    ended = books.run(*words)
    assert ended.exit_code == code, ended.output
    return ended.stdout if code == 0 else ended.output


@pytest.fixture
def rules(tmp_path: Path) -> str:
    path = tmp_path / "venue.toml"
    path.write_text(RULES, encoding="utf-8")
    return str(path)


def written(path: Path, columns: dict[str, list[Any]]) -> str:
    types = {"time": pa.int64()}
    table = pa.table({name: pa.array(values, types.get(name, pa.string())) for name, values in columns.items()})
    write_file(table, path)
    return str(path)


def quotes(path: Path, seconds: int, silent_from: int = 10**9) -> str:
    """Three sources, of which b and c fall silent."""
    rows = [(NOW + at * SECOND, name) for at in range(seconds) for name in NAMES if name == "a" or at < silent_from]
    times, sources = zip(*rows, strict=True)
    return written(path, {"time": list(times), "source": list(sources), "price": ["58000"] * len(rows)})


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "csv"])
def test_an_index_tells_its_changes_of_state(tmp_path: Path, rules: str, suffix: str) -> None:
    file = quotes(tmp_path / f"quotes.{suffix}", 8)
    told = json.loads(run("price", "index", file, "-r", rules, "--underlying", "BTC", "--json"))
    assert [(row["state"], row["groups"]) for row in told["changes"]] == [("frozen", 3), ("live", 3)]
    assert (told["rows"], told["samples"], told["states"]) == (24, 8, {"frozen": 4, "live": 4})
    assert (told["state"], told["value"]) == ("live", "58000.00000000")


def test_it_is_the_index_of_python(tmp_path: Path, rules: str) -> None:
    file, out = quotes(tmp_path / "quotes.parquet", 30, silent_from=12), tmp_path / "index.parquet"
    run("price", "index", file, "-r", rules, "--underlying", "BTC", "-o", str(out), code=1)
    index = pc.IndexPrice(pc.Rulebook.read(rules), "BTC")
    assert parquet.read_table(out).to_pylist() == pa.table(index.run(parquet.read_table(file))).to_pylist()


def test_an_index_that_could_not_be_used_is_a_finding(tmp_path: Path, rules: str) -> None:
    file = quotes(tmp_path / "quotes.parquet", 30, silent_from=12)
    shown = run("price", "index", file, "-r", rules, "--underlying", "BTC", code=1)
    assert "no quorum, live groups: 1; out: b stale, c stale" in shown


def test_marks_and_funding_of_a_book(tmp_path: Path, rules: str) -> None:
    # Twenty minutes before a settlement of eight hours, a row a minute.
    start = NOW - NOW % (8 * 3_600 * SECOND) - 20 * 60 * SECOND
    book = {"time": [start + at * 5 * SECOND for at in range(252)], "index": ["58000"] * 252}
    tops = written(tmp_path / "tops.csv", book | {"bid": ["57999"] * 252, "ask": ["58003"] * 252})
    told = json.loads(run("price", "mark", tops, "-r", rules, "--instrument", "BTC-PERP", "--json"))
    assert (told["mark"], told["state"], told["rules"]) == ("58001.00000000", "live", {"mean": 1, "median3": 251})
    impact = {"impact_bid": ["57990"] * 252, "impact_ask": ["57994.2"] * 252}
    file = written(tmp_path / "premiums.csv", book | impact)
    chart = tmp_path / "funding.svg"
    shown = run("price", "funding", file, "-r", rules, "--instrument", "BTC-PERP", "--plot", str(chart), code=1)
    # 240 of 5,760 slots are fewer than half.
    assert "low_coverage" in shown
    assert "<svg" in chart.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("mark", "tops.csv", "-r", "RULES"), "--instrument says which one"),
        (("index", "none.csv", "-r", "RULES", "--underlying", "BTC"), "none.csv"),
        (("index", "tops.csv", "-r", "RULES", "--underlying", "BTC"), "unknown_column"),
        (("index", "quotes.csv", "-r", "RULES", "--underlying", "BTC", "--plot", "chart.bmp"), "bmp"),
    ],
)
def test_bad_input_is_told_in_one_block(
    tmp_path: Path, rules: str, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    quotes(tmp_path / "quotes.csv", 3)
    written(tmp_path / "tops.csv", {"time": [NOW], "bid": ["1"], "ask": ["2"]})
    shown = run("price", *(rules if word == "RULES" else word for word in words), code=2)
    assert message in shown
    assert "Traceback" not in shown

"""`perpcore rulebook new | check | show | diff | schema`."""

import json
from pathlib import Path

import pytest
from tests.cli.books import run

import perpcore as pc


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    path = tmp_path / "desk.toml"
    path.write_text('name = "desk"\nextends = "hk-vatp-perp@1"\n[venue]\ncall_factor = 1.5\nsource = "paper 12"\n')
    return path


@pytest.mark.parametrize("preset", pc.Rulebook.presets())
def test_a_new_rulebook_changes_nothing_yet(tmp_path: Path, preset: str) -> None:
    path = tmp_path / "ours.toml"
    done = run("rulebook", "new", path, "--extends", preset)
    assert done.exit_code == 0
    assert pc.Rulebook.read(path).digest == pc.Rulebook.preset(preset).digest
    assert run("rulebook", "check", path).exit_code == 0
    again = run("rulebook", "new", path)
    assert again.exit_code == 2, "an existing file is left alone"
    assert "exists" in again.stderr


def test_a_new_rulebook_names_every_value_that_could_change(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    run("rulebook", "new", path)
    text = path.read_text(encoding="utf-8")
    for word in ("call_factor", "tiers", "haircut", "taker", "thin"):
        assert word in text


def test_check_says_that_all_is_in_order(desk: Path) -> None:
    done = run("rulebook", "check", desk)
    assert done.exit_code == 0
    assert pc.Rulebook.read(desk).digest in done.stdout


def test_check_tells_everything_that_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('extends = "hk-vatp-perp"\n[venue]\ncall_facter = 2\nprofit_credit = 3\n', encoding="utf-8")
    done = run("rulebook", "check", path)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith(
        f"{path}:3:1  1002 unknown_key  venue.call_facter = 2   accepted: did you mean call_factor?"
    )
    assert lines[1].startswith(f"{path}:4:17  1004 invalid_value  venue.profit_credit = 3")


def test_check_of_a_file_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    assert run("rulebook", "check", tmp_path / "none.toml").exit_code == 2


def test_show_prints_all_or_one_value_and_its_source(desk: Path) -> None:
    done = run("rulebook", "show", desk)
    assert done.exit_code == 0
    assert pc.Rulebook.parse(done.stdout).digest == pc.Rulebook.read(desk).digest
    done = run("rulebook", "show", desk, "venue.call_factor")
    assert done.stdout.splitlines() == ["venue.call_factor = 1.5", "source: paper 12"]
    done = run("rulebook", "show", "hk-vatp-perp", "instrument.BTC-PERP.tiers")
    assert "100000" in done.stdout.replace("_", "")
    assert run("rulebook", "show", desk, "venue.nothing").exit_code == 2


def test_diff_lists_what_differs(desk: Path) -> None:
    done = run("rulebook", "diff", "hk-vatp-perp", desk)
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0] == "venue.call_factor"
    assert "1.25" in done.stdout
    assert "1.5" in done.stdout
    (change,) = json.loads(run("rulebook", "diff", "hk-vatp-perp", desk, "--json").stdout)
    assert (change["path"], change["before"], change["after"]) == ("venue.call_factor", "1.25", "1.5")
    assert change["after_source"] == "paper 12"
    same = run("rulebook", "diff", desk, desk)
    assert (same.exit_code, same.stdout.strip()) == (0, "no difference")


def test_diff_says_what_loosens(desk: Path) -> None:
    there = run("rulebook", "diff", "hk-vatp-perp", desk)
    back = run("rulebook", "diff", desk, "hk-vatp-perp")
    assert (there.exit_code, there.stdout.splitlines()[0]) == (1, "venue.call_factor")
    assert (back.exit_code, back.stdout.splitlines()[0]) == (1, "venue.call_factor   loosens")
    for sides, loosens in (("hk-vatp-perp", desk), False), ((desk, "hk-vatp-perp"), True):
        (change,) = json.loads(run("rulebook", "diff", *sides, "--json").stdout)
        assert change["loosens"] is loosens


def test_schema_is_json_for_editors() -> None:
    told = json.loads(run("rulebook", "schema").stdout)
    assert "venue" in told["properties"]
    assert told == json.loads(pc.Rulebook.schema())

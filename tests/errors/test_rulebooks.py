"""A rulebook that does not stand is refused with everything that is wrong, each at file:line:column."""

import re
from pathlib import Path
from typing import Any

import pytest
from tests.errors.refusals import CATALOGUE, check_form

import perpcore as pc

GOOD = """\
[venue]
settlement = "USD"
[asset.USD]
class = "fiat"
eligible = true
[instrument.X]
underlying = "X"
tick = 0.1
lot = 0.001
tiers = [[100, "1%", 50], ["rest", "2%", 20]]
"""

# code, text in place of a line of GOOD, dotted path, line, column of the place, value
ONE = [
    ("invalid_value", "tick = 0.1", "tick = 0", "instrument.X.tick", 8, 8, "0"),
    ("invalid_value", "tick = 0.1", "tick = 0.000000001", "instrument.X.tick", 8, 8, "0.000000001"),
    ("invalid_value", "tick = 0.1", 'tick   = "abc"', "instrument.X.tick", 8, 10, '"abc"'),
    ("invalid_value", "tick = 0.1", "tick = 1e400", "instrument.X.tick", 8, 8, "1e400"),
    ("invalid_value", "eligible = true", "eligible = 1", "asset.USD.eligible", 5, 12, "1"),
    ("invalid_value", 'class = "fiat"', 'class = "gold"', "asset.USD.class", 4, 9, '"gold"'),
    ("unknown_key", "lot = 0.001", "lot = 0.001\nsize = 1", "instrument.X.size", 10, 1, "1"),
    ("missing_key", "lot = 0.001", "", "instrument.X.lot", 6, 13, None),
    ("missing_key", 'settlement = "USD"', "", "venue.settlement", 1, 2, None),
    ("inconsistent", 'tiers = [[100, "1%", 50], ["rest", "2%", 20]]', 'tiers = [[100, "1%", 50], [100, "2%", 20]]',
     "instrument.X.tiers", 10, 28, "100"),
    ("inconsistent", 'tiers = [[100, "1%", 50], ["rest", "2%", 20]]', 'tiers = [[100, "1%", 50], [200, "0.5%", 20]]',
     "instrument.X.tiers", 10, 33, '"0.5%"'),
    ("inconsistent", 'tiers = [[100, "1%", 50], ["rest", "2%", 20]]', 'tiers = [[100, "3%", 50]]',
     "instrument.X.tiers", 10, 16, '"3%"'),
    ("rulebook_syntax", "tick = 0.1", "tick = = 1", None, 8, 8, None),
    ("rulebook_syntax", "tick = 0.1", "tick = 1\ntick = 2", None, 9, 1, None),
    ("unknown_preset", "[venue]", 'extends = "hk-vatp"\n[venue]', "extends", 1, 11, '"hk-vatp"'),
    ("unknown_preset", "[venue]", 'extends = "hk-vatp-perp@99"\n[venue]', "extends", 1, 11, '"hk-vatp-perp@99"'),
]  # fmt: skip


@pytest.mark.parametrize(("code", "line_of_good", "instead", "path", "line", "column", "value"), ONE)
def test_one_fault_and_its_place(
    code: str, line_of_good: str, instead: str, path: str | None, line: int, column: int, value: str | None
) -> None:
    assert line_of_good in GOOD
    with pytest.raises(pc.errors.RulebookError) as caught:
        pc.Rulebook.parse(GOOD.replace(line_of_good, instead, 1), "desk/my.toml")
    error = caught.value
    assert (error.code, error.table, error.column, error.value) == (code, "rulebook", path, value), error
    message = error.problems.to_pylist()[0]["message"]
    assert re.match(rf"desk/my\.toml:{line}:{column}  {CATALOGUE[code]['number']} {code}", message), message
    assert "accepted: " in message
    check_form(error)


def test_a_good_rulebook_stands() -> None:
    assert pc.Rulebook.parse(GOOD).instruments == ["X"]


def test_everything_wrong_is_told_at_once_in_order_of_place() -> None:
    text = (
        "[venue]\n"
        'settlment = "USD"\n'
        "profit_credit = 2\n"
        "[asset.USD]\n"
        'class = "gold"\n'
        "eligible = 3\n"
        "[instrument.X]\n"
        "tick = 0\n"
        "tiers = []\n"
    )
    with pytest.raises(pc.errors.RulebookError) as caught:
        pc.Rulebook.parse(text, "my.toml")
    problems = caught.value.problems.to_pylist()
    found = {(p["code"], p["column"]) for p in problems}
    assert found >= {
        ("missing_key", "venue.settlement"),
        ("unknown_key", "venue.settlment"),
        ("invalid_value", "venue.profit_credit"),
        ("invalid_value", "asset.USD.class"),
        ("invalid_value", "asset.USD.eligible"),
        ("missing_key", "instrument.X.underlying"),
        ("missing_key", "instrument.X.lot"),
        ("invalid_value", "instrument.X.tick"),
        ("invalid_value", "instrument.X.tiers"),
    }
    places = [tuple(map(int, re.match(r"my\.toml:(\d+):(\d+)  ", p["message"]).groups())) for p in problems]
    assert places == sorted(places)
    assert str(caught.value).splitlines() == [p["message"] for p in problems]


@pytest.mark.code("unknown_preset")
@pytest.mark.parametrize("name", ["", "hk", "hk-vatp-perp@2", "HK-VATP-PERP"])
def test_presets_are_named_exactly(name: str) -> None:
    with pytest.raises(pc.errors.RulebookError) as caught:
        pc.Rulebook.preset(name)
    assert (caught.value.code, caught.value.value) == ("unknown_preset", name)
    assert "hk-vatp-perp@1" in (caught.value.accepted or "")
    check_form(caught.value)


def test_a_file_is_named_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "desk.toml"
    path.write_text(GOOD.replace("tick = 0.1", "tick = 0"), encoding="utf-8")
    with pytest.raises(pc.errors.RulebookError, match=rf"{re.escape(str(path))}:8:8  1004 invalid_value"):
        pc.Rulebook.read(path)
    with pytest.raises(FileNotFoundError):
        pc.Rulebook.read(tmp_path / "none.toml")


@pytest.mark.code("rulebook_syntax")
def test_a_file_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "desk.toml"
    path.write_bytes(b'name = "\xff"\n')
    with pytest.raises(pc.errors.RulebookError) as caught:
        pc.Rulebook.read(path)
    assert caught.value.code == "rulebook_syntax"


EDITS: list[tuple[str, dict[str, Any], str]] = [
    ("unknown_key", {"venue.call_facter": 1}, "venue.call_facter"),
    ("invalid_value", {"venue.call_factor": "much"}, "venue.call_factor"),
    ("invalid_value", {"instrument.BTC-PERP.tick": 0}, "instrument.BTC-PERP.tick"),
    ("inconsistent", {"instrument.BTC-PERP.tiers": [[1, "3%", 50]]}, "instrument.BTC-PERP.tiers"),
    ("inconsistent", {"asset.HKD.close_cost": "1%"}, "asset.HKD.close_cost"),
]


@pytest.mark.parametrize(("code", "changes", "path"), EDITS)
def test_an_edit_that_does_not_stand_changes_nothing(code: str, changes: dict[str, Any], path: str) -> None:
    rules = pc.Rulebook.preset("hk-vatp-perp")
    digest, text = rules.digest, rules.to_toml()
    with pytest.raises(pc.errors.RulebookError) as caught:
        rules.edit(changes)
    assert (caught.value.code, caught.value.column) == (code, path)
    assert (rules.digest, rules.to_toml()) == (digest, text)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_edit_takes_finite_numbers(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        pc.Rulebook.preset("hk-vatp-perp").edit({"venue.call_factor": value})
    with pytest.raises(TypeError):
        pc.Rulebook.preset("hk-vatp-perp").edit({"venue.call_factor": object()})

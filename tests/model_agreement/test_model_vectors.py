"""The model against the cases of tests/rules and, where they are at hand, the complete vectors of `../shared`."""

from pathlib import Path

import pytest
from tests.model import check_vectors, check_waterfall
from tests.rules.check import load
from tests.shared import VECTORS, at_hand

ROOT = Path(__file__).parents[2]
CARRIED = sorted((ROOT / "tests" / "rules" / "cases").glob("*.json"))


@pytest.mark.parametrize("path", CARRIED, ids=lambda path: path.stem)
def test_the_model_agrees_with_the_carried_cases(path: Path) -> None:
    assert not [f"{case['id']}: {text}" for case in load(path) for text in check_vectors.differences(case)]


@pytest.mark.parametrize(("name", "check"), [("accounts", check_vectors), ("waterfall", check_waterfall)])
def test_the_model_agrees_with_the_complete_vectors(name, check, capsys) -> None:
    path = at_hand(VECTORS / f"{name}.json")
    assert check.main([str(path)]) == 0, capsys.readouterr().out

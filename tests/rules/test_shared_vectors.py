"""The complete vectors of `../shared` (or $PERPCORE_SHARED), from which the carried cases were taken."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.rules.check import HERE, Case, check, load
from tests.shared import VECTORS, at_hand


def told() -> list[dict[str, Any]]:
    path = VECTORS / "accounts.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


CASES = told()


@pytest.fixture
def vectors() -> Path:
    return at_hand(VECTORS)


@pytest.mark.parametrize("case", CASES or [None], ids=lambda case: case["id"] if case else "absent")
def test_the_complete_vectors_hold(vectors: Path, case: Case) -> None:
    check(case)


def test_the_carried_cases_are_the_complete_ones(vectors: Path) -> None:
    carried = {case["id"]: case for path in (HERE / "cases").glob("*.json") for case in load(path)}
    for case in told():
        mine = carried.pop(case["id"], None)
        assert mine is not None, f"{case['id']} is not carried in tests/rules/cases"
        given = {name: table for name, table in case["book"].items() if table is not None}
        assert mine == case | {"book": given}
    assert not carried


def test_the_carried_venue_examples_are_the_complete_ones(vectors: Path) -> None:
    complete = {item["id"]: item for item in json.loads((vectors / "venue_examples.json").read_text(encoding="utf-8"))}
    carried = json.loads((HERE / "venue_examples.json").read_text(encoding="utf-8"))
    assert [item for item in carried if complete[item["id"]] != item] == []

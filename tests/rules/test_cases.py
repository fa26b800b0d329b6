"""The cases of every rule, each worked from RULES: figures, lines and refusals to the last unit."""

import pytest
from tests.rules.check import HERE, Case, check, load

FILES = sorted((HERE / "cases").glob("*.json"))
CASES = [case for path in FILES for case in load(path)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_rule_holds(case: Case) -> None:
    check(case)


def test_a_case_stands_in_the_file_of_its_rule() -> None:
    for path in FILES:
        assert all(case["id"].startswith(f"{path.stem}/") for case in load(path))

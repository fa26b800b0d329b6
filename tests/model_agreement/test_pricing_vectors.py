"""The model of RULES §7 against the complete vectors of `../shared` and what trading venues published.

Without that folder the tests skip and say so; where CI=true they fail instead, so that a run that counts cannot
pass by not looking.
"""

import os
from pathlib import Path

import pytest
from tests.model.pricing import check_examples, check_vectors

ROOT = Path(__file__).parents[2]
VECTORS = Path(os.environ.get("PERPCORE_SHARED") or ROOT.parent / "shared") / "vectors"


@pytest.mark.parametrize(("name", "check"), [("pricing", check_vectors), ("venue_examples", check_examples)])
def test_the_model_of_prices_agrees_with_the_complete_vectors(name, check, capsys) -> None:
    path = VECTORS / f"{name}.json"
    if not path.is_file():
        message = f"no {path.name} beside the repository"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{message}; set PERPCORE_SHARED")
        pytest.skip(f"{message} (PERPCORE_SHARED names another place)")
    assert check.main([str(path)]) == 0, capsys.readouterr().out

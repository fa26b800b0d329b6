"""The model of RULES §7 against the complete vectors of `../shared` and what trading venues published."""

import pytest
from tests.model.pricing import check_examples, check_vectors
from tests.shared import VECTORS, at_hand


@pytest.mark.parametrize(("name", "check"), [("pricing", check_vectors), ("venue_examples", check_examples)])
def test_the_model_of_prices_agrees_with_the_complete_vectors(name, check, capsys) -> None:
    path = at_hand(VECTORS / f"{name}.json")
    assert check.main([str(path)]) == 0, capsys.readouterr().out

"""The laws of RULES §5 and §6, over the model and over perpcore."""

import pytest
from tests.model import assess
from tests.model.laws import LAWS, Law
from tests.model.liquidation_laws import model_surplus, violations
from tests.model.random_books import random_book
from tests.model_agreement.agreement import SOAK, core_assess
from tests.model_agreement.laws_of import core_answer, core_surplus, model_answer

SEEDS = 2_000 if SOAK else 40
BOOKS = 200 if SOAK else 6


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_model_keeps_the_law(law: Law) -> None:
    for seed in range(SEEDS):
        assert not [f"seed {seed}: {text}" for text in law(model_answer, seed)]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_perpcore_keeps_the_law(law: Law) -> None:
    for seed in range(SEEDS):
        assert not [f"seed {seed}: {text}" for text in law(core_answer, seed)]


def test_the_model_is_safe_at_its_liquidation_prices_and_not_beyond() -> None:
    for seed in range(BOOKS):
        result = assess(*random_book(seed, 100, portfolio=seed % 3 > 0))
        rows = list(result.liquidation_prices())
        assert not [f"seed {seed}: {text}" for text in violations(result, rows, model_surplus(result))]


def test_perpcore_is_safe_at_its_liquidation_prices_and_not_beyond() -> None:
    for seed in range(BOOKS):
        text, book = random_book(seed, 30, portfolio=seed % 3 > 0)
        model = assess(text, book)
        rows = core_assess(text, book).liquidation_prices().to_pylist()
        assert not [f"seed {seed}: {told}" for told in violations(model, rows, core_surplus(text, book, model))]

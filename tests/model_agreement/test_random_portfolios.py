"""perpcore and the independent model value random books of both margin models alike, liquidation prices included.

A failure names its seed: `case(seed)` gives the rulebook and the book again.
"""

import random
from typing import Any

import pytest
from tests.model import assess
from tests.model.random_books import random_book
from tests.model_agreement.agreement import SOAK, core_assess, differences, price_differences
from tests.model_agreement.forms import as_arrow, common_book, sorted_by_account

BOOKS, ACCOUNTS = 10, 100  # of a block
BLOCKS = 520 if SOAK else 20
STANDARD_BLOCKS = 52 if SOAK else 2


def case(seed: int, portfolio: bool = True) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A rulebook, a book as the model reads it, and the same book as perpcore is given it."""
    if seed % 4 == 3:
        text, book = common_book(seed, ACCOUNTS, portfolio)
        if seed % 3:
            book = sorted_by_account(book)
        return text, book, as_arrow(book, random.Random(seed))
    text, book = random_book(seed, ACCOUNTS, tune=seed % 2 == 0, forms=seed % 3 == 0, portfolio=portfolio)
    if seed % 5 < 2:
        return text, book, book
    if seed % 5 == 4:
        book = sorted_by_account(book)
    return text, book, as_arrow(book, random.Random(seed))


@pytest.mark.parametrize("block", range(BLOCKS))
def test_every_figure_of_both_models_agrees(block: int) -> None:
    for seed in range(block * BOOKS, (block + 1) * BOOKS):
        text, book, given = case(seed)
        core, model = core_assess(text, given), assess(text, book)
        found = list(differences(core, model))
        found += price_differences(core, model)
        assert not found, "\n".join([f"case({seed})", *found[:20]])


@pytest.mark.parametrize("block", range(STANDARD_BLOCKS))
def test_liquidation_prices_agree_where_no_portfolio_is_enabled(block: int) -> None:
    for seed in range(block * BOOKS, (block + 1) * BOOKS):
        text, book, given = case(seed, portfolio=False)
        found = list(price_differences(core_assess(text, given), assess(text, book)))
        assert not found, "\n".join([f"case({seed}, portfolio=False)", *found[:20]])


def test_a_run_is_as_large_as_it_says() -> None:
    results = [assess(text, book) for text, book, _ in map(case, range(BOOKS))]
    accounts = sum(len(result.accounts) for result in results)
    portfolios = sum(account.model == "portfolio" for result in results for account in result.valued)
    assert accounts == BOOKS * ACCOUNTS
    assert accounts // 4 < portfolios < accounts * 3 // 4
    assert BLOCKS * accounts >= (500_000 if SOAK else 20_000)

"""perpcore and the independent model value the same random books to the same bits.

The books stand at every edge of their rulebook: tier caps, slices, the lines between statuses, the bounds of
RULES §1. A failure names its seed: `case(seed)` gives the rulebook and the book again.
"""

import random
from typing import Any

import pytest
from tests.model import assess
from tests.model.random_books import random_book
from tests.model_agreement.agreement import SOAK, core_assess, differences
from tests.model_agreement.forms import as_arrow, sorted_by_account

BOOKS, ACCOUNTS = 10, 100  # of a block
BLOCKS = 520 if SOAK else 20


def case(seed: int) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A rulebook, a book as the model reads it, and the same book as perpcore is given it."""
    # every other book is tuned to the edges of `status`; every third gives numbers as Decimal and float too
    text, book = random_book(seed, ACCOUNTS, tune=seed % 2 == 0, forms=seed % 3 == 0)
    if seed % 5 < 2:
        return text, book, book
    if seed % 5 == 4:
        book = sorted_by_account(book)
    return text, book, as_arrow(book, random.Random(seed))


@pytest.mark.parametrize("block", range(BLOCKS))
def test_every_figure_of_random_books_agrees(block: int) -> None:
    for seed in range(block * BOOKS, (block + 1) * BOOKS):
        text, book, given = case(seed)
        found = list(differences(core_assess(text, given), assess(text, book)))
        assert not found, "\n".join([f"case({seed})", *found[:20]])


def test_a_block_is_as_large_as_it_says() -> None:
    accounts = sum(len(assess(*random_book(seed, ACCOUNTS, tune=False)).accounts) for seed in range(BOOKS))
    assert accounts == BOOKS * ACCOUNTS
    assert BLOCKS * accounts >= (500_000 if SOAK else 20_000)

"""perpcore and the independent model value the same random books to the same bits.

The books stand at every edge of their rulebook: tier caps, slices, the lines between statuses, the bounds of
RULES §1. A failure names its seed: `case(seed)` gives the rulebook and the book again.
"""

import random
from typing import Any

import pytest
from tests.model import assess, read_rulebook
from tests.model.random_books import random_book
from tests.model_agreement.agreement import SOAK, core_assess, differences
from tests.model_agreement.forms import as_arrow, common_book, sorted_by_account

BOOKS, ACCOUNTS = 10, 100  # of a block
BLOCKS = 520 if SOAK else 20


def case(seed: int) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A rulebook, a book as the model reads it, and the same book as perpcore is given it."""
    if seed % 4 == 3:
        text, book = common_book(seed, ACCOUNTS)
        if seed % 3:
            book = sorted_by_account(book)
        return text, book, as_arrow(book, random.Random(seed))
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


@pytest.mark.parametrize("rows", [1, 2, 63, 64, 65, 66, 127, 128, 129, 500])
def test_accounts_of_many_rows_agree(rows: int) -> None:
    """The same key again and again, of both signs, beside an account of one row."""
    text, book = common_book(rows, 3)
    rng = random.Random(rows)
    held, owned = book["positions"], book["balances"]
    many = 999_999 if isinstance([*held["account"], *owned["account"], 0][0], int) else "MANY"
    for table in (held, owned):
        table["account"] += [many] * rows
    names = [symbol for symbol in book["prices"]["symbol"] if symbol.endswith("-PERP")]
    count = len(held["account"])
    for column, values in held.items():
        draws = {
            "instrument": lambda: rng.choice(names),
            "quantity": lambda: rng.choice(("1", "-2", "0", "0.5")),
            "entry_price" if "entry_price" in held else "cost": lambda: rng.choice(("1", "3.5", "7")),
        }
        while len(values) < count:
            values.append(draws[column]() if column in draws and column != "account" else None)
    settlement = read_rulebook(text).settlement
    for column, values in owned.items():
        while len(values) < len(owned["account"]):
            values.append({"asset": settlement, "amount": rng.choice(("1", "-0.5"))}.get(column))
    found = list(differences(core_assess(text, book), assess(text, book)))
    assert not found, "\n".join(found[:20])


def test_a_block_is_as_large_as_it_says() -> None:
    accounts = sum(len(assess(*random_book(seed, ACCOUNTS, tune=False)).accounts) for seed in range(BOOKS))
    assert accounts == BOOKS * ACCOUNTS
    assert BLOCKS * accounts >= (500_000 if SOAK else 20_000)

"""How a book is written changes no bit: row order, split rows, chunks, types, threads, other accounts."""

import math
import random
from decimal import Decimal

import pytest
from tests.laws.books import SEEDS, SOAK, Row, appearance, assess, figures, mapped, shuffled
from tests.model import read_rulebook
from tests.model.random_books import random_book
from tests.model_agreement.forms import as_arrow

import perpcore as pc

E8 = Decimal("0.00000001")


@pytest.mark.parametrize("seed", SEEDS)
def test_row_order_changes_only_the_order_of_results(seed: int) -> None:
    text, book = random_book(seed, 30)
    other = shuffled(book, random.Random(seed))
    result, again = assess(text, book), assess(text, other)
    assert figures(result) == figures(again)
    assert again.accounts.column("account").to_pylist() == appearance(other)
    isolated = [
        (account, instrument)
        for account, instrument, mode in zip(
            *(other["positions"].get(name, []) for name in ("account", "instrument", "margin_mode")), strict=False
        )
        if mode == "isolated"
    ]
    found = again.isolated.to_pylist()
    assert [(row["account"], row["instrument"]) for row in found] == list(dict.fromkeys(isolated))


@pytest.mark.parametrize("seed", SEEDS)
def test_types_and_chunks_change_no_bit(seed: int) -> None:
    text, book = random_book(seed, 30)
    result, again = assess(text, book), assess(text, as_arrow(book, random.Random(seed)))
    assert result.accounts.to_pylist() == again.accounts.to_pylist()
    assert result.isolated.to_pylist() == again.isolated.to_pylist()
    assert result.lines().to_pylist() == again.lines().to_pylist()


@pytest.mark.parametrize("seed", SEEDS)
def test_splitting_rows_changes_no_bit(seed: int) -> None:
    """Rows of one key add up; every order is its own, and its loss and fee are linear in its quantity."""
    text, book = random_book(seed, 30)
    steps = {
        name: E8 * (10**8 // math.gcd(instrument.contract_size, 10**8))
        for name, instrument in read_rulebook(text).instruments.items()
    }
    rng = random.Random(seed)

    def part(row: Row, column: str, step: Decimal) -> Decimal | None:
        """A random part of a value, with its sign and a multiple of the step."""
        if row.get(column) is None:
            return None
        return Decimal(rng.randint(0, 8)) / 8 * Decimal(row[column]) // step * step

    def parted(row: Row, steps_of: dict[str, Decimal]) -> list[Row]:
        parts = {column: part(row, column, step) for column, step in steps_of.items() if column in row}
        rest = {column: None if taken is None else Decimal(row[column]) - taken for column, taken in parts.items()}
        return [row | parts, row | rest]

    def split(table: str, rows: list[Row]) -> list[Row]:
        if table == "accounts":
            return rows
        found: list[Row] = []
        for row in rows:
            if table == "balances":
                found += parted(row, {"amount": E8})
            elif table == "orders":
                found += parted(row, {"quantity": steps[row["instrument"]]})
            else:
                money = dict.fromkeys(("cost", "isolated_margin", "accrued_funding"), E8)
                found += parted(row, {"quantity": steps[row["instrument"]], **money})
        return found

    assert figures(assess(text, book)) == figures(assess(text, mapped(book, split)))


@pytest.mark.parametrize("seed", SEEDS)
def test_an_account_does_not_depend_on_others(seed: int) -> None:
    text, book = random_book(seed, 30)
    everybody = figures(assess(text, book))
    chosen = set(random.Random(seed).sample(appearance(book), 8))
    alone = mapped(book, lambda _, rows: [row for row in rows if row["account"] in chosen])
    assert figures(assess(text, alone)) == {key: row for key, row in everybody.items() if key[0] in chosen}


@pytest.fixture(scope="module")
def crowd() -> pc.synth.Workload:
    return pc.synth.workload(accounts=200_000 if SOAK else 40_000, instruments=5, shuffled=True)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_threads_change_no_bit(crowd: pc.synth.Workload, threads: int) -> None:
    rules = pc.Rulebook.parse(crowd.rulebook)
    result, again = pc.assess(rules, **crowd.book), pc.assess(rules, **crowd.book, threads=threads)
    assert again.accounts.equals(result.accounts)
    assert again.isolated.equals(result.isolated)
    assert again.lines().equals(result.lines())


def test_numbers_and_ids_of_a_crowd_change_no_figure() -> None:
    results = []
    for numbers in ("e8", "decimal128", "float64"):
        for ids in ("dictionary", "string"):
            load = pc.synth.workload(accounts=3_000, instruments=4, shuffled=True, ids=ids, numbers=numbers)
            results.append(pc.assess(pc.Rulebook.parse(load.rulebook), **load.book).accounts.to_pylist())
    assert all(result == results[0] for result in results)

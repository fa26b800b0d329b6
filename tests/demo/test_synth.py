"""Synthetic books: the same seed gives the same bytes; what they look like is what they say."""

import hashlib
from decimal import Decimal

import pyarrow as pa
import pytest

import perpcore as pc


def digest(book: dict[str, pa.Table]) -> str:
    """Of every byte of every column, whatever its chunks."""
    found = hashlib.sha256()
    for name in sorted(book):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, book[name].schema) as writer:
            writer.write_table(book[name].combine_chunks())
        found.update(name.encode())
        found.update(sink.getvalue())
    return found.hexdigest()


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert digest(pc.synth.book(500, seed=1)) == digest(pc.synth.book(500, seed=1))
    assert digest(pc.synth.book(500, seed=1)) != digest(pc.synth.book(500, seed=2))
    assert digest(pc.synth.workload(500).book) == digest(pc.synth.workload(500).book)
    assert pc.synth.workload(500).rulebook == pc.synth.workload(500).rulebook


def test_the_seed_and_nothing_else_decides() -> None:
    import numpy as np

    np.random.seed(1)  # noqa: NPY002 - the global generator is what must not matter
    one = digest(pc.synth.book(300, seed=9))
    np.random.seed(2)  # noqa: NPY002
    assert digest(pc.synth.book(300, seed=9)) == one


@pytest.mark.parametrize("preset", pc.Rulebook.presets())
def test_a_book_is_valued_without_a_problem_and_nearly_all_is_well(preset: str) -> None:
    rules = pc.Rulebook.preset(preset)
    book = pc.synth.book(2_000, seed=4, rules=rules)
    result = pc.assess(rules, **book)
    assert result.accounts.num_rows == 2_000
    counts = result.counts()
    assert counts["healthy"] >= 1_900
    assert not {"bankrupt", "undecided", "unknown"} & counts.keys()


def test_a_book_has_the_rows_it_promises() -> None:
    book = pc.synth.book(4_000, seed=2)
    assert len(book["accounts"]) == 4_000
    assert 3.5 < len(book["positions"]) / 4_000 < 4.5
    assert 1.5 < len(book["balances"]) / 4_000 < 1.9


@pytest.mark.parametrize("ids", ["dictionary", "string", "int"])
@pytest.mark.parametrize("numbers", ["e8", "decimal128", "float64"])
def test_a_workload_is_the_same_book_in_every_form(ids: str, numbers: str) -> None:
    plain = pc.synth.workload(400, 3)
    other = pc.synth.workload(400, 3, ids=ids, numbers=numbers)
    rules = pc.Rulebook.parse(plain.rulebook)
    columns = ["equity", "initial_margin", "maintenance_margin", "status"]
    wanted = pc.assess(rules, **plain.book).accounts.select(columns)
    assert pc.assess(rules, **other.book).accounts.select(columns).equals(wanted)


def test_shuffling_a_workload_moves_rows_only() -> None:
    plain, shuffled = pc.synth.workload(400, 3), pc.synth.workload(400, 3, shuffled=True)
    rules = pc.Rulebook.parse(plain.rulebook)
    results = [pc.assess(rules, **load.book).accounts.to_pylist() for load in (plain, shuffled)]
    assert results[0] != results[1]
    assert sorted(results[0], key=str) == sorted(results[1], key=str)


@pytest.mark.parametrize("arguments", [{"accounts": 0}, {"accounts": -1}])
def test_a_book_has_at_least_one_account(arguments: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least one account"):
        pc.synth.book(**arguments)
    with pytest.raises(ValueError, match="at least one account"):
        pc.synth.workload(**arguments)


def test_quantities_are_lots_and_prices_are_ticks() -> None:
    rules = pc.Rulebook.preset("hk-vatp-perp")
    book = pc.synth.book(500, seed=6, rules=rules)
    lots = {"BTC-PERP": Decimal("0.001"), "ETH-PERP": Decimal("0.01")}
    ticks = {"BTC-PERP": Decimal("0.1"), "ETH-PERP": Decimal("0.01")}
    for table, price in (("positions", "entry_price_e8"), ("orders", "price_e8")):
        for row in book[table].to_pylist():
            assert Decimal(row["quantity_e8"]) % (lots[row["instrument"]] * 10**8) == 0
            assert Decimal(row[price]) % (ticks[row["instrument"]] * 10**8) == 0

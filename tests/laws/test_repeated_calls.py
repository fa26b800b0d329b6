"""A result never changes once it is made: whatever runs after it, beside it, or in a child of the process."""

import gc
import multiprocessing
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from tests.laws.books import SOAK

import perpcore as pc

ROUNDS = 400 if SOAK else 40


def load(seed: int, accounts: int = 2_000) -> tuple[pc.Rulebook, dict[str, pa.Table]]:
    found = pc.synth.workload(accounts=accounts, instruments=3, seed=seed)
    return pc.Rulebook.parse(found.rulebook), found.book


def frozen(result: pc.Assessment) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    return result.accounts.to_pylist(), result.isolated.to_pylist()


def test_results_stay_as_they_were_while_further_calls_run() -> None:
    """Output memory may be reused only once nobody holds it: by the result, by a column, or by another library."""
    import polars as pl

    rules, book = load(1)
    first = pc.assess(rules, **book)
    wanted = frozen(first)
    column = first.accounts["equity"]
    frame = pl.DataFrame(first)
    part = first.accounts.slice(100, 10)
    for seed in range(ROUNDS):
        _, other = load(seed + 2, 1_900 + seed)
        pc.assess(rules, **other).accounts.to_pylist()
    assert frozen(first) == wanted
    equities = [row["equity"] for row in wanted[0]]
    del first
    gc.collect()
    for seed in range(5):
        _, other = load(seed + 2)
        pc.assess(rules, **other)
    assert column.to_pylist() == equities
    assert frame["equity"].to_list() == equities
    assert part["equity"].to_pylist() == equities[100:110]


def test_the_same_call_gives_the_same_bits_each_time() -> None:
    """Also of columns that are nulls or left over: nothing of an earlier book shines through."""
    rules, book = load(1)
    wanted = pc.assess(rules, **book).accounts
    for seed in range(ROUNDS):
        _, other = load(seed + 2, 1_500 + 13 * seed)
        pc.assess(rules, **other)
        assert pc.assess(rules, **book).accounts.equals(wanted)


def test_marked_accounts_are_null_whatever_ran_before() -> None:
    rules, book = load(1)
    for _ in range(3):
        pc.assess(rules, **book)
        bad = {"account": [f"A{n}" for n in range(2_000)], "asset": ["NONE"] * 2_000, "amount": ["1"] * 2_000}
        accounts = pc.assess(rules, balances=bad, on_error="mark").accounts
        assert all(accounts[name].null_count == 2_000 for name in accounts.schema.names[1:13])


@pytest.mark.parametrize("accounts", [500, 20_000])
def test_rulebooks_are_shared_between_threads(accounts: int) -> None:
    rules, _ = load(0)
    books = [load(seed, accounts)[1] for seed in range(4)]
    wanted = [pc.assess(rules, **book).accounts for book in books]
    start = threading.Barrier(4)

    def work(place: int) -> bool:
        start.wait()
        return all(pc.assess(rules, **books[place]).accounts.equals(wanted[place]) for _ in range(8))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))


def test_one_result_is_read_by_many_threads() -> None:
    rules, book = load(3)
    result = pc.assess(rules, **book)
    ids = result.accounts["account"].to_pylist()[:40]
    wanted = [str(result.explain(account)) for account in ids]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda account: str(result.explain(account)), ids)) == wanted


def child(accounts: int, answers: "multiprocessing.SimpleQueue[object]") -> None:
    rules, book = load(5, accounts)
    answers.put(pc.assess(rules, **book, threads=2).accounts.to_pylist()[:50])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_gets_the_right_answer() -> None:
    accounts = 30_000
    rules, book = load(5, accounts)
    wanted = pc.assess(rules, **book, threads=2).accounts.to_pylist()[:50]
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    process = context.Process(target=child, args=(accounts, answers))
    process.start()
    process.join(60)
    if process.is_alive():
        process.kill()
        pytest.fail("the child hangs")
    assert process.exitcode == 0
    assert answers.get() == wanted

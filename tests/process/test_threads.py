"""Sixteen threads at once on one rulebook and one result: each gets what a single one would."""

import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from tests.process.load import SOAK, figures, load

import perpcore as pc

THREADS = 16
ROUNDS = 60 if SOAK else 6


@pytest.fixture(autouse=True)
def threads_take_turns_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def all_at_once(work: Callable[[int], object]) -> list[object]:
    """What each of the threads found; an exception of any of them is raised."""
    start = threading.Barrier(THREADS)
    found: list[object] = [None] * THREADS
    failed: list[BaseException] = []

    def run(place: int) -> None:
        try:
            start.wait()
            found[place] = work(place)
        except BaseException as error:  # noqa: BLE001  # it is raised below
            failed.append(error)

    threads = [threading.Thread(target=run, args=(place,), daemon=True) for place in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive(), "a thread hangs"
    if failed:
        raise failed[0]
    return found


@pytest.mark.parametrize("accounts", [200, 20_000])
def test_calls_of_every_kind_on_shared_objects(accounts: int) -> None:
    """Small calls hold the GIL, large ones release it; both on the same rulebook, beside explanations and lines."""
    rules, book = load(accounts)
    shared = pc.assess(rules, **book)
    ids = shared.accounts["account"].to_pylist()[:: max(1, accounts // 50)]
    pages = {account: str(shared.explain(account)) for account in ids}
    wanted, lines = figures(shared), shared.lines()
    edited = rules.edit({"venue.call_factor": "1.5"})
    assert edited.digest != rules.digest

    def work(place: int) -> bool:
        right = True
        for turn in range(ROUNDS if accounts < 1_000 else 2):
            match (place + turn) % 4:
                case 0:
                    right &= figures(pc.assess(rules, **book)) == wanted
                case 1:
                    account = ids[(place * 7 + turn) % len(ids)]
                    right &= str(shared.explain(account)) == pages[account]
                case 2 if accounts < 1_000:
                    right &= shared.lines().equals(lines)
                case _:
                    right &= rules.edit({"venue.call_factor": "1.5"}).digest == edited.digest
                    right &= pc.Rulebook.parse(rules.to_toml()) == rules
                    right &= shared.accounts.num_rows == accounts
        return right

    assert all(all_at_once(work))


def test_errors_in_one_thread_are_its_own() -> None:
    rules, book = load(100)
    wanted = figures(pc.assess(rules, **book))

    def work(place: int) -> bool:
        for _ in range(ROUNDS * 4):
            if place % 2:
                with pytest.raises(pc.errors.InputError) as caught:
                    pc.assess(rules, balances={"account": [f"T{place}"], "asset": ["NONE"], "amount": ["1"]})
                assert caught.value.value == "NONE"
            else:
                assert figures(pc.assess(rules, **book)) == wanted
        return True

    assert all(all_at_once(work))


def test_other_threads_run_while_a_large_call_does() -> None:
    rules, book = load(400_000 if SOAK else 150_000)
    pc.assess(rules, **book)
    ticks = 0
    done = threading.Event()

    def call() -> None:
        for _ in range(5):
            pc.assess(rules, **book)
        done.set()

    thread = threading.Thread(target=call)
    thread.start()
    while not done.wait(0.0005):
        ticks += 1
    thread.join()
    assert ticks > 20

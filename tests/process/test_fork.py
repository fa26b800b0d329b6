"""A forked child that uses the library gets a right answer, never a hang; its parent does not notice."""

import multiprocessing
import os
import threading
import time
import traceback
from collections.abc import Callable

import pytest
from tests.process.load import SOAK, figures, load

import perpcore as pc

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]

PATIENCE_S = 60
CHILDREN = 40 if SOAK else 6


def forked(work: Callable[[], object]) -> int:
    """A child that does some work, its exit code 0 where the work did not raise."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:  # noqa: BLE001  # a child must not go on with the tests
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def exit_code(child: int) -> int:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, 9)
    os.waitpid(child, 0)
    pytest.fail("the child hangs")


@pytest.mark.parametrize("accounts", [100, 30_000])
def test_a_child_after_use_with_threads(accounts: int) -> None:
    rules, book = load(accounts)
    before = pc.assess(rules, **book, threads=2)
    wanted = figures(before)
    account = before.accounts["account"][0].as_py()
    page = str(before.explain(account))

    def work() -> None:
        assert figures(pc.assess(rules, **book, threads=2)) == wanted
        assert figures(before) == wanted
        assert str(before.explain(account)) == page
        assert pc.Rulebook.parse(rules.to_toml()) == rules

    assert [exit_code(child) for child in [forked(work) for _ in range(2)]] == [0, 0]
    work()


def test_children_forked_while_other_threads_are_in_calls() -> None:
    """Whatever lock those threads hold at that moment, the child has no one to release it."""
    rules, book = load(60_000)
    small_rules, small = load(300, seed=8)
    wanted, small_wanted = figures(pc.assess(rules, **book)), figures(pc.assess(small_rules, **small))
    over = threading.Event()

    def busy(text_ids: bool) -> None:
        busy_rules, busy_book = load(60_000, seed=9, ids="string" if text_ids else "dictionary")
        while not over.is_set():
            pc.assess(busy_rules, **busy_book).lines() if text_ids else pc.assess(busy_rules, **busy_book)

    def work() -> None:
        assert figures(pc.assess(small_rules, **small)) == small_wanted
        assert figures(pc.assess(rules, **book, threads=2)) == wanted
        with pytest.raises(pc.errors.InternalError):
            pc._core._provoke_panic(1_000_000)

    threads = [threading.Thread(target=busy, args=(text_ids,)) for text_ids in (False, True, False)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(0.3)
        for _ in range(CHILDREN):
            assert exit_code(forked(work)) == 0
            time.sleep(0.01)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    work()


def test_a_child_forked_from_another_thread_uses_its_own_main_thread() -> None:
    """The forking thread is the child's main one: signals are looked for in it."""
    rules, book = load(30_000)
    wanted = figures(pc.assess(rules, **book))
    codes: list[int] = []

    def work() -> None:
        import signal

        assert figures(pc.assess(rules, **book)) == wanted
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            again_and_again()

    def again_and_again() -> None:
        while True:
            pc.assess(rules, **book)

    thread = threading.Thread(target=lambda: codes.append(exit_code(forked(work))))
    thread.start()
    thread.join()
    assert codes == [0]


def answer(accounts: int) -> str:
    rules, book = load(accounts)
    return figures(pc.assess(rules, **book, threads=2))


def test_a_pool_of_processes() -> None:
    wanted = [answer(accounts) for accounts in (50, 30_000)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map_async(answer, [50, 30_000] * 3).get(PATIENCE_S) == wanted * 3


def test_a_grandchild() -> None:
    rules, book = load(30_000)
    wanted = figures(pc.assess(rules, **book))

    def work() -> None:
        assert figures(pc.assess(rules, **book)) == wanted

    def parent() -> None:
        work()
        assert exit_code(forked(work)) == 0

    assert exit_code(forked(parent)) == 0

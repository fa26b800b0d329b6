"""One monitor in a process: many threads, signals, forks, and a call that fails inside."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import perpcore as pc
from perpcore.errors import InternalError, StateError

HK = pc.Rulebook.preset("hk-vatp-perp")
A: dict[str, Any] = {
    "positions": {"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["1"], "cost": ["60000"]},
    "balances": {"account": ["A"], "asset": ["USD"], "amount": ["5000"]},
    "prices": {"BTC-PERP": "60000"},
}


def large(accounts: int) -> tuple[pc.Rulebook, dict[str, Any]]:
    made = pc.synth.workload(accounts)
    return pc.Rulebook.parse(made.rulebook), made.book


@contextmanager
def alarm(after: float, handler: Callable[..., Any]) -> Iterator[None]:
    """Runs a handler in the main thread, again and again."""
    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, after, 0.02)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_readers_and_a_writer_never_see_a_torn_state() -> None:
    monitor = pc.Monitor(HK, **A)
    wrong: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            row = monitor.accounts().to_pylist()[0]
            book = monitor.snapshot()
            price = book["prices"].to_pydict()["price_e8"][0]
            # Each price has its balance: they were told in one step.
            if book["balances"].to_pydict()["amount_e8"][0] * 12 != price:
                wrong.append(f"{price}: {book['balances'].to_pylist()}")
            if row["status"] not in ("healthy", "liquidation"):
                wrong.append(row["status"])
            monitor.check_order("A", "BTC-PERP", 1)
            monitor.counters()

    monitor.update(prices={"BTC-PERP": 60_000}, balances={"account": ["A"], "asset": ["USD"], "amount": ["5000"]})
    readers = [threading.Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    for turn in range(300):
        balance = 5_000 - turn % 40 * 2
        deposit = {"account": ["A"], "asset": ["USD"], "amount": [balance]}
        monitor.update(prices={"BTC-PERP": balance * 12}, balances=deposit)
    done.set()
    for reader in readers:
        reader.join(30)
    assert not any(reader.is_alive() for reader in readers)
    assert not wrong


def test_two_writers_with_numbers_take_turns() -> None:
    monitor = pc.Monitor(HK, **A)
    changed: list[int] = []

    def write() -> None:
        for seq in range(1, 101):
            price = 55_200 if seq % 2 else 60_000
            if monitor.update(prices={"BTC-PERP": price}, seq=seq).num_rows:
                changed.append(seq)

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    # Each number was taken over once, whoever came first.
    assert sorted(changed) == list(range(1, 101))


@pytest.mark.code("reentrant")
def test_a_handler_that_asks_the_monitor_it_interrupts_is_told_so() -> None:
    rules, book = large(300_000)
    monitor = pc.Monitor(rules)
    told: list[Any] = []

    def handler(*_: Any) -> None:
        try:
            told.append(monitor.counters()["accounts"])
            monitor.update(seq=len(told))
        except StateError as error:
            told.append(error.code)

    with alarm(0.05, handler):
        monitor.update(**book, seq=1)
    assert told.count("reentrant") >= 1
    assert monitor.counters()["accounts"] == 300_000


def test_ctrl_c_leaves_the_monitor_as_it_was() -> None:
    rules, book = large(300_000)
    monitor = pc.Monitor(rules, balances={"account": ["A"], "asset": [rules.settlement], "amount": ["1"]})
    before = monitor.snapshot()

    def handler(*_: Any) -> None:
        raise KeyboardInterrupt

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt), alarm(0.2, handler):
        monitor.update(**book)
    assert time.monotonic() - begun < 5
    after = monitor.snapshot()
    assert all(after[name].equals(before[name]) for name in before)
    assert monitor.accounts().num_rows == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_answers() -> None:
    monitor = pc.Monitor(HK, **A)
    child = os.fork()
    if child == 0:
        right = monitor.reprice({"BTC-PERP": "55200"}).to_pydict()["after"] == ["liquidation"]
        os._exit(0 if right else 1)
    assert waited(child) == 0
    assert monitor.accounts("healthy").num_rows == 1


@pytest.mark.code("forked")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_forked_amid_a_call_is_told_so() -> None:
    rules, book = large(300_000)
    monitor = pc.Monitor(rules)
    worker = threading.Thread(target=lambda: monitor.update(**book, seq=1))
    worker.start()
    time.sleep(0.15)
    child = os.fork()
    if child == 0:
        try:
            monitor.update(seq=2)
            os._exit(2)
        except StateError as error:
            os._exit(0 if error.code == "forked" else 3)
    assert waited(child) == 0
    worker.join(60)
    assert monitor.counters()["accounts"] == 300_000


def waited(child: int) -> int:
    """The exit code of a child; one that hangs is ended."""
    for _ in range(600):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -1


@pytest.mark.code("poisoned")
def test_a_monitor_that_failed_inside_says_so() -> None:
    monitor = pc.Monitor(HK, **A)
    with pytest.raises(InternalError):
        monitor._core._provoke_panic()
    for ask in (monitor.accounts, monitor.snapshot, lambda: monitor.reprice({}), lambda: monitor.explain("A")):
        with pytest.raises(StateError) as broken:
            ask()
        assert broken.value.code == "poisoned"
    assert monitor.counters()["accounts"] == 1

"""One order book in a process: signals, forks, many threads, Ctrl-C, what is not copied, a call that fails inside."""

import copy
import os
import pickle
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pytest
from tests.process.test_fork import exit_code, forked

import perpcore as pc
from perpcore.errors import InternalError, StateError

HK = pc.Rulebook.preset("hk-vatp-perp")
LARGE = 300_000
forks = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]


def book() -> pc.OrderBook:
    return pc.OrderBook(HK, "BTC-PERP")


def batch(rows: int, account: str | None = None) -> pa.Table:
    """Orders that rest, at a hundred prices."""
    columns = {
        "kind": pa.array(["place"] * rows).dictionary_encode(),
        "quantity_e8": pa.array([10**8] * rows),
        "price_e8": pa.array([(50_000 + row % 100) * 10**8 for row in range(rows)]),
    }
    if account is not None:
        columns["account"] = pa.array([account] * rows).dictionary_encode()
    return pa.table(columns)


@pytest.fixture(scope="module")
def many() -> pa.Table:
    return batch(LARGE)


@contextmanager
def handled(number: int, handler: Callable[..., Any]) -> Iterator[None]:
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


class Asks:
    """A producer that uses the book that asks it."""

    def __init__(self, table: pa.Table, ask: Callable[[], object]) -> None:
        self.table, self.ask = table, ask

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        self.ask()
        return self.table.__arrow_c_stream__()


def test_a_producer_may_use_the_book_that_asks_it() -> None:
    played = book()
    told: list[object] = []

    def ask() -> None:
        told.append(len(played))
        told.append(played.place(None, 1, 50_000)[0].cause)

    assert played.apply(Asks(batch(3), ask))["cause"].to_pylist() == [1, 2, 3]
    assert told == [0, 0]
    assert len(played) == 4


def test_a_handler_runs_before_a_batch_or_after_it(many: pa.Table) -> None:
    """And may itself use the book: none of its calls comes between two commands of a batch."""
    played = book()
    seen: list[tuple[int, int | None]] = []
    codes: set[str | None] = set()

    def handler(*_: Any) -> None:
        try:
            seen.append((len(played), played.place(None, 1, 49_000)[0].cause))
        except StateError as error:
            seen.append((-1, None))
            codes.add(error.code)

    with handled(signal.SIGALRM, handler):
        signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
        try:
            batches = [played.apply(many) for _ in range(3)]
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    assert seen
    assert codes <= {"reentrant"}
    asked = [(held, cause) for held, cause in seen if cause is not None]
    assert all(held == cause for held, cause in asked)
    for events in batches:
        causes = events["cause"]
        assert causes[LARGE - 1].as_py() - causes[0].as_py() == LARGE - 1
    assert len(played) == 3 * LARGE + len(asked)


def test_a_signal_within_a_batch_waits_for_its_end(many: pa.Table) -> None:
    """The signal comes while the batch is at work; the batch is done when its handler runs."""
    played = book()
    held: list[int] = []
    with handled(signal.SIGALRM, lambda *_: held.append(len(played))):
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        try:
            played.apply(many)
            until = time.monotonic() + 5
            while not held and time.monotonic() < until:
                time.sleep(0.001)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    assert held in ([0], [LARGE])


def interrupt(after: float) -> None:
    time.sleep(after)
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_around_a_large_batch_leaves_all_of_it_or_nothing(many: pa.Table) -> None:
    start = time.perf_counter()
    whole = book()
    whole.apply(many)
    seconds = time.perf_counter() - start
    digests = {0: book().digest, LARGE: whole.digest}
    ends: Counter[int] = Counter()
    with handled(signal.SIGINT, signal.default_int_handler):
        for place in range(12):
            played = book()
            sender = threading.Thread(target=interrupt, args=(seconds * place / 8,))
            interrupted = False
            try:
                sender.start()
                played.apply(many)
                sender.join()
                time.sleep(0.01)
            except KeyboardInterrupt:
                interrupted = True
            sender.join()
            assert interrupted
            assert played.digest == digests[len(played)]
            ends[len(played)] += 1
            # Whichever it was, the book goes on.
            assert played.place("A", 1, 49_000)[0].cause == len(played) - 1
    assert ends[LARGE]


def test_ctrl_c_that_waits_already_keeps_a_batch_from_beginning() -> None:
    """The signal comes while the table is asked for, so before the batch is begun."""
    played = book()
    before = played.digest
    with handled(signal.SIGINT, signal.default_int_handler), pytest.raises(KeyboardInterrupt):
        played.apply(Asks(batch(10), lambda: os.kill(os.getpid(), signal.SIGINT)))
    assert (len(played), played.digest) == (0, before)


@pytest.mark.parametrize("rows", [100, 20_000], ids=["with the GIL", "without"])
def test_eight_writers_of_commands_and_batches(rows: int) -> None:
    """Every command is carried out once, and no number is left out or given twice."""
    played = book()
    start = threading.Barrier(8)
    told: list[list[tuple[int, int]]] = [[] for _ in range(8)]
    failed: list[BaseException] = []

    def write(writer: int) -> None:
        table = batch(rows)
        try:
            start.wait()
            for _ in range(5):
                for _ in range(50):
                    told[writer] += [(event.seq, event.cause) for event in played.place(None, 1, 49_000 + writer)]
                events = played.apply(table)
                causes = events["cause"].to_pylist()
                # No other writer comes between the commands of a batch.
                assert causes == list(range(causes[0], causes[0] + rows))
                told[writer] += zip(events["seq"].to_pylist(), causes, strict=True)
        except BaseException as error:  # noqa: BLE001  # it is raised below
            failed.append(error)

    writers = [threading.Thread(target=write, args=(writer,), daemon=True) for writer in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
        assert not writer.is_alive(), "a thread hangs"
    assert not failed
    count = 8 * 5 * (50 + rows)
    every = sorted(pair for pairs in told for pair in pairs)
    assert every == [(number, number) for number in range(count)]
    assert all(pairs == sorted(pairs) for pairs in told)
    assert len(played) == count
    assert played.l3().num_rows == count
    assert sum(played.depth()["orders"].to_pylist()) == count


def test_readers_see_whole_batches() -> None:
    played = book()
    rows, done = 5_000, threading.Event()
    wrong: list[int] = []

    def read() -> None:
        while not done.is_set():
            for held in (len(played), played.l3().num_rows, sum(played.depth()["orders"].to_pylist())):
                wrong.extend([held] if held % rows else [])

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    table = batch(rows)
    try:
        for _ in range(20):
            played.apply(table)
    finally:
        done.set()
        for reader in readers:
            reader.join(60)
    assert not any(reader.is_alive() for reader in readers)
    assert not wrong


def test_other_threads_run_while_a_large_batch_does(many: pa.Table) -> None:
    played, done, ticks = book(), threading.Event(), 0

    def call() -> None:
        for _ in range(3):
            played.apply(many)
        done.set()

    thread = threading.Thread(target=call)
    thread.start()
    while not done.wait(0.0005):
        ticks += 1
    thread.join()
    assert ticks > 20


class TestFork:
    pytestmark = forks

    def test_a_child_goes_on_with_its_own_copy(self) -> None:
        played = book()
        played.apply(batch(100, "A"))
        before = played.digest
        wanted = book()
        wanted.apply(batch(100, "A"))
        wanted.apply(batch(20_000))

        def work() -> None:
            assert played.digest == before
            played.apply(batch(20_000))
            assert played.digest == wanted.digest
            other = book()
            assert other.place("A", 1, 50_000)[0].kind == "accepted"
            assert played.cancel_all(account="A")

        assert [exit_code(forked(work)) for _ in range(2)] == [0, 0]
        assert (played.digest, len(played)) == (before, 100)

    @pytest.mark.code("forked")
    def test_a_child_forked_amid_a_batch_is_told_so(self, many: pa.Table) -> None:
        """Another thread holds the lock, and no one in the child can release it."""
        for _ in range(5):
            played = book()
            over = threading.Event()

            def write(played: pc.OrderBook = played, over: threading.Event = over) -> None:
                while not over.is_set():
                    played.apply(many)

            def work(played: pc.OrderBook = played) -> None:
                for ask in (lambda: played.place("A", 1, 49_000), lambda: len(played), lambda: played.apply(batch(1)),
                            lambda: played.best, lambda: played.digest):  # fmt: skip
                    with pytest.raises(StateError) as caught:
                        ask()
                    assert caught.value.code == "forked"
                # A book of its own is none of that.
                own = book()
                own.apply(many)
                assert len(own) == LARGE

            writer = threading.Thread(target=write)
            writer.start()
            time.sleep(0.05)
            code = exit_code(forked(work))
            over.set()
            writer.join(60)
            assert len(played) % LARGE == 0
            # The fork may have come between two batches, where the child has nothing to be told.
            if code == 0:
                return
        pytest.fail("no child was forked amid a batch")


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, pickle.dumps, lambda it: pickle.dumps({"book": it}, protocol=2)],
    ids=["copy", "deepcopy", "pickle", "within"],
)
def test_a_book_is_not_copied_and_says_what_to_do_instead(copied: Callable[[Any], object]) -> None:
    played = book()
    played.place("A", 1, 50_000)
    with pytest.raises(TypeError, match=r"keep its commands and apply\(\) them to a new one"):
        copied(played)
    assert len(played) == 1


def test_what_a_book_says_is_copied() -> None:
    played = book()
    events = played.place("A", 1, 50_000, client_id="a")
    assert pickle.loads(pickle.dumps(events)) == copy.deepcopy(events) == events
    level = played.best[0]
    assert pickle.loads(pickle.dumps(level)) == copy.deepcopy(level) == level


@pytest.mark.code("poisoned", "internal")
def test_a_book_that_failed_inside_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    played, other = book(), book()
    played.place("A", 1, 50_000)
    with pytest.raises(InternalError) as caught:
        played._core._provoke_panic()
    assert (caught.value.code, caught.value.value) == ("internal", "provoked")
    asks: list[Callable[[], object]] = [
        *(lambda: played.place("A", 1, 50_000), lambda: played.amend(1, quantity=1), lambda: played.cancel(1)),
        *(played.cancel_all, lambda: played.mark(1), lambda: played.index(1), lambda: played.enter_phase("open")),
        *(lambda: played.advance_time(2 * 10**18), lambda: played.open_account("A"), lambda: played.set_account("A")),
        *(lambda: played.apply(batch(1)), played.depth, played.l3, lambda: played.orders("A"), lambda: played.best),
        *(lambda: played.impact_price("bid", 1), lambda: played.queue_position(1), lambda: played.indicative),
        *(lambda: played.phase, lambda: played.digest, lambda: len(played), lambda: played.instrument),
    ]
    for ask in asks:
        with pytest.raises(StateError) as broken:
            ask()
        assert broken.value.code == "poisoned"
    assert played.rules == HK
    assert played
    with pytest.raises(TypeError):
        pickle.dumps(played)
    # Other books are none of that.
    assert other.place("A", 1, 50_000)[0].kind == "accepted"
    assert "provoked" in capfd.readouterr().err

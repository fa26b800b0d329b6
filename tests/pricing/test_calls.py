"""Threads, calls within calls, pickling, forks: one call at a time is at work, and each sees a whole state."""

import copy
import pickle
import signal
import sys
import threading
from collections import UserDict
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from tests.pricing.book import NAMES, all_at, at, funding, index, mark

import perpcore as pc

MAKERS: dict[str, Callable[[], Any]] = {"IndexPrice": index, "MarkPrice": mark, "Funding": funding}
STEPS = 2_000
PRICE = {"IndexPrice": "a", "MarkPrice": "index", "Funding": "index"}


@pytest.fixture(autouse=True)
def threads_take_turns_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def tell(name: str, one: Any, step: int) -> None:
    """One update that depends on nothing but its step."""
    if name == "IndexPrice":
        one.update(at(step), all_at(100 + step % 5))
    else:
        one.update(at(step), index=58_000 + step % 5, impact_bid=58_000, impact_ask=58_010)


def table(start: int, rows: int, name: str) -> pa.Table:
    """As much as single updates would tell."""
    steps = range(start, start + rows)
    if name == "IndexPrice":
        prices = pa.array([100 + step % 5 for step in steps])
        return pa.table({"time": [at(step) for step in steps], **dict.fromkeys(NAMES, prices)})
    return pa.table(
        {
            "time": [at(step) for step in steps],
            "index": [58_000 + step % 5 for step in steps],
            "impact_bid": [58_000] * rows,
            "impact_ask": [58_010] * rows,
        }
    )


@pytest.mark.parametrize("name", MAKERS)
def test_threads_that_take_turns_leave_what_one_would(name: str) -> None:
    one, other = MAKERS[name](), MAKERS[name]()
    for step in range(STEPS):
        tell(name, one, step)
    turn, lock = [0], threading.Lock()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            while True:
                with lock:
                    step = turn[0]
                    if step == STEPS:
                        return
                    turn[0] += 1
                    tell(name, other, step)
        except BaseException as error:  # noqa: BLE001  # it is raised below
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    assert not failed
    assert one.digest == other.digest


@pytest.mark.parametrize("name", MAKERS)
def test_readers_beside_a_long_run_see_before_or_after(name: str) -> None:
    rows = 60_000
    one, seen, done = MAKERS[name](), set(), threading.Event()
    tell(name, one, 0)
    before = one.digest
    failed: list[BaseException] = []

    def read() -> None:
        try:
            while not done.is_set():
                seen.add(one.digest)
                assert repr(one)
        except BaseException as error:  # noqa: BLE001  # it is raised below
            failed.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    one.run(table(1, rows, name))
    done.set()
    for reader in readers:
        reader.join(120)
    assert not failed
    assert seen <= {before, one.digest}


def test_runs_of_many_threads_are_done_one_after_the_other() -> None:
    """Of tables that begin where another one ends only one order is possible; what comes too late is refused."""
    one, other, rows = index(), index(), 30_000
    parts = [table(start, rows, "IndexPrice") for start in range(0, 4 * rows, rows)]
    for part in parts:
        other.run(part)
    left = threading.Barrier(4)
    refusals = []

    def work(part: pa.Table) -> None:
        left.wait()
        while True:
            try:
                one.run(part)
            except pc.errors.InputError as error:
                refusals.append(error.code)
                return
            return

    threads = [threading.Thread(target=work, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    # The latest one is always taken.
    assert set(refusals) <= {"time_order"}
    taken = 4 - len(refusals)
    assert one.counters()["taken"] == taken * rows * len(NAMES)
    if taken == 4:
        assert one.digest == other.digest


@pytest.mark.parametrize("name", MAKERS)
def test_it_is_not_pickled_and_says_what_to_keep(name: str) -> None:
    one = MAKERS[name]()
    for call in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match=rf"{name} is not pickled; keep .* update\(\) or run\(\) of another one"):
            call(one)
    assert pickle.loads(pickle.dumps(pc.IndexSample(1, None, "live", 1, None))).state == "live"


@pytest.mark.parametrize("name", MAKERS)
def test_attributes_are_fixed(name: str) -> None:
    one = MAKERS[name]()
    with pytest.raises(AttributeError):
        one.state = "live"
    with pytest.raises(AttributeError):
        one.anything = 1


def test_a_call_from_within_its_own_call_is_answered() -> None:
    one = index()
    one.update(at(0), all_at(100))

    class Quotes(UserDict[str, Any]):
        def __getitem__(self, name: str) -> Any:
            # Quotes are read before the lock is taken.
            assert one.update(at(1), {"b": 99}).value == Decimal("99.75")
            return super().__getitem__(name)

    assert one.update(at(2), Quotes(a=101)).value == 100
    assert one.counters()["taken"] == 6


def test_what_reads_a_price_may_change_the_quotes() -> None:
    one, quotes = index(), {}

    class Price(float):
        def __float__(self) -> float:
            quotes.clear()
            return 100.0

    quotes.update({name: Price(100) for name in NAMES})
    assert one.update(at(0), quotes).groups == 4


def test_a_stream_that_calls_the_index_that_reads_it_is_answered() -> None:
    one = index()

    class Asks:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            one.update(at(0), all_at(100))
            return table(1, 3, "IndexPrice").__arrow_c_stream__(requested_schema)

    assert one.run(Asks()).num_rows == 3


class Interrupted(Exception):  # noqa: N818
    """What the handler below raises."""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers")
@pytest.mark.parametrize("name", MAKERS)
def test_a_long_run_can_be_interrupted_and_leaves_everything_as_it_was(name: str) -> None:
    one = MAKERS[name]()
    tell(name, one, 0)
    before = one.digest
    part = table(1, 1_000, name)
    # Times stand still, so that it may be repeated at will.
    part = part.set_column(0, "time", pa.array([at(1)] * part.num_rows))
    if name == "Funding":
        # Without slots a row costs little: more of them.
        part = pa.concat_tables([part] * 10)
    long = pa.concat_tables([part] * 8_000)

    def handler(*_: object) -> None:
        raise Interrupted

    former = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(Interrupted):
            one.run(long)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
    assert one.digest == before
    tell(name, one, 1)
    assert one.digest != before

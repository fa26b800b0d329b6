"""One venue in a process: forks, Ctrl-C, producers that ask it, what is not copied, a call that fails inside."""

import copy
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from tests.process.test_book import Asks, forks, handled, interrupt
from tests.process.test_fork import exit_code, forked
from tests.venue.setting import made

import perpcore as pc
from perpcore.errors import InternalError, StateError

LARGE = 200_000


def venue() -> pc.Venue:
    return made(instrument__X_PERP__limits={"open_orders": 10**6, "position": 10**8})


def batch(rows: int) -> pa.Table:
    """Deposits, and one order that rests."""
    kinds = ["deposit"] * (rows - 1) + ["place"]
    columns = {
        "asset": (pa.string(), "USD", None),
        "amount_e8": (pa.int64(), 10**8, None),
        "instrument": (pa.string(), None, "X-PERP"),
        "quantity_e8": (pa.int64(), None, 10**8),
        "price_e8": (pa.int64(), None, 10**8),
    }
    return pa.table({
        "kind": pa.array(kinds).dictionary_encode(),
        "account": pa.array(["A", "B"] * (rows // 2)).dictionary_encode(),
        **{name: pa.array([most] * (rows - 1) + [last], kind) for name, (kind, most, last) in columns.items()},
    })  # fmt: skip


@pytest.fixture(scope="module")
def many() -> pa.Table:
    return batch(LARGE)


def done(of: pc.Venue) -> int:
    """How many commands came, those that opened it left out."""
    return of._core.counts()[0] - 8


def test_a_producer_may_use_the_venue_that_asks_it() -> None:
    asked = venue()
    told: list[int] = []

    def ask() -> None:
        told.append(asked.deposit("B", "USD", 1)[0].cause)

    events = asked.apply(Asks(batch(4), ask))
    assert events["cause"].to_pylist() == [told[0] + at for at in (1, 2, 3, 4)]
    assert done(asked) == 5


def test_ctrl_c_around_a_large_batch_leaves_all_of_it_or_nothing(many: pa.Table) -> None:
    start = time.perf_counter()
    whole = venue()
    whole.apply(many)
    seconds = time.perf_counter() - start
    digests = {0: venue().digest, LARGE: whole.digest}
    with handled(signal.SIGINT, signal.default_int_handler):
        for place in range(6):
            asked = venue()
            sender = threading.Thread(target=interrupt, args=(seconds * place / 4,))
            interrupted = False
            try:
                sender.start()
                asked.apply(many)
                sender.join()
                time.sleep(0.01)
            except KeyboardInterrupt:
                interrupted = True
            sender.join()
            assert interrupted
            assert asked.digest == digests[done(asked)]
            assert asked.deposit("A", "USD", 1)[0].kind == "posting"


def test_other_threads_run_while_a_large_batch_does(many: pa.Table) -> None:
    asked, over, ticks = venue(), threading.Event(), 0

    def call() -> None:
        for _ in range(3):
            asked.apply(many)
        over.set()

    thread = threading.Thread(target=call)
    thread.start()
    while not over.wait(0.0005):
        ticks += 1
    thread.join()
    assert ticks > 20


class TestFork:
    pytestmark = forks

    def test_a_child_goes_on_with_its_own_copy(self) -> None:
        asked = venue()
        asked.apply(batch(100))
        before = asked.digest
        wanted = venue()
        wanted.apply(batch(100))
        wanted.apply(batch(5_000))

        def work() -> None:
            assert asked.digest == before
            asked.apply(batch(5_000))
            assert asked.digest == wanted.digest
            assert venue().deposit("A", "USD", 1)[0].kind == "posting"
            assert asked.verify() == []

        assert [exit_code(forked(work)) for _ in range(2)] == [0, 0]
        assert asked.digest == before

    def test_a_child_forked_amid_a_batch_is_told_so(self, many: pa.Table) -> None:
        for _ in range(5):
            asked = venue()
            over = threading.Event()

            def write(asked: pc.Venue = asked, over: threading.Event = over) -> None:
                while not over.is_set():
                    asked.apply(many)

            def work(asked: pc.Venue = asked) -> None:
                for ask in (lambda: asked.deposit("A", "USD", 1), asked.accounts, asked.ledger, asked.verify,
                            lambda: asked.apply(batch(2)), lambda: asked.digest):  # fmt: skip
                    with pytest.raises(StateError) as caught:
                        ask()
                    assert caught.value.code == "forked"
                own = venue()
                own.apply(many)
                assert done(own) == LARGE

            writer = threading.Thread(target=write)
            writer.start()
            time.sleep(0.05)
            code = exit_code(forked(work))
            over.set()
            writer.join(120)
            if code == 0:
                return
        pytest.fail("no child was forked amid a batch")


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, pickle.dumps, lambda it: pickle.dumps({"venue": it}, protocol=2)],
    ids=["copy", "deepcopy", "pickle", "within"],
)
def test_a_venue_is_not_copied_and_says_what_to_do_instead(copied: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError, match="keep its journal"):
        copied(venue())


def test_what_a_venue_says_is_copied() -> None:
    events = venue().deposit("A", "USD", 1)
    assert pickle.loads(pickle.dumps(events)) == copy.deepcopy(events) == events


def test_a_venue_that_failed_inside_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    asked, other = venue(), venue()
    with pytest.raises(InternalError) as caught:
        asked._core._provoke_panic()
    assert (caught.value.code, caught.value.value) == ("internal", "provoked")
    asks: list[Callable[[], object]] = [
        *(lambda: asked.place("A", "X-PERP", 1, 50), lambda: asked.deposit("A", "USD", 1), asked.restart),
        *(lambda: asked.apply(batch(2)), asked.accounts, asked.ledger, asked.positions, lambda: asked.explain("A")),
        *(lambda: asked.depth("X-PERP"), lambda: asked.l3("X-PERP"), lambda: asked.orders("A"), asked.verify),
        *(lambda: asked.best("X-PERP"), lambda: asked.phase("X-PERP"), lambda: asked.digest, lambda: repr(asked)),
        *(lambda: asked.rules, lambda: asked.dry_run(other.rules)),
    ]
    for ask in asks:
        with pytest.raises(StateError) as broken:
            ask()
        assert broken.value.code == "poisoned"
    assert other.deposit("A", "USD", 1)[0].kind == "posting"
    assert "provoked" in capfd.readouterr().err


def test_signals_reach_python_between_batches() -> None:
    asked = venue()
    with handled(signal.SIGINT, signal.default_int_handler), pytest.raises(KeyboardInterrupt):
        asked.apply(Asks(batch(10), lambda: os.kill(os.getpid(), signal.SIGINT)))
    assert done(asked) == 0

"""No call leaks: memory stays where it is over very many of them, of every kind and outcome."""

import ctypes
import gc
import pickle
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest
from tests.process.load import SOAK, load

import perpcore as pc

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's account of memory")

MOST_GROWTH = 1 << 20
CALLS = 1_000_000 if SOAK else 100_000
SECONDS = 600.0 if SOAK else 8.0

RULES = pc.Rulebook.preset("hk-vatp-perp")
BOOK = {
    "positions": {"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["4"], "cost": ["244000"]},
    "balances": {"account": ["A"], "asset": ["USD"], "amount": ["20000"]},
    "prices": {"symbol": ["BTC-PERP"], "price": ["58000"]},
}
ARROW = {name: pa.RecordBatch.from_pydict(columns) for name, columns in BOOK.items()}
INPUTS = (ARROW["positions"], ARROW["balances"], ARROW["prices"], None, None, None)
BAD = (ARROW["positions"], ARROW["positions"], None, None, None, None)
WORSE = (ARROW["positions"], ARROW["balances"], None, None, None, None)
RESULT = pc.assess(RULES, **ARROW)
CORE = RESULT._core


def resident() -> int:
    """Bytes of memory of its own that the process holds, after what is free was given back.

    Pages of files count in what a process holds too, but they come and go with what else the machine does:
    a library of which pages were dropped and are read again is no leak.
    """
    gc.collect()
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL("libc.so.6").malloc_trim(0)
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    own = [line.split() for line in lines if line.startswith(("RssAnon:", "RssShmem:"))]
    return sum(int(kib) << 10 for _, kib, _ in own)


def growth_over(turn: Callable[[], int]) -> tuple[int, int]:
    """The growth over a turn, the first of up to three within bounds, and what that turn returned.

    What comes to the process once, as a larger heap of the runner, does not come again; a leak does, each time.
    """
    for _ in range(3):
        before = resident()
        done = turn()
        grown = resident() - before
        print(f"{done:,} calls, {grown >> 10:+,} KiB")
        if grown <= MOST_GROWTH:
            break
    return grown, done


def refused(call: Callable[[], object]) -> None:
    with pytest.raises(pc.errors.PerpcoreError):
        call()


def swallowed(call: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        try:
            call()
        except pc.errors.PerpcoreError:
            return
        raise AssertionError("it was not refused")

    return run


def consumed(batch: pc._core.Batch) -> pa.RecordBatch:
    return pa.record_batch(batch)


# A call, and how many of them stand for one small assessment.
KINDS: dict[str, tuple[Callable[[], object], int]] = {
    "assess": (lambda: pc._core.assess(RULES, *INPUTS, "raise", "refuse", None), 1),
    "assess in Python, its columns read": (lambda: pc.assess(RULES, **ARROW).accounts["equity"], 4),
    "a mapping": (lambda: pc.assess(RULES, **BOOK), 8),
    "results never looked at": (lambda: CORE.accounts().__arrow_c_array__(), 1),
    "results taken": (lambda: consumed(CORE.isolated()), 2),
    "schemas never looked at": (lambda: CORE.accounts().__arrow_c_schema__(), 1),
    "explain": (lambda: CORE.explain("A"), 1),
    "explain as a page": (lambda: str(RESULT.explain("A")), 20),
    "lines": (lambda: CORE.lines(), 1),
    "a table of another form": (swallowed(lambda: pc._core.assess(RULES, *BAD, "raise", "refuse", None)), 1),
    "a refused value": (swallowed(lambda: pc._core.assess(RULES, *WORSE, "raise", "refuse", None)), 1),
    "a marked account": (lambda: pc._core.assess(RULES, *WORSE, "mark", "refuse", None), 1),
    "an unknown account": (swallowed(lambda: CORE.explain("B")), 1),
    "problems of an error": (swallowed(lambda: pc.assess(RULES, **{**ARROW, "prices": None})), 8),
    "a rulebook": (lambda: pc.Rulebook.preset("hk-vatp-perp").edit({"venue.call_factor": "1.5"}), 100),
    "a refused rulebook": (swallowed(lambda: pc.Rulebook.parse("venue.call_facto = 1")), 20),
    "texts of a rulebook": (lambda: (RULES.to_toml(), RULES.canonical(), RULES.diff(RULES)), 20),
    "a pickle": (lambda: pickle.loads(pickle.dumps(RESULT)), 200),
}


@pytest.mark.parametrize(("call", "cost"), KINDS.values(), ids=KINDS)
def test_memory_stays_where_it_is(
    call: Callable[[], object], cost: int, record_property: Callable[[str, object], None]
) -> None:
    calls = CALLS // cost
    for _ in range(min(calls // 4, 2_000)):
        call()

    def turn() -> int:
        until, done = time.monotonic() + SECONDS / len(KINDS), 0
        while done < calls and (SOAK or time.monotonic() < until):
            for _ in range(100):
                call()
            done += 100
        return done

    grown, done = growth_over(turn)
    record_property("calls", done)
    record_property("grown_kib", grown >> 10)
    assert grown <= MOST_GROWTH


def test_panics_leave_nothing_behind(capfd: pytest.CaptureFixture[str]) -> None:
    def turn() -> int:
        calls = 20_000 if SOAK else 1_000
        for _ in range(calls):
            refused(pc._core._provoke_panic)
        capfd.readouterr()
        return calls

    turn()
    assert growth_over(turn)[0] <= MOST_GROWTH


def test_large_books_come_and_go() -> None:
    """The pool of output columns is bounded, whatever the sizes of the books."""
    books = [load(accounts, seed) for seed, accounts in enumerate((60_000, 90_000, 130_000, 45_000))]

    def turn() -> None:
        for rules, book in books:
            assert pc.assess(rules, **book).accounts.num_rows > 0

    for _ in range(3):
        turn()
    before = resident()
    for _ in range(100 if SOAK else 4):
        turn()
    assert resident() - before <= 64 << 20

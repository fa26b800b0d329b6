"""The interpreter may end while calls are running in daemon threads: no hang, no abort, exit code 0."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from tests.process.load import SOAK

ROOT = Path(__file__).resolve().parents[2]
TIMES = 25 if SOAK else 2

PREAMBLE = """
import threading, time, sys, os
import numpy as np, pyarrow as pa
import perpcore as pc
from tests.process.load import load

def daemon(work):
    started = threading.Event()
    def run():
        started.set()
        while True:
            work()
    threading.Thread(target=run, daemon=True).start()
    started.wait()
"""

PROGRAMS = {
    "large calls": """
        rules, book = load(40_000)
        for _ in range(4):
            daemon(lambda: pc.assess(rules, **book))
        time.sleep({delay})
    """,
    "small calls": """
        rules, book = load(20)
        for _ in range(4):
            daemon(lambda: pc.assess(rules, **book))
        time.sleep({delay})
    """,
    "lines and explanations": """
        rules, book = load(40_000)
        result = pc.assess(rules, **book)
        daemon(result.lines)
        daemon(lambda: result.explain(result.accounts["account"][0].as_py()))
        daemon(lambda: result.explain(result.accounts["account"][7].as_py()))
        time.sleep({delay})
    """,
    # Their memory belongs to NumPy: letting it go takes the GIL.
    "inputs that only the call holds, refused at the end": """
        rules, _ = load(20)
        def refused():
            n = 60_000
            amounts = np.full(n, 10**8); amounts[-1] = 2**62
            try:
                pc._core.assess(rules, None, pa.record_batch({{
                    "account": pa.array(np.arange(n)), "asset": pa.array(["USD"] * n).dictionary_encode(),
                    "amount_e8": pa.array(amounts)}}), None, None, None, None, "raise", "refuse", None)
            except pc.errors.InputError:
                pass
        for _ in range(4):
            daemon(refused)
        time.sleep({delay})
    """,
    "small calls of every kind": """
        rules, book = load(20)
        mapping = {{"balances": {{"account": ["A"], "asset": ["USD"], "amount": [1.5]}}, "prices": {{"BTC-PERP": 1}}}}
        wrong = {{"balances": {{"account": ["A"], "asset": ["NONE"], "amount": ["1"]}}}}
        def work():
            result = pc.assess(rules, **book)
            result.lines(), result.isolated, repr(result), result.explain(result.accounts["account"][0].as_py())
            pc.assess(rules, **mapping)
            pc.Rulebook.parse(rules.to_toml()).edit({{"venue.call_factor": 1.5}})
            try:
                pc.assess(rules, **wrong)
            except pc.errors.InputError:
                pass
        for _ in range(4):
            daemon(work)
        time.sleep({delay})
    """,
    "results of other threads still held": """
        rules, book = load(40_000)
        kept = []
        for _ in range(2):
            daemon(lambda: kept.append(pc.assess(rules, **book).accounts) or (len(kept) > 8 and kept.clear()))
        time.sleep({delay})
    """,
    "sys.exit in the middle": """
        rules, book = load(40_000)
        for _ in range(4):
            daemon(lambda: pc.assess(rules, **book))
        time.sleep({delay})
        sys.exit(0)
    """,
    "a call at exit": """
        import atexit
        rules, book = load(40_000)
        atexit.register(lambda: pc.assess(rules, **book))
        daemon(lambda: pc.assess(rules, **book))
        time.sleep({delay})
    """,
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_the_interpreter_ends_with_calls_in_flight(program: str) -> None:
    for turn in range(TIMES):
        text = PREAMBLE + textwrap.dedent(program).format(delay=0.02 + 0.037 * turn)
        done = subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_handler_at_exit_may_wait_for_a_daemon_thread_that_calls() -> None:
    """Calls are held back a moment once the interpreter ends, not for good."""
    text = """
        import atexit
        done = threading.Event()
        def wait():
            asked.set()
            assert done.wait(20)
            print("waited")
        atexit._clear()                      # so that the library's own handler runs first, as it may
        asked = threading.Event()
        def run():
            asked.wait()
            pc.assess(pc.Rulebook.preset("hk-vatp-perp"))
            done.set()
        threading.Thread(target=run, daemon=True).start()
        atexit.register(wait)
        atexit.register(pc._core._end)
    """
    text = PREAMBLE + textwrap.dedent(text)
    done = subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "waited\n")

"""The table of BENCHMARKING.md: perpcore against its peers, and against itself, in one run.

    python -m benches.table [--seconds 2] [--only NAME] [--out out/bench.json] [--record]

Two contenders take turns in one process, the order changing each round; a turn repeats the call until it lasts
`_TURN` seconds, results released; the ratio is taken round by round. One process per number of threads, since Polars
has one pool a process; memory is taken in a process of its own for each contender. `--record` writes the tables into
BENCHMARKING.md too.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

import perpcore as pc

from .peers import PEERS, PORTFOLIO, contender
from .portfolio import portfolio
from .record import ROOT, Record, conditions, parser, record, say, status
from .workload import SEED, TOLERANCE, Contender, Load, agree, form, load

# What a turn lasts at least, so that the clock and a stray interrupt do not matter; rounds at least and at most.
_TURN = 0.005
_LEAST, _MOST = 9, 101

# accounts, instruments, shuffled, by number of threads
LOADS = {
    1: (
        (1_000, 2, False),
        (25_000, 2, False),
        (25_000, 2, True),
        (25_000, 50, False),
        (25_000, 50, True),
        (100_000, 2, False),
        (1_000_000, 2, False),
        (1_000_000, 2, True),
    ),
    2: ((25_000, 2, False), (100_000, 2, False), (1_000_000, 2, False)),
}

SAME_TABLES = "perpcore, float64 tables"

_MEMORY_AT = 1_000_000
_PORTFOLIO_AT = 100_000


def main() -> None:
    options_of = parser("table", __doc__, "bench.json")
    options_of.add_argument("--seconds", type=float, default=2.0, help="time for the rounds of one pair (default 2)")
    options_of.add_argument("--only", metavar="NAME", help="one peer, as Numba; or perpcore: no peer")
    options_of.add_argument("--largest", type=int, default=1_000_000, help="leave out loads of more accounts")
    options_of.add_argument("--part", choices=["pairs", "itself", "portfolio", "memory"], help=argparse.SUPPRESS)
    options_of.add_argument("--threads", type=int, default=1, help=argparse.SUPPRESS)
    options = options_of.parse_args()
    if options.part:
        parts: dict[str, Callable[[Any], list[Record]]] = {
            "pairs": _pairs,
            "itself": _itself,
            "portfolio": _portfolio,
            "memory": _memory,
        }
        print(json.dumps(parts[options.part](options)))
        return
    record("table", options, partial(_measured, options), _page)


def _measured(options: Any) -> Record:
    return {
        "workload": {
            "function": "perpcore.synth.workload",
            "seed": SEED,
            "positions_per_account": 4,
            "balances_per_account": 1.7,
            "assets": 3,
            "tiers": 6,
            "perpcore": "ids dictionary<int32, string>, numbers _e8 int64",
            "peers": "ids dictionary<int32, string>, numbers float64",
        },
        "method": {
            "seconds": options.seconds,
            "turn_seconds": _TURN,
            "rounds": [_LEAST, _MOST],
            "tolerance": TOLERANCE,
            "ratio": "peer's time ÷ perpcore's, round by round: first quartile, median, third quartile",
        },
        "pairs": [*_part("pairs", options, 1), *_part("pairs", options, 2)],
        "itself": _part("itself", options, 2),
        "portfolio": _part("portfolio", options, 1),
        "memory": [
            line
            for name in ("perpcore", *(name for name in PEERS if options.only in (None, name)))
            for line in _part("memory", options, 1, only=name)
        ],
    }


def _part(part: str, options: Any, threads: int, only: str | None = None) -> list[Record]:
    """A part in a process of its own, with that many threads for whoever reads it from the environment."""
    names = ("POLARS_MAX_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    command = [sys.executable, "-m", "benches.table", "--part", part, "--threads", str(threads)]
    command += ["--seconds", str(options.seconds), "--largest", str(options.largest)]
    if only or options.only:
        command += ["--only", only or options.only]
    environment = os.environ | dict.fromkeys(names, str(threads))
    said = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    found: list[Record] = json.loads(said.stdout)
    return found


# --- pairs


def _pairs(options: Any) -> list[Record]:
    return list(_against_peers(options))


def _against_peers(options: Any) -> Iterator[Record]:
    threads = options.threads
    for accounts, instruments, shuffled in LOADS[threads]:
        if accounts > options.largest:
            continue
        one = load(accounts, instruments, shuffled=shuffled)
        for name in (*PEERS, SAME_TABLES):
            if name == "pandas" and threads > 1:
                continue  # It has one thread: see the pairs of one.
            if options.only not in (None, name):
                continue
            ours: Contender = partial(one.perpcore, threads)
            same = name == SAME_TABLES
            call: Contender = partial(one.perpcore_from_float64, threads) if same else contender(name, one, threads)
            agree(call(), ours())
            rounds = _turns(ours, call, options.seconds)
            yield {
                "accounts": accounts,
                "positions": one.book["positions"].num_rows,
                "balances": one.book["balances"].num_rows,
                "instruments": instruments,
                "shuffled": shuffled,
                "threads": threads,
                "peer": name,
                **_summary(rounds, "perpcore_ms", "peer_ms"),
            }
            say(f"{one.label}, {threads} thread{'s' * (threads > 1)}: {name}")


def _turns(a: Contender, b: Contender, seconds: float) -> list[tuple[float, float]]:
    """(seconds a call of a, of b), round by round; who is first alternates."""
    first, second = _repeats(a), _repeats(b)
    rounds: list[tuple[float, float]] = []
    end = time.perf_counter() + seconds
    while len(rounds) < _LEAST or (time.perf_counter() < end and len(rounds) < _MOST):
        if len(rounds) % 2:
            other = _turn(b, second)
            rounds.append((_turn(a, first), other))
        else:
            one = _turn(a, first)
            rounds.append((one, _turn(b, second)))
    return rounds


def _repeats(call: Contender) -> int:
    """How often a turn calls; also the warm-up."""
    call()
    once = min(_turn(call, 1) for _ in range(3))
    return max(1, round(_TURN / once))


def _turn(call: Contender, repeats: int) -> float:
    """Seconds a call, the release of its result included."""
    gc.collect()
    gc.disable()
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    took = time.perf_counter() - start
    gc.enable()
    return took / repeats


def _summary(rounds: list[tuple[float, float]], a: str, b: str) -> Record:
    ratios = statistics.quantiles([other / one for one, other in rounds], n=4, method="inclusive")
    return {
        a: statistics.median(one for one, _ in rounds) * 1e3,
        b: statistics.median(other for _, other in rounds) * 1e3,
        "ratio": ratios,
        "rounds": len(rounds),
    }


# --- perpcore against itself


def _itself(options: Any) -> list[Record]:
    return [record for record in _against_itself(options) if record]


def _against_itself(options: Any) -> Iterator[Record]:
    def plain(accounts: int, instruments: int = 2, *, threads: int = 1, **kind: Any) -> tuple[Contender, int]:
        rules, book = form(accounts, instruments, **kind)
        return lambda: pc.assess(rules, **book, threads=threads).accounts, book["positions"].num_rows

    def prices(accounts: int, threads: int) -> tuple[Contender, int]:
        rules, book = form(accounts)
        return pc.assess(rules, **book, threads=threads).liquidation_prices, book["positions"].num_rows

    large = options.largest
    few = min(25_000, large)
    pairs: list[tuple[str, Record, Record]] = [
        (f"{large:,} accounts ÷ {few:,}, a position", {"accounts": few}, {"accounts": large}),
        (f"50 instruments ÷ 2, {few:,}", {"accounts": few}, {"accounts": few, "instruments": 50}),
    ]
    for accounts in sorted({few, large}):
        at: Record = {"accounts": accounts}
        pairs += [
            (f"shuffled ÷ sorted, {accounts:,}", at, at | {"shuffled": True}),
            (f"decimal128 ÷ _e8, {accounts:,}", at, at | {"numbers": "decimal128"}),
            (f"float64 ÷ _e8, {accounts:,}", at, at | {"numbers": "float64"}),
            (f"string ids ÷ dictionary, {accounts:,}", at, at | {"ids": "string"}),
            (f"int64 ids ÷ dictionary, {accounts:,}", at, at | {"ids": "int"}),
            (f"one thread ÷ two, {accounts:,}", at | {"threads": 2}, at),
        ]
    at = {"accounts": min(100_000, large)}
    for threads in (1, 2):
        name = f"liquidation prices ÷ assess, {at['accounts']:,}, {threads} thread{'s' * (threads > 1)}"
        pairs.append((name, at | {"threads": threads}, at | {"threads": threads, "call": "liquidation_prices"}))
    for name, a, b in pairs:
        one, rows = plain(**a)
        other, more = prices(b["accounts"], b["threads"]) if "call" in b else plain(**b)
        rounds = [(x / rows, y / more) for x, y in _turns(one, other, options.seconds)]
        summary = _summary(rounds, "a_ms", "b_ms")
        yield {
            "relation": name,
            "a": a,
            "b": b,
            "a_ns_per_position": summary.pop("a_ms") * 1e6,
            "b_ns_per_position": summary.pop("b_ms") * 1e6,
            **summary,
        }
        say(name)


# --- the portfolio model


def _portfolio(options: Any) -> list[Record]:
    return list(_portfolio_pairs(options))


def _portfolio_pairs(options: Any) -> Iterator[Record]:
    accounts = min(_PORTFOLIO_AT, options.largest)
    one, many, wide = portfolio(accounts), portfolio(accounts, 2, 1_000), portfolio(accounts, 10, 200)
    tail = portfolio(accounts, 2, 1_000, shortfall="97.5%")
    standard = portfolio(accounts, standard=True)
    pairs: list[tuple[str, Contender, Contender]] = [
        ("portfolio, 37 scenarios ÷ standard", standard.perpcore, one.perpcore),
        ("1,000 supplied scenarios ÷ 37", one.perpcore, many.perpcore),
        (
            "expected shortfall ÷ worst loss, 1,000 scenarios, 2 threads",
            partial(many.perpcore, 2),
            partial(tail.perpcore, 2),
        ),
    ]
    for of, names in ((one, list(PORTFOLIO)), (wide, ["NumPy"])):
        for name in names:
            if options.only in (None, name):
                call = contender(name, of)
                agree(call(), of.perpcore())
                instruments = len(of.terms.instruments)
                scenarios = 37 if of is one else 200
                pairs.append(
                    (f"{name} ÷ perpcore, {scenarios} scenarios of {instruments} underlyings", of.perpcore, call)
                )
    for name, a, b in pairs:
        yield {"relation": name, "accounts": accounts, **_summary(_turns(a, b, options.seconds), "a_ms", "b_ms")}
        say(f"portfolio: {name}")


# --- memory


def _memory(options: Any) -> list[Record]:
    """The peak of resident memory in one call at full size, beyond what was resident before it (inputs, code, what a
    call on a small book left behind) and beyond the result's own buffers. Linux only: it can reset the peak."""
    if not Path("/proc/self/clear_refs").exists():
        return []
    accounts = min(_MEMORY_AT, options.largest)
    small, one = load(1_000), load(accounts)
    calls = [each.perpcore if options.only == "perpcore" else contender(options.only, each) for each in (small, one)]
    calls[0]()
    gc.collect()
    pa.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    before = status("VmRSS")
    result = calls[1]()
    peak = status("VmHWM") - before
    output = _own_bytes(result, one)
    say(f"memory of {options.only}")
    return [
        {
            "contender": options.only,
            "accounts": accounts,
            "output_bytes_per_account": output / accounts,
            "working_bytes_per_account": max(0, peak - output) / accounts,
        }
    ]


def _own_bytes(result: Any, one: Load) -> int:
    """The buffers of the result that are not buffers of the inputs."""
    inputs = {at for book in (one.book, one.floats) for table in book.values() for at, _ in _buffers(table)}
    return sum(size for at, size in dict(_buffers(result)).items() if at not in inputs)


def _buffers(table: Any) -> Iterator[tuple[int, int]]:
    for column in table.columns:
        for chunk in getattr(column, "chunks", [column]):
            arrays = [chunk.indices, chunk.dictionary] if isinstance(chunk, pa.DictionaryArray) else [chunk]
            for array in arrays:
                yield from ((buffer.address, buffer.size) for buffer in array.buffers() if buffer)


# --- what is said about it


def _page(found: Record) -> Iterator[str]:
    packages = ("numpy", "pandas", "polars", "duckdb", "numba", "pyarrow")
    yield f"{conditions(found, *packages)}. Load: `perpcore.synth.workload`, seed {SEED}."
    yield ""
    yield "How many times perpcore's time a peer takes (above 1: perpcore is faster): median, and quartiles."
    yield ""
    yield "| accounts | instruments | rows | threads | peer | perpcore ms | peer ms | ratio | quartiles |"
    yield "|--:|--:|---|--:|---|--:|--:|--:|---|"
    for pair in found["pairs"]:
        low, middle, high = pair["ratio"]
        yield (
            f"| {pair['accounts']:,} | {pair['instruments']} | {'shuffled' if pair['shuffled'] else 'sorted'} "
            f"| {pair['threads']} | {pair['peer']} | {pair['perpcore_ms']:.3g} | {pair['peer_ms']:.3g} "
            f"| **{middle:.2f}** | {low:.2f} – {high:.2f} |"
        )
    yield ""
    yield "perpcore against itself, one thread unless it says otherwise: times of one position, and their ratio."
    yield ""
    yield "| | ns | ns | ratio | quartiles |"
    yield "|---|--:|--:|--:|---|"
    for entry in found["itself"]:
        low, middle, high = entry["ratio"]
        yield (
            f"| {entry['relation']} | {entry['b_ns_per_position']:.1f} | {entry['a_ns_per_position']:.1f} "
            f"| **{middle:.2f}** | {low:.2f} – {high:.2f} |"
        )
    yield ""
    yield f"The portfolio model, {found['portfolio'][0]['accounts']:,} accounts, one thread unless it says otherwise."
    yield ""
    yield "| | ms | ms | ratio | quartiles |"
    yield "|---|--:|--:|--:|---|"
    for entry in found["portfolio"]:
        low, middle, high = entry["ratio"]
        yield (
            f"| {entry['relation']} | {entry['b_ms']:.3g} | {entry['a_ms']:.3g} "
            f"| **{middle:.2f}** | {low:.2f} – {high:.2f} |"
        )
    if found["memory"]:
        yield ""
        yield f"Memory of a first call, bytes an account, at {found['memory'][0]['accounts']:,} accounts."
        yield ""
        yield "| | beyond inputs and result | result |"
        yield "|---|--:|--:|"
        for entry in found["memory"]:
            working, output = entry["working_bytes_per_account"], entry["output_bytes_per_account"]
            yield f"| {entry['contender']} | {working:.0f} | {output:.0f} |"


if __name__ == "__main__":
    main()

"""The monitor's table of BENCHMARKING.md: a resident book against whoever recomputes it at every tick, in one run.

    python -m benches.monitor [--accounts 1000000] [--out out/monitor.json] [--record]

One process, one thread unless a line says otherwise. Ticks and changes are timed one by one, garbage collected before
each line; the peers value the same book at the prices of every so many of these ticks, between them. `--record` writes
the table into BENCHMARKING.md too.
"""

from __future__ import annotations

import ctypes
import gc
import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import pyarrow as pa

import perpcore as pc

from .record import Record, conditions, parser, record, say, status
from .resident import DAYS, NAMED, Prices, changes, minutes, recomputing, recorded, walk
from .workload import SEED, Load, agree, load

# How often a peer recomputes the book: every so many of the first ticks of a day.
_TURNS, _EVERY = 9, 20


def main() -> None:
    options_of = parser("monitor", __doc__, "monitor.json")
    options_of.add_argument("--accounts", type=int, default=1_000_000)
    options = options_of.parse_args()
    record("monitor", options, partial(_measured, options), _page)


def _measured(options: Any) -> Record:
    return {"accounts": options.accounts, "lines": list(_lines(options.accounts))}


def _lines(accounts: int) -> Iterator[Record]:
    one = load(accounts)
    gc.collect()
    pa.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)
    resident = status("VmRSS")
    monitor = pc.Monitor(one.rules, **one.book, threads=1)
    yield {"what": "memory", "bytes_per_account": (status("VmRSS") - resident) / accounts}
    yield from _ticks(one, monitor)
    yield from _updates(one, monitor)
    yield _timed("check_order, at the mark", monitor.check_order, _orders(one))
    for threads in (1, 2):
        yield _sweeps(one, threads)


def _ticks(one: Load, monitor: pc.Monitor) -> Iterator[Record]:
    peers = {name: recomputing(name, one) for name in ("NumPy", "Polars")}
    ways: dict[str, Iterator[Prices]] = {}
    for day in DAYS:
        closes = recorded(day)
        if closes is None:
            say(f"no recorded minutes of {day} beside the repository (PERPCORE_SHARED names another place): left out")
        else:
            ways[f"the minutes of {day}"] = minutes(one.book, closes)
    ways["a walk of 1 bp"] = (now for now, _ in zip(walk(one.book, 1e-4), range(1_440), strict=False))
    for way, prices in ways.items():
        monitor.reprice(next(prices))
        before, others = monitor.counters(), {name: list[float]() for name in peers}
        took: list[float] = []
        for at, now in enumerate(prices):
            took.append(_once(partial(monitor.reprice, now)))
            if at % _EVERY or at // _EVERY >= _TURNS:
                continue
            for name, call in peers.items():
                if at == 0:
                    agree(call(now), monitor.accounts())
                others[name].append(_once(partial(call, now)))
            monitor.reprice(now)  # what the peers left in the caches is not charged to the next tick
        after = monitor.counters()
        yield {
            **_summary(f"reprice, {way}", took),
            "visits": (after["visits"] - before["visits"]) / (after["updates"] - before["updates"]),
        }
        for name, times in others.items():
            yield _summary(f"{name} recomputes the book, {way}", times) | {"ratio_to": f"reprice, {way}"}
        say(way)


def _updates(one: Load, monitor: pc.Monitor) -> Iterator[Record]:
    for named in NAMED:
        for same in (True, False):
            tables = changes(one.book, named, 1_000, same=same)
            monitor.update(positions=next(tables))
            which = "always the same" if same else "others each time"
            given = (next(tables) for _ in range(100))
            yield _timed(f"update of 1,000 positions, {named}, {which}", _positions(monitor), ((t,) for t in given))


def _positions(monitor: pc.Monitor) -> Callable[[Any], Any]:
    return lambda table: monitor.update(positions=table)


def _orders(one: Load) -> Iterator[tuple[Any, ...]]:
    ids = pa.table(one.book["positions"]).column("account")
    for at in range(10_000):
        yield ids[at * 397 % len(ids)].as_py(), "I00-PERP", 1


def _sweeps(one: Load, threads: int) -> Record:
    """Jumps so far that everybody is looked at."""
    monitor = pc.Monitor(one.rules, **one.book, threads=threads)
    prices, took = walk(one.book, 5e-2), list[float]()
    while len(took) < 9:
        now, before = next(prices), monitor.counters()["sweeps"]
        seconds = _once(partial(monitor.reprice, now))
        if monitor.counters()["sweeps"] > before:
            took.append(seconds)
    return _summary(f"reprice that looks at everybody, {threads} thread{'s' * (threads > 1)}", took)


def _timed(what: str, call: Callable[..., Any], given: Iterable[tuple[Any, ...]]) -> Record:
    took = [_once(partial(call, *arguments)) for arguments in given]
    say(what)
    return _summary(what, took)


def _once(call: Callable[[], Any]) -> float:
    gc.disable()
    start = time.perf_counter()
    call()
    took = time.perf_counter() - start
    gc.enable()
    return took


def _summary(what: str, took: list[float]) -> Record:
    hundredths = statistics.quantiles(took, n=100, method="inclusive")
    return {
        "what": what,
        "calls": len(took),
        "median_ms": statistics.median(took) * 1e3,
        "p99_ms": hundredths[98] * 1e3,
    }


def _page(found: Record) -> Iterator[str]:
    load_of = f"`perpcore.synth.workload` of {found['accounts']:,} accounts, seed {SEED}."
    yield f"{conditions(found, 'numpy', 'polars')}. {load_of}"
    yield ""
    yield "| | calls | median ms | p99 ms | looked at | × the tick |"
    yield "|---|--:|--:|--:|--:|--:|"
    medians = {line["what"]: line.get("median_ms") for line in found["lines"]}
    for line in found["lines"]:
        if line["what"] == "memory":
            continue
        visits = f"{line['visits']:,.0f}" if "visits" in line else ""
        ratio = f"**{line['median_ms'] / medians[line['ratio_to']]:,.0f}**" if "ratio_to" in line else ""
        times = f"{line['median_ms']:.3g} | {line['p99_ms']:.3g}"
        yield f"| {line['what']} | {line['calls']:,} | {times} | {visits} | {ratio} |"
    yield ""
    memory = next(line for line in found["lines"] if line["what"] == "memory")
    yield f"Resident memory of the book: {memory['bytes_per_account']:,.0f} bytes an account."


if __name__ == "__main__":
    main()

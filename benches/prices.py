"""Index, mark and funding over a tape of wide rows, a row a second: perpcore against Polars, in one run.

    python -m benches.prices [--rows 2592000] [--rounds 5] [--seed 7] [--record]

Contenders take turns at every batch, the order changing; batches are made between, so that a year needs the memory of
some days. A round goes over the whole tape; its time is that of its batches, results released. Before, one round that
is not timed compares the answers of all rows. Memory is taken in a process of its own for each contender. One thread.
`--record` writes the table into BENCHMARKING.md too.
"""

from __future__ import annotations

import argparse
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
from typing import Any, TypeAlias

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import pyarrow as pa

from .peers.prices_polars import Prices
from .record import ROOT, Record, conditions, parser, record, say, status
from .tape import DAY, GROUPS, SOURCES, YEAR, Market, Numbers, Terms, agree, blocks, tape
from .workload import SEED

__all__ = ["tape"]

PERPCORE, PERPCORE_FLOATS, POLARS = "perpcore", "perpcore, float64 tape", "Polars"

# What makes a contender, and the form of the tape that it reads.
Maker: TypeAlias = Callable[[Terms], Any]
CONTENDERS: dict[str, tuple[Maker, Numbers]] = {
    PERPCORE: (Market, "e8"),
    PERPCORE_FLOATS: (Market, "float64"),
    POLARS: (Prices, "float64"),
}


def main() -> None:
    options_of = parser("prices", __doc__, "prices.json")
    options_of.add_argument("--rows", type=int, default=30 * DAY, help=f"seconds of the tape; a year is {YEAR}")
    options_of.add_argument("--rounds", type=int, default=5)
    options_of.add_argument("--batch", type=int, default=DAY, help="rows of a batch, at most those of a day")
    options_of.add_argument("--seed", type=int, default=SEED)
    options_of.add_argument("--memory", metavar="NAME", help=argparse.SUPPRESS)
    options = options_of.parse_args()
    if options.memory:
        print(json.dumps(_memory(options)))
        return
    record("prices", options, partial(_measured, options), _page)


def _measured(options: Any) -> Record:
    _compare(options)
    rounds = [_round(options, number) for number in range(options.rounds)]
    return {
        "rows": options.rows,
        "batch": options.batch,
        "seed": options.seed,
        "lines": [_line(name, rounds, options.rows) | _apart(name) for name in CONTENDERS],
        "peak_bytes": status("VmHWM"),
    }


def _compare(options: Any) -> None:
    """Feeds the whole tape to all, untimed: they must agree."""
    ours, same, theirs = (make(Terms()) for make, _ in CONTENDERS.values())
    states: dict[str, int] = {}
    for block in blocks(options.rows, options.seed, batch=options.batch):
        floats = block.batch("float64")
        told, found = ours.feed(block.batch("e8")), theirs.feed(floats)
        assert same.feed(floats).mark.equals(told.mark), "perpcore differs with the form of the tape"
        agree(found, told)
        for each in told.index.column("state").value_counts().to_pylist():
            states[each["values"]] = states.get(each["values"], 0) + each["counts"]
    say(f"all agree; rows by state: {states}")


def _round(options: Any, number: int) -> dict[str, float]:
    """Seconds of each contender over the tape."""
    feeds = {name: make(Terms()).feed for name, (make, _) in CONTENDERS.items()}
    seconds = dict.fromkeys(feeds, 0.0)
    for turn, block in enumerate(blocks(options.rows, options.seed, batch=options.batch)):
        forms: dict[str, pa.RecordBatch] = {numbers: block.batch(numbers) for numbers in ("e8", "float64")}
        names = list(feeds)
        start = (turn + number) % len(names)
        for name in names[start:] + names[:start]:
            seconds[name] += _turn(feeds[name], forms[CONTENDERS[name][1]])
    say(f"round {number + 1}: " + ", ".join(f"{name} {each:.3g} s" for name, each in seconds.items()))
    return seconds


def _turn(feed: Callable[[pa.RecordBatch], Any], batch: pa.RecordBatch) -> float:
    gc.disable()
    start = time.perf_counter()
    feed(batch)
    took = time.perf_counter() - start
    gc.enable()
    return took


def _line(name: str, rounds: list[dict[str, float]], rows: int) -> Record:
    took = statistics.median(each[name] for each in rounds)
    ratios = [each[name] / each[PERPCORE] for each in rounds]
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
    return {
        "contender": name,
        "seconds": took,
        "rows_a_second": rows / took,
        "seconds_a_year": took / rows * YEAR,
        "ratio": [low, middle, high],
    }


def _apart(name: str) -> Record:
    """Memory, in a process of its own on the same tape."""
    command = [sys.executable, "-m", "benches.prices", *sys.argv[1:], "--memory", name]
    command = [word for word in command if word != "--record"]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    found: Record = json.loads(run.stdout)
    say(f"memory of {name}")
    return found


def _memory(options: Any) -> Record:
    """The most that a batch needs beyond what is there when it comes, its result included; and by how much the process
    has grown from its tenth batch to the last. Linux only: it can reset the peak.
    """
    make, numbers = CONTENDERS[options.memory]
    feed, clear = make(Terms()).feed, Path("/proc/self/clear_refs")
    most, settled, after = 0, 0, 0
    for turn, batch in enumerate(tape(options.rows, options.seed, numbers=numbers, batch=options.batch)):
        if clear.exists():
            clear.write_text("5")  # the peak begins here
        before = status("VmRSS")
        feed(batch)
        most, after = max(most, status("VmHWM") - before), status("VmRSS")
        settled = after if turn < 10 else settled
    return {"batch_bytes": most, "growth_bytes": max(0, after - settled), "resident_bytes": after}


def _page(found: Record) -> Iterator[str]:
    yield (
        f"{conditions(found, 'numpy', 'polars')}. {found['rows']:,} rows in batches of {found['batch']:,}, "
        f"{len(SOURCES)} sources in {len(set(GROUPS))} groups, seed {found['seed']}. Peak of the process with all of "
        f"them and both forms of the tape: {found['peak_bytes'] / 2**20:,.0f} MiB."
    )
    yield ""
    measured = found["rows"] == YEAR
    yield (
        f"| | rows a second | ns a row | s a year{'' if measured else ', extrapolated'} | ÷ perpcore | quartiles "
        "| MiB a batch | grown by, MiB |"
    )
    yield "|---|--:|--:|--:|--:|---|--:|--:|"
    for line in found["lines"]:
        low, middle, high = line["ratio"]
        yield (
            f"| {line['contender']} | {line['rows_a_second']:,.0f} | {1e9 / line['rows_a_second']:.0f} "
            f"| {line['seconds_a_year']:.1f} | **{middle:.2f}** | {low:.2f} – {high:.2f} "
            f"| {line['batch_bytes'] / 2**20:.0f} | {line['growth_bytes'] / 2**20:.0f} |"
        )


if __name__ == "__main__":
    main()

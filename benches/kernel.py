"""The kernels of the common account against the plain valuation: one book, in turns, one thread, the same bits.

    python -m benches.kernel

`make test` runs the gate below on it: a ratio taken in one process does not depend on how fast the machine is.
"""

import json
import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import perpcore as pc
from perpcore._core import _choose_kernel

from .portfolio import portfolio
from .workload import Book, load

BASELINE = Path(__file__).with_name("baseline.json")

# A kernel fails where less than this share of its advantage is left.
KEPT = 0.7


def kernels() -> list[str]:
    """The kernels of this processor beside the plain valuation."""
    possible = []
    for name in ("base", "avx512"):
        try:
            _choose_kernel(name)
        except ValueError:
            continue
        possible.append(name)
    _choose_kernel(None)
    return possible


def ratios(accounts: int, rounds: int) -> dict[str, list[float]]:
    """Time of the plain valuation ÷ time of each kernel, round by round, in either model."""
    standard, other = load(accounts), portfolio(accounts)
    found = _ratios(standard.rules, standard.book, rounds)
    return found | {f"portfolio {name}": each for name, each in _ratios(other.rules, other.book, rounds).items()}


def _ratios(rules: pc.Rulebook, book: Book, rounds: int) -> dict[str, list[float]]:
    names = ["plain", *kernels()]

    def timed(name: str) -> tuple[float, Any]:
        _choose_kernel(name)
        start = time.perf_counter()
        result = pc.assess(rules, **book, threads=1).accounts
        return time.perf_counter() - start, result

    try:
        results = {name: timed(name)[1] for name in names}
        if any(result != results["plain"] for result in results.values()):
            raise AssertionError("a kernel and the plain valuation differ")
        turns = []
        for turn in range(rounds):
            order = names if turn % 2 else names[::-1]
            turns.append({name: timed(name)[0] for name in order})
    finally:
        _choose_kernel(None)
    return {name: [turn["plain"] / turn[name] for turn in turns] for name in names[1:]}


def failures(found: Mapping[str, list[float]], baseline: Mapping[str, float]) -> list[str]:
    """Which kernels have lost too much of what the baseline says they bring."""
    medians = {name: statistics.median(each) for name, each in found.items()}
    return [
        f"{name}: plain ÷ kernel is {medians[name]:.2f}, the baseline {baseline[name]:.2f}"
        for name in medians
        if medians[name] < 1 + KEPT * (baseline[name] - 1)
    ]


def baseline() -> dict[str, float]:
    found: dict[str, float] = json.loads(BASELINE.read_text(encoding="utf-8"))
    return found


def main() -> None:
    accounts, rounds = 25_000, 101
    print(f"{accounts:,} accounts, {rounds} rounds, one thread: plain ÷ kernel (quartiles)")
    found = ratios(accounts, rounds)
    for name, each in found.items():
        low, ratio, high = statistics.quantiles(each)
        print(f"{name:16} {ratio:.2f} ({low:.2f}–{high:.2f})")
    for failure in failures(found, baseline()):
        print(f"slower than it was: {failure}")


if __name__ == "__main__":
    main()

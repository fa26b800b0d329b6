"""Any number of random streams, until one differs or all agree.

`python -m tests.model.venue.soak --seeds 1000 [--from 0] [--length 2000] [--flavor trading] [--model]`
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Callable

from .compare import DifferenceError
from .rules import read_rules
from .streams import FLAVORS, resolve, stream
from .venue import Venue


def by_model(seed: int, flavor: str, length: int) -> None:
    """The model alone: its own laws."""
    text, rows = stream(seed, flavor, length)
    venue = Venue(read_rules(text))
    for row in rows:
        venue.apply(resolve(row, venue))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--length", type=int, default=1_000)
    parser.add_argument("--flavor", choices=FLAVORS, action="append")
    parser.add_argument("--model", action="store_true", help="only the model and what must hold in it")
    asked = parser.parse_args()
    replay: Callable[[int, str, int], object] = by_model
    if not asked.model:
        # only then is perpcore needed
        replay = importlib.import_module("tests.model_agreement.venue_streams").replay
    differences = commands = 0
    began = time.monotonic()
    for seed in range(asked.first, asked.first + asked.seeds):
        for flavor in asked.flavor or FLAVORS:
            try:
                replay(seed, flavor, asked.length)
            except DifferenceError as difference:
                differences += 1
                print(difference, flush=True)
            commands += asked.length
    print(f"{commands:,} commands in {time.monotonic() - began:.0f} s, {differences} streams differ")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())

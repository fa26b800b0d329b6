"""Runs the model over the `threshold.bankruptcy` cases of waterfall.json and prints every difference.

python -m tests.model.check_waterfall PATH/waterfall.json
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from .bankruptcy import Held, amounts, part
from .cases import check
from .grid import E16, GRID, read_number

ANY_TICK = "0.00000001"


def differences(case: Mapping[str, Any]) -> Iterator[str]:
    """Amounts at 10⁻¹⁶ and, where parts are closed, those at g."""
    given = case["inputs"]
    positions = [
        Held(*(read_number(row.get(name, ANY_TICK)) for name in ("quantity", "mark", "maintenance", "tick")))
        for row in given["positions"]
    ]
    found = amounts(positions, read_number(given["net_value"]))
    got = {"amounts": [Fraction(amount, E16) for amount in found]}
    if "close" in given:
        closed = [read_number(text) for text in given["close"]]
        parts = map(part, positions, found, closed)
        got["parts"] = [Fraction(amount, GRID) for amount in parts]
    for name, wanted in case["expected"].items():
        if got.get(name) != [Fraction(text) for text in wanted]:
            yield f"{name}: {got.get(name)} expected {wanted}"


def main(paths: list[str]) -> int:
    """Prints the differences and a count; 1 if there is any."""
    return check(paths, differences, "threshold.bankruptcy")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

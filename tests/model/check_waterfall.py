"""Runs the model over the `threshold.bankruptcy` cases of waterfall.json and prints every difference.

python -m tests.model.check_waterfall PATH/waterfall.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from .bankruptcy import Held, amounts, part
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
    count = bad = 0
    for path in paths:
        for case in json.loads(Path(path).read_text(encoding="utf-8")):
            if case["rule"] == "threshold.bankruptcy":
                found = list(differences(case))
                count, bad = count + 1, bad + bool(found)
                for text in found:
                    print(f"{case['id']}  {text}   ({case['says']})")
    print(f"checked {count} cases, {bad} mismatches")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

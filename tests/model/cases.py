"""Cases in files, and what the model says of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any


def check(
    paths: Iterable[str],
    differences: Callable[[Mapping[str, Any]], Iterable[str]],
    rules: Collection[str] | None = None,
) -> int:
    """Prints the differences of all cases, or of those of some rules, and a count; 1 if there is any."""
    count = bad = 0
    for path in paths:
        for case in json.loads(Path(path).read_text(encoding="utf-8")):
            if rules is None or case["rule"] in rules:
                found = list(differences(case))
                count, bad = count + 1, bad + bool(found)
                for text in found:
                    print(f"{case['id']}  {text}   ({case['says']})")
    print(f"checked {count} cases, {bad} mismatches")
    return 1 if bad else 0

"""The law of `renamed` in the model itself: `python -m tests.model.venue.check_renamed 20`."""

from __future__ import annotations

import random
import sys

from .renamed import facts, plain_rows, renaming, sums, transformed
from .rules import read_rules
from .venue import Venue


def check(seed: int, flavor: str, length: int) -> None:
    text, rows = plain_rows(seed, flavor, length)
    rng = random.Random(seed)
    names = renaming(rng)
    one, other = Venue(read_rules(text)), Venue(read_rules(text))
    others = transformed(rows, names, rng)
    opened = len(others) - len(rows)  # the flag that is set beside
    told = [facts(one.apply(row), names) for row in rows]
    told_other = [facts(other.apply(row), {}) for row in others]
    setting = next(at for at, row in enumerate(rows) if row["kind"] not in ("open_account", "fund_topup"))
    assert told[setting:] == told_other[setting + opened :], next(
        (at, rows[at], a, b)
        for at, (a, b) in enumerate(zip(told[setting:], told_other[setting + opened :], strict=True), setting)
        if a != b
    )
    assert sums(one.ledger_rows(), names) == sums(other.ledger_rows(), {})
    assert sums(one.position_rows(), names) == sums(other.position_rows(), {})


if __name__ == "__main__":
    for seed in range(int(sys.argv[1])):
        for flavor in ("trading", "shocks", "isolated", "money", "time"):
            check(seed, flavor, 400)
    print("no sum changes")

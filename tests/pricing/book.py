"""Rules, times and tapes of the tests of index, mark and funding."""

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest

import perpcore as pc

SECOND = 1_000_000_000
# 2027-01-15 08:00 UTC: an interval of eight hours begins.
START = 1_800_000_000 * SECOND
NAMES = ("a", "b", "c", "d")

SOURCES = [{"id": name, "group": name.upper()} for name in NAMES]
RULES = pc.Rulebook.preset("hk-vatp-perp").edit({"underlying.BTC.sources": SOURCES})
# The first sample of two groups or more is accepted.
AT_ONCE = RULES.edit({"underlying.BTC.index.agree_samples": 1})


def at(seconds: float) -> int:
    """So many seconds after the start."""
    return START + round(seconds * SECOND)


def index(rules: pc.Rulebook = AT_ONCE) -> pc.IndexPrice:
    return pc.IndexPrice(rules, "BTC")


def mark(rules: pc.Rulebook = RULES) -> pc.MarkPrice:
    return pc.MarkPrice(rules, "BTC-PERP")


def funding(rules: pc.Rulebook = RULES) -> pc.Funding:
    return pc.Funding(rules, "BTC-PERP")


def all_at(price: Any, names: tuple[str, ...] = NAMES) -> dict[str, Any]:
    """One price of every source."""
    return dict.fromkeys(names, price)


def outs(of: pc.IndexPrice) -> dict[str, str | None]:
    """Why each source does not count."""
    return {row["source"]: row["out"] for row in of.sources().to_pylist()}


# What feeds say that is no price.
ODD = [0, -1, "-0.5", 10**8 + 1, 10**30, -(10**30), "0.000000001", float("nan"), float("inf"), 1e300, -1e300]

Rows = list[dict[str, Any]]


def quotes(seed: int, count: int = 400, rate: bool = False) -> Rows:
    """Updates of an index in the wide form: gaps, jumps, silent sources, odd prices, times that stand still.

    With `rate` the last source quotes what a currency is worth, near 1.
    """
    rng = random.Random(seed)
    now, price, rows = START, 100.0, []
    for _ in range(count):
        now += rng.choice([0, 1, SECOND // 2, SECOND, SECOND, SECOND, 3 * SECOND])
        now += rng.choice([70, 120, 200]) * SECOND if rng.random() < 0.006 else 0
        price *= 1.2 if rng.random() < 0.02 else rng.uniform(0.995, 1.005)
        row: dict[str, Any] = {"time": now}
        for name in NAMES:
            said = f"{(1 if rate and name == NAMES[-1] else price) * rng.uniform(0.98, 1.02):.8f}"
            row[name] = rng.choice([said] * 20 + [None, None, *ODD, str(price * 1_000)[:12]])
        rows.append(row)
    return rows


def tops(seed: int, count: int = 400) -> Rows:
    """Updates of a mark and a funding: books that are crossed, one-sided or not there, gaps, states, odd prices."""
    rng = random.Random(seed)
    now, price, rows = START, 58_000.0, []
    for _ in range(count):
        now += rng.choice([0, 1, SECOND // 3, SECOND, SECOND, 5 * SECOND, 61 * SECOND])
        now += 9 * 3_600 * SECOND if rng.random() < 0.01 else 0
        price *= rng.uniform(0.999, 1.001)

        def near(beyond: float, price: float = price) -> Any:
            said = f"{price * (1 + beyond) * rng.uniform(0.9999, 1.0001):.2f}"
            return rng.choice([said] * 16 + [None, None, rng.choice(ODD)])

        rows.append(
            {
                "time": now,
                "index": near(0),
                "state": rng.choice(["live"] * 12 + [None, "thin", "protected", "frozen", "halted"]),
                "bid": near(-0.0002),
                "ask": near(0.0002),
                "impact_bid": near(-0.001),
                "impact_ask": near(0.001),
                "last": rng.choice([near(0), None]),
                "funding_rate": rng.choice(["0.0001", "-0.0002", None, None]),
                "mark": near(0),
            }
        )
    return rows


def columns(rows: Rows, *names: str) -> dict[str, list[Any]]:
    """Rows as a mapping of columns."""
    return {name: [row[name] for row in rows] for name in names or rows[0]}


def refused(call: Callable[[], Any], code: str, table: str | None, column: str | None, row: int | None = None) -> Any:
    """What a call that must be refused raises, at this place."""
    with pytest.raises(pc.errors.PerpcoreError) as caught:
        call()
    error = caught.value
    assert (error.code, error.table, error.column, error.row) == (code, table, column, row), error
    return error


TOPS = ("time", "index", "state", "bid", "ask", "impact_bid", "impact_ask", "last", "funding_rate")
PREMIUMS = ("time", "index", "state", "impact_bid", "impact_ask", "mark")


def fields(row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """What an update names: a row without its time."""
    return {name: row[name] for name in names if name != "time"}

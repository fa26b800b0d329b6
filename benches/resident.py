"""What the benchmarks of a resident book share: prices recorded and drawn, changes, peers that recompute."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .peers import contender
from .workload import Book, Load

MINUTES = Path(os.environ.get("PERPCORE_SHARED") or Path(__file__).parents[2] / "shared") / "data" / "bitmex_xbtusd_1m"

# A day of each recording: a quiet one, 12 March 2020, 19 May 2021. (file, first minute of the day in it)
DAYS = {
    "2019-05-16": ("2019-05-15_2019-05-19", 1_440),
    "2020-03-12": ("2020-03-01_2020-03-31", 11 * 1_440),
    "2021-05-19": ("2021-05-01_2021-05-31", 18 * 1_440),
}

# How the accounts of a change are named: by a dictionary of all accounts, by one of its own, by text.
Named: TypeAlias = Literal["all ids", "own ids", "text"]
NAMED: tuple[Named, ...] = ("all ids", "own ids", "text")

Prices: TypeAlias = dict[str, float]


def recorded(day: str) -> np.ndarray[Any, Any] | None:
    """The closing prices of a day's minutes; none where the recording is not beside the repository."""
    name, first = DAYS[day]
    path = MINUTES / f"{name}.parquet"
    if not path.is_file():
        return None
    closes: np.ndarray[Any, Any] = pq.read_table(path, columns=["close"]).column(0).to_numpy()[first : first + 1_440]
    return closes


def prices(book: Book) -> Prices:
    return {row["symbol"]: row["price_e8"] / 1e8 for row in pa.table(book["prices"]).to_pylist()}


def minutes(book: Book, closes: np.ndarray[Any, Any]) -> Iterator[Prices]:
    """Both underlyings of the book go the way that the recorded price went."""
    start = prices(book)
    for close in closes:
        moved = {symbol: round(price * float(close / closes[0]), 2) for symbol, price in start.items()}
        yield {symbol: moved[symbol] if symbol.endswith("-PERP") else start[symbol] for symbol in start}


def walk(book: Book, step: float) -> Iterator[Prices]:
    """Prices of both underlyings that go up or down by `step` at every tick."""
    now = prices(book)
    moving = [symbol for symbol in now if symbol.endswith("-PERP")]
    draw = np.random.default_rng(3)
    while True:
        for symbol in moving:
            now[symbol] = round(now[symbol] * (1 + step * draw.choice([-1, 1])), 2)
        yield dict(now)


def changes(book: Book, named: Named, count: int, *, same: bool = False) -> Iterator[pa.Table]:
    """Positions of accounts drawn anew each time, or always of the `same`, with other quantities."""
    positions = pa.table(book["positions"])
    draw = np.random.default_rng(5)
    chosen = None
    while True:
        if chosen is None or not same:
            chosen = np.sort(draw.choice(positions.num_rows, count, replace=False))
            rows = positions.take(chosen).combine_chunks()
            ids = rows.column("account")
            if named != "all ids":
                ids = ids.cast(pa.string())
                ids = ids if named == "text" else ids.dictionary_encode()
            rows = rows.set_column(rows.schema.get_field_index("account"), "account", ids)
        at = rows.schema.get_field_index("quantity_e8")
        moved = rows.column(at).to_numpy() + draw.integers(-5, 5, rows.num_rows) * 1_000_000
        yield rows.set_column(at, "quantity_e8", pa.array(moved)).combine_chunks()


def recomputing(name: str, one: Load, threads: int = 1) -> Callable[[Prices], Any]:
    """A peer that values the whole book at prices that are handed to it, as somebody without a monitor does."""
    floats = dict(one.floats)
    call = contender(name, replace(one, floats=floats), threads)

    def at(now: Prices) -> Any:
        floats["prices"] = pa.table({"symbol": list(now), "price": list(now.values())})
        return call()

    return at

"""Recorded bars as commands: prices told to a venue, and a maker who quotes around them.

A bar tells two prices as index and mark, its extreme on the side to which it moved and its close. At each the maker
quotes anew: first the side that liquidations will hit, then the price, then the other side; less of it the more the
price moved within a quarter of an hour.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

GRID = 10**8
SECOND = 10**9
MAKER = "maker"
# Distance from the price, and the share of the maker's size, of each level of a side.
LEVELS = ((0.0005, 0.1), (0.0025, 0.2), (0.008, 0.3), (0.024, 0.4))
# A move within a quarter of an hour that halves what is quoted.
HALVES = 0.03
KINDS = ("cancel_all", *("place" for _ in LEVELS), "index", "mark", *("place" for _ in LEVELS))

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Contract:
    """An instrument, and where its prices were recorded."""

    name: str
    symbol: str
    tick: int
    """In 10⁻⁸, as the lot."""
    lot: int

    @property
    def underlying(self) -> str:
        return self.name.removesuffix("-PERP")


@dataclass
class Tape:
    """Prices of one contract in 10⁻⁸, when they are told in nanoseconds, and the price a quarter of an hour before."""

    contract: Contract
    time: Ints
    price: Ints
    before: Ints


def tape(contract: Contract, file: Path, span: tuple[datetime, datetime], bar: int) -> Tape:
    """The bars, of so many seconds, that began in a span of time."""
    when = [("ts", ">=", span[0]), ("ts", "<", span[1]), ("symbol", "=", contract.symbol)]
    table = pq.read_table(file, filters=when).sort_by("ts")
    opens = table["ts"].cast(pa.timestamp("ns", "UTC")).cast(pa.int64()).to_numpy()
    begin, high, low, close = (table[name].to_numpy() for name in ("open", "high", "low", "close"))
    extreme = np.where(close < begin, low, high)
    price = np.rint(np.stack([extreme, close], axis=1).reshape(-1) * (GRID / contract.tick)).astype(np.int64)
    price *= contract.tick
    time = (opens[:, None] + np.array([bar // 2, bar]) * SECOND).reshape(-1)
    back = 2 * max(1, 900 // bar)
    return Tape(contract, time, price, np.concatenate([np.repeat(price[:1], back), price])[: len(price)])


def commands(tapes: list[Tape], depth: int, first: int = 1) -> pa.Table:
    """What is told and quoted at each price from one on: so many rows a price, contract by contract.

    `depth` is what the maker quotes on a side when nothing moves, in settlement currency.
    """
    blocks = [_block(tape, depth, first) for tape in tapes]
    prices, quantities = (np.stack(each, axis=1).reshape(-1) for each in zip(*blocks, strict=True))
    count = len(tapes[0].time) - first
    kind = np.tile(np.array(KINDS), count * len(tapes))
    contract = np.tile(np.repeat(np.arange(len(tapes)), len(KINDS)), count)
    names = [tape.contract for tape in tapes]
    is_index, is_place, is_cancel = (kind == name for name in ("index", "place", "cancel_all"))
    return pa.table(
        {
            "time": pa.array(np.repeat(tapes[0].time[first:], len(KINDS) * len(tapes)), pa.timestamp("ns", "UTC")),
            "kind": pa.array(kind, pa.string()).dictionary_encode(),
            "account": _named(np.zeros(len(kind), np.int32), [MAKER], ~(is_place | is_cancel)),
            "instrument": _named(contract, [each.name for each in names], is_index),
            "underlying": _named(contract, [each.underlying for each in names], ~is_index),
            "quantity_e8": pa.array(quantities, mask=~is_place),
            "price_e8": pa.array(prices, mask=is_cancel),
        }
    )


def _named(places: npt.NDArray[np.integer], names: list[str], absent: npt.NDArray[np.bool_]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32), mask=absent), names)


def _block(tape: Tape, depth: int, first: int) -> tuple[Ints, Ints]:
    """Prices and quantities, a row a price told and a column a command."""
    told, last, contract = tape.price[first:], tape.price[first - 1 : -1], tape.contract
    price = np.repeat(told[:, None], len(KINDS), axis=1)
    quantity = np.zeros_like(price)
    thin = 1 / (1 + (np.abs(told / tape.before[first:] - 1) / HALVES) ** 2)
    # In a fall what is sold is bought first.
    hit = np.where(told < last, 1, -1)
    for begin, side in ((1, hit), (1 + len(LEVELS) + 2, -hit)):
        for level, (distance, share) in enumerate(LEVELS, start=begin):
            lots = np.rint(depth * share * thin * GRID * GRID / (told * contract.lot)).astype(np.int64)
            quantity[:, level] = side * np.maximum(lots, 1) * contract.lot
            away = told * (1 - side * distance) / contract.tick
            price[:, level] = np.where(side > 0, np.floor(away), np.ceil(away)).astype(np.int64) * contract.tick
    return price, quantity

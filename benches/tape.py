"""The load of the price benchmarks: a wide row a second of ten sources and a book, its rules, and the check of a peer.

A day is made at a time, from the seed and its number alone, so that a year needs the memory of a day and a longer tape
begins as a shorter one. Prices are whole cents near 58,000 that walk by about two a second and come back every midnight
to a level drawn for that day. Each source has its own distance and noise; of each about one quote in 200 is missing.
The perpetual's premium wanders within some tenths of a percent. What goes wrong, at times drawn anew each day:

- every day sources fall silent for 11 to 180 s, are wrong by 11 to 30 %, or by 3 to 9 %, which only bounds them; the
  perpetual spikes beyond the band; no trade comes for a minute; bids, asks and impact prices are missing or crossed;
- on some days all but two or all but one group fall silent, every source does, everything jumps by 12 % and back, the
  book is gone for a minute, the impact prices for five hours;
- on the second day a source is off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

import perpcore as pc

from .workload import SEED, TOLERANCE, Floats

Numbers: TypeAlias = Literal["e8", "float64"]

START = 1_735_689_600  # 2025-01-01T00:00:00Z
SECOND = 1_000_000_000
DAY = 86_400
YEAR = 365 * DAY

SOURCES = tuple(f"s{at}" for at in range(10))
# Three pairs that are not independent, and four by themselves. All sources weigh the same, so that no group is heavy.
GROUPS = (0, 0, 1, 1, 2, 2, 3, 4, 5, 6)
BOOK = ("bid", "ask", "impact_bid", "impact_ask", "last")
STATES = ("live", "thin", "protected", "frozen", "halted")

UNDERLYING, INSTRUMENT = "BTC", "BTC-PERP"


@dataclass(frozen=True)
class Terms:
    """The rulebook's numbers as a peer wants them. Times are whole seconds, which are rows of the tape."""

    groups: tuple[int, ...] = GROUPS
    min_sources: int = 3
    stale_after: int = 10
    drop_beyond: float = 0.1
    max_deviation: float = 0.03
    max_group_weight: float = 0.4
    max_jump: float = 0.1
    agree_samples: int = 5
    protected_for: int = 60
    halt_after: int = 180
    thin_trades: bool = False
    band: float = 0.005
    ema: float = 0.9672161
    samples: int = 30
    last_for: int = 60
    every: int = 28_800
    sample: int = 5
    interest_8h: float = 0.0001
    dead_zone: float = 0.0005
    cap: float = 0.00375
    min_coverage: float = 0.5


def rules(terms: Terms) -> pc.Rulebook:
    """The same as a rulebook."""

    def rate(share: float) -> str:
        return f"{share * 100:.6f}%"

    sources = [{"id": name, "group": f"g{group}"} for name, group in zip(SOURCES, terms.groups, strict=True)]
    index, mark, funding = f"underlying.{UNDERLYING}.index", f"instrument.{INSTRUMENT}.mark", f"instrument.{INSTRUMENT}"
    return pc.Rulebook.preset("hk-vatp-perp").edit(
        {
            f"underlying.{UNDERLYING}.sources": sources,
            f"{index}.min_sources": terms.min_sources,
            f"{index}.stale_after": f"{terms.stale_after}s",
            f"{index}.drop_beyond": rate(terms.drop_beyond),
            f"{index}.max_deviation": rate(terms.max_deviation),
            f"{index}.max_group_weight": rate(terms.max_group_weight),
            f"{index}.max_jump": rate(terms.max_jump),
            f"{index}.jump_window": "1s",
            f"{index}.agree_samples": terms.agree_samples,
            f"{index}.protected_for": f"{terms.protected_for}s",
            f"{index}.halt_after": f"{terms.halt_after}s",
            f"{index}.thin": "trade" if terms.thin_trades else "protect",
            f"{mark}.method": "median3",
            f"{mark}.band": rate(terms.band),
            f"{mark}.ema": rate(terms.ema),
            f"{mark}.samples": terms.samples,
            f"{mark}.last_for": f"{terms.last_for}s",
            f"{funding}.funding": {
                "every": f"{terms.every}s",
                "sample": f"{terms.sample}s",
                "interest_8h": rate(terms.interest_8h),
                "dead_zone": rate(terms.dead_zone),
                "cap": rate(terms.cap),
                "min_coverage": rate(terms.min_coverage),
            },
        }
    )


# --- the tape

Integers: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Block:
    """Some rows: cents a column of `SOURCES` and `BOOK`, and which of them are missing."""

    first: int
    cents: list[Integers]
    missing: list[Flags]

    def batch(self, numbers: Numbers) -> pa.RecordBatch:
        rows = len(self.cents[0])
        times = (np.arange(rows, dtype=np.int64) + self.first) * SECOND
        columns = {"time": pa.array(times).cast(pa.timestamp("ns", "UTC"))}
        for name, cents, missing in zip(SOURCES + BOOK, self.cents, self.missing, strict=True):
            nulls = int(missing.sum())
            bits = pa.py_buffer(np.packbits(~missing, bitorder="little")) if nulls else None
            if numbers == "e8":
                values, kind, name = pa.py_buffer(cents * 1_000_000), pa.int64(), f"{name}_e8"
            else:
                values, kind = pa.py_buffer(cents / 100), pa.float64()
            columns[name] = pa.Array.from_buffers(kind, rows, [bits, values], nulls)
        return pa.RecordBatch.from_pydict(columns)


def tape(
    rows: int, seed: int = SEED, *, numbers: Numbers = "float64", batch: int = DAY, trouble: float = 1.0
) -> Iterator[pa.RecordBatch]:
    """So many rows, a second each, in batches of a day (or fewer rows): time, `SOURCES` and `BOOK` as float64, or as
    int64 in 10⁻⁸ under their names with `_e8`. `trouble` is how often what goes wrong every day does so.
    """
    for block in blocks(rows, seed, batch=batch, trouble=trouble):
        yield block.batch(numbers)


def blocks(rows: int, seed: int = SEED, *, batch: int = DAY, trouble: float = 1.0) -> Iterator[Block]:
    """The same before it is written as Arrow, for who wants it in both forms."""
    for day in range(-(-rows // DAY)):
        cents, missing = _day(day, seed, trouble)
        left = min(DAY, rows - day * DAY)
        for at in range(0, left, batch):
            part = slice(at, min(at + batch, left))
            yield Block(
                START + day * DAY + at, [column[part].copy() for column in cents], [each[part] for each in missing]
            )


def _day(day: int, seed: int, trouble: float) -> tuple[list[Integers], list[Flags]]:
    random = np.random.default_rng((seed, day, 0))
    level, premium = _midnight(seed, day), _midnight(seed, day + 1)
    part = np.arange(1, DAY + 1) / DAY
    steps = np.cumsum(random.standard_normal(DAY, np.float32), dtype=np.float64) * 2
    path = level[0] + steps + (premium[0] - level[0] - steps[-1]) * part
    basis = level[1] + (premium[1] - level[1]) * part + 0.0002 * np.sin(part * (2 * np.pi * 24))
    if day % 7 == 3:
        path[_stretch(random, 20, 8, 50)] *= 0.88
    return _written(random, day, path, basis, trouble)


def _midnight(seed: int, day: int) -> tuple[float, float]:
    """What the price and the premium are when a day begins."""
    first, second = np.random.default_rng((seed, day, 1)).standard_normal(2).clip(-3, 3)
    return 58_000 * (1 + 0.02 * float(first)), 0.0006 * float(second)


def _stretch(random: np.random.Generator, hour: int, least: int, most: int) -> slice:
    """Seconds within an hour of the day."""
    first = hour * 3_600 + int(random.integers(0, 3_400 - most))
    return slice(first, first + int(random.integers(least, most + 1)))


def _written(
    random: np.random.Generator, day: int, path: Floats, basis: Floats, trouble: float
) -> tuple[list[Integers], list[Flags]]:
    cents: list[Integers] = []
    missing: list[Flags] = []

    def write(prices: Floats, share: float) -> None:
        cents.append(np.rint(prices * 100).astype(np.int64))
        none = np.zeros(DAY, np.bool_)
        none[random.integers(0, DAY, random.poisson(share * DAY))] = True
        missing.append(none)

    def often(times: float, most: int) -> Iterator[slice]:
        for _ in range(random.poisson(times * trouble)):
            first = int(random.integers(0, DAY - most))
            yield slice(first, first + int(random.integers(1, most + 1)))

    for at in range(len(SOURCES)):
        write(path + (random.standard_normal(DAY, np.float32) * 1.5 + (at - 4.5) * 1.2), 0.005)
    perpetual = path * (1 + basis)
    for second in often(1, 30):
        perpetual[second] *= 1.012
    half = 0.5 + random.standard_exponential(DAY, np.float32) * 0.5
    depth = half + (2 + random.standard_exponential(DAY, np.float32) * 4)
    trades = perpetual + random.standard_normal(DAY, np.float32)
    for prices, share in zip(
        (perpetual - half, perpetual + half, perpetual - depth, perpetual + depth, trades),
        (0.0002, 0.0002, 0.001, 0.001, 0.2),
        strict=True,
    ):
        write(prices, share)

    one = random.permutation(len(SOURCES))
    for at, which in enumerate(one):
        for seconds in often(0.3, 180):
            missing[which][slice(seconds.start, max(seconds.stop, seconds.start + 11))] = True
        for seconds in often(0.4, 20):
            cents[which][seconds] = np.rint(cents[which][seconds] * (1 + random.uniform(0.11, 0.3) * (-1) ** at))
        for seconds in often(0.4, 30):
            cents[which][seconds] = np.rint(cents[which][seconds] * (1 + random.uniform(0.031, 0.09) * (-1) ** at))
    bid, ask, impact_bid, impact_ask, last = range(len(SOURCES), len(SOURCES) + len(BOOK))
    for seconds in often(3, 3):
        cents[bid][seconds], cents[ask][seconds] = cents[ask][seconds], cents[bid][seconds].copy()
    for seconds in often(3, 3):
        cents[impact_bid][seconds] = cents[impact_ask][seconds]
    for seconds in often(1, 60):
        missing[last][slice(seconds.start, seconds.start + 60 + seconds.stop - seconds.start)] = True
    if day % 3 == 1:
        _silent(
            missing, _stretch(random, 3, 20, 90), but=[one[0], *[w for w in one if GROUPS[w] != GROUPS[one[0]]][:1]]
        )
    if day % 5 == 2:
        _silent(missing, _stretch(random, 9, 20, 120), but=one[:1])
    if day % 4 == 3:
        _silent(missing, _stretch(random, 14, 11, 60), but=())
    if day % 6 == 1:
        gone = _stretch(random, 16, 40, 120)
        for which in (bid, ask, last):
            missing[which][gone] = True
    if day % 10 == 6:
        missing[impact_bid][slice(DAY // 3 + 1_000, DAY // 3 + 19_000)] = True
    if day == 1:
        missing[7][:] = True
    for column, none in zip(cents, missing, strict=True):
        column[none] = 0
    return cents, missing


def _silent(missing: list[Flags], seconds: slice, but: Any) -> None:
    for which in range(len(SOURCES)):
        if which not in but:
            missing[which][seconds] = True


# --- what is made of it


@dataclass
class Found:
    """What a peer makes of a batch: a row each of time, index, state and mark; and the rates that were settled by then,
    with the seconds at which they were.
    """

    table: pa.RecordBatch
    rates: list[tuple[int, float]]


@dataclass
class Told:
    """What perpcore says of it: its tables `index`, `mark` and `funding`."""

    index: pa.RecordBatch
    mark: pa.RecordBatch
    funding: pa.RecordBatch

    def rates(self) -> list[tuple[int, float]]:
        settled = self.funding.filter(self.funding.column("rate").is_valid())
        times = settled.column("time").cast(pa.int64()).to_numpy() // SECOND
        return list(zip(times.tolist(), _plain(settled.column("rate")).tolist(), strict=True))


class Market:
    """Index, funding and mark as perpcore makes them, from batches in either form. The mark is told the rate that was
    settled last; the funding is not told the mark, which only its cumulative index needs.
    """

    def __init__(self, terms: Terms) -> None:
        rulebook = rules(terms)
        self._index = pc.IndexPrice(rulebook, UNDERLYING)
        self._mark = pc.MarkPrice(rulebook, INSTRUMENT)
        self._funding = pc.Funding(rulebook, INSTRUMENT)

    def feed(self, batch: pa.RecordBatch) -> Told:
        """The next rows."""
        given = dict(zip((name.removesuffix("_e8") for name in batch.schema.names), batch.schema.names, strict=True))

        def picked(*names: str) -> dict[str, Any]:
            return {given[name]: batch.column(given[name]) for name in names}

        index = self._index.run(pa.RecordBatch.from_pydict(picked("time", *SOURCES)))
        known = picked("time") | {"index": index.column("value"), "state": index.column("state")}
        funding = self._funding.run(pa.RecordBatch.from_pydict(known | picked("impact_bid", "impact_ask")))
        told = known | picked("bid", "ask", "last")
        settled = funding.filter(funding.column("rate").is_valid())
        if settled.num_rows:
            # A column of nulls but in the rows at whose times a rate was settled.
            start = batch.column("time")[0].value
            rows = (settled.column("time").cast(pa.int64()).to_numpy() - start) // SECOND
            places = np.full(batch.num_rows, -1, np.int8)
            places[rows] = np.arange(len(rows))
            told["funding_rate"] = settled.column("rate").take(pa.array(places, mask=places < 0))
        mark = self._mark.run(pa.RecordBatch.from_pydict(told))
        return Told(index, mark, funding)


def agree(found: Found, told: Told) -> None:
    """Raises AssertionError unless a peer has perpcore's states and nulls, its index within `TOLERANCE` of a unit of
    money, its rates within their last digit, 10⁻⁸, which float64 may round the other way, and its marks within that
    share of the index.
    """
    state, expected = found.table.column("state"), told.index.column("state")
    assert state.dictionary.to_pylist() == expected.dictionary.to_pylist(), "other states"
    _same("state", state.indices.to_numpy(), expected.indices.to_numpy(), 0)
    index = _plain(told.index.column("value"))
    _same("index", _plain(found.table.column("index")), index, TOLERANCE)
    _same("mark", _plain(found.table.column("mark")), _plain(told.mark.column("mark")), TOLERANCE + 1e-8 * index)
    times, rates = (list(column) for column in zip(*found.rates, strict=True)) if found.rates else ([], [])
    expected_rates = told.rates()
    assert times == [time for time, _ in expected_rates], "other settlements"
    _same("rate", np.array(rates), np.array([rate for _, rate in expected_rates]), 1.5e-8)


def _same(name: str, theirs: Any, ours: Any, tolerance: Any) -> None:
    assert len(theirs) == len(ours), f"{name}: {len(theirs)} rows where perpcore has {len(ours)}"
    same = np.abs(theirs.astype(np.float64) - ours) <= tolerance
    wrong = ~(same | (np.isnan(theirs) & np.isnan(ours)))
    assert not wrong.any(), f"{name}: {theirs[wrong][0]!r} where perpcore has {ours[wrong][0]!r}, {wrong.sum()} rows"


def _plain(column: Any) -> Floats:
    found: Floats = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return found

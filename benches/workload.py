"""What every benchmark shares: the loads, the rulebook's numbers as a peer wants them, and the check of its answer.

Nobody is charged for what is prepared here: the Arrow tables, the parsed rulebook (perpcore), its numbers as float64
arrays (peers). The clock runs from these to an Arrow table of the accounts.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

import perpcore as pc

Floats: TypeAlias = npt.NDArray[np.float64]
Ids: TypeAlias = Literal["dictionary", "string", "int"]
Numbers: TypeAlias = Literal["e8", "decimal128", "float64"]
Book: TypeAlias = dict[str, Any]

# The figures a peer computes, in the order of its table; `account` before them, `status` after.
FIGURES = (
    "equity",
    "net_value",
    "collateral_value",
    "unrealized_pnl",
    "opening_equity",
    "initial_margin",
    "maintenance_margin",
    "available",
    "withdrawable",
    "margin_ratio",
)

# In the order of their codes, the first that applies counts. No price of these loads is unusable.
STATUSES = ("bankrupt", "liquidation", "margin_call", "restricted", "healthy")

TOLERANCE = 1e-6

SEED = 7


@dataclass(frozen=True)
class Terms:
    """The rulebook as float64 tables. A requirement of the notional N in tier k is slope[k]·N + offset[k]; tier k is
    the number of caps below N, the last tier being the 100 % beyond the last cap.

    Ladders that are equal are one: `ladder[i]` is the ladder of instrument i.
    """

    instruments: list[str]
    ladder: npt.NDArray[np.int64]
    caps: Floats
    initial_slope: Floats
    initial_offset: Floats
    maintenance_slope: Floats
    maintenance_offset: Floats
    assets: list[str]
    # Per asset the straight lines whose least is the quantity that counts: haircuts do not fall, so it is concave.
    haircut_slope: list[Floats]
    haircut_offset: list[Floats]
    call_factor: float


@dataclass(frozen=True)
class Model:
    """The portfolio model as float64. Rates are the same for every underlying, and instrument i alone has underlying i.
    The concentration charge of the net N is the greatest of slope[k]·N + offset[k], its rates rising.
    """

    # A row a scenario, a column an underlying; scenarios of equal moves stand here once.
    moves: Floats
    offset_credit: float
    basis: float
    minimum: float
    im_factor: float
    mm_factor: float
    slope: Floats
    offset: Floats


@dataclass(frozen=True)
class Load:
    """One book in the form perpcore reads fastest, the same in float64 for the peers, and its rulebook in both."""

    label: str
    rules: pc.Rulebook
    terms: Terms
    book: Book
    floats: Book
    # Where every account is one of the portfolio model.
    model: Model | None = None

    def perpcore(self, threads: int = 1) -> pa.RecordBatch:
        return pc.assess(self.rules, **self.book, threads=threads).accounts

    def perpcore_from_float64(self, threads: int = 1) -> pa.RecordBatch:
        return pc.assess(self.rules, **self.floats, threads=threads).accounts


@lru_cache(maxsize=4)
def load(accounts: int, instruments: int = 2, *, shuffled: bool = False) -> Load:
    """The load of a paired run: account ids are a dictionary of text, numbers `_e8` for perpcore, float64 for peers."""
    order = "shuffled" if shuffled else "sorted"
    made = pc.synth.workload(accounts, instruments, shuffled=shuffled, seed=SEED)
    floats = pc.synth.workload(accounts, instruments, shuffled=shuffled, numbers="float64", seed=SEED)
    label = f"{accounts:,} accounts, {instruments} instruments, {order}"
    return Load(label, pc.Rulebook.parse(made.rulebook), terms(made.rulebook), made.book, floats.book)


def under(one: Load, rulebook: str) -> Load:
    """The same book under another rulebook."""
    return replace(one, rules=pc.Rulebook.parse(rulebook), terms=terms(rulebook))


@lru_cache(maxsize=2)
def form(
    accounts: int, instruments: int = 2, *, shuffled: bool = False, ids: Ids = "dictionary", numbers: Numbers = "e8"
) -> tuple[pc.Rulebook, Book]:
    """The same book in another form, for perpcore alone."""
    made = pc.synth.workload(accounts, instruments, shuffled=shuffled, ids=ids, numbers=numbers, seed=SEED)
    return pc.Rulebook.parse(made.rulebook), made.book


def terms(rulebook: str) -> Terms:
    """The numbers of a workload's rulebook. It uses few fields; one that it does not use is refused, not ignored."""
    read = tomllib.loads(rulebook)
    venue, assets, instruments = read["venue"], read["asset"], read["instrument"]
    if venue["profit_credit"] != 0 or venue.keys() - {"settlement", "profit_credit", "fees"}:
        raise ValueError("the peers know no profit credit and no other field of [venue]")
    ladders: list[Any] = []
    of: list[int] = []
    for name, entry in instruments.items():
        if entry.keys() - {"underlying", "tick", "lot", "tiers"}:
            raise ValueError(f"the peers do not know every field of [instrument.{name}]")
        if entry["tiers"] not in ladders:
            ladders.append(entry["tiers"])
        of.append(ladders.index(entry["tiers"]))
    laid = [_ladder(tiers) for tiers in ladders]
    lines = [_haircut(entry.get("haircut", [["rest", "0%"]])) for entry in assets.values()]
    return Terms(
        instruments=list(instruments),
        ladder=np.array(of, np.int64),
        caps=np.array([caps for caps, *_ in laid]),
        initial_slope=np.array([one for _, one, _, _, _ in laid]),
        initial_offset=np.array([one for _, _, one, _, _ in laid]),
        maintenance_slope=np.array([one for _, _, _, one, _ in laid]),
        maintenance_offset=np.array([one for _, _, _, _, one in laid]),
        assets=list(assets),
        haircut_slope=[np.array(slope) for slope, _ in lines],
        haircut_offset=[np.array(offset) for _, offset in lines],
        call_factor=1.25,
    )


def _rate(text: str) -> float:
    return float(text.removesuffix("%")) / 100


def _ladder(tiers: list[Any]) -> tuple[list[float], list[float], list[float], list[float], list[float]]:
    """Caps, then slope and offset of `bracket` initial and marginal maintenance margin, one more than caps."""
    caps = [float(cap) for cap, _, _ in tiers]
    initial = [1 / leverage for _, _, leverage in tiers]
    maintenance = [_rate(rate) for _, rate, _ in tiers]
    offset = [0.0]
    for cap, below, rate in zip(caps, maintenance, [*maintenance[1:], 1.0], strict=True):
        offset.append(offset[-1] - cap * (rate - below))
    beyond = caps[-1] * (initial[-1] - 1)
    return caps, [*initial, 1.0], [*[0.0] * len(caps), beyond], [*maintenance, 1.0], offset


def _haircut(slices: list[Any]) -> tuple[list[float], list[float]]:
    slopes, offsets, done, value = [], [], 0.0, 0.0
    for up_to, haircut in slices:
        slopes.append(1 - _rate(haircut))
        offsets.append(value - done * slopes[-1])
        if up_to == "rest":
            return slopes, offsets
        value += (up_to - done) * slopes[-1]
        done = float(up_to)
    return [*slopes, 0.0], [*offsets, value]


def prices_of(names: list[str], prices: Any) -> Floats:
    """Marks or asset prices in the order of `names`; the settlement currency is 1."""
    listed = dict(zip(prices["symbol"].to_pylist(), prices["price"].to_pylist(), strict=True)) | {"USD": 1.0}
    return np.array([listed[name] for name in names])


def codes(column: Any) -> npt.NDArray[Any]:
    """The indices of a dictionary column, without a copy."""
    found: npt.NDArray[Any] = column.chunk(0).indices.to_numpy()
    return found


def codes_array(column: Any) -> Any:
    """The same, as an Arrow array."""
    return column.chunk(0).indices


def dictionary(column: Any) -> Any:
    return column.chunk(0).dictionary


def values(column: Any) -> Floats:
    """A float64 column, without a copy."""
    found: Floats = column.chunk(0).to_numpy()
    return found


def arrow(ids: Any, columns: list[Floats], status: npt.NDArray[np.int8]) -> pa.RecordBatch:
    """The table of a peer from its columns in the order of `FIGURES`, without a copy: one row per dictionary entry,
    in that order; no ratio where equity is not positive.
    """
    equity, ratio = columns[0], columns[-1]
    missing = equity <= 0
    made = [pa.array(column) for column in columns[:-1]]
    if missing.any():
        bits = pa.py_buffer(np.packbits(~missing, bitorder="little"))
        made.append(pa.Array.from_buffers(pa.float64(), len(ratio), [bits, pa.py_buffer(ratio)]))
    else:
        made.append(pa.array(ratio))
    accounts = pa.DictionaryArray.from_arrays(pa.array(np.arange(len(equity), dtype=np.int32)), ids, safe=False)
    state = pa.DictionaryArray.from_arrays(pa.array(status), pa.array(STATUSES), safe=False)
    return pa.RecordBatch.from_arrays([accounts, *made, state], names=["account", *FIGURES, "status"])


def table(found: Any, ids: Any) -> pa.Table:
    """The table of a peer whose answer is in Arrow already: codes of accounts and statuses become dictionaries."""
    columns = dict(zip(found.column_names, found.columns, strict=True))
    for name, words in (("account", ids), ("status", pa.array(STATUSES))):
        chunks = [pa.DictionaryArray.from_arrays(chunk, words, safe=False) for chunk in columns[name].chunks]
        columns[name] = pa.chunked_array(chunks, pa.dictionary(columns[name].type, words.type))
    return pa.table(columns)


def agree(found: Any, expected: pa.RecordBatch, tolerance: float = TOLERANCE) -> None:
    """Raises AssertionError unless `found` has the accounts of perpcore and its figures within `tolerance`, relative
    to the figure and at least to one unit of money. The order of rows is free. A status may differ only where a
    threshold lies within the tolerance, which float64 cannot decide.
    """
    where = {name: row for row, name in enumerate(_texts(expected))}
    rows = np.array([where[name] for name in _texts(found)])
    assert np.array_equal(np.sort(rows), np.arange(expected.num_rows)), "not the same accounts"
    known: dict[str, Floats] = {}
    for name in FIGURES:
        ours, theirs = _plain(expected.column(name))[rows], _plain(found.column(name))
        assert np.array_equal(np.isnan(ours), np.isnan(theirs)), f"{name}: nulls differ"
        far = np.abs(ours - theirs) > tolerance * np.maximum(1, np.abs(ours))
        assert not far.any(), f"{name}: {theirs[far][0]!r} where perpcore has {ours[far][0]!r}"
        known[name] = ours
    ours = np.array(expected.column("status").to_pylist(), object)[rows]
    theirs = np.array(found.column("status").to_pylist(), object)
    equity, maintenance = known["equity"], known["maintenance_margin"]
    edges = (known["net_value"], equity - maintenance, equity - 1.25 * maintenance, equity - known["initial_margin"])
    undecidable = np.min(np.abs(edges), axis=0) <= tolerance * np.maximum(1, np.abs(equity))
    wrong = (ours != theirs) & ~undecidable
    assert not wrong.any(), f"status {theirs[wrong][0]} where perpcore has {ours[wrong][0]}"


def _texts(table: Any) -> list[str]:
    found: list[str] = table.column("account").cast(pa.string()).to_pylist()
    return found


def _plain(column: Any) -> Floats:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if not pa.types.is_float64(column.type):
        column = column.cast(pa.float64(), safe=False)
    found: Floats = column.to_numpy(zero_copy_only=False)
    return found


# What a peer's module makes of a load and a number of threads: a call without arguments, everything known beforehand
# (compiled kernels, connections) ready, that starts from the Arrow tables each time it is called.
Contender: TypeAlias = Callable[[], Any]
Maker: TypeAlias = Callable[[Load, int], Contender]

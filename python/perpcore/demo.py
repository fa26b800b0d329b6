"""What `perpcore demo` computes: a synthetic venue before and during the crash of 12–13 March 2020.

The prices are real, the accounts are not. BTC is BitMEX XBTUSD, whose prices are used as linear marks. ETH is known
at four times only (`prices_2020_03.csv`); between them its price in BTC is taken to move evenly in time. With the
recorded minutes at hand ($PERPCORE_DATA or ../shared/data) the hours around the low are followed minute by minute.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from importlib.resources import files
from pathlib import Path
from statistics import median
from time import perf_counter

from . import synth
from ._core import Rulebook
from ._files import write_file
from ._tables import RecordBatch, Table, compute, one_batch, pa, parquet
from .assessment import Assessment, assess
from .explanation import Explanation

__all__ = ["Demo", "Moment", "closest", "minutes", "moments", "run"]

# Below the maintenance margin: what a venue would be liquidating.
_FALLEN = ("liquidation", "bankrupt")

# How long before and after the low the recorded minutes are followed.
_AROUND = timedelta(hours=6)

_MINUTES = Path("bitmex_xbtusd_1m") / "2020-03-01_2020-03-31.parquet"


@dataclass(frozen=True)
class Moment:
    """The marks at one time, in USD."""

    time: datetime
    btc: Decimal
    eth: Decimal

    def marks(self) -> dict[str, str]:
        """Prices by symbol: both instruments, and their underlyings as assets."""
        return {"BTC-PERP": str(self.btc), "ETH-PERP": str(self.eth), "BTC": str(self.btc), "ETH": str(self.eth)}


@dataclass
class Demo:
    """What the demo shows. `path` holds the accounts below their maintenance margin at each moment."""

    rules: Rulebook
    book: dict[str, Table]
    calm: Moment
    low: Moment
    before: Assessment
    after: Assessment
    changed: RecordBatch
    page: Explanation
    seconds: float
    repeats: int
    path: list[tuple[Moment, int]] = field(default_factory=list)
    by_minute: bool = False


def run(
    accounts: int = 25_000,
    seed: int = 7,
    *,
    repeats: int = 51,
    data: Path | None = None,
    progress: Callable[[Iterable[Moment]], Iterable[Moment]] = iter,
) -> Demo:
    """Builds the book, values it at the calm and at the lowest marks, times the call, and follows the whole crash.

    `data` is a folder of recorded minutes (None: `$PERPCORE_DATA`, else ../shared/data, else the prices shipped);
    `progress` wraps the moments of the path, to show how far it is.
    """
    rules = Rulebook.preset("hk-vatp-perp")
    shipped = moments()
    calm, low = shipped[0], min(shipped, key=lambda moment: moment.btc)
    book = synth.book(accounts, seed, rules=rules, prices=calm.marks())
    assets = {s: p for s, p in synth.CALM.items() if s in rules.assets and s != rules.settlement}

    def at(moment: Moment) -> Assessment:
        return assess(rules, **{**book, "prices": assets | moment.marks()})

    before, after = at(calm), at(low)
    changed = before.diff(after)
    taken = []
    prices = pa.table({"symbol": list(assets | low.marks()), "price": list((assets | low.marks()).values())})
    for _ in range(repeats):
        start = perf_counter()
        assess(rules, **{**book, "prices": prices})
        taken.append(perf_counter() - start)
    recorded = minutes(low.time - _AROUND, low.time + _AROUND, data)
    path = [(moment, _fallen(at(moment))) for moment in progress(recorded or shipped)]
    page = after.explain(_worth_explaining(changed))
    return Demo(rules, book, calm, low, before, after, changed, page, median(taken), repeats, path, bool(recorded))


def write(demo: Demo, folder: Path) -> list[Path]:
    """Writes what was computed as Parquet: the results on both sides and what changed. Returns the files."""
    tables = {
        "calm_accounts": demo.before.accounts,
        "low_accounts": demo.after.accounts,
        "low_isolated": demo.after.isolated,
        "changed": demo.changed,
        "path": pa.table(
            {
                "time": pa.array([moment.time for moment, _ in demo.path], pa.timestamp("s", tz="UTC")),
                "btc": [str(moment.btc) for moment, _ in demo.path],
                "eth": [str(moment.eth) for moment, _ in demo.path],
                "fallen": [count for _, count in demo.path],
            }
        ),
    }
    paths = []
    for name, table in tables.items():
        path = folder / f"{name}.parquet"
        write_file(table, path)
        paths.append(path)
    return paths


def closest(result: Assessment, count: int = 10) -> RecordBatch:
    """The accounts nearest to liquidation of those not yet there: by margin ratio, the highest first."""
    table = pa.table(result.accounts)
    solvent = table.filter(compute.less_equal(table["margin_ratio"], 1.0))
    return one_batch(solvent.sort_by([("margin_ratio", "descending")]).slice(0, count))


def moments() -> list[Moment]:
    """The moments of the prices that are part of the package, in time order."""
    text = (files(__package__) / "prices_2020_03.csv").read_text(encoding="utf-8")
    rows = [(_time(row["time"]), row["symbol"], Decimal(row["price"])) for row in csv.DictReader(text.splitlines())]
    btc = [(time, price) for time, symbol, price in rows if symbol == "BTC"]
    return _with_eth(btc, btc, {time: price for time, symbol, price in rows if symbol == "ETH"})


def minutes(start: datetime, end: datetime, data: Path | None = None) -> list[Moment]:
    """The lowest price of each recorded minute from `start` until before `end`; empty where none are at hand."""
    folder = data or Path(os.environ.get("PERPCORE_DATA", Path("..") / "shared" / "data"))
    path = folder / _MINUTES
    if not path.is_file():
        return []
    bars = parquet().read_table(path, columns=["ts", "low"])
    begun = compute.greater_equal(bars["ts"], pa.scalar(start, bars["ts"].type))
    inside = compute.and_(begun, compute.less(bars["ts"], pa.scalar(end, bars["ts"].type)))
    shipped = moments()
    btc = [(row["ts"].astimezone(UTC), Decimal(repr(row["low"]))) for row in bars.filter(inside).to_pylist()]
    anchors = [(moment.time, moment.btc) for moment in shipped]
    return _with_eth(btc, anchors, {moment.time: moment.eth for moment in shipped})


def _with_eth(
    btc: list[tuple[datetime, Decimal]], anchors: list[tuple[datetime, Decimal]], eth: dict[datetime, Decimal]
) -> list[Moment]:
    """BTC prices with ETH beside them: its price in BTC runs evenly between the anchors at which both are known."""
    ratios = [(time, eth[time] / price) for time, price in anchors if time in eth]
    found = []
    for time, price in btc:
        left = max((ratio for ratio in ratios if ratio[0] <= time), default=ratios[0])
        right = min((ratio for ratio in ratios if ratio[0] >= time), default=ratios[-1])
        share = Decimal((time - left[0]) / (right[0] - left[0] or timedelta(seconds=1)))
        ratio = left[1] + (right[1] - left[1]) * share
        found.append(Moment(time, price, (price * ratio).quantize(Decimal("0.01"), ROUND_HALF_EVEN)))
    return found


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _fallen(result: Assessment) -> int:
    counts = result.counts()
    return sum(counts.get(status, 0) for status in _FALLEN)


def _worth_explaining(changed: RecordBatch) -> str:
    """An account that the crash brought near the line without ruining it, if there is one; else the first changed."""
    rows = pa.table(changed)
    rows = rows.filter(rows["instrument"].is_null())
    for status in ("margin_call", "liquidation", "restricted"):
        fitting = rows.filter(compute.equal(rows["after"], status))
        if fitting.num_rows:
            return str(fitting["account"][0].as_py())
    return str(rows["account"][0].as_py())

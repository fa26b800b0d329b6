"""The recorded markets of `../shared/data`, played through index, mark and funding; also drawn for the documentation.

One venue was recorded at a time. Where an index needs groups, three readings of that venue stand in for three venues:
that shows what the rules do with the prices of those days, not how well three venues agree.

`python -m tests.pricing.recorded` draws the charts of docs/pricing.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tests.mirror.test_recorded import FOLDER, recorded
from tests.shared import DATA

import perpcore as pc
from perpcore.plot import plot_index, plot_mark

NAMES = ("mid", "impact", "trade")
THREE = [{"id": name, "group": name} for name in NAMES]


@dataclass
class Played:
    """What came of a tape."""

    samples: list[pc.IndexSample] = field(default_factory=list)
    marks: list[pc.MarkSample] = field(default_factory=list)
    slots: list[pc.FundingSample] = field(default_factory=list)
    trades: list[tuple[Decimal, Decimal]] = field(default_factory=list)
    """Each trade, and the live mark before it."""
    index: pc.IndexPrice | None = None


def messages(folder: Path, market: str) -> Iterator[tuple[datetime, str, list[dict[str, Any]]]]:
    """The messages of a recorded feed: when each came, and its rows."""
    rows: list[dict[str, Any]] = []
    for row in recorded(folder, market).to_pylist():
        if rows and (row["snapshot"], row["last_id"]) != (rows[0]["snapshot"], rows[0]["last_id"]):
            yield rows[0]["time"], market, rows
            rows = []
        rows.append(row)
    yield rows[0]["time"], market, rows


def trades(folder: Path, market: str) -> list[tuple[datetime, str, Decimal]]:
    table = pq.read_table(folder / "trades.parquet", filters=[("market", "=", market)])
    columns = (table["local_ts"].to_pylist(), table["price"].to_pylist())
    return [(time, f"{market} trade", Decimal(repr(price))) for time, price in zip(*columns, strict=True)]


def apply(mirror: pc.DepthMirror, rows: list[dict[str, Any]]) -> None:
    sides = {side: [(row["price"], row["quantity"]) for row in rows if row["side"] == side] for side in ("bid", "ask")}
    first = rows[0]
    if first["snapshot"]:
        mirror.snapshot(first["last_id"], sides["bid"], sides["ask"])
    else:
        ids = {"previous_id": first["previous_id"]} if mirror.kind == "perpetual" else {}
        mirror.update(first["first_id"], first["last_id"], sides["bid"], sides["ask"], **ids)


def books_of_august() -> Played:
    """Both recorded books of 8 August 2024 and their trades, message by message, up to the end of the perpetual's."""
    folder, played = FOLDER, Played()
    rules = pc.Rulebook.preset("hk-vatp-perp").edit({"underlying.BTC.sources": THREE})
    spot, perp = pc.DepthMirror("spot"), pc.DepthMirror("perpetual")
    index, mark, funding = pc.IndexPrice(rules, "BTC"), pc.MarkPrice(rules, "BTC-PERP"), pc.Funding(rules, "BTC-PERP")
    events: list[tuple[datetime, str, Any]] = []
    for market in ("spot", "usdm"):
        events += [*messages(folder, market), *trades(folder, market)]
    end = max(time for time, kind, _ in events if kind == "usdm")
    for time, kind, what in sorted((event for event in events if event[0] <= end), key=lambda event: event[0]):
        told: dict[str, Any] = {}
        premium: dict[str, Any] = {}
        if kind.startswith("spot"):
            quotes = {"trade": what} if kind == "spot trade" else _readings(spot, what)
            sample = index.update(time, quotes)
            played.samples.append(sample)
            told = premium = {"index": sample.value, "state": sample.state}
        elif kind == "usdm":
            apply(perp, what)
            best = perp.best
            told = {"bid": best and best.bid, "ask": best and best.ask}
            premium = {
                "impact_bid": perp.impact_price("bid", 50_000),
                "impact_ask": perp.impact_price("ask", 50_000),
            }
        else:
            before = played.marks[-1] if played.marks else None
            if before is not None and before.mark is not None and before.state == "live":
                played.trades.append((what, before.mark))
            told = {"last": what}
        played.marks.append(mark.update(time, **told))
        played.slots += funding.update(time, **premium)
    return played


def _readings(spot: pc.DepthMirror, rows: list[dict[str, Any]]) -> dict[str, Decimal]:
    apply(spot, rows)
    bid, ask = spot.impact_price("bid", 50_000), spot.impact_price("ask", 50_000)
    if spot.mid is None or bid is None or ask is None:
        return {}
    return {"mid": spot.mid, "impact": round((bid + ask) / 2, 8)}


def bars(start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Minute bars of XBTUSD."""
    path = DATA / "bitmex_xbtusd_1m" / "2020-03-01_2020-03-31.parquet"
    return list(pq.read_table(path, filters=[("ts", ">=", start), ("ts", "<", end)]).to_pylist())


def outage_of_march() -> Played:
    """XBTUSD on 13 March 2020 from 01:00 to 03:00: a quote when a bar has ended, and a look every ten seconds.

    A price is a minute old when the next one comes, five that agree take five minutes, and one that stands for more
    than 90 s is no market's.
    """
    keys = {"stale_after": "90s", "unchanged_for": "90s", "halt_after": "8m"}
    rules = pc.Rulebook.preset("hk-vatp-perp").edit({"underlying.BTC.sources": THREE})
    rules = rules.edit({f"underlying.BTC.index.{key}": value for key, value in keys.items()})
    index, mark, funding = pc.IndexPrice(rules, "BTC"), pc.MarkPrice(rules, "BTC-PERP"), pc.Funding(rules, "BTC-PERP")
    played = Played(index=index)
    for bar in bars(datetime(2020, 3, 13, 1, tzinfo=UTC), datetime(2020, 3, 13, 3, tzinfo=UTC)):
        close = Decimal(repr(bar["close"]))
        for seconds in range(60, 120, 10):
            now = bar["ts"] + timedelta(seconds=seconds)
            sample = index.update(now, dict.fromkeys(NAMES, close) if seconds == 60 else None)
            told = {"index": sample.value, "state": sample.state}
            played.samples.append(sample)
            played.marks.append(mark.update(now, **told, bid=close - 1, ask=close + 1, last=close))
            played.slots += funding.update(now, **told, impact_bid=close - 1, impact_ask=close + 1)
    return played


def table(samples: Sequence[Any]) -> pa.Table:
    """Samples as a table, with their times as such."""
    columns = {name: [getattr(sample, name) for sample in samples] for name in samples[0]._fields}
    times = pa.array(columns["time"], pa.int64()).cast(pa.timestamp("ns", "UTC"))
    return pa.table(columns | {"time": times})


if __name__ == "__main__":
    docs = Path(__file__).resolve().parents[2] / "docs"
    known = [marked for marked in books_of_august().marks if marked.mark is not None]
    plot_mark(table(known), docs / "mark-2024-08-08.png")
    plot_index(table(outage_of_march().samples), docs / "index-2020-03-13.png")

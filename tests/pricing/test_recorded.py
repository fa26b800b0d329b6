"""Index, mark and funding over recorded markets, from `../shared/data` (or $PERPCORE_DATA).

One venue was recorded at a time. Where an index needs groups, three readings of that venue stand in for three venues:
that shows what the rules do with the prices of those days, not how well three venues agree.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.mirror.test_recorded import SHARED, recorded

import perpcore as pc

DATA = Path(os.environ.get("PERPCORE_DATA") or SHARED / "data")
CENT = Decimal("0.01")
GRID = Decimal("0.00000001")
THREE = [{"id": name, "group": name} for name in ("mid", "impact", "trade")]


@pytest.fixture
def data() -> Path:
    if not DATA.is_dir():
        message = f"no recorded markets at {DATA}"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{message}; set PERPCORE_SHARED or PERPCORE_DATA")
        pytest.skip(f"{message} (PERPCORE_DATA names another place)")
    return DATA


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


def books_of_august(data: Path) -> tuple[list[pc.MarkSample], list[tuple[Decimal, Decimal]], list[Decimal]]:
    """Plays both recorded books: the marks, (trade, mark before it) for each trade of the perpetual, the premiums."""
    folder = data / "binance_l2_20240808"
    rules = pc.Rulebook.preset("hk-vatp-perp").edit({"underlying.BTC.sources": THREE})
    spot, perp = pc.DepthMirror("spot"), pc.DepthMirror("perpetual")
    index, mark, funding = pc.IndexPrice(rules, "BTC"), pc.MarkPrice(rules, "BTC-PERP"), pc.Funding(rules, "BTC-PERP")
    events: list[tuple[datetime, str, Any]] = []
    for market in ("spot", "usdm"):
        events += [*messages(folder, market), *trades(folder, market)]
    marks: list[pc.MarkSample] = []
    against: list[tuple[Decimal, Decimal]] = []
    premiums: list[Decimal] = []
    for time, kind, what in sorted(events, key=lambda event: event[0]):
        told: dict[str, Any] = {}
        premium: dict[str, Any] = {}
        if kind == "spot":
            apply(spot, what)
            bid, ask = spot.impact_price("bid", 50_000), spot.impact_price("ask", 50_000)
            quotes = {} if bid is None or ask is None else {"mid": spot.mid, "impact": round((bid + ask) / 2, 8)}
            sample = index.update(time, quotes)
            told = premium = {"index": sample.value, "state": sample.state}
        elif kind == "spot trade":
            sample = index.update(time, {"trade": what})
            told = premium = {"index": sample.value, "state": sample.state}
        elif kind == "usdm":
            apply(perp, what)
            best = perp.best
            told = {"bid": best and best.bid, "ask": best and best.ask}
            premium = {f"impact_{side}": perp.impact_price(side, 50_000) for side in ("bid", "ask")}  # type: ignore[arg-type]
        else:
            if marks and marks[-1].mark is not None and marks[-1].state == "live":
                against.append((what, marks[-1].mark))
            told = {"last": what}
        marks.append(mark.update(time, **told))
        slots = funding.update(time, **premium)
        premiums += [slot.premium for slot in slots if slot.premium is not None]
    return marks, against, premiums


def test_the_mark_stays_in_its_band_and_near_the_trades_on_recorded_books(data: Path) -> None:
    marks, against, premiums = books_of_august(data)
    live = [marked for marked in marks if marked.state == "live"]
    assert len(live) > 0.9 * len([marked for marked in marks if marked.index is not None])
    for marked in live:
        assert marked.mark is not None
        assert marked.index is not None
        # The edges of the band are rounded to the grid.
        assert abs(marked.mark - marked.index) <= marked.index * Decimal("0.005") + GRID
    distances = sorted(abs(marked / trade - 1) for trade, marked in against)
    middle, most = distances[len(distances) // 2], distances[-1]
    print(f"\n{len(against):,} trades, mark from trade: median {middle:%}, most {most:%}; {len(premiums)} premiums")
    assert len(against) > 10_000
    # Half of the trades are within two hundredths of a percent; none is outside the band.
    assert middle < Decimal("0.0002")
    assert most < Decimal("0.005")
    # Five minutes of samples every five seconds, less what came before both books stood.
    assert len(premiums) > 50


def bars(data: Path, start: datetime, end: datetime) -> list[dict[str, Any]]:
    path = data / "bitmex_xbtusd_1m" / "2020-03-01_2020-03-31.parquet"
    return list(pq.read_table(path, filters=[("ts", ">=", start), ("ts", "<", end)]).to_pylist())


def test_an_outage_is_recognized_and_nothing_is_computed_from_frozen_prices(data: Path) -> None:
    # Minute bars: a price is a minute old when the next one comes, five that agree take five minutes, and one that
    # stands for more than 90 s is no market's.
    start = datetime(2020, 3, 13, 1, tzinfo=UTC)
    keys = {"stale_after": "90s", "unchanged_for": "90s", "halt_after": "8m"}
    rules = pc.Rulebook.preset("hk-vatp-perp").edit({"underlying.BTC.sources": THREE})
    rules = rules.edit({f"underlying.BTC.index.{key}": value for key, value in keys.items()})
    index, mark, funding = pc.IndexPrice(rules, "BTC"), pc.MarkPrice(rules, "BTC-PERP"), pc.Funding(rules, "BTC-PERP")
    samples: dict[datetime, pc.IndexSample] = {}
    states: dict[datetime, str] = {}
    slots: list[pc.FundingSample] = []
    for bar in bars(data, start, datetime(2020, 3, 13, 3, tzinfo=UTC)):
        close = Decimal(repr(bar["close"]))
        for seconds in range(60, 120, 10):
            now = bar["ts"] + timedelta(seconds=seconds)
            sample = index.update(now, dict.fromkeys(("mid", "impact", "trade"), close) if seconds == 60 else None)
            book = {"bid": close - 1, "ask": close + 1, "last": close}
            states[now] = mark.update(now, index=sample.value, state=sample.state, **book).state
            impact = {"impact_bid": close - 1, "impact_ask": close + 1}
            slots += funding.update(now, index=sample.value, state=sample.state, **impact)
            samples[now] = sample
    # The bar of 02:16 is known at 02:17:00; the price of 02:15 then stands for more than 90 s half a minute later.
    before, seen = datetime(2020, 3, 13, 2, 17, 20, tzinfo=UTC), datetime(2020, 3, 13, 2, 17, 40, tzinfo=UTC)
    over = datetime(2020, 3, 13, 2, 30, tzinfo=UTC)
    live = {time for time, sample in samples.items() if sample.state == "live"}
    assert {time for time in samples if start + timedelta(minutes=10) < time <= before} <= live
    assert not {time for time in live if seen <= time <= over}
    # Frozen for more than eight minutes is halted, and only a command leads out: also when the prices move again.
    assert {samples[time].state for time in samples if time > seen + timedelta(minutes=8)} == {"halted"}
    # What is held is the last live value; the mark may not be used; no sample of the premium is valid.
    assert {samples[time].value for time in samples if time >= seen} == {samples[before].value} == {Decimal(3607)}
    assert not {state for time, state in states.items() if time >= seen} & {"live", "thin"}
    blind = [slot for slot in slots if seen < datetime.fromtimestamp(slot.time / 1e9, UTC)]
    assert blind
    assert not any(slot.valid for slot in blind)
    # By command, on a quorum of that moment.
    last = max(samples)
    assert (
        index.update(last + timedelta(seconds=10), dict.fromkeys(("mid", "impact", "trade"), "5000")).state == "halted"
    )
    assert index.resume(last + timedelta(seconds=11)).state == "live"


def test_published_funding_accrues_to_the_cent(data: Path) -> None:
    """May 2025: 2.5 BTC long through every published settlement, at the price of the minute before it."""
    folder = data / "binance_perp"
    minutes = pq.read_table(folder / "btc_perp_1m_2025-05.parquet", columns=["ts", "close"])
    closes = dict(zip(minutes["ts"].to_pylist(), minutes["close"].to_pylist(), strict=True))
    funding = pc.Funding(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
    paid, exact, settlements = Decimal(0), Decimal(0), 0
    for row in pq.read_table(folder / "funding_2025-05.parquet").to_pylist():
        close = closes.get(row["ts"] - timedelta(minutes=1))
        if close is None:
            continue
        price, rate = Decimal(repr(close)), Decimal(format(row["funding_rate"], ".8f"))
        flows = funding.settle({"long": "2.5", "short": "-2.5"}, price, rate)
        assert sum(flows.cash.values()) + flows.rounding == 0
        payment = -Decimal("2.5") * price * rate
        assert flows.cash["long"] == payment.quantize(GRID, ROUND_FLOOR)
        paid += flows.cash["long"]
        exact += payment
        settlements += 1
    # From 4 May 16:00 to 3 June 00:00: 29 days and 8 hours, both ends counted.
    assert settlements == 29 * 3 + 1 + 1
    assert abs(paid - exact) < settlements * GRID
    assert paid.quantize(CENT) == exact.quantize(CENT)


def test_the_table_of_the_bars_can_be_priced_in_one_run(data: Path) -> None:
    """The columnar face on the same hour: the states are those of one update after the other."""
    rules = pc.Rulebook.preset("hk-vatp-perp").edit({"underlying.BTC.sources": THREE})
    rules = rules.edit({"underlying.BTC.index.stale_after": "90s"})
    hour = bars(data, datetime(2020, 3, 12, 10, tzinfo=UTC), datetime(2020, 3, 12, 12, tzinfo=UTC))
    closes = [Decimal(repr(bar["close"])) for bar in hour]
    times = [bar["ts"] + timedelta(minutes=1) for bar in hour]
    wide = pa.table(
        {"time": pa.array(times, pa.timestamp("us", "UTC"))} | dict.fromkeys(("mid", "impact", "trade"), closes)
    )
    run = pc.IndexPrice(rules, "BTC").run(wide)
    one_by_one = pc.IndexPrice(rules, "BTC")
    stepped = [
        one_by_one.update(time, dict.fromkeys(("mid", "impact", "trade"), close))
        for time, close in zip(times, closes, strict=True)
    ]
    assert [(row["value"], row["state"], row["groups"], row["reason"]) for row in run.to_pylist()] == [
        (sample.value, sample.state, sample.groups, sample.reason) for sample in stepped
    ]

"""Index, mark and funding over recorded markets, from `../shared/data` (or $PERPCORE_DATA)."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.pricing.recorded import NAMES, THREE, bars, books_of_august, outage_of_march
from tests.shared import DATA, at_hand

import perpcore as pc

CENT = Decimal("0.01")
GRID = Decimal("0.00000001")


@pytest.fixture(autouse=True)
def data() -> None:
    at_hand(DATA)


def test_the_mark_stays_in_its_band_and_near_the_trades_on_recorded_books() -> None:
    played = books_of_august()
    live = [marked for marked in played.marks if marked.state == "live"]
    assert len(live) > 0.9 * len([marked for marked in played.marks if marked.index is not None])
    for marked in live:
        assert marked.mark is not None
        assert marked.index is not None
        # The edges of the band are rounded to the grid.
        assert abs(marked.mark - marked.index) <= marked.index * Decimal("0.005") + GRID
    distances = sorted(abs(mark / trade - 1) for trade, mark in played.trades)
    middle, most = distances[len(distances) // 2], distances[-1]
    premiums = [slot.premium for slot in played.slots if slot.premium is not None]
    print(f"\n{len(distances):,} trades, mark from trade: median {middle:.4%}, most {most:.4%}")
    assert len(distances) > 10_000
    # Half of the trades are within two hundredths of a percent; none is outside the band.
    assert middle < Decimal("0.0002")
    assert most < Decimal("0.005")
    # Five minutes of samples every five seconds, less what came before both books stood.
    assert len(premiums) > 50


def test_an_outage_is_recognized_and_nothing_is_computed_from_frozen_prices() -> None:
    played = outage_of_march()
    samples = {datetime.fromtimestamp(sample.time / 1e9, UTC): sample for sample in played.samples}
    states = {datetime.fromtimestamp(marked.time / 1e9, UTC): marked.state for marked in played.marks}
    # The bar of 02:16 is known at 02:17:00; the price of 02:15 then stands for more than 90 s half a minute later.
    before, seen = datetime(2020, 3, 13, 2, 17, 20, tzinfo=UTC), datetime(2020, 3, 13, 2, 17, 40, tzinfo=UTC)
    warm, over = datetime(2020, 3, 13, 1, 10, tzinfo=UTC), datetime(2020, 3, 13, 2, 30, tzinfo=UTC)
    live = {time for time, sample in samples.items() if sample.state == "live"}
    assert {time for time in samples if warm < time <= before} <= live
    assert not {time for time in live if seen <= time <= over}
    # Frozen for more than eight minutes is halted, and only a command leads out: also when the prices move again.
    assert {samples[time].state for time in samples if time > seen + timedelta(minutes=8)} == {"halted"}
    # What is held is the last live value; the mark may not be used; no sample of the premium is valid.
    assert {samples[time].value for time in samples if time >= seen} == {samples[before].value} == {Decimal(3607)}
    assert not {state for time, state in states.items() if time >= seen} & {"live", "thin"}
    blind = [slot for slot in played.slots if seen < datetime.fromtimestamp(slot.time / 1e9, UTC)]
    assert blind
    assert not any(slot.valid for slot in blind)
    # By command, on a quorum of that moment.
    last, index = max(samples), played.index
    assert index is not None
    assert index.update(last + timedelta(seconds=10), dict.fromkeys(NAMES, "5000")).state == "halted"
    assert index.resume(last + timedelta(seconds=11)).state == "live"


def test_published_funding_accrues_to_the_cent() -> None:
    """May 2025: 2.5 BTC long through every published settlement, at the price of the minute before it."""
    folder = DATA / "binance_perp"
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
        assert flows.rounding is not None
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


def test_a_table_of_bars_in_one_run_is_one_update_after_the_other() -> None:
    rules = pc.Rulebook.preset("hk-vatp-perp").edit({"underlying.BTC.sources": THREE})
    rules = rules.edit({"underlying.BTC.index.stale_after": "90s"})
    hours = bars(datetime(2020, 3, 12, 10, tzinfo=UTC), datetime(2020, 3, 12, 12, tzinfo=UTC))
    closes = [Decimal(repr(bar["close"])) for bar in hours]
    times = [bar["ts"] + timedelta(minutes=1) for bar in hours]
    wide = pa.table({"time": pa.array(times, pa.timestamp("us", "UTC"))} | dict.fromkeys(NAMES, closes))
    run = pc.IndexPrice(rules, "BTC").run(wide)
    stepped = pc.IndexPrice(rules, "BTC")
    samples = [stepped.update(time, dict.fromkeys(NAMES, close)) for time, close in zip(times, closes, strict=True)]
    assert [(row["value"], row["state"], row["groups"], row["reason"]) for row in run.to_pylist()] == [
        (sample.value, sample.state, sample.groups, sample.reason) for sample in samples
    ]

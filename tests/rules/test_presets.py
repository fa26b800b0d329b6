"""The presets have the numbers that were decided on; written out here from that decision, not from the files."""

import tomllib
from decimal import Decimal
from typing import Any

import pytest

import perpcore as pc

D = Decimal

HK_LADDER = [
    *(("100000", "0.5", 20), ("200000", "1", 20), ("350000", "1.5", 20), ("500000", "2", 20), ("650000", "2.5", 20)),
    *(("800000", "3", 10), ("1000000", "3.5", 10), ("1200000", "4", 10), ("1400000", "4.5", 10), ("1600000", "5", 10)),
    *(("3000000", "5.5", 9), ("4500000", "6.5", 8), ("6000000", "7.5", 7), ("7500000", "8.5", 6), ("9000000", "10", 5)),
    *(("10500000", "12.5", 4), ("12000000", "16.5", 3), ("13500000", "25", 2), ("15000000", "50", 1)),
]
GLOBAL_LADDER = [
    *(("500000", "0.5", 100), ("5000000", "1", 50), ("20000000", "2.5", 20), ("50000000", "5", 10)),
    *(("100000000", "10", 5), ("200000000", "12.5", 4), ("300000000", "15", 3), ("500000000", "25", 2)),
    ("1000000000", "50", 1),
]
# preset, instrument, ladder, caps ×, tick, lot
INSTRUMENTS = [
    ("hk-vatp-perp", "BTC-PERP", HK_LADDER, "1", "0.1", "0.001"),
    ("hk-vatp-perp", "ETH-PERP", HK_LADDER, "0.4", "0.01", "0.01"),
    ("global-multi-collateral", "BTC-PERP", GLOBAL_LADDER, "1", "0.1", "0.001"),
    ("global-multi-collateral", "ETH-PERP", GLOBAL_LADDER, "0.5", "0.01", "0.01"),
]


def told(name: str) -> dict[str, Any]:
    return tomllib.loads(pc.Rulebook.preset(name).to_toml(), parse_float=Decimal)


def rate(value: Any) -> Decimal:
    """`"1%"` or a fraction."""
    text = str(value)
    return D(text.removesuffix("%")) / 100 if text.endswith("%") else D(text)


@pytest.mark.parametrize(("preset", "name", "ladder", "factor", "tick", "lot"), INSTRUMENTS)
def test_instruments(preset: str, name: str, ladder: list[Any], factor: str, tick: str, lot: str) -> None:
    found = told(preset)["instrument"][name]
    tiers = [(D(cap), rate(maintenance), D(leverage)) for cap, maintenance, leverage in found["tiers"]]
    assert tiers == [(D(cap) * D(factor), D(mm) / 100, D(leverage)) for cap, mm, leverage in ladder]
    assert (D(found["tick"]), D(found["lot"]), D(found.get("contract_size", 1))) == (D(tick), D(lot), 1)
    assert found.get("initial_method", "bracket") == ("bracket" if preset == "hk-vatp-perp" else "marginal")
    assert set(told(preset)["instrument"]) == {"BTC-PERP", "ETH-PERP"}


@pytest.mark.parametrize(
    ("preset", "settlement", "credit", "thin"),
    [("hk-vatp-perp", "USD", 0, "protect"), ("global-multi-collateral", "USDT", 1, "trade")],
)
def test_venues(preset: str, settlement: str, credit: int, thin: str) -> None:
    found = told(preset)
    assert found["venue"]["settlement"] == settlement
    assert rate(found["venue"].get("profit_credit", 0)) == credit
    assert D(found["venue"].get("call_factor", "1.25")) == D("1.25")
    fees = found["venue"]["fees"]["standard"]
    assert (rate(fees["maker"]), rate(fees["taker"])) == (D("0.0002"), D("0.0005"))
    for underlying in ("BTC", "ETH"):
        assert found["underlying"][underlying]["index"]["thin"] == thin


HK, GLOBAL = "hk-vatp-perp", "global-multi-collateral"
FIFTY_MILLION = [("50000000", "2"), ("rest", "10")]
BTC = [("50", "5"), ("200", "10"), ("500", "20"), ("rest", "50")]
ETH = [("500", "5"), ("2000", "10"), ("5000", "20"), ("rest", "50")]
# preset, asset, eligible, haircut slices in %, close cost in %, may be owed
ASSETS = [
    (HK, "USD", True, [("rest", "0")], None, False),
    (HK, "HKD", True, [("rest", "0.5")], "0.1", False),
    (HK, "HKD-STABLECOIN", True, FIFTY_MILLION, "0.5", False),
    (HK, "HKD-DEPOSIT", True, FIFTY_MILLION, "0.5", False),
    *((HK, name, False, None, "0.5", False) for name in ("BTC", "ETH", "USDT", "USDC")),
    (GLOBAL, "USDT", True, [("rest", "0")], None, False),
    (GLOBAL, "USDC", True, [("50000000", "0"), ("rest", "2")], "0", True),
    (GLOBAL, "BTC", True, BTC, "1", True),
    (GLOBAL, "ETH", True, ETH, "1", True),
]


@pytest.mark.parametrize(("preset", "name", "eligible", "haircut", "cost", "owed"), ASSETS)
def test_assets(preset: str, name: str, eligible: bool, haircut: Any, cost: str | None, owed: bool) -> None:
    found = told(preset)["asset"][name]
    assert found.get("eligible", False) == eligible
    if haircut is not None:
        slices = [(str(upto), rate(cut)) for upto, cut in found.get("haircut", [["rest", 0]])]
        assert slices == [(upto, D(cut) / 100) for upto, cut in haircut]
    if cost is not None:
        assert rate(found.get("close_cost", 0)) == D(cost) / 100
    if owed:
        assert (rate(found["liability"]["initial"]), rate(found["liability"]["maintenance"])) == (D("0.1"), D("0.05"))
    else:
        assert "liability" not in found


def test_no_other_asset_is_listed() -> None:
    for preset in (HK, GLOBAL):
        assert set(told(preset)["asset"]) == {name for of, name, *_ in ASSETS if of == preset}


@pytest.mark.parametrize("preset", pc.Rulebook.presets())
def test_every_value_has_a_source_and_the_text_reads_back(preset: str) -> None:
    rules = pc.Rulebook.preset(preset)
    assert pc.Rulebook.parse(rules.to_toml()).digest == rules.digest
    assert pc.Rulebook.preset(f"{preset}@1").digest == rules.digest
    for path in ("venue.call_factor", "instrument.BTC-PERP.tiers", "asset.BTC.eligible", "underlying.BTC.index.thin"):
        assert rules.source(path), path

"""What trading venues published of index, mark and funding, reproduced; `tests/rules` has their margin examples.

HYL-EMA-01, an average of a decay that is no rate of eight decimals, is reproduced within its tolerance.
"""

import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.shared import complete

import perpcore as pc

ITEMS = {
    item["id"]: item for item in json.loads((Path(__file__).parent / "venue_examples.json").read_text(encoding="utf-8"))
}
SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
START = 20_000 * 24 * HOUR
HK = pc.Rulebook.preset("hk-vatp-perp")


def text(number: float) -> str:
    return format(Decimal(str(number)), "f")


def near(got: Decimal | None, published: float, item: dict[str, Any]) -> bool:
    # Half a unit of the grid beside the tolerance where the publisher rounded.
    return got is not None and math.isclose(got, published, rel_tol=item["tolerance_rel"], abs_tol=5e-9)


@pytest.mark.parametrize(("id_", "expected"), [("BIN-IDX-01", "index"), ("DBT-IDX-01", "index")])
def test_an_outlier_counts_as_far_as_the_venue_lets_it(id_: str, expected: str) -> None:
    item = ITEMS[id_]
    prices = {f"s{number}": price for number, price in enumerate(item["inputs"]["prices"])}
    rules = HK.edit({"underlying.BTC.sources": [{"id": name, "group": name} for name in prices]})
    keys = {"max_deviation": text(item["inputs"]["band"]), "agree_samples": 1}
    rules = rules.edit({f"underlying.BTC.index.{key}": value for key, value in keys.items()})
    assert near(pc.IndexPrice(rules, "BTC").update(START, prices).value, item["expected"][expected], item)


def test_the_mark_is_the_median_of_two_carried_indices_and_the_contract() -> None:
    item = ITEMS["BIN-MARK-01"]
    given, expected = item["inputs"], item["expected"]
    now = START + (given["interval_h"] - given["hours_to_funding"]) * HOUR
    rules = HK.edit({"instrument.BTC-PERP.mark.band": "1%"})
    for contract, published in zip(given["contract_price"], expected["mark"], strict=True):
        mark = pc.MarkPrice(rules, "BTC-PERP")
        mid = Decimal(given["index"]) + Decimal(str(given["ma_basis"]))
        rate = text(given["last_funding"])
        mark.update(now - SECOND, index=given["index"], bid=mid - 1, ask=mid + 1, funding_rate=rate)
        marked = mark.update(now, index=given["index"], bid=None, ask=None, last=contract)
        got = (marked.carried, marked.basis, marked.mark)
        wanted = (expected["p1"], expected["p2"], published)
        assert all(near(mine, theirs, item) for mine, theirs in zip(got, wanted, strict=True))


def test_an_average_over_irregular_steps() -> None:
    item = ITEMS["HYL-EMA-01"]
    given = item["inputs"]
    # e^(−1/150), to eight decimals.
    keys = {"ema": text(round(math.exp(-1 / given["tau_s"]), 8)), "band": "50%", "samples": 1}
    rules = HK.edit({f"instrument.BTC-PERP.mark.{key}": value for key, value in keys.items()})
    mark, now = pc.MarkPrice(rules, "BTC-PERP"), START
    # The first step is at the first second with a book before it, so the samples begin a gap apart.
    mark.update(now, index=15)
    for sample, seconds in zip(given["samples"], given["dt_s"], strict=True):
        mark.update(now, index=15, bid=sample - Decimal("0.5"), ask=sample + Decimal("0.5"))
        now += seconds * SECOND
        mark.update(now, index=15)
    marked = mark.update(now, index=15, bid=None, ask=None)
    assert near(marked.average, item["expected"]["ema"], item)


def rate(premium: float, keys: dict[str, Any], rules: pc.Rulebook = HK) -> Decimal | None:
    """The rate of an interval in which one slot says a premium."""
    told: dict[str, Any] = {"every": "8h", **keys}
    told["sample"] = told["every"]
    funding = pc.Funding(rules.edit({"instrument.BTC-PERP.funding": told}), "BTC-PERP")
    impact = 10_000 * (1 + Decimal(str(premium)))
    prices = (
        {"impact_bid": impact, "impact_ask": 2 * impact} if premium > 0 else {"impact_bid": 1, "impact_ask": impact}
    )
    every = int(told["every"].removesuffix("h")) * HOUR
    funding.update(START + every - SECOND, index=10_000, **prices)
    (slot,) = funding.update(START + every)
    return slot.rate


def test_the_premium_counts_outside_its_dead_zone() -> None:
    item = ITEMS["BIN-FUND-01"]
    given = item["inputs"]
    keys = {"interest_8h": text(given["interest"]), "dead_zone": text(given["clamp"])}
    for premium, published in zip(given["avg_premium"], item["expected"]["rate"], strict=True):
        assert near(rate(premium, keys), published, item)


def test_a_damper_is_a_dead_zone_around_no_interest() -> None:
    item = ITEMS["DBT-FUND-01"]
    given = item["inputs"]
    keys = {"interest_8h": 0, "dead_zone": text(given["damper"]), "cap": text(given["cap"])}
    for premium, published in zip(given["premium"], item["expected"]["rate"], strict=True):
        assert near(rate(premium, keys), published, item)


def test_a_cap_by_the_first_maintenance_rate() -> None:
    item = ITEMS["BIN-FCAP-01"]
    for maintenance, cap in zip(item["inputs"]["mmr"], item["expected"]["cap"], strict=True):
        rules = HK.edit({"instrument.BTC-PERP.tiers": [[100_000, text(maintenance), 20]]})
        assert near(rate(0.05, {"cap_factor_maintenance": "75%"}, rules), cap, item)


def test_a_cap_by_what_initial_margin_is_above_maintenance() -> None:
    item = ITEMS["DYX-FCAP-01"]
    given = item["inputs"]
    for initial, maintenance, cap in zip(given["imf"], given["mmf"], item["expected"]["cap"], strict=True):
        rules = HK.edit({"instrument.BTC-PERP.tiers": [[100_000, text(maintenance), round(1 / initial)]]})
        assert near(rate(5, {"cap_factor_difference": text(given["factor"])}, rules), cap, item)


def test_the_interest_of_an_interval_is_its_share_of_eight_hours() -> None:
    item = ITEMS["BYB-FINT-01"]
    for hours, published in zip(item["inputs"]["interval_h"], item["expected"]["i"], strict=True):
        assert near(rate(0, {"every": f"{hours}h"}), published, item)


def test_impact_prices_make_the_premium() -> None:
    item = ITEMS["BIN-IMPACT-01"]
    given, expected = item["inputs"], item["expected"]
    mirror = pc.DepthMirror("spot")
    mirror.snapshot(1, given["bids"], given["asks"])
    bid, ask = mirror.impact_price("bid", given["imn"]), mirror.impact_price("ask", given["imn"])
    funding = pc.Funding(HK, "BTC-PERP")
    funding.update(START, index=given["index"], impact_bid=bid, impact_ask=ask)
    (slot,) = funding.update(START + 5 * SECOND)
    wanted = ((bid, "impact_bid"), (ask, "impact_ask"), (slot.premium, "premium"))
    assert all(near(got, expected[name], item) for got, name in wanted)


def test_the_carried_examples_are_the_complete_ones() -> None:
    told = {item["id"]: item for item in complete("venue_examples.json")}
    assert {id_: told[id_] for id_ in ITEMS} == ITEMS

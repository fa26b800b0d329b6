"""Worked examples that trading venues published, reproduced: id, source and numbers as the publisher gave them."""

import json
import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Literal

import pytest
from tests.rules.check import HERE

import perpcore as pc

ITEMS = {item["id"]: item for item in json.loads((HERE / "venue_examples.json").read_text(encoding="utf-8"))}

HEAD = """
[venue]
settlement = "USD"
fees = { standard = { maker = 0, taker = 0 } }
[asset.USD]
class = "fiat"
eligible = true
"""


def text(number: float | Decimal) -> str:
    """A number of an example in plain decimals."""
    return format(Decimal(str(number)), "f")


def instrument(tiers: Iterable[Sequence[str]], method: str) -> str:
    """A contract on BTC with one coin a contract; tiers of (cap, maintenance, maximum leverage)."""
    rows = ", ".join(f"[{', '.join(tier)}]" for tier in tiers)
    return (
        f'{HEAD}[instrument.BTC-PERP]\nunderlying = "BTC"\ntick = 0.1\nlot = 0.00000001\n'
        f'initial_method = "{method}"\ntiers = [{rows}]\n'
    )


def collateral(slices: str) -> str:
    return f'{HEAD}[asset.BTC]\nclass = "virtual_asset"\neligible = true\nhaircut = {slices}\n'


def positions(rules: str, quantities: Sequence[str], price: str, leverage: str | None = None) -> list[dict[str, Any]]:
    """The cross figures of one account per quantity, entered at the mark."""
    count = len(quantities)
    table: dict[str, Any] = {
        "account": [f"A{n}" for n in range(count)],
        "instrument": ["BTC-PERP"] * count,
        "quantity": list(quantities),
        "entry_price": [price] * count,
    }
    if leverage is not None:
        table["leverage"] = [leverage] * count
    result = pc.assess(pc.Rulebook.parse(rules), positions=table, prices={"BTC-PERP": price})
    return result.accounts.to_pylist()


def balances(rules: str, amounts: Sequence[str], price: str) -> list[Decimal]:
    """The collateral value of one account per amount of BTC."""
    count = len(amounts)
    table = {"account": [f"A{n}" for n in range(count)], "asset": ["BTC"] * count, "amount": list(amounts)}
    result = pc.assess(pc.Rulebook.parse(rules), balances=table, prices={"BTC": price})
    return [row["collateral_value"] for row in result.accounts.to_pylist()]


def agree(got: Sequence[Decimal], expected: Sequence[float], item: dict[str, Any]) -> None:
    """Within the tolerance given where the publisher rounded."""
    tolerance = item["tolerance_rel"]
    assert len(got) == len(expected)
    for mine, published in zip(got, expected, strict=True):
        assert math.isclose(mine, published, rel_tol=tolerance, abs_tol=1e-12), item["note"]


def test_bitmex_risk_limit_steps_raise_the_initial_rate() -> None:
    """BMX-RISK-01: one tier a step, a leverage whose inverse is the step's rate; the cap is inclusive."""
    item = ITEMS["BMX-RISK-01"]
    given = item["inputs"]
    base, step = Decimal(given["base_xbt"]), Decimal(given["step_xbt"])
    # rates rise by base_mm a step: 1 %, 1.4 %, 1.8 %, 2.2 %; 1/L is rounded up to 10⁻⁸, so L is cut a little short
    rates = [Decimal(str(given["base_im"])) + n * Decimal(str(given["base_mm"])) for n in range(4)]
    tiers = [
        [str(base + n * step), text(Decimal(str(given["base_mm"])) * (n + 1)), text(round(1 / rate, 8))]
        for n, rate in enumerate(rates)
    ]
    rows = positions(instrument(tiers, "bracket"), [str(q) for q in given["position_xbt"]], "1")
    got = [row["initial_margin"] / size for row, size in zip(rows, given["position_xbt"], strict=True)]
    for mine, published in zip(got, item["expected"]["im"], strict=True):
        # ⌈1/L⌉ is on the grid of 10⁻⁸: at most one unit above the published rate
        assert 0 <= mine - Decimal(str(published)) <= Decimal("0.00000001")


def test_bitmex_bids_and_offers_are_netted_to_the_larger_fill() -> None:
    """BMX-ORDM-02: long of nothing; bids 20, offers 15: charged are 20 = 5 + 15, at 1 a coin and a rate of 1."""
    item = ITEMS["BMX-ORDM-02"]
    (bid,), (offer,) = item["inputs"]["bids"], item["inputs"]["offers"]
    rules = pc.Rulebook.parse(instrument([['"rest"', '"50%"', "1"]], "marginal"))
    orders = {
        "account": ["A", "A"],
        "instrument": ["BTC-PERP"] * 2,
        "quantity": [str(bid[0]), str(-offer[0])],
        # at the mark or better for the venue: no order adds a loss, and the taker fee is 0
        "price": ["1", "1"],
    }
    (row,) = pc.assess(rules, orders=orders, prices={"BTC-PERP": "1"}).accounts.to_pylist()
    assert row["initial_margin"] == sum(item["expected"].values())


def test_binance_maintenance_amounts_are_the_deductions_of_marginal_tiers() -> None:
    """BIN-TIER-01: MM = N·rate − cum in every bracket; so cum = N·rate − MM, here at each floor and in the middle."""
    item = ITEMS["BIN-TIER-01"]
    brackets = [(Decimal(str(floor)), Decimal(str(rate))) for floor, rate in item["inputs"]["floors_and_mmr"]]
    caps = [*(floor for floor, _ in brackets[1:]), Decimal(10**9)]
    tiers = [[text(cap), text(rate), "1"] for cap, (_, rate) in zip(caps, brackets, strict=True)]
    inside = [(floor + cap) / 2 for (floor, _), cap in zip(brackets, caps, strict=True)]
    rows = positions(instrument(tiers, "marginal"), [text(size) for size in inside], "1")
    got = [size * rate - row["maintenance_margin"] for row, size, (_, rate) in zip(rows, inside, brackets, strict=True)]
    assert got == item["expected"]["cum"]


def test_bybit_collateral_slices_end_at_their_bound() -> None:
    """BYB-COLL-01: 5·0.98; 10·0.98 + 10·0.95 + 5·0.90; all five slices, nothing beyond 50."""
    item = ITEMS["BYB-COLL-01"]
    rules = collateral('[[10, "2%"], [20, "5%"], [30, "10%"], [40, "15%"], [50, "20%"]]')
    agree(balances(rules, [str(q) for q in item["inputs"]["btc"]], "1"), item["expected"]["effective_btc"], item)


def test_okx_discount_tiers_are_slices() -> None:
    """OKX-DISC-01: 10·0.98; 20·0.98 + 5·0.9775."""
    item = ITEMS["OKX-DISC-01"]
    tiers = [[upto, text(1 - Decimal(str(rate)))] for _, upto, rate in item["inputs"]["tiers"]]
    rules = collateral("[" + ", ".join(f"[{upto}, {haircut}]" for upto, haircut in tiers) + "]")
    agree(balances(rules, [str(q) for q in item["inputs"]["btc"]], "1"), item["expected"]["effective_btc"], item)


def test_coinbase_collateral_weight_is_one_less_the_haircut() -> None:
    """CBI-COLL-01: a weight of 0.9 on 2,000."""
    item = ITEMS["CBI-COLL-01"]
    got = balances(collateral('[["rest", "10%"]]'), ["1"], str(item["inputs"]["notional"]))
    agree(got, [item["expected"]["collateral"]], item)


def test_hashkey_initial_rates_are_the_inverse_of_the_leverage() -> None:
    """HSK-TIER-01: the ladder of hk-vatp-perp, one position at each cap; percentages published to two decimals."""
    item = ITEMS["HSK-TIER-01"]
    caps = [Decimal(str(cap)) for cap in item["inputs"]["caps"]]
    # BTC at 1: a notional of 15 million is 15 million coins
    rows = positions('extends = "hk-vatp-perp"', [text(cap) for cap in caps], "1")
    got = [row["initial_margin"] / cap * 100 for row, cap in zip(rows, caps, strict=True)]
    agree(got, item["expected"]["imr_pct"], item)
    # its maintenance rates stand in the preset: the slope between neighboring caps
    steps = zip(rows[1:], rows, caps[1:], caps, strict=False)
    slopes = [(b["maintenance_margin"] - a["maintenance_margin"]) / (y - x) * 100 for b, a, y, x in steps]
    assert slopes == [Decimal(str(rate)) for rate in item["inputs"]["mmr_pct"][1:]]


def test_bybit_margins_of_an_isolated_position_at_entry() -> None:
    """BYB-LIQ-01: 1 coin at 20,000, leverage 50, maintenance 0.5 %: 400 and 100; its liquidation price is no goal."""
    item = ITEMS["BYB-LIQ-01"]
    given, expected = item["inputs"], item["expected"]
    rules = instrument([['"rest"', text(given["mmr"]), "100"]], "marginal")
    (row,) = positions(rules, [str(given["qty"])], str(given["entry"]), str(given["leverage"]))
    assert (row["initial_margin"], row["maintenance_margin"]) == (expected["im"], expected["mm"])


def test_okx_portfolio_margin_of_a_short_position() -> None:
    """OKX-PM-01: the sample takes one notional for the moves (9,703.42) and another for the charges (9,704.90), so the
    whole, at the latter, agrees within 0.02 %, and every charge on it to the digit."""
    item = ITEMS["OKX-PM-01"]
    given, expected = item["inputs"], item["expected"]
    size = given["contracts"] * Decimal(str(given["ct_val"]))
    rules = pc.Rulebook.parse(
        instrument([['"rest"', '"1%"', "50"]], "marginal")
        + """
[portfolio]
enabled = true
offset_credit = 1
im_factor = 1.3
mm_factor = 1
minimum = "0.45%"
steps = 3
extended = [{ move = "-24%", factor = "50%" }, { move = "24%", factor = "50%" }]
underlying.BTC = { range = "12%", basis = "0.2%" }
"""
    )
    book = {
        "positions": {
            "account": ["A"],
            "instrument": ["BTC-PERP"],
            "quantity": [text(size)],
            "entry_price": [str(given["avg_px"])],
        },
        "accounts": {"account": ["A"], "model": ["portfolio"]},
    }
    (row,) = pc.assess(rules, **book, prices={"BTC-PERP": text(given["mark"])}).accounts.to_pylist()
    agree([row["unrealized_pnl"]], [expected["float_pnl"]], item)

    notional = abs(Decimal(str(given["delta_usd"]))).quantize(Decimal("0.00000001"))
    at_delta = pc.assess(rules, **book, prices={"BTC-PERP": text(notional / -size)})
    (row,) = at_delta.accounts.to_pylist()
    for mine, published in ((row["maintenance_margin"], expected["mmr"]), (row["initial_margin"], expected["imr"])):
        assert math.isclose(mine, published, rel_tol=2e-4), item["note"]
    # the largest step and the extended move, half of twice as far, need the same; the step stands first
    assert row["worst_scenario"] == "correlated:+3"
    lines = {
        line["rule"]: line["amount"] for line in at_delta.lines().to_pylist() if line["total"] == "maintenance_margin"
    }
    agree([lines["portfolio.basis"], lines["portfolio.risk"]], [expected["mr4"], float(notional) * 0.12], item)
    # its minimum, 0.45 % of 9,704.90, is published as mr7 and does not bind
    assert math.isclose(notional * Decimal("0.0045"), expected["mr7"], rel_tol=item["tolerance_rel"])


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
def test_an_example_names_its_source(item: dict[str, Any]) -> None:
    assert item["source"]
    assert item["venue"]
    assert item["kind"]


def liquidation(rules: str, positions: dict[str, list[str]], cash: str, prices: dict[str, str]) -> list[dict[str, Any]]:
    """The liquidation prices of one account."""
    count = len(positions["instrument"])
    balances = {"account": ["A"], "asset": ["USD"], "amount": [cash]}
    table = {"account": ["A"] * count, **positions}
    result = pc.assess(pc.Rulebook.parse(rules), positions=table, balances=balances, prices=prices)
    return result.liquidation_prices().to_pylist()


def test_dydx_liquidation_price_of_an_isolated_short() -> None:
    """DYX-LIQ-01: (1,000 + 3·3,000) / (3·1.05)."""
    item = ITEMS["DYX-LIQ-01"]
    given = item["inputs"]
    rules = instrument([['"rest"', text(given["mmf"]), "10"]], "marginal").replace("tick = 0.1", "tick = 0.00000001")
    held = {
        "instrument": ["BTC-PERP"],
        "quantity": [str(given["size"])],
        "entry_price": [str(given["price"])],
        "margin_mode": ["isolated"],
        "isolated_margin": [str(given["equity"])],
    }
    (row,) = liquidation(rules, held, "0", {"BTC-PERP": str(given["price"])})
    assert row["below"] is None
    agree([row["above"]], [item["expected"]["liq"]], item)


# Ladders with the deduction of the example in the bracket of its liquidation price: 2,707,300 × (10 % − 5 %) = 135,365
# and 815,000 × (2.5 % − 0.5 %) = 16,300.
BINANCE = f"""{HEAD}
[instrument.ETH-PERP]
underlying = "ETH"
tick = 0.01
lot = 0.001
tiers = [[2707300, "5%", 10], ["rest", "10%", 5]]
[instrument.BTC-PERP]
underlying = "BTC"
tick = 0.01
lot = 0.001
tiers = [[815000, "0.5%", 100], ["rest", "2.5%", 10]]
"""


def test_binance_liquidation_price_beside_a_second_contract() -> None:
    """BIN-LIQ-01: the other leg is 109.488 BTC at 32,481.98, marked at 31,967.27: 71,200.81 of maintenance margin and a
    loss of 56,354.57, which stay as ETH moves."""
    item = ITEMS["BIN-LIQ-01"]
    given, other = item["inputs"], ITEMS["BIN-LIQ-03"]["inputs"]["cases"][1]
    held = {
        "instrument": ["ETH-PERP", "BTC-PERP"],
        "quantity": [text(given["size"]), text(other["q"])],
        "entry_price": [text(given["entry"]), text(other["ep"])],
    }
    prices = {"ETH-PERP": "1335.18", "BTC-PERP": "31967.27"}
    row, _ = liquidation(BINANCE, held, text(given["wallet"]), prices)
    agree([row["below"]], [item["expected"]["liq"]], item)


def test_binance_liquidation_price_of_one_position() -> None:
    """BIN-LIQ-03: each position alone."""
    item = ITEMS["BIN-LIQ-03"]
    found = []
    for name, case in zip(("ETH-PERP", "BTC-PERP"), item["inputs"]["cases"], strict=True):
        held = {"instrument": [name], "quantity": [text(case["q"])], "entry_price": [text(case["ep"])]}
        (row,) = liquidation(BINANCE, held, text(item["inputs"]["wallet"]), {name: text(case["ep"])})
        found.append(row["below"])
    agree(found, item["expected"]["liq"], item)


def walked(side: Literal["bid", "ask"], levels: Sequence[Sequence[float]], notional: float) -> Decimal | None:
    mirror = pc.DepthMirror("spot")
    mirror.snapshot(1, **{"bids": [], "asks": [], f"{side}s": levels})
    return mirror.impact_price(side, notional)


def test_binance_impact_prices_average_by_quote_notional() -> None:
    """BIN-IMPACT-01: 25,000 of notional through three bids, and within the first ask."""
    item = ITEMS["BIN-IMPACT-01"]
    given = item["inputs"]
    found = [walked("bid", given["bids"], given["imn"]), walked("ask", given["asks"], given["imn"])]
    assert found == [Decimal("99.59758551"), Decimal("100.5")]
    agree(found, [item["expected"]["impact_bid"], item["expected"]["impact_ask"]], item)


def test_paradex_a_thin_side_has_no_impact_price() -> None:
    """PDX-IMPACT-01: 5,000 within the first bid; the asks hold 1,020."""
    item = ITEMS["PDX-IMPACT-01"]
    given, expected = item["inputs"], item["expected"]
    assert walked("bid", given["bids"], given["impact_notional"]) == expected["impact_bid"]
    assert walked("ask", given["asks"], given["impact_notional"]) is expected["impact_ask"]

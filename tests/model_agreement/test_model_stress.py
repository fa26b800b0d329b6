"""The model's stress and reverse stress against figures worked by hand."""

from fractions import Fraction

from tests.model import assess
from tests.model.grid import GRID
from tests.model.reverse_stress import smallest_move
from tests.model.stress import stress

RULES = """
[venue]
settlement = "USD"
profit_credit = 1
[asset.USDC]
class = "stablecoin"
eligible = true
haircut = [["rest", "1%"]]
close_cost = "0.5%"
underlying = "USDC"
[instrument.X]
underlying = "X"
tick = 0.1
lot = 0.001
initial_method = "marginal"
tiers = [["rest", "1%", 50]]
[portfolio]
enabled = true
[portfolio.underlying.X]
range = "16%"
"""
# LONG: 10 X bought at 100 on 150 USD; COIN: the same on 150 USDC; ISO: an isolated short of 1 on 5 USD.
BOOK = {
    "positions": {
        "account": ["LONG", "COIN", "ISO"],
        "instrument": ["X", "X", "X"],
        "quantity": ["10", "10", "-1"],
        "entry_price": ["100", "100", "100"],
        "margin_mode": ["cross", "cross", "isolated"],
        "isolated_margin": [None, None, "5"],
    },
    "balances": {"account": ["LONG", "COIN"], "asset": ["USD", "USDC"], "amount": ["150", "150"]},
    "prices": {"X": "100", "USDC": "1"},
    "accounts": {"account": ["COIN"], "model": ["portfolio"]},
}


def test_sums_and_statuses_after_joint_moves() -> None:
    scenarios = {"scenario": ["zero", "fall", "depeg", "rise"], "X": ["0", "-0.2", "0", "0.1"]}
    scenarios["USDC"] = ["0", "0", "-0.5", "0"]
    zero, fall, depeg, rise = stress(assess(RULES, BOOK), scenarios)
    # equity 150 + 148.5 + 5 and the empty cross bucket of ISO; MM 10, 0.8 · 160 and 1
    assert (zero.equity, zero.maintenance_margin, zero.deficit) == (Fraction("303.5"), 139, 0)
    assert zero.counts["healthy"] == 3  # LONG, ISO in either bucket
    assert zero.counts["margin_call"] == 1  # COIN: 148.5 < 1.25 · 128
    # both longs lose 200: net value −50 and 149.25 − 200
    assert (fall.counts["bankrupt"], fall.deficit) == (2, Fraction("100.75"))
    # half of 148.5 is left against a requirement of 128
    assert (depeg.counts["liquidation"], depeg.equity, depeg.deficit) == (1, Fraction("229.25"), 0)
    # the isolated short loses 10 of its 5
    assert (rise.counts["bankrupt"], rise.deficit) == (1, 5)


def test_the_smallest_fall_that_costs_more_than_an_amount() -> None:
    result = assess(RULES, BOOK)
    down, up = {"X": -GRID}, {"X": GRID}
    assert smallest_move(result, down, 0) == Fraction("0.14925")  # COIN first: 149.25 of 1,000
    assert smallest_move(result, down, GRID // 2) == Fraction("0.14975")
    # from 15 % both lose: 0.75 + 2,000·(t − 15 %) = 100.75
    assert smallest_move(result, down, 10075 * GRID // 100) == Fraction("0.2")
    assert smallest_move(result, up, 0) == Fraction("0.05")  # the short
    assert smallest_move(result, up, 995 * GRID) is None  # 10 times the price: 1,000 − 5


def test_a_depeg_alone_or_with_a_fall() -> None:
    result = assess(RULES, BOOK)
    assert smallest_move(result, {"USDC": -GRID}, 0) is None  # to 0: nothing left, nothing owed
    # 149.25·(1 − t) − 1,000·t = 0, before LONG owes anything
    assert smallest_move(result, {"USDC": -GRID, "X": -GRID}, 0) == Fraction(14925, 114925)
    assert smallest_move(result, {}, 0) is None

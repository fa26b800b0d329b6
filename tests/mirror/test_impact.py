"""`impact`: the carried vectors, the complete ones where they are at hand, and the rule in fractions."""

import json
import random
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.shared import complete

import perpcore as pc

HERE = Path(__file__).parent
CASES: list[dict[str, Any]] = json.loads((HERE / "impact.json").read_text(encoding="utf-8"))
GRID = 10**8


def walk(levels: Any, notional: Any) -> Decimal | None:
    mirror = pc.DepthMirror("spot")
    falling = len(levels) > 1 and Decimal(levels[0][0]) > Decimal(levels[1][0])
    mirror.snapshot(1, bids=levels if falling else [], asks=[] if falling else levels)
    return mirror.impact_price("bid" if falling else "ask", notional)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_vector_holds(case: dict[str, Any]) -> None:
    price = walk(case["inputs"]["levels"], case["inputs"]["notional"])
    assert (price is None) == case["expected"]["thin"]
    assert price == Decimal(case["expected"]["price"])


def test_the_carried_vectors_are_the_complete_ones() -> None:
    assert [case for case in complete("pricing.json") if case["rule"] == "impact"] == CASES


@pytest.mark.parametrize("seed", range(20))
def test_it_is_the_rule_in_fractions_rounded_half_to_even(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(50):
        most = 10 ** rng.randint(1, 16)
        prices = sorted({rng.randint(1, most) for _ in range(rng.randint(1, 8))})
        levels = [(price, rng.randint(1, 10 ** rng.randint(0, 18))) for price in prices]
        held = sum(Fraction(price * quantity, GRID**2) for price, quantity in levels)
        notional = min(max(1, int(held * GRID * Fraction(rng.randint(1, 1_000), 990))), 10**20)
        left, base, price = Fraction(notional, GRID), Fraction(0), None
        for each, quantity in levels:
            take = min(left, Fraction(each * quantity, GRID**2))
            left -= take
            base += take / Fraction(each, GRID)
            if not left:
                # round() of a fraction is half to even
                price = Decimal(round(Fraction(notional, GRID) / base * GRID)).scaleb(-8)
                break
        text = [(str(Decimal(each).scaleb(-8)), Decimal(quantity).scaleb(-8)) for each, quantity in levels]
        mirror = pc.DepthMirror("spot")
        mirror.snapshot(1, bids=[], asks=[(format(Decimal(each), "f"), quantity) for each, quantity in text])
        assert mirror.impact_price("ask", Decimal(notional).scaleb(-8)) == price


def test_a_mirror_that_is_not_good_has_none() -> None:
    mirror = pc.DepthMirror("spot")
    assert mirror.impact_price("ask", 1) is None
    mirror.snapshot(1, bids=[], asks=[("1", "10")])
    assert mirror.impact_price("ask", 1) == 1
    mirror.update(9, 9, [], [])
    assert mirror.impact_price("ask", 1) is None


@pytest.mark.parametrize("notional", [0, -1, "0.000000001", 10**12 + 1, "nan", "many"])
def test_a_notional_that_is_none_is_refused(notional: Any) -> None:
    with pytest.raises(ValueError, match="notional"):
        pc.DepthMirror("spot").impact_price("ask", notional)


def test_a_side_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="bid, ask"):
        pc.DepthMirror("spot").impact_price("buy", 1)  # type: ignore[arg-type]

"""`threshold.liquidation` by hand, beyond the cases of the vectors: both sides, kinks of a portfolio, ladder, page."""

from decimal import Decimal
from typing import Any

import pytest
from tests.rules.check import rulebook

import perpcore as pc

Sides = tuple[str | None, str | None]


def prices(rules: str, book: dict[str, Any]) -> dict[str, Sides]:
    """(below, above) of each instrument of an account, in shortest decimals."""
    rows = pc.assess(pc.Rulebook.parse(rules), **book).liquidation_prices().to_pylist()
    return {row["instrument"]: (short(row["below"]), short(row["above"])) for row in rows}


def short(price: Decimal | None) -> str | None:
    return None if price is None else format(price.normalize(), "f")


def book(positions: dict[str, str], balances: dict[str, str], marks: dict[str, str], model: str) -> dict[str, Any]:
    """One account whose positions were entered at their marks."""
    return {
        "positions": {
            "account": ["A"] * len(positions),
            "instrument": list(positions),
            "quantity": list(positions.values()),
            "entry_price": [marks[name] for name in positions],
        },
        "balances": {"account": ["A"] * len(balances), "asset": list(balances), "amount": list(balances.values())},
        "accounts": {"account": ["A"], "model": [model]},
        "prices": marks,
    }


def test_a_bucket_may_be_liquidated_on_both_sides() -> None:
    """Long 20 X, 5 XC owed, 400 in cash, X and XC at 50; 1 % up to 1,000, then 100 %; a debt needs 5 %.

    Below: 400 + 20p − 1,000 − 5p − 0.2p − 0.25p = 14.55p − 600, p = 41.237…; above, where 20p is beyond the cap, the
    position brings what it needs, and 400 − 10 − 5.25p is left: p = 74.285…
    """
    held = book({"X": "20"}, {"USD": "400", "XC": "-5"}, {"X": "50", "XC": "50"}, "standard")
    assert prices(rulebook("one-tier-capped-collateral"), held) == {"X": ("41.3", "74.2")}


def test_prices_of_one_underlying_move_together_by_exact_ratios() -> None:
    """Long 3 X at 30; 2 XC at 70, of which 95 % count, so 133; 100 owed. With λ = p/30 the surplus is
    133λ + 90λ − 90 − 100 − 0.9λ: λ = 190/222.1, p = 25.664… With 150 owed 133 − 150 is below 0.9.
    """
    held = book({"X": "3"}, {"USD": "-100", "XC": "2"}, {"X": "30", "XC": "70"}, "standard")
    assert prices(rulebook("coin-of-underlying"), held) == {"X": ("25.7", None)}
    held["balances"]["amount"][0] = "-150"
    assert prices(rulebook("coin-of-underlying"), held) == {"X": (None, None)}, "in liquidation already"


@pytest.mark.parametrize(
    ("cash", "below"),
    [
        # long 10 X at 100, range 16 %, mm_factor 0.8, charge 2 % from 500, 5 % from 800; f = cash + 10p − 1,000 − MM
        ("100", None),  # MM at the mark: 0.8 × (160 + 6 + 10) = 140.8
        # above 80: MM = 0.8·(1.6p + 6 + 5 % of (10p − 800)) = 1.68p − 27.2; 8.32p − 772.8: p = 92.88…
        ("200", "92.9"),
        # from 50 to 80: MM = 0.8·(1.6p + 2 % of (10p − 500)) = 1.44p − 8; 8.56p − 592: p = 69.15…
        ("400", "69.2"),
        # up to 50: MM = 1.28p; 8.72p − 300: p = 34.40…
        ("700", "34.5"),
        # never
        ("1000", None),
    ],
)
def test_a_portfolio_goes_through_the_slices_of_its_concentration(cash: str, below: str | None) -> None:
    held = book({"X": "10"}, {"USD": cash}, {"X": "100"}, "portfolio")
    assert prices(rulebook("portfolio-concentration"), held) == {"X": (below, None)}


@pytest.mark.parametrize(
    ("cash", "x", "y"),
    [
        # Short 10 X at 100, long 20 Y at 50: −1,000 and 1,000; mm_factor 0.8.
        # X up by λ: Y alone −14 % loses 140 until λ = 1.25; then X alone +11.2 % loses 112λ.
        # Y down by μ: 140μ until μ = 0.8; then X alone 112; from 0.3 on both +16 %, +20 %: 160 − 160μ.
        # 1,305 − 1,000λ − 112: λ = 1.193; 1,000μ − 695 − 89.6: μ = 0.7846
        ("305", (None, "119.3"), ("39.23", None)),
        # 1,500 − 1,000λ − 89.6λ: λ = 1.37665…; 1,000μ − 500 − 89.6: μ = 0.5896
        ("500", (None, "137.6"), ("29.48", None)),
        # 1,900 − 1,089.6λ: λ = 1.74375…; 1,000μ − 100 − 0.8·(160 − 160μ) = 1,128μ − 228: μ = 0.20212…
        ("900", (None, "174.3"), ("10.11", None)),
    ],
)
def test_a_portfolio_goes_from_scenario_to_scenario(cash: str, x: Sides, y: Sides) -> None:
    held = book({"X": "-10", "Y": "20"}, {"USD": cash}, {"X": "100", "Y": "50"}, "portfolio")
    assert prices(rulebook("portfolio"), held) == {"X": x, "Y": y}


def ladder_book() -> pc.Assessment:
    """Below, for one X at 100 entered at 100 with 1 %: (100 − cash) / 0.99; above (100 + cash) / 1.01."""
    cash = {"A": "10", "B": "10.5", "C": "20", "D": "10", "E": "0.5", "F": "99.5"}
    return pc.assess(
        pc.Rulebook.parse(rulebook("one-tier")),
        positions={
            "account": list(cash),
            "instrument": ["X"] * 6,
            "quantity": ["1", "1", "1", "-1", "1", "1"],
            "entry_price": ["100"] * 6,
        },
        balances={"account": list(cash), "asset": ["USD"] * 6, "amount": list(cash.values())},
        prices={"X": "100"},
    )


def test_the_ladder_adds_up_notional_by_price() -> None:
    """Liquidated at 91 (A), 90.5 (B), 80.9 (C), 108.9 (D), already (E), 0.6 (F); each has 100 at the mark."""
    result = ladder_book()
    rows = [
        (*(short(row[name]) for name in ("price_from", "price_to", "long_notional", "short_notional")), row["buckets"])
        for row in result.ladder("X", step="1").to_pylist()
    ]
    # Fifty steps a side, what lies beyond in one more; a price on an edge belongs to the side of the mark.
    assert rows == [
        ("0", "50", "100", "0", 1),
        ("80", "81", "100", "0", 1),
        ("90", "91", "200", "0", 2),
        ("108", "109", "0", "100", 1),
    ]
    assert result.ladder("X", step=1).equals(result.ladder("X"))  # 1 % of the mark


@pytest.mark.parametrize("step", ["0", "-1", "0.000000001", "many", 1e9, float("nan"), float("inf")])
def test_a_step_is_a_price(step: object) -> None:
    with pytest.raises(ValueError, match=r"^step is a number from 0\.00000001 to 100000000, "):
        ladder_book().ladder("X", step=step)  # type: ignore[arg-type]


def test_a_ladder_is_of_an_instrument_of_the_rulebook() -> None:
    with pytest.raises(pc.errors.InputError) as caught:
        ladder_book().ladder("Z")
    assert (caught.value.code, caught.value.value) == ("unknown_instrument", "Z")


def test_the_page_of_an_account_ends_with_its_liquidation_prices() -> None:
    held = book({"X": "-10", "Y": "20"}, {"USD": "500"}, {"X": "100", "Y": "50"}, "portfolio")
    both = pc.assess(pc.Rulebook.parse(rulebook("portfolio")), **held).explain("A")
    assert str(both).splitlines()[-2:] == ["  liquidation at X above 137.6", "  liquidation at Y below 29.48"]
    assert both.liquidation_prices.num_rows == 2

    held = book({"X": "20"}, {"USD": "400", "XC": "-5"}, {"X": "50", "XC": "50"}, "standard")
    one = pc.assess(pc.Rulebook.parse(rulebook("one-tier-capped-collateral")), **held).explain("A")
    assert str(one).splitlines()[-1] == "  liquidation below 41.3 or above 74.2"


def test_an_isolated_position_has_its_line_in_its_own_bucket() -> None:
    """A cross and an isolated X: (100 − 20) / 0.99 = 80.8… and (100 − 10) / 0.99 = 90.9…; cash is for the first."""
    result = pc.assess(
        pc.Rulebook.parse(rulebook("one-tier")),
        positions={
            "account": ["A", "A"],
            "instrument": ["X", "X"],
            "quantity": ["1", "1"],
            "entry_price": ["100", "100"],
            "margin_mode": ["cross", "isolated"],
            "isolated_margin": [None, "10"],
        },
        balances={"account": ["A"], "asset": ["USD"], "amount": ["20"]},
        prices={"X": "100"},
    )
    rows = result.liquidation_prices().to_pylist()
    assert [(row["margin_mode"], short(row["below"])) for row in rows] == [("cross", "80.9"), ("isolated", "91")]
    ends = [line for line in str(result.explain("A")).splitlines() if line.startswith("  liquidation")]
    assert ends == ["  liquidation below 80.9", "  liquidation below 91"]

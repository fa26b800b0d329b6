"""Sums that pass what 64 bits, or a double, can hold: exact or refused, and nobody's neighbor notices."""

from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest

import perpcore as pc

G = 10**8
RULES = pc.Rulebook.preset("hk-vatp-perp")
TRILLION = 10**12 * G


def owned(*units: int) -> dict[str, Any]:
    """Balances of the settlement currency in one account, in raw grid units."""
    rows = len(units)
    return {"balances": pa.table({"account": ["A"] * rows, "asset": ["USD"] * rows, "amount_e8": pa.array(units)})}


# every row fits 64 bits; the sums do not, or come back near zero if they wrap
SUMS = [
    (2**63 - 1, 2**63 - 1),
    (2**62,) * 4,
    (*(2**62,) * 4, 500 * G),
    (*(-(2**62),) * 4, 7 * G),
    (-(2**63), -(2**63)),
    (2**63 - 1, 1),
    (-(2**63), -1),
    (2**63 - 1, -(2**63), 2**63 - 1, -(2**63), 5),
    (*(2**62,) * 32, *(-(2**62),) * 32),
    (*(2**60,) * 64,),
]


@pytest.mark.parametrize("units", SUMS, ids=lambda units: f"{len(units)} rows, {sum(units)}")
def test_balances_whose_sum_leaves_64_bits(units: tuple[int, ...]) -> None:
    total = sum(units)
    if abs(total) > TRILLION:
        with pytest.raises(pc.errors.InputError):
            pc.assess(RULES, **owned(*units))
        return
    result = pc.assess(RULES, **owned(*units))
    (row,) = result.accounts.to_pylist()
    assert Fraction(row["equity"]) * G == total
    assert row["status"] == ("bankrupt" if total < 0 else "healthy")
    assert result.lines().num_rows >= 0


# an account far outside the ordinary, in each way there is: the mark, its quantity and entry price, its balance
GIANTS: dict[str, tuple[str, tuple[str, str] | None, str | None]] = {
    "owns 10¹²": ("58000", None, "1000000000000"),
    "owes 10¹²": ("58000", None, "-1000000000000"),
    "long 10¹² at the mark": ("100000000", ("10000", "100000000"), "1"),
    "short 10¹² at the mark": ("100000000", ("-10000", "100000000"), None),
    "won 10¹¹": ("999", ("100000000", "1"), None),
    "won half of 10¹²": ("1000", ("1000000000", "500"), "7"),
    "won 10¹² short": ("500", ("-1000000000", "1000"), "9000"),
    "lost 10¹²": ("0.00000001", ("1000000000", "1000"), "9000"),
    "lost half of 10¹²": ("500", ("1000000000", "1000"), None),
    "lost 10¹¹ short": ("1000", ("-100000000", "1"), "9000"),
}


@pytest.mark.parametrize("giant", GIANTS)
@pytest.mark.parametrize("place", [0, 1, 127, 128, 129])
def test_a_giant_does_not_disturb_its_neighbors(giant: str, place: int) -> None:
    """One account at the bounds among 300 ordinary ones, wherever it stands: all as if alone."""
    mark, position, balance = GIANTS[giant]
    ids = [f"A{n:03}" for n in range(300)]
    held = [("1", "60000")] * 300
    owned: list[str | None] = ["9000"] * 300
    held[place], owned[place] = position or ("0", "1"), balance

    def book(chosen: list[int]) -> dict[str, Any]:
        rich = [n for n in chosen if owned[n] is not None]
        return {
            "positions": {
                "account": [ids[n] for n in chosen],
                "instrument": ["BTC-PERP"] * len(chosen),
                "quantity": [held[n][0] for n in chosen],
                "entry_price": [held[n][1] for n in chosen],
            },
            "balances": {
                "account": [ids[n] for n in rich],
                "asset": ["USD"] * len(rich),
                "amount": [owned[n] for n in rich],
            },
            "prices": {"BTC-PERP": mark},
        }

    together = pc.assess(RULES, **book(list(range(300)))).accounts.to_pylist()
    for n in (place, place + 1, 299):
        assert pc.assess(RULES, **book([n])).accounts.to_pylist() == [together[n]]
    quantity, entry = (Fraction(value) for value in held[place])
    assert Fraction(together[place]["equity"]) == Fraction(balance or 0) + quantity * (Fraction(mark) - entry)


def test_many_small_slices_beside_a_large_sum() -> None:
    """120 million of cash and 3,000 slices of one grid unit each, every one too small to move a double of the sum."""
    slices = ", ".join(f'[{n / G:.8f}, "0%"]' for n in range(1, 3_001))
    rules = pc.Rulebook.parse(
        '[venue]\nsettlement = "USD"\n[asset.USD]\nclass = "fiat"\neligible = true\n'
        f'[asset.ZZ]\nclass = "stablecoin"\neligible = true\nhaircut = [{slices}]\n'
    )
    balances = {"account": ["A", "A"], "asset": ["USD", "ZZ"], "amount": ["120000000", "0.00003"]}
    (row,) = pc.assess(rules, balances=balances, prices={"ZZ": "0.98"}).accounts.to_pylist()
    # ⌊120,000,000 + 0.00003 × 0.98⌋ on the grid
    assert row["collateral_value"] == row["net_value"]
    assert Fraction(row["collateral_value"]) * G == 120_000_000 * G + 2_940


@pytest.mark.parametrize("names", [1, 63, 64, 65, 130])
def test_rulebooks_of_many_instruments_and_assets(names: int) -> None:
    """Position n is n + 1 of instrument n at price n + 2: every one counts once, under its own name."""
    text = '[venue]\nsettlement = "USD"\n[asset.USD]\nclass = "fiat"\neligible = true\n'
    for n in range(names):
        text += f'[asset.C{n:03}]\nclass = "stablecoin"\neligible = true\n'
        text += f'[instrument.P{n:03}]\nunderlying = "P"\ntick = 1\nlot = 1\ntiers = [["rest", "10%", 5]]\n'
    table = {
        "account": ["A", "B"] * names,
        "instrument": [f"P{n:03}" for n in range(names) for _ in "AB"],
        "quantity": [str(sign * (n + 1)) for n in range(names) for sign in (1, -1)],
        "entry_price": ["1"] * 2 * names,
    }
    coins = {"account": ["A"] * names, "asset": [f"C{n:03}" for n in range(names)], "amount": ["1"] * names}
    prices = {f"P{n:03}": n + 2 for n in range(names)} | {f"C{n:03}": n + 1 for n in range(names)}
    a, b = pc.assess(pc.Rulebook.parse(text), positions=table, balances=coins, prices=prices).accounts.to_pylist()
    notional = sum((n + 1) * (n + 2) for n in range(names))
    gain = sum((n + 1) * (n + 1) for n in range(names))
    assert (a["unrealized_pnl"], b["unrealized_pnl"]) == (gain, -gain)
    assert a["maintenance_margin"] * 10 == b["maintenance_margin"] * 10 == notional
    assert a["initial_margin"] * 5 == notional
    assert a["collateral_value"] == sum(n + 1 for n in range(names))

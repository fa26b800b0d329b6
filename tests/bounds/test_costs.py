"""Costs add up exactly in any order, also where a partial sum leaves 128 bits."""

import numpy as np
import pyarrow as pa
import pytest

import perpcore as pc

HK = pc.Rulebook.preset("hk-vatp-perp")
LARGEST = 10**17  # whole units: the largest quantity at the largest price, 10⁹ × 10⁸


def assessed(costs: list[int]) -> pc.Assessment:
    """One flat position of rows with these costs in whole units."""
    rows = len(costs)
    digits = pa.array(costs, pa.decimal128(38, 0))
    positions = pa.table(
        {
            "account": pa.array(["A"] * rows),
            "instrument": pa.array(["BTC-PERP"] * rows),
            "quantity": pa.array(np.zeros(rows)),
            "cost": digits,
        }
    )
    return pc.assess(HK, positions=positions)


# A cost of 10¹⁷ is 10³³ in the unit of costs, 10⁻¹⁶; 2¹²⁷ ≈ 1.7 · 10³⁸ holds 170,141 of them.
MANY = 200_000


@pytest.mark.parametrize("backwards", [False, True])
def test_a_sum_that_comes_back_is_exact(backwards: bool) -> None:
    costs = [LARGEST] * MANY + [-LARGEST] * MANY + [7]
    result = assessed(costs[::-1] if backwards else costs)
    assert str(result.accounts.to_pylist()[0]["unrealized_pnl"]) == "-7.00000000"


@pytest.mark.parametrize("backwards", [False, True])
def test_a_sum_that_stays_away_is_refused(backwards: bool) -> None:
    costs = [LARGEST] * MANY + [-LARGEST] * 170_141 + [7]
    with pytest.raises(pc.errors.InputError) as caught:
        assessed(costs[::-1] if backwards else costs)
    assert caught.value.code == "account_too_large"

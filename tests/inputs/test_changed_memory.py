"""Columns in grid units are read where the producer left them. Whoever changes them later gets no other explanation."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import perpcore as pc

HK = pc.Rulebook.preset("hk-vatp-perp")
LOWEST = -(2**63)


def book() -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """One account with a cross position, an isolated one, an order and a balance, and the memory behind them."""
    memory = {
        "quantity": np.array([100_000_000, 200_000_000]),
        "price": np.array([5_000_000_000_000]),
        "order": np.array([100_000_000]),
        "amount": np.array([1_000_000_000_000]),
    }
    positions = pa.table(
        {
            "account": ["A", "A"],
            "instrument": ["BTC-PERP", "ETH-PERP"],
            "quantity_e8": pa.array(memory["quantity"]),
            "entry_price": ["50000", "1000"],
            "margin_mode": ["cross", "isolated"],
            "isolated_margin": ["0", "500"],
        }
    )
    orders = {"account": ["A"], "instrument": ["BTC-PERP"]}
    orders |= {"quantity_e8": pa.array(memory["order"]), "price_e8": pa.array(memory["price"])}
    balances = pa.table({"account": ["A"], "asset": ["USD"], "amount_e8": pa.array(memory["amount"])})
    prices = {"BTC-PERP": "50000", "ETH-PERP": "1000"}
    return {"positions": positions, "orders": pa.table(orders), "balances": balances, "prices": prices}, memory


@pytest.mark.code("inputs_changed")
@pytest.mark.parametrize("value", [700_000_000_000_000, LOWEST, 2**63 - 1, 0])
@pytest.mark.parametrize("column", ["quantity", "price", "order", "amount"])
def test_nothing_else_is_explained(column: str, value: int) -> None:
    tables, memory = book()
    result = pc.assess(HK, **tables)
    before = result.accounts
    memory[column][0] = value
    for explain in (lambda: result.explain("A"), result.lines):
        with pytest.raises(pc.errors.StateError) as caught:
            explain()
        assert caught.value.code == "inputs_changed"
    assert result.accounts == before


@pytest.mark.code("inputs_changed")
def test_an_isolated_position_is_no_exception() -> None:
    tables, memory = book()
    result = pc.assess(HK, **tables)
    memory["quantity"][1] = 300_000_000
    with pytest.raises(pc.errors.StateError) as caught:
        result.explain("A")
    assert caught.value.code == "inputs_changed"

"""Books to test with: tick 0.5, lot 0.1, so that every figure is checked by head."""

from collections.abc import Callable
from typing import Any

import pytest

import perpcore as pc

RULES = """
[venue]
settlement = "USD"
client_id_window = { time = "1h", per_account = 3 }
rates = { max_age = "1d" }
[asset.USD]
[underlying.X]
[instrument.X-PERP]
underlying = "X"
tick = 0.5
lot = 0.1
min_size = 0.5
max_size = 100
tiers = [["rest", "0.5%", 20]]
collar = { width = "5%" }
limits = { position = 150, open_orders = 4 }
"""


@pytest.fixture
def book() -> pc.OrderBook:
    return pc.OrderBook(pc.Rulebook.parse(RULES), "X-PERP")


@pytest.fixture
def make() -> Callable[..., pc.OrderBook]:
    """A book under the rules with some of them changed."""

    def made(**changes: Any) -> pc.OrderBook:
        rules = pc.Rulebook.parse(RULES)
        return pc.OrderBook(rules.edit({f"instrument.X-PERP.{key}": value for key, value in changes.items()}), "X-PERP")

    return made

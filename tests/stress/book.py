"""A book small enough to be worked by hand, and its rulebook."""

from typing import Any

RULES = """
[venue]
settlement = "USD"
profit_credit = 1
[asset.USDC]
class = "stablecoin"
eligible = true
haircut = [["rest", "1%"]]
close_cost = "0.5%"
[asset.WX]
class = "virtual_asset"
eligible = true
haircut = [["rest", "20%"]]
underlying = "X"
[instrument.X-PERP]
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

# LONG: 10 X bought at 100 on 150 USD. COIN: the same on 150 USDC, portfolio model. WRAP: 2 WX at 100.
# ISO: an isolated short of 1 at 100 on 5 USD.
BOOK: dict[str, Any] = {
    "positions": {
        "account": ["LONG", "COIN", "ISO"],
        "instrument": ["X-PERP"] * 3,
        "quantity": ["10", "10", "-1"],
        "entry_price": ["100"] * 3,
        "margin_mode": ["cross", "cross", "isolated"],
        "isolated_margin": [None, None, "5"],
    },
    "balances": {"account": ["LONG", "COIN", "WRAP"], "asset": ["USD", "USDC", "WX"], "amount": ["150", "150", "2"]},
    "prices": {"X-PERP": "100", "USDC": "1", "WX": "100"},
    "accounts": {"account": ["COIN"], "model": ["portfolio"]},
}

"""The rulebooks under which random streams run: small numbers, so that every limit is met."""

from __future__ import annotations

STRICT = """
name = "strict"
[venue]
settlement = "USD"
profit_credit = 0
call_factor = 1.25
withdraw_ratio = "2%"
outflow_per_hour = "10%"
settle_every = "8h"
conversion_order = ["HKD", "BTC"]
client_id_window = { time = "1h", per_account = 6 }
rates = { orders_per_second = 3, max_age = "12h" }
fees = { standard = { maker = "0.02%", taker = "0.05%" }, maker = { maker = "-0.01%", taker = "0.03%" } }
[asset.USD]
class = "fiat"
eligible = true
[asset.HKD]
class = "fiat"
eligible = true
haircut = [[20_000, "0.5%"], ["rest", "5%"]]
close_cost = "0.1%"
platform_cap = 40_000
[asset.BTC]
class = "virtual_asset"
eligible = true
haircut = [["rest", "10%"]]
close_cost = "1%"
account_cap = 50
underlying = "BTC"
[asset.XYZ]
class = "virtual_asset"
[underlying.BTC]
index = { thin = "protect", stale_after = "3m" }
[underlying.ETH]
index = { thin = "trade", stale_after = "90s" }
[instrument.BTC-PERP]
underlying = "BTC"
tick = 0.5
lot = 0.1
min_size = 0.2
max_size = 60
tiers = [[20_000, "1%", 20], [60_000, "2.5%", 10], [200_000, "5%", 5]]
collar = { width = "4%", reference = "mark" }
limits = { position = 40, group_position = 55, open_orders = 8, open_interest = 90 }
funding = { every = "1h", sample = "5m", cap_factor_maintenance = "75%", impact_notional = 500, min_coverage = "10%" }
[instrument.ETH-PERP]
underlying = "ETH"
tick = 0.05
lot = 1
contract_size = 0.1
maintenance_fee = "0.05%"
tiers = [[5_000, "1%", 25], ["rest", "4%", 8]]
collar = { width = "6%" }
limits = { position = 3_000, open_orders = 8, open_interest = "none" }
funding = { every = "2h", sample = "10m", cap = "5%", impact_notional = 50, min_coverage = "10%" }
[client]
classes = ["professional", "affiliated_market_maker", "market_maker"]
require = ["professional", "knowledge"]
"""

LENIENT = """
name = "lenient"
[venue]
settlement = "USDT"
profit_credit = 1
call_factor = 1.5
settle_every = "4h"
conversion_order = ["BTC", "USDC"]
client_id_window = { time = "24h", per_account = 20 }
rates = { max_age = "7d" }
fees = { standard = { maker = "0.02%", taker = "0.05%" }, maker = { maker = "-0.02%", taker = "0.02%" } }
[asset.USDT]
[asset.USDC]
class = "stablecoin"
eligible = true
haircut = [[5_000, "0%"], ["rest", "2%"]]
liability = { initial = "10%", maintenance = "5%" }
[asset.BTC]
eligible = true
haircut = [[5, "5%"], [20, "10%"], ["rest", "50%"]]
close_cost = "2%"
underlying = "BTC"
liability = { initial = "10%", maintenance = "5%" }
[underlying.BTC]
index = { thin = "trade", stale_after = "90s" }
[underlying.ETH]
index = { thin = "trade", stale_after = "90s" }
[instrument.BTC-PERP]
underlying = "BTC"
tick = 0.5
lot = 0.1
initial_method = "marginal"
tiers = [[50_000, "0.5%", 50], [150_000, "1%", 20], ["rest", "5%", 5]]
collar = { width = "8%" }
limits = { position = 400, open_orders = 12 }
funding = { every = "4h", sample = "10m", impact_notional = 300, cap_factor_difference = "300%", min_coverage = "5%" }
[instrument.ETH-PERP]
underlying = "ETH"
tick = 0.05
lot = 0.5
initial_method = "marginal"
tiers = [[50_000, "1%", 25], ["rest", "5%", 5]]
collar = { width = "8%" }
limits = { open_orders = 12 }
funding = { every = "2h", sample = "10m", impact_notional = 100, min_coverage = "30%" }
[portfolio]
enabled = true
min_equity = 1_000
offset_credit = "80%"
minimum = "0.5%"
steps = 2
[portfolio.underlying.BTC]
range = "16%"
basis = "0.25%"
concentration = [[50_000, "0%"], [100_000, "2.5%"], ["rest", "10%"]]
[portfolio.underlying.ETH]
range = "18%"
[[portfolio.extended]]
move = "-66%"
"""

SOURCES = """
sources = [
  { id = "a", group = "A" }, { id = "b", group = "B" },
  { id = "c", group = "C", weight = 2 }, { id = "d", group = "C" },
]
[underlying.BTC.index]
thin = "protect"
agree_samples = 3
max_jump = "5%"
jump_window = "10s"
protected_for = "30s"
halt_after = "120s"
"""
SOURCED = STRICT.replace('name = "strict"', 'name = "sourced"').replace(
    '[underlying.BTC]\nindex = { thin = "protect", stale_after = "3m" }', "[underlying.BTC]" + SOURCES
)


CONTROLS = {
    'name = "strict"': 'name = "controlled"',
    "rates = { orders_per_second = 3,": """breaker = { loss_per_minute = "4%", turnover_per_minute = 6 }
changes = { approved = true, delay = "10m" }
rates = { orders_per_second = 3, client_orders_per_second = 4, group_orders_per_second = 6,""",
    "limits = { position = 40,": "limits = { client_open_orders = 11, group_open_orders = 15, position = 40,",
    "group_position = 55,": "client_position = 45, group_position = 55,",
    'collar = { width = "4%"': 'settlement_window = "5m"\ncollar = { width = "4%"',
}
FREEDOMS = {
    'name = "lenient"': 'name = "free"',
    'settle_every = "4h"': 'settle_every = "4h"\nbreaker = { loss_per_minute = "2%" }',
    'rates = { max_age = "7d" }': 'rates = { max_age = "7d", client_orders_per_second = 3 }',
    "limits = { open_orders = 12 }": "limits = { open_orders = 12, client_position = 900, group_open_orders = 20 }",
}


def replaced(text: str, changes: dict[str, str]) -> str:
    """A rulebook with other lines."""
    for before, after in changes.items():
        assert before in text, before
        text = text.replace(before, after)
    return text


CONTROLLED = replaced(STRICT, CONTROLS)
FREE = replaced(LENIENT, FREEDOMS)
OPENED = replaced(
    SOURCED,
    {
        'name = "sourced"': 'name = "opened"',
        'settle_every = "8h"': 'settle_every = "8h"\nbreaker = { turnover_per_minute = 10 }',
        "max_size = 60": 'max_size = 60\nsettlement_window = "90s"',
    },
)
RULEBOOKS = {
    "strict": STRICT, "lenient": LENIENT, "sourced": SOURCED, "controlled": CONTROLLED, "free": FREE, "opened": OPENED,
}  # fmt: skip

"""RULEBOOK "Presets", written out from its text; only what a standard-model valuation needs."""

HK_LADDER = (
    ("100_000", "0.5%", 20), ("200_000", "1%", 20), ("350_000", "1.5%", 20), ("500_000", "2%", 20),
    ("650_000", "2.5%", 20), ("800_000", "3%", 10), ("1_000_000", "3.5%", 10), ("1_200_000", "4%", 10),
    ("1_400_000", "4.5%", 10), ("1_600_000", "5%", 10), ("3_000_000", "5.5%", 9), ("4_500_000", "6.5%", 8),
    ("6_000_000", "7.5%", 7), ("7_500_000", "8.5%", 6), ("9_000_000", "10%", 5), ("10_500_000", "12.5%", 4),
    ("12_000_000", "16.5%", 3), ("13_500_000", "25%", 2), ("15_000_000", "50%", 1),
)  # fmt: skip


def tiers(factor_tenths: int) -> str:
    """The ladder with its caps × factor."""
    rows = (f'[{int(cap) * factor_tenths // 10}, "{rate}", {lev}]' for cap, rate, lev in HK_LADDER)
    return "tiers = [" + ", ".join(rows) + "]\n"


HK_VATP_PERP = f"""
name = "hk-vatp-perp"
[venue]
settlement = "USD"
profit_credit = 0
call_factor = 1.25
withdraw_ratio = "0%"
fees = {{ standard = {{ maker = "0.02%", taker = "0.05%" }} }}
[asset.USD]
class = "fiat"
eligible = true
[asset.HKD]
class = "fiat"
eligible = true
haircut = [["rest", "0.5%"]]
close_cost = "0.1%"
[instrument.BTC-PERP]
underlying = "BTC"
tick = 0.1
lot = 0.001
contract_size = 1
initial_method = "bracket"
{tiers(10)}
[instrument.ETH-PERP]
underlying = "ETH"
tick = 0.01
lot = 0.01
contract_size = 1
initial_method = "bracket"
{tiers(4)}
"""

PRESETS = {"hk-vatp-perp": HK_VATP_PERP}

"""Rulebooks of streams in which buckets are liquidated: every parameter is drawn, mostly so that it binds."""

from __future__ import annotations

import random

from .stream_rules import LENIENT, SOURCED, STRICT, replaced


def name_of(seed: int, flavor: str) -> str:
    """The rules that it is made of."""
    return "sourced" if flavor == "crashes" else ("strict", "lenient")[seed % 2]


def rulebook(seed: int, flavor: str) -> str:
    """Of the strict or the lenient rules, with a table `[liquidation]`."""
    rng = random.Random(f"{seed} {flavor} rules")
    name = name_of(seed, flavor)
    plain = {"strict": STRICT, "sourced": SOURCED, "lenient": LENIENT}[name].partition("[client]")[0]
    changes = {}
    if name != "lenient":
        changes["limits = { position = 40, group_position = 55, open_orders = 8, open_interest = 90 }"] = (
            "limits = { open_orders = 20 }"
        )
        changes["limits = { position = 3_000, open_orders = 8,"] = "limits = { open_orders = 20,"
        changes["orders_per_second = 3, "] = ""
    else:
        changes["min_equity = 1_000"] = "min_equity = 0"
    tiers = rng.choice(TIERS[flavor])
    if tiers is not None:
        for line in TIER_LINES[name == "lenient"]:
            changes[line] = tiers
    if rng.random() < 0.3:
        changes["call_factor = 1."] = 'breaker = { loss_per_minute = "20%" }\ncall_factor = 1.'
    return replaced(plain, changes) + "\n" + table(rng, flavor)


TIER_LINES = (
    (
        'tiers = [[20_000, "1%", 20], [60_000, "2.5%", 10], [200_000, "5%", 5]]',
        'tiers = [[5_000, "1%", 25], ["rest", "4%", 8]]',
    ),
    (
        'tiers = [[50_000, "0.5%", 50], [150_000, "1%", 20], ["rest", "5%", 5]]',
        'tiers = [[50_000, "1%", 25], ["rest", "5%", 5]]',
    ),
)  # by instrument, of either plain rulebook
HIGH = 'tiers = [[3_000, "5%", 10], [20_000, "7.5%", 8], ["rest", "12%", 5]]'
NONE_AT_FIRST = 'tiers = [[800, "0%", 25], ["rest", "3%", 12]]'
TIERS = {
    "liquidations": (None, None, HIGH, NONE_AT_FIRST),
    "throttles": (HIGH, HIGH, None),
    "waterfalls": (None, None, None, NONE_AT_FIRST),
    "crashes": (None, None, HIGH),
    "inventories": (None, HIGH, HIGH, NONE_AT_FIRST),
}


def table(rng: random.Random, flavor: str) -> str:
    """`[liquidation]`, perhaps empty."""
    values = {
        "step": (None, '"20%"', '"10%"', '"33%"', '"50%"', '"7.5%"'),
        "target": (None, '"90%"', '"70%"', '"100%"'),
        "close_out": (None, '"66.666667%"', '"30%"', '"95%"'),
        "fee": (None, '"0.25%"', '"0%"', '"1.3%"'),
        "depth_share": (None, '"20%"', '"5%"', '"100%"'),
        "backstop_share": (None, '"60%"', '"0%"', '"100%"', '"33.333333%"'),
        "adl": (None, '"score"', '"pro_rata"', '"pro_rata"', '"minimax"', '"minimax"'),
        "per_command": (None, None, "1", "2", "3"),
    }
    funds = {
        "max_slippage": (None, '"3%"', '"1%"', '"10%"', '"99%"'),
        "event_budget": (None, '"20%"', '"5%"', '"100%"', '"0.01%"'),
        "interval_budget": (None, '"30%"', '"10%"', '"100%"'),
        "low": (None, "2_000", "2_005", "300", "305", "31", "20_000"),
    }
    if flavor == "throttles":
        values |= {
            "close_out": (None, '"30%"', '"10%"', '"50%"'),
            "depth_share": (None, '"2%"', '"5%"', '"10%"'),
            "step": ('"5%"', '"10%"', None),
            "per_command": (None, "1", "2", "5"),
        }
    if flavor == "waterfalls":
        values |= {"fee": ('"0%"', '"0%"', '"0.02%"', None)}  # a fund that stays small
        funds |= {
            "event_budget": ('"0%"', '"100%"', '"100%"', '"1%"'),
            "interval_budget": (None, '"0%"', '"100%"', '"100%"'),
            "low": ("5", "20", "2", "20", "100"),
        }
    if flavor == "inventories":
        values |= {"per_command": (None, None, None, "1", "3")}
        funds |= {
            "low": (None, "200", "300", "700", "2_000"),
            "mode": (*['"take"'] * 6, None),
            "unwind_share": (None, '"1%"', '"1%"', '"5%"', '"50%"', '"100%"'),
        }
    lines = [f"{name} = {value}" for name, words in values.items() if (value := rng.choice(words)) is not None]
    inner = [f"{name} = {value}" for name, words in funds.items() if (value := rng.choice(words)) is not None]
    return "\n".join(["[liquidation]", *lines, f"fund = {{ {', '.join(inner)} }}" if inner else "", ""])

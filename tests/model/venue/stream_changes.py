"""Rulebooks that a stream proposes: that in force with some keys changed, as text."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .stream_setting import SECOND

if TYPE_CHECKING:
    from .state import State

Document = dict[str, Any]
ABSENT = object()


@dataclass(frozen=True)
class Proposal:
    """Stands for the text of a rulebook, or for its digest; made of the one in force, so equal ones are equal texts."""

    seed: int
    changes: int
    effective: int | None = None  # whole seconds, in nanoseconds
    as_digest: bool = False
    only: str | None = None  # the one key that becomes one of its values
    value: int = -1  # which of them
    among: str = ""  # which keys: those of liquidations, those of the fund's inventory, or all others


# what a key may become; some tighten, some loosen
VALUES: dict[str, tuple[Any, ...]] = {
    "venue.call_factor": (Decimal("1.25"), Decimal("1.5"), 3),
    "venue.withdraw_ratio": ("0%", "2%", "6%"),
    "venue.outflow_per_hour": (ABSENT, "10%", "3%"),
    "venue.profit_credit": (0, 1),
    "venue.settle_every": ("8h", "4h", "1h"),
    "venue.rates.max_age": ("12h", "1h", "7d"),
    "venue.rates.orders_per_second": (ABSENT, 3, 2),
    "venue.rates.client_orders_per_second": (ABSENT, 4, 2),
    "venue.rates.group_orders_per_second": (ABSENT, 6, 3),
    "venue.breaker.loss_per_minute": (ABSENT, "4%", "1%"),
    "venue.breaker.turnover_per_minute": (ABSENT, 6, 2, Decimal("0.5")),
    "venue.changes.delay": (ABSENT, "10m", "1m", "0s"),
    "venue.changes.approved": (True, False, False),
    "venue.fees.standard.taker": ("0.05%", "0.1%"),
    "asset.BTC.eligible": (True, False),
    "asset.BTC.account_cap": (ABSENT, 50, 1),
    "asset.BTC.haircut": ([["rest", "10%"]], [["rest", "60%"]], [[1, "5%"], ["rest", "30%"]]),
    "underlying.BTC.eligible": (ABSENT, True, True, False),
    "underlying.ETH.eligible": (ABSENT, True, True, False),
    "underlying.ETH.index.thin": ("trade", "protect"),
    "underlying.ETH.index.stale_after": ("90s", "3m"),
    "instrument.BTC-PERP.tick": (Decimal("0.5"), Decimal("0.5"), 1, Decimal("0.25")),
    "instrument.BTC-PERP.lot": (Decimal("0.1"), Decimal("0.1"), Decimal("0.05"), Decimal("0.2"), Decimal("0.3")),
    "instrument.BTC-PERP.max_size": (ABSENT, 60, 10),
    "instrument.BTC-PERP.min_size": (ABSENT, 1),
    "instrument.BTC-PERP.collar.width": ("4%", "8%", "2%"),
    "instrument.BTC-PERP.mark.band": ("0.5%", "1%"),
    "instrument.BTC-PERP.mark.samples": (30, 10),
    "instrument.BTC-PERP.funding.every": ("1h", "2h"),
    "instrument.BTC-PERP.settlement_window": (ABSENT, "5m", "1s", "1h"),
    "instrument.BTC-PERP.limits.position": (ABSENT, 40, 15, 3),
    "instrument.BTC-PERP.limits.client_position": (ABSENT, 45, 20),
    "instrument.BTC-PERP.limits.group_position": (ABSENT, 55, 25),
    "instrument.BTC-PERP.limits.open_orders": (8, 4),
    "instrument.BTC-PERP.limits.client_open_orders": (ABSENT, 11, 6),
    "instrument.BTC-PERP.limits.group_open_orders": (ABSENT, 15, 8),
    "instrument.BTC-PERP.limits.open_interest": ("none", 90, 40),
    "instrument.BTC-PERP.tiers": (
        [[20_000, "1%", 20], [60_000, "2.5%", 10], [200_000, "5%", 5]],
        [[20_000, "2%", 20], [60_000, "4%", 10], [200_000, "10%", 5]],
        [[1_000, "4%", 20], ["rest", "30%", 2]],
        [[100, "60%", 1], ["rest", "90%", 1]],
    ),
    "instrument.ETH-PERP.tick": (Decimal("0.05"), Decimal("0.05"), Decimal("0.1")),
    "instrument.ETH-PERP.lot": (1, 1, 2, Decimal("0.5")),
    "instrument.ETH-PERP.tiers": ([[5_000, "1%", 25], ["rest", "4%", 8]], [[500, "3%", 25], ["rest", "20%", 4]]),
    "instrument.ETH-PERP.limits.client_position": (ABSENT, 900, 300),
    "instrument.ETH-PERP.funding.impact_notional": (50, 100),
    "instrument.ETH-PERP.funding.sample": ("10m", "5m"),
    "client.classes": (
        ABSENT, ["professional", "affiliated_market_maker", "market_maker"], ["professional", "market_maker"],
    ),
    "client.require": (ABSENT, ["professional", "knowledge"], ["knowledge"], ["knowledge", "professional"]),
}  # fmt: skip
OF_LIQUIDATION: dict[str, tuple[Any, ...]] = {
    "liquidation.step": (ABSENT, "5%", "50%"),
    "liquidation.target": (ABSENT, "70%"),
    "liquidation.close_out": (ABSENT, "20%", "100%"),
    "liquidation.fee": (ABSENT, "0%", "1%"),
    "liquidation.depth_share": (ABSENT, "1%", "50%"),
    "liquidation.backstop_share": (ABSENT, "0%", "100%"),
    "liquidation.adl": (ABSENT, "score", "pro_rata", "minimax"),
    "liquidation.per_command": (ABSENT, 1, 2),
    "liquidation.fund.max_slippage": (ABSENT, "1%", "20%"),
    "liquidation.fund.event_budget": (ABSENT, "0%", "100%"),
    "liquidation.fund.interval_budget": (ABSENT, "2%", "100%"),
    "liquidation.fund.low": (ABSENT, "none", 500),
    "liquidation": (ABSENT, {}),
}
OF_INVENTORY: dict[str, tuple[Any, ...]] = {
    "liquidation": (ABSENT, {"fund": {"mode": "take"}}, {"fund": {"mode": "take", "unwind_share": "1%"}}),
    "liquidation.fund": ({"mode": "take"}, {"mode": "pay"}, {"mode": "pay", "event_budget": "0%"}),
    "liquidation.fund.mode": ("pay", "pay", "take", "take", "take"),
    "liquidation.fund.unwind_share": (ABSENT, "1%", "30%", "100%"),
    "instrument.BTC-PERP.tiers": ([[20_000, "1%", 20], ["rest", "5%", 10]], [["rest", "5%", 9]], [["rest", "25%", 3]]),
    "instrument.ETH-PERP.tiers": ([[20_000, "1%", 20], ["rest", "5%", 10]], [["rest", "5%", 9]], [["rest", "25%", 3]]),
}
AMONG = {"liquidation": OF_LIQUIDATION, "inventory": OF_INVENTORY}
OFTEN = ("tick", "lot", "tiers", "eligible", "require", "classes")
NEWCOMER = {
    "underlying.ADA.index": {"thin": "trade", "stale_after": "3m"},
    "asset.ACE": {"class": "stablecoin", "eligible": True, "haircut": [["rest", "3%"]], "close_cost": "1%"},
    "instrument.ADA-PERP": {
        "underlying": "ADA", "tick": Decimal("0.05"), "lot": 1, "tiers": [[5_000, "1%", 25], ["rest", "4%", 8]],
        "funding": {"every": "1h", "sample": "5m", "impact_notional": 50}, "settlement_window": "10s",
    },
}  # fmt: skip


def put(document: Document, path: str, value: Any) -> None:
    """One key; ABSENT takes it away."""
    *tables, last = path.split(".")
    for name in tables:
        document = document.setdefault(name, {})
    if value is ABSENT:
        document.pop(last, None)
    else:
        document[last] = copy.deepcopy(value)


def changed(document: Document, rng: random.Random, changes: int) -> None:
    """Some keys; now and then names that are new."""
    paths = sorted(VALUES) + 3 * [path for path in sorted(VALUES) if path.endswith(OFTEN)]
    for path in rng.sample(paths, changes):
        put(document, path, rng.choice(VALUES[path]))
    if rng.random() < 0.15:
        for path, value in NEWCOMER.items():
            put(document, path, value)
        if "portfolio" in document:
            put(document, "portfolio.underlying.ADA", {"range": "20%"})
    if rng.random() < 0.15 and document["underlying"]["BTC"].get("sources"):
        put(document, "underlying.BTC.index.agree_samples", rng.choice((2, 3)))
        put(document, "underlying.BTC.index.min_sources", rng.choice((2, 3)))
    if rng.random() < 0.06:
        rng.choice(UNFIT)(document)
    if rng.random() < 0.05 and "portfolio" in document:
        del document["portfolio"]


UNFIT: tuple[Callable[[Document], Any], ...] = (
    lambda document: document["asset"].pop("XYZ", None),
    lambda document: document["venue"]["fees"].pop("maker", None),
    lambda document: put(document, "instrument.BTC-PERP.underlying", "ETH"),
    lambda document: put(document, "asset.BTC.underlying", "ETH"),
    lambda document: put(document, "instrument.ETH-PERP.contract_size", 2),
    lambda document: put(document, "underlying.ETH.sources", [{"id": "z", "group": "Z"}, {"id": "y", "group": "Y"}]),
    lambda document: put(document, "venue.settlement", "HKD"),
)


def text_of(document: Mapping[str, Any]) -> str:
    """TOML, a line for each table at the top."""
    return "\n".join(f"{name} = {value_of(value)}" for name, value in document.items()) + "\n"


def value_of(value: Any) -> str:
    """One value, tables inline."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(name)} = {value_of(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(value_of(one) for one in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        json.dumps(value)
        if isinstance(value, str)
        else format(value, "f")
        if isinstance(value, Decimal)
        else str(value)
    )


BROKEN = ("not a rulebook", '[venue]\nsettlement = "USD"\n[instrument.X-PERP]\ntick = 1\n', "[venue]\n", "")


def proposed(state: State, proposal: Proposal) -> str:
    """The text, or the digest, that a proposal stands for now."""
    rng = random.Random(proposal.seed)
    if proposal.only is None and rng.random() < 0.04:
        return "0" * 64 if proposal.as_digest else rng.choice(BROKEN)
    document = copy.deepcopy(state.rules.document)
    if proposal.only is not None:
        put(document, proposal.only, VALUES[proposal.only][proposal.value])
    elif proposal.among:
        values = AMONG[proposal.among]
        for path in rng.sample(sorted(values), proposal.changes):
            put(document, path, rng.choice(values[path]))
        balance = state.ledger.house["fund"][state.rules.settlement]
        if rng.random() < 0.7 and balance:  # the next draw is told
            put(document, "liquidation.fund.low", Decimal(balance).scaleb(-8))
    else:
        changed(document, rng, proposal.changes)
    if proposal.effective is not None:
        document["effective"] = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=proposal.effective // SECOND)
    elif proposal.changes:
        document.pop("effective", None)
    text = text_of(document)
    if rng.random() < 0.03:
        text = f'extends = "hk-vatp-perp"\n{text}'
    return digest_of(state, text) if proposal.as_digest else text


def digest_of(state: State, text: str) -> str:
    """What is no rulebook has none."""
    try:
        return state.rules.reader(text)[1]
    except ValueError:
        return "f" * 64

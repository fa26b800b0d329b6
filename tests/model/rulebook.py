"""RULEBOOK: the sections a valuation needs, read from TOML into plain records; `[portfolio]` has its own file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .errors import ModelError
from .portfolio_rules import Portfolio, read_portfolio
from .rulebook_values import Slices, amount, cap, inverse, rate, slices


@dataclass
class Instrument:
    """`[instrument.X]`; rates and caps in grid units."""

    name: str
    underlying: str
    tick: int
    contract_size: int
    bracket: bool
    maintenance: Slices
    initial: Slices
    maintenance_fee: int


@dataclass
class Asset:
    """`[asset.X]`; `liability` is (initial, maintenance) or None: negative balances refused."""

    name: str
    eligible: bool
    haircut: Slices
    close_cost: int
    account_cap: int | None
    liability: tuple[int, int] | None
    underlying: str | None


@dataclass
class Rulebook:
    """The expanded rules of one venue."""

    settlement: str
    profit_credit: int
    call_factor: int
    withdraw_ratio: int
    taker: dict[str, int]
    instruments: dict[str, Instrument]
    assets: dict[str, Asset]
    thin: dict[str, str] = field(default_factory=dict)
    portfolio: Portfolio | None = None

    def thin_is_usable(self, underlying: str | None) -> bool:
        """RULES §4 `status`: `index.thin` of the underlying, default protect; protect where there is none."""
        return underlying is not None and self.thin.get(underlying, "protect") == "trade"


def expand(text: str, presets: Mapping[str, str]) -> dict[str, Any]:
    """RULEBOOK `extends`: tables merge, arrays (and values) replace. `name@1` means the preset `name`."""
    table = tomllib.loads(text, parse_float=Decimal)
    base = table.pop("extends", None)
    if base is None:
        return table
    preset = presets.get(base) or presets.get(base.partition("@")[0])
    if preset is None:
        raise ModelError("RulebookError", "unknown_preset")
    return merged(expand(preset, presets), table)


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` on top of `under`."""
    result = dict(under)
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


def read_rulebook(rules: str | Mapping[str, Any]) -> Rulebook:
    """An expanded rulebook, as TOML text or as the table `expand` returns."""
    table = tomllib.loads(rules, parse_float=Decimal) if isinstance(rules, str) else rules
    if "extends" in table:
        raise ModelError("RulebookError", "unknown_preset")
    venue = table["venue"]
    settlement = venue["settlement"]
    fees = {name: rate(tier.get("taker", 0)) for name, tier in venue.get("fees", {"standard": {}}).items()}
    assets = {name: read_asset(name, entry) for name, entry in table.get("asset", {}).items()}
    # RULES §4: the settlement currency has price 1, haircut 0, whatever is written about it.
    assets[settlement] = Asset(settlement, True, [(None, 0)], 0, None, (0, 0), None)
    return Rulebook(
        settlement=settlement,
        profit_credit=rate(venue.get("profit_credit", 0)),
        call_factor=rate(venue.get("call_factor", Decimal("1.25"))),
        withdraw_ratio=rate(venue.get("withdraw_ratio", 0)),
        taker=fees,
        instruments={name: read_instrument(name, entry) for name, entry in table.get("instrument", {}).items()},
        assets=assets,
        thin={
            name: entry.get("index", {}).get("thin", "protect") for name, entry in table.get("underlying", {}).items()
        },
        portfolio=read_portfolio(table.get("portfolio", {})),
    )


def read_instrument(name: str, entry: Mapping[str, Any]) -> Instrument:
    """RULES §3: initial rate of a tier = ⌈1/max leverage⌉; `initial_method` bracket unless marginal."""
    tiers = entry["tiers"]
    caps = [cap(tier[0]) for tier in tiers]
    return Instrument(
        name=name,
        underlying=entry["underlying"],
        tick=amount(entry["tick"]),
        contract_size=amount(entry.get("contract_size", 1)),
        bracket=entry.get("initial_method", "bracket") == "bracket",
        maintenance=[(upto, rate(tier[1])) for upto, tier in zip(caps, tiers, strict=True)],
        initial=[(upto, inverse(amount(tier[2]))) for upto, tier in zip(caps, tiers, strict=True)],
        maintenance_fee=rate(entry.get("maintenance_fee", 0)),
    )


def read_asset(name: str, entry: Mapping[str, Any]) -> Asset:
    """RULES §4 `collateral.haircut`; defaults of RULEBOOK: not eligible, haircut 0, close_cost 0, no cap."""
    haircut = entry.get("haircut", [["rest", 0]])
    if not isinstance(haircut, list):
        haircut = [["rest", haircut]]
    liability = entry.get("liability")
    return Asset(
        name=name,
        eligible=bool(entry.get("eligible", False)),
        haircut=slices(haircut),
        close_cost=rate(entry.get("close_cost", 0)),
        account_cap=amount(entry["account_cap"]) if "account_cap" in entry else None,
        liability=None if liability is None else (rate(liability["initial"]), rate(liability["maintenance"])),
        underlying=entry.get("underlying"),
    )

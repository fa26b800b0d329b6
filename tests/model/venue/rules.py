"""RULEBOOK: what a venue reads beside the valuation: orders, limits, fees, money, clients; numbers in grid units."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ..pricing.rules import Contract, IndexRules, read_contract, read_index, span
from ..rulebook import Rulebook, read_rulebook
from ..rulebook_values import amount, rate
from ..scenarios import Scenario, scenario_table

SECOND = 10**9
HOUR = 3_600 * SECOND
DAY = 24 * HOUR


@dataclass
class Market:
    """`[instrument.X]` as a book reads it; quantities in contracts, None: no limit."""

    name: str
    place: int  # its index among the instruments
    underlying: str
    tick: int
    lot: int
    contract_size: int
    min_size: int
    max_size: int | None
    collar_width: int
    collar_reference: str
    position: int | None
    group_position: int | None
    open_interest: int | None
    open_orders: int
    impact_notional: int
    contract: Contract


@dataclass
class Fees:
    """A tier of `[venue.fees]`."""

    maker: int = 0
    taker: int = 0


@dataclass
class VenueRules:
    """Everything a venue reads of its rulebook."""

    valuation: Rulebook
    table: list[Scenario]  # of the portfolio model; empty where it is off
    markets: dict[str, Market]
    indexes: dict[str, IndexRules]
    fees: dict[str, Fees]
    max_age: int
    client_id_time: int
    client_ids: int
    orders_per_second: int | None
    outflow_per_hour: int | None
    settle_every: int
    conversion_order: list[str]
    platform_caps: dict[str, int]
    min_equity: int
    classes: list[str] = field(default_factory=list)
    require: list[str] = field(default_factory=list)

    @property
    def settlement(self) -> str:
        """The asset that everything is settled in."""
        return self.valuation.settlement


def optional(section: Mapping[str, Any], name: str) -> int | None:
    """A number that may be left out, or that is "none"."""
    found = section.get(name)
    return None if found is None or found == "none" else amount(found)


def read_market(table: Mapping[str, Any], name: str, place: int) -> Market:
    """The defaults: one lot, no largest size, a collar of 3 % around the mark, 200 open orders."""
    entry = table["instrument"][name]
    collar, limits = entry.get("collar", {}), entry.get("limits", {})
    lot = amount(entry["lot"])
    return Market(
        name=name,
        place=place,
        underlying=entry["underlying"],
        tick=amount(entry["tick"]),
        lot=lot,
        contract_size=amount(entry.get("contract_size", 1)),
        min_size=amount(entry["min_size"]) if "min_size" in entry else lot,
        max_size=optional(entry, "max_size"),
        collar_width=rate(collar.get("width", "3%")),
        collar_reference=collar.get("reference", "mark"),
        position=optional(limits, "position"),
        group_position=optional(limits, "group_position"),
        open_interest=optional(limits, "open_interest"),
        open_orders=int(limits.get("open_orders", 200)),
        impact_notional=amount(entry.get("funding", {}).get("impact_notional", 50_000)),
        contract=read_contract(table, name),
    )


def read_rules(text: str) -> VenueRules:
    """An expanded rulebook, as TOML text. Instruments and assets count in the order of their names."""
    table = tomllib.loads(text, parse_float=Decimal)
    valuation = read_rulebook(table)
    venue, client = table["venue"], table.get("client", {})
    window, rates = venue.get("client_id_window", {}), venue.get("rates", {})
    names = sorted(table["instrument"])
    fees = venue.get("fees", {"standard": {}})
    order = venue.get("conversion_order")
    if not order:
        order = sorted(name for name, asset in valuation.assets.items() if asset.eligible)
    return VenueRules(
        valuation=valuation,
        table=[] if valuation.portfolio is None else scenario_table(valuation.portfolio, None),
        markets={name: read_market(table, name, place) for place, name in enumerate(names)},
        indexes={name: read_index(table, name) for name in table.get("underlying", {})},
        fees={name: Fees(rate(tier.get("maker", 0)), rate(tier.get("taker", 0))) for name, tier in fees.items()},
        max_age=span(rates.get("max_age", "7d")),
        client_id_time=span(window.get("time", "24h")),
        client_ids=int(window.get("per_account", 1_000)),
        orders_per_second=int(rates["orders_per_second"]) if "orders_per_second" in rates else None,
        outflow_per_hour=rate(venue["outflow_per_hour"]) if "outflow_per_hour" in venue else None,
        settle_every=span(venue.get("settle_every", "8h")),
        conversion_order=list(order),
        platform_caps={
            name: amount(entry["platform_cap"])
            for name, entry in table.get("asset", {}).items()
            if "platform_cap" in entry
        },
        min_equity=amount(table.get("portfolio", {}).get("min_equity", 0)),
        classes=list(client.get("classes", [])),
        require=list(client.get("require", [])),
    )

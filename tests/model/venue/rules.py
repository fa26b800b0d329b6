"""RULEBOOK: what a venue reads beside the valuation: orders, limits, fees, money, clients; numbers in grid units."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from ..pricing.rules import Contract, IndexRules, read_contract, read_index, span
from ..rulebook import Rulebook, read_rulebook
from ..rulebook_values import amount, rate
from ..scenarios import Scenario, scenario_table
from .liquidation_rules import LiquidationRules, read_liquidation

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
    client_position: int | None
    client_open_orders: int | None
    group_open_orders: int | None
    settlement_window: int | None
    impact_notional: int
    contract: Contract


@dataclass
class Fees:
    """A tier of `[venue.fees]`."""

    maker: int = 0
    taker: int = 0


Reader = Callable[[str], tuple[str, str]]  # of a text: what it is without `extends`, and its digest


@dataclass
class VenueRules:
    """Everything a venue reads of its rulebook. Lists and tables are in the order of the numbers of names."""

    document: dict[str, Any]
    digest: str
    reader: Reader
    effective: int | None
    valuation: Rulebook
    table: list[Scenario]  # of the portfolio model; empty where it is off
    markets: dict[str, Market]
    assets: list[str]
    indexes: dict[str, IndexRules]
    eligible: dict[str, bool]  # of underlyings
    fees: dict[str, Fees]
    max_age: int
    client_id_time: int
    client_ids: int
    orders_per_second: int | None
    client_orders_per_second: int | None
    group_orders_per_second: int | None
    outflow_per_hour: int | None
    settle_every: int
    conversion_order: list[str]
    platform_caps: dict[str, int]
    min_equity: int
    breaker_loss: int | None
    breaker_turnover: int | None
    approved: bool
    delay: int
    classes: list[str]
    require: list[str]
    liquidation: LiquidationRules | None

    @property
    def settlement(self) -> str:
        """The asset that everything is settled in."""
        return self.valuation.settlement


def optional(section: Mapping[str, Any], name: str) -> int | None:
    """A number that may be left out, or that is "none"."""
    found = section.get(name)
    return None if found is None or found == "none" else amount(found)


def whole(section: Mapping[str, Any], name: str) -> int | None:
    """A count that may be left out."""
    return int(section[name]) if name in section else None


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
        client_position=optional(limits, "client_position"),
        client_open_orders=whole(limits, "client_open_orders"),
        group_open_orders=whole(limits, "group_open_orders"),
        settlement_window=span(entry["settlement_window"]) if "settlement_window" in entry else None,
        impact_notional=amount(entry.get("funding", {}).get("impact_notional", 50_000)),
        contract=read_contract(table, name),
    )


def numbered(names: Iterable[str], before: Iterable[str]) -> list[str]:
    """Those that were there first keep their numbers; then the others by name."""
    known = list(before)
    return [*known, *sorted(set(names) - set(known))]


def nanoseconds(moment: datetime | None) -> int | None:
    """Of a moment with its offset."""
    if moment is None:
        return None
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1_000


def plain_reader(text: str) -> tuple[str, str]:
    """Some digest, where there is no core whose digest it would have to be; and no presets."""
    table = tomllib.loads(text, parse_float=Decimal)
    table.pop("name", None)
    return text, hashlib.sha256(repr(table).encode()).hexdigest()


def read_rules(text: str, reader: Reader = plain_reader, before: VenueRules | None = None) -> VenueRules:
    """A rulebook, as TOML text. Names are numbered alphabetically, behind those of the one `before`."""
    expanded, digest = reader(text)
    table = tomllib.loads(expanded, parse_float=Decimal)
    valuation = read_rulebook(table)
    venue, client = table["venue"], table.get("client", {})
    window, rates = venue.get("client_id_window", {}), venue.get("rates", {})
    breaker, changes = venue.get("breaker", {}), venue.get("changes", {})
    names = numbered(table["instrument"], before.markets if before else ())
    underlyings = numbered(table.get("underlying", {}), before.indexes if before else ())
    fees = venue.get("fees", {"standard": {}})
    order = venue.get("conversion_order")
    if not order:
        order = sorted(name for name, asset in valuation.assets.items() if asset.eligible)
    return VenueRules(
        document=table,
        digest=digest,
        reader=reader,
        effective=nanoseconds(table.get("effective")),
        valuation=valuation,
        table=[] if valuation.portfolio is None else scenario_table(valuation.portfolio, None),
        markets={
            name: read_market(table, name, place) for place, name in enumerate(names) if name in table["instrument"]
        },
        assets=numbered(valuation.assets, before.assets if before else ()),
        indexes={name: read_index(table, name) for name in underlyings if name in table["underlying"]},
        eligible={
            market["underlying"]: bool(table.get("underlying", {}).get(market["underlying"], {}).get("eligible", True))
            for market in table["instrument"].values()
        },
        fees={name: Fees(rate(tier.get("maker", 0)), rate(tier.get("taker", 0))) for name, tier in fees.items()},
        max_age=span(rates.get("max_age", "7d")),
        client_id_time=span(window.get("time", "24h")),
        client_ids=int(window.get("per_account", 1_000)),
        orders_per_second=whole(rates, "orders_per_second"),
        client_orders_per_second=whole(rates, "client_orders_per_second"),
        group_orders_per_second=whole(rates, "group_orders_per_second"),
        outflow_per_hour=rate(venue["outflow_per_hour"]) if "outflow_per_hour" in venue else None,
        settle_every=span(venue.get("settle_every", "8h")),
        conversion_order=list(order),
        platform_caps={
            name: amount(entry["platform_cap"])
            for name, entry in table.get("asset", {}).items()
            if "platform_cap" in entry
        },
        min_equity=amount(table.get("portfolio", {}).get("min_equity", 0)),
        breaker_loss=rate(breaker["loss_per_minute"]) if "loss_per_minute" in breaker else None,
        breaker_turnover=amount(breaker["turnover_per_minute"]) if "turnover_per_minute" in breaker else None,
        approved=bool(changes.get("approved", False)),
        delay=span(changes.get("delay", "0s")),
        classes=list(client.get("classes", [])),
        require=list(client.get("require", [])),
        liquidation=read_liquidation(table),
    )

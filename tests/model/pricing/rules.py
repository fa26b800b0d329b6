"""RULEBOOK: what index, mark and funding read of `[underlying.X]` and `[instrument.X]`; defaults of RULES §7."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ..rulebook import Instrument, read_instrument
from ..rulebook_values import amount, rate
from ..tables import MAX_PRICE

SECOND = 10**9
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
UNITS = {"ms": 10**6, "s": SECOND, "m": 60 * SECOND, "h": HOUR, "d": DAY}


def span(text: str) -> int:
    """A duration, `"10s"`, in nanoseconds."""
    found = re.fullmatch(r"([0-9]+)(ms|s|m|h|d)", text)
    if not found:
        raise ValueError(text)
    return int(found[1]) * UNITS[found[2]]


def price_or_none(units: int | Fraction | None) -> int | None:
    """What is no price counts as none: also what lies between two units."""
    exact = Fraction(0 if units is None else units)
    return exact.numerator if 1 <= exact <= MAX_PRICE and exact.denominator == 1 else None


@dataclass(frozen=True)
class Source:
    """One entry of `sources`; `currency` None is the settlement currency."""

    id: str
    group: str
    weight: int
    rank: int = 0
    currency: str | None = None


@dataclass(frozen=True)
class Rate:
    """One entry of `rates`: quotes of `source` are prices of one unit of `currency`."""

    currency: str
    source: str
    stale_after: int


@dataclass
class IndexRules:
    """`[underlying.X]`; rates in grid units, spans in nanoseconds."""

    sources: list[Source] = field(default_factory=list)
    rates: list[Rate] = field(default_factory=list)
    min_sources: int = 3
    stale_after: int = 10 * SECOND
    max_ahead: int = SECOND
    max_deviation: int = 3 * 10**6
    drop_beyond: int = 10**7
    max_jump: int = 10**7
    jump_window: int = SECOND
    agree_samples: int = 5
    protected_for: int = 60 * SECOND
    halt_after: int = 180 * SECOND
    max_group_weight: int = 4 * 10**7
    unchanged_for: int | None = None
    thin_is_usable: bool = False


@dataclass
class Contract:
    """`mark` and `funding` of `[instrument.X]`, and what they need of its tiers and its underlying."""

    index: IndexRules
    first_maintenance: int
    first_initial: int
    fair_basis: bool = False
    band: int = 500_000
    ema: int = 96_721_610
    samples: int = 30
    last_for: int = 60 * SECOND
    speed: int | None = None
    every: int = 8 * HOUR
    interest: int = 10_000
    dead_zone: int = 50_000
    sample: int = 5 * SECOND
    min_coverage: int = 5 * 10**7
    cap: int | None = None
    cap_factor_maintenance: int | None = None
    cap_factor_difference: int | None = None


INDEX_SPANS = ("stale_after", "max_ahead", "jump_window", "protected_for", "halt_after", "unchanged_for")
INDEX_RATES = ("max_deviation", "drop_beyond", "max_jump", "max_group_weight")
FUNDING_RATES = ("dead_zone", "min_coverage", "cap", "cap_factor_maintenance", "cap_factor_difference")


def read_index(table: Mapping[str, Any], underlying: str) -> IndexRules:
    """`[underlying.X]` of an expanded rulebook."""
    entry = table.get("underlying", {}).get(underlying, {})
    section = entry.get("index", {})
    settlement = table["venue"]["settlement"]
    rules = IndexRules(
        sources=[read_source(each, settlement) for each in entry.get("sources", [])],
        rates=[
            Rate(each["currency"], each["source"], span(each.get("stale_after", "60s")))
            for each in entry.get("rates", [])
        ],
        thin_is_usable=section.get("thin", "protect") == "trade",
    )
    set_each(rules, section, INDEX_SPANS, span)
    set_each(rules, section, INDEX_RATES, rate)
    set_each(rules, section, ("min_sources", "agree_samples"), int)
    return rules


def read_source(entry: Mapping[str, Any], settlement: str) -> Source:
    """weight 1, rank 0, the settlement currency unless said otherwise."""
    currency = entry.get("currency", settlement)
    return Source(
        id=entry["id"],
        group=entry["group"],
        weight=amount(entry.get("weight", Decimal(1))),
        rank=int(entry.get("rank", 0)),
        currency=None if currency == settlement else currency,
    )


def read_contract(table: Mapping[str, Any], instrument: str) -> Contract:
    """`[instrument.X]` of an expanded rulebook."""
    entry = table["instrument"][instrument]
    contract: Instrument = read_instrument(instrument, entry)
    rules = Contract(
        index=read_index(table, contract.underlying),
        first_maintenance=contract.maintenance[0][1],
        first_initial=contract.initial[0][1],
    )
    mark, funding = entry.get("mark", {}), entry.get("funding", {})
    rules.fair_basis = mark.get("method", "median3") == "fair_basis"
    set_each(rules, mark, ("band", "ema", "speed"), rate)
    set_each(rules, mark, ("samples",), int)
    set_each(rules, mark, ("last_for",), span)
    set_each(rules, funding, ("every", "sample"), span)
    set_each(rules, funding, FUNDING_RATES, rate)
    if "interest_8h" in funding:
        rules.interest = rate(funding["interest_8h"])
    return rules


def set_each(rules: object, section: Mapping[str, Any], names: tuple[str, ...], read: Any) -> None:
    """What the section says replaces the default."""
    for name in names:
        if name in section:
            setattr(rules, name, read(section[name]))

"""What another rulebook would do to accounts now: statuses, liquidations, limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..book import Price
from ..grid import GRID, ceil_div
from .accounts import Holder, base
from .figures import Valuer
from .rules import VenueRules

if TYPE_CHECKING:
    from .state import State

Row = dict[str, Any]
TAKEN = ("liquidation", "bankrupt")


def dry_run(state: State, rules: VenueRules) -> list[Row]:
    """As `venue.dry_run` has it, money and contracts in grid units."""
    rows: list[Row] = []
    for holder in state.everybody():
        rows += [row for row in buckets(state, rules, holder) if row["before"] != row["after"]]
        rows += [] if holder.is_fund else limits(state, rules, holder)
    return rows


def forced(state: State, rules: VenueRules) -> int:
    """The notional that would be liquidated only by the change."""
    return sum(row["forced"] for holder in state.everybody() for row in buckets(state, rules, holder))


def buckets(state: State, rules: VenueRules, holder: Holder) -> Iterator[Row]:
    """Every bucket, as it was seen last and under the other rules, at the last prices whatever their states."""
    last = {name: Price(price.value, "live") for name, price in state.prices.items()}
    valuer = Valuer(rules, last)
    known = holder.statuses
    if "undecided" in known.values():
        known = dict(statuses_at(Valuer(state.rules, last), state, holder))
    under = in_models_of(rules, priced(state, holder))
    isolated = [name for name in state.rules.markets if (name, "isolated") in holder.positions]
    for bucket in (None, *isolated):
        orders = state.counted_orders(holder)
        found = valuer.cross(under, orders) if bucket is None else valuer.isolated(under, bucket)
        notional = ceil_div(bucket_notional(state, holder, bucket), GRID)
        before = known.get(bucket, "healthy")
        takes = found.status in TAKEN and before not in TAKEN
        yield {
            "account": holder.name, "instrument": bucket, "before": before, "after": found.status,
            "equity": found.equity, "maintenance_margin": found.maintenance_margin, "notional": notional,
            "forced": notional if takes else 0, "limit": None, "excess": None,
        }  # fmt: skip


def statuses_at(valuer: Valuer, state: State, holder: Holder) -> Iterator[tuple[str | None, str]]:
    """Of every bucket, under the rules in force."""
    yield None, valuer.cross(priced(state, holder), state.counted_orders(holder)).status
    for name, mode in holder.positions:
        if mode == "isolated":
            yield name, valuer.isolated(holder, name).status


def priced(state: State, holder: Holder) -> Holder:
    """Without what never had a price: it hides nothing."""
    copy = holder.copy()
    known = {*state.prices, state.rules.settlement}
    copy.cash = {asset: amount for asset, amount in copy.cash.items() if asset in known}
    return copy


def in_models_of(rules: VenueRules, holder: Holder) -> Holder:
    """Without a portfolio model everybody is of the standard one."""
    if rules.valuation.portfolio is not None or holder.model == "standard":
        return holder
    copy = holder.copy()
    copy.model = "standard"
    return copy


def bucket_notional(state: State, holder: Holder, bucket: str | None) -> int:
    """Σ|Q|·M, at 10⁻¹⁶."""
    return sum(
        notional_at(state, name, own.quantity)
        for (name, mode), own in holder.positions.items()
        if (mode == "cross" and bucket is None) or (mode == "isolated" and name == bucket)
    )


def notional_at(state: State, name: str, contracts: int) -> int:
    """|Q|·M, at 10⁻¹⁶."""
    return abs(base(contracts, state.rules.markets[name].contract_size)) * state.valuer.price(name).value


def limits(state: State, rules: VenueRules, holder: Holder) -> Iterator[Row]:
    """Positions beyond the limit of the other rules."""
    for name in state.rules.markets:
        held = [holder.quantity(name, mode) for mode in ("cross", "isolated")]
        contracts = max(sum(own for own in held if own > 0), -sum(own for own in held if own < 0))
        limit = rules.markets[name].position
        if limit is None or abs(contracts) <= limit:
            continue
        yield {
            "account": holder.name, "instrument": name, "before": None, "after": None, "equity": None,
            "maintenance_margin": None, "notional": ceil_div(notional_at(state, name, contracts), GRID), "forced": 0,
            "limit": limit, "excess": abs(contracts) - limit,
        }  # fmt: skip

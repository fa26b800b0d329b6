"""Whether a venue that runs can go on under other rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import gate
from .rules import VenueRules

if TYPE_CHECKING:
    from .state import State


def is_unfit(state: State, rules: VenueRules) -> bool:
    """Names stay, what they follow stays, and what is held stays a position."""
    return names_vanish(state.rules, rules) or others_followed(state.rules, rules) or positions_break(state, rules)


def names_vanish(before: VenueRules, after: VenueRules) -> bool:
    """The settlement asset is another, or something is no longer there."""
    return (
        after.settlement != before.settlement
        or not set(before.valuation.assets) <= set(after.valuation.assets)
        or not set(before.markets) <= set(after.markets)
        or not set(before.indexes) <= set(after.indexes)
        or not set(before.fees) <= set(after.fees)
    )


def others_followed(before: VenueRules, after: VenueRules) -> bool:
    """The underlying of an instrument or an asset is another; an index is told that was made, or made that was told."""
    instruments = any(after.markets[name].underlying != market.underlying for name, market in before.markets.items())
    assets = any(
        after.valuation.assets[name].underlying != asset.underlying
        for name, asset in before.valuation.assets.items()
        if name != before.settlement
    )
    sources = any(bool(after.indexes[name].sources) != bool(index.sources) for name, index in before.indexes.items())
    return instruments or assets or sources


def positions_break(state: State, rules: VenueRules) -> bool:
    """With open interest the size of a contract stays, and a new lot divides the old one."""
    for name, market in state.rules.markets.items():
        after = rules.markets[name]
        breaks = after.contract_size != market.contract_size or market.lot % after.lot != 0
        if breaks and gate.open_interest(state, name) > 0:
            return True
    return False

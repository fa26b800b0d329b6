"""RULES §4 `status`: which prices may decide."""

from __future__ import annotations

from .book import Price
from .rulebook import Rulebook


def is_usable(price: Price, rules: Rulebook, underlying: str | None) -> bool:
    """live, or thin under `index.thin = "trade"` of the underlying."""
    return price.state == "live" or (price.state == "thin" and rules.thin_is_usable(underlying))


def mark_is_usable(rules: Rulebook, prices: dict[str, Price], instrument: str) -> bool:
    """The mark of an instrument, under the setting of its underlying."""
    return is_usable(prices[instrument], rules, rules.instruments[instrument].underlying)


def asset_is_usable(rules: Rulebook, prices: dict[str, Price], asset: str) -> bool:
    """The index price of an asset; protect if it has no underlying; the settlement currency is always 1."""
    return asset == rules.settlement or is_usable(prices[asset], rules, rules.assets[asset].underlying)

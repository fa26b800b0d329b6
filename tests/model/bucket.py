"""RULES §6: a bucket as every mark and every asset price of one underlying moves by a ratio, and all else stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from . import equity, margin
from .book import Account, Position, Price
from .exposure import exposures
from .grid import E16, GRID
from .requirement import Linear, Point, PortfolioRequirement, Requirement, StandardRequirement
from .rulebook import Rulebook
from .scenarios import Scenario


@dataclass
class Bucket:
    """equity and maintenance margin as functions of λ; amounts at 10⁻²⁴."""

    requirement: Requirement
    collateral: Linear = field(default_factory=Linear)
    unrealized: Linear = field(default_factory=Linear)
    accrued: int = 0
    added: Linear = field(default_factory=Linear)  # fee and liability lines of MM

    def surplus(self, ratio: Fraction, upward: bool) -> Point:
        """equity − MM, exact, and its slope on one side."""
        needed, slope = self.requirement.exact(ratio, upward)
        value = self.collateral.at(ratio) + self.unrealized.at(ratio) - self.accrued - self.added.at(ratio) - needed
        moving = self.collateral.moving + self.unrealized.moving - self.added.moving
        return value, moving - slope

    def is_safe(self, ratio: Fraction) -> bool:
        """equity ≥ MM by rounded figures."""
        equity, maintenance = self.figures(ratio)
        return equity >= maintenance

    def figures(self, ratio: Fraction) -> tuple[int, int]:
        """equity and MM in grid units, rounded as in the valuation."""
        held = self.collateral.at(ratio) // E16 + self.unrealized.at(ratio) // E16 + -self.accrued // E16
        return held, -(-(self.added.at(ratio) + self.requirement.rounded(ratio)) // E16)


def isolated_bucket(rules: Rulebook, prices: dict[str, Price], name: str, position: Position) -> Bucket:
    """One isolated position; nothing but its own mark moves it."""
    requirement = StandardRequirement()
    bucket = Bucket(requirement)
    bucket.collateral.fixed = position.isolated_margin * E16
    add_position(bucket, rules, name, position, prices[name].value, True)
    add_maintenance(requirement, rules, name, position, prices[name].value, True)
    return bucket


def cross_bucket(
    rules: Rulebook, prices: dict[str, Price], table: Sequence[Scenario], account: Account, underlying: str
) -> Bucket:
    """The cross bucket of either model as one underlying moves."""
    cross = {name: position for (name, mode), position in account.positions.items() if mode == "cross"}
    requirement: Requirement
    if account.model == "portfolio" and rules.portfolio is not None:
        exposed = exposures(rules, prices, account)
        requirement = PortfolioRequirement(rules.portfolio, table, exposed, underlying)
    else:
        requirement = StandardRequirement()
        for name, position in cross.items():
            if position.quantity:
                moves = rules.instruments[name].underlying == underlying
                add_maintenance(requirement, rules, name, position, prices[name].value, moves)
    bucket = Bucket(requirement)
    for name, position in cross.items():
        mark = prices[name].value if position.quantity else 0
        add_position(bucket, rules, name, position, mark, rules.instruments[name].underlying == underlying)
    for name, balance in account.balances.items():
        asset = rules.assets[name]
        if balance.amount == 0 or (balance.amount > 0 and not asset.eligible):
            continue
        price, moves = prices[name].value, asset.underlying == underlying
        bucket.collateral.add(equity.collateral(asset, balance.amount, price), moves)
        if balance.amount < 0 and asset.liability is not None:
            bucket.added.add(margin.liability(balance.amount, price, asset.liability[1]), moves)
    return bucket


def add_position(bucket: Bucket, rules: Rulebook, name: str, position: Position, mark: int, moves: bool) -> None:
    """PnL, funding and fee of one position."""
    bucket.unrealized.add(position.quantity * mark * GRID, moves)
    bucket.unrealized.fixed -= position.cost * GRID
    bucket.accrued += position.accrued_funding * E16
    fee = margin.maintenance_fee(rules.instruments[name], margin.notional(position.quantity, mark))
    bucket.added.add(fee, moves)


def add_maintenance(
    requirement: StandardRequirement, rules: Rulebook, name: str, position: Position, mark: int, moves: bool
) -> None:
    """`margin.maintenance` of one position."""
    notional = margin.notional(position.quantity, mark)
    if moves:
        requirement.moving.append((notional, rules.instruments[name].maintenance))
    else:
        requirement.fixed += margin.maintenance(rules.instruments[name], notional)

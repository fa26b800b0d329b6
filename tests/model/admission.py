"""What a whole account must satisfy before it is valued: prices, negative balances, the sums of RULES §1."""

from __future__ import annotations

from collections.abc import Sequence

from . import margin
from .book import Account, Price
from .errors import input_error
from .grid import E16
from .rulebook import Rulebook
from .scenarios import Scenario
from .tables import MAX_BALANCE, MAX_QUANTITY

MISSING, NEGATIVE = 1, 2  # a missing price comes before `negative_balance`
LIMIT = 10**12 * E16  # whole units at 10⁻¹⁶


def check_account(rules: Rulebook, prices: dict[str, Price], table: Sequence[Scenario], account: Account) -> None:
    """Adds the faults of a whole account; the sums only where everything else is right."""
    check_prices(prices, account)
    if account.model == "portfolio" and table:
        check_moves(rules, table[0], account)
    check_balances(rules, prices, account)
    if not account.faults and is_too_large(rules, prices, account):
        account.fault(input_error("account_too_large"))


def check_prices(prices: dict[str, Price], account: Account) -> None:
    """TABLES: a price is required for Q ≠ 0 and for a counted order; |Q| ≤ 10⁹ after netting."""
    for (instrument, _), position in account.positions.items():
        if abs(position.quantity) > MAX_QUANTITY:
            account.fault(input_error("out_of_range", "positions", position.row))
        if position.quantity != 0 and instrument not in prices:
            account.fault(input_error("missing_price", "positions", position.row), MISSING)
    for order in account.orders:
        if not order.reduce_only and order.instrument not in prices:
            account.fault(input_error("missing_price", "orders", order.row), MISSING)


def check_moves(rules: Rulebook, scenario: Scenario, account: Account) -> None:
    """A portfolio account has a scenario of each underlying it trades; collateral without one does not move."""
    for (instrument, mode), position in account.positions.items():
        if mode == "cross" and position.quantity and rules.instruments[instrument].underlying not in scenario.moves:
            account.fault(input_error("missing_scenario", "positions", position.row), MISSING)
    for order in account.orders:
        counted = order.margin_mode == "cross" and not order.reduce_only
        if counted and rules.instruments[order.instrument].underlying not in scenario.moves:
            account.fault(input_error("missing_scenario", "orders", order.row), MISSING)


def check_balances(rules: Rulebook, prices: dict[str, Price], account: Account) -> None:
    """TABLES: an eligible balance > 0 and any balance < 0 need a price; RULES §3: `negative_balance`."""
    for name, balance in account.balances.items():
        asset = rules.assets[name]
        if abs(balance.amount) > MAX_BALANCE:
            account.fault(input_error("out_of_range", "balances", balance.row))
        needed = balance.amount < 0 or (balance.amount > 0 and asset.eligible)
        if needed and name not in prices:
            account.fault(input_error("missing_price", "balances", balance.row), MISSING)
        if balance.amount < 0 and asset.liability is None:
            account.fault(input_error("negative_balance", "balances", balance.row), NEGATIVE)


def is_too_large(rules: Rulebook, prices: dict[str, Price], account: Account) -> bool:
    """RULES §1 "Bounds": gross notional, Σ|κ|, orders at max(limit, M), gross assets, each ≤ 10¹²."""
    gross_notional = sum(
        margin.notional(position.quantity, prices[instrument].value)
        for (instrument, _), position in account.positions.items()
        if position.quantity != 0
    )
    gross_cost = sum(abs(position.cost) for position in account.positions.values())
    orders = sum(
        abs(order.quantity) * max(order.price, prices[order.instrument].value)
        for order in account.orders
        if not order.reduce_only
    )
    assets = sum(
        abs(balance.amount) * prices[name].value
        for name, balance in account.balances.items()
        if balance.amount < 0 or (balance.amount > 0 and rules.assets[name].eligible)
    )
    return max(gross_notional, gross_cost, orders, assets) > LIMIT

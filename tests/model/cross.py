"""RULES §3, §4 and §5 for the cross bucket of an account of either model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import equity as rules4
from . import margin
from .book import Account, Position, PositionKey, Price
from .exposure import exposures
from .grid import E16, GRID, ceil_div, decimal8, floor_div
from .lines import Lines
from .portfolio import Components, components
from .portfolio_rules import Portfolio
from .rulebook import Rulebook
from .scenarios import Scenario
from .usable import asset_is_usable, mark_is_usable

FLAT = Position(row=-1)


def value_cross(
    rules: Rulebook, prices: dict[str, Price], account: Account, table: Sequence[Scenario], lines: Lines
) -> dict[str, Any]:
    """All figures of the cross bucket, and its lines (bucket None); `table` is that of the portfolio model."""
    orders = counted_orders(rules, prices, account)
    add_collateral_lines(rules, prices, account, lines)
    cross_notional = add_position_lines(rules, prices, account, lines)
    worst = None
    if account.model == "portfolio" and rules.portfolio is not None:
        held, worst = add_portfolio_lines(rules, rules.portfolio, prices, account, orders, table, lines)
    else:
        held = add_standard_lines(rules, prices, account, orders, lines)
    # the other lines of IM do not change with orders
    without_orders = held + lines.sum_of("initial_margin", ("margin.maintenance_fee", "margin.liability"))
    collateral = lines.close(None, "collateral_value")
    unrealized = lines.close(None, "unrealized_pnl")
    accrued = lines.close(None, "accrued_funding")
    im = lines.close(None, "initial_margin")
    mm = lines.close(None, "maintenance_margin")
    equity = collateral + unrealized - accrued
    net_value = net_assets(rules, prices, account) + unrealized - accrued
    gained = rules4.gain(unrealized, accrued)
    opening = rules4.opening_equity(equity, gained, rules.profit_credit)
    withdrawable = rules4.withdrawable(equity, gained, im, rules.withdraw_ratio, cross_notional)
    usable = prices_are_usable(rules, prices, account, orders)
    return {
        "equity": decimal8(equity),
        "net_value": decimal8(net_value),
        "collateral_value": decimal8(collateral),
        "unrealized_pnl": decimal8(unrealized),
        "accrued_funding": decimal8(accrued),
        "opening_equity": decimal8(opening),
        "initial_margin": decimal8(im),
        "order_margin": decimal8(im - ceil_div(without_orders, E16)),
        "maintenance_margin": decimal8(mm),
        "available": decimal8(rules4.available(opening, im)),
        "withdrawable": decimal8(withdrawable),
        "margin_ratio": rules4.margin_ratio(mm, equity),
        "status": rules4.status(usable, net_value, equity, mm, im, rules.call_factor),
        "worst_scenario": worst,
    }


def counted_orders(rules: Rulebook, prices: dict[str, Price], account: Account) -> dict[PositionKey, margin.Orders]:
    """`margin.orders`: reduce-only orders excluded; by the position key they act on."""
    taker = rules.taker.get(account.fee_tier, 0)
    orders: dict[PositionKey, margin.Orders] = {}
    for order in account.orders:
        if order.reduce_only:
            continue
        key = (order.instrument, order.margin_mode)
        mark = prices[order.instrument].value
        sides = orders.setdefault(key, margin.Orders(margin.Side(), margin.Side()))
        margin.side_of_orders(order.quantity, order.price, mark, taker, sides)
    return orders


def add_collateral_lines(rules: Rulebook, prices: dict[str, Price], account: Account, lines: Lines) -> None:
    """`collateral.haircut` and `margin.liability`, asset by asset."""
    for name, balance in account.balances.items():
        asset = rules.assets[name]
        if balance.amount == 0 or (balance.amount > 0 and not asset.eligible):
            continue
        price = prices[name].value
        value = rules4.collateral(asset, balance.amount, price)
        lines.add(None, "collateral_value", "collateral.haircut", name, value)
        if balance.amount < 0 and asset.liability is not None:
            initial, maintenance = asset.liability
            im = margin.liability(balance.amount, price, initial)
            mm = margin.liability(balance.amount, price, maintenance)
            lines.add(None, "initial_margin", "margin.liability", name, im)
            lines.add(None, "maintenance_margin", "margin.liability", name, mm)


def add_position_lines(rules: Rulebook, prices: dict[str, Price], account: Account, lines: Lines) -> int:
    """PnL, funding and fee of the cross positions; N = Σ|Q|·M at 10⁻¹⁶."""
    total = 0
    for (name, mode), position in account.positions.items():
        if mode != "cross":
            continue
        instrument = rules.instruments[name]
        mark = prices[name].value if position.quantity != 0 else 0  # a flat position needs no price
        notional = margin.notional(position.quantity, mark)
        pnl = (position.quantity * mark - position.cost) * GRID
        fee = margin.maintenance_fee(instrument, notional)
        lines.add(None, "unrealized_pnl", "pnl.unrealized", name, pnl)
        lines.add(None, "accrued_funding", "funding.accrued", name, position.accrued_funding * E16)
        lines.add(None, "maintenance_margin", "margin.maintenance_fee", name, fee)
        lines.add(None, "initial_margin", "margin.maintenance_fee", name, fee)
        total += notional
    return total


def add_standard_lines(
    rules: Rulebook,
    prices: dict[str, Price],
    account: Account,
    orders: dict[PositionKey, margin.Orders],
    lines: Lines,
) -> int:
    """`margin.maintenance`, `margin.initial` and `margin.orders`; returns the IM of what is held (10⁻²⁴)."""
    without_orders = 0
    for key in {**account.positions, **orders}:
        name, mode = key
        position = account.positions.get(key, FLAT)
        if position.quantity == 0 and key not in orders:
            continue
        if mode == "isolated":
            add_isolated_orders_line(rules, prices, account, name, orders, lines)
            continue
        instrument, mark, leverage = rules.instruments[name], prices[name].value, account.leverage(key)
        notional = margin.notional(position.quantity, mark)
        sides = orders.get(key, margin.Orders(margin.Side(), margin.Side()))
        largest = margin.initial_with_orders(instrument, position.quantity, mark, leverage, sides)
        without_orders += margin.initial(instrument, notional, leverage)
        lines.add(None, "maintenance_margin", "margin.maintenance", name, margin.maintenance(instrument, notional))
        lines.add(None, "initial_margin", "margin.initial", name, largest)
        lines.add(None, "initial_margin", "margin.orders", name, margin.order_losses_and_fees(sides))
    return without_orders


def add_isolated_orders_line(
    rules: Rulebook,
    prices: dict[str, Price],
    account: Account,
    name: str,
    orders: dict[PositionKey, margin.Orders],
    lines: Lines,
) -> None:
    """`margin.orders` on an isolated position: the increase over IM(|Q|·M) is a line of the cross IM."""
    key = (name, "isolated")
    if key not in orders:
        return
    instrument, mark, leverage = rules.instruments[name], prices[name].value, account.leverage(key)
    quantity = account.positions.get(key, FLAT).quantity
    held = margin.initial(instrument, margin.notional(quantity, mark), leverage)
    largest = margin.initial_with_orders(instrument, quantity, mark, leverage, orders[key])
    increase = largest + margin.order_losses_and_fees(orders[key]) - held
    lines.add(None, "initial_margin", "margin.orders", name, increase)


def add_portfolio_lines(
    rules: Rulebook,
    portfolio: Portfolio,
    prices: dict[str, Price],
    account: Account,
    orders: dict[PositionKey, margin.Orders],
    table: Sequence[Scenario],
    lines: Lines,
) -> tuple[int, str | None]:
    """RULES §5; returns ⌈im_factor·total⌉ without any order (10⁻²⁴) and the worst scenario of what is held."""
    held = components(portfolio, table, exposures(rules, prices, account))
    add_factor_lines("maintenance_margin", portfolio.mm_factor, held, lines)
    cross = {key: sides for key, sides in orders.items() if key[1] == "cross"}
    reserved = components(portfolio, table, exposures(rules, prices, account, cross)) if cross else held
    add_factor_lines("initial_margin", portfolio.im_factor, reserved, lines)
    for (name, mode), sides in orders.items():
        if mode == "cross":  # after im_factor
            lines.add(None, "initial_margin", "margin.orders", name, margin.order_losses_and_fees(sides))
        else:  # an isolated position stays in the standard model
            add_isolated_orders_line(rules, prices, account, name, orders, lines)
    return ceil_div(portfolio.im_factor * held.total, GRID) * E16, held.worst


def add_factor_lines(total: str, factor: int, parts: Components, lines: Lines) -> None:
    """Factor × component; ⌈factor·total⌉ closes here, what is added to it is rounded by itself."""
    for rule, amount in parts.lines():
        lines.add(None, total, rule, None, factor * amount * GRID)
    product = factor * parts.total
    lines.add(None, total, "rounding", None, ceil_div(product, GRID) * E16 - product * GRID)


def net_assets(rules: Rulebook, prices: dict[str, Price], account: Account) -> int:
    """`equity.net_value`: ⌊Σ eligible balances·price·(1 − close_cost), debts at 100 %⌋."""
    total = 0
    for name, balance in account.balances.items():
        asset = rules.assets[name]
        if balance.amount < 0 or (balance.amount > 0 and asset.eligible):
            total += rules4.realizable(asset, balance.amount, prices[name].value)
    return floor_div(total, E16)


def prices_are_usable(
    rules: Rulebook, prices: dict[str, Price], account: Account, orders: dict[PositionKey, margin.Orders]
) -> bool:
    """Every price the cross bucket depends on: cross positions, all counted orders, counted balances."""
    for (name, mode), position in account.positions.items():
        if mode == "cross" and position.quantity != 0 and not mark_is_usable(rules, prices, name):
            return False
    for name, _ in orders:
        if not mark_is_usable(rules, prices, name):
            return False
    for name, balance in account.balances.items():
        counts = balance.amount < 0 or (balance.amount > 0 and rules.assets[name].eligible)
        if counts and not asset_is_usable(rules, prices, name):
            return False
    return True

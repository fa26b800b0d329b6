"""Rows of one random account, drawn near the boundaries of its rulebook. All numbers in grid units."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from .grid import GRID
from .random_rulebooks import AssetDraw, InstrumentDraw, RulebookDraw
from .tables import MAX_BALANCE, MAX_PRICE, MAX_QUANTITY, MODES

Row = dict[str, Any]
ORDINARY = 10**10 * GRID  # money: an ordinary account stays far inside the bounds of RULES §1
LEVERAGES = tuple(
    GRID * n // d for n, d in ((1, 1), (3, 2), (3, 1), (7, 1), (10, 1), (20, 1), (125, 1), (10, 3), (1000, 1))
)
ENTRY, COST, EITHER = "entry_price", "cost", "either"


@dataclass
class Style:
    """What is the same for a whole book."""

    basis: str  # ENTRY, COST or EITHER
    unpriced: set[str]  # instruments and assets without a price: nothing may need it


@dataclass
class AccountRows:
    """The rows of one account, by table."""

    positions: list[Row] = field(default_factory=list)
    balances: list[Row] = field(default_factory=list)
    orders: list[Row] = field(default_factory=list)
    accounts: list[Row] = field(default_factory=list)


def signed(rng: random.Random, value: int) -> int:
    """Either sign."""
    return value if rng.random() < 0.5 else -value


def split(rng: random.Random, total: int, step: int, limit: int) -> list[int]:
    """A total in one to three parts, multiples of step, sometimes of opposite signs."""
    parts = [total]
    while len(parts) < 3 and rng.random() < 0.35:
        whole = parts.pop()
        part = rng.choice((whole // 2, whole // 3, 2 * whole, -whole, rng.randint(-5, 5) * step))
        part = part // step * step
        if abs(part) <= limit and abs(whole - part) <= limit:
            parts += [part, whole - part]
        else:
            parts.append(whole)
            break
    return parts


def base_of(instrument: InstrumentDraw, quantity: int) -> int:
    """Q of a quantity that is a multiple of the step."""
    return quantity * instrument.contract_size // GRID


def quantity_near(rng: random.Random, instrument: InstrumentDraw, base: int, money: int, price: int) -> int:
    """A quantity whose Q is about `base`, within the bounds and |Q|·price ≤ money."""
    base = min(abs(base), money * GRID // price, MAX_QUANTITY)
    steps = base * GRID // instrument.contract_size // instrument.step
    steps = min(steps, MAX_QUANTITY // instrument.step)
    if steps > 0 and rng.random() < 0.3:
        steps -= 1
    return steps * instrument.step


def draw_base(rng: random.Random, instrument: InstrumentDraw, held: int) -> int:
    """A base quantity: a few units, one that brings |held + Q|·M to a tier cap or beside it, or any."""
    kind = rng.random()
    if kind < 0.2:
        return rng.randint(0, 9)
    if kind < 0.65 and instrument.caps:
        target = rng.choice(instrument.caps) * GRID // instrument.mark
        return max(0, target - abs(held)) + rng.choice((0, 0, 0, 1, 2))
    return int(10 ** rng.uniform(0, 18)) * GRID // instrument.mark


def entry_near(rng: random.Random, mark: int) -> int:
    """An entry price within a factor of 2 of the mark."""
    price = rng.choice((mark, mark + 1, mark - 1, mark * 2, mark // 2, int(mark * rng.uniform(0.8, 1.2))))
    return max(1, min(MAX_PRICE, price))


def position_row(rng: random.Random, style: Style, quantity: int, base: int, mark: int) -> Row:
    """quantity with entry_price or cost, whichever the book uses; flat rows may keep a cost."""
    basis = rng.choice((ENTRY, COST)) if style.basis == EITHER else style.basis
    row: Row = {"quantity": quantity}
    if basis == ENTRY:
        row["entry_price"] = entry_near(rng, mark)
    elif quantity == 0:
        row["cost"] = signed(rng, rng.choice((0, 1, 33, 25 * GRID, rng.randint(0, 10**6) * GRID)))
    else:
        paid = base * entry_near(rng, mark) // GRID
        row["cost"] = rng.choice((paid, paid, paid + rng.randint(-3, 3), -paid))
    return row


def draw_position(
    rng: random.Random, style: Style, rows: AccountRows, instrument: InstrumentDraw, mode: str, money: int
) -> int:
    """The rows of one position key; returns its net base quantity."""
    net = 0
    if instrument.name not in style.unpriced and rng.random() < 0.85:
        net = signed(rng, quantity_near(rng, instrument, draw_base(rng, instrument, 0), money // 4, instrument.mark))
    leverage = rng.choice(LEVERAGES) if rng.random() < 0.35 else None
    largest = min(MAX_QUANTITY, MAX_QUANTITY * GRID // instrument.contract_size)
    parts = split(rng, net, instrument.step, min(largest, abs(net) * 2 + 5 * instrument.step))
    if rng.random() < 0.1:
        parts.append(0)
    for part in parts:
        row = position_row(rng, style, part, base_of(instrument, part), instrument.mark)
        row |= {"instrument": instrument.name, "margin_mode": mode}
        if leverage is not None and rng.random() < 0.6:
            row["leverage"] = leverage
        if rng.random() < 0.4:
            row["accrued_funding"] = signed(rng, rng.choice((0, 1, 30 * GRID, rng.randint(0, 10**10))))
        if mode == "isolated" and rng.random() < 0.9:
            share = rng.choice((0, 1, abs(base_of(instrument, part)) * instrument.mark // GRID // 20))
            row["isolated_margin"] = min(MAX_BALANCE // 8, share)
        rows.positions.append(row)
    return base_of(instrument, net)


def draw_order(
    rng: random.Random, style: Style, rows: AccountRows, instrument: InstrumentDraw, mode: str, held: int
) -> None:
    """One order: above, at or below the mark; reduce-only where there is no price."""
    mark = instrument.mark
    limit = rng.choice((mark, mark + 1, mark - 1, int(mark * rng.uniform(0.9, 1.1)), mark * 3 // 2, mark // 2))
    limit = max(1, min(MAX_PRICE, limit))
    base = draw_base(rng, instrument, held)
    quantity = quantity_near(rng, instrument, base, ORDINARY, max(limit, mark))
    if quantity == 0:
        return
    reduce_only = instrument.name in style.unpriced or rng.random() < 0.15
    rows.orders.append(
        {
            "instrument": instrument.name,
            "quantity": signed(rng, quantity),
            "price": limit,
            "reduce_only": True if reduce_only else rng.choice((None, False)),
            "margin_mode": mode,
        }
    )


def draw_balance(rng: random.Random, style: Style, rows: AccountRows, asset: AssetDraw, money: int) -> None:
    """The rows of one (account, asset): near caps, zeros, debts only where they are allowed."""
    limit = min(MAX_BALANCE // 4, money * GRID // asset.price)
    amount = rng.choice((0, 1, rng.randint(0, 50), int(10 ** rng.uniform(0, 19)), 100 * GRID))
    if asset.caps and rng.random() < 0.6:
        amount = max(0, rng.choice(asset.caps) + rng.choice((-1, 0, 1, 2 * GRID)))
    amount = min(amount, limit)
    if asset.liability and rng.random() < 0.3:
        amount = -amount
    if asset.name in style.unpriced and (asset.eligible or amount < 0):
        amount = 0
    for part in split(rng, amount, 1, MAX_BALANCE // 4):
        row: Row = {"asset": asset.name, "amount": part}
        if part > 0 and rng.random() < 0.1:
            row["held"] = rng.choice((0, part, part // 2))
        rows.balances.append(row)


def draw_settings(rng: random.Random, draw: RulebookDraw) -> Row:
    """A row of `accounts`."""
    models = ("standard", None, "portfolio", "portfolio", "portfolio") if draw.portfolio else ("standard", None)
    return {
        "leverage": rng.choice(LEVERAGES) if rng.random() < 0.4 else None,
        "fee_tier": rng.choice([*draw.fee_tiers, None]),
        "model": rng.choice(models),
    }


def draw_account(rng: random.Random, draw: RulebookDraw, style: Style) -> AccountRows:
    """An ordinary account; some hold nothing, some stand in one table only."""
    rows = AccountRows()
    tables = rng.choice(("pboa", "pbo", "pb", "boa", "po", "b", "a"))
    for instrument in draw.instruments:
        for mode in MODES:
            chance = 0.6 if mode == "cross" else 0.25
            held = 0
            if "p" in tables and rng.random() < chance:
                held = draw_position(rng, style, rows, instrument, mode, ORDINARY)
            while "o" in tables and rng.random() < chance / 2:
                draw_order(rng, style, rows, instrument, mode, held)
    if "b" in tables:
        draw_balance(rng, style, rows, AssetDraw(draw.settlement, GRID, True, [], True), ORDINARY)
        for asset in draw.assets:
            if rng.random() < 0.6:
                draw_balance(rng, style, rows, asset, ORDINARY)
    if "a" in tables or (draw.portfolio and rng.random() < 0.5) or not (rows.positions or rows.balances or rows.orders):
        rows.accounts.append(draw_settings(rng, draw))
    return rows


def draw_huge_account(rng: random.Random, draw: RulebookDraw, style: Style) -> AccountRows:
    """An account at the bounds of RULES §1, inclusive: one position, one order, one balance of 10¹²."""
    rows = AccountRows()
    priced = [instrument for instrument in draw.instruments if instrument.name not in style.unpriced]
    mode = rng.choice(MODES)
    if priced:
        instrument = rng.choice(priced)
        quantity = quantity_near(rng, instrument, MAX_QUANTITY, MAX_BALANCE, instrument.mark)
        row: Row = {"quantity": signed(rng, quantity), "instrument": instrument.name, "margin_mode": mode}
        if style.basis == ENTRY:
            row["entry_price"] = instrument.mark
        else:
            row["cost"] = signed(rng, MAX_BALANCE)
        rows.positions.append(row)
        instrument = rng.choice(priced)
        limit = min(MAX_PRICE, instrument.mark + rng.choice((0, 1, instrument.mark)))
        quantity = quantity_near(rng, instrument, MAX_QUANTITY, MAX_BALANCE, limit)
        if quantity:
            order: Row = {"quantity": signed(rng, quantity), "price": limit, "margin_mode": mode}
            rows.orders.append({"instrument": instrument.name, **order})
    assets = [asset for asset in draw.assets if asset.eligible and asset.name not in style.unpriced]
    if assets and rng.random() < 0.5:
        asset = rng.choice(assets)
        amount = min(MAX_BALANCE, MAX_BALANCE * GRID // asset.price)
        rows.balances.append({"asset": asset.name, "amount": amount})
    else:
        rows.balances.append({"asset": draw.settlement, "amount": signed(rng, MAX_BALANCE)})
    if draw.portfolio and rng.random() < 0.5:
        rows.accounts.append({"model": "portfolio"})
    return rows

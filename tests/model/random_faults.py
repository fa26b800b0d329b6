"""Random books with exactly one fault, and the error every implementation must give for it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .grid import GRID
from .random_accounts import Row
from .random_books import Book, as_columns, draw_rows
from .random_portfolios import draw_scenarios
from .scenarios import HIGHEST_MOVE, LOWEST_MOVE
from .tables import ACCOUNT_TABLES, MAX_BALANCE, MAX_PRICE, MAX_QUANTITY

Rows = dict[str, list[Row]]

EXTRA_RULES = """
[asset.LENT]
class = "stablecoin"
eligible = true
[asset.UNPRICED]
class = "stablecoin"
eligible = true
liability = { initial = "10%", maintenance = "5%" }
[instrument.PRICED]
underlying = "PRICED"
tick = 0.1
lot = 1
contract_size = 0.1
tiers = [["rest", "1%", 50]]
[instrument.UNPRICED-PERP]
underlying = "UNPRICED"
tick = 0.1
lot = 1
tiers = [["rest", "1%", 50]]
"""
EXTRA_PRICES: list[Row] = [{"symbol": "LENT", "price": GRID}, {"symbol": "PRICED", "price": 100 * GRID}]


@dataclass(frozen=True)
class Fault:
    """What `assess` must raise; `account`: whom `on_error="mark"` makes unknown, None if it raises there too.

    `text` replaces the number put at (`table`, `column`) of the faulty row after rendering; it is internal.
    """

    class_name: str
    code: str
    table: str | None
    account: object | None = None
    column: str | None = None
    text: Any = None


VICTIM = "VICTIM"


def position(**values: Any) -> Row:
    """A good position row of the victim."""
    return {"instrument": "PRICED", "quantity": 10 * GRID, "cost": 0, "margin_mode": "cross", **values}


def order(**values: Any) -> Row:
    """A good order row of the victim."""
    return {"instrument": "PRICED", "quantity": 10 * GRID, "price": 100 * GRID, **values}


def balance(**values: Any) -> Row:
    """A good balance row of the victim."""
    return {"asset": "LENT", "amount": GRID, **values}


@dataclass(frozen=True)
class RowFault:
    """Rows of the victim; `column` of the last row is overwritten with `text` after rendering."""

    code: str
    table: str | None
    rows: list[tuple[str, Row]]
    column: str | None = None
    text: Any = None


ROW_FAULTS: list[RowFault] = [
    RowFault("missing_price", "positions", [("positions", position(instrument="UNPRICED-PERP"))]),
    RowFault("missing_price", "orders", [("orders", order(instrument="UNPRICED-PERP"))]),
    RowFault("missing_price", "balances", [("balances", balance(asset="UNPRICED"))]),
    RowFault("missing_price", "balances", [("balances", balance(asset="UNPRICED", amount=-1))]),
    RowFault("negative_balance", "balances", [("balances", balance(amount=-1))]),
    RowFault("negative_balance", "balances", [("balances", balance()), ("balances", balance(amount=-GRID - 1))]),
    RowFault("unknown_instrument", "positions", [("positions", position(instrument="NOT-LISTED"))]),
    RowFault("unknown_instrument", "orders", [("orders", order(instrument="NOT-LISTED"))]),
    RowFault("unknown_asset", "balances", [("balances", balance(asset="NOT-LISTED"))]),
    RowFault("unknown_fee_tier", "accounts", [("accounts", {"fee_tier": "not_a_tier"})]),
    RowFault("duplicate_account", "accounts", [("accounts", {}), ("accounts", {})]),
    RowFault("model_not_enabled", "accounts", [("accounts", {"model": "portfolio"})]),
    RowFault(
        "conflicting_values",
        "positions",
        [("positions", position(leverage=5 * GRID)), ("positions", position(leverage=5 * GRID + 1))],
    ),
    RowFault("out_of_range", "positions", [("positions", position(leverage=GRID - 1))]),
    RowFault("out_of_range", "accounts", [("accounts", {"leverage": GRID - 1})]),
    RowFault("out_of_range", "positions", [("positions", position(isolated_margin=1))]),
    RowFault("out_of_range", "positions", [("positions", position(margin_mode="isolated", isolated_margin=-1))]),
    RowFault("out_of_range", "positions", [("positions", position(quantity=MAX_QUANTITY + 10))]),
    RowFault("out_of_range", "orders", [("orders", order(quantity=-MAX_QUANTITY - 10))]),
    RowFault("out_of_range", "orders", [("orders", order(price=0))]),
    RowFault("out_of_range", "orders", [("orders", order(price=MAX_PRICE + 1))]),
    RowFault("out_of_range", "balances", [("balances", balance(amount=MAX_BALANCE + 1))]),
    RowFault("off_grid", "positions", [("positions", position(quantity=1))]),
    RowFault("off_grid", "orders", [("orders", order(quantity=11))]),
    RowFault("off_grid", "positions", [("positions", position())], "quantity", "1.000000001"),
    RowFault("off_grid", "balances", [("balances", balance())], "amount", "0.123456789"),
    RowFault("off_grid", "orders", [("orders", order())], "price", "0.000000001"),
    RowFault("null_value", "positions", [("positions", position())], "quantity", None),
    RowFault("null_value", "positions", [("positions", position())], "cost", None),
    RowFault("null_value", "positions", [("positions", position())], "instrument", None),
    RowFault("null_value", "balances", [("balances", balance())], "amount", None),
    RowFault("null_value", "orders", [("orders", order())], "price", None),
    RowFault("not_finite", "balances", [("balances", balance())], "amount", "nan"),
    RowFault("not_finite", "positions", [("positions", position())], "quantity", "inf"),
    # gross notional, Σ|κ|, orders, eligible assets
    RowFault(
        "account_too_large",
        None,
        [("positions", position(quantity=MAX_QUANTITY)), ("balances", balance())],
        "price:PRICED",
        10**5 * GRID,
    ),
    RowFault("account_too_large", None, [("positions", position(quantity=0, cost=MAX_BALANCE + 1))]),
    RowFault("account_too_large", None, [("orders", order(quantity=MAX_QUANTITY, price=MAX_PRICE))]),
    RowFault(
        "account_too_large",
        None,
        [("balances", balance(amount=MAX_BALANCE)), ("balances", balance(asset="SETTLEMENT"))],
    ),
]


def duplicate_price(rng: random.Random, rows: Rows, settlement: str) -> Fault:
    """A symbol twice."""
    rows["prices"].append(dict(rng.choice(EXTRA_PRICES)))
    return Fault("InputError", "duplicate_price", "prices")


def settlement_price(rng: random.Random, rows: Rows, settlement: str) -> Fault:
    """The settlement currency at a price other than 1."""
    rows["prices"] = [row for row in rows["prices"] if row["symbol"] != settlement]
    rows["prices"].append({"symbol": settlement, "price": GRID + rng.choice((-1, 1))})
    return Fault("InputError", "settlement_price", "prices")


def bad_price(rng: random.Random, rows: Rows, settlement: str) -> Fault:
    """A price of zero, below zero, or above 10⁸."""
    rows["prices"][-1]["price"] = rng.choice((0, -GRID, MAX_PRICE + 1))
    return Fault("InputError", "out_of_range", "prices")


def bad_scenarios(rng: random.Random, rows: Rows, underlyings: list[str]) -> Fault:
    """A move out of its bounds, or weights whose sum is not 1."""
    rows["scenarios"] = draw_scenarios(rng, underlyings)
    row = rng.choice(rows["scenarios"])
    if rng.random() < 0.5:
        row[rng.choice(underlyings)] = rng.choice((LOWEST_MOVE - 1, HIGHEST_MOVE + 1))
        return Fault("InputError", "out_of_range", "scenarios")
    for other in rows["scenarios"]:
        other["weight"] = 0
    row["weight"] = rng.choice((GRID - 1, 1))
    return Fault("InputError", "weights", "scenarios")


PRICE_FAULTS: list[Callable[[random.Random, Rows, str], Fault]] = [
    duplicate_price,
    settlement_price,
    bad_price,
]


def row_fault(rng: random.Random, rows: Rows, settlement: str, portfolio: bool) -> Fault:
    """The victim's rows, one of them at fault."""
    chosen = rng.choice([fault for fault in ROW_FAULTS if not (portfolio and fault.code == "model_not_enabled")])
    code, column, text = chosen.code, chosen.column, chosen.text
    integers = any(isinstance(row["account"], int) for name in ACCOUNT_TABLES for row in rows[name])
    victim: object = 999_999_937 if integers else VICTIM
    has_entry = any(row.get("entry_price") is not None for row in rows["positions"])
    has_cost = any(row.get("cost") is not None for row in rows["positions"])
    if code == "not_finite":  # only floats are: a table of its own, so that its column has one type
        rows[chosen.rows[0][0]].clear()
    for name, values in chosen.rows:
        row = {"account": victim, **values}
        if row.get("asset") == "SETTLEMENT":
            row["asset"] = settlement
        if name == "positions" and has_entry and not has_cost and column != "cost" and row["cost"] == 0:
            row["entry_price"] = 100 * GRID
            del row["cost"]
        rows[name].append(row)
    if column is not None and column.startswith("price:"):
        rows["prices"][-1]["price"] = text
        column = None
    return Fault("InputError", code, chosen.table, victim, column, text)


def column_fault(rng: random.Random, book: Book) -> Fault:
    """A required column missing, or one nobody knows."""
    table, column = rng.choice((("positions", "quantity"), ("balances", "amount"), ("balances", "asset"),
                                ("prices", "symbol"), ("prices", "price")))  # fmt: skip
    if rng.random() < 0.5:
        del book[table][column]
        return Fault("SchemaError", "missing_column", table)
    book[table][column + "_typo"] = list(book[table][column])
    return Fault("SchemaError", "unknown_column", table)


def random_fault(seed: int, accounts: int = 20, portfolio: bool = False) -> tuple[str, Book, Fault]:
    """A rulebook text, a book with exactly one fault, and what `assess` must raise; of both models if asked for."""
    rng = random.Random(seed)
    draw, rows = draw_rows(rng, accounts, portfolio)
    rows["prices"] += [dict(row) for row in EXTRA_PRICES]
    text = draw.text + EXTRA_RULES
    kind = rng.random()
    if kind < 0.08:
        book = as_columns(rows)
        return text, book, column_fault(rng, book)
    if kind < 0.2:
        fault = rng.choice(PRICE_FAULTS)(rng, rows, draw.settlement)
        return text, as_columns(rows), fault
    if portfolio and kind > 0.92:
        fault = bad_scenarios(rng, rows, draw.underlyings)
        return text, as_columns(rows), fault
    fault = row_fault(rng, rows, draw.settlement, portfolio)
    book = as_columns(rows)
    if fault.column is not None and fault.table is not None:
        book[fault.table][fault.column][-1] = float(fault.text) if fault.code == "not_finite" else fault.text
    return text, book, fault

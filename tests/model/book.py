"""RULES §2: the rows of a book gathered into accounts; every fault kept with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import tables
from .errors import ModelError, input_error
from .grid import GRID
from .rulebook import Instrument, Rulebook
from .tables import Row

PositionKey = tuple[str, str]  # instrument, margin_mode


@dataclass
class Price:
    """A usable or unusable price (RULES §4 `status`)."""

    value: int
    state: str


@dataclass
class Position:
    """(Q, κ) of one key; κ at 10⁻¹⁶, the rest in grid units; `row` is the first one."""

    row: int
    quantity: int = 0
    cost: int = 0
    isolated_margin: int = 0
    accrued_funding: int = 0
    leverage: int | None = None


@dataclass
class Balance:
    """All rows of one (account, asset); `row` is the first one."""

    row: int
    amount: int = 0


@dataclass
class Order:
    """One order row; `quantity` is the signed base quantity."""

    row: int
    instrument: str
    margin_mode: str
    quantity: int
    price: int
    reduce_only: bool


@dataclass
class Account:
    """Everything one account holds, and its first fault."""

    id: object
    positions: dict[PositionKey, Position] = field(default_factory=dict)
    balances: dict[str, Balance] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    settings: Row | None = None
    faults: list[tuple[tuple[int, int, int], ModelError]] = field(default_factory=list)

    def fault(self, error: ModelError, step: int = 0) -> None:
        """TABLES: of several faults the first by table, then row; `step` orders those of one row."""
        table = tables.ACCOUNT_TABLES.index(error.table) if error.table else len(tables.ACCOUNT_TABLES)
        self.faults.append(((table, error.row or 0, step), error))

    @property
    def fee_tier(self) -> str:
        """The account's fee tier; `standard` where none is given."""
        return self.settings["fee_tier"] if self.settings else "standard"

    @property
    def model(self) -> str:
        """The margin model; `standard` where none is given."""
        return self.settings["model"] if self.settings else "standard"

    def leverage(self, key: PositionKey) -> int | None:
        """RULES §2 Leverage: positions.leverage, else accounts.leverage, else none."""
        position = self.positions.get(key)
        if position is not None and position.leverage is not None:
            return position.leverage
        return self.settings["leverage"] if self.settings else None


def base_quantity(instrument: Instrument, quantity: int, table: str, row: int) -> int:
    """RULES §1: Q = quantity × contract_size, on the grid or off_grid, |Q| ≤ 10⁹."""
    product = quantity * instrument.contract_size
    if product % GRID != 0:
        raise input_error("off_grid", table, row)
    if abs(product) > tables.MAX_QUANTITY * GRID:
        raise input_error("out_of_range", table, row)
    return product // GRID


def read_prices(rules: Rulebook, book: Mapping[str, Any]) -> dict[str, Price]:
    """TABLES prices: a symbol twice is refused, unknown symbols are ignored, the settlement currency is 1."""
    prices: dict[str, Price] = {}
    seen: set[str] = set()
    for row, raw in tables.raw_rows(tables.as_price_table(book.get("prices") or {})):
        symbol = raw["symbol"]
        known = symbol in rules.instruments or symbol in rules.assets
        if symbol is not None and not known:
            continue
        values = tables.read_row("prices", row, raw)
        if symbol in seen:
            raise input_error("duplicate_price", "prices", row)
        seen.add(symbol)
        if symbol == rules.settlement and values["price"] != GRID:
            raise input_error("settlement_price", "prices", row)
        prices[symbol] = Price(values["price"], values["state"])
    prices[rules.settlement] = Price(GRID, "live")
    return prices


def read_accounts(rules: Rulebook, book: Mapping[str, Any]) -> list[Account]:
    """TABLES outputs: accounts in order of first appearance in positions, balances, orders, accounts."""
    accounts: dict[object, Account] = {}
    add = {"positions": add_position, "balances": add_balance, "orders": add_order, "accounts": add_settings}
    for name in tables.ACCOUNT_TABLES:
        for row, raw in tables.raw_rows(book.get(name)):
            key = raw["account"]
            if key is None:
                raise input_error("null_value", name, row)
            account = accounts.setdefault(key, Account(key))
            try:
                add[name](rules, account, row, tables.read_row(name, row, raw))
            except ModelError as error:
                if error.class_name != "InputError":
                    raise
                account.fault(error)
    return list(accounts.values())


def add_position(rules: Rulebook, account: Account, row: int, values: Row) -> None:
    """RULES §2: rows of one key add up; from entry_price κ = Q·entry exactly."""
    instrument = rules.instruments.get(values["instrument"])
    if instrument is None:
        raise input_error("unknown_instrument", "positions", row)
    quantity = base_quantity(instrument, values["quantity"], "positions", row)
    entry, cost = values["entry_price"], values["cost"]
    if entry is None and cost is None:
        raise input_error("null_value", "positions", row)
    if entry is not None and cost is not None:
        raise input_error("conflicting_values", "positions", row)
    mode = values["margin_mode"]
    isolated_margin = values["isolated_margin"] or 0
    if mode == "cross" and isolated_margin != 0:
        raise input_error("out_of_range", "positions", row)
    position = account.positions.setdefault((instrument.name, mode), Position(row))
    leverage = values["leverage"]
    if leverage is not None and position.leverage is not None and leverage != position.leverage:
        raise input_error("conflicting_values", "positions", row)
    position.quantity += quantity
    position.cost += quantity * entry if entry is not None else cost * GRID
    position.isolated_margin += isolated_margin
    position.accrued_funding += values["accrued_funding"] or 0
    position.leverage = leverage if leverage is not None else position.leverage


def add_balance(rules: Rulebook, account: Account, row: int, values: Row) -> None:
    """RULES §4: balance rows of one (account, asset) add up before slices and caps."""
    asset = values["asset"]
    if asset not in rules.assets:
        raise input_error("unknown_asset", "balances", row)
    account.balances.setdefault(asset, Balance(row)).amount += values["amount"]


def add_order(rules: Rulebook, account: Account, row: int, values: Row) -> None:
    """RULES §4: each order row is its own order."""
    instrument = rules.instruments.get(values["instrument"])
    if instrument is None:
        raise input_error("unknown_instrument", "orders", row)
    quantity = base_quantity(instrument, values["quantity"], "orders", row)
    account.orders.append(
        Order(row, instrument.name, values["margin_mode"], quantity, values["price"], values["reduce_only"])
    )


def add_settings(rules: Rulebook, account: Account, row: int, values: Row) -> None:
    """TABLES accounts: one row an account; a fee tier of the rulebook; portfolio only where it is enabled."""
    if account.settings is not None:
        raise input_error("duplicate_account", "accounts", row)
    account.settings = values
    if values["model"] == "portfolio" and rules.portfolio is None:
        raise input_error("model_not_enabled", "accounts", row)
    if values["fee_tier"] not in rules.taker and values["fee_tier"] != "standard":
        raise input_error("unknown_fee_tier", "accounts", row)

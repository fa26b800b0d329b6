"""TABLES: the columns of the input tables, and reading them row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import ModelError, input_error, schema_error
from .grid import GRID, NumberError, read_number

Table = Mapping[str, Sequence[Any]]
Row = dict[str, Any]

MAX_PRICE = 10**8 * GRID  # RULES §1 "Bounds"
MAX_QUANTITY = 10**9 * GRID
MAX_BALANCE = 10**12 * GRID
MODES = ("cross", "isolated")
STATES = ("live", "thin", "protected", "frozen", "halted")
YEAR_2000_NS = 946_684_800 * 10**9


@dataclass(frozen=True)
class Column:
    """`kind`: id, name, number, flag, time, any, or choice (one of `choices`); numbers lie in [low, high]."""

    kind: str
    required: bool = False
    low: int | None = None
    high: int | None = None
    choices: tuple[str, ...] = ()
    default: Any = None


def number(low: int | None = None, high: int | None = None, required: bool = False) -> Column:
    """A number within RULES §1 "Bounds"."""
    return Column("number", required, low, high)


PRICE = (1, MAX_PRICE)
QUANTITY = (-MAX_QUANTITY, MAX_QUANTITY)
BALANCE = (-MAX_BALANCE, MAX_BALANCE)
ID = Column("id", required=True)
NAME = Column("name", required=True)
MODE = Column("choice", choices=MODES, default="cross")
ANY = Column("any")

CONTRACT: dict[str, dict[str, Column]] = {
    "positions": {
        "account": ID,
        "instrument": NAME,
        "quantity": number(*QUANTITY, required=True),
        "entry_price": number(*PRICE),
        "cost": number(),
        "margin_mode": MODE,
        "isolated_margin": number(0, MAX_BALANCE),
        "leverage": number(GRID),
        "accrued_funding": number(*BALANCE),
    },
    "balances": {
        "account": ID,
        "asset": NAME,
        "amount": number(*BALANCE, required=True),
        "held": number(0, MAX_BALANCE),
    },
    "orders": {
        "account": ID,
        "instrument": NAME,
        "quantity": number(*QUANTITY, required=True),
        "price": number(*PRICE, required=True),
        "reduce_only": Column("flag", default=False),
        "margin_mode": MODE,
    },
    "accounts": {
        "account": ID,
        "model": Column("choice", choices=("standard", "portfolio"), default="standard"),
        "leverage": number(GRID),
        "fee_tier": Column("name", default="standard"),
        **dict.fromkeys(("class", "client", "group", "investor_until", "knowledge_until", "flags"), ANY),
    },
    "prices": {
        "symbol": NAME,
        "price": number(*PRICE, required=True),
        "index": number(*PRICE),
        "time": Column("time"),
        "state": Column("choice", choices=STATES, default="live"),
    },
}
ACCOUNT_TABLES = ("positions", "balances", "orders", "accounts")


def check_columns(book: Mapping[str, Any]) -> None:
    """SchemaError for missing_column and unknown_column, before any value is looked at."""
    for name in (*ACCOUNT_TABLES, "prices"):
        table = book.get(name)
        if table is None or (name == "prices" and is_price_map(table)):
            continue
        for column, spec in CONTRACT[name].items():
            if spec.required and column not in table:
                raise schema_error("missing_column", name)
        if name == "positions" and "entry_price" not in table and "cost" not in table:
            raise schema_error("missing_column", name)
        for column in table:
            if column not in CONTRACT[name]:
                raise schema_error("unknown_column", name)


def check_id_kind(book: Mapping[str, Any]) -> None:
    """All tables of a call use one kind of account id: text, or non-negative integers."""
    kinds = set()
    for name in ACCOUNT_TABLES:
        for value in (book.get(name) or {}).get("account", ()):
            if value is not None:
                kinds.add(type(value))
        if len(kinds) > 1:
            raise input_error("id_kind_mismatch", name)


def is_price_map(table: Mapping[str, Any]) -> bool:
    """`prices` may also be `{symbol: number}`."""
    return any(isinstance(value, (str, bytes)) or not isinstance(value, Sequence) for value in table.values())


def as_price_table(table: Mapping[str, Any]) -> Table:
    """`prices` as a table."""
    if is_price_map(table):
        return {"symbol": list(table.keys()), "price": list(table.values())}
    return table


def raw_rows(table: Table | None) -> Iterator[tuple[int, Row]]:
    """(row number, raw values) of each row; a column that is absent is absent."""
    if not table:
        return
    columns = list(table)
    for row, values in enumerate(zip(*table.values(), strict=True)):
        yield row, dict(zip(columns, values, strict=True))


def read_row(name: str, row: int, raw: Row) -> Row:
    """Every column of the contract, read and within its bounds; None where an optional one is not given."""
    return {column: read_value(name, row, spec, raw.get(column)) for column, spec in CONTRACT[name].items()}


def read_value(name: str, row: int, spec: Column, value: Any) -> Any:
    """One value; null in an optional column means not given."""
    if value is None:
        if spec.required:
            raise input_error("null_value", name, row)
        return spec.default
    if spec.kind == "number":
        return read_bounded(name, row, spec, value)
    if spec.kind == "choice":
        if value not in spec.choices:
            raise input_error("out_of_range", name, row)
    elif spec.kind == "flag":
        if not isinstance(value, bool):
            raise schema_error("wrong_type", name)
    elif spec.kind == "name":
        if not isinstance(value, str):
            raise schema_error("wrong_type", name)
    elif spec.kind == "time" and isinstance(value, int) and value < YEAR_2000_NS:
        raise input_error("implausible_time", name, row)
    return value


def read_bounded(name: str, row: int, spec: Column, value: Any) -> int:
    """A number on the grid and within its bounds (RULES §1)."""
    try:
        units = read_number(value)
    except NumberError as problem:
        if problem.code == "wrong_type":
            raise schema_error("wrong_type", name) from problem
        raise input_error(problem.code, name, row) from problem
    if (spec.low is not None and units < spec.low) or (spec.high is not None and units > spec.high):
        raise input_error("out_of_range", name, row)
    return units


__all__ = [
    "CONTRACT",
    "ModelError",
    "Row",
    "Table",
    "as_price_table",
    "check_columns",
    "raw_rows",
    "read_row",
]

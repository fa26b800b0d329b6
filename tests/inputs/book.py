"""One small book in plain text with what the independent model says about it, for every way to write the same book."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa
from tests.model import assess as model_assess

import perpcore as pc

TEXT = """
[venue]
settlement = "USD"
profit_credit = 0.5
fees = { standard = { maker = "0.02%", taker = "0.05%" }, low = { maker = 0, taker = "0.01%" } }
[asset.USD]
class = "fiat"
eligible = true
[asset.COIN]
class = "virtual_asset"
eligible = true
haircut = [[2, "5%"], ["rest", "20%"]]
close_cost = "1%"
liability = { initial = "10%", maintenance = "5%" }
[instrument.X-PERP]
underlying = "X"
tick = 0.1
lot = 0.001
tiers = [[100_000, "0.5%", 20], [500_000, "1%", 10], ["rest", "2.5%", 5]]
[instrument.Y-PERP]
underlying = "Y"
tick = 0.01
lot = 1
contract_size = 0.1
initial_method = "marginal"
tiers = [["rest", "2%", 25]]
"""
RULES = pc.Rulebook.parse(TEXT)

BOOK: dict[str, dict[str, list[Any]]] = {
    "positions": {
        "account": ["A", "B", "A", "C", "B", "A"],
        "instrument": ["X-PERP", "X-PERP", "Y-PERP", "Y-PERP", "Y-PERP", "X-PERP"],
        "quantity": ["4", "-1.5", "30", "-7", "1", "0.125"],
        "entry_price": ["61000", "59500.5", "2900.25", "3001", "2999.99", "58000"],
        "margin_mode": ["cross", "cross", "isolated", None, "isolated", "cross"],
        "isolated_margin": [None, None, "1500", None, "20.00000001", None],
        "leverage": [None, "5", None, None, None, None],
        "accrued_funding": ["1.5", None, "-0.25", "0.00000001", None, "0"],
    },
    "balances": {
        "account": ["A", "D", "B", "B", "A"],
        "asset": ["USD", "USD", "COIN", "USD", "COIN"],
        "amount": ["20000", "5.5", "3.25", "-100", "-0.5"],
        "held": [None, "1", None, None, None],
    },
    "orders": {
        "account": ["A", "E", "B"],
        "instrument": ["X-PERP", "Y-PERP", "X-PERP"],
        "quantity": ["1", "-10", "-0.5"],
        "price": ["58500", "2950", "57000"],
        "reduce_only": [None, False, True],
        "margin_mode": ["cross", None, "cross"],
    },
    "accounts": {
        "account": ["A", "E", "F"],
        "leverage": ["10", None, None],
        "fee_tier": ["standard", "low", None],
        "model": [None, "standard", None],
    },
    "prices": {
        "symbol": ["X-PERP", "Y-PERP", "COIN", "USD", "ELSEWHERE"],
        "price": ["58000", "3000", "1000.5", "1", "7"],
        "state": ["live", None, "live", "live", "halted"],
    },
}

_MODEL = model_assess(TEXT, BOOK)
ACCOUNTS: list[dict[str, Any]] = _MODEL.accounts
ISOLATED: list[dict[str, Any]] = _MODEL.isolated

NUMBERS = {
    *("quantity", "entry_price", "isolated_margin", "leverage", "accrued_funding"),
    *("amount", "held", "price"),
}


def check(book: Mapping[str, Any], ids: Mapping[str, Any] | None = None, **options: Any) -> pc.Assessment:
    """The book, however written, gives the figures of the model; `ids` maps its account names to those used."""
    result = pc.assess(RULES, **book, **options)
    wanted = [row | {"account": (ids or {}).get(row["account"], row["account"])} for row in ACCOUNTS]
    assert result.accounts.to_pylist() == wanted
    wanted = [row | {"account": (ids or {}).get(row["account"], row["account"])} for row in ISOLATED]
    assert result.isolated.to_pylist() == wanted
    return result


def columns(change: Callable[[str, str, list[Any]], Any]) -> dict[str, dict[str, Any]]:
    """The book with every column changed by `change(table, column, values)`."""
    return {
        table: {column: change(table, column, values) for column, values in named.items()}
        for table, named in BOOK.items()
    }


def decimals(values: list[str | None]) -> list[Decimal | None]:
    return [None if value is None else Decimal(value) for value in values]


def units(values: list[str | None]) -> list[int | None]:
    return [None if value is None else int(Decimal(value) * 10**8) for value in values]


def arrow(number: pa.DataType | None = None) -> dict[str, pa.Table]:
    """The book as pyarrow tables: numbers as decimals of a type, or as text."""

    def column(_: str, name: str, values: list[Any]) -> Any:
        if name in NUMBERS and number is not None:
            return pa.array(decimals(values), number)
        return pa.array(values)

    return {table: pa.table(named) for table, named in columns(column).items()}


def balances_of(values: Any, **more: Any) -> list[Decimal]:
    """The equity of one account per balance of the settlement currency given as `values` (any column)."""
    count = len(values)
    table = {"account": [f"A{n}" for n in range(count)], "asset": ["USD"] * count, "amount": values}
    return pc.assess(RULES, balances=table, **more).accounts.column("equity").to_pylist()

"""perpcore and the model as what the laws of `tests.model` are asked about."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from tests.model import Result, assess
from tests.model.book import Account
from tests.model.grid import plain
from tests.model.laws import Answer
from tests.model.liquidation_laws import Surplus
from tests.model.moved import at_ratio
from tests.model.tables import ACCOUNT_TABLES, MAX_PRICE
from tests.model_agreement.agreement import core_assess

import perpcore as pc


def model_answer(text: str, book: Mapping[str, Any]) -> Answer:
    result = assess(text, book)
    return Answer(result.accounts, result.lines)


def core_answer(text: str, book: Mapping[str, Any]) -> Answer:
    core = core_assess(text, book)
    return Answer(core.accounts.to_pylist(), core.lines().to_pylist())


def core_surplus(text: str, book: Mapping[str, Any], model: Result) -> Surplus:
    """equity − MM of one account at moved prices, by perpcore; None where a moved price is none of its inputs."""

    def surplus(account: Account, instrument: str, mode: str, ratio: Fraction) -> int | None:
        basis = model.basis
        moved = at_ratio(basis.rules, basis.prices, basis.rules.instruments[instrument].underlying, ratio)
        values = {name: Fraction(price.value) for name, price in moved.items()}
        if any(value.denominator != 1 or not 0 < value <= MAX_PRICE for value in values.values()):
            return None
        own = {name: rows_of(table, account.id) for name, table in book.items() if name in ACCOUNT_TABLES}
        own["prices"] = {name: plain(value.numerator) for name, value in values.items()}
        if "scenarios" in book:
            own["scenarios"] = book["scenarios"]
        try:
            core = core_assess(text, own)
        except pc.errors.InputError:  # too large at these prices
            return None
        rows = core.accounts.to_pylist()
        if mode == "isolated":
            rows = [row for row in core.isolated.to_pylist() if row["instrument"] == instrument]
        return int((rows[0]["equity"] - rows[0]["maintenance_margin"]).scaleb(8))

    return surplus


def rows_of(table: Mapping[str, Any], account: object) -> dict[str, Any]:
    """The rows of one account."""
    kept = [at for at, owner in enumerate(table["account"]) if owner == account]
    return {column: [values[at] for at in kept] for column, values in table.items()}

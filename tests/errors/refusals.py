"""A refused call as a row: what it was given, and every attribute of the error that must come."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from tests.inputs.book import RULES

import perpcore as pc

HK = pc.Rulebook.preset("hk-vatp-perp")
PRICES = {"X-PERP": "10", "Y-PERP": "10", "COIN": "2"}
CATALOGUE = {entry["name"]: entry for entry in pc.error_codes()}


def positions(**columns: Any) -> dict[str, Any]:
    """Good positions, one row unless columns are longer, with these columns changed."""
    return table({"account": "A", "instrument": "X-PERP", "quantity": "1", "cost": "1"}, columns)


def balances(**columns: Any) -> dict[str, Any]:
    return table({"account": "A", "asset": "USD", "amount": "1"}, columns)


def orders(**columns: Any) -> dict[str, Any]:
    return table({"account": "A", "instrument": "X-PERP", "quantity": "1", "price": "10"}, columns)


def settings(**columns: Any) -> dict[str, Any]:
    rows = max(len(values) for values in columns.values())
    return {"account": [f"A{n}" for n in range(rows)], **columns}


def prices(**columns: Any) -> dict[str, Any]:
    return table({"symbol": "COIN", "price": "1"}, columns)


def table(good: Mapping[str, str], columns: Mapping[str, Any]) -> dict[str, Any]:
    """A column of None leaves that column out."""
    rows = max((len(values) for values in columns.values() if values is not None), default=1)
    found = {name: [value] * rows for name, value in good.items()} | dict(columns)
    return {name: values for name, values in found.items() if values is not None}


@dataclass(frozen=True)
class Refusal:
    """`place` is table.column, `accepted` a part of the text; None of row and value means that there is none."""

    code: str
    book: Mapping[str, Any]
    place: str
    row: int | None = None
    value: str | None = None
    accepted: str = ""
    rules: pc.Rulebook = RULES
    class_name: str = "InputError"

    def check(self) -> None:
        with pytest.raises(pc.errors.PerpcoreError) as caught:
            pc.assess(self.rules, **{"prices": PRICES, **self.book})
        error = caught.value
        assert (type(error).__name__, error.code) == (self.class_name, self.code), error
        told = (f"{error.table}.{error.column}", error.row, error.value)
        assert told == (self.place, self.row, self.value), error
        assert self.accepted in (error.accepted or ""), error
        check_form(error)


def check_form(error: pc.errors.PerpcoreError) -> None:
    """What holds of every error: its class is the catalogue's, its text says all, `.problems` begins with it."""
    entry = CATALOGUE[error.code or ""]
    assert type(error).__name__ == entry["class"]
    assert entry["name"] in str(error)
    assert str(entry["number"]) in str(error)
    assert error.accepted
    for part in (error.table, error.column, error.value):
        # a rulebook's errors name the file in place of a table
        assert part is None or part == "rulebook" or part in str(error)
    first = error.problems.to_pylist()[0]
    assert first["number"] == entry["number"]
    for name in ("code", "table", "column", "row", "value", "accepted"):
        assert first[name] == getattr(error, name), name

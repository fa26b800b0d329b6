"""Runs the model over accounts.json, liquidation prices included, and prints every difference.

python -m tests.model.check_vectors PATH/accounts.json
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .assess import Result, assess
from .cases import check
from .errors import ModelError
from .presets import PRESETS
from .rulebook import expand

PRICE_KEY = ("account", "instrument", "margin_mode")
KEYS = {"accounts": ("account",), "isolated": ("account", "instrument")}


def exact(value: Any) -> Any:
    """A figure or a text in comparable form."""
    if isinstance(value, Decimal):
        return Fraction(value)
    try:
        return Fraction(value)
    except (TypeError, ValueError):
        return value


def book_of(case: Mapping[str, Any]) -> dict[str, dict[str, list[Any]]]:
    """The case's tables; columns named in `float64` as floats."""
    book = {name: dict(table) for name, table in case["book"].items() if table is not None}
    for place in case.get("float64", ()):
        table, column = place.split(".")
        book[table][column] = [None if value is None else float(value) for value in book[table][column]]
    return book


def differences(case: Mapping[str, Any]) -> Iterator[str]:
    """One text a difference."""
    want = case["expected"]
    try:
        result = assess(expand(case["rulebook"], PRESETS), book_of(case), case.get("on_error", "raise"))
    except ModelError as error:
        found = {"class": error.class_name, "code": error.code, "table": error.table}
        wanted = want.get("error", {})
        for part in ("class", "code", "table"):
            if not wanted or (part in wanted and wanted[part] != found[part]):
                yield f"error: {found} expected {wanted or 'a result'}"
                return
        return
    if "error" in want:
        yield f"a result, expected {want['error']}"
        return
    yield from row_differences(result, want)
    if "liquidation_prices" in want:
        yield from price_differences(result, want["liquidation_prices"])
    if "lines" in want:
        yield from line_differences(result, want["lines"])


def row_differences(result: Result, want: Mapping[str, Any]) -> Iterator[str]:
    """accounts and isolated, in output order."""
    for table, key in KEYS.items():
        got = getattr(result, table)
        places = [[str(row[part]) for part in key] for row in got]
        wanted_places = [[row[part] for part in key] for row in want[table]]
        if places != wanted_places:
            yield f"{table}: rows {places} expected {wanted_places}"
            continue
        for row, wanted in zip(got, want[table], strict=True):
            for column, value in wanted.items():
                if column not in key and exact(row[column]) != exact(value):
                    yield f"{table}.{column}: {row[column]} expected {value}"


def price_differences(result: Result, wanted: list[dict[str, Any]]) -> Iterator[str]:
    """liquidation_prices by their key, in any order."""
    found = {tuple(str(row[part]) for part in PRICE_KEY): row for row in result.liquidation_prices()}
    keys = [tuple(row[part] for part in PRICE_KEY) for row in wanted]
    if sorted(found) != sorted(keys):
        yield f"liquidation_prices: rows {sorted(found)} expected {sorted(keys)}"
        return
    for key, row in zip(keys, wanted, strict=True):
        for column, value in row.items():
            if column not in PRICE_KEY and exact(found[key][column]) != exact(value):
                yield f"liquidation_prices.{column} {key}: {found[key][column]} expected {value}"


def line_differences(result: Result, wanted_lines: list[dict[str, Any]]) -> Iterator[str]:
    """Sums per (account, bucket, total, rule, subject)."""
    sums: list[dict[tuple[str, ...], Fraction]] = []
    for lines in (result.lines, wanted_lines):
        total: dict[tuple[str, ...], Fraction] = {}
        for line in lines:
            key = tuple(str(line[part]) for part in ("account", "bucket", "total", "rule", "subject"))
            total[key] = total.get(key, Fraction(0)) + Fraction(line["amount"])
        sums.append(total)
    for key in sorted(set(sums[0]) | set(sums[1])):
        got, wanted = sums[0].get(key, Fraction(0)), sums[1].get(key, Fraction(0))
        if got != wanted:
            yield f"lines {key}: {got} expected {wanted}"


def main(paths: list[str]) -> int:
    """Prints the differences and a count; 1 if there is any."""
    return check(paths, differences)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

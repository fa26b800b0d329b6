"""`check`: one case of vectors, run through the public interface and compared to the last unit.

A case says a rule in one sentence, the rulebook and the book as decimal text, and what must come out: rows of
`accounts` and `isolated` in output order, `liquidation_prices` by their key, the sums of `lines`, or an error. Numbers
are compared as fractions.
"""

import json
import warnings
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import perpcore as pc

HERE = Path(__file__).parent
Case = Mapping[str, Any]

TABLES = ("positions", "balances", "prices", "orders", "accounts", "scenarios")
WORDS = {"account", "instrument", "margin_mode", "status", "worst_scenario", "isolated_status", "problem"}
PRICE_KEY = ("account", "instrument", "margin_mode")
LINE_KEY = ("account", "bucket", "total", "rule", "subject")


def load(path: Path) -> list[dict[str, Any]]:
    """The cases of one file of `cases/`, each with the text of its rulebook."""
    told = json.loads(path.read_text(encoding="utf-8"))
    return [case | {"rule": told["rule"], "rulebook": rulebook(case["rulebook"])} for case in told["cases"]]


def rulebook(name: str) -> str:
    return (HERE / "rulebooks" / f"{name}.toml").read_text(encoding="utf-8")


def book_of(case: Case) -> dict[str, Any]:
    """The tables of a case; the columns named in `float64` as floats."""
    book = {table: dict(case["book"][table]) for table in TABLES if case["book"].get(table) is not None}
    for place in case.get("float64", ()):
        table, column = place.split(".")
        book[table][column] = [None if text is None else float(text) for text in book[table][column]]
    return book


def assessed(case: Case) -> pc.Assessment:
    """The result; a float64 from 2²⁶ on must have given exactly one `PrecisionWarning`."""
    rules, book = pc.Rulebook.parse(case["rulebook"]), book_of(case)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = pc.assess(rules, on_error=case.get("on_error", "raise"), **book)
    cells = (value for table in book.values() for column in table.values() for value in column)
    shared = any(isinstance(value, float) and abs(value) >= 2**26 for value in cells)
    assert [warning.category for warning in caught] == [pc.errors.PrecisionWarning] * shared
    return result


def check(case: Case) -> None:
    """Fails with every difference between a case and what perpcore says."""
    wanted, about = case["expected"], f"{case['id']}: {case['says']}"
    result: pc.Assessment | pc.errors.PerpcoreError
    try:
        result = assessed(case)
    except pc.errors.PerpcoreError as error:
        result = error
    if isinstance(result, pc.errors.PerpcoreError):
        told = {"class": type(result).__name__, "code": result.code, "table": result.table}
        assert "error" in wanted, f"{about}\nraised {result!r}"
        assert {part: told[part] for part in wanted["error"]} == wanted["error"], f"{about}\n{result}"
        return
    assert "error" not in wanted, f"{about}\nno error, expected {wanted['error']}"
    found = [
        *row_differences("accounts", result.accounts.to_pylist(), wanted["accounts"]),
        *row_differences("isolated", result.isolated.to_pylist(), wanted["isolated"]),
    ]
    if "liquidation_prices" in wanted:
        found += price_differences(result.liquidation_prices().to_pylist(), wanted["liquidation_prices"])
    if "lines" in wanted:
        found += line_differences(result.lines().to_pylist(), wanted["lines"])
    assert not found, "\n".join([about, *found, case["note"]])


def row_differences(table: str, got: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> Iterable[str]:
    if len(got) != len(wanted):
        yield f"{table}: {len(got)} rows, expected {len(wanted)}"
        return
    for mine, row in zip(got, wanted, strict=True):
        for column, value in row.items():
            same = mine[column] == value if column in WORDS else exact(mine[column]) == exact(value)
            if not same:
                yield f"{table}.{column} of {row['account']}: {mine[column]}, expected {value}"
        if mine["margin_ratio"] != ratio(row):
            yield f"{table}.margin_ratio of {row['account']}: {mine['margin_ratio']!r}, expected {ratio(row)!r}"


def price_differences(got: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> Iterable[str]:
    mine, theirs = ({tuple(row[part] for part in PRICE_KEY): row for row in rows} for rows in (got, wanted))
    if len(got) != len(mine) or mine.keys() != theirs.keys():
        yield f"liquidation_prices: rows {sorted(mine)}, expected {sorted(theirs)}"
        return
    for key, row in theirs.items():
        for column in ("mark", "below", "above"):
            if exact(mine[key][column]) != exact(row[column]):
                yield f"liquidation_prices.{column} of {key}: {mine[key][column]}, expected {row[column]}"


def exact(value: Any) -> Fraction | None:
    return None if value is None else Fraction(value)


def ratio(row: Mapping[str, Any]) -> float | None:
    """RULES §1: float64(MM) / float64(equity) of the raw integers, null when equity ≤ 0."""
    equity, maintenance = exact(row["equity"]), exact(row["maintenance_margin"])
    if equity is None or maintenance is None or equity <= 0:
        return None
    return float(int(maintenance * 10**8)) / float(int(equity * 10**8))


def line_differences(got: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> Iterable[str]:
    """Amounts per (account, bucket, total, rule, subject); a sum of 0 is as good as no line."""
    mine, theirs = line_sums(got), line_sums(wanted)
    for key in sorted({*mine, *theirs}, key=str):
        if mine.get(key, 0) != theirs.get(key, 0):
            yield f"lines {key}: {mine.get(key, 0)}, expected {theirs.get(key, 0)}"


def line_sums(lines: Iterable[Mapping[str, Any]]) -> dict[tuple[Any, ...], Fraction]:
    sums: dict[tuple[Any, ...], Fraction] = {}
    for line in lines:
        key = tuple(line[part] for part in LINE_KEY)
        sums[key] = sums.get(key, Fraction(0)) + Fraction(line["amount"])
    return sums

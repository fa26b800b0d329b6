"""What it means that perpcore and the independent model agree: every row, every column, every sum of lines.

And, where it finds them, every liquidation price.
"""

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from tests.model import Result
from tests.model.liquidation import UNKNOWN

import perpcore as pc

SOAK = os.environ.get("PERPCORE_SOAK") == "1"
PRICE_KEY = ("account", "instrument", "margin_mode")
LINE_KEY = ("account", "bucket", "total", "rule", "subject")


def core_assess(text: str, book: Mapping[str, Any], **options: Any) -> pc.Assessment:
    """perpcore's answer; large floats are exact by their text, so the warning about them is not news."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pc.errors.PrecisionWarning)
        return pc.assess(pc.Rulebook.parse(text), **book, **options)


def differences(core: pc.Assessment, model: Result) -> Iterator[str]:
    """One text a difference; equal are values and order of rows, to the last bit of every float."""
    yield from row_differences("accounts", core.accounts.to_pylist(), model.accounts)
    yield from row_differences("isolated", core.isolated.to_pylist(), model.isolated)
    mine, theirs = line_sums(core.lines().to_pylist()), line_sums(model.lines)
    for key in sorted(mine.keys() | theirs.keys(), key=str):
        if mine.get(key) != theirs.get(key):
            yield f"lines {key}: {mine.get(key)}, the model says {theirs.get(key)}"


def row_differences(table: str, mine: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> Iterator[str]:
    if mine == theirs:
        return
    ids = [[row["account"] for row in rows] for rows in (mine, theirs)]
    if ids[0] != ids[1]:
        yield f"{table}: rows of {ids[0]}, the model says {ids[1]}"
        return
    for row, (got, wanted) in enumerate(zip(mine, theirs, strict=True)):
        for column in got.keys() | wanted.keys():
            if got.get(column) != wanted.get(column):
                yield f"{table}.{column}, row {row} ({got['account']}): {got.get(column)}, not {wanted.get(column)}"


def price_differences(core: pc.Assessment, model: Result) -> Iterator[str]:
    """liquidation_prices by their key; the model does not say where it would have to search too many ticks."""
    rows = core.liquidation_prices().to_pylist()
    mine = {tuple(row[part] for part in PRICE_KEY): row for row in rows}
    theirs = {tuple(row[part] for part in PRICE_KEY): row for row in model.liquidation_prices()}
    if len(mine) != len(rows) or mine.keys() != theirs.keys():
        yield f"liquidation_prices: {len(rows)} rows, other than the model's: {sorted(mine.keys() ^ theirs.keys())}"
        return
    for key, wanted in theirs.items():
        for column, value in wanted.items():
            if value != UNKNOWN and mine[key][column] != value:
                yield f"liquidation_prices.{column} {key}: {mine[key][column]}, not {value}"


def line_sums(lines: Iterable[Mapping[str, Any]]) -> dict[tuple[Any, ...], Fraction]:
    """Amounts per key; what cancels to 0 is as good as no line."""
    sums: dict[tuple[Any, ...], Fraction] = {}
    for line in lines:
        key = tuple(line[part] for part in LINE_KEY)
        sums[key] = sums.get(key, Fraction(0)) + Fraction(line["amount"])
    return {key: amount for key, amount in sums.items() if amount}

"""Random books for laws, and what is the same or not about two results."""

import os
import random
import warnings
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import perpcore as pc

SOAK = os.environ.get("PERPCORE_SOAK") == "1"
SEEDS = range(2_000 if SOAK else 60)

Book = dict[str, dict[str, list[Any]]]
Row = dict[str, Any]
ACCOUNT_TABLES = ("positions", "balances", "orders", "accounts")


def assess(text: str, book: Mapping[str, Any], **options: Any) -> pc.Assessment:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pc.errors.PrecisionWarning)
        return pc.assess(pc.Rulebook.parse(text), **book, **options)


def rows_of(table: Mapping[str, Sequence[Any]]) -> list[Row]:
    return [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]


def columns_of(rows: list[Row], like: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    return {column: [row[column] for row in rows] for column in like}


def mapped(book: Mapping[str, Any], change: Callable[[str, list[Row]], list[Row]]) -> Book:
    """The book with the rows of every account table changed."""
    found = dict(book)
    for name in ACCOUNT_TABLES:
        if name in book:
            found[name] = columns_of(change(name, rows_of(book[name])), book[name])
    return found


def shuffled(book: Mapping[str, Any], rng: random.Random) -> Book:
    return mapped(book, lambda _, rows: rng.sample(rows, len(rows)))


def figures(result: pc.Assessment) -> dict[Any, Any]:
    """Everything about every bucket, by account and instrument: all columns and the sums of its lines."""
    found: dict[Any, Any] = {(row["account"], None): row for row in result.accounts.to_pylist()}
    found |= {(row["account"], row["instrument"]): row for row in result.isolated.to_pylist()}
    for line in result.lines().to_pylist():
        row = found[line["account"], line["bucket"]]
        key = (line["total"], line["rule"], line["subject"])
        row[key] = row.get(key, Fraction(0)) + Fraction(line["amount"])
    return {bucket: {key: value for key, value in row.items() if value != 0} for bucket, row in found.items()}


def appearance(book: Mapping[str, Any]) -> list[Any]:
    """The accounts in order of first appearance in positions, balances, orders, accounts."""
    return list(dict.fromkeys(key for name in ACCOUNT_TABLES if name in book for key in book[name]["account"]))

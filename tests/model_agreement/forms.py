"""A book of decimal text in other clothes: Arrow tables of every number type, dictionaries, chunks, sorted rows.

And books of common accounts: cross positions of whole contracts, no chosen leverage, few orders, few debts.
"""

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from tests.model import random_rulebooks, read_rulebook
from tests.model.random_books import as_columns, draw_rows, tune_statuses

Book = Mapping[str, Mapping[str, Sequence[Any]]]
GRID = 10**8
NUMBERS = {
    *("quantity", "entry_price", "cost", "isolated_margin", "leverage", "accrued_funding"),
    *("amount", "held", "price", "index"),
}
INDEX_TYPES = (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())


def sorted_by_account(book: Book) -> dict[str, dict[str, list[Any]]]:
    """The rows of each table by account, otherwise in their order."""
    found: dict[str, dict[str, list[Any]]] = {}
    for name, columns in book.items():
        if "account" not in columns:
            found[name] = {column: list(values) for column, values in columns.items()}
            continue
        order = sorted(range(len(columns["account"])), key=lambda row, ids=columns["account"]: ids[row])
        found[name] = {column: [values[row] for row in order] for column, values in columns.items()}
    return found


def as_arrow(book: Book, rng: random.Random) -> dict[str, pa.Table]:
    """The same values as Arrow tables of randomly chosen types and chunks."""
    return {name: arrow_table(name, columns, rng) for name, columns in book.items()}


def arrow_table(name: str, columns: Mapping[str, Sequence[Any]], rng: random.Random) -> pa.Table:
    arrays: dict[str, Any] = {}
    for column, values in columns.items():
        if name == "scenarios" and column != "scenario":
            arrays[column] = pa.array([Decimal(value) for value in values], pa.decimal128(30, 8))
        elif column in NUMBERS:
            key, array = number_column(column, values, rng)
            arrays[key] = array
        elif any(isinstance(value, bool) for value in values):
            arrays[column] = pa.array(values, pa.bool_())
        elif any(isinstance(value, int) for value in values):
            arrays[column] = pa.array(values, rng.choice((pa.int64(), pa.uint64(), pa.int32(), pa.uint32())))
        else:
            arrays[column] = text_column(values, rng)
    return chunked(pa.table(arrays), rng)


def number_column(column: str, values: Sequence[Any], rng: random.Random) -> tuple[str, Any]:
    """As `_e8` where 64 bits hold it, or as a decimal."""
    units = [None if value is None else int(Decimal(str(value)) * GRID) for value in values]
    narrow = all(value is None or abs(value) < 2**63 for value in units)
    form = rng.choice(("e8", "e8", "decimal128", "decimal128", "wide", "text"))
    if form == "e8" and narrow:
        return f"{column}_e8", pa.array(units, pa.int64())
    decimals = [None if value is None else Decimal(value).scaleb(-8) for value in units]
    if form == "text":
        return column, pa.array(
            [None if value is None else format(value, "f") for value in decimals], pa.large_string()
        )
    return column, pa.array(decimals, pa.decimal128(38, 10) if form == "wide" else pa.decimal128(30, 8))


def text_column(values: Sequence[str | None], rng: random.Random) -> Any:
    plain = pa.array(values, rng.choice((pa.string(), pa.large_string(), pa.string_view())))
    if rng.random() < 0.5:
        return plain
    distinct = sorted({value for value in values if value is not None}, key=lambda _: rng.random())
    # values that repeat and values that no row uses change nothing
    words = distinct + distinct[: rng.randint(0, 2)] + ["nobody"]
    fitting = [kind for kind in INDEX_TYPES if len(words) <= 2 ** (kind.bit_width - 1)]
    places = {word: [at for at, same in enumerate(words) if same == word] for word in words}
    indices = [None if value is None else rng.choice(places[value]) for value in values]
    return pa.DictionaryArray.from_arrays(pa.array(indices, rng.choice(fitting)), pa.array(words))


def chunked(table: pa.Table, rng: random.Random) -> pa.Table:
    """In up to four chunks, some perhaps empty."""
    if rng.random() < 0.4:
        return table
    cuts = sorted(rng.randint(0, table.num_rows) for _ in range(rng.randint(1, 3)))
    bounds = pairwise([0, *cuts, table.num_rows])
    return pa.concat_tables([table.slice(a, b - a) for a, b in bounds])


def common_book(seed: int, accounts: int, portfolio: bool = False) -> tuple[str, dict[str, dict[str, list[Any]]]]:
    """A random book of common accounts. Some books have one unusual account in seven, others have none."""
    rng = random.Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(random_rulebooks, "CONTRACT_SIZES", ("1",))
        draw, rows = draw_rows(rng, accounts, portfolio)
    unusual = rng.random() < 0.5

    def stays(row: dict[str, Any]) -> bool:
        return unusual and hash_of(row["account"]) % 7 == 0

    for row in rows["accounts"]:
        row["leverage"] = None
        if not portfolio:
            row["model"] = None
    rows["positions"] = [row for row in rows["positions"] if stays(row) or row["margin_mode"] == "cross"]
    for row in rows["positions"]:
        if not stays(row):
            row |= {"leverage": None, "accrued_funding": None}
    if not unusual:
        for row in rows["positions"]:
            row["margin_mode"] = None
    rows["orders"] = [row for row in rows["orders"] if stays(row) or rng.random() < 0.05]
    if rng.random() < 0.7:
        for row in rows["prices"]:
            row.pop("state", None)
    if rng.random() < 0.7:
        tune_statuses(rng, read_rulebook(draw.text), rows)
    for table in ("positions", "balances", "orders", "accounts"):
        rng.shuffle(rows[table])
    return draw.text, as_columns(rows)


def hash_of(account: object) -> int:
    return sum(str(account).encode())

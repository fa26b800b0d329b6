"""Account ids: text of every layout, dictionaries of every index width, integers of every width; what comes back."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from tests.inputs.book import BOOK, RULES, check, columns

import perpcore as pc

INDEX_TYPES = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
INTEGERS = INDEX_TYPES
NUMBERED = dict(zip("ABCDEF", (11, 7, 0, 93, 12, 100), strict=True))
NAMES = ("account", "instrument", "asset", "symbol", "margin_mode", "state", "model", "fee_tier")


def dictionary(values: list[Any], index: pa.DataType, value: pa.DataType, words: list[str] | None = None) -> Any:
    words = words or sorted({v for v in values if v is not None}, reverse=True)
    at = [None if v is None else words.index(v) for v in values]
    return pa.DictionaryArray.from_arrays(pa.array(at, index), pa.array(words, value))


def named(change: Any) -> dict[str, Any]:
    """The book as Arrow tables with every column of names changed."""

    def column(_: str, name: str, values: list[Any]) -> Any:
        return change(values) if name in NAMES else pa.array(values)

    return {table: pa.table(given) for table, given in columns(column).items()}


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_text_of_every_layout_is_an_id_and_comes_back_as_it_came(kind: pa.DataType) -> None:
    result = check(named(lambda values: pa.array(values, kind)))
    for table in (result.accounts, result.isolated, result.lines()):
        assert table.schema.field("account").type == kind


@pytest.mark.parametrize("index", INDEX_TYPES, ids=str)
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_dictionaries_of_every_index_come_back_with_int32(index: pa.DataType, kind: pa.DataType) -> None:
    result = check(named(lambda values: dictionary(values, index, kind)))
    for table in (result.accounts, result.isolated, result.lines()):
        assert table.schema.field("account").type == pa.dictionary(pa.int32(), kind)


def test_values_of_a_dictionary_may_repeat() -> None:
    """The codes 0 and 2 are both A: one account."""
    repeated = pa.DictionaryArray.from_arrays(pa.array([0, 2, 1], pa.int8()), pa.array(["A", "B", "A"]))
    table = {"account": repeated, "asset": ["USD"] * 3, "amount": [1, 10, 100]}
    found = pc.assess(RULES, balances=table).accounts.to_pylist()
    assert [(row["account"], row["equity"]) for row in found] == [("A", 11), ("B", 100)]


def test_values_that_no_row_uses_make_no_account() -> None:
    unused = pa.DictionaryArray.from_arrays(pa.array([2, 2], pa.int8()), pa.array(["A", "B", "C", "D"]))
    table = {"account": unused, "asset": ["USD"] * 2, "amount": [1, 2]}
    found = pc.assess(RULES, balances=table).accounts.to_pylist()
    assert [(row["account"], row["equity"]) for row in found] == [("C", 3)]


def test_dictionaries_may_differ_from_table_to_table_and_chunk_to_chunk() -> None:
    orders = {"A": ["A", "B"], "B": ["B", "X", "A"], "C": ["A", "B", "B"]}
    chunks = [
        dictionary(["A", "B"], pa.int8(), pa.string(), orders["A"]),
        dictionary(["A", "B"], pa.int8(), pa.string(), orders["B"]),
        dictionary(["B"], pa.int8(), pa.string(), orders["C"]),
    ]
    assets = pa.chunked_array([pa.array(["USD"] * len(chunk)) for chunk in chunks])
    amounts = pa.chunked_array([pa.array(["1"] * 2), pa.array(["10"] * 2), pa.array(["100"])])
    balances = pa.table({"account": pa.chunked_array(chunks), "asset": assets, "amount": amounts})
    accounts = pa.table({"account": dictionary(["B", "A"], pa.uint16(), pa.large_string())})
    found = pc.assess(RULES, balances=balances, accounts=accounts).accounts.to_pylist()
    assert [(row["account"], row["equity"]) for row in found] == [("A", 11), ("B", 111)]


def test_a_null_dictionary_value_is_a_null_cell() -> None:
    """Optional: not given. Required: refused, with the row."""
    modes = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), pa.array([None, "isolated"]))
    table = {"account": ["A", "B"], "instrument": ["X-PERP"] * 2, "quantity": ["1", "1"], "cost": ["5", "5"]}
    result = pc.assess(RULES, positions={**table, "margin_mode": modes}, prices={"X-PERP": "5"})
    assert result.isolated.column("account").to_pylist() == ["B"]
    ids = pa.DictionaryArray.from_arrays(pa.array([1, 0], pa.int8()), pa.array([None, "B"]))
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(RULES, positions={**table, "account": ids}, prices={"X-PERP": "5"})
    assert (caught.value.code, caught.value.column, caught.value.row) == ("null_value", "account", 1)


def test_an_unused_null_in_a_dictionary_is_nothing() -> None:
    ids = pa.DictionaryArray.from_arrays(pa.array([1, 1], pa.int8()), pa.array([None, "B"]))
    table = {"account": ids, "asset": ["USD"] * 2, "amount": [1, 2]}
    found = pc.assess(RULES, balances=table).accounts.to_pylist()
    assert [(row["account"], row["equity"]) for row in found] == [("B", 3)]


LONG = [f"id {n:05}" for n in range(5_000)]
"""A dictionary that is long beside a few rows: only the values that rows name are read."""


@pytest.mark.parametrize("index", [kind for kind in INDEX_TYPES if kind.bit_width > 8], ids=str)
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_a_few_rows_of_a_long_dictionary_name_their_accounts(index: pa.DataType, kind: pa.DataType) -> None:
    ids = pa.DictionaryArray.from_arrays(pa.array([4_999, 0, 4_999, 17], index), pa.array(LONG, kind))
    table = {"account": ids, "asset": ["USD"] * 4, "amount": [1, 10, 100, 1_000]}
    accounts = pc.assess(RULES, balances=table).accounts
    assert accounts.schema.field("account").type == pa.dictionary(pa.int32(), kind)
    found = [(row["account"], row["equity"]) for row in accounts.to_pylist()]
    assert found == [("id 04999", 101), ("id 00000", 10), ("id 00017", 1_000)]


def test_values_of_a_long_dictionary_may_repeat() -> None:
    ids = pa.DictionaryArray.from_arrays(pa.array([0, 5_000, 1], pa.int32()), pa.array([*LONG, LONG[0]]))
    table = {"account": ids, "asset": ["USD"] * 3, "amount": [1, 10, 100]}
    found = pc.assess(RULES, balances=table).accounts.to_pylist()
    assert [(row["account"], row["equity"]) for row in found] == [("id 00000", 11), ("id 00001", 100)]


def test_nulls_beside_a_long_dictionary_are_nulls() -> None:
    """Under a null any index may stand; a null value counts where a row names it."""
    indexes = pa.Array.from_buffers(
        pa.int32(), 2, [pa.py_buffer(b"\x01"), pa.array([3, 2**31 - 1], pa.int32()).buffers()[1]]
    )
    beside = pa.DictionaryArray.from_arrays(indexes, pa.array(LONG), safe=False)
    named = pa.DictionaryArray.from_arrays(pa.array([3, 4], pa.int32()), pa.array([*LONG[:4], None, *LONG[5:]]))
    for ids in (beside, named):
        with pytest.raises(pc.errors.InputError) as caught:
            pc.assess(RULES, balances={"account": ids, "asset": ["USD"] * 2, "amount": [1, 2]})
        assert (caught.value.code, caught.value.column, caught.value.row) == ("null_value", "account", 1)
    table = {"account": named.slice(0, 1), "asset": ["USD"], "amount": [1]}
    assert pc.assess(RULES, balances=table).accounts.column("account").to_pylist() == ["id 00003"]


def test_pieces_of_a_long_dictionary_are_one_table() -> None:
    """The first piece alone would be read sparingly; both together say the same as one."""
    ids = pa.DictionaryArray.from_arrays(pa.array([7, 8, 7], pa.int32()), pa.array(LONG))
    whole = pa.table({"account": ids, "asset": ["USD"] * 3, "amount": [1, 10, 100]})
    pieces = pa.concat_tables([whole.slice(0, 1), whole.slice(0, 0), whole.slice(1, 1), whole.slice(2, 1)])
    for table in (whole, pieces):
        found = pc.assess(RULES, balances=table).accounts.to_pylist()
        assert [(row["account"], row["equity"]) for row in found] == [("id 00007", 101), ("id 00008", 10)]


@pytest.mark.parametrize("kind", INTEGERS, ids=str)
def test_integers_of_every_width_are_ids_and_come_back_as_they_came(kind: pa.DataType) -> None:
    book = {
        name: {
            c: pa.array([NUMBERED[v] for v in values], kind) if c == "account" else values
            for c, values in table.items()
        }
        for name, table in BOOK.items()
    }
    result = check(book, NUMBERED)
    for table in (result.accounts, result.isolated, result.lines()):
        assert table.schema.field("account").type == kind


def test_integers_may_differ_in_width_and_keep_their_value() -> None:
    largest = 2**64 - 1
    balances = {"account": np.array([1, 2], dtype="u1"), "asset": ["USD"] * 2, "amount": [1, 2]}
    accounts = {"account": pa.array([2, largest], pa.uint64())}
    found = pc.assess(RULES, balances=balances, accounts=accounts).accounts.to_pylist()
    assert [row["account"] for row in found] == [1, 2, largest]
    assert [row["equity"] for row in found] == [1, 2, 0]


def test_the_value_type_of_the_first_table_comes_back() -> None:
    """In the order positions, balances, orders, accounts; prices have no ids."""
    forms = {
        "positions": pa.large_string(),
        "balances": pa.string_view(),
        "orders": pa.string(),
        "accounts": pa.dictionary(pa.int8(), pa.string()),
    }
    for first in range(4):
        book: dict[str, Any] = {"prices": BOOK["prices"]}
        for name in list(forms)[first:]:
            ids = pa.array(BOOK[name]["account"]).cast(forms[name])
            book[name] = {**BOOK[name], "account": ids}
        wanted = list(forms.values())[first]
        if first == 3:
            wanted = pa.dictionary(pa.int32(), pa.string())
        assert pc.assess(RULES, **book).accounts.schema.field("account").type == wanted


def test_a_dictionary_that_does_not_know_every_account_is_extended() -> None:
    balances = {"account": pa.array(["B", "A"]).dictionary_encode(), "asset": ["USD"] * 2, "amount": [1, 2]}
    result = pc.assess(RULES, balances=balances, accounts={"account": ["C", "A"]})
    assert result.accounts.column("account").to_pylist() == ["B", "A", "C"]
    assert result.accounts.schema.field("account").type == pa.dictionary(pa.int32(), pa.string())


def test_categories_of_polars_are_ids() -> None:
    frame = pl.DataFrame({"account": ["B", "A", "B"], "asset": ["USD"] * 3, "amount": [1, 2, 4]})
    categorical = frame.with_columns(pl.col("account", "asset").cast(pl.Categorical))
    found = pc.assess(RULES, balances=categorical).accounts.to_pylist()
    assert [(row["account"], row["equity"]) for row in found] == [("B", 5), ("A", 2)]


@pytest.mark.parametrize("text", ["", " ", "A ", "é", "e\u0301", "日本", "\x00", "a" * 10_000, "null", "None"])
def test_any_text_is_an_id_and_only_itself(text: str) -> None:
    others = ["a", "A"]
    table = {"account": [text, *others], "asset": ["USD"] * 3, "amount": [1, 2, 4]}
    found = pc.assess(RULES, balances=table).accounts.to_pylist()
    assert [(row["account"], row["equity"]) for row in found] == [(text, 1), ("a", 2), ("A", 4)]


@pytest.mark.parametrize("kind", [pa.int8(), pa.int32(), pa.int64()], ids=str)
@pytest.mark.code("out_of_range")
def test_negative_integers_are_no_ids(kind: pa.DataType) -> None:
    table = {"account": pa.array([3, -1], kind), "asset": ["USD"] * 2, "amount": [1, 2]}
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(RULES, balances=table)
    assert (caught.value.code, caught.value.column, caught.value.row) == ("out_of_range", "account", 1)


@pytest.mark.parametrize("ids", [[3, 2**64], [3, -(2**63) - 1], [2**63, -1]], ids=str)
@pytest.mark.code("out_of_range")
def test_integers_beyond_64_bits_do_not_turn_into_text(ids: list[int]) -> None:
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(RULES, balances={"account": ids, "asset": ["USD"] * 2, "amount": [1, 2]})
    assert (caught.value.code, caught.value.column, caught.value.row) == ("out_of_range", "account", 1)


@pytest.mark.parametrize(
    "ids",
    [
        pa.array([1.0, 2.0]),
        pa.array([True, False]),
        pa.array([b"a", b"b"]),
        pa.array([1, 2]).dictionary_encode(),
        pa.array([1, 2], pa.decimal128(5, 0)),
    ],
    ids=lambda array: str(array.type),
)
@pytest.mark.code("wrong_type")
def test_other_types_are_no_ids(ids: Any) -> None:
    with pytest.raises(pc.errors.SchemaError) as caught:
        pc.assess(RULES, balances={"account": ids, "asset": ["USD"] * 2, "amount": [1, 2]})
    assert (caught.value.code, caught.value.column) == ("wrong_type", "account")


@pytest.mark.parametrize(
    "names", [pa.array([1, 2]), pa.array([1, 2]).dictionary_encode(), pa.array([b"X", b"Y"])], ids=str
)
@pytest.mark.parametrize("column", ["instrument", "asset"])
@pytest.mark.code("wrong_type")
def test_instruments_and_assets_are_text_only(column: str, names: Any) -> None:
    table = "positions" if column == "instrument" else "balances"
    given = {name: values[:2] for name, values in BOOK[table].items()} | {column: names}
    with pytest.raises(pc.errors.SchemaError) as caught:
        pc.assess(RULES, **{table: given, "prices": BOOK["prices"]})
    assert (caught.value.code, caught.value.column) == ("wrong_type", column)


@pytest.mark.parametrize("seed", range(40))
def test_ids_that_rise_are_the_same_accounts_as_any(seed: int) -> None:
    """Tables in order of their ids, each lacking some, in one piece or several, now and then out of order or short."""
    rng = random.Random(seed)
    names = sorted({f"{rng.choice(['A', 'ACC-', 'Ä'])}{rng.randrange(10 ** rng.choice([2, 8]))}" for _ in range(60)})
    if seed % 2:
        names = [f"ACC-{n:08}" for n in sorted(rng.sample(range(10**6), 60))]
    chosen = {}
    for table in ("positions", "balances", "accounts"):
        some = [name for name in names if rng.random() < 0.7]
        rows = [name for name in some for _ in range(1 if table == "accounts" else rng.choice([1, 1, 2, 5]))]
        if rng.random() < 0.3 and table != "accounts":
            at = rng.randrange(len(rows))
            rows[at:] = rng.sample(rows[at:], len(rows) - at)
        chosen[table] = rows

    def book(ids: Callable[[list[str]], pa.Array]) -> dict[str, pa.Table]:
        def table(name: str, **columns: Any) -> pa.Table:
            rows = chosen[name]
            made = pa.table({"account": ids(rows)} | {key: value(rows) for key, value in columns.items()})
            return pa.concat_tables([made.slice(0, cuts[name]), made.slice(cuts[name])])

        def numbers(rows: list[str]) -> list[str]:
            return [str(n % 7 + 1) for n in range(len(rows))]

        return {
            "positions": table(
                "positions", instrument=lambda rows: ["X-PERP"] * len(rows), quantity=numbers, entry_price=numbers
            ),
            "balances": table("balances", asset=lambda rows: ["USD"] * len(rows), amount=numbers),
            "accounts": table("accounts", fee_tier=lambda rows: ["standard"] * len(rows)),
        }

    cuts = {name: rng.randrange(len(rows)) if rng.random() < 0.5 else 0 for name, rows in chosen.items()}
    numbered = {name: 3 * at for at, name in enumerate(names)}
    shuffled = rng.sample(names, len(names))
    forms: list[Callable[[list[str]], pa.Array]] = [
        lambda rows: pa.DictionaryArray.from_arrays(pa.array(map(shuffled.index, rows), pa.int32()), shuffled),
        pa.array,
        lambda rows: pa.array(rows, pa.large_string()),
        lambda rows: pa.array([numbered[row] for row in rows], pa.uint32()),
    ]
    results = [pc.assess(RULES, **book(form), prices={"X-PERP": 60_000}).accounts for form in forms]
    wanted = list(dict.fromkeys(name for rows in chosen.values() for name in rows))
    for result in results[:3]:
        assert result.column("account").to_pylist() == wanted
    assert results[3].column("account").to_pylist() == [numbered[name] for name in wanted]
    assert all(result.drop_columns("account") == results[0].drop_columns("account") for result in results)

"""Lies about commands: what is no table of them, and what is one of which a row cannot be carried out."""

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
from tests.hostile.arrow_c import Node, Plan, Stream
from tests.hostile.attack import LEAST, MOST, Attack, changed, replaced
from tests.hostile.book import fixed, honest_commands, record, text
from tests.hostile.lies_about_content import offsets

import perpcore as pc

SCHEMA = pc.schema("commands")
IDS = ("account", "client", "group", "client_id", "to_account")
VALUES: dict[str, pa.Array] = {
    "bool": pa.array([True]),
    "int8": pa.array([1], pa.int8()),
    "uint64": pa.array([1], pa.uint64()),
    "float16": pa.array([1.0], pa.float16()),
    "float64": pa.array([1.0]),
    "decimal128": pa.array([1], pa.decimal128(9, 2)),
    "text": pa.array(["x"]),
    "binary": pa.array([b"x"]),
    "date": pa.array([datetime.date(2020, 1, 1)]),
    "duration": pa.array([1], pa.duration("ns")),
    "timestamp without a zone": pa.array([1], pa.timestamp("ns")),
    "timestamp": pa.array([1], pa.timestamp("ns", tz="UTC")),
    "list": pa.array([["x"]]),
    "struct": pa.array([{"x": 1}]),
    "map": pa.array([[("x", 1)]], pa.map_(pa.string(), pa.int64())),
    "dictionary of integers": pa.array([1]).dictionary_encode(),
}


def taken(name: str, kind: pa.DataType) -> set[str]:
    """Which of the values a column may have, by type."""
    if name in IDS:
        return {"text", "int8", "uint64"}
    if pa.types.is_boolean(kind):
        return {"bool", "text"}
    if pa.types.is_decimal(kind):
        return {"int8", "uint64", "float64", "decimal128", "text"}
    if pa.types.is_timestamp(kind):
        return {"int8", "uint64", "timestamp"}
    if pa.types.is_integer(kind):
        return {"int8", "uint64"}
    return {"text"}


def table(**columns: Any) -> Callable[[], dict[str, Any]]:
    return lambda: {"commands": pa.table(columns)}


def refused(what: str, make: Callable[[], dict[str, Any]], **more: Any) -> Attack:
    return Attack(f"commands: {what}", "refused", make, "commands", **more)


def commands() -> Iterator[Attack]:
    yield from wrong_types()
    yield from columns()
    yield from ids()
    yield from texts()
    yield from streams()
    yield from rows()


def wrong_types() -> Iterator[Attack]:
    for field in SCHEMA:
        column = "class" if field.name == "class_" else field.name
        for what, values in VALUES.items():
            if what in taken(field.name, field.type):
                continue
            given = {"kind": ["place"], column: values}
            yield refused(f"{column} of {what}", table(**given), column=column, code="wrong_type")
    yield refused("kinds without a type", table(kind=pa.nulls(1)), column="kind", code="wrong_type")


def columns() -> Iterator[Attack]:
    def without(root: Node) -> None:
        del root.children[0]

    yield refused("without kinds", changed("commands", None, without), column="kind", code="missing_column")
    for at, child in enumerate(honest_commands()["commands"].children):
        name = ((child.name if child else b"") or b"").decode().removesuffix("_e8")

        def twice(root: Node, at: int = at) -> None:
            root.children.append(root.children[at])

        made = changed("commands", None, twice)
        yield refused(f"{name} twice", made, column=name, code="duplicate_column")
    for name in ("quantity", "price", "trigger"):
        both = table(kind=["place"], **{name: ["1"], f"{name}_e8": [1]})
        yield refused(f"{name} in both forms", both, column=name, code="duplicate_column")
    for name in ("x", "", "Kind", "kind ", "order_e8", "kind_e8", "time_e8", "seq", "cause", "équipe", "n" * 100_000):
        yield refused(f"an unknown column {name[:9]!r}", table(kind=["place"], **{name: ["1"]}), code="unknown_column")
    yield refused("no columns", lambda: {"commands": pa.table({})}, column="kind", code="missing_column")
    nothing = {name: pa.nulls(3) for name in SCHEMA.names if name != "kind"}
    for rows in (0, 3):
        empty = {name: column[:rows] for name, column in nothing.items()}
        made = table(kind=pa.array([None] * rows, pa.string()), **empty)
        wanted = "rejected" if rows else "accepted"
        code = "null_value" if rows else None
        yield Attack(f"commands: {rows} rows of nulls in every column", wanted, made, "commands", code=code)


def ids() -> Iterator[Attack]:
    """The book has an account and a client id of text."""
    for name in ("account", "client_id"):
        for kind in (pa.int8(), pa.uint64(), pa.int64()):
            columns = {"kind": ["place"], "account": ["A"], name: pa.array([7], kind)}
            yield refused(f"{name} of {kind}", table(**columns), column=name, code="id_kind_mismatch")
    of_null = {"kind": ["mark"], "account": pa.array([None], pa.int64()), "price": ["10"]}
    yield Attack("commands: accounts of another kind, all null", "refused", table(**of_null), "commands", "account")


def texts() -> Iterator[Attack]:
    """Text that is not UTF-8, where a row has it; whether or not its kind uses it."""
    for at, child in enumerate(honest_commands()["commands"].children):
        if child is None or child.format not in (b"u", b"U", b"vu"):
            continue
        make = offsets([0, 1, 2, 3, 4, 5, 6, 7, 8], data=b"abc\xffefgh")
        yield replaced("commands", at, "not UTF-8", make, "invalid_text", 3)
    for at, name in ((2, "accounts"), (10, "words")):
        words = lambda: Node(b"u", length=2, buffers=[None, b"\0\0\0\0\1\0\0\0\2\0\0\0", b"A\xff"])  # noqa: E731
        make = lambda words=words: _indexed(words(), [0, 1, 0, 0, 0, 0, 0, 0])  # noqa: E731
        yield replaced("commands", at, f"a dictionary of {name} that is not UTF-8", make, "invalid_text")
        for index in (2, 127, -1, -128):
            make = lambda index=index: _indexed(text(["A", "B"]), [0, 0, index, 0, 0, 0, 0, 0])  # noqa: E731
            yield replaced("commands", at, f"{name} by an index {index} of two", make, "wrong_type", 2)
        make = lambda: _indexed(text([]), [0] * 8)  # noqa: E731
        yield replaced("commands", at, f"{name} by an index into nothing", make, "wrong_type")


def _indexed(words: Node, indexes: list[int]) -> Node:
    node = fixed(b"c", "b", indexes)
    node.dictionary = words
    return node


def streams() -> Iterator[Attack]:
    """A lie in the last of many batches, after others that could have been carried out."""

    def late(last: Callable[[], dict[str, Node]], **fields: Any) -> Callable[[], dict[str, Any]]:
        def make() -> dict[str, Any]:
            first = _placed()
            plan = Plan(first, [first] * 20 + [record(last())])
            vars(plan).update(fields)
            return {"commands": Stream(plan)}

        return make

    rows = _placed().length
    bad = lambda: {"kind": text(["place"] * rows), "account": offsets([0, 1, 1, 2], data=b"A\xff")()}  # noqa: E731
    yield refused("a stream whose last batch is not UTF-8", late(bad), column="account", code="invalid_text")
    fell = lambda: {"kind": offsets([0, 4, 2, 8], data=b"markmark")(), "account": text(["A"] * rows)}  # noqa: E731
    yield refused("a stream whose last batch has offsets that fall", late(fell), column="kind")
    less = lambda: {"kind": text(["place"])}  # noqa: E731
    yield refused("a stream whose last batch has less", late(less))
    for at in (1, 20):
        yield refused(f"a stream that fails at batch {at}", late(less, fails_at=at))


def _placed() -> Node:
    return record({"kind": text(["place"] * 3), "account": text(["A", "B", "A"])})


def rows() -> Iterator[Attack]:
    """Tables of commands of which the second row cannot be carried out."""

    def row(code: str, kind: str | None, **cells: Any) -> Attack:
        listed = {name: pa.array([None, *pa.array([value]).to_pylist()], _type(value)) for name, value in cells.items()}
        made = table(kind=pa.array(["cancel_all", kind]), **listed)
        what = ", ".join(f"{name} {str(value)[:24]} ({len(str(value))})" for name, value in cells.items())
        return Attack(f"commands: a row of {kind}, {what}", "rejected", made, "commands", code=code, row=1)

    yield row("null_value", None, price="1")
    for kind in ("", "PLACE", "place ", "x" * 60_000, "place\0", "deposit"):
        yield row("out_of_range", kind, quantity="1")
    for name in ("quantity", "price", "trigger"):
        others = {"quantity": "1", "trigger_when": "at_or_above"} if name == "trigger" else {"quantity": "1"}
        for code, value in (
            *(("not_finite", value) for value in (float("nan"), float("inf"), float("-inf"))),
            *(("off_grid", value) for value in (0.1 + 0.2, 1e-9, 5e-324, "0.000000001")),
            *(("out_of_range", value) for value in (1e300, -1e300, "9" * 60_000, MOST, LEAST)),
            *(("wrong_type", value) for value in ("", " ", "one", "1e5", "0x1", "1,0", "−1", "١")),
        ):
            yield row(code, "place", **{**others, name: value})
        for value in (MOST, LEAST):
            yield row("out_of_range", "place", **{key: it for key, it in others.items() if key != name},
                      **{f"{name}_e8": value})  # fmt: skip
    for value in (LEAST, -1, 0, 1):
        yield row("implausible_time", "advance_time", time=value)
        yield row("implausible_time", "place", quantity="1", tif="gtd", until=value)
    yield row("null_value", "advance_time", note="x")
    for code, value in (("out_of_range", "x" * 65), ("out_of_range", "x" * 60_000)):
        yield row(code, "place", quantity="1", account="A", client_id=value)
    for value in (0, 2**63, 2**64 - 1):
        yield row("unknown_order", "cancel", order=pa.scalar(value, pa.uint64()))
    for name, value in (
        ("tif", "GTC"),
        ("stp", "none"),
        ("post_only", ""),
        ("margin_mode", "x" * 60_000),
        ("reduce_only", "x"),
    ):
        yield row("out_of_range", "place", quantity="1", **{name: value})
    yield row("out_of_range", "open_account", account="A", **{"class": "vip"})
    yield row("out_of_range", "phase", state="closed")
    yield row("null_value", "phase", note="x")
    yield row("unknown_instrument", "mark", price="1", instrument="X-PERQ")
    for field in SCHEMA:
        if field.name in ("bid", "ask", "leverage", "amount"):
            yield row("unused_column", "mark", price="10", **{field.name: "1"})


def _type(value: Any) -> Any:
    return value.type if isinstance(value, pa.Scalar) else pa.array([value]).type

"""Lies about commands: what is no table of them, and what is one of which a row cannot be carried out."""

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
from tests.hostile.arrow_c import Node, Plan, Stream
from tests.hostile.attack import HONEST, LEAST, MOST, Attack, changed, replaced
from tests.hostile.book import OF_VENUE, fixed, record, text
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


def table(of: str, **columns: Any) -> Callable[[], dict[str, Any]]:
    return lambda: {of: pa.table(columns)}


def refused(of: str, what: str, make: Callable[[], dict[str, Any]], **more: Any) -> Attack:
    return Attack(f"{of}: {what}", "refused", make, of, **more)


def commands() -> Iterator[Attack]:
    """Those to a book, and those to a venue."""
    for of, rows in (("commands", rows_of_book), (OF_VENUE, rows_of_venue)):
        yield from wrong_types(of)
        yield from columns(of)
        yield from ids(of)
        yield from texts(of)
        yield from streams(of)
        yield from rows()


def wrong_types(of: str) -> Iterator[Attack]:
    for field in SCHEMA:
        column = "class" if field.name == "class_" else field.name
        for what, values in VALUES.items():
            if what in taken(field.name, field.type):
                continue
            given = {"kind": ["place"], column: values}
            yield refused(of, f"{column} of {what}", table(of, **given), column=column, code="wrong_type")
    yield refused(of, "kinds without a type", table(of, kind=pa.nulls(1)), column="kind", code="wrong_type")


def columns(of: str) -> Iterator[Attack]:
    def without(root: Node) -> None:
        del root.children[0]

    yield refused(of, "without kinds", changed(of, None, without), column="kind", code="missing_column")
    for at, child in enumerate(HONEST[of].children):
        name = ((child.name if child else b"") or b"").decode().removesuffix("_e8")

        def twice(root: Node, at: int = at) -> None:
            root.children.append(root.children[at])

        made = changed(of, None, twice)
        yield refused(of, f"{name} twice", made, column=name, code="duplicate_column")
    for name in ("quantity", "price", "trigger", "amount", "leverage", "bid", "ask"):
        both = table(of, kind=["place"], **{name: ["1"], f"{name}_e8": [1]})
        yield refused(of, f"{name} in both forms", both, column=name, code="duplicate_column")
    for name in ("x", "", "Kind", "kind ", "order_e8", "kind_e8", "time_e8", "seq", "cause", "équipe", "n" * 100_000):
        made = table(of, kind=["place"], **{name: ["1"]})
        yield refused(of, f"an unknown column {name[:9]!r}", made, code="unknown_column")
    yield refused(of, "no columns", lambda: {of: pa.table({})}, column="kind", code="missing_column")
    nothing = {name: pa.nulls(3) for name in SCHEMA.names if name != "kind"}
    for rows in (0, 3):
        empty = {name: column[:rows] for name, column in nothing.items()}
        made = table(of, kind=pa.array([None] * rows, pa.string()), **empty)
        wanted = "rejected" if rows else "accepted"
        code = "null_value" if rows else None
        yield Attack(f"{of}: {rows} rows of nulls in every column", wanted, made, of, code=code)


def ids(of: str) -> Iterator[Attack]:
    """There are an account and a client id of text."""
    names = ("account", "client_id", *(["to_account"] if of == OF_VENUE else []))
    for name in names:
        for kind in (pa.int8(), pa.uint64(), pa.int64()):
            columns = {"kind": ["place"], "account": ["A"], name: pa.array([7], kind)}
            yield refused(of, f"{name} of {kind}", table(of, **columns), column=name, code="id_kind_mismatch")
    of_null = {"kind": ["mark"], "account": pa.array([None], pa.int64()), "price": ["10"]}
    yield Attack(f"{of}: accounts of another kind, all null", "refused", table(of, **of_null), of, "account")


def texts(of: str) -> Iterator[Attack]:
    """Text that is not UTF-8, where a row has it; whether or not its kind uses it."""
    children, rows = HONEST[of].children, HONEST[of].length
    for at, child in enumerate(children):
        if child is None or child.format not in (b"u", b"U", b"vu"):
            continue
        make = offsets(list(range(rows + 1)), data=b"abc\xff" + b"e" * (rows - 4))
        yield replaced(of, at, "not UTF-8", make, "invalid_text", 3)
    coded = [at for at, child in enumerate(children) if child and child.dictionary][:8]
    for at in coded:
        words = lambda: Node(b"u", length=2, buffers=[None, b"\0\0\0\0\1\0\0\0\2\0\0\0", b"A\xff"])  # noqa: E731
        make = lambda words=words: _indexed(words(), [0, 1, *[0] * (rows - 2)])  # noqa: E731
        yield replaced(of, at, "a dictionary that is not UTF-8", make, "invalid_text")
        for index in (2, 127, -1, -128):
            make = lambda index=index: _indexed(text(["A", "B"]), [0, 0, index, *[0] * (rows - 3)])  # noqa: E731
            yield replaced(of, at, f"by an index {index} of two", make, "wrong_type", 2)
        make = lambda: _indexed(text([]), [0] * rows)  # noqa: E731
        yield replaced(of, at, "by an index into nothing", make, "wrong_type")


def _indexed(words: Node, indexes: list[int]) -> Node:
    node = fixed(b"c", "b", indexes)
    node.dictionary = words
    return node


def streams(of: str) -> Iterator[Attack]:
    """A lie in the last of many batches, after others that could have been carried out."""

    def late(last: Callable[[], dict[str, Node]], **fields: Any) -> Callable[[], dict[str, Any]]:
        def make() -> dict[str, Any]:
            first = _placed()
            plan = Plan(first, [first] * 20 + [record(last())])
            vars(plan).update(fields)
            return {of: Stream(plan)}

        return make

    rows = _placed().length
    bad = lambda: {"kind": text(["place"] * rows), "account": offsets([0, 1, 1, 2], data=b"A\xff")()}  # noqa: E731
    yield refused(of, "a stream whose last batch is not UTF-8", late(bad), column="account", code="invalid_text")
    fell = lambda: {"kind": offsets([0, 4, 2, 8], data=b"markmark")(), "account": text(["A"] * rows)}  # noqa: E731
    yield refused(of, "a stream whose last batch has offsets that fall", late(fell), column="kind")
    less = lambda: {"kind": text(["place"])}  # noqa: E731
    yield refused(of, "a stream whose last batch has less", late(less))
    for at in (1, 20):
        yield refused(of, f"a stream that fails at batch {at}", late(less, fails_at=at))


def _placed() -> Node:
    return record({"kind": text(["place"] * 3), "account": text(["A", "B", "A"])})


def row(of: str, code: str, kind: str | None, **cells: Any) -> Attack:
    """A table of which the second row cannot be carried out."""
    listed = {name: pa.array([None, *pa.array([value]).to_pylist()], _type(value)) for name, value in cells.items()}
    made = table(of, kind=pa.array(["cancel_all", kind]), **listed)
    what = ", ".join(f"{name} {str(value)[:24]} ({len(str(value))})" for name, value in cells.items())
    return Attack(f"{of}: a row of {kind}, {what}", "rejected", made, of, code=code, row=1)


# What no number column takes: the code, and values that have it.
NUMBERS = (
    *(("not_finite", value) for value in (float("nan"), float("inf"), float("-inf"))),
    *(("off_grid", value) for value in (0.1 + 0.2, 1e-9, 5e-324, "0.000000001")),
    *(("out_of_range", value) for value in (1e300, -1e300, "9" * 60_000, MOST, LEAST)),
    *(("wrong_type", value) for value in ("", " ", "one", "1e5", "0x1", "1,0", "−1", "١")),
)


def rows_of_book() -> Iterator[Attack]:
    of = "commands"
    yield row(of, "null_value", None, price="1")
    for kind in ("", "PLACE", "place ", "x" * 60_000, "place\0", "deposit", "settle"):
        yield row(of, "out_of_range", kind, quantity="1")
    for name in ("quantity", "price", "trigger"):
        others = {"quantity": "1", "trigger_when": "at_or_above"} if name == "trigger" else {"quantity": "1"}
        for code, value in NUMBERS:
            yield row(of, code, "place", **{**others, name: value})
        for value in (MOST, LEAST):
            yield row(of, "out_of_range", "place", **{key: it for key, it in others.items() if key != name},
                      **{f"{name}_e8": value})  # fmt: skip
    for value in (LEAST, -1, 0, 1):
        yield row(of, "implausible_time", "advance_time", time=value)
        yield row(of, "implausible_time", "place", quantity="1", tif="gtd", until=value)
    yield row(of, "null_value", "advance_time", note="x")
    for code, value in (("out_of_range", "x" * 65), ("out_of_range", "x" * 60_000)):
        yield row(of, code, "place", quantity="1", account="A", client_id=value)
    for value in (0, 2**63, 2**64 - 1):
        yield row(of, "unknown_order", "cancel", order=pa.scalar(value, pa.uint64()))
    for name, value in (
        ("tif", "GTC"),
        ("stp", "none"),
        ("post_only", ""),
        ("margin_mode", "x" * 60_000),
        ("reduce_only", "x"),
    ):
        yield row(of, "out_of_range", "place", quantity="1", **{name: value})
    yield row(of, "out_of_range", "open_account", account="A", **{"class": "vip"})
    yield row(of, "out_of_range", "phase", state="closed")
    yield row(of, "out_of_range", "phase", state="live")
    yield row(of, "null_value", "phase", note="x")
    yield row(of, "unknown_instrument", "mark", price="1", instrument="X-PERQ")
    for field in SCHEMA:
        if field.name in ("bid", "ask", "leverage", "amount"):
            yield row(of, "unused_column", "mark", price="10", **{field.name: "1"})


def rows_of_venue() -> Iterator[Attack]:
    of = OF_VENUE
    deposit = {"account": "A", "asset": "USD"}
    for kind in ("", "DEPOSIT", "deposit ", "x" * 60_000, "deposit\0"):
        yield row(of, "out_of_range", kind, amount="1")
    for code, value in NUMBERS:
        # An amount is money: more than 64 bits are far within.
        if value not in (MOST, LEAST):
            yield row(of, code, "deposit", **deposit, amount=value)
        yield row(of, code, "top", instrument="X-PERP", bid=value)
        yield row(of, code, "top", instrument="X-PERP", ask=value)
        yield row(of, code, "set_account", account="A", leverage=value)
        yield row(of, code, "mark", instrument="X-PERP", price=value)
    for value in (MOST, LEAST):
        yield row(of, "out_of_range", "mark", instrument="X-PERP", price_e8=value)
        yield row(of, "out_of_range", "set_account", account="A", leverage_e8=value)
    # 2⁶³ − 1 of 10⁻⁸ are 9.2·10¹⁰, which may be paid in; less than nothing may not.
    yield row(of, "out_of_range", "deposit", **deposit, amount_e8=LEAST)
    for value in ("-1", "0", "1000000000000.00000001"):
        yield row(of, "out_of_range", "deposit", **deposit, amount=value)
        yield row(of, "out_of_range", "withdraw", **deposit, amount=value)
    for value in (LEAST, -1, 0, 1):
        for kind, name in (("deadman", "until"), ("set_account", "investor_until"), ("set_account", "knowledge_until")):
            yield row(of, "implausible_time", kind, account="A", **{name: value})
    for value in (0, 2**63, 2**64 - 1):
        for kind in ("confirm_withdrawal", "release_withdrawal"):
            yield row(of, "unknown_withdrawal", kind, order=pa.scalar(value, pa.uint64()))
    for kind, code, cells in (
        ("deposit", "unknown_asset", {"account": "A", "asset": "x" * 60_000, "amount": "1"}),
        ("deposit", "unknown_asset", {"account": "A", "asset": "", "amount": "1"}),
        ("place", "unknown_instrument", {"account": "A", "instrument": "X-PERP\0", "quantity": "1"}),
        ("place", "null_value", {"quantity": "1"}),
        ("set_account", "unknown_fee_tier", {"account": "A", "fee_tier": "FREE"}),
        ("set_account", "out_of_range", {"account": "A", "model": ""}),
        ("hold", "out_of_range", {"account": "A", "flags": "no_open," * 5_000}),
        ("hold", "out_of_range", {"account": "A", "flags": ","}),
        ("hold", "approval_missing", {"account": "A", "flags": "frozen", "approval": ""}),
        ("index", "out_of_range", {"underlying": "Z" * 60_000, "price": "1"}),
        ("index", "out_of_range", {"underlying": "X", "price": "1", "state": "auction"}),
        ("phase", "out_of_range", {"instrument": "X-PERP", "state": "frozen"}),
        ("quote", "out_of_range", {"underlying": "Y", "source": "A", "price": "1"}),
        ("quote", "out_of_range", {"underlying": "X", "source": "a", "price": "1"}),
        ("quote", "wrong_type", {"underlying": "Y", "source": "a", "price": "one"}),
        ("fund_topup", "out_of_range", {"amount": "1", "note": "rounding"}),
        ("open_account", "reserved_name", {"account": "rounding"}),
        ("transfer", "unknown_holder", {"account": "A", "to_account": "x" * 60_000, "asset": "USD", "amount": "1"}),
        ("transfer", "conflicting_values", {"account": "A", "to_account": "A", "asset": "USD", "amount": "1"}),
        ("settle", "phase_refused", {"instrument": "X-PERP"}),
    ):
        yield row(of, code, kind, **cells)
    for field in SCHEMA:
        if field.name in ("bid", "ask", "leverage", "amount", "confirm", "rulebook", "flags", "sent"):
            value = 1 if field.name == "sent" else "1"
            yield row(of, "unused_column", "mark", instrument="X-PERP", price="10", **{field.name: value})


def _type(value: Any) -> Any:
    return value.type if isinstance(value, pa.Scalar) else pa.array([value]).type

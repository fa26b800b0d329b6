"""Lies about what an index, a mark and a funding are told; and what feeds may say, which is none."""

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
from tests.hostile.arrow_c import Node, Plan, Stream
from tests.hostile.attack import LEAST, MOST, Attack, changed, replaced
from tests.hostile.book import fixed, honest_prices, record, text
from tests.hostile.lies_about_commands import VALUES
from tests.hostile.lies_about_content import offsets

NOW = 1_900_000_000 * 10**9
# What is there beside the column that lies.
BESIDE: dict[str, dict[str, Any]] = {
    "quotes": {"time": [NOW], "source": ["a"], "price": ["1"]},
    "quotes in columns": {"time": [NOW], "a": ["1"]},
    "tops": {"time": [NOW], "index": ["1"]},
    "funding_inputs": {"time": [NOW], "index": ["1"]},
    "funding_positions": {"account": ["A"], "quantity": ["1"]},
}
COLUMNS: dict[str, dict[str, str]] = {
    "quotes": {"time": "time", "source": "word", "price": "number", "sent": "time"},
    "quotes in columns": {"time": "time", "a": "number", "a source of a long name": "number"},
    "tops": {
        "time": "time", "state": "word",
        **dict.fromkeys(["index", "bid", "ask", "impact_bid", "impact_ask", "last", "funding_rate"], "number"),
    },
    "funding_inputs": {
        "time": "time", "state": "word", **dict.fromkeys(["index", "impact_bid", "impact_ask", "mark"], "number"),
    },
    "funding_positions": {"account": "id", "quantity": "number"},
}  # fmt: skip
TAKEN = {
    "time": {"timestamp"},
    "word": {"text"},
    "number": {"int8", "uint64", "float64", "decimal128", "text"},
    "id": {"text", "int8", "uint64"},
}


def prices() -> Iterator[Attack]:
    yield from wrong_types()
    yield from columns()
    yield from texts()
    yield from streams()
    yield from times()
    yield from what_feeds_say()


def table(name: str, **columns: Any) -> Callable[[], dict[str, Any]]:
    return lambda: {name: pa.table({**BESIDE[name], **columns})}


def refused(name: str, what: str, make: Callable[[], dict[str, Any]], **more: Any) -> Attack:
    return Attack(f"{name}: {what}", "refused", make, name, **more)


def wrong_types() -> Iterator[Attack]:
    for name, kinds in COLUMNS.items():
        for column, kind in kinds.items():
            for what, values in VALUES.items():
                if what in TAKEN[kind]:
                    continue
                code = None if what in ("int8", "text") else "wrong_type"
                yield refused(name, f"{column} of {what}", table(name, **{column: values}), column=column, code=code)


def columns() -> Iterator[Attack]:
    for name, node in honest_prices().items():
        for at, child in enumerate(node.children):
            column = ((child.name if child else b"") or b"").decode().removesuffix("_e8")

            def twice(root: Node, at: int = at) -> None:
                root.children.append(root.children[at])

            yield refused(name, f"{column} twice", changed(name, None, twice), column=column, code="duplicate_column")
            number = COLUMNS[name].get(column, "number") == "number"
            if number:
                both = table(name, **{column: ["1"], f"{column}_e8": [1]})
                yield refused(name, f"{column} in both forms", both, column=column, code="duplicate_column")
        for column in ("x", "", "Time", "time ", "time_e8", "state_e8", "seq", "équipe", "n" * 100_000):
            made = table(name, **{column: ["1"]})
            yield refused(name, f"an unknown column {column[:9]!r}", made, code="unknown_column")
        yield refused(name, "no columns", lambda name=name: {name: pa.table({})}, code="missing_column")
        rows = 2**31 - 1

        def untyped(name: str = name, rows: int = rows) -> dict[str, Any]:
            return {name: record({column: Node(b"n", length=rows) for column in BESIDE[name]})}

        first = next(iter(BESIDE[name]))
        yield refused(name, "very many rows without any memory", untyped, column=first, code="null_value", row=0)

        def bare(name: str = name, rows: int = rows) -> dict[str, Any]:
            return {name: Node(b"+s", length=rows, buffers=[None])}

        yield refused(name, "very many rows without a column", bare, code="missing_column")


def texts() -> Iterator[Attack]:
    """Text that is not UTF-8, wherever text may stand."""
    bad = offsets([0, 1, 2, 3, 4], data=b"1\xff11")
    for name, node in honest_prices().items():
        for at, child in enumerate(node.children):
            column = ((child.name if child else b"") or b"").decode()
            if column.endswith("_e8") or column in ("time", "sent"):
                continue
            yield replaced(name, at, "not UTF-8", bad, "invalid_text", 1)


def streams() -> Iterator[Attack]:
    """A lie in the last of many batches, after others that could have been taken."""
    for name in BESIDE:

        def batch(value: str, name: str = name) -> Node:
            last = list(BESIDE[name])[-1]
            made = {
                column: fixed(b"l", "q", [NOW] * 3) if column == "time" else text(["a", "b", "a"])
                for column in BESIDE[name]
            }
            made[last] = offsets([0, 1, 2, 3], data=b"1" + value.encode("latin-1") + b"1")()
            return record(made)

        def late(value: str, name: str = name, batch: Any = batch, **fields: Any) -> Callable[[], dict[str, Any]]:
            def make() -> dict[str, Any]:
                plan = Plan(batch("1"), [batch("1")] * 20 + [batch(value)])
                vars(plan).update(fields)
                return {name: Stream(plan)}

            return make

        column = list(BESIDE[name])[-1]
        what = "a stream whose last batch is not UTF-8"
        yield refused(name, what, late("\xff"), column=column, code="invalid_text", row=61)
        what = "a stream whose last batch has a word for a number"
        yield refused(name, what, late("x"), column=column, code="wrong_type", row=61)
        for at in (1, 20):
            yield refused(name, f"a stream that fails at batch {at}", late("1", fails_at=at))


def times() -> Iterator[Attack]:
    for name in ("quotes", "quotes in columns", "tops", "funding_inputs"):
        for value in (LEAST, -1, 0, 1, 946_684_799_999_999_999, MOST):
            made = table(name, time=pa.array([value]))
            yield refused(name, f"time {value}", made, column="time", code="implausible_time", row=0)
        for value in (LEAST, MOST):
            seconds = pa.array([value], pa.timestamp("s", "UTC"))
            made = table(name, time=seconds)
            yield refused(name, f"time {value} s", made, column="time", code="out_of_range", row=0)
            made = table(name, time=pa.array([value], pa.timestamp("ns", "UTC")))
            yield refused(name, f"time {value} ns", made, column="time", code="implausible_time", row=0)
        back = {column: values * 2 for column, values in BESIDE[name].items()} | {"time": [NOW, NOW - 1]}
        made = lambda name=name, back=back: {name: pa.table(back)}  # noqa: E731
        yield refused(name, "time back", made, column="time", code="time_order", row=1)
    # A stamp is the source's word, whatever it is.
    for value in (LEAST, -1, 0, 1, NOW - 10**17, NOW, MOST):
        yield Attack(f"quotes: sent {value}", "accepted", table("quotes", sent=pa.array([value])), "quotes")
    for value in (LEAST, 0, MOST):
        made = table("quotes", sent=pa.array([value], pa.timestamp("ns", "UTC")))
        yield Attack(f"quotes: sent {value} as a timestamp", "accepted", made, "quotes")


def what_feeds_say() -> Iterator[Attack]:
    """No number is a lie, but one of a rate off the grid, or a word."""
    said: dict[str, pa.Array] = {
        **{f"{value}": pa.array([value]) for value in (float("nan"), float("inf"), float("-inf"), 5e-324, 1e-9)},
        **{f"{value}": pa.array([value]) for value in (1e300, -1e300, 0.1 + 0.2, -0.0)},
        **{f"{value}": pa.array([value], pa.int64()) for value in (MOST, LEAST, 0, -1)},
        "2⁶⁴ − 1": pa.array([2**64 - 1], pa.uint64()),
        "60,000 digits": pa.array(["9" * 60_000]),
        "60,000 digits below 0": pa.array(["-" + "9" * 60_000]),
        "60,000 decimals": pa.array(["0." + "0" * 60_000 + "1"]),
    }
    for scale in (-20, 0, 8, 9, 38):
        for most in (10**38 - 1, 1 - 10**38):
            whole = pa.array([most], pa.decimal128(38, 0)).buffers()
            said[f"{'-' if most < 0 else ''}38 digits of scale {scale}"] = pa.Array.from_buffers(
                pa.decimal128(38, scale), 1, whole
            )
    for name, kinds in COLUMNS.items():
        if name == "funding_positions":
            continue
        for column, kind in kinds.items():
            if kind != "number":
                continue
            for what, values in said.items():
                odd = what in ("nan", "inf", "-inf", "5e-324", "1e-09", "60,000 decimals") or "0.30000" in what
                odd |= "scale 9" in what or "scale 38" in what
                wanted = "refused" if column == "funding_rate" and odd else "accepted"
                yield Attack(f"{name}: {column} {what}", wanted, table(name, **{column: values}), name)
            for value in (MOST, LEAST, LEAST + 1, LEAST + 2):
                raw = {**BESIDE[name], f"{column}_e8": pa.array([value], pa.int64())}
                raw.pop(column, None)
                made = lambda name=name, raw=raw: {name: pa.table(raw)}  # noqa: E731
                yield Attack(f"{name}: {column}_e8 {value}", "accepted", made, name)
            for word in ("", " ", "one", "1e5", "0x1", "1,0", "−1", "١"):
                made = table(name, **{column: [word]})
                yield refused(name, f"{column} {word!r}", made, column=column, code="wrong_type", row=0)
    for name in ("tops", "funding_inputs"):
        for word in ("", "LIVE", "live ", "x" * 60_000, "live\0"):
            made = table(name, state=[word])
            what = f"state {word[:9]!r} of {len(word)}"
            yield refused(name, what, made, column="state", code="out_of_range", row=0)
    for word in ("", "A", "a\0", "x" * 60_000):
        made = table("quotes", source=[word])
        yield Attack(f"quotes: a stranger {word[:9]!r} of {len(word)}", "accepted", made, "quotes")

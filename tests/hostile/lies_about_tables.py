"""Tables of other columns than they should have, streams, and objects that are no producers."""

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
from tests.hostile.arrow_c import Batch, Node, Plan, Stream
from tests.hostile.attack import MOST, Attack, changed
from tests.hostile.book import fixed, flags, honest, record, text
from tests.hostile.lies_about_content import offsets
from tests.hostile.lies_about_structure import nest

KEPT: list[Any] = []
"""Offers whose capsules alone were handed on."""


def columns() -> Iterator[Attack]:
    """Columns that are too few, too many, not of the contract, or without any memory."""

    def with_column(node: Node, name: bytes | None = b"x") -> Callable[[Node], None]:
        def change(root: Node) -> None:
            node.name = name
            root.children.insert(1, node)

        return change

    strange: dict[str, Callable[[], Node]] = {
        "a list 10,000 deep": lambda: _deep(b"+l"),
        "a struct 10,000 deep": lambda: _deep(b"+s"),
        "of no format": lambda: Node(None, length=4),
        "of a format that is none": lambda: Node(b"\xff" * 5_000, length=4),
        "without buffers": lambda: Node(b"l", length=4, n_buffers=MOST),
        "of another length": lambda: Node(b"l", length=-7, buffers=[None, None]),
        "released": lambda: Node(b"l", length=4, released=True),
        "with children that are none": lambda: Node(b"+s", length=4, n_children=MOST, schema_n_children=MOST),
        "with metadata that is none": lambda: Node(b"l", length=4, metadata=b"\xff" * 64),
        "with text that is none": offsets([9, 3, -1, 2, 2**31 - 1]),
    }
    for what, make in strange.items():
        for name in (b"x", b"", b"\xff\xfe", b"n" * 1_000_000, None, b"equity") if "deep" not in what else (b"x",):
            made = changed("balances", None, lambda root, make=make, name=name: with_column(make(), name)(root))
            label = f"balances: an unknown column {what}, named {name[:5] if name else name!r}"
            code = "unknown_column"
            yield Attack(label, "refused", made, "balances", code=code)
            yield Attack(f"{label}, ignored", "same", made, "balances", options={"extra": "ignore"})
    for at, child in enumerate(honest()["balances"].children[:3]):
        name = (child.name or b"").decode() if child else ""

        def remove(root: Node, at: int = at) -> None:
            del root.children[at]

        made = changed("balances", None, remove)
        yield Attack(f"balances: without {name}", "refused", made, "balances", name, code="missing_column")

        def twice(root: Node, at: int = at) -> None:
            root.children.append(root.children[at])

        made = changed("balances", None, twice)
        yield Attack(f"balances: {name} twice", "refused", made, "balances", name, code="duplicate_column")

    def both_forms(root: Node) -> None:
        root.children.append(fixed(b"l", "q", [1, 2, 3, 4]))
        root.children[-1].name = b"amount_e8"  # type: ignore[union-attr]

    made = changed("balances", None, both_forms)
    yield Attack("balances: amount in two forms", "refused", made, "balances", "amount", code="duplicate_column")
    for rows in (3, 2**31 - 1):

        def untyped(rows: int = rows) -> dict[str, Any]:
            columns = {name: Node(b"n", length=rows) for name in ("account", "asset", "amount")}
            return {**honest(), "balances": record(columns)}

        label = f"balances: {rows} rows without any memory"
        yield Attack(label, "refused", untyped, "balances", "account", code="null_value")
        marked = Attack(f"{label}, marked", "refused", untyped, "balances", "account", "null_value", 0)
        marked.options["on_error"] = "mark"
        yield marked

    def prices() -> dict[str, Any]:
        columns = {name: Node(b"n", length=2**31 - 1) for name in ("symbol", "price")}
        return {**honest(), "prices": record(columns)}

    yield Attack("prices: 2³¹ − 1 rows without any memory", "refused", prices, "prices", code="null_value")

    def no_columns() -> dict[str, Any]:
        return {**honest(), "balances": Node(b"+s", length=2**31 - 1, buffers=[None])}

    yield Attack("balances: rows and no column", "refused", no_columns, "balances", "account", code="missing_column")

    def empty() -> dict[str, Any]:
        texts = [Node(kind, buffers=[None, None, None]) for kind in (b"u", b"vu")]
        names = ("account", "asset", "amount", "held")
        columns = [*texts, Node(b"g", buffers=[None, None]), Node(b"n")]
        return {"balances": record(dict(zip(names, columns, strict=True)))}

    yield Attack("balances: no rows and no memory", "accepted", empty, "balances")


def _deep(kind: bytes) -> Node:
    node = fixed(b"l", "q", [1, 2, 3, 4])
    nest(kind, 10_000)(node)
    return node


def streams() -> Iterator[Attack]:
    def attack(what: str, change: Callable[[Plan], None], wanted: str = "refused", **more: Any) -> Attack:
        def make() -> dict[str, Any]:
            plan = Plan(honest()["balances"], _rows())
            change(plan)
            return {**honest(), "balances": Stream(plan)}

        return Attack(f"stream: {what}", wanted, make, "balances", **more)

    def planned(**fields: Any) -> Callable[[Plan], None]:
        return lambda plan: vars(plan).update(fields)

    yield attack("honest", planned(batches=[honest()["balances"]]), "same")
    yield attack("in pieces", planned(), "same")
    for at in (-1, 0, 1, 2, 4):
        yield attack(f"fails at batch {at}", planned(fails_at=at))
    for reason in (None, b"", b"\xff\xfe", b"long " * 200_000):
        yield attack(f"fails and says {reason[:9] if reason else reason!r}", planned(fails_at=1, reason=reason))
    yield attack("fails and has no way to say why", planned(fails_at=0, no_reason_callback=True))
    yield attack("gives no schema and calls it one", planned(unwritten_schema=True))
    yield attack("released", planned(released=True))
    yield attack("without get_schema", planned(no_schema=True))
    yield attack("without get_next", planned(no_next=True))

    names = ("account", "asset", "amount")
    others = {
        "another schema": honest()["prices"],
        "fewer columns than its batches": record({name: text([]) for name in names}),
        "other types than its batches": record({name: flags([]) for name in (*names, "held")}),
        "a schema with a format that is none": record({name: Node(b"\xff") for name in (*names, "held")}),
        "a schema that is no struct": text([]),
    }
    for what, schema in others.items():
        yield attack(f"of {what}", planned(schema=schema))
        if "fewer" not in what:
            yield attack(f"of {what}, and no batches", planned(schema=schema, batches=[]))
    yield Attack(
        "stream: of no batches", "accepted", lambda: {"balances": Stream(Plan(honest()["balances"], []))}, "balances"
    )

    def last(at: int, node: Callable[[], Node]) -> Callable[[Plan], None]:
        def change(plan: Plan) -> None:
            plan.batches[-1].children[at] = node()

        return change

    yield attack("whose last batch is another table", lambda plan: plan.batches.append(honest()["prices"]))
    yield attack("whose last batch has less", lambda plan: plan.batches.append(record({"account": text(["Z"])})))
    yield attack("whose last batch lies", last(0, offsets([0, 1, 2, 3, -1])), column="account", row=3)
    bad = last(0, offsets([0, 1, 2, 3, 4], data=b"ABC\xff"))
    yield attack("whose last batch is not UTF-8", bad, column="account", code="invalid_text", row=3)
    empty = record({name: text([]) for name in names})
    yield attack("of empty batches without end", planned(schema=empty, batches=[empty], endless=10_000_000))
    rows = record({name: Node(b"n", length=2**30) for name in names})
    yield attack("of rows without memory, without end", planned(schema=rows, batches=[rows], endless=10_000_000))


def _rows() -> list[Node]:
    """The table of balances as batches of one row each, which are all parts of the whole."""
    pieces = [honest()["balances"] for _ in range(4)]
    for row, piece in enumerate(pieces):
        piece.offset, piece.length = row, 1
    return pieces


class Answer:
    """A producer whose methods answer anything."""

    def __init__(self, array: Any = None, stream: Any = None) -> None:
        if array is not None:
            self.__arrow_c_array__ = array
        if stream is not None:
            self.__arrow_c_stream__ = stream


def producers() -> Iterator[Attack]:
    def attack(what: str, make: Callable[[], Any]) -> Attack:
        return Attack(f"producer: {what}", "refused", lambda: {**honest(), "balances": make()}, "balances")

    def pair() -> tuple[Any, Any]:
        offer = Batch(honest()["balances"])
        KEPT.append(offer)
        return offer.__arrow_c_array__()

    def stream() -> Any:
        offer = Stream(Plan(honest()["balances"], [honest()["balances"]]))
        KEPT.append(offer)
        return offer.__arrow_c_stream__()

    for value in (None, 7, "x", b"x", (), [], (1,), (1, 2), (1, 2, 3), {}, object()):
        yield attack(f"an array that is {value!r:.20}", lambda value=value: Answer(array=lambda *_, **__: value))
        yield attack(f"a stream that is {value!r:.20}", lambda value=value: Answer(stream=lambda *_, **__: value))
    yield attack("an array in the wrong order", lambda: Answer(array=lambda *_, **__: pair()[::-1]))
    yield attack("one capsule twice", lambda: Answer(array=lambda *_, **__: (pair()[1],) * 2))
    yield attack("a schema twice", lambda: Answer(array=lambda *_, **__: (pair()[0],) * 2))
    yield attack("a list of capsules", lambda: Answer(array=lambda *_, **__: list(pair())))
    yield attack("three capsules", lambda: Answer(array=lambda *_, **__: (*pair(), pair()[0])))
    yield attack("a stream for an array", lambda: Answer(array=lambda *_, **__: stream()))
    yield attack("an array for a stream", lambda: Answer(stream=lambda *_, **__: pair()))
    yield attack("an array's capsule for a stream", lambda: Answer(stream=lambda *_, **__: pair()[1]))
    yield attack("a method that is none", lambda: Answer(array=7))
    yield attack("a stream that is no method", lambda: Answer(stream=7))
    for names in ((b"arrow_array", b"arrow_schema"), (b"", b""), (b"arrow_schema", b"arrow_arrax")):
        yield attack(f"capsules named {names!r}", lambda names=names: Batch(honest()["balances"], names=names))

    def used() -> Any:
        given = pair()
        pa.RecordBatch._import_from_c_capsule(*given)
        return Answer(array=lambda *_, **__: given)

    yield attack("capsules that were used", used)

    def twice() -> dict[str, Any]:
        offer = Batch(honest()["balances"])
        return {**honest(), "balances": offer, "accounts": offer}

    yield Attack("producer: one offer for two tables", "refused", twice, "accounts")

    def stream_twice() -> dict[str, Any]:
        offer = Stream(Plan(honest()["balances"], [honest()["balances"]]))
        return {**honest(), "balances": offer, "accounts": offer}

    yield Attack("producer: one stream for two tables", "refused", stream_twice, "accounts")
    yield attack("a schema of another batch", lambda: Batch(honest()["balances"], schema=honest()["orders"]))

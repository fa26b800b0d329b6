"""Lies in the fields of the C structures, of every column, dictionary and table."""

import struct
from collections.abc import Callable, Iterator
from typing import Any

from tests.hostile.arrow_c import Node
from tests.hostile.attack import HONEST, LEAST, MOST, Attack, changed, node_of, setting, setting_buffer
from tests.hostile.book import dictionary, fixed, flags, text


def structures() -> Iterator[Attack]:
    """Every column of every table, and the tables themselves."""
    for table, node in HONEST.items():
        for at in range(len(node.children)):
            yield from on_column(table, at)
        yield from on_root(table)


def on_column(table: str, at: int) -> Iterator[Attack]:
    honest_node = node_of(HONEST, table, at)
    said = (honest_node.name or b"").decode()
    name = said.removesuffix("_e8")

    def attack(what: str, wanted: str, change: Callable[[Node], None], column: str | None = name) -> Attack:
        return Attack(f"{table}.{said}: {what}", wanted, changed(table, at, change), table, column)

    for value in (LEAST, -(2**31), -1, 2**31, 2**32, 2**40, 2**62, MOST):
        yield attack(f"length {value}", "refused", setting(length=value))
        yield attack(f"offset {value}", "refused", setting(offset=value))
    yield attack("offset and length overflow", "refused", setting(offset=2**62, length=2**62))
    yield attack("length 0", "refused", setting(length=0))
    yield attack("one row short", "refused", setting(length=honest_node.length - 1))
    for value in (LEAST, -2, 1, 3, 4, 5, MOST):
        wanted = "same" if value == honest_node.null_count else "refused"
        yield attack(f"null_count {value}", wanted, setting(null_count=value))
    yield attack("null_count unknown", "same", setting(null_count=-1))
    if honest_node.null_count:
        yield attack("null_count 0 beside nulls", "refused", setting(null_count=0))
    count = len(honest_node.buffers)
    for value in sorted({LEAST, -1, 0, 1, count - 1, count + 1, 2**31, 2**62, MOST} - {count}):
        yield attack(f"n_buffers {value}", "refused", setting(n_buffers=value))
    yield attack("no buffers", "refused", setting(no_buffers=True))
    for buffer in range(1, count):
        yield attack(f"buffer {buffer} NULL", "refused", setting_buffer(buffer, None))
    for value in (LEAST, -1, 1, 2**62):
        yield attack(f"n_children {value} without children", "refused", setting(n_children=value))
        yield attack(f"n_children {value} in the schema", "refused", setting(schema_n_children=value))
    yield attack("a child that its type has not", "refused", setting(children=[flags([True])]))
    yield attack("released", "refused", setting(released=True))
    yield attack("schema released", "refused", setting(schema_released=True), None)
    for misaligned in (1, 3, 8):
        yield attack(f"misaligned by {misaligned}", "same", setting(misaligned=misaligned))
    yield attack("flags of every bit", "same", setting(flags=-1))
    yield attack("flags none", "same", setting(flags=0))
    for metadata in (b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x01\0\0\0\xff\xff\xff\x7f", b"", b"\x80" * 99):
        yield attack(f"metadata {metadata[:8]!r}", "same", setting(metadata=metadata))
    for index in (b"c", b"l", b"g", b"u", b"+s"):
        change = setting(format=index, schema_dictionary=text(["x"]))
        if honest_node.dictionary is None:
            yield attack(f"a dictionary in the schema of {index!r} only", "refused", change)
    if honest_node.dictionary is None:
        yield attack(
            "a dictionary in the array only", "refused", setting(dictionary=text(["x"]), schema_dictionary=None)
        )
    else:
        yield attack("a dictionary in the schema only", "refused", _drop_dictionary)
        yield attack("a dictionary in the array only", "refused", setting(schema_dictionary=None))
        yield from _on_dictionary(table, at, attack)
    yield attack("format NULL", "refused", setting(format=None))
    for kind in (b"", b"\xff\xfe", b"x", b"l" * 1_000_000, b"i:", b"l\n", b" l"):
        yield attack(f"format {kind[:9]!r}", "refused", setting(format=kind))
    for depth in (1, 100, 10_000) if (table, at) == ("balances", 1) else (1, 100):
        yield attack(f"a list, {depth} deep", "refused", nest(b"+l", depth))
        yield attack(f"a struct, {depth} deep", "refused", nest(b"+s", depth))
    yield attack("name NULL", "refused", setting(name=None), "")


def _drop_dictionary(node: Node) -> None:
    node.schema_dictionary, node.dictionary = node.dictionary, None


def nest(kind: bytes, depth: int) -> Callable[[Node], None]:
    def change(node: Node) -> None:
        inner = Node(b"l", length=node.length, buffers=[None, bytes(8 * node.length)])
        for _ in range(depth - 1):
            inner = _wrapped(kind, inner)
        outer = _wrapped(kind, inner)
        outer.name = node.name
        node.__dict__.update(outer.__dict__)

    return change


def _wrapped(kind: bytes, inner: Node) -> Node:
    offsets = struct.pack(f"<{inner.length + 1}i", *range(inner.length + 1))
    return Node(kind, length=inner.length, buffers=[None, offsets] if kind == b"+l" else [None], children=[inner])


def _on_dictionary(table: str, at: int, attack: Any) -> Iterator[Attack]:
    node = node_of(HONEST, table, at)
    codes = {b"c": "b", b"s": "h", b"i": "i", b"l": "q", b"C": "B", b"S": "H", b"I": "I", b"L": "Q"}
    code = codes[node.format or b""]

    def inner(**fields: Any) -> Callable[[Node], None]:
        def change(node: Node) -> None:
            setting(**fields)(node.dictionary)  # type: ignore[arg-type]

        return change

    for value in (LEAST, -1, 2**31, 2**62, MOST):
        yield attack(f"dictionary length {value}", "refused", inner(length=value))
        yield attack(f"dictionary offset {value}", "refused", inner(offset=value))
    last_is_used = struct.pack(f"<{code}", 1) in (node.buffers[1] or b"")
    yield attack("dictionary of one value less", "refused" if last_is_used else "same", inner(length=1))
    yield attack("dictionary without values", "refused", inner(length=0))
    for value in (-1, 0, 2, 4, MOST):
        yield attack(f"dictionary n_buffers {value}", "refused", inner(n_buffers=value))
    yield attack("dictionary no buffers", "refused", inner(no_buffers=True))
    yield attack("dictionary released", "refused", inner(released=True))
    yield attack("dictionary schema released", "refused", inner(schema_released=True))
    for kind in (None, b"", b"l", b"z", b"+s", b"+l", b"n", b"\xff"):
        yield attack(f"dictionary of format {kind!r}", "refused", inner(format=kind))
    yield attack("dictionary with a child", "refused", inner(children=[flags([True])]))

    def nested(node: Node) -> None:
        assert node.dictionary is not None
        node.dictionary = dictionary(["COIN", "USD"], text(["COIN", "USD"]), b"i", "i")

    yield attack("dictionary of a dictionary", "refused", nested)

    def deep(node: Node) -> None:
        words = text(["COIN", "USD"])
        for _ in range(10_000):
            outer = fixed(b"i", "i", [0, 1])
            outer.dictionary = words
            words = outer
        node.dictionary = words

    if (table, at) == ("balances", 1):
        yield attack("dictionary, 10,000 deep", "refused", deep)
    values_of = 2 ** (8 * struct.calcsize(code))
    least, most = (0, values_of - 1) if code.isupper() else (-values_of // 2, values_of // 2 - 1)
    for index in (2, most) if code.isupper() else (2, most, -1, least):
        for row in (0, node.length - 1):
            if node.buffers[0] is not None and not node.buffers[0][0] >> row & 1:
                continue

            def change(node: Node, index: int = index, row: int = row) -> None:
                size = struct.calcsize(code)
                data = bytearray(node.buffers[1] or b"")
                data[row * size : row * size + size] = struct.pack(f"<{code}", index)
                node.buffers[1] = bytes(data)

            yield attack(f"index {index} in row {row}", "refused", change)
    if node.null_count:
        row = next(row for row in range(node.length) if not (node.buffers[0] or b"")[0] >> row & 1)

        def under(node: Node, row: int = row) -> None:
            size = struct.calcsize(code)
            data = bytearray(node.buffers[1] or b"")
            data[row * size : row * size + size] = struct.pack(f"<{code}", most)
            node.buffers[1] = bytes(data)

        yield attack("an index beyond, under a null", "same", under)


def on_root(table: str) -> Iterator[Attack]:
    rows, columns = HONEST[table].length, len(HONEST[table].children)

    def attack(what: str, wanted: str, change: Callable[[Node], None], **more: Any) -> Attack:
        return Attack(f"{table}: {what}", wanted, changed(table, None, change), table, **more)

    for value in (LEAST, -1, rows + 1, 2**31 - 1, 2**31, 2**32, 2**62, MOST):
        yield attack(f"length {value}", "refused", setting(length=value))
    for value in (LEAST, -1, 1, 2**31, 2**62, MOST):
        yield attack(f"offset {value}", "refused", setting(offset=value))
    yield attack("offset and length overflow", "refused", setting(offset=MOST, length=MOST))
    for value in (LEAST, -1, 0, 2, MOST):
        yield attack(f"n_buffers {value}", "refused", setting(n_buffers=value))
    yield attack("no buffers", "refused", setting(no_buffers=True))
    for value in (LEAST, -1, 0, columns - 1, columns + 1, 2**31, 2**62, MOST):
        yield attack(f"n_children {value}", "refused", setting(n_children=value))
        yield attack(f"n_children {value} in the schema", "refused", setting(schema_n_children=value))
    for value in (LEAST, -1, 0, 2**62, MOST):
        yield attack(f"n_children {value} in both", "refused", setting(n_children=value, schema_n_children=value))
    yield attack("no children", "refused", setting(no_children=True))
    yield attack("no children in the schema", "refused", setting(no_schema_children=True))
    yield attack("no children in both", "refused", setting(no_children=True, no_schema_children=True))
    for at in range(columns):

        def lose(node: Node, at: int = at) -> None:
            node.schema_children = list(node.children)
            node.children[at] = None

        def lose_schema(node: Node, at: int = at) -> None:
            node.schema_children = list(node.children)
            node.schema_children[at] = None

        yield attack(f"child {at} NULL", "refused", lose)
        yield attack(f"child {at} NULL in the schema", "refused", lose_schema)
    yield attack("released", "refused", setting(released=True))
    yield attack("schema released", "refused", setting(schema_released=True))
    yield attack("both released", "refused", setting(released=True, schema_released=True))
    yield attack("a dictionary", "refused", lambda node: setting(dictionary=text(["x"]))(node))
    yield attack("a dictionary in the array", "refused", setting(dictionary=text(["x"]), schema_dictionary=None))
    yield attack("a dictionary in the schema", "refused", setting(schema_dictionary=text(["x"])))
    for what, count in (("", rows), (", count unknown", -1)):
        change = setting(buffers=[bytes(-(-rows // 8))], null_count=count)
        # Of commands each row is for itself.
        wanted = "rejected" if table.startswith("commands") else "refused"
        yield attack(f"no row is valid{what}", wanted, change, code="null_value")
    yield attack("no row is valid, count 0", "refused", setting(buffers=[bytes(-(-rows // 8))], null_count=0))
    yield attack("nulls counted without a bitmap", "refused", setting(null_count=rows))
    for metadata in (b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x01\0\0\0\x04\0\0\0\xff\xff\xff\xff"):
        yield attack(f"metadata {metadata[:8]!r}", "same", setting(metadata=metadata))
    yield attack("name not UTF-8", "same", setting(name=b"\xff\xfe"))
    yield attack("name NULL", "same", setting(name=None))
    kinds = (
        None,
        b"",
        b"+",
        b"+S",
        b"+l",
        b"+L",
        b"+m",
        b"+r",
        b"+vl",
        b"+w:2",
        b"+w:-1",
        b"+ud:0",
        b"+us:",
        b"n",
        b"l",
    )
    for kind in (*kinds, b"\xff", b"+s:", b"+s" * 100_000, b"u", b"vu", b"w:-1", b"b"):
        yield attack(f"format {kind[:9] if kind else kind!r}", "refused", setting(format=kind))
    for depth in (1, 10_000) if table == "balances" else (1, 100):
        yield attack(f"nested {depth} deep", "refused", nest(b"+s", depth))

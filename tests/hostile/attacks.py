"""Every way in which a producer may lie, one by one, with what must become of it.

`refused`: SchemaError or InputError, with its table. `same`: what was changed means nothing, the figures stay.
`accepted`: there is nothing wrong with it.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.hostile.arrow_c import Batch, Node, Plan, Stream
from tests.hostile.book import E8, LONG, dictionary, fixed, flags, honest, record, text, view, views

LEAST, MOST = -(2**63), 2**63 - 1


@dataclass
class Attack:
    name: str
    wanted: str
    make: Callable[[], dict[str, Any]]
    table: str
    column: str | None = None
    """The column that the error names, where it must name one."""
    options: dict[str, Any] = field(default_factory=dict)
    code: str | None = None
    row: int | None = None


HONEST = honest()


def all_attacks() -> Iterator[Attack]:
    for table, node in HONEST.items():
        for at in range(len(node.children)):
            yield from _on_column(table, at)
    for table in HONEST:
        yield from _on_root(table)
    yield from _formats()
    yield from _texts()
    yield from _views()
    yield from _dictionaries()
    yield from _values()
    yield from _columns()
    yield from _streams()
    yield from _producers()


def _node(make: dict[str, Any], table: str, at: int) -> Node:
    child = make[table].children[at]
    assert isinstance(child, Node)
    return child


def _changed(table: str, at: int | None, change: Callable[[Any], None]) -> Callable[[], dict[str, Any]]:
    def make() -> dict[str, Any]:
        book: dict[str, Any] = honest()
        change(book[table] if at is None else _node(book, table, at))
        return book

    return make


def _set(**fields: Any) -> Callable[[Node], None]:
    def change(node: Node) -> None:
        for name, value in fields.items():
            assert hasattr(node, name), name
            setattr(node, name, value)

    return change


def _set_buffer(at: int, value: bytes | None) -> Callable[[Node], None]:
    def change(node: Node) -> None:
        node.buffers[at] = value

    return change


def _on_column(table: str, at: int) -> Iterator[Attack]:
    honest_node = _node(HONEST, table, at)
    said = (honest_node.name or b"").decode()
    name = said.removesuffix("_e8")

    def attack(what: str, wanted: str, change: Callable[[Node], None], column: str | None = name) -> Attack:
        return Attack(f"{table}.{said}: {what}", wanted, _changed(table, at, change), table, column)

    for value in (LEAST, -(2**31), -1, 2**31, 2**32, 2**40, 2**62, MOST):
        yield attack(f"length {value}", "refused", _set(length=value))
        yield attack(f"offset {value}", "refused", _set(offset=value))
    yield attack("offset and length overflow", "refused", _set(offset=2**62, length=2**62))
    yield attack("length 0", "refused", _set(length=0))
    yield attack("one row short", "refused", _set(length=honest_node.length - 1))
    for value in (LEAST, -2, 1, 3, 4, 5, MOST):
        wanted = "same" if value == honest_node.null_count else "refused"
        yield attack(f"null_count {value}", wanted, _set(null_count=value))
    yield attack("null_count unknown", "same", _set(null_count=-1))
    if honest_node.null_count:
        yield attack("null_count 0 beside nulls", "refused", _set(null_count=0))
    count = len(honest_node.buffers)
    for value in sorted({LEAST, -1, 0, 1, count - 1, count + 1, 2**31, 2**62, MOST} - {count}):
        yield attack(f"n_buffers {value}", "refused", _set(n_buffers=value))
    yield attack("no buffers", "refused", _set(no_buffers=True))
    for buffer in range(1, count):
        yield attack(f"buffer {buffer} NULL", "refused", _set_buffer(buffer, None))
    for value in (LEAST, -1, 1, 2**62):
        yield attack(f"n_children {value} without children", "refused", _set(n_children=value))
        yield attack(f"n_children {value} in the schema", "refused", _set(schema_n_children=value))
    yield attack("a child that its type has not", "refused", _set(children=[flags([True])]))
    yield attack("released", "refused", _set(released=True))
    yield attack("schema released", "refused", _set(schema_released=True), None)
    for misaligned in (1, 3, 8):
        yield attack(f"misaligned by {misaligned}", "same", _set(misaligned=misaligned))
    yield attack("flags of every bit", "same", _set(flags=-1))
    yield attack("flags none", "same", _set(flags=0))
    for metadata in (b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x01\0\0\0\xff\xff\xff\x7f", b"", b"\x80" * 99):
        yield attack(f"metadata {metadata[:8]!r}", "same", _set(metadata=metadata))
    for index in (b"c", b"l", b"g", b"u", b"+s"):
        change = _set(format=index, schema_dictionary=text(["x"]))
        if honest_node.dictionary is None:
            yield attack(f"a dictionary in the schema of {index!r} only", "refused", change)
    if honest_node.dictionary is None:
        yield attack("a dictionary in the array only", "refused", _set(dictionary=text(["x"]), schema_dictionary=None))
    else:
        yield attack("a dictionary in the schema only", "refused", _drop_dictionary)
        yield attack("a dictionary in the array only", "refused", _set(schema_dictionary=None))
        yield from _on_dictionary(table, at, attack)
    yield attack("format NULL", "refused", _set(format=None))
    for kind in (b"", b"\xff\xfe", b"x", b"l" * 1_000_000, b"i:", b"l\n", b" l"):
        yield attack(f"format {kind[:9]!r}", "refused", _set(format=kind))
    for depth in (1, 100, 10_000) if (table, at) == ("balances", 1) else (1, 100):
        yield attack(f"a list, {depth} deep", "refused", _nest(b"+l", depth))
        yield attack(f"a struct, {depth} deep", "refused", _nest(b"+s", depth))
    yield attack("name NULL", "refused", _set(name=None), "")


def _drop_dictionary(node: Node) -> None:
    node.schema_dictionary, node.dictionary = node.dictionary, None


def _nest(kind: bytes, depth: int) -> Callable[[Node], None]:
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
    node = _node(HONEST, table, at)
    codes = {b"c": "b", b"s": "h", b"i": "i", b"l": "q", b"C": "B", b"S": "H", b"I": "I", b"L": "Q"}
    code = codes[node.format or b""]

    def inner(**fields: Any) -> Callable[[Node], None]:
        def change(node: Node) -> None:
            _set(**fields)(node.dictionary)  # type: ignore[arg-type]

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


def _on_root(table: str) -> Iterator[Attack]:
    rows, columns = HONEST[table].length, len(HONEST[table].children)

    def attack(what: str, wanted: str, change: Callable[[Node], None], **more: Any) -> Attack:
        return Attack(f"{table}: {what}", wanted, _changed(table, None, change), table, **more)

    for value in (LEAST, -1, rows + 1, 2**31 - 1, 2**31, 2**32, 2**62, MOST):
        yield attack(f"length {value}", "refused", _set(length=value))
    for value in (LEAST, -1, 1, 2**31, 2**62, MOST):
        yield attack(f"offset {value}", "refused", _set(offset=value))
    yield attack("offset and length overflow", "refused", _set(offset=MOST, length=MOST))
    for value in (LEAST, -1, 0, 2, MOST):
        yield attack(f"n_buffers {value}", "refused", _set(n_buffers=value))
    yield attack("no buffers", "refused", _set(no_buffers=True))
    for value in (LEAST, -1, 0, columns - 1, columns + 1, 2**31, 2**62, MOST):
        yield attack(f"n_children {value}", "refused", _set(n_children=value))
        yield attack(f"n_children {value} in the schema", "refused", _set(schema_n_children=value))
    for value in (LEAST, -1, 0, 2**62, MOST):
        yield attack(f"n_children {value} in both", "refused", _set(n_children=value, schema_n_children=value))
    yield attack("no children", "refused", _set(no_children=True))
    yield attack("no children in the schema", "refused", _set(no_schema_children=True))
    yield attack("no children in both", "refused", _set(no_children=True, no_schema_children=True))
    for at in range(columns):

        def lose(node: Node, at: int = at) -> None:
            node.schema_children = list(node.children)
            node.children[at] = None

        def lose_schema(node: Node, at: int = at) -> None:
            node.schema_children = list(node.children)
            node.schema_children[at] = None

        yield attack(f"child {at} NULL", "refused", lose)
        yield attack(f"child {at} NULL in the schema", "refused", lose_schema)
    yield attack("released", "refused", _set(released=True))
    yield attack("schema released", "refused", _set(schema_released=True))
    yield attack("both released", "refused", _set(released=True, schema_released=True))
    yield attack("a dictionary", "refused", lambda node: _set(dictionary=text(["x"]))(node))
    yield attack("a dictionary in the array", "refused", _set(dictionary=text(["x"]), schema_dictionary=None))
    yield attack("a dictionary in the schema", "refused", _set(schema_dictionary=text(["x"])))
    yield attack("no row is valid", "refused", _set(buffers=[b"\0"], null_count=rows), code="null_value")
    yield attack("no row is valid, count unknown", "refused", _set(buffers=[b"\0"], null_count=-1), code="null_value")
    yield attack("no row is valid, count 0", "refused", _set(buffers=[b"\0"], null_count=0))
    yield attack("nulls counted without a bitmap", "refused", _set(null_count=rows))
    for metadata in (b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x01\0\0\0\x04\0\0\0\xff\xff\xff\xff"):
        yield attack(f"metadata {metadata[:8]!r}", "same", _set(metadata=metadata))
    yield attack("name not UTF-8", "same", _set(name=b"\xff\xfe"))
    yield attack("name NULL", "same", _set(name=None))
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
        yield attack(f"format {kind[:9] if kind else kind!r}", "refused", _set(format=kind))
    for depth in (1, 10_000) if table == "balances" else (1, 100):
        yield attack(f"nested {depth} deep", "refused", _nest(b"+s", depth))


FORMATS = (
    *(b"n:", b"bb", b"e", b"f", b"z", b"Z", b"vz", b"w:0", b"w:8", b"w:-1", b"w:2147483647", b"w:x", b"w:", b"w"),
    *(b"d:", b"d", b"d:,", b"d:x,y", b"d:38", b"d:38,", b"d:0,0", b"d:39,8", b"d:38,8,256", b"d:38,8,7", b"d:38,8,"),
    *(
        b"d:38,8,128,1",
        b"d:999,8",
        b"d:38,999",
        b"d:-1,8",
        b"d:38,8 ",
        b"d:10,2,32",
        b"d:19,2,64",
        b"d:+5,2",
        b"d:76,8,256",
    ),
    *(
        b"tdD",
        b"tdm",
        b"tts",
        b"ttm",
        b"ttu",
        b"ttn",
        b"tDs",
        b"tDm",
        b"tDu",
        b"tDn",
        b"tiM",
        b"tiD",
        b"tin",
        b"t",
        b"ts",
    ),
    *(b"tss", b"tsm:", b"tsx:UTC", b"tsn:Europe/Paris", b"tsn:" + b"Z" * 100_000, b"tsn:\xff", b"tsn:UTC\n"),
    *(
        b"+l",
        b"+L",
        b"+vl",
        b"+vL",
        b"+m",
        b"+r",
        b"+s",
        b"+w:1",
        b"+w:2147483648",
        b"+w:",
        b"+ud:0,1",
        b"+us:0",
        b"+ud:",
    ),
    *(b"U" * 64, b"c\x01", b"%s%s%n", b"\xe2\x82", b"+", b"-", b":"),
)


def _formats() -> Iterator[Attack]:
    """Every type that no column of the contract takes, and what is no type, with buffers that would do."""
    plain = [("balances", 2), ("orders", 3), ("prices", 2)]
    for table, at in plain:
        name = (_node(HONEST, table, at).name or b"").decode()
        for kind in FORMATS:
            for buffers in (2, 3, 1):

                def change(node: Node, kind: bytes = kind, buffers: int = buffers) -> None:
                    node.format = kind
                    node.buffers = [None, bytes(16 * node.length), b""][:buffers]

                what = f"format {kind[:14]!r} with {buffers} buffers"
                yield Attack(f"{table}.{name}: {what}", "refused", _changed(table, at, change), table, name)


def _replaced(table: str, at: int, make: Callable[[], Node]) -> Callable[[], dict[str, Any]]:
    def change(node: Node) -> None:
        name = node.name
        node.__dict__.update(make().__dict__)
        node.name = name

    return _changed(table, at, change)


def _offsets(values: list[int], large: bool = False, data: bytes = b"USDUSDUSDUSD") -> Callable[[], Node]:
    def make() -> Node:
        packed = struct.pack(f"<{len(values)}{'q' if large else 'i'}", *values)
        return Node(b"U" if large else b"u", length=len(values) - 1, buffers=[None, packed, data])

    return make


def _texts() -> Iterator[Attack]:
    """Texts by offsets; each in the account, in a name and in a number."""
    for large in (False, True):
        lies: dict[str, list[int]] = {
            "offsets that fall": [0, 6, 3, 9, 12],
            "offsets that fall below the first": [3, 6, 0, 9, 12],
            "a negative offset": [0, -3, 3, 6, 9],
            "a negative first offset": [-3, 0, 3, 6, 9],
            "all offsets negative": [-4, -3, -2, -1, -1],
            "the last offset negative": [0, 3, 6, 9, -1],
            "an offset far beyond": [0, 3, 6, 9, 2**31 - 1],
            "an offset far beyond that comes back": [0, 2**31 - 1, 6, 9, 12],
            "an offset a little less far beyond": [0, 3, 6, 9, 5_000_000],
            "the first offset far beyond": [2**31 - 1, 3, 6, 9, 12],
        }
        if large:
            lies |= {
                "an offset beyond every memory": [0, 3, 6, 9, MOST],
                "an offset beyond every memory that comes back": [0, MOST, 6, 9, 12],
                "an offset of 2⁶²": [0, 3, 6, 9, 2**62],
                "an offset of 2³³": [0, 3, 6, 9, 2**33],
                "the least offset": [0, LEAST, 6, 9, 12],
            }
        for what, offsets in lies.items():
            for at, name in ((0, "account"), (1, "asset"), (2, "amount"), (3, "held")):
                make = _replaced("balances", at, _offsets(offsets, large))
                yield Attack(f"balances.{name}: {what}, large {large}", "refused", make, "balances", name)
        bad = {
            "not UTF-8": (b"USDUSDUS\xffUSD", [0, 3, 6, 9, 12]),
            "a character cut in two": (b"USDUS\xc3\xbcDUSDX", [0, 3, 6, 9, 12]),
            "an overlong code": (b"USDU\xc0\xafUSDUSD", [0, 3, 6, 9, 12]),
            "a surrogate": (b"USD\xed\xa0\x80USDUSD", [0, 3, 6, 9, 12]),
            "a code that is not ended": (b"USDUSDUSDUS\xf0", [0, 3, 6, 9, 12]),
        }
        for what, (data, offsets) in bad.items():
            for at, name in ((0, "account"), (1, "asset"), (2, "amount")):
                make = _replaced("balances", at, _offsets(offsets, large, data))
                yield Attack(
                    f"balances.{name}: {what}, large {large}", "refused", make, "balances", name, code="invalid_text"
                )
    yield Attack(
        "accounts.client: not UTF-8 in a column that changes no figure",
        "refused",
        _replaced(
            "accounts", 2, lambda: Node(b"u", length=2, buffers=[None, struct.pack("<3i", 0, 1, 2), b"\xff\xfe"])
        ),
        "accounts",
        "client",
        code="invalid_text",
    )


def _views() -> Iterator[Attack]:
    def column(words: list[bytes], data: list[bytes | None], sizes: list[int] | None) -> Callable[[], Node]:
        def make() -> Node:
            sized = None if sizes is None else struct.pack(f"<{len(sizes)}q", *sizes)
            return Node(b"vu", length=len(words), buffers=[None, b"".join(words), *data, sized])

        return make

    long = LONG.encode()
    x, y = view(b"X-PERP"), view(long)
    lies: dict[str, Callable[[], Node]] = {}
    for size in (-1, -(2**31), 2**31 - 1, len(long) + 1, 70_000):
        lies[f"of length {size}"] = column([x, struct.pack("<i4sii", size, long[:4], 0, 0), y], [long], [len(long)])
    for buffer in (-1, 1, 2, -(2**31), 2**31 - 1):
        lies[f"into buffer {buffer}"] = column([x, view(long, buffer), y], [long], [len(long)])
    for offset in (-1, 1, -(2**31), 2**31 - 1, len(long)):
        lies[f"from {offset}"] = column([x, view(long, 0, offset), y], [long], [len(long)])
    lies["with another prefix"] = column([x, struct.pack("<i4sii", len(long), b"?-PE", 0, 0), y], [long], [len(long)])
    lies["not padded with zeros"] = column([x, struct.pack("<i", 3) + b"USD" + b"\1" * 9, y], [long], [len(long)])
    lies["into no buffer"] = column([x, y, y], [], [])
    lies["into a NULL buffer"] = column([x, y, y], [None], [len(long)])
    lies["into a buffer of length 0"] = column([x, y, y], [long], [0])
    for size in (-1, LEAST):
        lies[f"into a buffer of length {size}"] = column([x, y, y], [long], [size])
    lies["into buffers without lengths"] = column([x, y, y], [long], None)
    for what, make in lies.items():
        for at, name in ((0, "account"), (1, "instrument"), (2, "quantity_e8")):
            if name != "quantity_e8":
                yield Attack(f"orders.{name}: a view {what}", "refused", _replaced("orders", at, make), "orders", name)
    bad = {
        "within": column([x, view(b"X\xff"), y], [long], [len(long)]),
        "outside": column([x, view(long[:-1] + b"\xff"), y], [long[:-1] + b"\xff"], [len(long)]),
    }
    for what, make in bad.items():
        for at, name in ((0, "account"), (1, "instrument")):
            made = _replaced("orders", at, make)
            yield Attack(
                f"orders.{name}: a view {what} not UTF-8", "refused", made, "orders", name, code="invalid_text"
            )
    unused = column([x, y, y], [long, None], [len(long), 0])
    yield Attack("orders.instrument: an unused buffer NULL", "same", _replaced("orders", 1, unused), "orders")


def _dictionaries() -> Iterator[Attack]:
    def of(words: Callable[[], Node], indexes: list[int]) -> Callable[[], Node]:
        def make() -> Node:
            node = fixed(b"i", "i", indexes)
            node.dictionary = words()
            return node

        return make

    fall = of(_offsets([0, 3, 1]), [0, 1, 0, 1])
    bad = of(_offsets([0, 3, 6], data=b"USDUS\xff"), [0, 0, 0, 0])
    empty = of(lambda: Node(b"u", buffers=[None, None, None]), [0, 0, 0, 0])
    for at, name in ((0, "account"), (1, "asset")):
        yield Attack(f"balances.{name}: dictionary offsets that fall", "refused", _replaced("balances", at, fall), "balances", name)  # fmt: skip
        yield Attack(f"balances.{name}: dictionary not UTF-8", "refused", _replaced("balances", at, bad), "balances", name, code="invalid_text")  # fmt: skip
        yield Attack(f"balances.{name}: an empty dictionary", "refused", _replaced("balances", at, empty), "balances", name)  # fmt: skip
        nulls = of(lambda: text(["USD", None]), [0, 1, 0, 0])
        made = _replaced("balances", at, nulls)
        yield Attack(f"balances.{name}: a null in the dictionary", "refused", made, "balances", name, code="null_value")
        lying = of(lambda: Node(b"u", length=2, null_count=1, buffers=[None, struct.pack("<3i", 0, 3, 6), b"USDUSD"]), [0, 1, 0, 0])  # fmt: skip
        yield Attack(f"balances.{name}: a null counted in the dictionary", "refused", _replaced("balances", at, lying), "balances", name)  # fmt: skip


def _values() -> Iterator[Attack]:
    """Values that the tables refuse, in memory that holds together."""

    def amount(code: str, value: Any, kind: bytes, width: str) -> Attack:
        made = _replaced("balances", 2, lambda: fixed(kind, width, [1, value, 1, 1]))
        what = f"balances.amount: {value} as {kind.decode()}"
        return Attack(what, "refused", made, "balances", "amount", code=code, row=0 if kind == b"d:38,127" else 1)

    for value in (float("nan"), float("inf"), float("-inf")):
        yield amount("not_finite", value, b"g", "d")
    for value in (0.1 + 0.2, 1e-9, 5e-324):
        yield amount("off_grid", value, b"g", "d")
    for value in (1e300, -1e300, 1e13):
        yield amount("out_of_range", value, b"g", "d")
    for kind, width, most in ((b"l", "q", MOST), (b"l", "q", LEAST), (b"L", "Q", 2**64 - 1)):
        yield amount("out_of_range", most, kind, width)
    for scale in (0, 7, 8):
        for most in (2**127 - 1, -(2**127)):
            yield amount("out_of_range", most, f"d:38,{scale}".encode(), "q2")
    yield amount("off_grid", 1, b"d:38,127", "q2")
    yield amount("null_value", None, b"d:38,8", "q2")
    for code, value in (("wrong_type", "1e5"), ("out_of_range", "9" * 60_000)):
        made = _replaced("balances", 2, lambda value=value: text(["1", value, "1", "1"]))
        yield Attack(f"balances.amount: text {value[:9]}", "refused", made, "balances", "amount", {}, code, 1)
    for scale in (-128, -20):
        kind = f"d:38,{scale}".encode()
        made = _replaced("balances", 2, lambda kind=kind: fixed(kind, "q2", [0, 2**127 - 1, 0, 0]))
        yield Attack(f"balances.amount: scale {scale}", "refused", made, "balances", "amount", {}, "out_of_range", 1)
    for scale in (9, 38):
        kind = f"d:38,{scale}".encode()
        made = _replaced("balances", 2, lambda kind=kind: fixed(kind, "q2", [0, 1, 0, 0]))
        yield Attack(f"balances.amount: scale {scale}", "refused", made, "balances", "amount", {}, "off_grid", 1)
    prices = {"null_value": None, "out_of_range": 0}
    for code, value in prices.items():
        made = _replaced("prices", 1, lambda value=value: fixed(b"l", "q", [10, value, 1, 1]))
        yield Attack(f"prices.price: {value}", "refused", made, "prices", "price", code=code)
    made = _replaced("prices", 0, lambda: text(["X-PERP", LONG, "X-PERP", "COIN"]))
    yield Attack("prices.symbol: twice", "refused", made, "prices", "symbol", code="duplicate_price")
    made = _replaced("orders", 1, lambda: text(["X-PERP", "X-PERQ", "X-PERP"]))
    yield Attack("orders.instrument: unknown", "refused", made, "orders", "instrument", code="unknown_instrument")
    made = _replaced("balances", 1, lambda: text(["USD", "COIM", "USD", "USD"]))
    yield Attack("balances.asset: unknown", "refused", made, "balances", "asset", code="unknown_asset")
    negative = _replaced("balances", 0, lambda: fixed(b"l", "q", [1, -1, 2, 3]))
    alone: Callable[[], dict[str, Any]] = lambda: {"balances": negative()["balances"]}  # noqa: E731
    yield Attack("balances.account: a negative id", "refused", alone, "balances", "account", code="out_of_range")
    bare = _replaced("balances", 0, lambda: text(["x" * 65_535, "y" * 65_536, "", ""]))
    yield Attack("balances.account: a text too long", "refused", bare, "balances", "account", {}, "out_of_range", 1)

    def a_long_text() -> dict[str, Any]:
        book: dict[str, Any] = honest()
        words = text(["x" * 60_000])
        asset = fixed(b"c", "b", [0] * 50_000)
        asset.dictionary = words
        book["balances"] = record(
            {
                "account": fixed_text(50_000),
                "asset": asset,
                "amount": fixed(b"l", "q", [1] * 50_000),
            }
        )
        return book

    yield Attack("balances.asset: one long text, 50,000 times", "refused", a_long_text, "balances", "asset", code="unknown_asset")  # fmt: skip


def fixed_text(rows: int) -> Node:
    return text(["A"] * rows)


def _columns() -> Iterator[Attack]:
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
        "with text that is none": _offsets([9, 3, -1, 2, 2**31 - 1]),
    }
    for what, make in strange.items():
        for name in (b"x", b"", b"\xff\xfe", b"n" * 1_000_000, None, b"equity") if "deep" not in what else (b"x",):
            made = _changed("balances", None, lambda root, make=make, name=name: with_column(make(), name)(root))
            label = f"balances: an unknown column {what}, named {name[:5] if name else name!r}"
            code = "unknown_column"
            yield Attack(label, "refused", made, "balances", code=code)
            yield Attack(f"{label}, ignored", "same", made, "balances", options={"extra": "ignore"})
    for at, child in enumerate(honest()["balances"].children[:3]):
        name = (child.name or b"").decode() if child else ""

        def remove(root: Node, at: int = at) -> None:
            del root.children[at]

        made = _changed("balances", None, remove)
        yield Attack(f"balances: without {name}", "refused", made, "balances", name, code="missing_column")

        def twice(root: Node, at: int = at) -> None:
            root.children.append(root.children[at])

        made = _changed("balances", None, twice)
        yield Attack(f"balances: {name} twice", "refused", made, "balances", name, code="duplicate_column")

    def both_forms(root: Node) -> None:
        root.children.append(fixed(b"l", "q", [1, 2, 3, 4]))
        root.children[-1].name = b"amount_e8"  # type: ignore[union-attr]

    made = _changed("balances", None, both_forms)
    yield Attack("balances: amount in two forms", "refused", made, "balances", "amount", code="duplicate_column")
    for rows in (3, 2**31 - 1):

        def untyped(rows: int = rows) -> dict[str, Any]:
            columns = {name: Node(b"n", length=rows) for name in ("account", "asset", "amount")}
            return {**honest(), "balances": record(columns)}

        label = f"balances: {rows} rows without any memory"
        yield Attack(label, "refused", untyped, "balances", "account", code="null_value")
        yield Attack(f"{label}, marked", "refused", untyped, "balances", "account", options={"on_error": "mark"}, code="null_value")  # fmt: skip

    def prices() -> dict[str, Any]:
        columns = {name: Node(b"n", length=2**31 - 1) for name in ("symbol", "price")}
        return {**honest(), "prices": record(columns)}

    yield Attack("prices: 2³¹ − 1 rows without any memory", "refused", prices, "prices", code="null_value")

    def no_columns() -> dict[str, Any]:
        return {**honest(), "balances": Node(b"+s", length=2**31 - 1, buffers=[None])}

    yield Attack("balances: rows and no column", "refused", no_columns, "balances", "account", code="missing_column")

    def empty() -> dict[str, Any]:
        book: dict[str, Any] = honest()
        for at, kind in enumerate((b"u", b"vu", b"g", b"n")):
            book["balances"].children[at] = Node(kind, honest()["balances"].children[at].name, buffers=[None] * (at + 2 if at < 2 else 2 if at == 2 else 0))  # type: ignore[union-attr]  # fmt: skip
        book["balances"].children[1].buffers = [None, None, None]
        book["balances"].children[0].buffers = [None, None, None]
        book["balances"].length = 0
        return {"balances": book["balances"]}

    yield Attack("balances: no rows and no memory", "accepted", empty, "balances")


def _deep(kind: bytes) -> Node:
    node = fixed(b"l", "q", [1, 2, 3, 4])
    _nest(kind, 10_000)(node)
    return node


def _streams() -> Iterator[Attack]:
    def attack(what: str, wanted: str, change: Callable[[Plan], None] = lambda _: None, cuts: int = 1, code: str | None = None, **more: Any) -> Attack:  # fmt: skip
        def make() -> dict[str, Any]:
            book: dict[str, Any] = honest()
            node = book["balances"]
            plan = Plan(node, [node] if cuts == 1 else _cut(node))
            change(plan)
            return {**book, "balances": Stream(plan)}

        return Attack(f"stream: {what}", wanted, make, "balances", code=code, **more)

    yield attack("honest", "same")
    yield attack("in pieces", "same", cuts=2)
    yield attack("fails at the schema", "refused", lambda plan: vars(plan).update(fails_at=-1))
    for at in (0, 1, 2, 4):
        yield attack(f"fails at batch {at}", "refused", lambda plan, at=at: vars(plan).update(fails_at=at), cuts=2)
    for reason in (None, b"", b"\xff\xfe", b"long " * 200_000):
        shown = reason[:9] if reason else reason

        def fails(plan: Plan, reason: bytes | None = reason) -> None:
            plan.fails_at, plan.reason = 1, reason

        yield attack(f"fails and says {shown!r}", "refused", fails, cuts=2)
    yield attack(
        "fails and has no way to say", "refused", lambda p: vars(p).update(fails_at=0, no_reason_callback=True)
    )
    yield attack("gives no schema and calls it one", "refused", lambda plan: vars(plan).update(unwritten_schema=True))
    yield attack("released", "refused", lambda plan: vars(plan).update(released=True))
    yield attack("without get_schema", "refused", lambda plan: vars(plan).update(no_schema=True))
    yield attack("without get_next", "refused", lambda plan: vars(plan).update(no_next=True))

    def other_schema(plan: Plan) -> None:
        plan.schema = honest()["prices"]

    yield attack("of another schema", "refused", other_schema)

    def narrower(plan: Plan) -> None:
        plan.schema = record({"account": text([]), "asset": text([]), "amount": text([])})

    yield attack("of fewer columns than its batches", "refused", narrower)

    def other_types(plan: Plan) -> None:
        plan.schema = record({"account": flags([]), "asset": text([]), "amount": text([]), "held": text([])})

    yield attack("of other types than its batches", "refused", other_types)

    def changes(plan: Plan) -> None:
        plan.batches.append(record({"account": text(["Z"])}))

    yield attack("whose last batch is another table", "refused", changes, cuts=2)

    def nothing(plan: Plan) -> None:
        plan.batches.clear()
        plan.schema = honest()["prices"]

    yield attack("of no batches and another schema", "refused", nothing, code="unknown_column")

    def ended() -> dict[str, Any]:
        plan = Plan(honest()["balances"], [])
        return {"balances": Stream(plan)}

    yield Attack("stream: of no batches", "accepted", ended, "balances")

    def bad_last(plan: Plan) -> None:
        plan.batches[-1].children[0] = _offsets([0, -1])()

    yield attack("whose last batch lies", "refused", bad_last, cuts=2)

    def not_utf8(plan: Plan) -> None:
        plan.batches[-1].children[0] = _offsets([0, 1, 2, 3, 4], data=b"ABC\xff")()

    yield attack("whose last batch is not UTF-8", "refused", not_utf8, cuts=2, code="invalid_text", column="account", row=3)  # fmt: skip

    def bad_schema(plan: Plan) -> None:
        plan.schema = honest()["balances"]
        plan.schema.children[2].format = b"\xff"  # type: ignore[union-attr]

    yield attack("of a schema that is none", "refused", bad_schema)
    yield attack("of a schema that is none, and no batches", "refused", lambda p: (bad_schema(p), p.batches.clear())[0])

    def endless_empty() -> dict[str, Any]:
        book: dict[str, Any] = honest()
        empty = record({"account": text([]), "asset": text([]), "amount": text([])})
        return {**book, "balances": Stream(Plan(empty, [empty], endless=10_000_000))}

    yield Attack("stream: empty batches without end", "refused", endless_empty, "balances")

    def endless_null() -> dict[str, Any]:
        book: dict[str, Any] = honest()
        one = record({name: Node(b"n", length=2**30) for name in ("account", "asset", "amount")})
        return {**book, "balances": Stream(Plan(one, [one], endless=10_000_000))}

    yield Attack("stream: rows without memory without end", "refused", endless_null, "balances")


def _cut(node: Node) -> list[Node]:
    """A batch cut into its rows."""
    pieces = []
    for row in range(node.length):
        piece = honest()["balances"]
        piece.offset, piece.length = row, 1
        pieces.append(piece)
    return pieces


class Answer:
    """A producer whose methods answer anything."""

    def __init__(self, array: Any = None, stream: Any = None) -> None:
        if array is not None:
            self.__arrow_c_array__ = array
        if stream is not None:
            self.__arrow_c_stream__ = stream


def _producers() -> Iterator[Attack]:
    def attack(what: str, make: Callable[[], Any], wanted: str = "refused") -> Attack:
        return Attack(f"producer: {what}", wanted, lambda: {**honest(), "balances": make()}, "balances")

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
        import pyarrow as pa

        pa.RecordBatch._import_from_c_capsule(*given)
        return Answer(array=lambda *_, **__: given)

    yield attack("capsules that were used", used)

    def twice() -> dict[str, Any]:
        offer = Batch(honest()["balances"])
        return {**honest(), "balances": offer, "accounts": offer}

    yield Attack("producer: one offer for two tables", "refused", twice, "accounts")

    def stream_twice() -> dict[str, Any]:
        plan = Plan(honest()["balances"], [honest()["balances"]])
        offer = Stream(plan)
        return {**honest(), "balances": offer, "accounts": offer}

    yield Attack("producer: one stream for two tables", "refused", stream_twice, "accounts")
    yield Attack(
        "producer: a schema of another batch",
        "refused",
        lambda: {**honest(), "balances": Batch(honest()["balances"], schema=honest()["orders"])},
        "balances",
    )


KEPT: list[Any] = []
"""Offers whose capsules alone were handed on."""

__all__ = ["E8", "KEPT", "Attack", "all_attacks", "views"]

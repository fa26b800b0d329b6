"""Lies in formats and in what buffers hold: offsets, views, dictionaries, text, values."""

import struct
from collections.abc import Callable, Iterator
from typing import Any

from tests.hostile.arrow_c import Node
from tests.hostile.attack import LEAST, MOST, Attack, changed, column_of, replaced
from tests.hostile.book import LONG, fixed, honest, record, text, view

FORMATS = (
    *(b"n:", b"bb", b"e", b"f", b"z", b"Z", b"vz", b"w:0", b"w:8", b"w:-1", b"w:2147483647", b"w:x", b"w:", b"w"),
    *(b"d:", b"d", b"d:,", b"d:x,y", b"d:38", b"d:38,", b"d:0,0", b"d:39,8", b"d:38,8,256", b"d:38,8,7", b"d:38,8,"),
    *(b"d:38,8,128,1", b"d:999,8", b"d:38,999", b"d:-1,8", b"d:38,8 ", b"d:10,2,32", b"d:19,2,64", b"d:+5,2"),
    *(b"d:76,8,256", b"tdD", b"tdm", b"tts", b"ttm", b"ttu", b"ttn", b"tDs", b"tDm", b"tDu", b"tDn", b"tiM", b"tiD"),
    *(b"tin", b"t", b"ts", b"tss", b"tsm:", b"tsx:UTC", b"tsn:Europe/Paris", b"tsn:" + b"Z" * 100_000, b"tsn:\xff"),
    *(b"tsn:UTC\n", b"+l", b"+L", b"+vl", b"+vL", b"+m", b"+r", b"+s", b"+w:1", b"+w:2147483648", b"+w:", b"+ud:0,1"),
    *(b"+us:0", b"+ud:", b"U" * 64, b"c\x01", b"%s%s%n", b"\xe2\x82", b"+", b"-", b":"),
)
"""Types that no column of the contract takes, and what is no type."""


def formats() -> Iterator[Attack]:
    """Each in three columns, with buffers that would do."""
    for table, at in (("balances", 2), ("orders", 3), ("prices", 2), ("commands", 2), ("commands", 8)):
        name = column_of(table, at)
        for kind in FORMATS:
            for buffers in (2, 3, 1):

                def change(node: Node, kind: bytes = kind, buffers: int = buffers) -> None:
                    node.format = kind
                    node.buffers = [None, bytes(16 * node.length), b""][:buffers]

                what = f"format {kind[:14]!r} with {buffers} buffers"
                yield Attack(f"{table}.{name}: {what}", "refused", changed(table, at, change), table, name)


def offsets(values: list[int], large: bool = False, data: bytes = b"USDUSDUSDUSD") -> Callable[[], Node]:
    def make() -> Node:
        packed = struct.pack(f"<{len(values)}{'q' if large else 'i'}", *values)
        return Node(b"U" if large else b"u", length=len(values) - 1, buffers=[None, packed, data])

    return make


def texts() -> Iterator[Attack]:
    """Texts by offsets; each in an account, a name and a number."""
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
        for what, ends in lies.items():
            for at in range(4):
                yield replaced("balances", at, f"{what}, large {large}", offsets(ends, large))
        bad = {
            "not UTF-8": (b"USDUSDUS\xffUSD", 2),
            "a character cut in two": (b"USDUS\xc3\xbcDUSDX", 1),
            "an overlong code": (b"USDU\xc0\xafUSDUSD", 1),
            "a surrogate": (b"USD\xed\xa0\x80USDUSD", 1),
            "a code that is not ended": (b"USDUSDUSDUS\xf0", 3),
        }
        for what, (data, row) in bad.items():
            for at in range(3):
                make = offsets([0, 3, 6, 9, 12], large, data)
                yield replaced("balances", at, f"{what}, large {large}", make, "invalid_text", row)
    make = offsets([0, 1, 2], data=b"x\xfe")
    yield replaced("accounts", 2, "not UTF-8, though it changes no figure", make, "invalid_text", 1)


def views() -> Iterator[Attack]:
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
        for at in range(2):
            yield replaced("orders", at, f"a view {what}", make)
    bad = {
        "within": column([x, view(b"X\xff"), y], [long], [len(long)]),
        "outside": column([x, view(long[:-1] + b"\xff"), y], [long[:-1] + b"\xff"], [len(long)]),
    }
    for what, make in bad.items():
        for at in range(2):
            yield replaced("orders", at, f"a view {what} not UTF-8", make, "invalid_text", 1)
    unused = replaced("orders", 1, "an unused buffer NULL", column([x, y, y], [long, None], [len(long), 0]))
    unused.wanted = "same"
    yield unused


def dictionaries() -> Iterator[Attack]:
    def of(words: Callable[[], Node], indexes: list[int]) -> Callable[[], Node]:
        def make() -> Node:
            node = fixed(b"i", "i", indexes)
            node.dictionary = words()
            return node

        return make

    def counted() -> Node:
        return Node(b"u", length=2, null_count=1, buffers=[None, struct.pack("<3i", 0, 3, 6), b"USDUSD"])

    lies = {
        "of offsets that fall": (of(offsets([0, 3, 1]), [0, 1, 0, 1]), "wrong_type"),
        "that is not UTF-8": (of(offsets([0, 3, 6], data=b"USDUS\xff"), [0, 0, 0, 0]), "invalid_text"),
        "that is empty": (of(lambda: Node(b"u", buffers=[None, None, None]), [0, 0, 0, 0]), "wrong_type"),
        "with a null that is used": (of(lambda: text(["USD", None]), [0, 1, 0, 0]), "null_value"),
        "with a null that is only counted": (of(counted, [0, 1, 0, 0]), "wrong_type"),
    }
    for what, (make, code) in lies.items():
        for at in range(2):
            yield replaced("balances", at, f"a dictionary {what}", make, code)
    yield from _long_dictionaries(of)


def _long_dictionaries(of: Any) -> Iterator[Attack]:
    """Of a dictionary much longer than its rows a lie is refused where a row names it, and nothing elsewhere."""
    count = 5_000

    def long(at: int, value: bytes | None = None, offset: int | None = None) -> Callable[[], Node]:
        """Values of three bytes, the last one as it is told; or the offset before the last is a lie."""

        def make() -> Node:
            values = [b"USD"] * count
            values[min(at, count - 1)] = value or b"USD"
            places = [3 * n for n in range(count + 1)]
            if offset is not None:
                places[at] = offset
            return Node(b"u", length=count, buffers=[None, struct.pack(f"<{count + 1}i", *places), b"".join(values)])

        return make

    lies = {
        "that is not UTF-8": (long(9, b"US\xff"), "invalid_text"),
        "of an offset that falls": (long(9, offset=2**31 - 1), "wrong_type"),
        "of an offset below 0": (long(9, offset=-5), "wrong_type"),
        "of an offset a little beyond": (long(count, offset=3 * count - 6), "wrong_type"),
        "of a text too long": (long(count, offset=3 * count + 70_000), "out_of_range"),
        "of a last offset below 0": (long(count, offset=-1), "wrong_type"),
    }
    for what, (words, code) in lies.items():
        wrong = 9 if "last" not in what and code != "out_of_range" and "beyond" not in what else count - 1
        for at in range(2):
            yield replaced("balances", at, f"a long dictionary {what}", of(words, [0, wrong, 0, 1]), code)
    view = struct.pack("<i4sii", 20, b"USDU", 0, 70_000)
    views = lambda: Node(  # noqa: E731
        b"vu",
        length=count,
        buffers=[None, struct.pack("<i12s", 3, b"USD") * (count - 1) + view, b"USD" * 20, struct.pack("<q", 60)],
    )
    for at in range(2):
        yield replaced(
            "balances", at, "a long dictionary of a view beyond", of(views, [0, count - 1, 0, 1]), "wrong_type"
        )
    for what, words in {"a text not UTF-8": long(9, b"US\xff"), "a view beyond": views}.items():
        unused = replaced(
            "balances", 1, f"a long dictionary, of which no row names {what}", of(words, [0, 0, 0, 0]), ""
        )
        unused.wanted = "accepted"
        yield unused


def values() -> Iterator[Attack]:
    """Values that the tables refuse, in memory that holds together."""

    def amount(code: str, value: Any, kind: bytes, width: str) -> Attack:
        return replaced(
            "balances", 2, f"{value} as {kind.decode()}", lambda: fixed(kind, width, [0, value, 0, 0]), code, 1
        )

    for value in (float("nan"), float("inf"), float("-inf")):
        yield amount("not_finite", value, b"g", "d")
    for value in (0.1 + 0.2, 1e-9, 5e-324):
        yield amount("off_grid", value, b"g", "d")
    for value in (1e300, -1e300, 1e13):
        yield amount("out_of_range", value, b"g", "d")
    for kind, width, most in ((b"l", "q", MOST), (b"l", "q", LEAST), (b"L", "Q", 2**64 - 1)):
        yield amount("out_of_range", most, kind, width)
    for scale in (-128, -20, 0, 7, 8):
        for most in (2**127 - 1, -(2**127)):
            yield amount("out_of_range", most, f"d:38,{scale}".encode(), "q2")
    for scale in (9, 38, 127):
        yield amount("off_grid", 1, f"d:38,{scale}".encode(), "q2")
    yield amount("null_value", None, b"d:38,8", "q2")
    for code, value in (("wrong_type", "1e5"), ("out_of_range", "9" * 60_000)):
        make = lambda value=value: text(["1", value, "1", "1"])  # noqa: E731
        yield replaced("balances", 2, f"{value[:9]} as text", make, code, 1)
    for code, value in {"null_value": None, "out_of_range": 0}.items():
        make = lambda value=value: fixed(b"l", "q", [10, value, 1, 1])  # noqa: E731
        yield replaced("prices", 1, f"{value}", make, code, 1)
    twice = ["X-PERP", LONG, "X-PERP", "COIN"]
    yield replaced("prices", 0, "twice", lambda: text(twice), "duplicate_price", 2)
    yield replaced("orders", 1, "unknown", lambda: text(["X-PERP", "X-PERQ", "X-PERP"]), "unknown_instrument", 1)
    yield replaced("balances", 1, "unknown", lambda: text(["USD", "COIM", "USD", "USD"]), "unknown_asset", 1)
    long = ["x" * 65_535, "y" * 65_536, "", ""]
    yield replaced("balances", 0, "a text too long", lambda: text(long), "out_of_range", 1)

    def negative() -> dict[str, Any]:
        balances = honest()["balances"]
        balances.children[0] = fixed(b"l", "q", [1, -1, 2, 3])
        balances.children[0].name = b"account"
        return {"balances": balances}

    yield Attack("balances.account: negative", "refused", negative, "balances", "account", "out_of_range", 1)

    def one_long_text() -> dict[str, Any]:
        rows = 50_000
        asset = fixed(b"c", "b", [0] * rows)
        asset.dictionary = text(["x" * 60_000])
        columns = {"account": text(["A"] * rows), "asset": asset, "amount": fixed(b"l", "q", [1] * rows)}
        return {**honest(), "balances": record(columns)}

    name = "balances.asset: one long text, in very many rows"
    yield Attack(name, "refused", one_long_text, "balances", "asset", "unknown_asset", 0)

"""Honest memory with one field changed at random, by a seed.

A lie that no consumer can see (a length that stays within what could be, other bytes that are other values) may change
the figures; every other one must be refused or change nothing. `SLACK` bytes follow each buffer, and a length is never
one that leads further than that without leading beyond what is accepted.
"""

import random
import struct
from collections.abc import Callable, Iterator
from typing import Any

from tests.hostile.arrow_c import Node
from tests.hostile.book import honest, honest_prices, honest_venue
from tests.hostile.lies_about_content import FORMATS

SLACK = 1 << 19

_COUNTS = (-(2**63), -(2**31), -5, -2, -1, 0, 1, 2, 3, 4, 5, 8, 60, 2**31, 2**32, 2**62, 2**63 - 1)
_SIZES = (*_COUNTS, 6, 7, 100, 1_000)
_KINDS = (b"n", b"b", b"c", b"C", b"s", b"S", b"i", b"I", b"l", b"L", b"g", b"u", b"U", b"vu", b"d:38,8", b"d:9,0,32")
_NAMES = (b"account", b"asset", b"amount", b"held", b"quantity", b"price", b"price_e8", b"leverage", b"time", b"\xff")
_OF_PRICES = (b"time", b"source", b"price", b"price_e8", b"a", b"b_e8", b"state", b"index", b"quantity", b"\xff")
_OF_COMMANDS = (b"kind", b"account", b"order", b"client_id", b"quantity_e8", b"price", b"bid", b"sent", b"n", b"\xff")
_OF_VENUE = (b"kind", b"account", b"to_account", b"amount", b"amount_e8", b"asset", b"sent", b"flags", b"n", b"\xff")
_FIELDS = (
    *("length", "offset", "null_count", "n_buffers", "n_children", "format", "name", "bytes", "bytes", "bytes"),
    *("buffer", "order", "dictionary", "released", "schema", "list", "flags", "metadata"),
)


def _nodes(node: Node, path: str) -> Iterator[tuple[str, Node]]:
    yield path, node
    for at, child in enumerate(node.children):
        if child is not None:
            yield from _nodes(child, f"{path}.{at}")
    if node.dictionary is not None:
        yield from _nodes(node.dictionary, f"{path}.dictionary")


def mutated(seed: int, make: Callable[[], dict[str, Node]] = honest) -> tuple[str, dict[str, Any], bool]:
    """What was changed, the book, and whether other figures may come of it."""
    rng = random.Random(seed)
    book: dict[str, Any] = make()
    table = rng.choice(list(book))
    path, node = rng.choice(list(_nodes(book[table], table)))
    field = rng.choice(_FIELDS)
    harmless = False
    if field in ("length", "offset", "null_count", "n_buffers", "n_children"):
        value = rng.choice(_SIZES if field in ("length", "offset") else _COUNTS)
        setattr(node, field, value)
        # Fewer rows, or others of the same memory, are another table.
        harmless = field in ("length", "offset")
        what = str(value)
    elif field == "format":
        node.format = rng.choice(
            (None, *_KINDS, *_KINDS, *FORMATS, rng.randbytes(rng.randrange(6)).replace(b"\0", b""))
        )
        harmless = True
        what = repr(node.format)[:20]
    elif field == "name":
        names = {honest: _NAMES, honest_prices: _OF_PRICES, honest_venue: _OF_VENUE}.get(make, _OF_COMMANDS)
        node.name = rng.choice((None, *names, rng.randbytes(5).replace(b"\0", b"")))
        harmless = True
        what = repr(node.name)
    elif field == "bytes":
        filled = [at for at, buffer in enumerate(node.buffers) if buffer]
        if not filled:
            return mutated(seed + 1_000_000_007, make)
        at = rng.choice(filled)
        changed = bytearray(node.buffers[at] or b"")
        for _ in range(rng.choice((1, 1, 2, 8))):
            place = rng.randrange(len(changed))
            changed[place] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, changed[place] ^ 1 << rng.randrange(8)))
        if rng.random() < 0.2 and len(changed) >= 8:
            place = rng.randrange(len(changed) // 4 - 1) * 4
            changed[place : place + 8] = struct.pack("<q", rng.choice(_SIZES))
        node.buffers[at] = bytes(changed)
        harmless = True
        what = f"of buffer {at}"
    elif field == "buffer":
        if not node.buffers:
            return mutated(seed + 1_000_000_007, make)
        at = rng.randrange(len(node.buffers))
        node.buffers[at] = rng.choice((None, None, b"", rng.randbytes(64)))
        harmless = True
        what = f"{at} is {'NULL' if node.buffers[at] is None else 'another'}"
    elif field == "order":
        rng.shuffle(node.buffers)
        rng.shuffle(node.children)
        harmless = True
        what = "of buffers and children"
    elif field == "dictionary":
        other = rng.choice([inner for _, inner in _nodes(make()[rng.choice(list(book))], "")])
        what = rng.choice(("in both", "in the array", "in the schema", "in neither"))
        if what in ("in both", "in the array"):
            node.dictionary = other
        if what in ("in the array", "in the schema", "in neither"):
            node.schema_dictionary = other if what == "in the schema" else None
        if what == "in neither":
            node.dictionary = None
        harmless = True
    elif field == "released":
        what = rng.choice(("released", "schema_released"))
        setattr(node, what, True)
    elif field == "schema":
        node.schema_n_children = rng.choice(_COUNTS)
        what = f"counts {node.schema_n_children} children"
    elif field == "list":
        what = rng.choice(("no_buffers", "no_children", "no_schema_children"))
        setattr(node, what, True)
    elif field == "flags":
        node.flags = rng.getrandbits(63)
        what = str(node.flags)
    else:
        node.metadata = rng.randbytes(16).replace(b"\0", b"\1")
        what = repr(node.metadata[:4])
    return f"seed {seed}: {path}, {field} {what}", book, harmless

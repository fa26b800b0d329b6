"""A producer of the Arrow C interface that can lie in any field, and counts how often each release callback is called.

A `Node` says what a producer says of one array and of its schema; every field can be set to anything. `Batch` and
`Stream` make C structures of it and offer them to a consumer. Nothing here checks anything.

Each buffer ends where a page begins that must not be touched, so that reading one byte too many ends the process. With
`slack` so many bytes of noise follow instead, for lies that no consumer can see through.
"""

import ctypes
import mmap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

_NOISE = b"\xa5\x07\x00\xff" * 262_144
_ROOM = 1 << 16
_Released = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class CSchema(ctypes.Structure):
    _fields_ = (
        ("format", ctypes.c_void_p),
        ("name", ctypes.c_void_p),
        ("metadata", ctypes.c_void_p),
        ("flags", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


class CArray(ctypes.Structure):
    _fields_ = (
        ("length", ctypes.c_int64),
        ("null_count", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("n_buffers", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("buffers", ctypes.c_void_p),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


class CStream(ctypes.Structure):
    _fields_ = (
        ("get_schema", ctypes.c_void_p),
        ("get_next", ctypes.c_void_p),
        ("get_last_error", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


_get = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_text = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)

_libc = ctypes.CDLL(None)
_libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
_libc.memset.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t)
_capsule = ctypes.pythonapi.PyCapsule_New
_capsule.restype = ctypes.py_object
_capsule.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


@dataclass
class Node:
    """What a producer says of one array, and in its schema. None in place of a pointer is NULL."""

    format: bytes | None
    name: bytes | None = b""
    length: int = 0
    buffers: list[bytes | None] = field(default_factory=list)
    null_count: int = 0
    offset: int = 0
    children: list["Node | None"] = field(default_factory=list)
    dictionary: "Node | None" = None
    flags: int = 2
    metadata: bytes | None = None
    # Where array and schema, or a count and its pointers, are to disagree.
    n_buffers: int | None = None
    n_children: int | None = None
    schema_n_children: int | None = None
    no_buffers: bool = False
    no_children: bool = False
    no_schema_children: bool = False
    schema_children: "list[Node | None] | None" = None
    schema_dictionary: "Node | str | None" = "same"
    released: bool = False
    schema_released: bool = False
    misaligned: int = 0


class Memory:
    """Everything that C pointers of one offer point to, kept until the offer is gone."""

    def __init__(self, slack: int = 0) -> None:
        self.slack = slack
        self.kept: list[Any] = []
        self.regions: list[tuple[int, int]] = []
        self.arena: Any = None
        self.used = 0

    def keep(self, what: Any) -> Any:
        self.kept.append(what)
        return what

    def text(self, value: bytes | None) -> int | None:
        if value is None:
            return None
        return ctypes.addressof(self.keep(ctypes.create_string_buffer(value)))

    def pointers(self, values: Sequence[int | None]) -> int:
        """A list that goes on with NULL, for counts that are a little too large."""
        return ctypes.addressof(self.keep((ctypes.c_void_p * (len(values) + 64))(*values)))

    def buffer(self, value: bytes | None, misaligned: int = 0) -> int | None:
        """Bytes that end at a forbidden page."""
        if value is None:
            return None
        if self.slack:
            return self._before_noise(value)
        page = mmap.PAGESIZE
        whole = -(-(len(value) + misaligned + 1) // page) * page
        region = self.keep(mmap.mmap(-1, whole + page))
        start = ctypes.addressof(self.keep(ctypes.c_char.from_buffer(region)))
        at = whole - len(value) - misaligned
        region[at : at + len(value)] = value
        assert _libc.mprotect(start + whole, page, 0) == 0
        self.regions.append((start + at, len(value)))
        return start + at

    def _before_noise(self, value: bytes) -> int:
        """Bytes among those of the other buffers, with so much noise behind all of them."""
        if self.arena is None:
            self.arena = ctypes.create_string_buffer(_NOISE[: _ROOM + self.slack])
        at = self.used
        self.used += -(-len(value) // 64) * 64 + 64
        assert self.used < _ROOM
        ctypes.memmove(ctypes.addressof(self.arena) + at, value, len(value))
        return ctypes.addressof(self.arena) + at

    def spoil(self, since: int, until: int) -> None:
        """What was released holds nothing that could be taken for its old content."""
        for start, size in self.regions[since:until]:
            _libc.memset(start, 0xEE, size)


class Counter:
    """How often each structure was released, by what it is."""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}

    def callback(self, memory: Memory, what: str, after: Callable[[int], None]) -> int:
        self.calls.setdefault(what, 0)

        def released(address: int) -> None:
            self.calls[what] += 1
            after(address)

        return ctypes.cast(memory.keep(_Released(released)), ctypes.c_void_p).value or 0


def _clear(kind: type[ctypes.Structure]) -> Callable[[int], None]:
    def clear(address: int) -> None:
        kind.from_address(address).release = None

    return clear


def schema_of(node: Node, memory: Memory, counter: Counter, what: str, root: bool = True) -> CSchema:
    children = node.children if node.schema_children is None else node.schema_children
    made = [
        None if child is None else schema_of(child, memory, counter, f"{what}.{at}", False)
        for at, child in enumerate(children)
    ]
    dictionary = node.dictionary if node.schema_dictionary == "same" else node.schema_dictionary
    values = None
    if isinstance(dictionary, Node):
        values = schema_of(dictionary, memory, counter, f"{what}.dictionary", False)
    inner = [one for one in (*made, values) if one is not None]

    def after(address: int) -> None:
        for one in inner:
            one.release = None
        CSchema.from_address(address).release = None

    callback = counter.callback(memory, what, after if root else _clear(CSchema))
    return memory.keep(
        CSchema(
            memory.text(node.format),
            memory.text(node.name),
            memory.text(node.metadata),
            node.flags,
            len(children) if node.schema_n_children is None else node.schema_n_children,
            None
            if node.no_schema_children or not children
            else memory.pointers([one and ctypes.addressof(one) for one in made]),
            values and ctypes.addressof(values),
            None if node.schema_released else callback,
            None,
        )
    )


def array_of(node: Node, memory: Memory, counter: Counter, what: str, root: bool = True) -> CArray:
    since = len(memory.regions)
    made = [
        None if child is None else array_of(child, memory, counter, f"{what}.{at}", False)
        for at, child in enumerate(node.children)
    ]
    values = None
    if node.dictionary is not None:
        values = array_of(node.dictionary, memory, counter, f"{what}.dictionary", False)
    inner = [one for one in (*made, values) if one is not None]

    def after(address: int) -> None:
        for one in inner:
            one.release = None
        CArray.from_address(address).release = None
        memory.spoil(since, until)

    callback = counter.callback(memory, what, after if root else _clear(CArray))
    buffers = [memory.buffer(one, node.misaligned) for one in node.buffers]
    until = len(memory.regions)
    return memory.keep(
        CArray(
            node.length,
            node.null_count,
            node.offset,
            len(buffers) if node.n_buffers is None else node.n_buffers,
            len(made) if node.n_children is None else node.n_children,
            None if node.no_buffers else memory.pointers(buffers),
            None if node.no_children or not made else memory.pointers([one and ctypes.addressof(one) for one in made]),
            values and ctypes.addressof(values),
            None if node.released else callback,
            None,
        )
    )


class Offer:
    """What a producer has handed out. `settle` does what the destructor of a capsule does."""

    def __init__(self, slack: int = 0) -> None:
        self.memory = Memory(slack)
        self.counter = Counter()
        self.roots: list[Any] = []
        self.alive: list[str] = []

    def capsule(self, structure: ctypes.Structure, name: bytes) -> Any:
        kept = self.memory.keep(ctypes.create_string_buffer(name))
        return _capsule(ctypes.addressof(structure), ctypes.addressof(kept), None)

    def own(self, structure: Any, what: str) -> Any:
        """From now on `what` must be released exactly once, by the consumer or in the end by its capsule."""
        self.roots.append(structure)
        if structure.release:
            self.alive.append(what)
        return structure

    def unsettled(self) -> bool:
        """Whether an array or stream was not released yet; a schema may stay with its capsule."""
        return any(self.counter.calls[what] == 0 for what in self.alive if what != "schema")

    def settle(self) -> list[str]:
        """Releases what the consumer did not take; says what was not released exactly once."""
        for structure in self.roots:
            if structure.release:
                _Released(structure.release)(ctypes.addressof(structure))
        calls = self.counter.calls
        return [f"{what} released {count} times" for what, count in calls.items() if count != (what in self.alive)]


class Batch(Offer):
    """One record batch, by `__arrow_c_array__`."""

    def __init__(
        self, node: Node, schema: Node | None = None, names: tuple[bytes, bytes] | None = None, slack: int = 0
    ) -> None:
        super().__init__(slack)
        self.node, self.schema_node = node, schema or node
        self.names = names or (b"arrow_schema", b"arrow_array")

    def __arrow_c_array__(self, requested_schema: object = None) -> Any:
        if self.roots:
            schema, array = self.roots
        else:
            schema = self.own(schema_of(self.schema_node, self.memory, self.counter, "schema"), "schema")
            array = self.own(array_of(self.node, self.memory, self.counter, "array"), "array")
        return self.capsule(schema, self.names[0]), self.capsule(array, self.names[1])


@dataclass
class Plan:
    """How a stream goes: what it delivers, and where it fails or lies."""

    schema: Node
    batches: list[Node]
    fails_at: int | None = None
    """The batch at which it fails; -1 is the schema."""
    reason: bytes | None = b"the source went away"
    no_reason_callback: bool = False
    unwritten_schema: bool = False
    released: bool = False
    no_schema: bool = False
    no_next: bool = False
    endless: int = 0
    """Deliver the last batch this many times more."""


class Stream(Offer):
    """A stream of record batches, by `__arrow_c_stream__`."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        self.delivered = 0
        self.repeated: CArray | None = None
        self.outstanding = 0

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        if not self.roots:
            self.own(self._make(), "stream")
        return self.capsule(self.roots[0], b"arrow_array_stream")

    def _make(self) -> CStream:
        plan, memory = self.plan, self.memory

        def get_schema(_: int, out: int) -> int:
            if plan.fails_at == -1:
                return 5
            if not plan.unwritten_schema:
                made = schema_of(plan.schema, memory, self.counter, "schema")
                self._deliver(made, out, CSchema, "schema")
            return 0

        def get_next(_: int, out: int) -> int:
            at = self.delivered
            self.delivered += 1
            if plan.fails_at is not None and at >= plan.fails_at:
                return 5
            if at >= len(plan.batches) + plan.endless:
                return 0
            if at >= len(plan.batches):
                self._again(out)
                return 0
            made = array_of(plan.batches[at], memory, self.counter, f"batch {at}")
            self._deliver(made, out, CArray, f"batch {at}")
            return 0

        def get_last_error(_: int) -> int | None:
            return memory.text(plan.reason)

        def pointer(function: Any) -> int | None:
            return ctypes.cast(memory.keep(function), ctypes.c_void_p).value

        callback = self.counter.callback(memory, "stream", _clear(CStream))
        return memory.keep(
            CStream(
                None if plan.no_schema else pointer(_get(get_schema)),
                None if plan.no_next else pointer(_get(get_next)),
                None if plan.no_reason_callback else pointer(_text(get_last_error)),
                None if plan.released else callback,
                None,
            )
        )

    def _again(self, out: int) -> None:
        """The last batch once more, without new memory; what is released is only counted."""
        if self.repeated is None:
            apart = Counter()
            self.repeated = array_of(self.plan.batches[-1], self.memory, apart, "repeated")

            def released(address: int) -> None:
                self.outstanding -= 1
                CArray.from_address(address).release = None

            self.repeated.release = ctypes.cast(self.memory.keep(_Released(released)), ctypes.c_void_p).value
        self.outstanding += 1
        ctypes.memmove(out, ctypes.addressof(self.repeated), ctypes.sizeof(CArray))

    def settle(self) -> list[str]:
        left = [f"{self.outstanding} repeated batches not released exactly once"] if self.outstanding else []
        return super().settle() + left

    def _deliver(self, made: Any, out: int, kind: Any, what: str) -> None:
        """Moves a structure out, as the interface has it."""
        if made.release:
            self.alive.append(what)
        ctypes.memmove(out, ctypes.addressof(made), ctypes.sizeof(kind))
        made.release = None

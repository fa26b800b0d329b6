"""Arrow producers that count how often what they hand out is released, by the C interfaces and nothing else."""

import ctypes
from collections import Counter
from typing import Any, ClassVar

import pyarrow as pa

ANY = ctypes.c_void_p


class Schema(ctypes.Structure):
    """ArrowSchema."""

    _fields_: ClassVar[Any] = [
        ("format", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("metadata", ANY),
        ("flags", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("children", ANY),
        ("dictionary", ANY),
        ("release", ANY),
        ("private_data", ANY),
    ]


class Array(ctypes.Structure):
    """ArrowArray."""

    _fields_: ClassVar[Any] = [
        ("length", ctypes.c_int64),
        ("null_count", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("n_buffers", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("buffers", ANY),
        ("children", ANY),
        ("dictionary", ANY),
        ("release", ANY),
        ("private_data", ANY),
    ]


class Stream(ctypes.Structure):
    """ArrowArrayStream."""

    _fields_: ClassVar[Any] = [
        ("get_schema", ANY),
        ("get_next", ANY),
        ("get_last_error", ANY),
        ("release", ANY),
        ("private_data", ANY),
    ]


RELEASE = ctypes.CFUNCTYPE(None, ANY)
GET = ctypes.CFUNCTYPE(ctypes.c_int, ANY, ANY)
LAST_ERROR = ctypes.CFUNCTYPE(ANY, ANY)

# A handle of our own: what it declares of the functions, nobody else sees.
_python = ctypes.PyDLL(None)
_new_capsule = _python.PyCapsule_New
_new_capsule.restype = ctypes.py_object
_new_capsule.argtypes = [ANY, ctypes.c_char_p, ANY]
_pointer_of = _python.PyCapsule_GetPointer
_pointer_of.restype = ANY
# The capsule is being taken down: it must not become an object again.
_pointer_of.argtypes = [ANY, ctypes.c_char_p]

# Struct, callbacks and whatever else C may still call; for the life of the process.
_kept: list[Any] = []


def _kept_function(kind: Any, function: Any) -> int:
    made = kind(function)
    _kept.append(made)
    address = ctypes.cast(made, ANY).value
    assert address is not None
    return address


def _call_release(struct: Any) -> None:
    RELEASE(struct.release)(ctypes.addressof(struct))


class Ledger:
    """What was handed out and what came back."""

    def __init__(self) -> None:
        self.given: Counter[str] = Counter()
        self.released: Counter[str] = Counter()

    @property
    def settled(self) -> bool:
        """Whether all that was handed out was released, each once."""
        return all(count == 1 for count in self.released.values()) and self.released.keys() == self.given.keys()

    def watch(self, kind: str, struct: Any) -> None:
        """Counts the release of a struct that pyarrow filled, wherever the struct has been moved by then."""
        name = f"{kind} {self.given.total()}"
        self.given[name] += 1
        inner = type(struct)()
        ctypes.pointer(inner)[0] = struct

        def release(address: int) -> None:
            self.released[name] += 1
            type(struct).from_address(address).release = None
            if inner.release:
                _call_release(inner)

        struct.release = _kept_function(RELEASE, release)

    def capsule(self, struct: Any, name: bytes) -> Any:
        _kept.append(struct)
        return _new_capsule(ctypes.addressof(struct), name, _destructor(type(struct), name))

    def array_of(self, batch: pa.RecordBatch) -> tuple[Schema, Array]:
        schema, array = Schema(), Array()
        batch._export_to_c(ctypes.addressof(array), ctypes.addressof(schema))
        self.watch("schema", schema)
        self.watch("array", array)
        return schema, array


_destructors: dict[bytes, int] = {}


def _destructor(struct: Any, name: bytes) -> int:
    """As producers do: what nobody moved out of the capsule is released with it."""

    def destroy(capsule: int) -> None:
        held = struct.from_address(_pointer_of(capsule, name))
        if held.release:
            _call_release(held)

    if name not in _destructors:
        _destructors[name] = _kept_function(RELEASE, destroy)
    return _destructors[name]


class ArrayProducer:
    """Hands a batch out as an array; `spoil` may change the structs first."""

    def __init__(self, batch: pa.RecordBatch, ledger: Ledger, spoil: Any = None) -> None:
        self.batch, self.ledger, self.spoil = batch, ledger, spoil

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[Any, Any]:
        schema, array = self.ledger.array_of(self.batch)
        if self.spoil:
            self.spoil(schema, array)
        return self.ledger.capsule(schema, b"arrow_schema"), self.ledger.capsule(array, b"arrow_array")


class StreamProducer:
    """Hands batches out as a stream that fails before batch `fails_at`; before the schema at -1."""

    def __init__(
        self, batches: list[pa.RecordBatch], ledger: Ledger, spoil: Any = None, fails_at: int | None = None
    ) -> None:
        self.batches, self.ledger, self.spoil, self.fails_at = batches, ledger, spoil, fails_at

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        given = iter(range(len(self.batches)))
        said = ctypes.create_string_buffer(b"the disk is gone")
        _kept.append(said)

        def get_schema(_stream: int, out: int) -> int:
            if self.fails_at == -1:
                return 5
            schema = Schema.from_address(out)
            self.batches[0].schema._export_to_c(out)
            self.ledger.watch("schema", schema)
            return 0

        def get_next(_stream: int, out: int) -> int:
            place = next(given, None)
            array = Array.from_address(out)
            if place is not None and place == self.fails_at:
                return 5
            if place is None:
                array.release = None
                return 0
            schema = Schema()
            self.batches[place]._export_to_c(out, ctypes.addressof(schema))
            _call_release(schema)
            self.ledger.watch("array", array)
            if self.spoil:
                self.spoil(None, array)
            return 0

        stream = Stream()
        stream.get_schema = _kept_function(GET, get_schema)
        stream.get_next = _kept_function(GET, get_next)
        stream.get_last_error = _kept_function(LAST_ERROR, lambda _stream: ctypes.addressof(said))
        self.ledger.watch("stream", stream)
        return self.ledger.capsule(stream, b"arrow_array_stream")

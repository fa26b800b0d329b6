"""Arrow memory that does not hold together is refused before a value of it is read; nothing crashes."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from tests.inputs.book import RULES

import perpcore as pc


def int32(*values: int) -> pa.Buffer:
    return pa.array(values, pa.int32()).buffers()[1]


def text(offsets: pa.Buffer, data: bytes, rows: int = 2) -> pa.Array:
    return pa.StringArray.from_buffers(rows, offsets, pa.py_buffer(data))


def dictionary(*indices: int, kind: pa.DataType | None = None) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(indices, kind or pa.int32()), pa.array(["USD", "COIN"]), safe=False)


def view(*words: bytes) -> pa.Array:
    """Views as they are: length, then up to 12 bytes or prefix, buffer and offset."""
    return pa.Array.from_buffers(pa.string_view(), len(words), [None, pa.py_buffer(b"".join(words))])


LONG = (13).to_bytes(4, "little") + b"USDX" + (0).to_bytes(4, "little") + (0).to_bytes(4, "little")
NEGATIVE = (2**32 - 1).to_bytes(4, "little") + bytes(12)
PADDED = (3).to_bytes(4, "little") + b"USD" + b"\x01" * 9

BROKEN: dict[str, Callable[[], Any]] = {
    "offsets that fall": lambda: text(int32(0, 3, 1), b"USDUSD"),
    "an offset beyond the last": lambda: text(int32(0, 5_000_000, 6), b"USDUSD"),
    "a negative offset": lambda: text(int32(0, -3, 3), b"USDUSD"),
    "an index beyond the dictionary": lambda: dictionary(0, 2),
    "an index far beyond the dictionary": lambda: dictionary(0, 2**31 - 1),
    "a negative index": lambda: dictionary(0, -1),
    "a negative index of 8 bits": lambda: dictionary(0, -128, kind=pa.int8()),
    "an index of 64 bits": lambda: dictionary(0, 2**63 - 1, kind=pa.int64()),
    "a view into no buffer": lambda: view(LONG, LONG),
    "a view of negative length": lambda: view(NEGATIVE, NEGATIVE),
    "a short view that is not padded with zeros": lambda: view(PADDED, PADDED),
}


@pytest.mark.parametrize("make", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("column", ["account", "asset"])
def test_broken_text_is_refused(column: str, make: Callable[[], Any]) -> None:
    good = {"account": pa.array(["A", "B"]), "asset": pa.array(["USD", "USD"]), "amount": pa.array(["1", "2"])}
    table = pa.table({**good, column: make()})
    with pytest.raises(pc.errors.SchemaError) as caught:
        pc.assess(RULES, balances=table)
    assert (caught.value.code, caught.value.table) == ("wrong_type", "balances")


def test_an_index_under_a_null_means_nothing() -> None:
    """What stands beneath a null may be anything: it is never looked at."""
    indices = pa.Array.from_buffers(pa.int32(), 2, [pa.py_buffer(b"\x01"), int32(0, 77)])
    states = pa.DictionaryArray.from_arrays(indices, pa.array(["live"]), safe=False)
    prices = pa.table({"symbol": ["X-PERP", "COIN"], "price": ["1", "2"], "state": states})
    table = {"account": ["A"], "asset": ["COIN"], "amount": ["1"]}
    (row,) = pc.assess(RULES, balances=table, prices=prices).accounts.to_pylist()
    assert row["status"] == "healthy"


def test_a_producer_that_is_no_struct_is_refused() -> None:
    for array in (pa.array([1, 2]), pa.array(["x"]), pa.array([[1]])):
        with pytest.raises(pc.errors.SchemaError) as caught:
            pc.assess(RULES, balances=array)
        assert (caught.value.code, caught.value.table) == ("wrong_type", "balances")


class Lying:
    """A producer whose methods do not give what their names say."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __arrow_c_array__(self, requested_schema: object = None) -> Any:
        return self.answer() if callable(self.answer) else self.answer


def fails() -> Any:
    raise RuntimeError("the producer failed")


@pytest.mark.parametrize("answer", [None, 7, (), (1, 2), ("x", "y", "z")], ids=str)
def test_a_producer_that_lies_is_a_python_error(answer: Any) -> None:
    with pytest.raises((TypeError, ValueError, pc.errors.SchemaError, IndexError)):
        pc.assess(RULES, balances=Lying(answer))


def test_an_error_of_the_producer_comes_through() -> None:
    with pytest.raises(RuntimeError, match="the producer failed"):
        pc.assess(RULES, balances=Lying(fails))


def test_a_stream_that_breaks_off_is_refused_with_its_reason() -> None:
    batch = pa.record_batch({"account": ["A"], "asset": ["USD"], "amount": ["1"]})

    def batches() -> Any:
        yield batch
        raise ValueError("the source went away")

    class Stream:
        def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
            return pa.RecordBatchReader.from_batches(batch.schema, batches()).__arrow_c_stream__()

    with pytest.raises(pc.errors.SchemaError, match="the source went away"):
        pc.assess(RULES, balances=Stream())


CAPSULES = {
    "both used before by perpcore": "pc.assess(RULES, balances=Pair(pair))",
    "both used before by another library": "pa.RecordBatch._import_from_c_capsule(*pair)",
    "the schema used before": "pa.Schema._import_from_c_capsule(pair[0])",
    "a schema of fewer columns": "pair = (pa.schema([('account', pa.string())]).__arrow_c_schema__(), pair[1])",
    "a schema of more columns": "pair = (batch.schema.append(pa.field('x', pa.int8())).__arrow_c_schema__(), pair[1])",
    "a schema that is no struct": "pair = (pa.int64().__arrow_c_schema__(), pair[1])",
    "a schema of other widths": "pair = (other.__arrow_c_schema__(), pair[1])",
    "an array in place of the schema": "pair = (pair[1], pair[1])",
    "a schema in place of the array": "pair = (pair[0], pair[0])",
}
APART = """
import pyarrow as pa, perpcore as pc
RULES = pc.Rulebook.preset("hk-vatp-perp")
class Pair:
    def __init__(self, pair): self.pair = pair
    def __arrow_c_array__(self, requested_schema=None): return self.pair
batch = pa.record_batch({"account": ["A"], "asset": ["USD"], "amount": ["1"]})
other = pa.schema([("account", pa.list_(pa.int8())), ("asset", pa.struct([])), ("amount", pa.int64())])
pair = batch.__arrow_c_array__()
%s
try:
    pc.assess(RULES, balances=Pair(pair))
except (pc.errors.SchemaError, ValueError, TypeError) as error:
    print("refused", error)
print(pc.assess(RULES, balances=batch).counts())
"""


@pytest.mark.parametrize("misuse", CAPSULES.values(), ids=CAPSULES)
def test_capsules_that_were_used_or_do_not_fit_are_refused(misuse: str) -> None:
    """In a process of its own, which must go on afterwards."""
    done = subprocess.run([sys.executable, "-c", APART % misuse], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stderr[-2_000:]}"
    first, last = done.stdout.splitlines()
    assert first.startswith("refused")
    assert last == "{'healthy': 1}"
    assert "panicked" not in done.stderr

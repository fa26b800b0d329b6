"""What a caller passes as a table → something with the Arrow C interface, for the core to read.

Arrow producers pass through untouched and unlooked at: the core guards foreign memory itself. A mapping of columns
becomes a record batch in which every number keeps its exact value: text stays text, a `Decimal` becomes its plain
text, integers stay integers, floats stay float64. Whether a value is accepted is decided by the core, not here.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

import numpy as np

from . import errors
from ._tables import RecordBatchReader, catalogue, declared, pa

__all__ = ["decimal_text", "producer", "refuse"]

_FORMS = "an Arrow table (pyarrow, polars, pandas ≥ 2.2, duckdb, …) or a mapping of column names to lists or arrays"

# Tables that may be a mapping of the one column to the other.
_PAIRS = {"prices": ("symbol", "price"), "funding_positions": ("account", "quantity")}

# Tables with columns that are named like what a rulebook has.
_NAMED = ("scenarios", "quotes")

# Beyond this power of ten a number is outside every bound (or off the grid), and its digits are not worth writing.
_DIGITS = 60


def producer(table: str, value: Any) -> Any:
    """`value` as an Arrow producer, or None.

    Raises TypeError for an argument that is no table, SchemaError and InputError with table and column for a column
    that has no Arrow form.
    """
    if value is None:
        return None
    if type(value) is not dict:
        if isinstance(value, RecordBatchReader):
            # A reader can be read once; the table it holds can be explained and pickled later.
            return value.read_all()
        if hasattr(value, "__arrow_c_array__") or hasattr(value, "__arrow_c_stream__"):
            return value
        if not isinstance(value, Mapping):
            raise TypeError(f"{table}: {_FORMS} is needed, not {type(value).__name__}")
    if table in _PAIRS and all(map(_is_scalar, value.values())):
        value = dict(zip(_PAIRS[table], (list(value), list(value.values())), strict=True))
    return _batch(table, value)


def _batch(table: str, columns: Mapping[Any, Any]) -> Any:
    names: list[str] = []
    arrays: list[Any] = []
    for name, values in columns.items():
        if not isinstance(name, str):
            raise TypeError(f"{table}: column names are text, not {type(name).__name__}")
        array = _column(table, name, values)
        if arrays and len(array) != len(arrays[0]):
            message = f"column has {len(array)} rows, {names[0]} has {len(arrays[0])}"
            refuse(table, name, message, accepted="columns of one length")
        names.append(name)
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, names=names)


def _column(table: str, name: str, values: Any) -> Any:
    try:
        try:
            return _array(table, name, values)
        except (pa.ArrowException, UnicodeError) as error:
            refuse(table, name, f"no Arrow form: {error}", cause=error)
    except errors.PerpcoreError:
        if _name_is_known(table, name) or not hasattr(values, "__len__") or isinstance(values, str):
            raise
        # The core refuses or ignores an unknown column by its name; what it holds does not matter.
        return pa.nulls(len(values))


def _array(table: str, name: str, values: Any) -> Any:
    """One column in whatever form as a pyarrow Array."""
    if isinstance(values, (list, tuple)):
        return _from_list(table, name, values)
    if isinstance(values, np.ndarray):
        return _from_numpy(table, name, values)
    if isinstance(values, pa.Array):
        return values
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks()
    if str(getattr(values, "dtype", "")) == "object":
        return _from_list(table, name, list(values))
    if hasattr(values, "__arrow_c_stream__"):
        return pa.chunked_array(values).combine_chunks()
    if hasattr(values, "__arrow_c_array__"):
        return pa.array(values)
    if not isinstance(values, Sequence) or isinstance(values, (str, bytes, bytearray)):
        accepted = "a list, a NumPy or an Arrow array"
        refuse(table, name, "a column is a list or an array", value=values, accepted=accepted)
    return _from_list(table, name, list(values))


def _from_numpy(table: str, name: str, values: np.ndarray[Any, Any]) -> Any:
    if values.ndim != 1:
        refuse(table, name, f"the array has {values.ndim} dimensions", accepted="one dimension")
    mask = None
    if isinstance(values, np.ma.MaskedArray):
        mask, values = np.ma.getmaskarray(values), values.data
    kind = values.dtype.kind
    if kind in "OT":
        listed = values.tolist()
        return _from_list(table, name, listed if mask is None else _masked(listed, mask))
    if not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    if kind == "f":
        wide = values.astype(np.float64, copy=False)
        if values.dtype.itemsize > wide.dtype.itemsize and not np.array_equal(wide, values, equal_nan=True):
            refuse(table, name, f"{values.dtype} has values beyond float64", accepted="float64 or text")
        values = wide
    elif kind == "M":
        # Hours, minutes and coarser units have no Arrow type. The core refuses times without a zone by name.
        if np.datetime_data(values.dtype)[0] not in ("s", "ms", "us", "ns"):
            values = values.astype("M8[s]")
    elif kind not in "biuUS":
        refuse(table, name, f"NumPy type {values.dtype}", accepted="numbers, text, booleans or int64 nanoseconds")
    return pa.array(values, mask=mask)


def _masked(values: list[Any], mask: np.ndarray[Any, Any]) -> list[Any]:
    return [None if hidden else value for value, hidden in zip(values, mask.tolist(), strict=True)]


def _from_list(table: str, name: str, values: Sequence[Any]) -> Any:
    """A list; of one plain kind in one step, otherwise value by value."""
    kinds = set(map(type, values))
    kinds.discard(type(None))
    if not kinds:
        return pa.nulls(len(values))
    kind = kinds.pop()
    if kinds or kind not in (str, bool, int, float):
        return _value_by_value(table, name, values)
    if kind is str:
        return _texts(table, name, values)
    if kind is int:
        return _integers(table, name, values)
    return pa.array(values, pa.bool_() if kind is bool else pa.float64())


def _texts(table: str, name: str, values: Sequence[str | None]) -> Any:
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError as error:
        row = next(row for row, value in enumerate(values) if value is not None and not _encodes(value))
        refuse(table, name, "the text has a lone surrogate", row=row, code="invalid_text", cause=error)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _integers(table: str, name: str, values: Sequence[int | None]) -> Any:
    """int64, else uint64 (account numbers), else text for a number: an integer of any size keeps its value."""
    for width in (pa.int64(), pa.uint64()):
        try:
            return pa.array(values, width)
        except (OverflowError, pa.ArrowInvalid):
            continue
    if _holds_names(table, name):
        row = next(row for row, value in enumerate(values) if value is not None and not 0 <= value < 2**64)
        accepted = "text, or integers ≥ 0 of at most 64 bits"
        refuse(table, name, "no account number", row=row, value=values[row], accepted=accepted, code="out_of_range")
    return pa.array([None if value is None else decimal_text(Decimal(value)) for value in values], pa.string())


def _value_by_value(table: str, name: str, values: Sequence[Any]) -> Any:
    """Decimals, times, NumPy scalars, subclasses and mixtures; each number by its own exact value."""
    plain = [_plain(value) for value in values]
    forms = [_form(value) for value in plain]
    found = {form: forms.index(form) for form in forms if form}
    for form, row in found.items():
        if form == "other" or (form in ("boolean", "time") and len(found) > 1):
            refuse(table, name, f"{type(values[row]).__name__} does not fit here", row=row, value=values[row])
    if "time" in found:
        return _times(table, name, plain)
    if "boolean" in found:
        return pa.array(plain, pa.bool_())
    if found.keys() <= {"integer"}:
        return _integers(table, name, plain)
    if found.keys() <= {"float"}:
        return pa.array(plain, pa.float64())
    if found.keys() != {"text"} and _holds_names(table, name):
        (first, row), *others = found.items()
        code = "id_kind_mismatch" if others and name == "account" else "wrong_type"
        form, row = others[0] if others else (first, row)
        message = f"{form} beside {first}" if others else f"{form} as a name"
        refuse(table, name, message, row=row, value=values[row], code=code)
    return _texts(table, name, [_number_text(value) for value in plain])


def _plain(value: Any) -> Any:
    """A NumPy scalar as its Python value; the missing markers of pandas as None."""
    if isinstance(value, np.generic):
        return value.item()
    pandas = sys.modules.get("pandas")
    if pandas is not None and (value is pandas.NA or value is pandas.NaT):
        return None
    return value


def _form(value: Any) -> str:
    """What a Python value is here; empty for None."""
    match value:
        case None:
            return ""
        case bool():
            return "boolean"
        case str():
            return "text"
        case int():
            return "integer"
        case float():
            return "float"
        case Decimal():
            return "decimal"
        case datetime():
            return "time"
        case _:
            return "other"


def _number_text(value: Any) -> Any:
    match value:
        case float():
            return decimal_text(Decimal(repr(value)))
        case int() | Decimal():
            return decimal_text(Decimal(value))
        case _:
            return value


def decimal_text(number: Decimal) -> str:
    """The value of a Decimal in plain notation, whatever its exponent; `NaN`, `Infinity` as such."""
    if not number.is_finite():
        return "NaN" if number.is_nan() else str(number)
    if not number:
        return "0"
    if abs(number.adjusted()) > _DIGITS:
        edge = _DIGITS if number.adjusted() > 0 else -_DIGITS
        number = Decimal((number.as_tuple().sign, (1,), edge))
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _times(table: str, name: str, values: list[Any]) -> Any:
    for row, value in enumerate(values):
        if value is not None and value.utcoffset() is None:
            refuse(table, name, "the time has no zone", row=row, value=value, accepted="an aware datetime or int64 ns")
    try:
        return pa.array(values, pa.timestamp("ns", tz="UTC"))
    except (pa.ArrowInvalid, OverflowError) as error:
        refuse(table, name, "a time is beyond nanoseconds in int64", code="out_of_range", cause=error)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float, Decimal, np.generic))


def _name_is_known(table: str, name: str) -> bool:
    """Whether the core may read the column; some are named like what a rulebook has."""
    return table in _NAMED or name.removesuffix("_e8") in declared(table)


def _holds_names(table: str, name: str) -> bool:
    """Whether the column holds ids or words, not numbers."""
    kind = declared(table).get(name)
    return kind is not None and (pa.types.is_string(kind) or pa.types.is_dictionary(kind))


def refuse(
    table: str,
    column: str | None,
    message: str,
    *,
    row: int | None = None,
    value: Any = None,
    accepted: str | None = None,
    code: str = "wrong_type",
    cause: BaseException | None = None,
) -> NoReturn:
    """Raises what the catalogue's `code` becomes, with its place; `message` says what is wrong here."""
    entry = catalogue()[code]
    kind: type[errors.PerpcoreError] = getattr(errors, entry["class"])
    where = table if column is None else f"{table}.{column}"
    where = where if row is None else f"{where}, row {row}"
    shown = None if value is None else repr(value)[:100]
    accepted = accepted or entry["accepted"]
    raise kind(
        f"{entry['text']}: {where}{f', value {shown}' if shown else ''}, {message}; "
        f"accepted: {accepted} [{entry['number']} {code}]",
        code=code,
        table=table,
        column=column,
        row=row,
        value=shown,
        accepted=accepted,
    ) from cause

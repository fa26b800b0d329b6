"""What comparisons of prices share: numbers and times in every form, rows side by side, and calls that are refused."""

import random
import tomllib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from tests.model.grid import GRID, decimal8
from tests.model_agreement.agreement import SOAK

import perpcore as pc

BLOCKS = 200 if SOAK else 8
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def expanded(text: str) -> dict[str, Any]:
    """The table of a rulebook for the model."""
    return tomllib.loads(text, parse_float=Decimal)


def number(rng: random.Random, units: int | Fraction | None) -> Any:
    """A number of grid units in one of the forms of Python; also one that lies between two units."""
    if units is None:
        return None
    exact = Fraction(units) / GRID
    value = Decimal(exact.numerator) / Decimal(exact.denominator)
    form = rng.choice((Decimal, str, float, int))
    if form is int and value == int(value):
        return int(value)
    if form is float and abs(value) < 2**26 and Decimal(repr(float(value))) == value:
        return float(value)
    return value if form is Decimal else format(value, "f")


def quoted(rng: random.Random, units: int | Fraction | None) -> Any:
    """A number as a source tells it; None is no number at all."""
    if units is None:
        return rng.choice((float("nan"), float("inf"), Decimal("NaN"), "nan"))
    return number(rng, units)


def given(named: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """What a step of a tape names, numbers in any form; what is no number is no price."""
    told: dict[str, Any] = {}
    for name, value in named.items():
        told[name] = value if name == "state" else number(rng, value)
        if value is None and name not in ("state", "funding_rate") and rng.random() < 0.1:
            told[name] = float("nan")
    return told


def column(named: Sequence[Any], name: str, rng: random.Random) -> tuple[str, list[Any]]:
    """A column of a table: as grid units where they are whole ones, else numbers in any form."""
    if name == "state":
        return name, list(named)
    if rng.random() < 0.5 and all(value is None or isinstance(value, int) for value in named):
        return f"{name}_e8", list(named)
    return name, [number(rng, value) for value in named]


def when(rng: random.Random, time: int) -> Any:
    """A time as nanoseconds or, where it has a whole number of microseconds, as a datetime."""
    if time % 1_000 or rng.random() < 0.7:
        return time
    return EPOCH + timedelta(microseconds=time // 1_000)


def nanoseconds(time: Any) -> Any:
    """A time of a result, back in nanoseconds."""
    if isinstance(time, pa.Scalar):
        time = time.value
    return (time - EPOCH) // timedelta(microseconds=1) * 1_000 if isinstance(time, datetime) else time


def figure(units: int | None) -> Decimal | None:
    """Grid units as results have them."""
    return None if units is None else decimal8(units)


def columns(batch: Any) -> dict[str, list[Any]]:
    """A result by columns; times in nanoseconds."""
    table: dict[str, list[Any]] = {}
    for name in batch.schema.names:
        array = batch.column(name)
        if pa.types.is_timestamp(array.type):
            array = array.cast(pa.int64())
        table[name] = array.to_pylist()
    return table


def sample(told: Any, names: Sequence[str]) -> dict[str, Any]:
    """The fields of a sample; its time in nanoseconds."""
    found = {name: getattr(told, name) for name in names}
    found["time"] = nanoseconds(found["time"])
    return found


def differences(got: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    """One text a field, of those that the model tells."""
    for name, value in wanted.items():
        mine = got[name]
        if mine != value or type(mine) is not type(value):
            yield f"{name}: {mine!r}, the model says {value!r}"


def table_differences(got: Any, wanted: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """One text a cell, of a result of `run` beside the rows of the model."""
    table = columns(got)
    for name in wanted[0] if wanted else ():
        theirs = [row[name] for row in wanted]
        if len(table[name]) != len(theirs):
            yield f"{len(table[name])} rows, the model says {len(theirs)}"
            return
        for row, (mine, value) in enumerate(zip(table[name], theirs, strict=True)):
            if mine != value:
                yield f"{name}, row {row}: {mine!r}, the model says {value!r}"


def refused_going_back(price: Any, time: int, call: Callable[[int], Any]) -> None:
    """Time never runs back: a typed error, and nothing has changed."""
    before = price.digest
    with pytest.raises(pc.errors.PerpcoreError):
        call(time - 1)
    assert price.digest == before


def quietly(call: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """A call with large floats, which are exact by their text: the warning about them is not news."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pc.errors.PrecisionWarning)
        return call(*given, **named)


def report(about: str, found: Sequence[str]) -> None:
    """Fails with the first of some differences."""
    assert not found, "\n".join([about, *found[:12]])

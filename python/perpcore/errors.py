"""The exceptions of perpcore: raised from Rust and from Python alike, with the place and the value that caused them.

Every exception has the same attributes. Their codes are listed by `perpcore.error_codes()`; the classes say who has
to act: a `RulebookError` the author of the rules, a `SchemaError` or an `InputError` whoever built the table, a
`StateError` the calling program, an `InternalError` the maintainers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._tables import RecordBatch

__all__ = [
    "InputError",
    "InternalError",
    "JournalError",
    "PerpcoreError",
    "PrecisionWarning",
    "RulebookError",
    "SchemaError",
    "StateError",
]

# What names the place and the value of one problem; the columns of `problems` beside number, code and message.
_PLACE = ("table", "column", "row", "value", "accepted")


class PerpcoreError(Exception):
    """Any refusal of perpcore. Nothing was changed by the call that raised it.

    Attributes: `code` (snake_case name of the catalogue), `table`, `column` (the dotted path in a rulebook), `row`
    (from 0), `value` (the offending value as text), `accepted` (what would have been accepted), `problems`. What does
    not apply is None.

    >>> import perpcore as pc
    >>> error = pc.errors.InputError("too large", code="out_of_range", table="balances", column="amount", row=3)
    >>> error.code, error.table, error.row
    ('out_of_range', 'balances', 3)
    >>> isinstance(error, ValueError)
    True
    """

    code: str | None
    table: str | None
    column: str | None
    row: int | None
    value: str | None
    accepted: str | None

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        table: str | None = None,
        column: str | None = None,
        row: int | None = None,
        value: str | None = None,
        accepted: str | None = None,
        problems: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.table = table
        self.column = column
        self.row = row
        self.value = value
        self.accepted = accepted
        self._problems = list(problems or ())

    @property
    def problems(self) -> RecordBatch:
        """All problems found by the call, at most 1,000, this one first.

        Returns a `pyarrow.RecordBatch` with the columns number, code, table, column, row, value, accepted, message.

        >>> import perpcore as pc
        >>> pc.errors.InputError("too large", code="out_of_range", table="balances", row=3).problems.num_rows
        1
        """
        from ._tables import problems_batch

        own = {name: getattr(self, name) for name in ("code", *_PLACE)} | {"message": str(self)}
        return problems_batch(self._problems or [own])

    def __reduce__(self) -> tuple[Any, ...]:
        named = {name: getattr(self, name) for name in ("code", *_PLACE)}
        return _restore, (type(self), str(self), {**named, "problems": self._problems})


def _restore(kind: type[PerpcoreError], message: str, named: dict[str, Any]) -> PerpcoreError:
    """Rebuilds a pickled error; keyword arguments do not survive the default way."""
    return kind(message, **named)


class RulebookError(PerpcoreError):
    """A rulebook that does not stand. `column` is the dotted path; `problems` lists everything wrong with it.

    >>> import perpcore as pc
    >>> issubclass(pc.errors.RulebookError, pc.errors.PerpcoreError)
    True
    """


class SchemaError(PerpcoreError, TypeError):
    """A table of another form: a column that is missing, unknown, given twice or of a type that is not accepted.

    >>> import perpcore as pc
    >>> issubclass(pc.errors.SchemaError, TypeError)
    True
    """


class InputError(PerpcoreError, ValueError):
    """A value that is not accepted, with its table, column and row.

    >>> import perpcore as pc
    >>> issubclass(pc.errors.InputError, ValueError)
    True
    """


class StateError(PerpcoreError):
    """A call that does not fit the state of its object.

    >>> import perpcore as pc
    >>> issubclass(pc.errors.StateError, pc.errors.PerpcoreError)
    True
    """


class JournalError(PerpcoreError):
    """A journal that cannot be read or written.

    >>> import perpcore as pc
    >>> issubclass(pc.errors.JournalError, pc.errors.PerpcoreError)
    True
    """


class InternalError(PerpcoreError):
    """A fault of perpcore itself. Please report it, with what `PERPCORE_CAPTURE` wrote if it was set.

    >>> import perpcore as pc
    >>> issubclass(pc.errors.InternalError, pc.errors.PerpcoreError)
    True
    """


class PrecisionWarning(UserWarning):
    """A float64 so large that two values of the grid share it (from 2²⁶ on). Emitted once a call.

    Pass text, `decimal.Decimal`, Arrow decimals or `_e8` integers for such numbers.

    >>> import perpcore as pc
    >>> issubclass(pc.errors.PrecisionWarning, UserWarning)
    True
    """

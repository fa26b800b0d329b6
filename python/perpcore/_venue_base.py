"""What every part of a `Venue` stands on: the compiled venue, and one command told to it."""

from __future__ import annotations

from typing import Any

from . import _core
from ._scalars import Time, some_nanoseconds
from .event import Event


class _Acting:
    """It carries out commands."""

    __slots__ = ("_core",)

    def __init__(self, rules: _core.Rulebook) -> None:
        self._core = _core.Venue(rules)

    def _act(self, kind: str, time: Time | None, **cells: Any) -> list[Event]:
        told = self._core.act(kind, time=some_nanoseconds("time", time), **cells)
        return [Event(*event) for event in told]

"""`PERPCORE_CAPTURE=folder`: what a failing call was given, so that `perpcore assess folder` fails the same way.

Off unless the variable is set. The folder holds the newest failing call: its tables as Arrow files, `rulebook.toml`
and `call.json` with the options, the error and the build.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import _core, errors
from .book import TABLES, write_book

__all__ = ["CALL", "RULEBOOK", "captured"]

RULEBOOK = "rulebook.toml"
CALL = "call.json"


@contextmanager
def captured(folder: str, rules: _core.Rulebook, tables: Sequence[Any], options: Sequence[Any]) -> Iterator[None]:
    """Writes what the call inside was given if it raises a PerpcoreError, and lets that error pass whatever happens."""
    try:
        yield
    except errors.PerpcoreError as error:
        try:
            _write(Path(folder), rules, tables, options, error)
        except (OSError, ValueError, TypeError) as fault:
            warnings.warn(f"PERPCORE_CAPTURE: nothing was written to {folder}: {fault}", RuntimeWarning, stacklevel=3)
        raise


def _write(place: Path, rules: _core.Rulebook, tables: Sequence[Any], options: Sequence[Any], error: Exception) -> None:
    place.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        (place / f"{table}.arrow").unlink(missing_ok=True)
    write_book(dict(zip(TABLES, tables, strict=True)), place, "arrow")
    (place / RULEBOOK).write_text(rules.to_toml(), encoding="utf-8")
    on_error, extra, threads = options
    call = {
        "on_error": on_error,
        "extra": extra,
        "threads": threads,
        "error": {"class": type(error).__name__, "code": getattr(error, "code", None), "message": str(error)},
        "digest": rules.digest,
        "build": _core.build_info(),
    }
    (place / CALL).write_text(json.dumps(call, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

"""Vectors and recorded markets beside the repository: in `../shared`, or where the environment says."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(os.environ.get("PERPCORE_SHARED") or Path(__file__).resolve().parents[2] / "shared")
VECTORS = SHARED / "vectors"
DATA = Path(os.environ.get("PERPCORE_DATA") or SHARED / "data")


def at_hand(path: Path) -> Path:
    """The path. Without it the test skips and says so; where CI=true it fails instead, so that a run that counts cannot
    pass by not looking.
    """
    if not path.exists():
        message = f"no {path.name} at {path.parent} (PERPCORE_SHARED and PERPCORE_DATA name other places)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return path


def complete(name: str) -> Any:
    """What a file of the vectors holds, which the carried ones are held against."""
    return json.loads(at_hand(VECTORS / name).read_text(encoding="utf-8"))

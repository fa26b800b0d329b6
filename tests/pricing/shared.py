"""The complete vectors beside the repository, which the carried ones are held against."""

import json
import os
from typing import Any

import pytest
from tests.rules.test_shared_vectors import VECTORS


def complete(name: str) -> Any:
    """What a file of the vectors holds; without it the test skips and says so, and fails where CI=true."""
    path = VECTORS / name
    if not path.is_file():
        message = "the complete vectors are not at hand"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{message}; set PERPCORE_SHARED")
        pytest.skip(f"{message} (PERPCORE_SHARED names another place)")
    return json.loads(path.read_text(encoding="utf-8"))

"""Runs the model over pricing.json and prints every difference.

python -m tests.model.pricing.check_vectors PATH/pricing.json
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from ..cases import check
from .vector_rules import RULES


def comparable(value: Any) -> Any:
    """Figures as fractions, words as they are, in whatever holds them."""
    if isinstance(value, Mapping):
        return {key: comparable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [comparable(each) for each in value]
    try:
        return value if isinstance(value, bool) else Fraction(value)
    except (TypeError, ValueError):
        return value


def differences(case: Mapping[str, Any]) -> Iterator[str]:
    """One text a difference; a column that the model does not have is one too."""
    found = RULES[case["rule"]](case["inputs"])
    for name, wanted in case["expected"].items():
        if name not in found or comparable(found[name]) != comparable(wanted):
            yield f"{name}: {found.get(name)} expected {wanted}"


def main(paths: list[str]) -> int:
    """Prints the differences and a count; 1 if there is any."""
    return check(paths, differences)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""perpcore: margin, equity and status of a whole book of perpetual contracts, straight from Arrow columns.

    import perpcore as pc

    rules = pc.Rulebook.preset("hk-vatp-perp")
    result = pc.assess(rules, positions=…, balances=…, prices=…)
    result.accounts            # a pyarrow RecordBatch
    print(result.explain(id))  # every line of one account

Money is exact: integers of 10⁻⁸ inside, decimal128 outside. See `perpcore.describe()` for tables, rules and errors.
"""

from __future__ import annotations

import warnings
from typing import Any

from . import _core, errors, synth
from ._core import Rulebook
from ._feed import feed
from ._stress import largest_deficits, reverse_stress, stress
from ._tables import schema
from .assessment import Assessment, assess
from .book import read_book, write_book
from .event import Event, Level
from .explanation import Explanation
from .fit import fit_scenarios
from .funding import Funding, FundingFlows, FundingSample
from .index_price import IndexPrice, IndexSample
from .mark_price import MarkPrice, MarkSample
from .mirror import DepthMirror
from .monitor import Monitor, OrderCheck
from .orderbook import OrderBook
from .venue import Venue

__all__ = [
    "Assessment",
    "DepthMirror",
    "Event",
    "Explanation",
    "Funding",
    "FundingFlows",
    "FundingSample",
    "IndexPrice",
    "IndexSample",
    "Level",
    "MarkPrice",
    "MarkSample",
    "Monitor",
    "OrderBook",
    "OrderCheck",
    "Rulebook",
    "Venue",
    "assess",
    "build_info",
    "describe",
    "error_codes",
    "errors",
    "feed",
    "fit_scenarios",
    "largest_deficits",
    "read_book",
    "reverse_stress",
    "rules",
    "schema",
    "stress",
    "synth",
    "write_book",
]


def build_info() -> dict[str, str]:
    """What was built: version, profile (`release` or `debug`) and the rest of the build's facts, all text.

    >>> import perpcore as pc
    >>> "profile" in pc.build_info()
    True
    """
    return _core.build_info()


def describe() -> dict[str, Any]:
    """Everything that is declared once in the core, as plain data: errors, rules, rulebook fields, tables, …

    >>> import perpcore as pc
    >>> sorted(pc.describe())
    ['bounds', 'commands', 'errors', 'events', 'permissions', 'rulebook', 'rulebook_schema', 'rules', 'tables']
    """
    return _core.describe()


def error_codes() -> list[dict[str, Any]]:
    """The catalogue of error codes, by number: number, name, class, text, accepted.

    >>> import perpcore as pc
    >>> [entry["class"] for entry in pc.error_codes() if entry["name"] == "missing_price"]
    ['InputError']
    """
    found: list[dict[str, Any]] = _core.describe()["errors"]
    return found


def rules() -> list[dict[str, Any]]:
    """The registry of rules: id (as in `lines`), formula, source, and the rulebook paths it reads.

    >>> import perpcore as pc
    >>> [rule["formula"] for rule in pc.rules() if rule["id"] == "pnl.unrealized"]
    ['Q·M − κ']
    """
    found: list[dict[str, Any]] = _core.describe()["rules"]
    return found


if build_info().get("profile") == "debug":
    warnings.warn(
        "perpcore was built without optimization and is many times slower; build with --release",
        RuntimeWarning,
        stacklevel=2,
    )

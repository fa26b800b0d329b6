"""A book asked "what if": valued again under joint moves, and the move that costs an amount."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from . import _core
from ._inputs import producer
from ._tables import RecordBatch, imported
from .assessment import assess

__all__ = ["largest_deficits", "reverse_stress", "stress"]

_Number = str | int | float | Decimal

# 10¹⁸ whole units: more than any sum of an admitted million accounts.
_MOST = 10**26


def stress(
    rules: _core.Rulebook,
    book: Mapping[str, Any],
    scenarios: Any,
    *,
    fund: _Number | None = None,
    threads: int | None = None,
) -> RecordBatch:
    """The book valued again in every scenario: a row each, over all buckets, cross and isolated.

    `scenarios` has a row a scenario and a column an underlying: its relative move, from −1 (worth nothing) to 10. All
    marks and asset prices of the underlying move by it, to price × (1 + move), half to even at 10⁻⁸. A column may
    also be an asset, which then moves by that alone, as a stablecoin that loses its peg. What has no column stays.

    Columns: scenario, the number of buckets by status, equity, initial_margin, maintenance_margin, deficit
    (Σ −net_value of the bankrupt) and fund_draw: what of the deficit an insurance fund of `fund` pays, all of it where
    none is given. Portfolio accounts keep the scenario table that their margin is made of. `threads` bounds the
    threads used.

    Raises SchemaError and InputError as `assess`, of book and scenarios; ValueError for the other arguments.

    >>> import perpcore as pc
    >>> book = dict(
    ...     positions={"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["4"], "cost": ["244000"]},
    ...     balances={"account": ["A"], "asset": ["USD"], "amount": ["20000"]},
    ...     prices={"BTC-PERP": "58000"},
    ... )
    >>> scenarios = {"scenario": ["now", "fall"], "BTC": ["0", "-0.12"]}
    >>> for row in pc.stress(pc.Rulebook.preset("hk-vatp-perp"), book, scenarios).to_pylist():
    ...     print(row["scenario"], row["restricted"], row["bankrupt"], f"{row['equity']:.2f} {row['deficit']:.2f}")
    now 1 0 8000.00 0.00
    fall 0 1 -19840.00 19840.00
    """
    size = None if fund is None else _core.grid_units("fund", fund, 0, _MOST)
    return imported(_valued(rules, book, threads).stress(producer("scenarios", _given(scenarios)), size))


def largest_deficits(
    rules: _core.Rulebook, book: Mapping[str, Any], scenarios: Any, *, count: int = 10, threads: int | None = None
) -> RecordBatch:
    """Who owes most in every scenario: the `count` bankrupt buckets with the largest deficits, the largest first.

    Columns: scenario, account, instrument (of an isolated bucket; null is cross), equity, maintenance_margin, deficit.
    Arguments and errors as `stress`.

    >>> import perpcore as pc
    >>> book = dict(
    ...     positions={"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["4"], "cost": ["244000"]},
    ...     balances={"account": ["A"], "asset": ["USD"], "amount": ["20000"]},
    ...     prices={"BTC-PERP": "58000"},
    ... )
    >>> scenarios = {"scenario": ["now", "fall"], "BTC": ["0", "-0.12"]}
    >>> pc.largest_deficits(pc.Rulebook.preset("hk-vatp-perp"), book, scenarios).to_pydict()["deficit"]
    [Decimal('19840.00000000')]
    """
    if count < 1:
        raise ValueError(f"count is at least 1, not {count}")
    return imported(_valued(rules, book, threads).largest_deficits(producer("scenarios", _given(scenarios)), count))


def reverse_stress(
    rules: _core.Rulebook,
    book: Mapping[str, Any],
    direction: Mapping[str, _Number],
    *,
    deficit: _Number = 0,
    threads: int | None = None,
) -> Fraction | None:
    """How far prices may move along a direction before the deficit of the book exceeds an amount.

    `direction` names underlyings or assets with their moves at t = 1, as `{"BTC": "-0.5", "ETH": "-0.6"}`. Gives the
    largest t ≥ 0 up to which the deficit (Σ −net_value of the bankrupt) is at most `deficit`, exactly; beyond it, it is
    more. 0 if it is more already; None if it never is, as long as every move t × direction is within −1 to 10. Net
    values are taken before rounding; undecided buckets are nobody's deficit.

    Raises SchemaError and InputError as `assess`, of book and direction; ValueError for the other arguments.

    >>> import perpcore as pc
    >>> book = dict(
    ...     positions={"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["4"], "cost": ["244000"]},
    ...     balances={"account": ["A"], "asset": ["USD"], "amount": ["20000"]},
    ...     prices={"BTC-PERP": "58000"},
    ... )
    >>> pc.reverse_stress(pc.Rulebook.preset("hk-vatp-perp"), book, {"BTC": -1})
    Fraction(1, 29)
    """
    if not isinstance(direction, Mapping):
        raise TypeError(f"direction is a mapping of names to moves, not {type(direction).__name__}")
    if wrong := direction.keys() & {"scenario", "weight"}:
        raise ValueError(f"direction names underlyings and assets, not {', '.join(sorted(wrong))}")
    amount = _core.grid_units("deficit", deficit, 0, _MOST)
    row = {"scenario": ["direction"], **{name: [move] for name, move in direction.items()}}
    found = _valued(rules, book, threads).reverse_stress(producer("scenarios", row), amount)
    if found is None:
        return None
    above, below = (int.from_bytes(part, "little", signed=True) for part in found)
    return Fraction(above, below)


def _valued(rules: _core.Rulebook, book: Mapping[str, Any], threads: int | None) -> _core.Assessment:
    """The book as it is: it must be one that can be valued before anything moves."""
    return assess(rules, **book, threads=threads)._core  # noqa: SLF001 # of this package


def _given(scenarios: Any) -> Any:
    if scenarios is None:
        raise TypeError("scenarios are needed: a table of a row each")
    return scenarios

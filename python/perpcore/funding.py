"""`Funding`: what longs and shorts pay each other, from samples of the premium that are never made of a bad index."""

from __future__ import annotations

import decimal
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn

from . import _core
from ._inputs import producer
from ._scalars import SAME, Number, Same, Time, instant, named
from ._tables import RecordBatch, imported

__all__ = ["Funding", "FundingFlows", "FundingSample"]

_TABLE = "funding_inputs"

# Cumulative funding has 16 decimals; what the table `funding` holds of it is below this.
_DECIMALS = 16
_MOST_CUMULATIVE = Decimal(10) ** 20
_EXACT = decimal.Context(prec=60, traps=[decimal.Inexact, decimal.InvalidOperation])


class FundingSample(NamedTuple):
    """A sample of the premium, and at the end of an interval its rate: the fields of the table `funding`.

    >>> import perpcore as pc
    >>> funding = pc.Funding(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
    >>> now = 1_800_000_000 * 10**9
    >>> funding.update(now, index=58_000, impact_bid=58_058, impact_ask=58_070)
    []
    >>> [sample.premium for sample in funding.update(now + 5 * 10**9)]  # 58 / 58,000
    [Decimal('0.00100000')]
    """

    time: int
    """When the slot was, nanoseconds since 1970 UTC."""
    slot: int
    """Its number in the interval, from 1: its weight."""
    premium: Decimal | None
    """The premium; None where the sample is not valid."""
    valid: bool
    """Whether the sample is valid."""
    reason: str | None
    """Why it is not: no_index, index_state, stale_index, thin_book, crossed or off_scale."""
    samples: int
    """Valid samples of the interval so far."""
    predicted: Decimal
    """The rate of the interval if it ended now."""
    rate: Decimal | None
    """At the end of an interval its rate."""
    outcome: str | None
    """And how it ended: settled, low_coverage, price_unusable or funding_missed."""
    missed: int
    """How many intervals ended without a valid sample."""
    index: Decimal | None  # type: ignore[assignment]
    """The index that the sample was made of."""
    state: str
    """Its state."""
    impact_bid: Decimal | None
    """The price of the impact notional through the bids."""
    impact_ask: Decimal | None
    """The same through the asks."""
    mark: Decimal | None
    """The mark, where one is known and not older than an index may be."""
    cumulative: Decimal | None
    """Σ mark · rate of the settlements so far; None before the first, and from one on whose mark was not known."""


class FundingFlows(NamedTuple):
    """What a funding costs whom.

    >>> import perpcore as pc
    >>> pc.FundingFlows({}, None).cash
    {}
    """

    cash: dict[str | int, Decimal]
    """What each account receives, or pays where it is below 0."""
    rounding: Decimal | None
    """What remains, so that together it is 0; None where the positions do not add up to 0."""


class Funding:
    """The funding of an instrument: index and impact prices in, samples of the premium and settled rates out.

    A slot takes a sample of what was known before the first update at its time or later. A sample is valid only of a
    usable and fresh index and a book that is not crossed; what is no price counts as none. What is not valid has a
    reason, and an interval with too few valid samples has the rate 0.

    `time` is nanoseconds since 1970 UTC or an aware datetime, and never falls. Calls may come from any thread; one at a
    time is at work. A value of no number's type, a state of no such word, an integer time before the year 2000 and a
    time before that of an earlier call are refused with SchemaError, InputError, TypeError or ValueError, and change
    nothing.

    >>> import perpcore as pc
    >>> rules = pc.Rulebook.preset("hk-vatp-perp").edit({"instrument.BTC-PERP.funding.sample": "4h"})
    >>> funding = pc.Funding(rules, "BTC-PERP")
    >>> start, hour = 1_800_000_000 * 10**9, 3_600 * 10**9  # 08:00 UTC, where an interval begins
    >>> prices = dict(index=58_000, impact_bid=58_058, impact_ask=58_070, mark=58_050)
    >>> first = funding.update(start, **prices)
    >>> for step in (4, 8):  # what is known just before counts
    ...     told = funding.update(start + step * hour - 10**9, **prices)
    ...     for sample in funding.update(start + step * hour):
    ...         print(sample.slot, sample.premium, sample.rate, sample.cumulative)  # 0.1 % − 0.05 %, 58,050 × 0.05 %
    1 0.00100000 None None
    2 0.00100000 0.00050000 29.0250000000000000
    """

    __slots__ = ("_core",)

    def __init__(self, rules: _core.Rulebook, instrument: str) -> None:
        self._core = _core.Funding(rules, instrument)

    def update(
        self,
        time: Time,
        *,
        index: Number | Same | None = SAME,
        state: str | Same | None = SAME,
        impact_bid: Number | Same | None = SAME,
        impact_ask: Number | Same | None = SAME,
        mark: Number | Same | None = SAME,
    ) -> list[FundingSample]:
        """Takes the slots up to `time`, of what was known before, then what changed; the samples.

        None is that there is none; as a state it is live. What is not named stays as it was. In a gap not every slot is
        written: of those in a row without a fresh index the first and the last of each interval, and of intervals that
        passed whole the last, with `missed`.

        >>> import perpcore as pc
        >>> funding = pc.Funding(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> now = 1_800_000_000 * 10**9
        >>> first = funding.update(now, index=58_000, state="frozen")
        >>> [(sample.reason, sample.missed) for sample in funding.update(now + 5 * 10**9)]
        [('index_state', 0)]
        """
        told = named(index=index, state=state, impact_bid=impact_bid, impact_ask=impact_ask, mark=mark)
        return [FundingSample(*sample) for sample in self._core.update(instant(_TABLE, "time", time), told)]

    def run(self, table: Any) -> RecordBatch:
        """Works off the table `funding_inputs`, an update a row; the table `funding`, a row a sample.

        The columns are those that `update` names. A column that the table has is named in every row, and null is None;
        what the table does not have stays as it was. As a call of `update` for each row would; where the table is
        refused, nothing has changed. Raises SchemaError and InputError, as `assess`; `time_order` where the time falls.

        >>> import perpcore as pc
        >>> now = 1_800_000_000 * 10**9
        >>> rows = {"time": [now, now + 5 * 10**9], "index": ["100"] * 2, "impact_bid": ["99", None]}
        >>> rows["impact_ask"] = ["99.8"] * 2
        >>> funding = pc.Funding(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> funding.run(rows).select(["slot", "premium", "valid"]).to_pylist()
        [{'slot': 1, 'premium': Decimal('-0.00200000'), 'valid': True}]
        """
        return imported(self._core.run(producer(_TABLE, table)))

    def settle(self, positions: Any, mark: Number, rate: Number) -> FundingFlows:
        """What a rate costs whom at a mark: −Q·mark·rate of each account, rounded down at 10⁻⁸.

        `positions` is a mapping of accounts to base quantities, or a table of account and quantity, in which the rows
        of an account add up. Longs pay where the rate is above 0. Nothing of the funding itself changes.

        Raises ValueError for a mark that is no price or a rate beyond ±100, SchemaError and InputError, as `assess`.

        >>> import perpcore as pc
        >>> funding = pc.Funding(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> flows = funding.settle({"A": 1, "B": "-0.33333333", "C": "-0.66666667"}, "100.01", "0.0001")
        >>> flows.cash["A"], flows.cash["B"], flows.rounding
        (Decimal('-0.01000100'), Decimal('0.00333366'), Decimal('1E-8'))
        """
        flows, rounding = self._core.settle(producer("funding_positions", positions), mark, rate)
        table = imported(flows)
        cash = zip(table["account"].to_pylist(), table["cash"].to_pylist(), strict=True)
        return FundingFlows(dict(cash), rounding)

    def restore(self, time: Time, mark: Number, cumulative: Number) -> list[FundingSample]:
        """Takes over the cumulative funding, of at most 16 decimals, that an earlier run had; any where none is known.

        Time, mark and cumulative are those of the last row that was kept: it is an update at that time which names the
        mark, so it returns the slots that were taken, and intervals that were lost since are told by what follows.

        Raises InputError, and changes nothing: out_of_range where `mark` is no price, `discontinuous` where the
        cumulative funding is further from what is known here than the cap times the known mark for each interval since
        the last settlement (100 % without a cap), `time_order`.

        >>> import perpcore as pc
        >>> funding = pc.Funding(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> funding.restore(1_800_000_000 * 10**9, 58_000, "12.3456789")
        []
        """
        told = self._core.restore(instant(_TABLE, "time", time), mark, _cumulative(cumulative))
        return [FundingSample(*sample) for sample in told]

    @property
    def instrument(self) -> str:
        """The instrument."""
        return self._core.instrument

    @property
    def digest(self) -> str:
        """The state in 256 bits: the same after the same updates, on every machine, however they came."""
        return self._core.digest().hex()

    def __repr__(self) -> str:
        return f"<Funding {self.instrument}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Funding is not pickled; keep what it was told and give it to update() or run() of another one"
        )


def _cumulative(value: Number) -> int:
    """Cumulative funding in units of 10⁻¹⁶."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise TypeError(f"cumulative is a number, not {type(value).__name__}")
    try:
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        # Neither is rounded to the caller's context.
        if -_MOST_CUMULATIVE <= number <= _MOST_CUMULATIVE:
            units = _EXACT.scaleb(number, _DECIMALS)
            if units == _EXACT.to_integral_value(units):
                return int(units)
    except decimal.DecimalException:
        pass
    raise ValueError(f"cumulative is a number within ±10²⁰ of at most {_DECIMALS} decimals")

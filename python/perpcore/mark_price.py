"""`MarkPrice`: the price at which positions are valued, never far from the index, with its lineage."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple, NoReturn

from . import _core
from ._inputs import producer
from ._scalars import SAME, Number, Same, Time, instant, named
from ._tables import RecordBatch, imported

__all__ = ["MarkPrice", "MarkSample"]

_TABLE = "tops"


class MarkSample(NamedTuple):
    """A mark with its lineage, the fields of the table `mark`.

    >>> import perpcore as pc
    >>> mark = pc.MarkPrice(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
    >>> mark.update(1_800_000_000 * 10**9, index=58_000).rule
    'single'
    """

    time: int
    """Nanoseconds since 1970 UTC."""
    mark: Decimal | None
    """The mark; None without an index."""
    rule: str | None
    """How it was made: median3, average, mean, single or fair_basis."""
    bound: str | None
    """What it is held at: band or speed."""
    state: str
    """Whether it may be used."""
    inputs: int
    """How many inputs there were."""
    index: Decimal | None  # type: ignore[assignment]
    """The index."""
    index_age: int | None
    """Nanoseconds since it was told."""
    carried: Decimal | None
    """The index with what is left of the last funding rate."""
    basis: Decimal | None
    """The index with the mean basis of the last seconds."""
    samples: int
    """One-second samples in that mean."""
    book: Decimal | None
    """The median of best bid, best ask and last trade."""
    average: Decimal | None
    """The average of the mid, where it stood in for an input."""


class MarkPrice:
    """The mark of an instrument: index, book and trades in, one price with its lineage out.

    An update says what changed; what it does not name stays as it was. What stands between two updates prevailed for
    the whole seconds between them. A bid that is not below its ask is no book, and what is no price (0, below 0, beyond
    10⁸, a number of more than eight decimals, NaN) is none: that is seen in the lineage, and is never an error.

    `time` is nanoseconds since 1970 UTC or an aware datetime, and never falls. Calls may come from any thread; one at a
    time is at work. A value of no number's type, a state of no such word, an integer time before the year 2000 and a
    time before that of an earlier call are refused with SchemaError, InputError, TypeError or ValueError, and change
    nothing.

    >>> import perpcore as pc
    >>> mark = pc.MarkPrice(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
    >>> now = 1_800_000_000 * 10**9
    >>> sample = mark.update(now, index="58000", bid="58010", ask="58020", last="58030")
    >>> sample.mark, sample.rule, sample.book  # no basis yet: the mean of 58,000 and 58,020
    (Decimal('58010.00000000'), 'mean', Decimal('58020.00000000'))
    >>> sample = mark.update(now + 10**9)
    >>> sample.mark, sample.rule, sample.basis  # the mid was 15 above the index for a second
    (Decimal('58015.00000000'), 'median3', Decimal('58015.00000000'))
    """

    __slots__ = ("_core",)

    def __init__(self, rules: _core.Rulebook, instrument: str) -> None:
        self._core = _core.MarkPrice(rules, instrument)

    def update(
        self,
        time: Time,
        *,
        index: Number | Same | None = SAME,
        state: str | Same | None = SAME,
        bid: Number | Same | None = SAME,
        ask: Number | Same | None = SAME,
        impact_bid: Number | Same | None = SAME,
        impact_ask: Number | Same | None = SAME,
        last: Number | Same | None = SAME,
        funding_rate: Number | Same | None = SAME,
    ) -> MarkSample:
        """Takes what changed, and makes the mark; without anything, time passes.

        `index` and its `state`; the best `bid` and `ask`; the prices of the impact notional; `last`, a trade;
        `funding_rate`, the one that was settled last. None is that there is none: no index, no bid, no trade with this
        update, no other funding rate than before; as a state it is live.

        >>> import perpcore as pc
        >>> mark = pc.MarkPrice(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> now = 1_800_000_000 * 10**9
        >>> mark.update(now, index=58_000, state="thin", bid=60_000).bound
        'band'
        >>> mark.update(now, index=None).mark is None
        True
        """
        told = named(
            index=index,
            state=state,
            bid=bid,
            ask=ask,
            impact_bid=impact_bid,
            impact_ask=impact_ask,
            last=last,
            funding_rate=funding_rate,
        )
        return MarkSample(*self._core.update(instant(_TABLE, "time", time), told))

    def run(self, table: Any) -> RecordBatch:
        """Works off the table `tops`, an update a row; the table `mark`.

        The columns are those that `update` names. A column that the table has is named in every row, and null is None;
        what the table does not have stays as it was. As a call of `update` for each row would; where the table is
        refused, nothing has changed. Raises SchemaError and InputError, as `assess`; `time_order` where the time falls.

        >>> import perpcore as pc
        >>> now = 1_800_000_000 * 10**9
        >>> tops = {"time": [now, now + 10**9], "index": ["100", "100"], "bid": ["100.1", None], "ask": ["100.3", None]}
        >>> mark = pc.MarkPrice(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> mark.run(tops).select(["mark", "rule", "basis", "book"]).to_pylist()[1]["rule"]
        'average'
        """
        return imported(self._core.run(producer(_TABLE, table)))

    @property
    def instrument(self) -> str:
        """The instrument."""
        return self._core.instrument

    @property
    def mark(self) -> Decimal | None:
        """The mark; None without an index."""
        return self._core.mark()

    @property
    def state(self) -> str:
        """Whether it may be used: live, thin, protected, frozen or halted; frozen before the first update."""
        return self._core.state()

    @property
    def digest(self) -> str:
        """The state in 256 bits: the same after the same updates, on every machine, however they came."""
        return self._core.digest().hex()

    def __repr__(self) -> str:
        return f"<MarkPrice {self.instrument}: {self.mark}, {self.state}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a MarkPrice is not pickled; keep what it was told and give it to update() or run() of another one"
        )

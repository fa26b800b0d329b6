"""`IndexPrice`: the price of an underlying from sources that nobody controls alone, and whether it may be used."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn

from . import _core
from ._inputs import producer
from ._scalars import Number, Time, instant, stamp
from ._tables import RecordBatch, imported

__all__ = ["IndexPrice", "IndexSample"]

_TABLE = "quotes"


class IndexSample(NamedTuple):
    """What an index was after an update, the fields of the table `index`.

    >>> import perpcore as pc
    >>> pc.IndexSample(1_800_000_000_000_000_000, None, "frozen", 0, "a market begins frozen").state
    'frozen'
    """

    time: int
    """Nanoseconds since 1970 UTC."""
    value: Decimal | None
    """The last value that was accepted; None before the first."""
    state: str
    """live, thin, protected, frozen or halted."""
    groups: int
    """How many groups of sources count."""
    reason: str | None
    """Why, and which sources are out why, where the state or that is not what it was before."""


class IndexPrice:
    """The index of an underlying: the sources of the rulebook in, one value and its state out.

    An update is a time with the quotes that came then: one sample. Each group of sources is one voice; the value is
    their weighted mean, each within `max_deviation` of the median of all. Whatever a feed does wrong is a reason why
    its source does not count, and where too few are left a state with a reason, never an error: a price of 0, below 0
    or beyond 10⁸, one of more than eight decimals (a float NaN or infinity too: `off_grid`), a clock that runs back or
    ahead, silence, a name that the rulebook does not have.

    `time` is nanoseconds since 1970 UTC or an aware datetime, and never falls. Calls may come from any thread; one at a
    time is at work. A value of no number's type, an integer time before the year 2000, a time before that of an earlier
    call are refused with SchemaError, InputError, TypeError or ValueError, and change nothing.

    >>> import perpcore as pc
    >>> names = ("a", "b", "c")
    >>> rules = pc.Rulebook.preset("hk-vatp-perp").edit(
    ...     {"underlying.BTC.sources": [{"id": name, "group": name.upper()} for name in names]}
    ... )
    >>> index = pc.IndexPrice(rules, "BTC")
    >>> start, second = 1_800_000_000 * 10**9, 10**9
    >>> index.reason
    'a market begins frozen; out: a missing, b missing, c missing'
    >>> for step in range(5):
    ...     sample = index.update(start + step * second, {"a": "57990", "b": 58_000, "c": "58010.5"})
    >>> sample.state, sample.value, sample.reason  # (57,990 + 58,000 + 58,010.5) / 3
    ('live', Decimal('58000.16666667'), '5 samples in a row agreed')
    >>> index.update(start + 5 * second, {"a": 0, "b": -1, "c": "58011"})[2:]
    ('frozen', 1, 'no quorum, live groups: 1; out: a non_positive, b non_positive')
    """

    __slots__ = ("_core",)

    def __init__(self, rules: _core.Rulebook, underlying: str) -> None:
        self._core = _core.IndexPrice(rules, underlying)

    def update(
        self,
        time: Time,
        quotes: Mapping[str, Number | None] | None = None,
        *,
        sent: Time | Mapping[str, Time | None] | None = None,
    ) -> IndexSample:
        """Takes the quotes that came at one time, a price a source; without any, time passes.

        `sent` is when the sources stamped them, one time for all or a time a source; without it, `time`. A quote that
        was stamped before the last one of its source is counted and ignored. None as a price is no quote. A stamp may
        be any time at all: it is the source's word.

        >>> import perpcore as pc
        >>> rules = pc.Rulebook.preset("hk-vatp-perp")
        >>> index = pc.IndexPrice(rules.edit({"underlying.BTC.sources": [{"id": "a", "group": "A"}]}), "BTC")
        >>> now = 1_800_000_000 * 10**9
        >>> sample = index.update(now, {"a": "58000", "b": "58001"}, sent={"a": now - 10**9})
        >>> sample.groups, index.counters()
        (1, {'taken': 1, 'out_of_order': 0, 'unknown': 1})
        """
        now = instant(_TABLE, "time", time)
        if quotes is not None and not isinstance(quotes, Mapping):
            raise TypeError(f"quotes is a mapping of sources to prices, not {type(quotes).__name__}")
        given = None if quotes is None else dict(quotes)
        if sent is None:
            return IndexSample(*self._core.update(now, given))
        if isinstance(sent, Mapping):
            unknown = set(sent) - set(given or ())
            if unknown:
                raise ValueError(f"sent names sources without a quote: {', '.join(map(str, sorted(unknown, key=str)))}")
            stamps = {name: stamp("sent", at) for name, at in sent.items() if at is not None}
            return IndexSample(*self._core.update(now, given, stamps=stamps))
        return IndexSample(*self._core.update(now, given, sent=stamp("sent", sent)))

    def halt(self, time: Time) -> IndexSample:
        """Stops the price: it stays halted until `resume`.

        >>> import perpcore as pc
        >>> index = pc.IndexPrice(pc.Rulebook.preset("hk-vatp-perp"), "BTC")
        >>> index.halt(1_800_000_000 * 10**9)[2:]
        ('halted', 0, 'halted by command')
        """
        return IndexSample(*self._core.halt(instant(_TABLE, "time", time)))

    def resume(self, time: Time) -> IndexSample:
        """Leads out of a halt, where the latest sample since is in quorum and still is; else nothing changes.

        >>> import perpcore as pc
        >>> index = pc.IndexPrice(pc.Rulebook.preset("hk-vatp-perp"), "BTC")
        >>> halted = index.halt(1_800_000_000 * 10**9)
        >>> index.resume(1_800_000_001 * 10**9).state
        'halted'
        """
        return IndexSample(*self._core.resume(instant(_TABLE, "time", time)))

    def restart(self, time: Time) -> IndexSample:
        """Begins anew after whatever runs it was stopped: frozen, without what the sources said. A halt stays one.

        >>> import perpcore as pc
        >>> index = pc.IndexPrice(pc.Rulebook.preset("hk-vatp-perp"), "BTC")
        >>> index.restart(1_800_000_000 * 10**9).state
        'frozen'
        """
        return IndexSample(*self._core.restart(instant(_TABLE, "time", time)))

    def run(self, table: Any) -> RecordBatch:
        """Works off a table of quotes; the table `index`, a row an update.

        In the long form a row is a quote: time, source, price and, where it was stamped otherwise, sent. Rows that
        follow each other with one time are one update, which must not be cut in two calls. In the wide form a row is an
        update: time, and a column a source, null where it quotes nothing.

        As a call of `update` for each would; where the table is refused, nothing has changed. Prices are as in
        `update`. Raises SchemaError and InputError, as `assess`; `time_order` where the time falls.

        >>> import perpcore as pc
        >>> names = ("a", "b", "c")
        >>> rules = pc.Rulebook.preset("hk-vatp-perp").edit(
        ...     {"underlying.BTC.sources": [{"id": name, "group": name.upper()} for name in names]}
        ... )
        >>> times = [(1_800_000_000 + step) * 10**9 for step in range(6)]
        >>> wide = {"time": times, "a": ["100"] * 6, "b": ["101"] * 6, "c": ["99", None, None, None, None, "0"]}
        >>> for row in pc.IndexPrice(rules, "BTC").run(wide).to_pylist():
        ...     print(row["value"], row["state"], row["groups"], row["reason"])
        None frozen 3 a market begins frozen
        None frozen 3 None
        None frozen 3 None
        None frozen 3 None
        100.00000000 live 3 5 samples in a row agreed
        100.50000000 thin 2 2 groups are live, 3 are needed; out: c non_positive
        """
        return imported(self._core.run(producer(_TABLE, table)))

    def sources(self) -> RecordBatch:
        """The sources as they are, those of conversion rates last: the table `index.sources`.

        >>> import perpcore as pc
        >>> rules = pc.Rulebook.preset("hk-vatp-perp")
        >>> index = pc.IndexPrice(rules.edit({"underlying.BTC.sources": [{"id": "a", "group": "A"}]}), "BTC")
        >>> index.sources().select(["source", "group", "price", "out"]).to_pylist()
        [{'source': 'a', 'group': 'A', 'price': None, 'out': 'missing'}]
        """
        return imported(self._core.sources())

    def settle_price(self, time: Time, price: Number | None = None, approval: bool = False) -> Decimal | None:
        """The price at which an instrument may be settled: the last value in quorum.

        Another `price` may be if that is approved and it lies within the values in quorum of the last hour, ends
        included. None where there is none, or where it may not be.

        >>> import perpcore as pc
        >>> index = pc.IndexPrice(pc.Rulebook.preset("hk-vatp-perp"), "BTC")
        >>> index.settle_price(1_800_000_000 * 10**9) is None
        True
        """
        return self._core.settle_price(instant(_TABLE, "time", time), price, approval)

    def counters(self) -> dict[str, int]:
        """What it did so far.

        Quotes that were taken, those too that put their source out; quotes that were stamped before the last one of
        their source; quotes of sources that the rulebook does not name.

        >>> import perpcore as pc
        >>> pc.IndexPrice(pc.Rulebook.preset("hk-vatp-perp"), "BTC").counters()
        {'taken': 0, 'out_of_order': 0, 'unknown': 0}
        """
        return self._core.counters()

    @property
    def underlying(self) -> str:
        """The underlying."""
        return self._core.underlying

    @property
    def value(self) -> Decimal | None:
        """The last value that was accepted; None before the first."""
        return self._core.latest()[1]

    @property
    def state(self) -> str:
        """Whether it may be used: live, thin, protected, frozen or halted."""
        return self._core.latest()[2]

    @property
    def groups(self) -> int:
        """How many groups of sources count."""
        return self._core.latest()[3]

    @property
    def reason(self) -> str:
        """Why it is in its state, and which sources are out why, in words."""
        return self._core.latest()[4] or ""

    @property
    def digest(self) -> str:
        """The state in 256 bits: the same after the same updates, on every machine, however they came."""
        return self._core.digest().hex()

    def __repr__(self) -> str:
        _, value, state, _, reason = self._core.latest()
        return f"<IndexPrice {self.underlying}: {value}, {state}, {reason}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "an IndexPrice is not pickled; keep its quotes and give them to update() or run() of another one"
        )

"""`DepthMirror`: the book of an outside venue, rebuilt from a snapshot and the changes of its feed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple, NoReturn

from . import _core
from ._inputs import producer
from ._tables import RecordBatch, imported

__all__ = ["Best", "DepthMirror"]

_Number = str | int | float | Decimal
_Levels = Iterable[Sequence[_Number]]

# The most quote notional that is walked through a book, in units of 10⁻⁸.
_MOST_NOTIONAL = 10**20


class Best(NamedTuple):
    """The best level of each side; None on a side without levels.

    >>> from perpcore.mirror import Best
    >>> Best(None, None, None, None).bid is None
    True
    """

    bid: Decimal | None
    bid_quantity: Decimal | None
    ask: Decimal | None
    ask_quantity: Decimal | None


class DepthMirror:
    """The book of an outside venue: a snapshot, then every change; it knows when it may not be relied on.

    `kind` says how the feed numbers its updates. In a `"spot"` feed each change begins one after the end of the one
    before it; in a `"perpetual"` feed each names the last update of the one before it, `previous_id`.

    Whatever the feed does wrong is a state with a reason, never an error: `waiting` before the first snapshot, `gap`
    where changes are missing or overlap, `crossed` where the best bid is not below the best ask. In these nothing is
    served, and changes wait for the next snapshot, which alone makes it `good` again. A change that was had already is
    dropped.

    Calls may come from any thread; one at a time is at work. What is no id, no price above 0 or no quantity of at least
    0 is refused with SchemaError, InputError or TypeError, and changes nothing.

    >>> import perpcore as pc
    >>> mirror = pc.DepthMirror("spot")
    >>> mirror.snapshot(100, bids=[("99", "5"), ("98", "1")], asks=[("101", "2")])
    'good'
    >>> mirror.update(101, 103, bids=[("99", "0"), ("100", "3")], asks=[])
    'good'
    >>> mirror.best.bid
    Decimal('100.00000000')
    >>> mirror.update(106, 107, bids=[], asks=[]), mirror.reason
    ('gap', 'updates 104 to 105 are missing')
    >>> mirror.best is None
    True
    """

    __slots__ = ("_core",)

    def __init__(self, kind: Literal["spot", "perpetual"]) -> None:
        self._core = _core.DepthMirror(kind)

    def snapshot(self, last_id: int, bids: _Levels, asks: _Levels) -> str:
        """Takes over the book as it was at update `last_id`, then the changes that waited for one; the state then.

        Levels are pairs of price and quantity, in any order. A snapshot that is not above what a good mirror has
        already is dropped.

        >>> import perpcore as pc
        >>> mirror = pc.DepthMirror("spot")
        >>> mirror.update(99, 101, bids=[("100", "3")], asks=[])
        'waiting'
        >>> mirror.snapshot(100, bids=[("99", "5")], asks=[("101", "2")]), mirror.last_id
        ('good', 101)
        """
        return self._core.snapshot(last_id, bids, asks)

    def update(
        self, first_id: int, last_id: int, bids: _Levels, asks: _Levels, *, previous_id: int | None = None
    ) -> str:
        """Applies one change; the state then. A quantity is all that stands at its price now, 0 removes the level.

        `previous_id` is required of a perpetual feed, and a spot feed has none.

        >>> import perpcore as pc
        >>> mirror = pc.DepthMirror("perpetual")
        >>> mirror.snapshot(100, bids=[("99", "5")], asks=[("101", "2")])
        'good'
        >>> mirror.update(98, 110, bids=[["99.5", "1"]], asks=[], previous_id=90)
        'good'
        >>> mirror.update(131, 140, bids=[], asks=[["99.5", "2"]], previous_id=110), mirror.reason
        ('crossed', 'the best bid 99.5 is not below the best ask 99.5')
        """
        return self._core.update(first_id, last_id, bids, asks, previous_id)

    def run(self, table: Any) -> RecordBatch:
        """Works off a recorded tape, the table `depth_updates`, message by message; the table `mirror.states`.

        A row is a level of a message; rows that follow each other and agree in `snapshot`, `first_id`, `last_id` and
        `previous_id` are one message, and one message must not be cut in two calls. A message without levels is one row
        without side, price and quantity. The result has a row a message: what the mirror was after it, and the reason
        where it is another one than before.

        As a call of `snapshot` or `update` for each message would; where the table is refused, nothing has changed.
        Raises SchemaError and InputError, as `assess`.

        >>> import perpcore as pc
        >>> tape = {
        ...     "snapshot": [True, True, False, False],
        ...     "first_id": [None, None, 101, 106],
        ...     "last_id": [100, 100, 103, 107],
        ...     "side": ["bid", "ask", "bid", "ask"],
        ...     "price": ["99", "101", "100", "101"],
        ...     "quantity": ["5", "2", "3", "0"],
        ... }
        >>> for row in pc.DepthMirror("spot").run(tape).to_pylist():
        ...     print(row["last_id"], row["state"], row["bid"], row["reason"])
        100 good 99.00000000 in order since the snapshot at 100
        103 good 100.00000000 None
        107 gap None updates 104 to 105 are missing
        """
        return imported(self._core.run(producer("depth_updates", table)))

    @property
    def kind(self) -> str:
        """How the feed numbers its updates: spot or perpetual.

        >>> import perpcore as pc
        >>> pc.DepthMirror("spot").kind
        'spot'
        """
        return self._core.kind

    @property
    def state(self) -> str:
        """`good` where it may be relied on; else `waiting`, `gap` or `crossed`.

        >>> import perpcore as pc
        >>> pc.DepthMirror("spot").state
        'waiting'
        """
        return self._core.state()

    @property
    def reason(self) -> str:
        """Why it is in its state, in words, with the ids or prices.

        >>> import perpcore as pc
        >>> pc.DepthMirror("spot").reason
        'there was no snapshot yet'
        """
        return self._core.reason()

    @property
    def last_id(self) -> int | None:
        """The last update that it has; after a gap, the last one before it.

        >>> import perpcore as pc
        >>> pc.DepthMirror("spot").last_id is None
        True
        """
        return self._core.last_id()

    @property
    def best(self) -> Best | None:
        """The best level of each side: bid, bid_quantity, ask, ask_quantity. None where the state is not good.

        >>> import perpcore as pc
        >>> mirror = pc.DepthMirror("spot")
        >>> state = mirror.snapshot(100, bids=[("99", "5")], asks=[])
        >>> mirror.best
        Best(bid=Decimal('99.00000000'), bid_quantity=Decimal('5.00000000'), ask=None, ask_quantity=None)
        """
        found = self._core.best()
        return None if found is None else Best(*found)

    @property
    def mid(self) -> Decimal | None:
        """(best bid + best ask) / 2, half to even at 10⁻⁸. None where there are not both.

        >>> import perpcore as pc
        >>> mirror = pc.DepthMirror("spot")
        >>> state = mirror.snapshot(100, bids=[("99", "5")], asks=[("100", "1")])
        >>> mirror.mid
        Decimal('99.50000000')
        """
        return self._core.mid()

    def depth(self, n: int | None = None) -> RecordBatch:
        """At most `n` levels of each side, all without: price, quantity (bids > 0, asks < 0).

        The bids come first, each side from its best on. No row where the state is not good. Levels that the snapshot
        did not show and no change has named since are not known.

        >>> import perpcore as pc
        >>> mirror = pc.DepthMirror("spot")
        >>> state = mirror.snapshot(100, bids=[("99", "5"), ("98", "1")], asks=[("101", "2")])
        >>> [(str(row["price"]), str(row["quantity"])) for row in mirror.depth(1).to_pylist()]
        [('99.00000000', '5.00000000'), ('101.00000000', '-2.00000000')]
        """
        if n is not None and n < 0:
            raise ValueError(f"n is at least 0, or None, not {n}")
        return imported(self._core.depth(None if n is None else min(n, sys.maxsize)))

    def impact_price(self, side: Literal["bid", "ask"], notional: _Number) -> Decimal | None:
        """The price of so much quote notional, walked through a side: notional ÷ base bought, half to even at 10⁻⁸.

        None where the side is too thin, or the state is not good. Raises ValueError for a notional that is not above 0,
        is above 10¹², or has more than eight decimals.

        >>> import perpcore as pc
        >>> mirror = pc.DepthMirror("spot")
        >>> state = mirror.snapshot(100, bids=[], asks=[("100", "10"), ("101", "10")])
        >>> mirror.impact_price("ask", 2010)  # buys all 20
        Decimal('100.50000000')
        >>> mirror.impact_price("ask", 2011) is None
        True
        """
        return self._core.impact_price(side, _core.grid_units("notional", notional, 1, _MOST_NOTIONAL))

    def counters(self) -> dict[str, int]:
        """What it did so far.

        snapshots that were taken over; changes applied; changes and snapshots dropped, since they were had already;
        changes that are waiting for a snapshot, of which the oldest are forgotten beyond about a million levels; gaps;
        crossings.

        >>> import perpcore as pc
        >>> mirror = pc.DepthMirror("spot")
        >>> state = mirror.update(7, 8, bids=[("99", "5")], asks=[])
        >>> mirror.counters()["waiting"]
        1
        """
        return self._core.counters()

    def __repr__(self) -> str:
        return f"<DepthMirror {self.kind}: {self.state}, {self.reason}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a DepthMirror is not pickled; keep its last_id and depth() and give them to snapshot() of another one"
        )

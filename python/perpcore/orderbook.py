"""`OrderBook`: the order book of one instrument. A command does what it can, and says so in events."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Any, Literal, NoReturn

from . import _core
from ._inputs import producer
from ._scalars import Number, Time, order_id, some_nanoseconds, within
from ._tables import RecordBatch, imported
from .event import Event, Id, Level

__all__ = ["Event", "Level", "OrderBook"]

_LARGEST_NOTIONAL = 10**20  # units of 10⁻⁸: 10¹²


class OrderBook:
    """The order book of one instrument: price, then class, then time; exact in ticks and lots.

    It starts open, without accounts, orders and mark; without a mark it has no collar. Positions, for orders that only
    reduce and for limits, are what was traded in it. A command that is refused is an event too, `rejected` with its
    code, and changes nothing; an argument that is no number, beyond what its column holds, or no word of its list,
    raises TypeError or ValueError. `time`, of every command, is nanoseconds since 1970 UTC or an aware datetime; None
    is the time of the command before.

    Calls may come from any thread; one at a time is at work.

    >>> import perpcore as pc
    >>> book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
    >>> sold = book.place("maker", -2, "58000.5", client_id="s-1")
    >>> bought = book.place("taker", 1, "58001")
    >>> [(event.kind, event.account, event.price) for event in bought]
    [('accepted', 'taker', Decimal('58001.00000000')), ('filled', 'taker', Decimal('58000.50000000'))]
    >>> book.best[1]
    Level(price=Decimal('58000.50000000'), quantity=Decimal('1.00000000'), orders=1)
    """

    __slots__ = ("_core", "_rules")

    def __init__(self, rules: _core.Rulebook, instrument: str) -> None:
        self._core = _core.OrderBook(rules, instrument)
        self._rules = rules

    def _act(self, kind: str, time: Time | None, **cells: Any) -> list[Event]:
        told = self._core.act(kind, time=some_nanoseconds("time", time), **cells)
        return [Event(*event) for event in told]

    def place(
        self,
        account: Id | None,
        quantity: Number,
        price: Number | None = None,
        *,
        client_id: Id | None = None,
        tif: Literal["gtc", "ioc", "fok", "gtd"] | None = None,
        until: Time | None = None,
        post_only: Literal["reject", "slide"] | None = None,
        reduce_only: bool | None = None,
        margin_mode: Literal["cross", "isolated"] | None = None,
        trigger: Number | None = None,
        trigger_by: Literal["mark", "index", "last"] | None = None,
        trigger_when: Literal["at_or_above", "at_or_below"] | None = None,
        stp: Literal["taker", "maker", "both", "decrement"] | None = None,
        time: Time | None = None,
    ) -> list[Event]:
        """A new order: positive quantities buy; without a price it is a market order, which trades up to the collar.

        A repeat of (account, client_id) with the same order returns the first events again; with another order it is
        refused. An order of account None is nobody's: no limits, no self-trade prevention.

        >>> import perpcore as pc
        >>> book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> first = book.place("A", 1, 58_000, client_id="a-1")
        >>> book.place("A", 1, 58_000, client_id="a-1") == first, len(book)
        (True, 1)
        """
        return self._act(
            "place",
            time,
            account=account,
            quantity=quantity,
            price=price,
            client_id=client_id,
            tif=tif,
            until=some_nanoseconds("until", until),
            post_only=post_only,
            reduce_only=reduce_only,
            margin_mode=margin_mode,
            trigger=trigger,
            trigger_by=trigger_by,
            trigger_when=trigger_when,
            stp=stp,
        )

    def amend(
        self,
        order: int | None = None,
        *,
        quantity: Number | None = None,
        price: Number | None = None,
        account: Id | None = None,
        client_id: Id | None = None,
        time: Time | None = None,
    ) -> list[Event]:
        """Another total or limit of an order, named by its id or by account and client_id.

        The quantity is the new total, what is filled included, signed as the order. A smaller one at the same price
        keeps its place in the queue.

        >>> import perpcore as pc
        >>> book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> order = book.place("A", 2, 58_000)[0].order
        >>> book.amend(order, quantity=1)[0].quantity
        Decimal('1.00000000')
        """
        return self._act(
            "amend", time, order=order_id(order), quantity=quantity, price=price, account=account, client_id=client_id
        )

    def cancel(
        self,
        order: int | None = None,
        *,
        account: Id | None = None,
        client_id: Id | None = None,
        time: Time | None = None,
    ) -> list[Event]:
        """The end of an order, named by its id or by account and client_id.

        >>> import perpcore as pc
        >>> book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> placed = book.place("A", 2, 58_000, client_id=7)
        >>> [(event.kind, event.code) for event in book.cancel(account="A", client_id=7)]
        [('canceled', 'requested')]
        """
        return self._act("cancel", time, order=order_id(order), account=account, client_id=client_id)

    def cancel_all(
        self,
        *,
        account: Id | None = None,
        client: Id | None = None,
        group: Id | None = None,
        account_class: str | None = None,
        time: Time | None = None,
    ) -> list[Event]:
        """The end of every order that has all of what is given; without anything of all orders.

        >>> import perpcore as pc
        >>> book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> placed = book.place("A", 1, 58_000) + book.place("B", 1, 58_000)
        >>> len(book.cancel_all(account="A")), len(book.cancel_all())
        (1, 1)
        """
        return self._act("cancel_all", time, account=account, client=client, group=group, account_class=account_class)

    def open_account(
        self,
        account: Id,
        *,
        client: Id | None = None,
        group: Id | None = None,
        account_class: str | None = None,
        time: Time | None = None,
    ) -> list[Event]:
        """Whose an account is: its client, its beneficial-owner group (else that of the client), its class.

        An account of whom nothing was said is a professional client and group of its own, which no name of a client or
        group reaches. With open orders the group and class stay as they are.

        >>> import perpcore as pc
        >>> book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> book.open_account("MM", account_class="affiliated_market_maker")[0].class_
        'affiliated_market_maker'
        """
        return self._act("open_account", time, account=account, client=client, group=group, account_class=account_class)

    def set_account(
        self,
        account: Id,
        *,
        client: Id | None = None,
        group: Id | None = None,
        account_class: str | None = None,
        time: Time | None = None,
    ) -> list[Event]:
        """The same; what is not given stays as it was.

        >>> import perpcore as pc
        >>> book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> book.set_account("A", client="Client 7")[0].kind
        'accepted'
        """
        return self._act("set_account", time, account=account, client=client, group=group, account_class=account_class)

    def mark(self, price: Number, *, time: Time | None = None) -> list[Event]:
        """The mark: what the collar is around, and what triggers watch.

        >>> import perpcore as pc
        >>> book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> marked = book.mark(58_000)
        >>> book.place("A", 1, 60_000)[0].code  # 58,000 × 1.03 = 59,740
        'outside_collar'
        """
        return self._act("mark", time, price=price)

    def index(self, price: Number, *, time: Time | None = None) -> list[Event]:
        """The index, for triggers and for a collar around it.

        >>> import perpcore as pc
        >>> pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP").index("57990.25")
        [<Event 0 index: BTC-PERP at 57,990.25>]
        """
        return self._act("index", time, price=price)

    def enter_phase(self, phase: str, *, time: Time | None = None) -> list[Event]:
        """Enters a phase: listed, preopen, auction, open, reduce_only, halted, settling or settled.

        Where trading begins, what was collected is traded at one price first.

        >>> import perpcore as pc
        >>> book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> book.enter_phase("auction")
        [<Event 0 phase: BTC-PERP, open → auction>]
        """
        return self._act("phase", time, state=phase)

    def advance_time(self, time: Time) -> list[Event]:
        """Nothing but that time passes: orders expire; in an auction the indicative price is told.

        >>> import perpcore as pc
        >>> book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> now = 1_800_000_000_000_000_000
        >>> placed = book.place("A", 1, 58_000, tif="gtd", until=now + 60, time=now)
        >>> book.advance_time(now + 60)[0].code
        'until_reached'
        """
        return self._act("advance_time", time)

    def apply(self, commands: Any) -> RecordBatch:
        """Carries out a table of commands, row by row; the table `events`.

        The columns are those of `perpcore.schema("commands")`; how commands are cut into tables changes no event. A row
        that cannot be carried out is a `rejected` event. A table that is none of commands (a missing or unknown
        column, a wrong type, text that is not UTF-8, ids of two kinds) raises SchemaError or InputError, and nothing is
        done.

        A table is carried out as a whole: Ctrl-C is looked for before it begins, then waits for its end. A million
        commands take about a tenth of a second; cut longer streams.

        >>> import perpcore as pc
        >>> book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> kinds = {"kind": ["place", "place"], "account": ["A", "B"]}
        >>> events = book.apply({**kinds, "quantity": ["1", "-1"], "price": ["58000", "58000"]})
        >>> events["kind"].to_pylist()
        ['accepted', 'accepted', 'filled']
        """
        if commands is None:
            raise TypeError("commands is a table, not None")
        return imported(self._core.apply(producer("commands", commands)))

    def depth(self, levels: int | None = None) -> RecordBatch:
        """The levels, so many a side: the table `depth`, bids (quantity > 0) before asks (< 0), the best first.

        >>> import perpcore as pc
        >>> book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> placed = book.place("A", 1, 58_000)
        >>> book.depth(10).to_pylist()
        [{'price': Decimal('58000.00000000'), 'quantity': Decimal('1.00000000'), 'orders': 1}]
        """
        if levels is not None and (isinstance(levels, bool) or levels < 0):
            raise ValueError(f"levels is at least 0, or None, not {levels}")
        return imported(self._core.depth(None if levels is None else min(levels, sys.maxsize)))

    def l3(self) -> RecordBatch:
        """Every resting order: the table `l3`, bids before asks, in the order in which they would trade.

        >>> import perpcore as pc
        >>> book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> placed = book.place("A", 1, 58_000, client_id="a-1")
        >>> book.l3()["client_id"].to_pylist()
        ['a-1']
        """
        return imported(self._core.l3())

    def orders(self, account: Id) -> RecordBatch:
        """The open orders of an account, those that wait for a trigger too: the table `open_orders`.

        >>> import perpcore as pc
        >>> book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> placed = book.place("A", -1, trigger=57_000, trigger_when="at_or_below")
        >>> book.orders("A").to_pydict()["trigger_when"]
        ['at_or_below']
        """
        return imported(self._core.orders(account))

    @property
    def best(self) -> tuple[Level | None, Level | None]:
        """The best bid and the best ask."""
        bid, ask = self._core.best()
        return (None if bid is None else Level(*bid), None if ask is None else Level(*ask))

    def impact_price(self, side: Literal["bid", "ask"], notional: Number) -> Decimal | None:
        """The average price of a notional, in settlement currency, walked through the bids or the asks.

        Half to even at eight decimals; None where the side is too thin.

        >>> import perpcore as pc
        >>> book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> placed = book.place("A", -1, 50_000) + book.place("A", -2, 51_000)
        >>> book.impact_price("ask", 101_000)  # one at each price
        Decimal('50500.00000000')
        >>> book.impact_price("bid", 1) is None
        True
        """
        return self._core.impact_price(side, _core.grid_units("notional", notional, 1, _LARGEST_NOTIONAL))

    def queue_position(self, order: int) -> tuple[int, Decimal] | None:
        """What trades before an order at its price: how many orders and which quantity. None where it does not rest.

        >>> import perpcore as pc
        >>> book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
        >>> first, second = book.place("A", 1, 58_000)[0], book.place("B", 1, 58_000)[0]
        >>> book.queue_position(second.order)
        (1, Decimal('1.00000000'))
        """
        found: tuple[int, Decimal] | None = self._core.queue_position(within("order", order, 0, 2**64 - 1))
        return found

    @property
    def indicative(self) -> tuple[Decimal, Decimal, Decimal] | None:
        """What an auction would do now: price, quantity, and what buyers want beyond it (sellers below 0)."""
        found: tuple[Decimal, Decimal, Decimal] | None = self._core.indicative()
        return found

    @property
    def phase(self) -> str:
        """The phase of the instrument."""
        return self._core.phase()

    @property
    def digest(self) -> str:
        """The state in 256 bits: the same after the same commands, on every machine, however they were cut."""
        return self._core.digest().hex()

    @property
    def rules(self) -> _core.Rulebook:
        """The rulebook that it goes by."""
        return self._rules

    @property
    def instrument(self) -> str:
        """The instrument."""
        return self._core.counts()[0]

    def __len__(self) -> int:
        """How many orders there are, those that wait included."""
        return self._core.counts()[1]

    def __bool__(self) -> bool:
        """A book is one, also without orders."""
        return True

    def __repr__(self) -> str:
        instrument, orders, commands = self._core.counts()
        return f"<OrderBook {instrument}, {self.phase}: {orders:,} orders after {commands:,} commands>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an OrderBook is not pickled; keep its commands and apply() them to a new one")

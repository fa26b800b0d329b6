"""`Venue`: a whole venue as one state machine. Commands in, events out."""

from __future__ import annotations

from typing import Any, Literal, NoReturn

from . import _core
from ._inputs import producer
from ._scalars import Number, Time, order_id, some_nanoseconds, stamp
from ._tables import RecordBatch, imported
from ._venue_accounts import _Accounts
from ._venue_asked import _Asked
from .event import Event, Id

__all__ = ["Venue"]

Phase = Literal["listed", "preopen", "auction", "open", "reduce_only", "halted", "settling", "settled"]
PriceState = Literal["live", "thin", "protected", "frozen", "halted"]


class Venue(_Accounts, _Asked):
    """A venue: accounts and their money, a book for every instrument, prices, funding, settlement, statuses.

    It begins without accounts and prices, its instruments `listed`. Everything that happens to it is a command; what it
    does is told in events. A command that is refused is an event too, `rejected` with its code, and changes nothing; an
    argument that is no number, beyond what its column holds, or no word of its list, raises TypeError or ValueError.
    `time`, of every command, is nanoseconds since 1970 UTC or an aware datetime; None is the time of the command
    before. `instrument` may be None where the rulebook has one instrument.

    The same commands give the same events and the same `digest`, on every machine, however they are cut into tables.
    Calls may come from any thread; one at a time is at work.

    >>> import perpcore as pc
    >>> venue = pc.synth.venue()  # A and B have 100,000 USDT each, BTC-PERP is open at 60,000
    >>> sold = venue.place("A", "BTC-PERP", -1, 60_000)
    >>> for event in venue.place("B", "BTC-PERP", 1, 60_000):
    ...     print(event)
    <Event 15 accepted: B, 1 BTC-PERP at 60,000, order 33554433>
    <Event 16 filled: B from A, 1 BTC-PERP at 60,000, order 33554433>
    <Event 17 posting: B, BTC-PERP, -30 USDT, balance 99,970, ledger.fee>
    <Event 18 posting: A, BTC-PERP, -12 USDT, balance 99,988, ledger.fee>
    >>> venue.verify()
    []
    """

    __slots__ = ()

    def place(
        self,
        account: Id,
        instrument: str | None,
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
        sent: Time | None = None,
        time: Time | None = None,
    ) -> list[Event]:
        """A new order: positive quantities buy; without a price it is a market order, which trades up to the collar.

        It goes through the gate: phase, account, sizes, collar, limits, margin. A repeat of (account, client_id) with
        the same order returns the first events again; with another order it is refused. An order that was `sent` longer
        ago than the rulebook's `venue.rates.max_age` is refused.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> venue.place("A", "BTC-PERP", 200, 60_000)[0].code
        'insufficient_margin'
        >>> first = venue.place("A", "BTC-PERP", 1, 60_000, client_id="a-1")
        >>> venue.place("A", "BTC-PERP", 1, 60_000, client_id="a-1") == first
        True
        """
        return self._act(
            "place",
            time,
            account=account,
            instrument=instrument,
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
            sent=None if sent is None else stamp("sent", sent),
        )

    def amend(
        self,
        order: int | None = None,
        *,
        instrument: str | None = None,
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
        >>> venue = pc.synth.venue()
        >>> order = venue.place("A", "BTC-PERP", 2, 58_000)[0].order
        >>> venue.amend(order, instrument="BTC-PERP", quantity=1)[0].quantity
        Decimal('1.00000000')
        """
        return self._act(
            "amend",
            time,
            order=order_id(order),
            instrument=instrument,
            quantity=quantity,
            price=price,
            account=account,
            client_id=client_id,
        )

    def cancel(
        self,
        order: int | None = None,
        *,
        instrument: str | None = None,
        account: Id | None = None,
        client_id: Id | None = None,
        time: Time | None = None,
    ) -> list[Event]:
        """The end of an order, named by its id or by account and client_id.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> placed = venue.place("A", "BTC-PERP", 2, 58_000, client_id=7)
        >>> [(event.kind, event.code) for event in venue.cancel(instrument="BTC-PERP", account="A", client_id=7)]
        [('canceled', 'requested')]
        """
        return self._act(
            "cancel", time, order=order_id(order), instrument=instrument, account=account, client_id=client_id
        )

    def cancel_all(
        self,
        *,
        account: Id | None = None,
        client: Id | None = None,
        group: Id | None = None,
        account_class: str | None = None,
        instrument: str | None = None,
        time: Time | None = None,
    ) -> list[Event]:
        """The end of every order that has all of what is given; without anything of all orders.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> placed = venue.place("A", "BTC-PERP", 1, 58_000) + venue.place("B", "ETH-PERP", 1, 2_900)
        >>> len(venue.cancel_all(instrument="BTC-PERP")), len(venue.cancel_all())
        (1, 1)
        """
        return self._act(
            "cancel_all",
            time,
            account=account,
            client=client,
            group=group,
            account_class=account_class,
            instrument=instrument,
        )

    def quote(
        self,
        underlying: str,
        source: str,
        price: Number | None,
        *,
        sent: Time | None = None,
        time: Time | None = None,
    ) -> list[Event]:
        """The price of one source of an underlying whose index is made of sources; None where the source has none.

        What is no price (0, below it, NaN) is taken as said: the source is out.

        >>> import perpcore as pc
        >>> sources = [{"id": name, "group": name} for name in ("a", "b", "c")]
        >>> rules = pc.Rulebook.preset("global-multi-collateral").edit({"underlying.BTC.sources": sources})
        >>> venue, now = pc.Venue(rules), 1_800_000_000_000_000_000
        >>> quotes = ((source, now + second * 10**9) for second in range(5) for source in ("a", "b", "c"))
        >>> told = [event for source, time in quotes for event in venue.quote("BTC", source, 60_000, time=time)]
        >>> [(event.kind, event.after) for event in told[:2]]
        [('index', None), ('price_state', 'live')]
        >>> venue.index("BTC", 60_000)[0].code
        'priced_by_sources'
        """
        return self._act(
            "quote",
            time,
            underlying=underlying,
            source=source,
            price=price,
            sent=None if sent is None else stamp("sent", sent),
        )

    def index(
        self,
        underlying: str | None,
        price: Number,
        *,
        asset: str | None = None,
        state: PriceState | None = None,
        time: Time | None = None,
    ) -> list[Event]:
        """The index of an underlying without sources, or (underlying None) of an asset that has no underlying.

        >>> import perpcore as pc
        >>> pc.synth.venue().index("BTC", 61_000)
        [<Event 14 index: BTC at 61,000>]
        """
        return self._act("index", time, underlying=underlying, asset=asset, price=price, state=state)

    def mark(
        self, instrument: str | None, price: Number, *, state: PriceState | None = None, time: Time | None = None
    ) -> list[Event]:
        """The mark of an instrument whose underlying has no sources.

        Accounts that it concerns are looked at, then triggers fire.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> trades = venue.place("A", "BTC-PERP", -10, 60_000), venue.place("B", "BTC-PERP", 10, 60_000)
        >>> [event.after for event in venue.mark("BTC-PERP", 50_500) if event.kind == "status_changed"]
        ['restricted']
        """
        return self._act("mark", time, instrument=instrument, price=price, state=state)

    def top(
        self,
        instrument: str | None,
        bid: Number | None = None,
        ask: Number | None = None,
        *,
        time: Time | None = None,
    ) -> list[Event]:
        """The best of an outside book, which the mark goes by from then on in place of the venue's own.

        >>> import perpcore as pc
        >>> pc.synth.venue().top("BTC-PERP", 59_990, 60_010)
        []
        """
        return self._act("top", time, instrument=instrument, bid=bid, ask=ask)

    def advance_time(self, time: Time) -> list[Event]:
        """Nothing but that time passes: what is due by then is done, in its order.

        >>> import perpcore as pc
        >>> venue, now = pc.synth.venue(), 1_800_000_000_000_000_000
        >>> placed = venue.place("A", "BTC-PERP", 1, 58_000, tif="gtd", until=now + 60, time=now)
        >>> venue.advance_time(now + 60)[0].code
        'until_reached'
        """
        return self._act("advance_time", time)

    def restart(self, *, time: Time | None = None) -> list[Event]:
        """The process began anew: no price may be used until it is told again, and what traded is halted.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> {event.after for event in venue.restart() if event.kind == "price_state"}
        {'frozen'}
        >>> venue.phase("BTC-PERP")
        'halted'
        """
        return self._act("restart", time)

    def enter_phase(self, instrument: str | None, phase: Phase, *, time: Time | None = None) -> list[Event]:
        """An instrument enters a phase. Where trading begins, what was collected is traded at one price first.

        >>> import perpcore as pc
        >>> pc.synth.venue().enter_phase("BTC-PERP", "auction")
        [<Event 14 phase: BTC-PERP, open → auction>]
        """
        return self._act("phase", time, instrument=instrument, state=phase)

    def halt(
        self,
        instrument: str | None = None,
        *,
        underlying: str | None = None,
        account: Id | None = None,
        client: Id | None = None,
        account_class: str | None = None,
        time: Time | None = None,
    ) -> list[Event]:
        """An instrument, or all, admits cancels only; or the index of an underlying is stopped; or somebody is.

        Halted are the orders of an account, of all accounts of a client, or of a class: those that they have end, and
        none is accepted until the same is resumed. Only one of these may be named.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> placed = venue.place("A", "BTC-PERP", 1, 58_000)
        >>> [(event.kind, event.account) for event in venue.halt(account="A")]
        [('halt', 'A'), ('canceled', 'A')]
        >>> venue.place("A", "BTC-PERP", 1, 58_000)[0].code
        'account_halted'
        >>> [event.instrument for event in venue.halt() if event.kind == "halt"]
        ['BTC-PERP', 'ETH-PERP']
        """
        whose = {"account": account, "client": client, "account_class": account_class}
        return self._act("halt", time, instrument=instrument, underlying=underlying, **whose)

    def resume(
        self,
        instrument: str | None = None,
        *,
        underlying: str | None = None,
        account: Id | None = None,
        client: Id | None = None,
        account_class: str | None = None,
        time: Time | None = None,
    ) -> list[Event]:
        """An instrument, or all, collects orders again; or the index goes on; or those who were halted may order.

        An account that its breaker stopped may too.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> halted = venue.halt("BTC-PERP")
        >>> resumed, phase = venue.resume("BTC-PERP"), venue.phase("BTC-PERP")
        >>> resumed[0].kind, phase
        ('resume', 'preopen')
        >>> venue.resume(account="A")[0].code
        'phase_refused'
        """
        whose = {"account": account, "client": client, "account_class": account_class}
        return self._act("resume", time, instrument=instrument, underlying=underlying, **whose)

    def approve_rulebook(self, rules: _core.Rulebook | str, approval: str, *, time: Time | None = None) -> list[Event]:
        """A rulebook, or the digest of one, is approved: with the reference of the approval.

        Where the rulebook in force asks for it (`venue.changes.approved`) no other comes into force without, and no
        instrument opens before it was approved itself.

        >>> import perpcore as pc
        >>> rules = pc.Rulebook.preset("hk-vatp-perp")
        >>> venue = pc.Venue(rules)
        >>> venue.enter_phase("BTC-PERP", "auction")[0].code
        'rulebook_not_approved'
        >>> venue.approve_rulebook(rules, "board 14")[0].note == rules.digest
        True
        """
        digest = rules.digest if isinstance(rules, _core.Rulebook) else rules
        return self._act("approve_rulebook", time, rulebook=digest, approval=approval)

    def activate_rulebook(
        self, rules: _core.Rulebook | str, confirm: str | None = None, *, time: Time | None = None
    ) -> list[Event]:
        """A rulebook, or the text of one, is to come into force: at its `effective` time, at once without one.

        What loosens waits for at least `venue.changes.delay`. What would force positions to be closed is refused
        unless `confirm` says something; `dry_run` tells whose. One rulebook can wait; the next takes its place.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> tighter = venue.rules.edit({"instrument.BTC-PERP.limits.position": 10})
        >>> [event.kind for event in venue.activate_rulebook(tighter)]
        ['accepted', 'rulebook_activated']
        >>> venue.rules == tighter
        True
        >>> venue.activate_rulebook(tighter.edit({"instrument.BTC-PERP.limits.position": 20}))
        [<Event 16 rejected (activation_too_early): comes to 0, allowed 86,400, rulebook.activate, venue.changes.delay>]
        """
        text = rules.to_toml() if isinstance(rules, _core.Rulebook) else rules
        return self._act("activate_rulebook", time, rulebook=text, confirm=confirm)

    def fund_topup(
        self,
        amount: Number,
        *,
        asset: str | None = None,
        account: Id | None = None,
        house: Literal["fund", "converter"] | None = None,
        time: Time | None = None,
    ) -> list[Event]:
        """Money for the fund, or for the converter that buys what is converted: from outside, or from an account.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> venue.fund_topup(1_000_000)[0].balance
        Decimal('1000000.00000000')
        """
        return self._act("fund_topup", time, amount=amount, asset=asset, account=account, note=house)

    def register_backstop(self, account: Id, amount: Number, *, time: Time | None = None) -> list[Event]:
        """An account of class backstop says up to which notional it takes positions over in liquidation; 0 ends that.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> venue.register_backstop("A", 1_000_000)[0].code
        'not_a_backstop'
        """
        return self._act("register_backstop", time, account=account, amount=amount)

    def settle(
        self,
        instrument: str | None,
        price: Number | None = None,
        *,
        approval: str | None = None,
        time: Time | None = None,
    ) -> list[Event]:
        """The last settlement of an instrument in phase settling: at the average of its index, or at a price.

        A price needs two commands, each with the reference of another approval; the second one settles.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> phase = venue.enter_phase("BTC-PERP", "settling")
        >>> asked = venue.settle("BTC-PERP", 60_000, approval="risk 7")
        >>> venue.settle("BTC-PERP", 60_000, approval="risk 7")[0].code
        'second_approval'
        >>> settled = venue.settle("BTC-PERP", 60_000, approval="board 15")
        >>> venue.phase("BTC-PERP")
        'settled'
        """
        return self._act("settle", time, instrument=instrument, price=price, approval=approval)

    def apply(self, commands: Any) -> RecordBatch:
        """Carries out a table of commands, row by row; the table `events`.

        The columns are those of `perpcore.schema("commands")`; how commands are cut into tables changes no event. A row
        that cannot be carried out is a `rejected` event. A table that is none of commands (a missing or unknown column,
        a wrong type, text that is not UTF-8, ids of two kinds) raises SchemaError or InputError, and nothing is done.

        A table is carried out as a whole: Ctrl-C is looked for before it begins, then waits for its end. Cut long
        streams.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> orders = {"kind": ["place", "place"], "account": ["A", "B"], "instrument": ["BTC-PERP"] * 2}
        >>> events = venue.apply({**orders, "quantity": ["1", "-1"], "price": ["60000", "60000"]})
        >>> events["kind"].to_pylist()
        ['accepted', 'accepted', 'filled', 'posting', 'posting']
        """
        if commands is None:
            raise TypeError("commands is a table, not None")
        return imported(self._core.apply(producer("commands", commands)))

    def __repr__(self) -> str:
        commands, accounts, _ = self._core.counts()
        return f"<Venue {self.rules.name or ''}: {accounts:,} accounts after {commands:,} commands>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Venue is not pickled; keep its journal: the commands, which apply() carries out on a new one"
        )

"""`Venue`: a whole venue as one state machine. Commands in, events out."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, Literal, NoReturn

from . import _core, errors
from ._inputs import producer
from ._liquidation import LiquidationStory, distances
from ._scalars import Number, Time, order_id, some_nanoseconds, stamp
from ._tables import RecordBatch, catalogue, imported
from .event import Event, Id, Level
from .explanation import Explanation

__all__ = ["Venue"]

Phase = Literal["listed", "preopen", "auction", "open", "reduce_only", "halted", "settling", "settled"]
PriceState = Literal["live", "thin", "protected", "frozen", "halted"]


class Venue:
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

    __slots__ = ("_core",)

    def __init__(self, rules: _core.Rulebook) -> None:
        self._core = _core.Venue(rules)

    def _act(self, kind: str, time: Time | None, **cells: Any) -> list[Event]:
        told = self._core.act(kind, time=some_nanoseconds("time", time), **cells)
        return [Event(*event) for event in told]

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

    def open_account(
        self,
        account: Id,
        *,
        client: Id | None = None,
        group: Id | None = None,
        account_class: str | None = None,
        model: Literal["standard", "portfolio"] | None = None,
        leverage: Number | None = None,
        fee_tier: str | None = None,
        investor_until: Time | None = None,
        knowledge_until: Time | None = None,
        approval: str | None = None,
        time: Time | None = None,
    ) -> list[Event]:
        """An account begins: whose it is, how it is margined, what is proved of its client, and until when.

        By itself it is a professional client and group of its own, in the standard model, in the fee tier `standard`.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> venue.open_account("MM", account_class="affiliated_market_maker")[0].code
        'approval_missing'
        >>> venue.open_account("MM", account_class="affiliated_market_maker", approval="board 12")[0].class_
        'affiliated_market_maker'
        """
        return self._act(
            "open_account",
            time,
            account=account,
            client=client,
            group=group,
            account_class=account_class,
            model=model,
            leverage=leverage,
            fee_tier=fee_tier,
            investor_until=some_nanoseconds("investor_until", investor_until),
            knowledge_until=some_nanoseconds("knowledge_until", knowledge_until),
            approval=approval,
        )

    def set_account(
        self,
        account: Id,
        *,
        client: Id | None = None,
        group: Id | None = None,
        account_class: str | None = None,
        model: Literal["standard", "portfolio"] | None = None,
        leverage: Number | None = None,
        instrument: str | None = None,
        margin_mode: Literal["cross", "isolated"] | None = None,
        fee_tier: str | None = None,
        investor_until: Time | None = None,
        knowledge_until: Time | None = None,
        approval: str | None = None,
        time: Time | None = None,
    ) -> list[Event]:
        """The same; what is not given stays as it was. With an instrument the leverage is that of its position alone.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> venue.set_account("A", leverage=5, instrument="BTC-PERP", margin_mode="isolated")[0].kind
        'accepted'
        """
        return self._act(
            "set_account",
            time,
            account=account,
            client=client,
            group=group,
            account_class=account_class,
            model=model,
            leverage=leverage,
            instrument=instrument,
            margin_mode=margin_mode,
            fee_tier=fee_tier,
            investor_until=some_nanoseconds("investor_until", investor_until),
            knowledge_until=some_nanoseconds("knowledge_until", knowledge_until),
            approval=approval,
        )

    def close_account(self, account: Id, *, time: Time | None = None) -> list[Event]:
        """An account that holds nothing ends for good.

        >>> import perpcore as pc
        >>> pc.synth.venue().close_account("A")[0].code
        'account_not_empty'
        """
        return self._act("close_account", time, account=account)

    def hold(
        self,
        account: Id,
        flags: str | Iterable[str] | None = None,
        *,
        approval: str | None = None,
        time: Time | None = None,
    ) -> list[Event]:
        """What an account is held back from, in place of what it was: no_open, no_withdraw, frozen; None: nothing.

        `frozen` needs the reference of an approval.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> held = venue.hold("A", ["no_open", "no_withdraw"])
        >>> venue.withdraw("A", "USDT", 1)[0].code
        'withdraw_held'
        """
        text = flags if flags is None or isinstance(flags, str) else ",".join(flags)
        return self._act("hold", time, account=account, flags=text, approval=approval)

    def disconnect(self, account: Id, *, time: Time | None = None) -> list[Event]:
        """All orders of an account end.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> placed = venue.place("A", "BTC-PERP", 1, 58_000)
        >>> [event.code for event in venue.disconnect("A")]
        ['disconnected']
        """
        return self._act("disconnect", time, account=account)

    def deadman(self, account: Id, until: Time | None = None, *, time: Time | None = None) -> list[Event]:
        """All orders of an account end at `until`, unless another time is told before; None: never.

        >>> import perpcore as pc
        >>> venue, now = pc.synth.venue(), 1_800_000_000_000_000_000
        >>> placed = venue.place("A", "BTC-PERP", 1, 58_000, time=now)
        >>> switched = venue.deadman("A", until=now + 10**9)
        >>> [event.code for event in venue.advance_time(now + 10**9) if event.kind == "canceled"]
        ['deadman']
        """
        return self._act("deadman", time, account=account, until=some_nanoseconds("until", until))

    def deposit(self, account: Id, asset: str, amount: Number, *, time: Time | None = None) -> list[Event]:
        """Money comes from outside.

        >>> import perpcore as pc
        >>> pc.synth.venue().deposit("A", "USDT", 500)
        [<Event 14 posting: A, +500 USDT, balance 100,500, ledger.deposit>]
        """
        return self._act("deposit", time, account=account, asset=asset, amount=amount)

    def withdraw(self, account: Id, asset: str, amount: Number, *, time: Time | None = None) -> list[Event]:
        """Money is to go: it is held until it is confirmed or released. Its number stands in the event's `order`.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> venue.withdraw("A", "USDT", 500)
        [<Event 14 withdrawal_requested: A, 500 USDT, balance 100,000, withdrawal 1, ledger.withdraw>]
        >>> venue.ledger().to_pylist()[0]["held"]
        Decimal('500.00000000')
        """
        return self._act("withdraw", time, account=account, asset=asset, amount=amount)

    def confirm_withdrawal(self, order: int, *, time: Time | None = None) -> list[Event]:
        """A withdrawal has gone.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> number = venue.withdraw("A", "USDT", 500)[0].order
        >>> [event.kind for event in venue.confirm_withdrawal(number)]
        ['posting', 'withdrawal_confirmed']
        """
        return self._act("confirm_withdrawal", time, order=order_id(order))

    def release_withdrawal(self, order: int, *, time: Time | None = None) -> list[Event]:
        """A withdrawal does not go: what was held is free again.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> number = venue.withdraw("A", "USDT", 500)[0].order
        >>> [event.kind for event in venue.release_withdrawal(number)]
        ['withdrawal_released']
        """
        return self._act("release_withdrawal", time, order=order_id(order))

    def transfer(
        self,
        account: Id,
        amount: Number,
        *,
        to_account: Id | None = None,
        asset: str | None = None,
        instrument: str | None = None,
        time: Time | None = None,
    ) -> list[Event]:
        """Money of an asset to another account of the client; or, with an instrument, to the isolated position in it.

        To an isolated position the settlement currency moves; below 0 it comes back.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> venue.transfer("A", 10, to_account="B", asset="USDT")[0].code
        'other_client'
        >>> [event.amount for event in venue.transfer("A", 10, instrument="BTC-PERP")]
        [Decimal('-10.00000000'), Decimal('10.00000000')]
        """
        return self._act(
            "transfer",
            time,
            account=account,
            amount=amount,
            to_account=to_account,
            asset=asset,
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

    def accounts(self) -> RecordBatch:
        """Every open account, valued: the table `accounts` of `assess`, in the order in which they were opened.

        >>> import perpcore as pc
        >>> pc.synth.venue().accounts()["status"].to_pylist()
        ['healthy', 'healthy']
        """
        return imported(self._core.accounts())

    def ledger(self) -> RecordBatch:
        """Who has what money: the table `ledger`, clients in the order of their opening, then the venue's own.

        >>> import perpcore as pc
        >>> pc.synth.venue().ledger().to_pydict()["account"]
        ['A', 'B']
        """
        return imported(self._core.ledger())

    def positions(self) -> RecordBatch:
        """Who holds what: the table `venue_positions`.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> trades = venue.place("A", "BTC-PERP", -1, 60_000), venue.place("B", "BTC-PERP", 1, 60_000)
        >>> [(row["account"], row["quantity"]) for row in venue.positions().to_pylist()]
        [('A', Decimal('-1.00000000')), ('B', Decimal('1.00000000'))]
        """
        return imported(self._core.positions())

    def explain(self, account: Id) -> Explanation:
        """The figures of one account, line by line, as `Assessment.explain`. Raises StateError `unknown_account`.

        >>> import perpcore as pc
        >>> pc.synth.venue().explain("A").totals["equity"]
        Decimal('100000.00000000')
        """
        accounts, isolated, lines, liquidation = map(imported, self._core.explain(account))
        return Explanation(lines, accounts.to_pylist()[0], isolated.to_pylist(), liquidation, self.rules)

    def explain_liquidation(self, account: Id) -> LiquidationStory:
        """How far an account is from each trigger, and what was done since it last fell.

        It prints as a page; `.distances`, `.prices` and `.events` are what it is made of. `"fund"` is what the fund
        took over. Raises StateError `unknown_account`.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> trades = venue.place("A", "BTC-PERP", -20, 60_000), venue.place("B", "BTC-PERP", 20, 60_000)
        >>> print(venue.explain_liquidation("B"))
        B
          cross: equity 80,400 above initial margin at 19,000
          cross: equity 87,525 above margin call at 11,875
          cross: equity 89,900 above liquidation at 9,500
          cross: equity 93,066.666635 above close-out at 6,333.333365
          cross: net value 99,400 above bankruptcy at 0
          BTC-PERP (cross) at 60,000: liquidated below 55,459.6, 7.57 % away
        """
        events, cross, isolated, prices = map(imported, self._core.liquidation_story(account))
        buckets = [("cross", row) for row in cross.to_pylist()]
        buckets += [(row["instrument"], row) for row in isolated.to_pylist()]
        return LiquidationStory(account, distances(buckets, self.rules.canonical()), prices, events)

    def adl_report(self, number: int) -> RecordBatch:
        """What a report of deleveraging is about, as `events`: who was told, the step, who was deleveraged.

        `number` is the `order` of its `adl_report`. Raises StateError `unknown_report`.

        >>> import perpcore as pc
        >>> pc.synth.venue().adl_report(1)
        Traceback (most recent call last):
        perpcore.errors.StateError: ...
        """
        return imported(self._core.adl_report(number))

    def rank_lights(self, instrument: str) -> RecordBatch:
        """Where the positions of an instrument stand that may be deleveraged: the table `rank_lights`, for clients.

        Light 1 has the fifth of a side's quantity that the score takes first, 5 the last. Who is bankrupt, in
        liquidation or undecided is not among them. Raises InputError `unknown_instrument`.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> trades = venue.place("A", "BTC-PERP", -2, 60_000), venue.place("B", "BTC-PERP", 2, 60_000)
        >>> [(row["account"], row["light"]) for row in venue.rank_lights("BTC-PERP").to_pylist()]
        [('B', 5), ('A', 5)]
        """
        return imported(self._core.rank_lights(instrument))

    def coverage(self, scenarios: Any) -> RecordBatch:
        """What the fund is to what everybody would lack after moves of prices: the table `coverage`.

        `scenarios` as in `perpcore.stress`: a row a scenario, a column an underlying with its relative move. `deficit`
        is Σ −net_value of the buckets that would be bankrupt at once, before any of it is liquidated; `fund` what the
        fund would be worth with what it took over. Raises SchemaError and InputError.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> trades = venue.place("A", "BTC-PERP", -2, 60_000), venue.place("B", "BTC-PERP", 2, 60_000)
        >>> funded = venue.fund_topup(5_000)
        >>> fall = {"scenario": ["fall"], "BTC": ["-0.9"]}
        >>> [(row["deficit"], row["coverage"]) for row in venue.coverage(fall).to_pylist()]
        [(Decimal('8060.00000000'), Decimal('0.62034739'))]
        """
        return imported(self._core.coverage(producer("scenarios", scenarios)))

    def depth(self, instrument: str, levels: int | None = None) -> RecordBatch:
        """The levels of a book, so many a side: the table `depth`, bids (quantity > 0) before asks (< 0), best first.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> placed = venue.place("A", "BTC-PERP", 1, 58_000)
        >>> venue.depth("BTC-PERP", 10).to_pylist()
        [{'price': Decimal('58000.00000000'), 'quantity': Decimal('1.00000000'), 'orders': 1}]
        """
        if levels is not None and (isinstance(levels, bool) or levels < 0):
            raise ValueError(f"levels is at least 0, or None, not {levels}")
        return imported(self._core.depth(instrument, None if levels is None else min(levels, sys.maxsize)))

    def l3(self, instrument: str) -> RecordBatch:
        """Every resting order of a book: the table `l3`, bids before asks, in the order in which they would trade.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> placed = venue.place("A", "BTC-PERP", 1, 58_000, client_id="a-1")
        >>> venue.l3("BTC-PERP")["client_id"].to_pylist()
        ['a-1']
        """
        return imported(self._core.l3(instrument))

    def orders(self, account: Id) -> RecordBatch:
        """The open orders of an account, those that wait for a trigger too: the table `open_orders`.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> placed = venue.place("A", "BTC-PERP", -1, trigger=57_000, trigger_when="at_or_below")
        >>> venue.orders("A").to_pydict()["instrument"]
        ['BTC-PERP']
        """
        return imported(self._core.orders(account))

    def best(self, instrument: str) -> tuple[Level | None, Level | None]:
        """The best bid and the best ask of a book.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> placed = venue.place("A", "BTC-PERP", 1, 58_000)
        >>> venue.best("BTC-PERP")
        (Level(price=Decimal('58000.00000000'), quantity=Decimal('1.00000000'), orders=1), None)
        """
        bid, ask = self._core.best(instrument)
        return (None if bid is None else Level(*bid), None if ask is None else Level(*ask))

    def phase(self, instrument: str) -> str:
        """The phase of an instrument.

        >>> import perpcore as pc
        >>> pc.Venue(pc.Rulebook.preset("hk-vatp-perp")).phase("BTC-PERP")
        'listed'
        """
        return self._core.phase(instrument)

    def dry_run(self, rules: _core.Rulebook) -> RecordBatch:
        """What another rulebook would do at the prices of now, with positions and orders as they are.

        The table `dry_run`: buckets whose status would change, with the notional that would be liquidated by force,
        and positions beyond the limits of the other. Nothing changes. Raises StateError `rulebook_unfit` where the
        other could not follow the one in force.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> trades = venue.place("A", "BTC-PERP", -20, 60_000), venue.place("B", "BTC-PERP", 20, 60_000)
        >>> tighter = venue.rules.edit({"instrument.BTC-PERP.limits.position": 15})
        >>> [(row["account"], row["limit"], row["excess"]) for row in venue.dry_run(tighter).to_pylist()]
        [('A', Decimal('15.00000000'), Decimal('5.00000000')), ('B', Decimal('15.00000000'), Decimal('5.00000000'))]
        """
        found = self._core.dry_run(rules)
        if found is None:
            unfit = catalogue()["rulebook_unfit"]
            text, accepted = unfit["text"], unfit["accepted"]
            message = f"{text}; accepted: {accepted} [{unfit['number']} rulebook_unfit]"
            raise errors.StateError(message, code="rulebook_unfit", accepted=accepted)
        return imported(found)

    def verify(self) -> list[str]:
        """What does not add up, in words; empty where nothing was lost: money by asset, positions and costs.

        >>> import perpcore as pc
        >>> pc.synth.venue().verify()
        []
        """
        return self._core.verify()

    @property
    def digest(self) -> str:
        """The state in 256 bits: the same after the same commands, on every machine, however they were cut."""
        return self._core.digest().hex()

    @property
    def rules(self) -> _core.Rulebook:
        """The rulebook in force."""
        return self._core.rules()

    def __repr__(self) -> str:
        commands, accounts, _ = self._core.counts()
        return f"<Venue {self.rules.name or ''}: {accounts:,} accounts after {commands:,} commands>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Venue is not pickled; keep its journal: the commands, which apply() carries out on a new one"
        )

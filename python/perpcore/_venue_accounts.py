"""Commands of a `Venue` about accounts and their money."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from ._scalars import Number, Time, order_id, some_nanoseconds
from ._venue_base import _Acting
from .event import Event, Id


class _Accounts(_Acting):
    """Accounts are opened, set, held and closed; money comes, goes and moves."""

    __slots__ = ()

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

"""The loop: which bucket is next, its round, and when it waits."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from ..grid import GRID
from ..waterfall import plan
from . import (
    breaker,
    liquidation_adl,
    liquidation_backstop,
    liquidation_book,
    liquidation_fund,
    liquidation_last,
    liquidation_unwind,
    statuses,
)
from .liquidation_bucket import Bucket, all_buckets
from .liquidation_draw import balance, tell_low
from .liquidation_round import Round
from .liquidation_state import Budget
from .place import fire

if TYPE_CHECKING:
    from .state import State

Step = Callable[[Round], None]
TAKEN = ("liquidation", "bankrupt")
SECOND = 10**9
STEPS: tuple[Step, ...] = (
    liquidation_book.run, liquidation_backstop.run, liquidation_fund.run, liquidation_adl.run, liquidation_last.run,
)  # fmt: skip
FLAT_STEPS: tuple[Step, ...] = (liquidation_fund.run, liquidation_last.run)


def run(state: State) -> None:
    """Round by round, as many as a command has."""
    rules = state.rules.liquidation
    while rules is not None and state.liquidations.rounds < rules.per_command:
        bucket = first(state)
        if bucket is None:
            break
        state.liquidations.rounds += 1
        go(state, bucket)
        statuses.look(state)
        if is_fallen(bucket) and not is_deep(state, bucket):
            state.liquidations.waiting[bucket.key] = (state.time // SECOND + 1) * SECOND

    fire_what_traded(state)


def conclude(state: State) -> None:
    """After a command, or what was due: statuses, breakers, rounds; and again where these traded with somebody."""
    statuses.look(state)
    while True:
        breaker.look(state)
        run(state)
        if not state.controls.traders:
            break
    tell_low(state)


def fire_what_traded(state: State) -> None:
    """Triggers that the liquidations of a run reached."""
    for name in state.rules.markets:
        if name in state.liquidations.traded:
            fire(state.books[name])
            state.flush()
    state.liquidations.traded.clear()
    statuses.look(state)


def first(state: State) -> Bucket | None:
    """The worst."""
    found = [bucket for bucket in all_buckets(state) if is_candidate(state, bucket)]
    return min(found, key=urgency) if found else None


def urgency(bucket: Bucket) -> tuple[int, Fraction | int, tuple[int, int]]:
    """Solvent ones by equity/MM, then the bankrupt by net value; ties by opening sequence."""
    found = bucket.figures()
    if found.net_value < 0:
        return 2, found.net_value, bucket.order
    if found.maintenance_margin == 0:
        return 0, 0, bucket.order  # equity < 0
    return 1, Fraction(found.equity, found.maintenance_margin), bucket.order


def is_candidate(state: State, bucket: Bucket) -> bool:
    """By its last status, if it does not wait and there is something to do."""
    if not is_fallen(bucket) or (bucket.key in state.liquidations.waiting and not is_deep(state, bucket)):
        return False
    found = bucket.figures()
    if found.status == "undecided":
        return False
    return bool(bucket.trading()) or (not bucket.held() and found.net_value < 0)


def is_fallen(bucket: Bucket) -> bool:
    """By its last status."""
    return bucket.holder.statuses.get(bucket.instrument, "healthy") in TAKEN


def is_deep(state: State, bucket: Bucket) -> bool:
    """Closed out at once: not a round a second, and without throttle."""
    rules, found = state.rules.liquidation, bucket.figures()
    assert rules is not None
    return plan.is_deep(found.equity, found.net_value, found.maintenance_margin, rules.close_out)


def go(state: State, bucket: Bucket) -> None:
    """One round."""
    state.liquidations.waiting.pop(bucket.key, None)
    state.liquidations.episodes.setdefault(bucket.key, Budget(balance(state)))
    end_orders(state, bucket)
    if bucket.instrument is None:
        convert(state, bucket)
    if bucket.needs():
        first_event = len(state.events)
        take_steps(planned(state, bucket))
        # a conversion rounds its proceeds down
        least = -sum(event["kind"] == "conversion" for event in state.events[first_event:])
        assert bucket.clamped or bucket.held() or bucket.figures().net_value >= least, bucket.key


def end_orders(state: State, bucket: Bucket) -> None:
    """Those that act on the bucket, the newest first."""
    for name, book in state.books.items():
        for order in reversed(book.of(bucket.holder.name)):
            if order.mode == bucket.mode and bucket.instrument in (None, name):
                book.end(order, "in_liquidation")


def convert(state: State, bucket: Bucket) -> None:
    """Until the cash covers the loss."""
    loss = -bucket.figures().unrealized_pnl
    if loss > bucket.holder.amount(state.rules.settlement):
        state.ledger.convert(bucket.holder, loss)


def take_steps(of: Round) -> None:
    """A step is entered when the one before is over, and while there is need."""
    flat = of.is_flat
    for step in FLAT_STEPS if flat else STEPS:
        step(of)
        if not of.bucket.needs() or not (flat or of.open()):
            return


def planned(state: State, bucket: Bucket) -> Round:
    """`liquidation.step`: one share for all positions, then lots."""
    rules = state.rules.liquidation
    assert rules is not None
    found, names, deep = bucket.figures(), bucket.trading(), is_deep(state, bucket)
    notional = sum(abs(bucket.quantity(name)) * bucket.mark(name) for name in names)
    share = GRID
    if not deep:
        share = plan.share_to_close(
            found.equity, notional, rules.step, rules.target, bucket.fee, lambda part: maintenance_after(bucket, part)
        )
    left, sides = {}, {}
    for name in names:
        market, contracts = state.rules.markets[name], bucket.holder.quantity(name, bucket.mode)
        left[name] = plan.to_close(contracts, share, market.lot, market.min_size)
        sides[name] = -1 if contracts > 0 else 1
    return Round(bucket, deep, left, sides)


def maintenance_after(bucket: Bucket, share: int) -> int:
    """MM(s), in the bucket's own model."""
    kept = {name: plan.kept(bucket.quantity(name), share) for name in bucket.trading()}
    return bucket.state.valuer.maintenance_with(bucket.holder, bucket.instrument, kept)


def next_second(state: State) -> list[int]:
    """When somebody no longer waits."""
    if state.rules.liquidation is None:
        return []
    return list(state.liquidations.waiting.values())


def wake(state: State) -> None:
    """Who waited until now."""
    waiting = state.liquidations.waiting
    state.liquidations.waiting = {key: until for key, until in waiting.items() if until > state.time}


def unwind(state: State) -> None:
    """What of the fund's inventory is for this minute, and who was touched by it."""
    liquidation_unwind.run(state)
    statuses.look(state)
    fire_what_traded(state)


def tell_due(state: State) -> None:
    """Reports whose deadline is now."""
    due = [entry for entry in state.liquidations.due if entry[0] <= state.time]
    state.liquidations.due = [entry for entry in state.liquidations.due if entry[0] > state.time]
    for _, number, name in due:
        state.emit("adl_report_due", order=number, instrument=name)

"""What the fund pays in liquidations, within its budgets, and what is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..waterfall import fund
from . import inventory
from .liquidation_round import Round

if TYPE_CHECKING:
    from .state import State

RULE = "liquidation.fund"


def balance(state: State) -> int:
    """Of the fund, in the settlement currency."""
    return state.ledger.house["fund"][state.rules.settlement]


def budget(of: Round) -> int:
    """What it may pay for this bucket now."""
    state, rules = of.state, of.state.rules.liquidation
    assert rules is not None
    episode = state.liquidations.episodes[of.bucket.key]
    hour = state.liquidations.paid_this_hour(state.time, balance(state))
    return fund.budget(
        state.ledger.has("fund"),
        (rules.event_budget, episode.balance, episode.paid),
        (rules.interval_budget, hour.balance, hour.paid),
    )


def is_depleted(of: Round) -> bool:
    """Whether it has nothing, or in mode pay nothing that it may pay."""
    rules = of.state.rules.liquidation
    assert rules is not None
    return balance(of.state) == 0 or (rules.mode == "pay" and budget(of) == 0)


def cover(of: Round) -> int:
    """What it may pay for a bucket without positions; in mode take its inventory keeps its margin."""
    rules = of.state.rules.liquidation
    assert rules is not None
    return budget(of) if rules.mode == "pay" else inventory.spare(of.state, balance(of.state))


def draw(of: Round, amount: int, instrument: str | None, trade: int | None = None) -> None:
    """To the bucket, with what is told of it."""
    state, before = of.state, balance(of.state)
    state.ledger.to_house("fund", state.rules.settlement, -amount)
    state.liquidations.pay(of.bucket.key, state.time, before, amount)
    of.bucket.get(amount, RULE, instrument, trade)
    state.tell_money(
        "fund_draw", account=of.bucket.holder.name, instrument=instrument, asset=state.rules.settlement,
        amount=amount, balance=balance(state), rule=RULE,
    )  # fmt: skip


def tell_low(state: State) -> None:
    """At the end of a command, and of what was due at an instant: whatever it paid for."""
    rules, now, before = state.rules.liquidation, balance(state), state.liquidations.had
    state.liquidations.had = now
    if rules is not None and rules.low is not None and before >= rules.low > now:
        state.emit("fund_low", amount=now, balance=rules.low, asset=state.rules.settlement)

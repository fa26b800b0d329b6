"""The fund's inventory goes back to the book: at each full minute a share of what rests there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..waterfall import fund
from . import inventory
from .liquidation_book import sweep
from .liquidation_bucket import Bucket
from .liquidation_draw import RULE
from .liquidation_fund import finds_somebody, limit_of
from .liquidation_round import Round

if TYPE_CHECKING:
    from .state import State

MINUTE = 60 * 10**9


def next_minute(state: State) -> list[int]:
    """When it goes on, while there is anything."""
    return [(state.time // MINUTE + 1) * MINUTE] if held(state) else []


def held(state: State) -> Bucket | None:
    """The inventory, if it has a position and there are rules for it."""
    found = inventory.find(state)
    if state.rules.liquidation is None or found is None:
        return None
    bucket = Bucket(state, found, None)
    return bucket if bucket.held() else None


def run(state: State) -> None:
    """Once a minute, instrument by instrument."""
    bucket = held(state)
    if bucket is None or state.time % MINUTE or state.liquidations.unwound == state.time:
        return
    state.liquidations.unwound = state.time
    names = bucket.trading()
    sides = {name: -1 if bucket.quantity(name) > 0 else 1 for name in names}
    of = Round(bucket, deep=True, left={}, sides=sides)  # what a second allows is for liquidations
    for name in names:
        if state.may_use(name) and not bucket.needs():
            sell(of, name)


def sell(of: Round, name: str) -> None:
    """One order within the limit of the fund."""
    state, limit = of.state, limit_of(of, name)
    if not finds_somebody(of, name, limit):
        return
    rules, lot = state.rules.liquidation, state.rules.markets[name].lot
    assert rules is not None
    resting = sum(one.left for one in state.books[name].side(-of.sides[name])) // lot
    most = abs(of.bucket.holder.quantity(name, of.bucket.mode)) // lot
    contracts = fund.to_unwind(most, rules.unwind_share, resting) * lot
    found = of.bucket.figures()
    state.emit(
        "liquidation_step", account=of.bucket.holder.name, instrument=name, quantity=of.sides[name] * contracts,
        price=limit, before=found.status, amount=found.equity, balance=found.maintenance_margin, rule=RULE,
    )  # fmt: skip
    sweep(of, of.order(name, contracts, limit), lambda *_: 0)

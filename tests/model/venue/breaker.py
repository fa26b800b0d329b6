"""`gate.breaker`: who loses or trades too much within a minute may only reduce, until released."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..grid import GRID, floor_div
from . import statuses
from .accounts import Holder, base
from .controls import SECOND
from .orders import Order

if TYPE_CHECKING:
    from .state import State

Row = dict[str, Any]
WINDOW = 60  # seconds before this one


def is_on(state: State) -> bool:
    """Whether the rulebook has one."""
    return state.rules.breaker_loss is not None or state.rules.breaker_turnover is not None


def equity(state: State, holder: Holder) -> int:
    """Of the cross bucket and of all isolated ones, as they are shown."""
    cross = state.valuer.cross(holder, state.counted_orders(holder)).equity
    return cross + sum(state.valuer.isolated(holder, name).equity for name in isolated_buckets(holder))


def isolated_buckets(holder: Holder) -> list[str]:
    """The instruments of isolated positions."""
    return [name for name, mode in holder.positions if mode == "isolated"]


def recent(state: State, noted: list[tuple[int, int]]) -> list[int]:
    """What is of this second or of the 60 before it."""
    return [value for second, value in noted if state.time // SECOND - second <= WINDOW]


def note_trade(state: State, order: Order, price: int, quantity: int) -> None:
    """Before a trade changes anything: the equity where none is noted, and the notional."""
    if not is_on(state):
        return
    holder, watched = state.holders[order.account], state.controls.watch(order.account)
    second = state.time // SECOND
    if not recent(state, watched.noted):
        watched.noted.append((second, equity(state, holder) - watched.flows))
    size = state.rules.markets[order.instrument].contract_size
    watched.traded.append((second, base(quantity, size) * price))
    state.controls.traders.add(order.account)


def look(state: State) -> None:
    """After a command, or what was due: at everybody who traded, in the order of opening."""
    traders, state.controls.traders = state.controls.traders, set()
    for holder in state.open_holders():
        if holder.name in traders and is_on(state):
            look_at(state, holder)


def look_at(state: State, holder: Holder) -> None:
    """Notes the equity, and trips by the loss, else by the turnover."""
    watched = state.controls.watch(holder.name)
    buckets = (None, *isolated_buckets(holder))
    undecided = any(holder.statuses.get(bucket, "healthy") == "undecided" for bucket in buckets)
    if watched.tripped is not None or undecided:
        return
    now = equity(state, holder)
    watched.tripped = too_much(state, holder, now)
    watched.noted.append((state.time // SECOND, now - watched.flows))
    if watched.tripped is None:
        return
    code, found, line = watched.tripped
    state.emit("limit_reached", account=holder.name, code=code, amount=line, balance=found, rule="gate.breaker")
    statuses.end_risky(state, holder, code)
    statuses.look_at(state, holder)


def too_much(state: State, holder: Holder, now: int) -> tuple[str, int, int] | None:
    """The code, what it came to, and the line, both down."""
    watched = state.controls.watch(holder.name)
    of_loss, of_turnover = state.rules.breaker_loss, state.rules.breaker_turnover
    noted = recent(state, watched.noted)
    loss = max(noted) - (now - watched.flows) if noted else 0
    if of_loss is not None and loss > 0 and loss * GRID > of_loss * now:
        return "breaker_loss", loss, floor_div(of_loss * now, GRID)
    turnover = sum(recent(state, watched.traded))
    if of_turnover is not None and turnover > of_turnover * now:
        return "breaker_turnover", floor_div(turnover, GRID), floor_div(of_turnover * now, GRID)
    return None


def release(state: State, holder: Holder) -> bool:
    """What was noted is forgotten; whether it was tripped."""
    watched = state.controls.watch(holder.name)
    if watched.tripped is None:
        return False
    watched.tripped = None
    watched.noted, watched.traded = [], []
    return True


def flows_of(state: State, holders: list[Holder]) -> dict[str, int]:
    """What accounts are worth before money comes or goes."""
    return {holder.name: equity(state, holder) for holder in holders}


def add_flows(state: State, before: dict[str, int]) -> None:
    """What came from outside, or went, is no gain and no loss."""
    for name, was in before.items():
        state.controls.watch(name).flows += equity(state, state.holders[name]) - was


def with_flows(handler: Callable[[State, Row], str | None]) -> Callable[[State, Row], str | None]:
    """What comes to an account by a command, or goes, is no gain and no loss of it."""

    def handle(state: State, row: Row) -> str | None:
        pending = state.withdrawals.get(row.get("order", 0))
        names = {row.get("account"), row.get("to_account"), None if pending is None else pending[0]}
        holders = [holder for holder in state.open_holders() if holder.name in names]
        before = flows_of(state, holders)
        code = handler(state, row)
        add_flows(state, before)
        return code

    return handle

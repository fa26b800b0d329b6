"""One side of a fill: whether it may be made (`gate.fill`), and what it does to positions and money."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .. import margin
from ..grid import E16, GRID, ceil_div
from . import gate
from .accounts import Holder, base
from .figures import Figures
from .ledger import Ledger
from .orders import Order
from .permissions import may_not_open

if TYPE_CHECKING:
    from .state import State


def fee_of(state: State, holder: Holder, role: str, base_quantity: int, price: int) -> int:
    """q·p × the rate of the side: a fee rounded up, a rebate down in size."""
    fees = state.rules.fees.get(holder.fee_tier)
    rate = 0 if fees is None else (fees.taker if role == "taker" else fees.maker)
    exact = abs(base_quantity) * price * rate
    return ceil_div(exact, E16) if rate >= 0 else -(-exact // E16)


def grows(before: int, after: int) -> bool:
    """Whether a position becomes larger or turns."""
    return abs(after) > abs(before) or before * after < 0


def isolated_move(state: State, holder: Holder, order: Order, price: int, after: int) -> int:
    """What goes from cash to the margin: ⌈ΔIM⌉, and the loss against the mark of what is opened."""
    held = holder.quantity(order.instrument, order.mode)
    if order.mode != "isolated" or not grows(held, after):
        return 0
    size = state.rules.markets[order.instrument].contract_size
    instrument = state.rules.valuation.instruments[order.instrument]
    mark = state.valuer.price(order.instrument).value
    own = holder.positions.get((order.instrument, order.mode))
    leverage = holder.leverage if own is None or own.leverage is None else own.leverage

    def initial(contracts: int) -> int:
        return ceil_div(margin.initial(instrument, margin.notional(base(contracts, size), mark), leverage), E16)

    opened = abs(after) if held * after < 0 else abs(after) - abs(held)
    loss = base(opened, size) * max(0, order.side * (price - mark))
    return max(0, initial(after) - initial(held)) + ceil_div(loss, GRID)


def bucket(state: State, holder: Holder, order: Order, fee: int) -> Figures:
    """The bucket that a fill acts on, without orders, a fee taken off."""
    if order.mode == "isolated":
        found = state.valuer.isolated(holder, order.instrument)
        return replace(found, equity=found.equity - fee, net_value=found.net_value - fee)
    return state.valuer.cross(holder, (), {state.rules.settlement: fee})


def refused(state: State, taker: Order, maker: Order, price: int, quantity: int) -> tuple[bool, bool]:
    """`gate.fill`. What the taker's debits take of the converter and the fund is not there for the maker's."""
    till = state.ledger.trial()
    taker_may_not = side_refused(state, till, taker, price, quantity, "taker")
    maker_may_not = side_refused(state, till, maker, price, quantity, "maker")
    return taker_may_not or raises_open_interest(state, taker, maker, quantity), maker_may_not


def raises_open_interest(state: State, taker: Order, maker: Order, quantity: int) -> bool:
    """Above the limit, exactly."""
    limit = state.rules.markets[taker.instrument].open_interest
    if limit is None:
        return False
    rise = 0
    for order in (taker, maker):
        held = state.position(order.account, order.instrument, order.mode)
        rise += max(0, held + order.side * quantity) - max(0, held)
    return rise > 0 and gate.open_interest(state, taker.instrument) + rise > limit


def side_refused(state: State, till: Ledger, order: Order, price: int, quantity: int, role: str) -> bool:
    """One side; its debits are tried at the till."""
    holder = state.holders[order.account]
    held = holder.quantity(order.instrument, order.mode)
    after = held + order.side * quantity
    if grows(held, after) and may_not_open(state, holder):
        return True
    move = isolated_move(state, holder, order, price, after)
    size = state.rules.markets[order.instrument].contract_size
    fee = max(0, fee_of(state, holder, role, base(quantity, size), price))
    paying = holder.copy()
    if till.pay(paying, move) < move:
        return True
    if order.mode == "cross" and till.pay(paying, fee) < fee and grows(held, after):
        return True  # who opens must be able to pay the fee
    was = bucket(state, holder, order, 0)
    changed = holder.copy()
    own = changed.at(order.instrument, order.mode)
    own.quantity = after
    own.cost += order.side * base(quantity, size) * price
    own.margin += move
    if order.mode == "isolated" and grows(held, after):
        cross = state.valuer.cross(changed, (), {state.rules.settlement: move})
        if cross.equity < cross.maintenance_margin or cross.net_value < 0:
            return True  # what gives the margin must stay where it can be closed
    becomes = bucket(state, changed, order, fee)
    if becomes.equity >= becomes.maintenance_margin:
        return False
    if becomes.net_value < 0:
        return True
    if after == 0 and becomes.maintenance_margin == 0:
        return False
    improves = becomes.equity * was.maintenance_margin >= was.equity * becomes.maintenance_margin
    return not (was.maintenance_margin > 0 and becomes.maintenance_margin > 0 and improves)


def fill(state: State, order: Order, price: int, quantity: int, role: str, trade: int, collected: int = 0) -> int:
    """Q and κ move; then the isolated margin, then the fee. A rebate is at most what was collected of this trade.

    Returns the fee that was paid.
    """
    holder = state.holders[order.account]
    size = state.rules.markets[order.instrument].contract_size
    amount = base(quantity, size)
    after = holder.quantity(order.instrument, order.mode) + order.side * quantity
    move = isolated_move(state, holder, order, price, after)
    own = holder.at(order.instrument, order.mode)
    own.quantity = after
    own.cost += order.side * amount * price
    settlement, ledger = state.rules.settlement, state.ledger
    if move:
        ledger.convert(holder, move)
        # nobody asks what a liquidation's maker can pay
        ledger.move_to_isolated(holder, order.instrument, min(move, holder.amount(settlement)))
    fee = fee_of(state, holder, role, amount, price)
    if fee < 0:
        fee = -min(-fee, collected)
    elif order.mode == "isolated":
        fee = min(fee, own.margin)
    else:
        ledger.convert(holder, fee)
        fee = min(fee, holder.amount(settlement))
    ledger.to_house("fees", settlement, fee)
    if order.mode == "isolated":
        ledger.post_margin(holder, order.instrument, -fee, "ledger.fee", trade)
    else:
        ledger.post(holder, settlement, -fee, "ledger.fee", order.instrument, trade)
    return fee

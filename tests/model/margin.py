"""RULES §3: standard margin. Notionals at 10⁻¹⁶, rates in grid units, results at 10⁻²⁴, all exact."""

from __future__ import annotations

from dataclasses import dataclass

from .grid import GRID
from .rulebook import Instrument
from .rulebook_values import Slices, inverse


@dataclass
class Side:
    """All counted orders of one side of one position key: base quantity, loss and fee at 10⁻²⁴."""

    quantity: int = 0
    loss: int = 0
    fee: int = 0


@dataclass
class Orders:
    """The counted (not reduce-only) orders of one position key."""

    bids: Side
    asks: Side


def notional(quantity: int, mark: int) -> int:
    """N = |Q|·M at 10⁻¹⁶."""
    return abs(quantity) * mark


def marginal(value: int, slices: Slices, floor_rate: int) -> int:
    """Σ_k slice_k · max(floor_rate, rate_k), caps inclusive; what lies beyond the last cap counts 100 %."""
    total = 0
    lower = 0
    for cap, rate in slices:
        upper = value if cap is None else min(value, cap * GRID)
        if upper > lower:
            total += (upper - lower) * max(floor_rate, rate)
            lower = upper
    return total + (value - lower) * GRID


def bracket(value: int, slices: Slices, floor_rate: int) -> int:
    """N · max(floor_rate, rate of the tier N falls in); beyond the last cap that part counts 100 %."""
    last_cap, last_rate = 0, 0
    for cap, rate in slices:
        if cap is None or value <= cap * GRID:
            return value * max(floor_rate, rate)
        last_cap, last_rate = cap * GRID, rate
    return last_cap * max(floor_rate, last_rate) + (value - last_cap) * GRID


def maintenance(instrument: Instrument, value: int) -> int:
    """`margin.maintenance`: always marginal, never touched by leverage."""
    return marginal(value, instrument.maintenance, 0)


def initial(instrument: Instrument, value: int, leverage: int | None) -> int:
    """`margin.initial`: bracket or marginal with max(⌈1/L⌉, rate)."""
    floor_rate = 0 if leverage is None else inverse(leverage)
    if instrument.bracket:
        return bracket(value, instrument.initial, floor_rate)
    return marginal(value, instrument.initial, floor_rate)


def maintenance_fee(instrument: Instrument, value: int) -> int:
    """`margin.maintenance_fee`: |Q|·M·rate of what is held, a line of MM and of IM."""
    return value * instrument.maintenance_fee


def liability(debt: int, price: int, rate: int) -> int:
    """`margin.liability`: |debt|·price·rate."""
    return abs(debt) * price * rate


def side_of_orders(quantity: int, limit: int, mark: int, taker: int, orders: Orders) -> None:
    """`margin.orders`, one order: loss |Q|·max(0, ±(limit − M)), fee |Q|·max(limit, M)·taker_fee."""
    size = abs(quantity)
    if quantity > 0:
        side, loss = orders.bids, max(0, limit - mark)
    else:
        side, loss = orders.asks, max(0, mark - limit)
    side.quantity += size
    side.loss += size * loss * GRID
    side.fee += size * max(limit, mark) * taker


def initial_with_orders(instrument: Instrument, quantity: int, mark: int, leverage: int | None, orders: Orders) -> int:
    """`margin.orders`, first half: max( IM(|Q|·M), IM(|Q+bids|·M), IM(|Q−asks|·M) )."""
    return max(
        initial(instrument, notional(quantity, mark), leverage),
        initial(instrument, notional(quantity + orders.bids.quantity, mark), leverage),
        initial(instrument, notional(quantity - orders.asks.quantity, mark), leverage),
    )


def order_losses_and_fees(orders: Orders) -> int:
    """`margin.orders`, second half: max( loss_bid + fee_bid, loss_ask + fee_ask )."""
    return max(orders.bids.loss + orders.bids.fee, orders.asks.loss + orders.asks.fee)

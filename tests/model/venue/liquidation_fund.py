"""The step fund. In mode pay it adds what a fill lacks to bankruptcy, within its budgets."""

from __future__ import annotations

from ..waterfall import fund, prices
from . import liquidation_take
from .liquidation_book import both, sweep
from .liquidation_bucket import Bucket
from .liquidation_draw import RULE, balance, budget, cover, draw
from .liquidation_round import Round
from .orders import Order


def run(of: Round) -> None:
    """By its mode; for its own inventory it does nothing."""
    rules = of.state.rules.liquidation
    assert rules is not None
    if of.bucket.holder.is_fund:
        of.codes |= dict.fromkeys(of.open(), "fund_unavailable")
    elif of.is_flat:
        pay_flat(of)
    elif rules.mode == "take":
        liquidation_take.run(of)
    else:
        pay(of)


def pay(of: Round) -> None:
    """Where there is a budget, and somebody opposite within the limit."""
    for name in of.open():
        code, of.codes[name] = of.codes[name], "fund_unavailable"
        limit = limit_of(of, name)
        if budget(of) > 0 and finds_somebody(of, name, limit):
            found = of.bucket.figures()
            of.tell(
                RULE, name, price=limit, amount=found.net_value, balance=balance(of.state),
                contracts=of.left[name], code=code,
            )  # fmt: skip
            sell(of, name, limit)
            of.codes[name] = "fund_exhausted"


def pay_flat(of: Round) -> None:
    """A bucket without positions is only short of money."""
    found, most = of.bucket.figures(), cover(of)
    if most == 0:
        return
    instrument = of.bucket.instrument
    of.tell(
        RULE, instrument, price=None, amount=found.net_value, balance=balance(of.state), code="backstop_unavailable"
    )
    draw(of, min(-found.net_value, most), instrument)


def limit_of(of: Round, name: str) -> int:
    """M worsened."""
    rules, market = of.state.rules.liquidation, of.state.rules.markets[name]
    assert rules is not None
    return fund.limit(of.is_long(name), of.bucket.mark(name), rules.max_slippage, market.tick)


def finds_somebody(of: Round, name: str, limit: int) -> bool:
    """Of another group."""
    state, side = of.state, of.sides[name]
    own = state.group_of(of.bucket.holder.name)
    return any(
        one.price is not None and side * (limit - one.price) >= 0 and state.group_of(one.account) != own
        for one in state.books[name].side(-side)
    )


def sell(of: Round, name: str, limit: int) -> None:
    """One order as far as the budget goes; then one of the lots that the rest of it is enough for."""
    stopped: list[tuple[Order, int, int]] = []  # the maker, the lots and the distance of the fill that was not made
    lot = of.state.rules.markets[name].lot
    order = of.order(name, of.left[name], limit)

    def ask(maker: Order, contracts: int) -> int | None:
        missing = distance(of, order, maker, contracts)
        if missing <= budget(of):
            return missing
        stopped.append((maker, contracts // lot, missing))
        return None

    sweep(of, order, ask)
    of.left[name] = order.left
    for maker, lots, missing in stopped:
        enough = fund.lots_within(lots, budget(of), missing)
        while enough and distance(of, order, maker, enough * lot) > budget(of):
            enough -= 1
        sell_last(of, name, enough * lot, limit)


def sell_last(of: Round, name: str, contracts: int, limit: int) -> None:
    """What the rest of a budget is enough for; there is somebody who takes it."""
    order = of.order(name, contracts, limit)
    sweep(of, order, lambda maker, lots: distance(of, order, maker, lots))
    of.left[name] -= contracts - order.left


def distance(of: Round, order: Order, maker: Order, contracts: int) -> int:
    """What a fill lacks; where it closes the bucket, what the bucket lacks after it."""
    name = order.instrument
    amount, part = both(of, order, maker, contracts)
    if list(of.bucket.held()) == [name] and contracts == abs(of.bucket.holder.quantity(name, of.bucket.mode)):
        copy = Bucket(of.state, of.bucket.holder.copy(), of.bucket.instrument)
        copy.move(name, order.side * contracts, order.side * amount)
        return max(0, -copy.figures().net_value)
    return prices.distance(order.side < 0, amount, part)

"""The step book: what a second allows, the order, and its fills."""

from __future__ import annotations

from collections.abc import Callable

from ..grid import GRID, floor_div
from ..waterfall import prices
from . import breaker, fills
from .accounts import base
from .book import Book
from .liquidation_draw import draw
from .liquidation_round import Round
from .liquidation_state import Allowance
from .matching import reaches, tell_fill
from .orders import Order
from .triggers import last_traded

RULE = "liquidation.book"
SECOND = 10**9


def run(of: Round) -> None:
    """Instrument by instrument; what is not for this second waits."""
    for name in of.open():
        wanted = of.left[name]
        of.left[name] = min(wanted, wanted if of.deep else allowed(of, name, wanted))
        of.throttled |= of.left[name] < wanted
        if of.left[name]:
            sell(of, name)
        of.codes[name] = "book_exhausted"


def allowance(of: Round, name: str) -> Allowance:
    """Of the side that is hit, in this second."""
    state, key = of.state, (name, -of.sides[name])
    second, found = state.time // SECOND, state.liquidations.allowances.get(key)
    if found is None or found.second != second or found.depth == 0:
        lot = state.rules.markets[name].lot
        found = Allowance(second, sum(one.left for one in state.books[name].side(key[1])) // lot)
        state.liquidations.allowances[key] = found
    return found


def allowed(of: Round, name: str, wanted: int) -> int:
    """What is left of it; of an empty side everything: the order finds nothing."""
    found, rules = allowance(of, name), of.state.rules
    assert rules.liquidation is not None
    if found.depth == 0:
        return wanted
    most = max(1, floor_div(rules.liquidation.depth_share * found.depth, GRID))
    return max(0, most - found.used) * rules.markets[name].lot


def edge(of: Round, name: str) -> int:
    """Of the collar, around the mark."""
    market = of.state.rules.markets[name]
    width = market.collar_width if of.sides[name] > 0 else -market.collar_width
    scaled, unit = of.bucket.mark(name) * (GRID + width), GRID * market.tick
    return market.tick * (scaled // unit if width > 0 else -(-scaled // unit))


def sell(of: Round, name: str) -> None:
    """The event, then one order."""
    found, limit = of.bucket.figures(), edge(of, name)
    of.tell(
        RULE, name, price=limit, amount=found.equity, balance=found.maintenance_margin, contracts=of.left[name],
        code="close_out" if of.deep else None,
    )  # fmt: skip
    order = of.order(name, of.left[name], limit)
    sweep(of, order, lambda maker, contracts: is_allowed(of, order, maker, contracts))
    of.left[name] = order.left


def is_allowed(of: Round, order: Order, maker: Order, contracts: int) -> int | None:
    """Never beyond bankruptcy; the fund adds nothing."""
    return 0 if prices.surplus(order.side < 0, *both(of, order, maker, contracts)) >= 0 else None


def both(of: Round, order: Order, maker: Order, contracts: int) -> tuple[int, int]:
    """The amount of a fill and its part of the bankruptcy amount."""
    name = order.instrument
    assert maker.price is not None
    return base(contracts, of.bucket.size(name)) * maker.price, of.bucket.part(name, contracts)


def sweep(of: Round, order: Order, ask: Callable[[Order, int], int | None]) -> None:
    """Makers of its group give way. `ask`: what the fund adds to a fill; None: it stops."""
    state, book = of.state, of.state.books[order.instrument]
    while order.left and (maker := reaches(book, order, order.price)) is not None:
        if state.group_of(order.account) == state.group_of(maker.account):
            book.end(maker, "self_trade")
            continue
        contracts = min(order.left, maker.left)
        added = ask(maker, contracts)
        if added is None:
            break
        trade(of, book, order, maker, contracts, added)
    state.flush()


def trade(of: Round, book: Book, order: Order, maker: Order, contracts: int, added: int) -> None:
    """A fill at the maker's price; the postings of its money follow the events of the book."""
    state, name, price = of.state, order.instrument, maker.price
    assert price is not None
    amount, part = both(of, order, maker, contracts)
    if not of.deep:
        allowance(of, name).used += contracts // state.rules.markets[name].lot
    tell_fill(book, order, maker, price, contracts, "bid" if order.side > 0 else "ask")
    state.filling += 1
    breaker.note_trade(state, maker, price, contracts)
    state.traded[name] = price
    state.liquidations.traded.add(name)
    of.bucket.move(name, order.side * contracts, order.side * amount)
    fills.fill(state, maker, price, contracts, "maker", book.trades)
    settle_fill(of, order, amount, part, added, book.trades)
    state.filling -= 1
    last_traded(book, price)
    for one in (maker, order):
        book.cut_reduce_only(one.account, one.mode)


def settle_fill(of: Round, order: Order, amount: int, part: int, added: int, trade: int) -> None:
    """What the fund adds, else the fee."""
    if added:
        draw(of, added, order.instrument, trade)
    else:
        of.bucket.pay_fund(prices.fee(of.bucket.fee, amount, part), "liquidation.fee", order.instrument, trade)

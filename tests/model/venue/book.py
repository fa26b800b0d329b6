"""One instrument's orders: who rests where, who waits, and what a side looks like from outside."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Protocol

from ..grid import GRID
from ..pricing.impact import impact
from .orders import RANK, Order, aggression, priority
from .rules import Market, VenueRules

COLLECTING = ("preopen", "auction")  # phases that collect orders and trade none


class Desk(Protocol):
    """What a book asks of the venue around it; every answer is a code, or None where nothing is wrong."""

    rules: VenueRules
    time: int

    def emit(self, kind: str, **columns: Any) -> None:
        """One event."""

    def class_of(self, account: str) -> str:
        """The class of an account."""

    def group_of(self, account: str) -> str:
        """Its beneficial-owner group."""

    def position(self, account: str, instrument: str, mode: str) -> int:
        """Contracts, signed."""

    def price_refuses(self, book: Book) -> str | None:
        """`gate.phase`: a halted price."""

    def account_refuses(self, book: Book, order: Order, without: Order | None) -> str | None:
        """`gate.account`."""

    def limits_refuse(self, book: Book, order: Order, without: Order | None) -> str | None:
        """`gate.limits` beyond those of the book; `without`: the order that this one takes the place of."""

    def margin_refuses(self, book: Book, order: Order, without: Order | None) -> str | None:
        """`gate.margin`."""

    def fill_refuses(self, taker: Order, maker: Order, price: int, quantity: int) -> tuple[bool, bool]:
        """`gate.fill`: whether the taker, whether the maker may not."""

    def fill(self, taker: Order, maker: Order, price: int, quantity: int, trade: int) -> None:
        """The trade changes positions and money."""

    def trial(self, asks: bool) -> Desk:
        """A copy in which fills change nothing outside, and tell nothing; without `asks` every fill may be made."""


class Book:
    """The state of one instrument; what happens to it is in the other modules of this package."""

    def __init__(self, market: Market, rules: VenueRules, desk: Desk, phase: str) -> None:
        self.market = market
        self.rules = rules
        self.desk = desk
        self.phase = phase
        self.mark: int | None = None
        self.index: int | None = None
        self.last: int | None = None
        self.open: dict[int, Order] = {}  # resting or waiting, by number, in the order of acceptance
        self.accepted = 0
        self.stamps = 0
        self.trades = 0
        self.indicated: object = None

    def trial(self, asks: bool) -> Book:
        """A copy with orders of its own, to try fills in."""
        book = Book(self.market, self.rules, self.desk.trial(asks), self.phase)
        book.mark, book.index, book.last = self.mark, self.index, self.last
        book.open = {number: order.copy() for number, order in self.open.items()}
        book.accepted, book.stamps, book.trades = self.accepted, self.stamps, self.trades
        return book

    # --- orders

    def number_of(self) -> int:
        """The next number of an order."""
        self.accepted += 1
        return self.accepted

    def rest(self, order: Order) -> None:
        """Behind the others of its price and class."""
        self.stamps += 1
        order.stamp = self.stamps
        order.rank = RANK.get(self.desk.class_of(order.account), 0)
        order.resting, order.waits = True, False
        self.open[order.number] = order
        self.open = dict(sorted(self.open.items()))

    def wait(self, order: Order) -> None:
        """For its trigger."""
        order.waits = True
        self.open[order.number] = order

    def end(self, order: Order, code: str, kind: str = "canceled") -> None:
        """The end of an order, or of what is left of it."""
        self.desk.emit(kind, code=code, cls=self.desk.class_of(order.account), **order.shows())
        self.forget(order)

    def forget(self, order: Order) -> None:
        """It is gone."""
        order.resting = order.waits = False
        self.open.pop(order.number, None)

    def side(self, side: int) -> list[Order]:
        """The resting orders of a side, best first."""
        return sorted((o for o in self.open.values() if o.resting and o.side == side), key=priority)

    def of(self, account: str) -> list[Order]:
        """All open orders of an account, in the order of acceptance."""
        return [order for order in self.open.values() if order.account == account]

    def best(self, side: int) -> int | None:
        """The best price of a side."""
        orders = self.side(side)
        return orders[0].price if orders else None

    def impact(self, side: int) -> int | None:
        """The impact price of a side at the notional of the rulebook, in base units; None: too thin."""
        return impact(self.levels(side), self.market.impact_notional)

    def levels(self, side: int) -> Iterator[tuple[int, int]]:
        """(price, base quantity) order by order, best first."""
        for order in self.side(side):
            assert order.price is not None
            yield order.price, order.left * self.market.contract_size // GRID

    # --- the collar

    def edge(self, side: int) -> int | None:
        """The outermost price of an aggressive order of a side, on the tick; None without a reference."""
        reference = self.index if self.market.collar_reference == "index" else self.mark
        if reference is None:
            return None
        exact = Fraction(reference * (GRID + side * self.market.collar_width), GRID)
        ticks = exact / self.market.tick
        whole = ticks.numerator // ticks.denominator
        if side < 0 and whole != ticks:
            whole += 1
        return whole * self.market.tick

    def is_outside_collar(self, order: Order) -> bool:
        """A limit beyond the edge; a market order stops there by itself."""
        edge = self.edge(order.side)
        return order.price is not None and edge is not None and order.side * (order.price - edge) > 0

    # --- reduce-only

    def reducible(self, order: Order) -> int:
        """What an order may reduce: the position on the other side."""
        return max(0, -order.side * self.desk.position(order.account, order.instrument, order.mode))

    def cut_entering(self, order: Order) -> None:
        """An order that enters is at most the position."""
        beyond = order.left - self.reducible(order)
        if beyond > 0:
            self.cut(order, beyond)

    def cut_reduce_only(self, account: str, mode: str) -> None:
        """Resting reduce-only orders never exceed the position: the least aggressive is cut first."""
        for side in (1, -1):
            orders = [o for o in self.side(side) if o.account == account and o.mode == mode and o.reduce_only]
            if not orders:
                continue
            beyond = sum(order.left for order in orders) - self.reducible(orders[0])
            for order in sorted(orders, key=aggression):
                if beyond <= 0:
                    break
                beyond -= self.cut(order, min(beyond, order.left))

    def cut(self, order: Order, quantity: int, code: str = "beyond_position") -> int:
        """Takes a part off an order, perhaps all of it; the part is the event's quantity."""
        columns = order.shows(quantity=order.side * quantity)
        self.desk.emit("canceled", code=code, cls=self.desk.class_of(order.account), **columns)
        order.left -= quantity
        order.total -= quantity
        if order.left == 0:
            self.forget(order)
        return quantity

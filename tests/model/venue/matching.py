"""An incoming order against what rests opposite: price, class, time; its own group, and who may not trade."""

from __future__ import annotations

from .book import Book
from .orders import Order
from .triggers import last_traded


def reaches(book: Book, order: Order, limit: int | None) -> Order | None:
    """The best order opposite, if the limit reaches it."""
    opposite = book.side(-order.side)
    if not opposite:
        return None
    price = opposite[0].price
    assert price is not None
    return opposite[0] if limit is None or order.side * (limit - price) >= 0 else None


def limit_of(book: Book, order: Order) -> int | None:
    """Its limit; that of a market order is the edge of the collar."""
    return book.edge(order.side) if order.price is None else order.price


def sweep(book: Book, order: Order) -> None:
    """Trades until nothing is left, nothing is reached, or it stops. `order` is not in the book."""
    limit = limit_of(book, order)
    while order.left > 0:
        maker = reaches(book, order, limit)
        if maker is None:
            return
        if book.desk.group_of(order.account) == book.desk.group_of(maker.account):
            meet_own_group(book, order, maker)
        else:
            trade(book, order, maker)


def meet_own_group(book: Book, order: Order, maker: Order) -> None:
    """Self-trade prevention, as the incoming order says."""
    if order.stp in ("maker", "both"):
        book.end(maker, "self_trade")
    if order.stp in ("taker", "both"):
        stop(book, order, "self_trade")
    if order.stp == "decrement":
        common = min(order.left, maker.left)
        take_off(book, order, common)
        take_off(book, maker, common)


def take_off(book: Book, order: Order, quantity: int) -> None:
    """Decrement: a part of an order ends."""
    book.cut(order, quantity, "self_trade")


def stop(book: Book, order: Order, code: str) -> None:
    """What is left of an incoming order ends."""
    book.end(order, code)
    order.total -= order.left
    order.left = 0


def trade(book: Book, order: Order, maker: Order) -> None:
    """One fill at the maker's price, if both may; then what only reduces is cut to the new positions."""
    desk = book.desk
    assert maker.price is not None
    quantity = min(order.left, maker.left)
    taker_may_not, maker_may_not = desk.fill_refuses(order, maker, maker.price, quantity)
    if taker_may_not or maker_may_not:
        if maker_may_not:
            book.end(maker, "fill_refused")
        stop(book, order, "fill_refused")
        return
    fill(book, order, maker, maker.price, quantity, "bid" if order.side > 0 else "ask")
    for one in (maker, order):
        book.cut_reduce_only(one.account, one.mode)


def meets_own_group(book: Book, order: Order) -> bool:
    """Whether its sweep would reach an order of its own group; tried on a copy."""
    trial, tried = book.trial(asks=False), order.copy()
    limit = limit_of(book, order)
    while tried.left > 0:
        maker = reaches(trial, tried, limit)
        if maker is None:
            return False
        if book.desk.group_of(order.account) == book.desk.group_of(maker.account):
            return True
        trade(trial, tried, maker)
    return False


def can_fill(book: Book, order: Order) -> bool:
    """All at once, counted before it trades: own orders that give way are passed over, others make it fail."""
    trial, tried = book.trial(asks=False), order.copy()
    limit = limit_of(book, order)
    while tried.left > 0:
        maker = reaches(trial, tried, limit)
        if maker is None:
            return False
        if book.desk.group_of(order.account) != book.desk.group_of(maker.account):
            trade(trial, tried, maker)
        elif order.stp == "maker":
            trial.forget(trial.open[maker.number])
        else:
            return False
    return True


def fill(book: Book, order: Order, other: Order, price: int, quantity: int, aggressor: str | None) -> None:
    """The event, both orders, and the money."""
    tell_fill(book, order, other, price, quantity, aggressor)
    book.desk.fill(order, other, price, quantity, book.trades)
    last_traded(book, price)


def tell_fill(book: Book, order: Order, other: Order, price: int, quantity: int, aggressor: str | None) -> None:
    """The event, and both orders; one of a liquidation has no number."""
    desk = book.desk
    book.trades += 1
    order.left -= quantity
    other.left -= quantity
    desk.emit(
        "filled",
        account=order.account,
        instrument=order.instrument,
        order=(order.instrument, order.number) if order.number else None,
        client_id=order.client_id,
        trade=book.trades,
        quantity=order.side * quantity,
        price=price,
        other_account=other.account,
        other_order=(other.instrument, other.number),
        cls=desk.class_of(order.account),
        other_cls=desk.class_of(other.account),
        aggressor=aggressor,
    )
    for one in (order, other):
        if one.left == 0:
            book.forget(one)

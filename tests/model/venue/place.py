"""`place`: the gate in its order, then the book. `fire`: the same for an order whose trigger was reached."""

from __future__ import annotations

from typing import Any

from ..grid import GRID
from ..tables import MAX_QUANTITY
from .book import COLLECTING, Book
from .counted import count
from .matching import can_fill, reaches, stop, sweep
from .orders import Order
from .refusals import Refusal, counted
from .triggers import MOST_AT_ONCE, due, is_due

SECOND = 10**9
TRADING = ("open", "reduce_only")
LARGEST_SIDE = 2**63 - 1


def order_of(book: Book, row: dict[str, Any]) -> Order:
    """The order that a row describes; it has no number yet."""
    quantity = row["quantity"]
    tif = row.get("tif") or ("ioc" if row.get("price") is None else "gtc")
    return Order(
        number=0,
        account=row["account"],
        instrument=book.market.name,
        mode=row.get("margin_mode") or "cross",
        side=-1 if quantity < 0 else 1,
        total=abs(quantity),
        left=abs(quantity),
        price=row.get("price"),
        client_id=row.get("client_id"),
        tif=tif,
        until=row.get("until"),
        placed=book.desk.time,
        reduce_only=bool(row.get("reduce_only")),
        post_only=row.get("post_only"),
        stp=row.get("stp") or "taker",
        trigger=row.get("trigger"),
        trigger_by=row.get("trigger_by") or "mark",
        trigger_when=row.get("trigger_when"),
    )


def form_fault(order: Order) -> str | None:
    """What contradicts itself."""
    if (order.tif == "gtd") != (order.until is not None):
        return "conflicting_values"
    if order.price is None and order.tif not in ("ioc", "fok"):
        return "conflicting_values"
    if order.post_only and (order.price is None or order.tif in ("ioc", "fok")):
        return "conflicting_values"
    return None


def end_fault(book: Book, order: Order) -> str | None:
    """A gtd order lives while time < until."""
    return "until_reached" if order.until is not None and order.until <= book.desk.time else None


def age_fault(book: Book, row: dict[str, Any]) -> str | None:
    """Sent longer ago than an order may live."""
    sent = row.get("sent")
    if sent is None or book.desk.time - sent <= book.rules.max_age:
        return None
    return Refusal("too_old", in_seconds(book.desk.time - sent), in_seconds(book.rules.max_age))


def in_seconds(span: int) -> int:
    """Nanoseconds as seconds in grid units."""
    return span * GRID // SECOND


def phase_fault(book: Book, order: Order) -> str | None:
    """Preopen and auction take what can wait; reduce_only what only reduces."""
    if book.phase == "open":
        return None
    if book.phase in COLLECTING:
        return "phase_refused" if order.tif in ("ioc", "fok") else None
    return None if book.phase == "reduce_only" and order.reduce_only else "phase_refused"


def size_fault(book: Book, order: Order, closes: bool) -> str | None:
    """Lots, ticks, sizes; what closes exactly what is held may be smaller."""
    market = book.market
    if order.total == 0 or order.total % market.lot:
        return Refusal("off_lot", order.side * order.total, market.lot)
    if order.price is not None and order.price % market.tick:
        return Refusal("off_tick", order.price, market.tick)
    if order.total * market.contract_size > MAX_QUANTITY * GRID:
        return "out_of_range"
    if market.max_size is not None and order.total > market.max_size:
        return Refusal("above_max_size", order.total, market.max_size)
    side = sum(other.left for other in book.open.values() if other.resting and other.side == order.side)
    if side + order.left > LARGEST_SIDE:
        return "above_max_size"
    if order.total < market.min_size and not closes:
        return Refusal("below_min_size", order.total, market.min_size)
    return None


def collar_fault(book: Book, order: Order) -> str | None:
    """A limit beyond the edge."""
    return Refusal("outside_collar", order.price, book.edge(order.side)) if book.is_outside_collar(order) else None


def closes(book: Book, order: Order) -> bool:
    """Whether an order closes exactly what is held."""
    held = book.desk.position(order.account, order.instrument, order.mode)
    return order.side * order.left == -held


def limit_fault(book: Book, order: Order, without: Order | None = None) -> str | None:
    """Order count, something to reduce, position with all own orders of that side."""
    own = [other for other in book.of(order.account) if other is not without]
    rests = order.tif not in ("ioc", "fok") or order.trigger is not None
    if without is None and rests and len(own) >= book.market.open_orders:
        return counted("too_many_orders", len(own) + 1, book.market.open_orders)
    if order.reduce_only and order.trigger is None and book.reducible(order) == 0:
        return "nothing_to_reduce"
    limit = book.market.position
    if limit is not None:
        held = {mode: book.desk.position(order.account, order.instrument, mode) for mode in ("cross", "isolated")}
        # a new reduce-only order is at most the position
        at_most = order.reduce_only and order.trigger is None and without is None
        enters = min(order.left, book.reducible(order)) if at_most else order.left
        becomes = count(order.side, held, own, order, enters)
        if becomes > max(limit, count(order.side, held, book.of(order.account), None)):
            return Refusal("position_limit", becomes, limit)
    return None


def place(book: Book, row: dict[str, Any]) -> str | None:
    """A new order; a code where it is refused. What it does is told by events."""
    desk = book.desk
    order = order_of(book, row)
    code = (
        form_fault(order)
        or age_fault(book, row)
        or phase_fault(book, order)
        or desk.price_refuses(book)
        or desk.account_refuses(book, order, None)
        or end_fault(book, order)
        or size_fault(book, order, closes(book, order))
        or (order.trigger is None and collar_fault(book, order))
        or limit_fault(book, order)
        or desk.limits_refuse(book, order, None)
        or (order.trigger is None and desk.margin_refuses(book, order, None))
        or (order.trigger is None and entry_fault(book, order))
    )
    if code:
        return code
    order.number = book.number_of()
    desk.emit("accepted", cls=desk.class_of(order.account), **order.shows())
    if order.trigger is None:
        enter(book, order)
    elif book.phase in TRADING and is_due(book, order):
        trigger(book, order)
    else:
        book.wait(order)
    return None


def entry_fault(book: Book, order: Order) -> str | None:
    """Post-only that would trade, fill-or-kill that could not; a slide changes the limit."""
    if book.phase in COLLECTING:
        return None
    if order.post_only and reaches(book, order, order.price):
        if order.post_only == "reject":
            return "would_take"
        best = book.best(-order.side)
        assert best is not None
        slid = best - order.side * book.market.tick
        if slid <= 0:
            return "would_take"
        order.price = slid
    if order.tif == "fok" and not can_fill(book, order):
        return "not_fillable"
    return None


def enter(book: Book, order: Order) -> None:
    """It trades as far as it does, and what is left rests or ends."""
    if order.reduce_only:
        book.cut_entering(order)
    if book.phase not in COLLECTING and order.left:
        sweep(book, order)
    if order.left == 0:
        return
    if order.tif in ("ioc", "fok"):
        stop(book, order, "unmatched")
    else:
        book.rest(order)
        if order.reduce_only:
            book.cut_reduce_only(order.account, order.mode)


def trigger(book: Book, order: Order) -> None:
    """Its trigger was reached: it is asked what a new order is asked."""
    desk = book.desk
    columns = order.shows(price=order.trigger)
    desk.emit("triggered", cls=desk.class_of(order.account), **columns)
    book.forget(order)
    code = (
        phase_fault(book, order)
        or desk.price_refuses(book)
        or collar_fault(book, order)
        or desk.account_refuses(book, order, None)
        or desk.margin_refuses(book, order, None)
        or entry_fault(book, order)
        or (order.reduce_only and book.reducible(order) == 0 and "nothing_to_reduce")
    )
    if code:
        stop(book, order, code)
    else:
        enter(book, order)


def fire(book: Book) -> None:
    """All that are due, one after the other; a trade may make more of them due."""
    if book.phase not in TRADING:
        return
    for _ in range(MOST_AT_ONCE):
        orders = due(book)
        if not orders:
            return
        trigger(book, orders[0])

"""The call auction: one price for all, what precedes it, and its fills."""

from __future__ import annotations

from .book import Book
from .matching import fill
from .orders import Order

Uncross = tuple[int, int, int]  # price, volume, surplus


def volume_at(book: Book, price: int) -> tuple[int, int]:
    """What would be bought and sold at a price."""
    bought = sum(o.left for o in book.side(1) if o.price is not None and o.price >= price)
    sold = sum(o.left for o in book.side(-1) if o.price is not None and o.price <= price)
    return bought, sold


def uncross(book: Book) -> Uncross | None:
    """The most volume, then the least surplus, then nearest the mark, then the lower price."""
    bid, ask = book.best(1), book.best(-1)
    if bid is None or ask is None or bid < ask:
        return None
    found = []
    for price in range(ask, bid + 1, book.market.tick):
        bought, sold = volume_at(book, price)
        away = 0 if book.mark is None else abs(price - book.mark)
        found.append((-min(bought, sold), abs(bought - sold), away, price, bought - sold))
    volume, _, _, price, surplus = min(found)
    return price, -volume, surplus


def next_pair(book: Book, price: int) -> tuple[Order, Order] | None:
    """The best buyer and the best seller that the price suits."""
    buyers = [o for o in book.side(1) if o.price is not None and o.price >= price]
    sellers = [o for o in book.side(-1) if o.price is not None and o.price <= price]
    return (buyers[0], sellers[0]) if buyers and sellers else None


def faults(book: Book, price: int) -> list[tuple[Order, str]]:
    """Walks the fills at a price without making them: the orders that impossible ones end."""
    trial = book.trial(asks=True)
    found: list[tuple[Order, str]] = []
    while (pair := next_pair(trial, price)) is not None:
        buyer, seller = pair
        quantity = min(buyer.left, seller.left)
        if trial.desk.group_of(buyer.account) == trial.desk.group_of(seller.account):
            ended, code = given_way(buyer, seller), "self_trade"
        else:
            refused = trial.desk.fill_refuses(buyer, seller, price, quantity)
            ended = [one for one, may_not in zip(pair, refused, strict=True) if may_not]
            code = "fill_refused"
        for one in ended:
            found.append((book.open[one.number], code))
            trial.forget(one)
        if not ended:
            pair_fill(trial, buyer, seller, price, quantity)
    return found


def given_way(buyer: Order, seller: Order) -> list[Order]:
    """The one accepted later is the incoming one, whose word counts; decrement is as taker. The buyer first."""
    incoming, maker = (buyer, seller) if buyer.number > seller.number else (seller, buyer)
    if incoming.stp == "both":
        return [buyer, seller]
    return [maker if incoming.stp == "maker" else incoming]


def pair_fill(book: Book, buyer: Order, seller: Order, price: int, quantity: int) -> None:
    """One fill; then what only reduces is cut to the new positions."""
    fill(book, buyer, seller, price, quantity, None)
    for one in (buyer, seller):
        book.cut_reduce_only(one.account, one.mode)


def prepare(book: Book) -> Uncross | None:
    """Ends the orders that cannot trade, until all fills at the price can be made."""
    while (found := uncross(book)) is not None:
        ended = faults(book, found[0])
        if not ended:
            return found
        for order, code in ended:
            book.end(order, code)
    return None


def open_trading(book: Book, phase: str) -> bool:
    """The uncross; False where its price is beyond the collar and the auction goes on."""
    found = prepare(book)
    if found is None:
        change_phase(book, phase, None)
        return True
    price = found[0]
    low, high = book.edge(-1), book.edge(1)
    if (low is not None and price < low) or (high is not None and price > high):
        change_phase(book, "auction", "auction_extended")
        indicate(book)
        return False
    change_phase(book, phase, None)
    while (pair := next_pair(book, price)) is not None:
        buyer, seller = pair
        pair_fill(book, buyer, seller, price, min(buyer.left, seller.left))
    return True


def change_phase(book: Book, phase: str, code: str | None) -> None:
    """The event of a phase."""
    before, book.phase = book.phase, phase
    book.desk.emit("phase", code=code, instrument=book.market.name, before=before, after=phase)


def indicate(book: Book) -> None:
    """Where trading would open now: told as time passes."""
    found = None if book.phase in ("open", "reduce_only") else uncross(book)
    if found is not None:
        book.desk.emit("indicative", instrument=book.market.name, price=found[0], quantity=found[1])

"""Prices that are made from sources: the index by quotes, the marks of its instruments by index and book."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..book import Price
from ..pricing import IndexPrice, IndexRow
from ..usable import is_usable
from . import funding_due, liquidation, markets, statuses
from .place import fire

if TYPE_CHECKING:
    from .state import State

Row = dict[str, Any]
Changed = set[str]  # instruments and underlyings whose price is another one


def sourced(state: State) -> list[str]:
    """The instruments whose marks are made."""
    return [name for name, market in state.rules.markets.items() if market.underlying in state.sources]


def quote(state: State, row: Row) -> str | None:
    """One quote is one sample of the index."""
    name = row["underlying"]
    price: Fraction | None = row.get("price")
    update_index(state, name, lambda index: index.update(state.time, [(row["source"], price, row.get("sent"))]))
    return None


def update_index(state: State, name: str, act: Callable[[IndexPrice], IndexRow]) -> IndexRow:
    """After it every mark is made."""
    found = act(state.sources[name])
    changed = take_index(state, name, found, told=True)
    look_and_tell(state, changed | make_marks(state))
    return found


def time_moves(state: State) -> None:
    """Every index is told the time, and every mark is made."""
    changed: Changed = set()
    for name, index in state.sources.items():
        changed |= take_index(state, name, index.update(state.time))
    look_and_tell(state, changed | make_marks(state))


def take_index(state: State, name: str, found: IndexRow, told: bool = False) -> Changed:
    """Events where value or state changed; funding hears of that, and of whatever is told."""
    before = state.indexes.get(name) or Price(0, "frozen")
    value = found.value or 0
    same = (value, found.state) == (before.value, before.state)
    if value and (told or not same):
        funding_due.hear_index(state, name, index=value, state=found.state)
    if same:
        return set()
    if value:
        markets.set_index(state, name, Price(value, found.state))
    if value != before.value:
        state.emit("index", price=value, note=name)
    if found.state != before.state:
        state.emit("price_state", before=before.state, after=found.state, note=name)
    if not value:
        state.indexes[name] = Price(0, found.state)
    return {name}


def make_marks(state: State) -> Changed:
    """Of every instrument that has sources."""
    return {name for name in sourced(state) if make_mark(state, name)}


def make_mark(state: State, name: str) -> bool:
    """With what index and book say now; whether it is another one."""
    book = state.books[name]
    index = state.indexes.get(state.rules.markets[name].underlying) or Price(0, "frozen")
    bid, ask = state.tops.get(name, (book.best(1), book.best(-1)))
    told: Row = {"index": index.value or None, "state": index.state, "bid": bid, "ask": ask}
    if name in state.traded:
        told["last"] = state.traded.pop(name)
    if name in state.rates:
        told["funding_rate"] = state.rates[name]
    row = state.marks[name].update(state.time, **told)
    before = state.valuer.price(name)
    value = before.value if row.mark is None else row.mark
    if (value, row.state) == (before.value, before.state):
        return False
    state.prices[name] = Price(value, row.state)
    if value != before.value:
        state.emit("mark", instrument=name, price=value)
    if row.state != before.state:
        state.emit("price_state", instrument=name, before=before.state, after=row.state)
    return True


def look_and_tell(state: State, changed: Changed) -> None:
    """Statuses and liquidations, then the books."""
    if not changed:
        return
    statuses.look(state)
    liquidation.run(state)
    tell_books(state, changed)


def tell_books(state: State, changed: Changed) -> None:
    """What may be used, what that triggers, and the statuses after it."""
    told: list[str] = []
    for name, market in state.rules.markets.items():
        index = state.indexes.get(market.underlying)
        usable = index is not None and index.value and is_usable(index, state.rules.valuation, market.underlying)
        if market.underlying in changed and index is not None and usable:
            state.books[name].index = index.value
            told.append(name)
        if name in changed and state.may_use(name) and state.prices[name].value:
            state.books[name].mark = state.prices[name].value
            told.append(name)
    for name in sorted(set(told)):
        fire(state.books[name])
    state.flush()
    statuses.look(state)


def halt(state: State, row: Row) -> str | None:
    """By command."""
    if row.get("instrument") is not None:
        return "conflicting_values"
    update_index(state, row["underlying"], lambda index: index.halt(state.time))
    return None


def resume(state: State, row: Row) -> str | None:
    """On a quorum that was seen since; what is not halted says nothing."""
    found = update_index(state, row["underlying"], lambda index: index.resume(state.time))
    return "price_unusable" if found.state == "halted" else None


def top(state: State, row: Row) -> str | None:
    """An outside book, from now on."""
    state.tops[row["instrument"]] = (row.get("bid"), row.get("ask"))
    return None

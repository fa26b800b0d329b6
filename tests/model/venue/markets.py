"""Commands about prices and phases: index, mark, phase, restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..book import Price
from ..usable import is_usable
from . import funding_due, halts, liquidation, sources, statuses
from .phases import enter_phase
from .place import fire

if TYPE_CHECKING:
    from .state import State

Row = dict[str, Any]
ENTERED = ("preopen", "auction", "open")  # phases in which positions may be opened, or soon
TRADED = ("auction", "open", "reduce_only")


def mark(state: State, row: Row) -> str | None:
    """Set, looked at, then told to the book."""
    name = row["instrument"]
    if state.rules.markets[name].underlying in state.sources:
        return "priced_by_sources"
    before = state.valuer.price(name).state
    after = state_told(state, state.rules.markets[name].underlying, row)
    state.prices[name] = Price(row["price"], after)
    state.emit("mark", instrument=name, price=row["price"])
    if before != after:
        state.emit("price_state", instrument=name, before=before, after=after)
    statuses.look(state)
    liquidation.run(state)
    if state.may_use(name):
        state.books[name].mark = row["price"]
        fire_all(state, [name])
    return None


def index(state: State, row: Row) -> str | None:
    """Of an underlying, with the assets that it prices; or of one asset. A book hears of what may be used."""
    after = row.get("state") or "live"
    if "asset" in row:
        return index_of_asset(state, row["asset"], Price(row["price"], after))
    name = row["underlying"]
    if name in state.sources:
        return "priced_by_sources"
    after = state_told(state, name, row)
    before = state.indexes[name].state if name in state.indexes else "frozen"
    set_index(state, name, Price(row["price"], after))
    state.emit("index", price=row["price"], note=name)
    if before != after:
        state.emit("price_state", before=before, after=after, note=name)
    statuses.look(state)
    liquidation.run(state)
    follow = [market.name for market in state.rules.markets.values() if market.underlying == name]
    funding_due.hear_index(state, name, index=row["price"], state=after)
    if is_usable(state.indexes[name], state.rules.valuation, name):
        for one in follow:
            state.books[one].index = row["price"]
        fire_all(state, follow)
    return None


def state_told(state: State, underlying: str, row: Row) -> str:
    """What is told of an underlying that is halted by command is halted."""
    return "halted" if underlying in state.controls.halted_indexes else row.get("state") or "live"


def set_index(state: State, underlying: str, price: Price) -> None:
    """And of every asset that follows it."""
    state.indexes[underlying] = price
    for asset in state.rules.valuation.assets.values():
        if asset.underlying == underlying and asset.name != state.rules.settlement:
            state.prices[asset.name] = Price(price.value, price.state)
    if is_usable(price, state.rules.valuation, underlying):
        state.told.setdefault(underlying, []).append((state.time, price.value))


def index_of_asset(state: State, asset: str, price: Price) -> str | None:
    """By itself."""
    if asset not in state.rules.valuation.assets:
        return "unknown_asset"
    if asset == state.rules.settlement:
        return "settlement_price"
    if state.rules.valuation.assets[asset].underlying is not None:
        return "conflicting_values"
    before = state.valuer.price(asset).state
    state.prices[asset] = price
    state.emit("index", price=price.value, asset=asset)
    if before != price.state:
        state.emit("price_state", before=before, after=price.state, asset=asset)
    statuses.look(state)
    liquidation.run(state)
    return None


def fire_all(state: State, instruments: list[str]) -> None:
    """Triggers, then the postings of what they traded."""
    for name in instruments:
        fire(state.books[name])
    state.flush()


def phase(state: State, row: Row) -> str | None:
    """By command: out of halted to trading only by resume, out of settling only by settle, back to listed never."""
    book, asked = state.books[row["instrument"]], row["state"]
    code = lead_fault(book.phase, asked)
    if code is None and asked in ENTERED and not state.rules.eligible[book.market.underlying]:
        code = "underlying_ineligible"
    if code is None and asked in TRADED and state.rules.approved and not is_approved(state):
        code = "rulebook_not_approved"
    if code is None and asked in TRADED and not state.may_use(row["instrument"]):
        code = "price_unusable"
    if code is not None:
        return code
    code = enter_phase(book, asked)
    state.flush()
    return code


def lead_fault(before: str, after: str) -> str | None:
    """Which phases follow which."""
    if before == "settled" or after in ("settled", "listed"):
        return "phase_refused"
    if before in ("settling", "halted") and after != "settling":
        return "phase_refused"
    return None


def is_approved(state: State) -> bool:
    """Whether somebody approved the rulebook in force."""
    return state.rules.digest in state.controls.approved


def restart(state: State) -> None:
    """What was told may not be used until it is told again, and nothing of the sources is known."""
    for name in state.rules.indexes:
        if name in state.sources:
            sources.take_index(state, name, state.sources[name].restart(state.time))
        elif name in state.indexes and state.indexes[name].value:
            price = state.indexes[name]
            freeze(state, price, {"note": name})
            set_index(state, name, price)
            funding_due.hear_index(state, name, index=price.value, state=price.state)
    for asset in state.rules.assets:
        told = state.rules.valuation.assets[asset].underlying is None and asset != state.rules.settlement
        if told and asset in state.prices:
            freeze(state, state.prices[asset], {"asset": asset})
    for name, market in state.rules.markets.items():
        if name in state.prices and market.underlying not in state.sources:
            freeze(state, state.prices[name], {"instrument": name})
        elif market.underlying in state.sources:
            sources.make_mark(state, name)
    sources.look_and_tell(state, set(state.rules.markets))
    for book in state.books.values():
        if book.phase in (*ENTERED, "reduce_only"):
            halts.halt_book(state, book)


def freeze(state: State, price: Price, columns: Row) -> None:
    """With an event if that is a change; what is halted stays so."""
    if price.state not in ("frozen", "halted"):
        state.emit("price_state", before=price.state, after="frozen", **columns)
        price.state = "frozen"

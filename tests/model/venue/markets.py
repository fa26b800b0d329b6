"""Commands about prices and phases: index, mark, phase, halt, resume, restart, settle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..book import Price
from ..usable import is_usable
from . import funding_due, settlement, sources, statuses
from .phases import enter_phase
from .place import fire

if TYPE_CHECKING:
    from .state import State

Row = dict[str, Any]
HOUR = 3_600 * 10**9


def mark(state: State, row: Row) -> str | None:
    """Set, looked at, then told to the book."""
    name = row["instrument"]
    if state.rules.markets[name].underlying in state.sources:
        return "priced_by_sources"
    before = state.valuer.price(name).state
    after = row.get("state") or "live"
    state.prices[name] = Price(row["price"], after)
    state.emit("mark", instrument=name, price=row["price"])
    if before != after:
        state.emit("price_state", instrument=name, before=before, after=after)
    statuses.look(state)
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
    before = state.indexes[name].state if name in state.indexes else "frozen"
    set_index(state, name, Price(row["price"], after))
    state.emit("index", price=row["price"], note=name)
    if before != after:
        state.emit("price_state", before=before, after=after, note=name)
    statuses.look(state)
    follow = [market.name for market in state.rules.markets.values() if market.underlying == name]
    funding_due.hear_index(state, name, index=row["price"], state=after)
    if is_usable(state.indexes[name], state.rules.valuation, name):
        for one in follow:
            state.books[one].index = row["price"]
        fire_all(state, follow)
    return None


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
    return None


def fire_all(state: State, instruments: list[str]) -> None:
    """Triggers, then the postings of what they traded."""
    for name in instruments:
        fire(state.books[name])
    state.flush()


def phase(state: State, row: Row) -> str | None:
    """By command: out of halted to trading only by resume, out of settling only by settle."""
    book = state.books[row["instrument"]]
    if book.phase == "settled" or row["state"] == "settled":
        return "phase_refused"
    if book.phase == "settling" and row["state"] != "settling":
        return "phase_refused"
    if book.phase == "halted" and row["state"] != "settling":
        return "phase_refused"
    if row["state"] in ("open", "reduce_only", "auction") and not state.may_use(row["instrument"]):
        return "price_unusable"
    code = enter_phase(book, row["state"])
    state.flush()
    return code


def halt(state: State, row: Row) -> str | None:
    """One instrument, or all; or the index of an underlying."""
    if row.get("underlying") is not None:
        return sources.halt(state, row) if is_sourced(state, row) else halt_index(state, row)
    name = row.get("instrument")
    ended = ("halted", "settling", "settled")
    if name is not None and state.books[name].phase in ended:
        return "phase_refused"
    for one in [name] if name is not None else list(state.books):
        if state.books[one].phase not in ended:
            state.emit("halt", instrument=one)
            enter_phase(state.books[one], "halted")
    return None


def resume(state: State, row: Row) -> str | None:
    """Back to preopen, with a mark that may be used."""
    if row.get("underlying") is not None:
        if row.get("instrument") is not None:
            return "conflicting_values"
        if row["underlying"] not in state.rules.indexes:
            return "out_of_range"
        # one that is told goes on when it is told
        return sources.resume(state, row) if is_sourced(state, row) else "price_unusable"
    name = row.get("instrument")
    if name is not None and state.books[name].phase != "halted":
        return "phase_refused"
    if name is not None and not state.may_use(name):
        return "price_unusable"
    for one in [name] if name is not None else list(state.books):
        if state.books[one].phase == "halted" and state.may_use(one):
            state.emit("resume", instrument=one)
            enter_phase(state.books[one], "preopen")
    return None


def is_sourced(state: State, row: Row) -> bool:
    """Whether the underlying of a row is priced by sources."""
    return row["underlying"] in state.sources


def halt_index(state: State, row: Row) -> str | None:
    """A told index may not be used until it is told again."""
    name = row["underlying"]
    if row.get("instrument") is not None:
        return "conflicting_values"
    if name not in state.rules.indexes:
        return "out_of_range"
    found = state.indexes.get(name)
    before = "frozen" if found is None else found.state
    if found is not None:
        set_index(state, name, Price(found.value, "halted"))
        funding_due.hear_index(state, name, index=found.value, state="halted")
    if before != "halted":
        state.emit("price_state", before=before, after="halted", note=name)
    return None


def restart(state: State) -> None:
    """What was told may not be used until it is told again, and nothing of the sources is known."""
    for name in state.rules.indexes:
        if name in state.sources:
            sources.take_index(state, name, state.sources[name].restart(state.time))
        elif name in state.indexes:
            price = state.indexes[name]
            freeze(state, price, {"note": name})
            set_index(state, name, price)
            funding_due.hear_index(state, name, index=price.value, state=price.state)
    for asset in sorted(state.rules.valuation.assets):
        told = state.rules.valuation.assets[asset].underlying is None and asset != state.rules.settlement
        if told and asset in state.prices:
            freeze(state, state.prices[asset], {"asset": asset})
    for name, market in state.rules.markets.items():
        if name in state.prices and market.underlying not in state.sources:
            freeze(state, state.prices[name], {"instrument": name})
        elif market.underlying in state.sources:
            sources.make_mark(state, name)
    sources.look_and_tell(state, set(state.rules.markets))


def freeze(state: State, price: Price, columns: Row) -> None:
    """With an event if that is a change; what is halted stays so."""
    if price.state not in ("frozen", "halted"):
        state.emit("price_state", before=price.state, after="frozen", **columns)
        price.state = "frozen"


def settle(state: State, row: Row) -> str | None:
    """The last settlement of an instrument."""
    name = row["instrument"]
    book = state.books[name]
    if book.phase != "settling":
        return "phase_refused"
    price = final_price(state, state.rules.markets[name].underlying, row)
    if isinstance(price, str):
        return price
    held = state.valuer.price(name)
    state.prices[name] = Price(price, held.state)
    blocked = settlement.first_blocked(state, {name: price})
    state.prices[name] = held
    if blocked:
        state.emit("settlement_deferred", instrument=name, account=blocked[name])
        return None
    state.emit("settlement", instrument=name, price=price, rule="ledger.settle")
    settlement.post(state, {name: price}, final=True)
    enter_phase(book, "settled")
    return None


def final_price(state: State, underlying: str, row: Row) -> int | str:
    """The last usable index; another price with approval, within those of the last hour. Or a code."""
    given = row.get("price")
    if given is not None and not row.get("approval"):
        return "approval_missing"
    if underlying in state.sources:
        found = state.sources[underlying].market.settle_price(state.time, given, given is not None)
        return "settlement_price" if found is None else found
    values = state.told.get(underlying, [])
    if given is None:
        return values[-1][1] if values else "settlement_price"
    if values and given == values[-1][1]:
        return int(given)
    hour = [value for time, value in values if state.time - HOUR <= time]
    return int(given) if hour and min(hour) <= given <= max(hour) else "settlement_price"

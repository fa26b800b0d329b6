"""Another rulebook comes into force: what goes on, what begins anew, what ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..pricing import Funding, IndexPrice, MarkPrice
from ..pricing.funding import cap_of
from ..pricing.rules import Contract, IndexRules
from . import halts, markets, sources, statuses
from .book import Book
from .client_ids import ClientIds
from .figures import Valuer
from .permissions import may_not_open
from .phases import enter_phase
from .rules import Market, VenueRules

if TYPE_CHECKING:
    from .state import State

ENTERED = ("preopen", "auction", "open")


def put_in_force(state: State, rules: VenueRules, note: str) -> None:
    """Orders off the grid, prices that begin anew, phases, statuses, and who may no longer open."""
    could = [holder for holder in state.open_holders() if may_not_open(state, holder) is None]
    before, state.rules = state.rules, rules
    state.emit("rulebook_activated", rule="rulebook.activate", note=note)
    state.valuer = Valuer(rules, state.prices)
    state.ledger.rules = rules
    for holder in state.open_holders():
        if rules.valuation.portfolio is None:
            holder.model = "standard"
    for name in rules.markets:
        take_market(state, name)
    for name, market in before.markets.items():
        if rules.markets[name].contract_size != market.contract_size:
            # what they ask for is another thing
            for order in list(state.books[name].open.values()):
                state.books[name].end(order, "off_lot")
        end_off_grid(state.books[name])
    changed = take_prices(state, before)
    for name in before.markets:
        if not rules.eligible[rules.markets[name].underlying] and state.books[name].phase in ENTERED:
            close_to_openings(state, name)
    statuses.look(state)
    sources.tell_books(state, changed)
    for holder in could:
        code = may_not_open(state, holder)
        if code is not None:
            statuses.end_risky(state, holder, code)


def close_to_openings(state: State, name: str) -> None:
    """Only reduced; halted where what was collected cannot trade first."""
    book = state.books[name]
    if state.may_use(name):
        enter_phase(book, "reduce_only")
        state.flush()
    if book.phase != "reduce_only":
        halts.halt_book(state, book)


def take_market(state: State, name: str) -> None:
    """Its book goes on under the new terms; a new one is listed."""
    rules, market = state.rules, state.rules.markets[name]
    if name not in state.books:
        state.books[name] = Book(market, rules, state, "listed")
        state.client_ids[name] = ClientIds(rules.client_id_time, rules.client_ids)
        return
    state.books[name].market, state.books[name].rules = market, rules
    state.client_ids[name].time, state.client_ids[name].per_account = rules.client_id_time, rules.client_ids


def take_prices(state: State, before: VenueRules) -> set[str]:
    """Whose rules are the same goes on; what changed of the others."""
    rules, changed = state.rules, set[str]()
    anew = [name for name, index in rules.indexes.items() if index.sources and before.indexes.get(name) != index]
    for name in anew:
        changed |= index_anew(state, name)
    for name, market in rules.markets.items():
        was = before.markets.get(name)
        if was is None or market.underlying in anew or of_mark(was.contract) != of_mark(market.contract):
            state.marks[name] = MarkPrice(market.contract)
        else:
            state.marks[name].rules = market.contract
        if was is None or of_funding(was) != of_funding(market):
            funding_anew(state, name)
        else:
            state.fundings[name].rules = market.contract
    for name in sources.sourced(state):
        if rules.markets[name].underlying in anew and name in state.prices:
            markets.freeze(state, state.prices[name], {"instrument": name})
            changed.add(name)
    return changed


def funding_anew(state: State, name: str) -> None:
    """Its samples are gone; the index that was told last is known to it, and as old as it was."""
    made, was = Funding(state.rules.markets[name].contract), state.fundings.get(name)
    if was is not None:
        made.known |= {column: was.known[column] for column in ("index", "state")}
        made.index_time = was.index_time
    made.update(state.time)
    state.fundings[name] = made
    state.slots.pop(name, None)


def index_anew(state: State, name: str) -> set[str]:
    """Frozen as after a restart, with its value and what was in quorum; its sources are forgotten."""
    made = IndexPrice(state.rules.indexes[name])
    if name in state.sources:
        was = state.sources[name].market
        made.market.state, made.market.held, made.market.in_quorum = was.state, was.held, was.in_quorum
    state.sources[name] = made
    return sources.take_index(state, name, made.restart(state.time))


def of_mark(contract: Contract) -> Contract:
    """What makes a mark."""
    plain = Contract(IndexRules(), 0, 0)
    return replace(
        contract, first_initial=0, interest=0, dead_zone=0, sample=0, min_coverage=0, cap=None,
        cap_factor_maintenance=None, cap_factor_difference=None, index=replace(plain.index,
        stale_after=contract.index.stale_after), first_maintenance=contract.first_maintenance
        if contract.fair_basis else 0,
    )  # fmt: skip


def of_funding(market: Market) -> tuple[object, ...]:
    """What makes a funding."""
    contract = market.contract
    index = (contract.index.stale_after, contract.index.thin_is_usable)
    rates = (contract.interest, contract.dead_zone, contract.min_coverage, cap_of(contract))
    return (*index, contract.every, contract.sample, *rates)


def end_off_grid(book: Book) -> None:
    """Orders off the new tick, or whose rest is off the new lot."""
    for order in list(book.open.values()):
        if order.price is not None and order.price % book.market.tick:
            book.end(order, "off_tick")
        elif order.left % book.market.lot or order.filled % book.market.lot:
            book.end(order, "off_lot")

"""`halt` and `resume`: of instruments, of indexes, of accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..book import Price
from . import breaker, funding_due, markets, sources
from .accounts import Holder
from .book import Book
from .phases import enter_phase
from .rows import SCOPES

if TYPE_CHECKING:
    from .state import State

Row = dict[str, Any]
ENDED = ("halted", "settling", "settled")


def scope_of(row: Row) -> tuple[str | None, str]:
    """What a row is about; None: all instruments."""
    return next(((name, row[name]) for name in SCOPES if row.get(name) is not None), (None, ""))


def scope_fault(state: State, row: Row) -> str | None:
    """Of somebody, or something, that is not there."""
    scope, name = scope_of(row)
    if scope == "account" and state.holder(name) is None:
        return "unknown_holder"
    if scope == "client" and not state.clients_accounts(name):
        return "unknown_holder"
    return "out_of_range" if scope == "underlying" and name not in state.rules.indexes else None


def halt(state: State, row: Row) -> str | None:
    """Cancels only; of accounts nothing, and what they have in the books ends."""
    code = scope_fault(state, row)
    if code is not None:
        return code
    scope, name = scope_of(row)
    if scope == "underlying":
        return sources.halt(state, row) if name in state.sources else halt_index(state, name)
    if scope in ("account", "client", "class"):
        return halt_accounts(state, scope, name)
    if scope == "instrument" and state.books[name].phase in ENDED:
        return "phase_refused"
    for one in [name] if scope == "instrument" else list(state.books):
        if state.books[one].phase not in ENDED:
            halt_book(state, state.books[one])
    return None


def halt_book(state: State, book: Book) -> None:
    """Its orders stay."""
    state.emit("halt", instrument=book.market.name)
    enter_phase(book, "halted")


def resume(state: State, row: Row) -> str | None:
    """Back to preopen, with a mark that may be used; accounts may place orders again."""
    code = scope_fault(state, row)
    if code is not None:
        return code
    scope, name = scope_of(row)
    if scope == "underlying":
        return sources.resume(state, row) if name in state.sources else resume_index(state, name)
    if scope in ("account", "client", "class"):
        return resume_accounts(state, scope, name)
    if scope == "instrument" and state.books[name].phase != "halted":
        return "phase_refused"
    if scope == "instrument" and not state.may_use(name):
        return "price_unusable"
    for one in [name] if scope == "instrument" else list(state.books):
        if state.books[one].phase == "halted" and state.may_use(one):
            state.emit("resume", instrument=one)
            if state.rules.eligible[state.rules.markets[one].underlying]:
                enter_phase(state.books[one], "preopen")
            else:
                close_to_openings(state, one)
    return None


def close_to_openings(state: State, name: str) -> None:
    """Reduce-only, or halted where it does not come to that."""
    from .activation import close_to_openings as close

    close(state, name)


def resume_index(state: State, name: str) -> str | None:
    """It goes on when it is told."""
    if name not in state.controls.halted_indexes:
        return "price_unusable"
    state.controls.halted_indexes.discard(name)
    return None


def halt_index(state: State, name: str) -> str | None:
    """A told index may not be used until somebody resumes it and it is told again; its marks likewise."""
    state.controls.halted_indexes.add(name)
    found = state.indexes.get(name) or Price(0, "frozen")
    if found.value:
        markets.set_index(state, name, Price(found.value, "halted"))
        funding_due.hear_index(state, name, index=found.value, state="halted")
    else:
        state.indexes[name] = Price(0, "halted")  # it was never told
    if found.state != "halted":
        state.emit("price_state", before=found.state, after="halted", note=name)
    for market in state.rules.markets.values():
        before = state.valuer.price(market.name).state
        if market.underlying == name and before != "halted":
            state.prices[market.name] = Price(state.valuer.price(market.name).value, "halted")
            state.emit("price_state", instrument=market.name, before=before, after="halted")
    return None


# --- accounts


def halted_names(state: State, scope: str) -> set[str]:
    """What is halted of a scope."""
    controls = state.controls
    return {
        "account": controls.halted_accounts, "client": controls.halted_clients, "class": controls.halted_classes,
    }[scope]  # fmt: skip


def members(state: State, scope: str, name: str) -> list[Holder]:
    """The accounts of a scope, in the order of opening."""
    return [
        holder
        for holder in state.open_holders()
        if {"account": holder.name, "client": holder.client, "class": holder.cls}[scope] == name
    ]


def tell(state: State, kind: str, scope: str, name: str) -> None:
    """One event an account; of a class one event. Of a client those go on whom nothing else halts."""
    if scope == "class":
        state.emit(kind, cls=name)
        return
    for holder in members(state, scope, name):
        if kind == "halt" or scope == "account" or not is_halted(state, holder):
            state.emit(kind, account=holder.name)


def is_halted(state: State, holder: Holder) -> bool:
    """By itself, or with its class."""
    return holder.name in state.controls.halted_accounts or holder.cls in state.controls.halted_classes


def halt_accounts(state: State, scope: str, name: str) -> str | None:
    """Then their orders end, book by book, in the order of acceptance."""
    halted_names(state, scope).add(name)
    tell(state, "halt", scope, name)
    halted = {holder.name for holder in members(state, scope, name)}
    for book in state.books.values():
        for order in list(book.open.values()):
            if order.account in halted:
                book.end(order, "account_halted")
    return None


def resume_accounts(state: State, scope: str, name: str) -> str | None:
    """Of an account the breaker as well."""
    was_halted = name in halted_names(state, scope)
    released = scope == "account" and breaker.release(state, state.holders[name])
    if not was_halted and not released:
        return "phase_refused"
    halted_names(state, scope).discard(name)
    tell(state, "resume", scope, name)
    return None

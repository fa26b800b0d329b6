"""Group > client > account: all accounts of a client are of one group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .accounts import Holder, owner_group

if TYPE_CHECKING:
    from .state import State

Row = dict[str, Any]


def open_fault(state: State, row: Row) -> str | None:
    """Another group than the client has."""
    client, group = row.get("client"), row.get("group")
    if client is None or group is None or not state.clients_accounts(client):
        return None
    return None if group == state.clients_accounts(client)[0].group else "other_group"


def set_fault(state: State, holder: Holder, row: Row) -> str | None:
    """Another group than the client has; or somebody moves to another group and has orders."""
    if is_moving(holder, row):
        code = open_fault(state, row)
        if code is not None:
            return code
    client, group = family_of(state, holder, row)
    if is_moving(holder, row) and holder.client in state.controls.halted_clients:
        return "account_halted"
    if row.get("class") not in (None, holder.cls) and holder.cls in state.controls.halted_classes:
        return "account_halted"
    for one in movers(state, holder, row):
        copy = one.copy()
        copy.client, copy.group = client, group
        moves = is_moving(holder, row) or owner_group(copy) != owner_group(one)
        if moves and any(book.of(one.name) for book in state.books.values()):
            return "conflicting_values"
    return None


def is_moving(holder: Holder, row: Row) -> bool:
    """To another client."""
    return row.get("client") not in (None, holder.client)


def family_of(state: State, holder: Holder, row: Row) -> tuple[str | None, str | None]:
    """The client and the group that an account has after a command."""
    client = row.get("client") or holder.client
    if row.get("group") is not None:
        return client, row["group"]
    if client is None:
        return None, holder.group
    known = state.clients_accounts(client)
    # A group that was named stays the account's, and becomes that of a client who has no other accounts.
    return client, known[0].group if known else holder.group


def movers(state: State, holder: Holder, row: Row) -> list[Holder]:
    """Who goes to the group: with a group alone all accounts of the client."""
    together = holder.client is not None and not is_moving(holder, row)
    return state.clients_accounts(holder.client) if together and holder.client is not None else [holder]


def join(state: State, holder: Holder, row: Row) -> None:
    """The client and the group of a command."""
    client, group = family_of(state, holder, row)
    for one in movers(state, holder, row):
        one.client, one.group = client, group

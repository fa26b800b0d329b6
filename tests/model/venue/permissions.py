"""`gate.account`: who is halted, and who may not open positions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .accounts import Holder
from .refusals import Refusal

if TYPE_CHECKING:
    from .state import State

CODES = {"professional": "investor_status", "knowledge": "knowledge_status"}


def is_halted(state: State, holder: Holder) -> bool:
    """The account, its client or its class."""
    controls = state.controls
    return (
        holder.name in controls.halted_accounts
        or holder.client in controls.halted_clients
        or holder.cls in controls.halted_classes
    )


def may_not_open(state: State, holder: Holder) -> str | None:
    """Flags, then the class, for a professional the dates that the rulebook asks for, then the breaker."""
    if "frozen" in holder.flags:
        return "account_frozen"
    if "no_open" in holder.flags:
        return "account_no_open"
    if state.rules.classes and holder.cls not in state.rules.classes:
        return "class_not_admitted"
    return proof_over(state, holder) or tripped(state, holder)


def date_of(holder: Holder, word: str) -> int | None:
    """Until when a proof holds."""
    return holder.investor_until if word == "professional" else holder.knowledge_until


def proofs_asked(state: State, holder: Holder) -> list[str]:
    """In the order of the rulebook."""
    return [word for word in state.rules.require if word in CODES] if holder.cls == "professional" else []


def proof_over(state: State, holder: Holder) -> str | None:
    """The code of the first proof that is asked and missing or over."""
    for word in proofs_asked(state, holder):
        until = date_of(holder, word)
        if until is None or state.time >= until:
            return CODES[word]
    return None


def tripped(state: State, holder: Holder) -> Refusal | None:
    """The code of the breaker, with its numbers."""
    watched = state.controls.watched.get(holder.name)
    return None if watched is None or watched.tripped is None else Refusal(*watched.tripped)

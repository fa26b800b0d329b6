"""Proofs of an account end at their date: orders that add risk end with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import statuses
from .accounts import Holder
from .permissions import date_of, proof_over, proofs_asked

if TYPE_CHECKING:
    from .state import State


def dates(state: State, holder: Holder) -> list[int]:
    """When a proof that is asked of an account will be over."""
    found = [date_of(holder, word) for word in proofs_asked(state, holder)]
    return [date for date in found if date is not None and date > state.time]


def run(state: State) -> None:
    """Whose proof is over at this instant, in the order of opening."""
    for holder in state.open_holders():
        if state.time not in [date_of(holder, word) for word in proofs_asked(state, holder)]:
            continue
        code = proof_over(state, holder)
        if code is not None:
            statuses.end_risky(state, holder, code)

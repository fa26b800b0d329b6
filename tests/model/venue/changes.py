"""`approve_rulebook`, `activate_rulebook`: which rules come next, and when."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from ..errors import ModelError
from ..grid import GRID
from . import activation
from .controls import SECOND, Waiting
from .counted import approval, is_blank
from .dry_run import forced
from .fitting import is_unfit
from .loosening import loosens
from .refusals import Refusal, amount_of, balance_of
from .rules import VenueRules, read_rules

if TYPE_CHECKING:
    from .state import State

Row = dict[str, Any]
RULE = "rulebook.activate"


def approve(state: State, row: Row) -> str | None:
    """Of any digest."""
    if not re.fullmatch("[0-9a-f]{64}", row["rulebook"]):
        return "out_of_range"
    if not approval(row.get("approval")):
        return "approval_missing"
    state.controls.approved.add(row["rulebook"])
    state.emit("accepted", rule="rulebook.approve", note=row["rulebook"])
    return None


def read(state: State, text: str) -> VenueRules | None:
    """A rulebook whose names are numbered behind those in force; None: it is none."""
    try:
        return read_rules(text, state.rules.reader, state.rules)
    except (tomllib.TOMLDecodeError, ModelError, KeyError, ValueError, TypeError):
        return None


def activate(state: State, row: Row) -> str | None:
    """Now, or from the time that it states."""
    rules = read(state, row["rulebook"])
    if rules is None:
        return "rulebook_invalid"
    note = f"{state.rules.digest} → {rules.digest}"
    if rules.digest == state.rules.digest:
        state.emit("accepted", rule=RULE, note=note)
        drop_waiting(state, "replaced")
        return None
    time = state.time if rules.effective is None else max(state.time, rules.effective)
    confirmed = not is_blank(row.get("confirm"))
    code = "rulebook_unfit" if is_unfit(state, rules) else None
    # without a clock nobody knows how long it is
    ahead = time - state.time if state.started else 0
    if code is None and ahead < state.rules.delay and loosens(state.rules.document, rules.document):
        code = Refusal("activation_too_early", ahead * GRID // SECOND, state.rules.delay * GRID // SECOND)
    code = code or forces(state, rules, confirmed)
    if code is None and time == state.time:
        code = not_approved(state, rules)
    if code is not None:
        return code
    state.emit("accepted", rule=RULE, note=note)
    drop_waiting(state, "replaced")
    if time == state.time:
        activation.put_in_force(state, rules, note)
    else:
        state.controls.waiting = Waiting(rules, time, confirmed, note)
    return None


def forces(state: State, rules: VenueRules, confirmed: bool) -> str | None:
    """Liquidations that only the change would make."""
    notional = 0 if confirmed else forced(state, rules)
    return Refusal("rulebook_forces", notional, 0) if notional else None


def not_approved(state: State, rules: VenueRules) -> str | None:
    """Where the rulebook in force asks for it."""
    return "rulebook_not_approved" if state.rules.approved and rules.digest not in state.controls.approved else None


def drop_waiting(state: State, code: str) -> None:
    """What waited does not come."""
    waiting, state.controls.waiting = state.controls.waiting, None
    if waiting is not None:
        state.emit(
            "canceled", code=code, amount=amount_of(code), balance=balance_of(code), rule=RULE, note=waiting.note
        )


def run(state: State) -> None:
    """At the time of what waits it is asked once more."""
    waiting = state.controls.waiting
    if waiting is None or waiting.time > state.time:
        return
    code = not_approved(state, waiting.rules)
    if code is None and is_unfit(state, waiting.rules):
        code = "rulebook_unfit"
    code = code or forces(state, waiting.rules, waiting.confirmed)
    if code is not None:
        drop_waiting(state, code)
        return
    state.controls.waiting = None
    activation.put_in_force(state, waiting.rules, waiting.note)

"""Commands about accounts: open, set, close, hold, disconnect, deadman."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import clients, permissions, statuses
from .accounts import Holder
from .counted import approval
from .refusals import Refusal

if TYPE_CHECKING:
    from .state import State

Row = dict[str, Any]
RESERVED = ("fund", "fees", "converter", "rounding")

AFFILIATED = "affiliated_market_maker"


def open_account(state: State, row: Row) -> str | None:
    """A code where it is refused."""
    name = row["account"]
    if name in RESERVED:
        return "reserved_name"
    if name in state.holders:
        return "duplicate_account"
    holder = Holder(name, len(state.holders))
    code = settings_fault(state, holder, row) or clients.open_fault(state, row)
    if code is None and row.get("model") == "portfolio" and state.rules.min_equity > 0:
        code = Refusal("below_min_equity", 0, state.rules.min_equity)
    if code is not None:
        return code
    apply_settings(holder, row)
    state.holders[name] = holder
    clients.join(state, holder, row)
    state.emit("accepted", account=name, cls=holder.cls)
    return None


def settings_fault(state: State, holder: Holder, row: Row) -> str | None:
    """What the rulebook does not admit."""
    cls = row.get("class") or (holder.cls if row["kind"] == "open_account" else None)
    if state.rules.classes and cls is not None and cls not in state.rules.classes:
        return "class_not_admitted"
    leaves = row["kind"] == "set_account" and holder.cls == AFFILIATED and row.get("class") not in (None, AFFILIATED)
    if (row.get("class") == AFFILIATED or leaves) and not approval(row.get("approval")):
        return "approval_missing"
    if row.get("model") == "portfolio" and state.rules.valuation.portfolio is None:
        return "model_not_enabled"
    return None


def apply_settings(holder: Holder, row: Row) -> None:
    """What is null stays."""
    for name in ("model", "fee_tier", "investor_until", "knowledge_until"):
        if row.get(name) is not None:
            setattr(holder, name, row[name])
    holder.cls = row.get("class") or holder.cls
    if row.get("leverage") is not None:
        if row.get("instrument") is not None:
            holder.at(row["instrument"], row.get("margin_mode") or "cross").leverage = row["leverage"]
        else:
            holder.leverage = row["leverage"]


def set_account(state: State, row: Row) -> str | None:
    """Refused where it would uncover what was covered."""
    holder = state.holder(row["account"])
    if holder is None:
        return "unknown_holder"
    code = settings_fault(state, holder, row) or clients.set_fault(state, holder, row)
    if code is not None:
        return code
    copy = holder.copy()
    apply_settings(copy, row)
    if copy.cls != holder.cls and has_orders(state, holder):
        return "conflicting_values"
    before = statuses.figures_of(state, holder, None)
    if row.get("model") == "portfolio" and holder.model != "portfolio" and before.equity < state.rules.min_equity:
        return Refusal("below_min_equity", before.equity, state.rules.min_equity)
    after = state.valuer.cross(copy, state.counted_orders(holder))
    if after.opening_equity < after.initial_margin and before.opening_equity >= before.initial_margin:
        return Refusal("insufficient_margin", after.initial_margin, after.opening_equity)
    apply_settings(holder, row)
    clients.join(state, holder, row)
    state.emit("accepted", account=holder.name, cls=holder.cls)
    code = permissions.proof_over(state, holder)
    if code is not None:
        statuses.end_risky(state, holder, code)
    return None


def has_orders(state: State, holder: Holder) -> bool:
    """In any book."""
    return any(book.of(holder.name) for book in state.books.values())


def close_account(state: State, row: Row) -> str | None:
    """For good, and only of an account that is empty."""
    holder = state.holder(row["account"])
    if holder is None:
        return "unknown_holder"
    holds = any(holder.cash.values()) or any(not h.is_flat or h.margin for h in holder.positions.values())
    orders = has_orders(state, holder)
    pending = any(account == holder.name for account, _, _ in state.withdrawals.values())
    if holds or orders or pending:
        return "account_not_empty"
    holder.closed = True
    state.emit("accepted", account=holder.name, cls=holder.cls)
    return None


def words_of(row: Row) -> list[str]:
    """The flags of a row."""
    return [word.strip() for word in (row.get("flags") or "").split(",") if word.strip()]


def hold(state: State, row: Row) -> str | None:
    """The flags, all at once; who may not open from now on loses the orders that add risk."""
    holder = state.holder(row["account"])
    if holder is None:
        return "unknown_holder"
    words = words_of(row)
    if "frozen" in words and not approval(row.get("approval")):
        return "approval_missing"
    opens = {"no_open", "frozen"}
    could = not opens & holder.flags
    holder.flags = frozenset(words)
    state.emit("accepted", account=holder.name, cls=holder.cls)
    if could and opens & holder.flags:
        statuses.end_risky(state, holder)
    return None


def disconnect(state: State, row: Row) -> str | None:
    """All its orders end."""
    holder = state.holder(row["account"])
    if holder is None:
        return "unknown_holder"
    end_all(state, holder, "disconnected")
    return None


def end_all(state: State, holder: Holder, code: str) -> None:
    """Book by book, in the order of acceptance."""
    for book in state.books.values():
        for order in book.of(holder.name):
            book.end(order, code)


def deadman(state: State, row: Row) -> str | None:
    """A timer, or none."""
    holder = state.holder(row["account"])
    if holder is None:
        return "unknown_holder"
    until = row.get("until")
    if until is not None and until <= state.time:
        return "until_reached"
    holder.deadman = until
    state.emit("accepted", account=holder.name, cls=holder.cls)
    return None

"""Commands about money: deposits, withdrawals and their window, transfers, topups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..grid import GRID, floor_div
from ..tables import MAX_BALANCE
from .accounts import Holder
from .refusals import Refusal

if TYPE_CHECKING:
    from .state import State

Row = dict[str, Any]
HOUR = 3_600 * 10**9


def deposit(state: State, row: Row) -> str | None:
    """From outside to a wallet."""
    holder = state.holder(row["account"])
    if holder is None:
        return "unknown_holder"
    asset, amount = row["asset"], row["amount"]
    if amount <= 0:
        return "out_of_range"
    cap = state.rules.platform_caps.get(asset)
    would_have = sum(one.amount(asset) for one in state.open_holders()) + amount
    if cap is not None and would_have > cap:
        return Refusal("platform_cap", would_have, cap)
    if holder.amount(asset) + amount > MAX_BALANCE:
        return "out_of_range"
    state.ledger.outside[asset] += amount
    state.ledger.post(holder, asset, amount, "ledger.deposit")
    return None


def out_fault(state: State, holder: Holder, asset: str, amount: int) -> str | None:
    """Every money out of a cross account: free, and what is left of what is free covers the rest."""
    if amount > holder.free(asset):
        return Refusal("insufficient_balance", amount, holder.free(asset))
    taken = dict(holder.held)
    taken[asset] = taken.get(asset, 0) + amount
    return cover_fault(state, holder, taken, amount)


def cover_fault(state: State, holder: Holder, taken: dict[str, int], asked: int) -> str | None:
    """equity − G − max(IM, ⌈withdraw_ratio·N⌉) ≥ 0 of what is left."""
    may_go = state.valuer.cross(holder, state.counted_orders(holder)).withdrawable
    refused = Refusal("not_withdrawable", asked, may_go)
    if any(amount > holder.amount(asset) for asset, amount in taken.items()):
        return refused  # what is held was converted
    left = state.valuer.cross(holder, state.counted_orders(holder), taken)
    if left.status == "undecided":
        return "price_unusable"
    gain = max(0, left.unrealized_pnl)
    notional = state.valuer.notional(holder)
    needed = max(left.initial_margin, -(-state.rules.valuation.withdraw_ratio * notional // 10**16))
    return refused if left.equity - gain - needed < 0 else None


def withdraw(state: State, row: Row) -> str | None:
    """A request: the amount is held."""
    holder = state.holder(row["account"])
    if holder is None:
        return "unknown_holder"
    asset, amount = row["asset"], row["amount"]
    if holder.flags & {"no_withdraw", "frozen"}:
        return "withdraw_held"
    if amount <= 0:
        return "out_of_range"
    code = out_fault(state, holder, asset, amount)
    if code is not None:
        return code
    value = worth(state, asset, amount)
    share = state.rules.outflow_per_hour
    if share is not None:
        limit = floor_div(share * client_money(state), GRID)
        out = sum(other for time, other, _ in state.outflows if state.time - time < HOUR)
        if out + value > limit:
            state.emit("limit_reached", amount=limit, balance=out, rule="ledger.withdraw")
            return Refusal("outflow_limit", out + value, limit)
    holder.held[asset] = holder.held.get(asset, 0) + amount
    state.withdrawal_count += 1
    number = state.withdrawal_count
    state.withdrawals[number] = (holder.name, asset, amount)
    state.outflows.append((state.time, value, number))
    state.emit("withdrawal_requested", **withdrawal_columns(state, number))
    return None


def withdrawal_columns(state: State, number: int) -> Row:
    """What an event of a withdrawal shows."""
    name, asset, amount = state.withdrawals[number]
    balance = state.holders[name].amount(asset)
    return {
        "account": name,
        "asset": asset,
        "amount": amount,
        "order": number,
        "balance": balance,
        "rule": "ledger.withdraw",
    }


def worth(state: State, asset: str, amount: int) -> int:
    """In the settlement currency; 0 where no price is known."""
    return floor_div(amount * state.valuer.price(asset).value, GRID)


def client_money(state: State) -> int:
    """Wallets asset by asset, of what counts as collateral, and isolated margins."""
    total = 0
    for asset, terms in state.rules.valuation.assets.items():
        if not terms.eligible:
            continue
        total += worth(state, asset, sum(one.amount(asset) for one in state.open_holders()))
    return total + sum(held.margin for one in state.open_holders() for held in one.positions.values())


def confirm_withdrawal(state: State, row: Row) -> str | None:
    """It leaves, if it still may."""
    number = row["order"]
    if number not in state.withdrawals:
        return "unknown_withdrawal"
    name, asset, amount = state.withdrawals[number]
    holder = state.holders[name]
    if {"frozen", "no_withdraw"} & set(holder.flags):
        return "withdraw_held"
    code = cover_fault(state, holder, dict(holder.held), amount)
    if code is not None:
        return code
    holder.held[asset] -= amount
    state.ledger.outside[asset] -= amount
    state.ledger.post(holder, asset, -amount, "ledger.withdraw")
    columns = withdrawal_columns(state, number)
    del state.withdrawals[number]
    state.emit("withdrawal_confirmed", **columns)
    return None


def release_withdrawal(state: State, row: Row) -> str | None:
    """It stays, and leaves the window."""
    number = row["order"]
    if number not in state.withdrawals:
        return "unknown_withdrawal"
    name, asset, amount = state.withdrawals[number]
    state.holders[name].held[asset] -= amount
    columns = withdrawal_columns(state, number)
    del state.withdrawals[number]
    state.outflows = [entry for entry in state.outflows if entry[2] != number]
    state.emit("withdrawal_released", **columns)
    return None


def transfer(state: State, row: Row) -> str | None:
    """To another account of the client, or between cash and an isolated position."""
    holder = state.holder(row["account"])
    if holder is None:
        return "unknown_holder"
    if row.get("to_account") is not None:
        return transfer_to_account(state, holder, row)
    return transfer_margin(state, holder, row["instrument"], row["amount"])


def transfer_to_account(state: State, holder: Holder, row: Row) -> str | None:
    """Money out of one cross account into another."""
    receiver = state.holder(row["to_account"])
    asset, amount = row["asset"], row["amount"]
    if holder.flags & {"no_withdraw", "frozen"}:
        return "withdraw_held"
    if receiver is None:
        return "unknown_holder"
    if holder is receiver:
        return "conflicting_values"
    if holder.client is None or holder.client != receiver.client:
        return "other_client"
    if amount <= 0:
        return "out_of_range"
    code = out_fault(state, holder, asset, amount)
    if code is not None:
        return code
    if receiver.amount(asset) + amount > MAX_BALANCE:
        return "out_of_range"
    state.ledger.post(holder, asset, -amount, "ledger.transfer")
    state.ledger.post(receiver, asset, amount, "ledger.transfer")
    return None


def transfer_margin(state: State, holder: Holder, instrument: str, amount: int) -> str | None:
    """Above 0 to the isolated position, below 0 back."""
    if amount == 0:
        return "out_of_range"
    if amount > 0:
        code = out_fault(state, holder, state.rules.settlement, amount)
        if code is not None:
            return code
    else:
        found = holder.positions.get((instrument, "isolated"))
        if found is None or found.margin + amount < 0:
            return Refusal("insufficient_balance", -amount, 0 if found is None else found.margin)
        if not found.is_flat:
            bucket = state.valuer.isolated(holder, instrument)
            if bucket.status == "undecided":
                return "price_unusable"
            if bucket.equity + amount - max(0, bucket.unrealized_pnl) < bucket.initial_margin:
                return "not_withdrawable"
    state.ledger.move_to_isolated(holder, instrument, amount)
    return None


def fund_topup(state: State, row: Row) -> str | None:
    """To the fund or the converter, from outside or from an account."""
    asset = row.get("asset") or state.rules.settlement
    house = row.get("note") or "fund"
    if row.get("account") is None:
        if row["amount"] <= 0:
            return "out_of_range"
        state.ledger.outside[asset] += row["amount"]
        state.ledger.to_house(house, asset, row["amount"])
        topped_up(state, house)
        balance = state.ledger.house[house][asset]
        state.emit("posting", asset=asset, amount=row["amount"], balance=balance, rule="ledger.topup")
        return None
    holder = state.holder(row["account"])
    if holder is None:
        return "unknown_holder"
    if holder.flags & {"no_withdraw", "frozen"}:
        return "withdraw_held"
    if row["amount"] <= 0:
        return "out_of_range"
    code = out_fault(state, holder, asset, row["amount"])
    if code is not None:
        return code
    state.ledger.post(holder, asset, -row["amount"], "ledger.topup")
    state.ledger.to_house(house, asset, row["amount"])
    topped_up(state, house)
    return None


def topped_up(state: State, house: str) -> None:
    """A fund that may pay again is another one."""
    if house == "fund":
        state.liquidations.told.clear()

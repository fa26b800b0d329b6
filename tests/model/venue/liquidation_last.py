"""The last resort: positions pass at the mark, then the deficit is cut from everybody's profit."""

from __future__ import annotations

from ..grid import GRID, ceil_div, floor_div
from ..waterfall.last_resort import moves
from ..waterfall.shares import in_proportion
from .accounts import Holder, base
from .liquidation_bucket import Bucket, all_buckets
from .liquidation_round import Round

RULE = "liquidation.last_resort"
MODES = ("cross", "isolated")


def run(of: Round) -> None:
    """What is left passes; a bucket without positions owes nothing after it."""
    last = next((name for name, own in owed(of.bucket).items() if own), None)
    if of.is_flat:
        found = of.bucket.figures()
        if found.net_value >= 0:
            return  # collateral that counts too little for maintenance margin lacks nothing: there is nothing to do
        of.tell(
            RULE, of.bucket.instrument, price=None, amount=found.net_value, balance=found.maintenance_margin,
            code="adl_exhausted",
        )  # fmt: skip
    for name in of.open():
        found, last = of.bucket.figures(), name
        of.tell(
            RULE, name, price=of.bucket.mark(name), amount=found.net_value, balance=found.maintenance_margin,
            contracts=of.left[name], code="adl_exhausted",
        )  # fmt: skip
        pass_on(of, name)
    net_value = of.bucket.figures().net_value
    if of.is_flat and net_value < 0:
        assert last is not None
        cut(of, last, -net_value)


def owed(bucket: Bucket) -> dict[str, int]:
    """κ by instrument."""
    names = bucket.state.rules.markets if bucket.instrument is None else (bucket.instrument,)
    found = {name: bucket.holder.positions.get((name, bucket.mode)) for name in names}
    return {name: 0 if own is None else own.cost for name, own in found.items()}


def pass_on(of: Round, name: str) -> None:
    """To the other side, whoever it is and however it is."""
    state, side, market = of.state, of.sides[name], of.state.rules.markets[name]
    held = {
        (holder.name, mode): abs(holder.quantity(name, mode)) // market.lot
        for holder in state.everybody()
        for mode in MODES
        if holder.quantity(name, mode) * side > 0
    }
    passed = {key: lots * market.lot for key, lots in in_proportion(held, of.lots(name)).items() if lots}
    for (account, mode), contracts in passed.items():
        cost = base(contracts, market.contract_size) * of.bucket.mark(name)
        of.bucket.move(name, side * contracts, side * cost)
        own = state.holders[account].at(name, mode)
        own.quantity -= side * contracts
        own.cost -= side * cost
        of.left[name] -= contracts
        state.emit(
            "last_resort", account=account, other_account=of.bucket.holder.name, instrument=name,
            quantity=-side * contracts, price=of.bucket.mark(name), note=note(mode), rule=RULE,
        )  # fmt: skip
    for account, mode in passed:
        state.books[name].cut_reduce_only(account, mode)


def note(mode: str) -> str | None:
    """Of an isolated position."""
    return "isolated" if mode == "isolated" else None


def cut(of: Round, name: str, deficit: int) -> None:
    """From every other bucket with a profit, whatever its state; the remainder is owed to `rounding`."""
    payers = {one.key: one for one in all_buckets(of.state) if one.key != of.bucket.key}
    exact = deficit * GRID - (of.bucket.pnl() - of.bucket.figures().unrealized_pnl * GRID)
    found, remainder = moves(exact, {key: one.pnl() for key, one in payers.items()})
    for key, amount in found.items():
        payer, before = payers[key], payers[key].figures().unrealized_pnl
        take_from(payer.holder, payer.instrument, name, amount)
        of.state.emit(
            "last_resort", account=payer.holder.name, other_account=of.bucket.holder.name,
            instrument=payer.instrument or name, amount=ceil_div(amount, GRID), balance=before or None, note=payer.note,
            rule=RULE,
        )  # fmt: skip
    of.bucket.move(name, 0, remainder - sum(found.values()))
    of.state.ledger.rounding_cost[name] -= max(0, remainder)
    take_back(of, name, max(0, -remainder))
    of.state.emit(
        "last_resort", account=of.bucket.holder.name, instrument=name, amount=deficit,
        balance=floor_div(remainder, GRID) or None, rule=RULE, note=of.bucket.note,
    )  # fmt: skip


def take_back(of: Round, name: str, missing: int) -> None:
    """From what earlier cuts left over, by instrument; of another one it comes through the account's cross bucket."""
    owed, holder = of.state.ledger.rounding_cost, of.bucket.holder
    for one in of.state.rules.markets:
        taken = min(missing, -owed[one])
        if taken:
            owed[one] += taken
            missing -= taken
            if one != name:
                holder.at(name, "cross").cost += taken
                holder.at(one, "cross").cost -= taken
    assert missing == 0, (name, missing)


def take_from(holder: Holder, isolated: str | None, name: str, paid: int) -> None:
    """κ rises by the cut. An isolated position of another instrument pays through its account's cross bucket."""
    if isolated is None:
        holder.at(name, "cross").cost += paid
        return
    holder.at(isolated, "isolated").cost += paid
    if isolated != name:
        holder.at(isolated, "cross").cost -= paid
        holder.at(name, "cross").cost += paid

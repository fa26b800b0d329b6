"""The step backstop: registered providers take lots between the mark and bankruptcy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..grid import GRID, ceil_div, half_even
from ..waterfall import prices
from ..waterfall.shares import by_room
from . import statuses
from .accounts import Holder, base, owner_group
from .liquidation_round import Round

if TYPE_CHECKING:
    from .state import State

Row = dict[str, Any]
RULE = "liquidation.backstop"
MAY_NOT = ("undecided", "liquidation", "bankrupt")


def register(state: State, row: Row) -> str | None:
    """A capacity; 0 ends it."""
    holder = state.holder(row["account"])
    if holder is None:
        return "unknown_holder"
    if holder.cls != "backstop":
        return "not_a_backstop"
    if row["amount"] < 0:
        return "out_of_range"
    state.liquidations.providers[holder.name] = row["amount"]
    state.emit("accepted", account=holder.name, amount=row["amount"] or None, cls=holder.cls)
    return None


@dataclass
class Offer:
    """Terms of a fill at this moment: A and B at 10⁻¹⁶, F at g."""

    part: int
    to_fund: int
    cost: int


def run(of: Round) -> None:
    """While there is net value."""
    for name in of.open():
        found = of.bucket.figures()
        rooms = {} if found.net_value <= 0 or of.bucket.holder.is_fund else rooms_of(of, name)
        if not any(rooms.values()):
            of.codes[name] = "backstop_unavailable"
            continue
        of.tell(
            RULE, name, price=None, amount=found.net_value, balance=found.maintenance_margin,
            contracts=of.left[name], code=of.codes[name],
        )  # fmt: skip
        takers = [take(of, name, *pair) for pair in shares(of, name, rooms).items()]
        for holder in takers:
            of.state.books[name].cut_reduce_only(holder, "cross")
        of.codes[name] = "backstop_exhausted"


def rooms_of(of: Round, name: str) -> dict[str, int]:
    """Lots of every provider that is not its own, in opening order."""
    return {
        holder.name: room(of, holder, name)
        for holder in of.state.open_holders()
        if holder.cls == "backstop"
        and of.state.liquidations.providers.get(holder.name, 0) > 0
        and owner_group(holder) != owner_group(of.bucket.holder)
        and holder is not of.bucket.holder
        and statuses.figures_of(of.state, holder, None).status not in MAY_NOT
    }


def room(of: Round, holder: Holder, name: str) -> int:
    """⌊(capacity − Σ|Q|·M) / (lot·M)⌋."""
    market = of.state.rules.markets[name]
    lot = base(market.lot, market.contract_size) * of.bucket.mark(name)
    left = of.state.liquidations.providers[holder.name] * GRID - of.state.valuer.notional(holder)
    return max(0, left // lot)


def shares(of: Round, name: str, rooms: dict[str, int]) -> dict[str, int]:
    """Contracts of each; who could not bear its share is left out, and the others share anew."""
    lot, rooms = of.state.rules.markets[name].lot, dict(rooms)
    while True:
        found = {holder: lots * lot for holder, lots in by_room(rooms, of.lots(name)).items() if lots}
        failing = next((holder for holder, contracts in found.items() if not bears(of, name, holder, contracts)), None)
        if failing is None:
            return found
        del rooms[failing]


def offer(of: Round, name: str, contracts: int) -> Offer:
    """What goes to the fund is at most what the bucket can pay."""
    rules, long = of.state.rules.liquidation, of.is_long(name)
    assert rules is not None
    part = of.bucket.part(name, contracts)
    at_mark = base(contracts, of.bucket.size(name)) * of.bucket.mark(name)
    to_fund = of.bucket.could_pay(prices.fund_share(long, at_mark, part, rules.backstop_share))
    return Offer(part, to_fund, prices.backstop_cost(long, part, to_fund))


def bears(of: Round, name: str, provider: str, contracts: int) -> bool:
    """opening_equity ≥ IM with the position, and with its orders."""
    state, holder = of.state, of.state.holders[provider]
    copy, side = holder.copy(), of.sides[name]
    own = copy.at(name, "cross")
    own.quantity -= side * contracts
    own.cost -= side * offer(of, name, contracts).cost
    found = state.valuer.cross(copy, state.counted_orders(holder))
    return found.opening_equity >= found.initial_margin


def take(of: Round, name: str, provider: str, contracts: int) -> str:
    """One fill; then the bucket pays the fund."""
    side, terms = of.sides[name], offer(of, name, contracts)
    of.bucket.move(name, side * contracts, side * terms.cost)
    own = of.state.holders[provider].at(name, "cross")
    own.quantity -= side * contracts
    own.cost -= side * terms.cost
    of.left[name] -= contracts
    of.state.emit(
        "backstop_fill", account=of.bucket.holder.name, other_account=provider, instrument=name,
        quantity=side * contracts, price=half_even(terms.cost, base(contracts, of.bucket.size(name))),
        amount=ceil_div(terms.cost, GRID), balance=terms.to_fund, rule=RULE,
        note=of.bucket.note,
    )  # fmt: skip
    of.bucket.pay_fund(terms.to_fund, RULE, name)
    return provider

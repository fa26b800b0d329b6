"""The step fund, mode take: it takes what is left at the bankruptcy amount, if it can bear all of it."""

from __future__ import annotations

from ..grid import GRID, ceil_div, half_even
from . import inventory
from .accounts import base
from .liquidation_draw import RULE, balance
from .liquidation_round import Round


def run(of: Round) -> None:
    """Instrument by instrument: all that is left there, or nothing."""
    for name in of.open():
        if can_take(of, name):
            take(of, name)
        else:
            of.codes[name] = "fund_unavailable"


def can_take(of: Round, name: str) -> bool:
    """With money, prices that may be used, and equity ≥ MM with the part."""
    state, contracts = of.state, of.left[name]
    if balance(state) == 0 or not inventory.is_priced_beside(state, name):
        return False
    side = of.sides[name]
    found = inventory.with_part(state, name, -side * contracts, -side * of.bucket.part(name, contracts))
    return found.equity >= found.maintenance_margin


def take(of: Round, name: str) -> None:
    """One fill at the part of this moment; nothing is paid."""
    state, contracts, side = of.state, of.left[name], of.sides[name]
    net_value, part = of.bucket.figures().net_value, of.bucket.part(name, contracts)
    of.tell(
        RULE, name, price=half_even(of.bucket.amount(name), abs(of.bucket.quantity(name))), amount=net_value,
        balance=balance(state), contracts=contracts, code=of.codes[name],
    )  # fmt: skip
    taker = inventory.opened(state)
    own = taker.at(name, "cross")
    own.quantity -= side * contracts
    own.cost -= side * part
    of.bucket.move(name, side * contracts, side * part)
    of.left[name] = 0
    state.emit(
        "backstop_fill", account=of.bucket.holder.name, other_account=taker.name, instrument=name,
        quantity=side * contracts, price=half_even(part, base(contracts, of.bucket.size(name))),
        amount=ceil_div(part, GRID), balance=0, rule=RULE, note=of.bucket.note,
    )  # fmt: skip
    state.liquidations.told.clear()

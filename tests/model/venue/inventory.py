"""The inventory of the fund: a cross bucket whose only money is the fund's balance in the settlement currency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING

from ..waterfall import fund
from .accounts import FUND, Holder
from .figures import Figures

if TYPE_CHECKING:
    from .state import State


class Purse(MutableMapping[str, int]):
    """One asset of a house's wallet: the same money, not a copy."""

    def __init__(self, house: Counter[str], asset: str) -> None:
        self.house, self.asset = house, asset

    def __getitem__(self, asset: str) -> int:
        if asset != self.asset:
            raise KeyError(asset)
        return self.house[asset]

    def __setitem__(self, asset: str, amount: int) -> None:
        assert asset == self.asset, asset
        self.house[asset] = amount

    def __delitem__(self, asset: str) -> None:
        raise KeyError(asset)

    def __iter__(self) -> Iterator[str]:
        return iter((self.asset,))

    def __len__(self) -> int:
        return 1


def find(state: State) -> Holder | None:
    """None before it has taken anything."""
    return state.holders.get(FUND)


def opened(state: State) -> Holder:
    """With the first position it comes to the end of the order of opening."""
    return find(state) or state.holders.setdefault(FUND, made(state))


def made(state: State) -> Holder:
    """An empty one."""
    return Holder(FUND, len(state.holders), cash=Purse(state.ledger.house["fund"], state.rules.settlement))


def with_part(state: State, instrument: str, contracts: int, cost: int) -> Figures:
    """What it would be worth with so much more."""
    copy = (find(state) or made(state)).copy()
    own = copy.at(instrument, "cross")
    own.quantity += contracts
    own.cost += cost
    return state.valuer.cross(copy, ())


def is_priced_beside(state: State, instrument: str) -> bool:
    """Whether the marks of what it holds in other instruments may be used."""
    found = find(state)
    held = {} if found is None else found.positions
    return all(state.may_use(name) for (name, _), own in held.items() if own.quantity and name != instrument)


def spare(state: State, balance: int) -> int:
    """What it may give away and keep its margin."""
    found = find(state)
    if found is None:
        return balance
    figures = state.valuer.cross(found, ())
    return fund.spare(balance, figures.equity, figures.maintenance_margin)


def owed(state: State) -> int:
    """What it lost and has not paid yet, at the last marks."""
    found = find(state)
    return 0 if found is None else max(0, -state.valuer.cross(found, ()).unrealized_pnl)

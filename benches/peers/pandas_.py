"""pandas, float64: `groupby` on one integer key, then whole columns.

Rows are grouped by account and instrument at once, without sorting the groups; netted positions are fewer and grouped
again by account. Columns come from Arrow without a copy, and go back so. Tiers by `searchsorted`, as `pandas.cut`
does, without its labels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..workload import Contender, Load, Terms, arrow, codes, dictionary, prices_of, values


def make(load: Load, threads: int) -> Contender:
    del threads  # pandas has one.
    terms = load.terms

    def call() -> Any:
        positions, balances, prices = load.floats["positions"], load.floats["balances"], load.floats["prices"]
        ids = dictionary(positions["account"])
        names = dictionary(positions["instrument"]).to_pylist()
        held = dictionary(balances["asset"]).to_pylist()
        marks, asset_prices = prices_of(names, prices), prices_of(held, prices)
        width, kinds = len(names), len(held)

        account, instrument = codes(positions["account"]), codes(positions["instrument"])
        quantity = values(positions["quantity"])
        gain = quantity * (marks[instrument] - values(positions["entry_price"]))
        rows = pd.DataFrame({"quantity": quantity, "gain": gain}, copy=False)
        net = rows.groupby(np.multiply(account, width, dtype=np.int64) + instrument, sort=False).sum()
        of, kind = np.divmod(net.index.to_numpy(), width)
        notional = net["quantity"].abs().to_numpy() * marks[kind]
        net["initial"], net["maintenance"] = _requirements(notional, kind, names, terms)
        sums = net[["gain", "initial", "maintenance"]].groupby(of, sort=True).sum()

        key = np.multiply(codes(balances["account"]), kinds, dtype=np.int64) + codes(balances["asset"])
        own = pd.Series(values(balances["amount"]), copy=False).groupby(key, sort=False).sum()
        of, kind = np.divmod(own.index.to_numpy(), kinds)
        worth = own.to_numpy() * asset_prices[kind]
        counted = _counted(own.to_numpy(), kind, held, terms) * asset_prices[kind]
        lots = pd.DataFrame({"worth": worth, "collateral_value": counted}, copy=False).groupby(of, sort=True).sum()

        every = pd.RangeIndex(len(ids))
        if len(sums) != len(ids):
            sums = sums.reindex(every, fill_value=0.0)
        if len(lots) != len(ids):
            lots = lots.reindex(every, fill_value=0.0)
        pnl, collateral = sums["gain"].to_numpy(), lots["collateral_value"].to_numpy()
        initial, maintenance = sums["initial"].to_numpy(), sums["maintenance"].to_numpy()
        equity, net_value = collateral + pnl, lots["worth"].to_numpy() + pnl
        opening = collateral + np.minimum(pnl, 0)
        free = np.maximum(opening - initial, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = maintenance / equity
        status = np.full(len(ids), 4, np.int8)
        status[equity < initial] = 3
        status[equity < terms.call_factor * maintenance] = 2
        status[equity < maintenance] = 1
        status[net_value < 0] = 0
        columns = (equity, net_value, collateral, pnl, opening, initial, maintenance, free, free, ratio)
        return arrow(ids, [*columns], status)

    return call


def _requirements(notional: Any, kind: Any, names: list[str], terms: Terms) -> tuple[Any, Any]:
    if len(terms.caps) == 1:
        ladder: Any = 0
        tier = np.searchsorted(terms.caps[0], notional)
    else:
        ladder = terms.ladder[[terms.instruments.index(name) for name in names]][kind]
        tier = (notional[:, None] > terms.caps[ladder]).sum(axis=1)
    initial = terms.initial_slope[ladder, tier] * notional + terms.initial_offset[ladder, tier]
    return initial, terms.maintenance_slope[ladder, tier] * notional + terms.maintenance_offset[ladder, tier]


def _counted(own: Any, kind: Any, held: list[str], terms: Terms) -> Any:
    counted = np.empty_like(own)
    for code, name in enumerate(held):
        at = terms.assets.index(name)
        mine = kind == code
        amount = own[mine]
        lines = list(zip(terms.haircut_slope[at], terms.haircut_offset[at], strict=True))
        value = amount * lines[0][0]
        for slope, offset in lines[1:]:
            np.minimum(value, amount * slope + offset, out=value)
        counted[mine] = value
    return counted

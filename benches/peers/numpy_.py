"""NumPy, float64: `bincount` over dense keys, tiers by comparison, in blocks of accounts that stay in the cache.

Where rows are sorted by account a block of accounts is a slice of rows, so every temporary is small; shuffled rows
are added up over all accounts first. With more than one thread the blocks of sorted rows are shared out: most of
NumPy works without the GIL.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..workload import STATUSES, Contender, Floats, Load, Terms, arrow, codes, dictionary, prices_of, values

Ints = npt.NDArray[Any]

# Cells (accounts × instruments) a block: eight arrays of this many float64 fit a level-2 cache.
_CELLS = 65_536


# What net quantities, marks, ladders and terms require: initial and maintenance margin.
Margins: TypeAlias = Callable[[Floats, Floats, Any, Terms], tuple[Floats, Floats]]


def make(load: Load, threads: int, margins: Margins | None = None, cells: int = _CELLS) -> Contender:
    terms, margins = load.terms, margins or _margins
    pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def call() -> Any:
        positions, balances, prices = load.floats["positions"], load.floats["balances"], load.floats["prices"]
        ids = dictionary(positions["account"])
        names = dictionary(positions["instrument"]).to_pylist()
        marks = prices_of(names, prices)
        ladders = terms.ladder[[terms.instruments.index(name) for name in names]]
        assets = dictionary(balances["asset"]).to_pylist()
        held = [terms.assets.index(name) for name in assets]
        asset_prices = prices_of(assets, prices)

        account, instrument = codes(positions["account"]), codes(positions["instrument"])
        quantity, entry = values(positions["quantity"]), values(positions["entry_price"])
        owner, asset, amount = codes(balances["account"]), codes(balances["asset"]), values(balances["amount"])
        count, width = len(ids), len(marks)
        columns = list(np.empty((10, count)))
        status = np.empty(count, np.int8)
        step = max(1, cells // width)
        starts = np.arange(0, count + step, step)
        sorted_rows = bool((account[1:] >= account[:-1]).all() and (owner[1:] >= owner[:-1]).all())
        if sorted_rows:
            rows, lots = np.searchsorted(account, starts), np.searchsorted(owner, starts)
        else:
            gains = np.bincount(account, quantity * (marks[instrument] - entry), count)
            nets = np.bincount(np.multiply(account, width, dtype=np.int64) + instrument, quantity, count * width)
            owned = np.bincount(np.multiply(owner, len(held), dtype=np.int64) + asset, amount, count * len(held))

        def block(number: int) -> None:
            gain: Any
            net: Any
            own: Any
            low, high = int(starts[number]), min(int(starts[number + 1]), count)
            size = high - low
            if sorted_rows:
                one = slice(rows[number], rows[number + 1])
                of, kind, lot = account[one] - low, instrument[one], quantity[one]
                gain = np.bincount(of, lot * (marks[kind] - entry[one]), size)
                net = np.bincount(of * width + kind, lot, size * width)
                two = slice(lots[number], lots[number + 1])
                own = np.bincount((owner[two] - low) * len(held) + asset[two], amount[two], size * len(held))
            else:
                gain, net = gains[low:high], nets[low * width : high * width]
                own = owned[low * len(held) : high * len(held)]
            initial, maintenance = margins(net.reshape(size, width), marks, ladders, terms)
            collateral, worth = _collateral(own.reshape(size, len(held)), held, asset_prices, terms)
            _figures([c[low:high] for c in columns], status[low:high], gain, initial, maintenance, collateral, worth)

        if pool is None or not sorted_rows:
            for number in range(len(starts) - 1):
                block(number)
        else:
            list(pool.map(block, range(len(starts) - 1)))
        return arrow(ids, columns, status)

    return call


def _margins(net: Floats, marks: Floats, ladders: Ints, terms: Terms) -> tuple[Floats, Floats]:
    """Initial and maintenance margin of each account from its net quantities, one row an account."""
    size, width = net.shape
    if width > 8:
        # Few cells hold anything.
        cell = np.flatnonzero(net != 0)
        of, kind = np.divmod(cell, width)
        notional = np.abs(net.ravel()[cell]) * marks[kind]
        initial, maintenance = _requirements(notional, ladders[kind], terms)
        both: Any = [np.bincount(of, initial, size), np.bincount(of, maintenance, size)]
        return both[0], both[1]
    sums = np.zeros(size), np.zeros(size)
    for code in range(width):
        notional = np.abs(net[:, code])
        notional *= marks[code]
        for total, part in zip(sums, _requirements(notional, ladders[code], terms), strict=True):
            total += part
    return sums


def _requirements(notional: Floats, ladder: Any, terms: Terms) -> tuple[Floats, Floats]:
    """By the tier each notional is in; six comparisons are faster than one `searchsorted`."""
    many = len(terms.caps) > 1
    if many and isinstance(ladder, np.ndarray):
        tier = (notional[:, None] > terms.caps[ladder]).sum(axis=1, dtype=np.intp)
    else:
        steps = np.zeros(len(notional), np.int8)
        for cap in terms.caps[int(ladder) if many else 0]:
            steps += notional > cap
        tier = steps.astype(np.intp)
    at = tier + ladder * terms.initial_slope.shape[1] if many else tier
    initial = terms.initial_slope.ravel().take(at, mode="clip")
    initial *= notional
    initial += terms.initial_offset.ravel().take(at, mode="clip")
    maintenance = terms.maintenance_slope.ravel().take(at, mode="clip")
    maintenance *= notional
    maintenance += terms.maintenance_offset.ravel().take(at, mode="clip")
    return initial, maintenance


def _collateral(own: Floats, held: list[int], prices: Floats, terms: Terms) -> tuple[Floats, Floats]:
    """What the balances count for, and what they are worth."""
    collateral, worth = np.zeros(len(own)), np.zeros(len(own))
    for column, asset in enumerate(held):
        quantity = own[:, column] * prices[column]
        worth += quantity
        lines = list(zip(terms.haircut_slope[asset], terms.haircut_offset[asset] * prices[column], strict=True))
        counted = quantity * lines[0][0]
        for slope, offset in lines[1:]:
            np.minimum(counted, quantity * slope + offset, out=counted)
        collateral += counted
    return collateral, worth


def _figures(
    columns: list[Floats],
    status: npt.NDArray[np.int8],
    gain: Floats,
    initial: Floats,
    maintenance: Floats,
    collateral: Floats,
    worth: Floats,
) -> None:
    equity, net_value, counted, pnl, opening, im, mm, available, withdrawable, ratio = columns
    counted[:], pnl[:], im[:], mm[:] = collateral, gain, initial, maintenance
    np.add(collateral, gain, out=equity)
    np.add(worth, gain, out=net_value)
    np.subtract(equity, np.maximum(gain, 0), out=opening)
    np.subtract(opening, initial, out=available)
    np.maximum(available, 0, out=available)
    withdrawable[:] = available
    with np.errstate(divide="ignore", invalid="ignore"):
        np.divide(maintenance, equity, out=ratio)
    status[:] = len(STATUSES) - 1
    status[equity < initial] = 3
    status[equity < 1.25 * maintenance] = 2
    status[equity < maintenance] = 1
    status[net_value < 0] = 0

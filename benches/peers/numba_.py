"""Numba, float64: one pass per account over rows sorted by it, everything of an account in registers.

Shuffled rows are first added up, one cache line of sums per account, or, with many instruments, put in order by
counting. With more than one thread `prange` gives each a range of accounts. Compiled before the clock starts and
kept on disk. Output columns lie in Arrow's memory pool, which hands the same pages out again.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba as nb
import numpy as np
import pyarrow as pa

from ..workload import FIGURES, Contender, Floats, Load, Terms, arrow, codes, dictionary, prices_of, values

# Caps of a ladder and lines of a haircut are padded to this many, so that finding a tier is one vector comparison.
_TIERS = 8
_LINES = 4
# Up to so many instruments the sums of an account are kept dense.
_DENSE = 8

_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": {"nsz", "arcp", "contract", "reassoc"}}


@nb.njit(inline="always", **_OPTIONS)
def _close(a, gain, initial, maintenance, collateral, worth, out, status):
    equity = collateral + gain
    opening = equity - max(gain, 0.0)
    free = max(opening - initial, 0.0)
    out[0, a] = equity
    out[1, a] = worth + gain
    out[2, a] = collateral
    out[3, a] = gain
    out[4, a] = opening
    out[5, a] = initial
    out[6, a] = maintenance
    out[7, a] = free
    out[8, a] = free
    out[9, a] = maintenance / equity
    state = 4
    if equity < initial:
        state = 3
    if equity < 1.25 * maintenance:
        state = 2
    if equity < maintenance:
        state = 1
    if worth + gain < 0.0:
        state = 0
    status[a] = state


@nb.njit(inline="always", **_OPTIONS)
def _tier(notional, caps, kind):
    tier = 0
    for step in range(_TIERS):
        tier += notional > caps[kind, step]
    return tier


@nb.njit(inline="always", **_OPTIONS)
def _counted(quantity, kind, slopes, offsets):
    counted = quantity * slopes[kind, 0]
    for line in range(1, _LINES):
        counted = min(counted, quantity * slopes[kind, line] + offsets[kind, line])
    return counted


@nb.njit(**_OPTIONS)
def _ordered(low, high, p, b, account, instrument, quantity, entry, owner, asset, amount, marks, rules, out, status):
    """Accounts low..high of rows sorted by account, whose rows begin at p and b; where the rows end."""
    caps, slope, offset, slope_mm, offset_mm, prices, lines, shifts = rules
    net = np.zeros(len(marks))
    seen = np.full(len(marks), -1, np.int64)
    touched = np.zeros(len(marks), np.int64)
    owned = np.zeros(len(prices))
    rows, lots = len(account), len(owner)
    for a in range(low, high):
        gain = 0.0
        found = 0
        while p < rows and account[p] == a:
            kind = np.int64(instrument[p])
            if seen[kind] != a:
                seen[kind] = a
                net[kind] = 0.0
                touched[found] = kind
                found += 1
            net[kind] += quantity[p]
            gain += quantity[p] * (marks[kind] - entry[p])
            p += 1
        initial = 0.0
        maintenance = 0.0
        for at in range(found):
            kind = touched[at]
            notional = abs(net[kind]) * marks[kind]
            tier = _tier(notional, caps, kind)
            initial += slope[kind, tier] * notional + offset[kind, tier]
            maintenance += slope_mm[kind, tier] * notional + offset_mm[kind, tier]
        owned[:] = 0.0
        while b < lots and owner[b] == a:
            owned[asset[b]] += amount[b]
            b += 1
        collateral = 0.0
        worth = 0.0
        for kind in range(len(prices)):
            worth += owned[kind] * prices[kind]
            collateral += _counted(owned[kind], kind, lines, shifts) * prices[kind]
        _close(a, gain, initial, maintenance, collateral, worth, out, status)
    return p, b


@nb.njit(**_OPTIONS)
def _dense(account, instrument, quantity, entry, owner, asset, amount, marks, sums):
    """Adds the rows up: per account its net quantities, its gain, its balances, side by side."""
    for p in range(len(account)):
        kind = np.int64(instrument[p])
        sums[account[p], kind] += quantity[p]
        sums[account[p], len(marks)] += quantity[p] * (marks[kind] - entry[p])
    for b in range(len(owner)):
        sums[owner[b], len(marks) + 1 + asset[b]] += amount[b]


@nb.njit(**_OPTIONS)
def _from_sums(low, high, sums, marks, rules, out, status):
    caps, slope, offset, slope_mm, offset_mm, prices, lines, shifts = rules
    width = len(marks)
    for a in range(low, high):
        initial = 0.0
        maintenance = 0.0
        for kind in range(width):
            notional = abs(sums[a, kind]) * marks[kind]
            tier = _tier(notional, caps, kind)
            initial += slope[kind, tier] * notional + offset[kind, tier]
            maintenance += slope_mm[kind, tier] * notional + offset_mm[kind, tier]
        collateral = 0.0
        worth = 0.0
        for kind in range(len(prices)):
            owned = sums[a, width + 1 + kind]
            worth += owned * prices[kind]
            collateral += _counted(owned, kind, lines, shifts) * prices[kind]
        _close(a, sums[a, width], initial, maintenance, collateral, worth, out, status)


@nb.njit(**_OPTIONS)
def _order(count, code):
    """Where each account's rows begin, and the rows in the order of accounts."""
    begins = np.zeros(count + 1, np.int64)
    for row in range(len(code)):
        begins[code[row] + 1] += 1
    for a in range(count):
        begins[a + 1] += begins[a]
    return begins


@nb.njit(**_OPTIONS)
def _placed(count, account, instrument, quantity, entry):
    begins = _order(count, account)
    sorted_account = np.empty_like(account)
    sorted_instrument = np.empty_like(instrument)
    sorted_quantity = np.empty_like(quantity)
    sorted_entry = np.empty_like(entry)
    for row in range(len(account)):
        to = begins[account[row]]
        begins[account[row]] = to + 1
        sorted_account[to] = account[row]
        sorted_instrument[to] = instrument[row]
        sorted_quantity[to] = quantity[row]
        sorted_entry[to] = entry[row]
    return sorted_account, sorted_instrument, sorted_quantity, sorted_entry



@nb.njit(**_OPTIONS)
def _placed_lots(count, owner, asset, amount):
    begins = _order(count, owner)
    sorted_owner = np.empty_like(owner)
    sorted_asset = np.empty_like(asset)
    sorted_amount = np.empty_like(amount)
    for row in range(len(owner)):
        to = begins[owner[row]]
        begins[owner[row]] = to + 1
        sorted_owner[to] = owner[row]
        sorted_asset[to] = asset[row]
        sorted_amount[to] = amount[row]
    return sorted_owner, sorted_asset, sorted_amount


@nb.njit(**_OPTIONS)
def _is_sorted(code):
    found = True
    for row in range(1, len(code)):
        found &= code[row - 1] <= code[row]
    return found


def make(load: Load, threads: int) -> Contender:
    terms = load.terms
    pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def shared(count: int, work: Callable[[int, int], object]) -> None:
        if pool is None:
            work(0, count)
            return
        edges = [count * part // threads for part in range(threads + 1)]
        list(pool.map(work, edges[:-1], edges[1:]))

    def call() -> Any:
        positions, balances, prices = load.floats["positions"], load.floats["balances"], load.floats["prices"]
        ids = dictionary(positions["account"])
        names = dictionary(positions["instrument"]).to_pylist()
        assets = dictionary(balances["asset"]).to_pylist()
        marks = prices_of(names, prices)
        rules = _rules(terms, names, assets, prices_of(assets, prices))
        account, instrument = codes(positions["account"]), codes(positions["instrument"])
        quantity, entry = values(positions["quantity"]), values(positions["entry_price"])
        owner, asset, amount = codes(balances["account"]), codes(balances["asset"]), values(balances["amount"])
        count = len(ids)
        out = np.frombuffer(pa.allocate_buffer(8 * len(FIGURES) * count), np.float64).reshape(len(FIGURES), count)
        status = np.frombuffer(pa.allocate_buffer(count), np.int8)
        rest = (amount, marks, rules, out, status)

        def ordered(low: int, high: int) -> None:
            p, b = np.searchsorted(account, low), np.searchsorted(owner, low)
            _ordered(low, high, p, b, account, instrument, quantity, entry, owner, asset, *rest)

        def summed(low: int, high: int) -> None:
            _from_sums(low, high, sums, marks, rules, out, status)

        if _is_sorted(account) and _is_sorted(owner):
            shared(count, ordered)
        elif len(marks) <= _DENSE:
            # One account's sums begin at a cache line and fill whole ones.
            width = -(-(len(marks) + 1 + len(assets)) // 8) * 8
            sums = _lines_of(count, width)
            _dense(account, instrument, quantity, entry, owner, asset, amount, marks, sums)
            shared(count, summed)
        else:
            account, instrument, quantity, entry = _placed(count, account, instrument, quantity, entry)
            owner, asset, amount = _placed_lots(count, owner, asset, amount)
            rest = (amount, marks, rules, out, status)
            shared(count, ordered)
        return arrow(ids, list(out), status)

    return call


def _lines_of(count: int, width: int) -> Floats:
    room = np.zeros(count * width + 8)
    skipped = -(room.ctypes.data // 8) % 8
    return room[skipped : skipped + count * width].reshape(count, width)


def _rules(terms: Terms, names: list[str], assets: list[str], prices: Floats) -> tuple[Floats, ...]:
    """The rulebook by codes of instruments and assets, padded to fixed lengths."""
    ladders = terms.ladder[[terms.instruments.index(name) for name in names]]
    caps = np.full((len(names), _TIERS), np.inf)
    caps[:, : terms.caps.shape[1]] = terms.caps[ladders]
    tables = (terms.initial_slope, terms.initial_offset, terms.maintenance_slope, terms.maintenance_offset)
    slopes, shifts = np.ones((len(assets), _LINES)), np.full((len(assets), _LINES), np.inf)
    for code, name in enumerate(assets):
        slope = terms.haircut_slope[terms.assets.index(name)]
        slopes[code, : len(slope)] = slope
        shifts[code, : len(slope)] = terms.haircut_offset[terms.assets.index(name)]
    return (caps, *(np.ascontiguousarray(each[ladders]) for each in tables), prices, slopes, shifts)

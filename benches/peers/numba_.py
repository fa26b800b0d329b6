"""Numba, float64: rows are added up for a block of accounts at a time, then each formula is a loop over the block.

A block's sums stay in the level-1 cache, adding up has no branch that depends on the data, and the loops over the
block are plain enough for LLVM to make vector code of them. (One loop that carries an account from its rows to its
status takes twice as long: it has none of the three.) Shuffled rows are added up for all accounts first, one
cache line of sums per account, or, with many instruments, put in order by counting. With more than one thread each
has a range of accounts; the kernels run without the GIL, so a thread pool does, and `parallel=True` is not needed.
Compiled before the clock starts and kept on disk. Output columns lie in Arrow's memory pool, which hands the same
pages out again.
"""

# mypy: allow-untyped-defs, allow-untyped-decorators, allow-untyped-calls
# Numba types the kernels by what they are given.

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba as nb
import numpy as np
import pyarrow as pa

from ..workload import FIGURES, Contender, Floats, Load, Terms, arrow, codes, dictionary, prices_of, values

# Accounts a block.
BLOCK = 256
# Up to so many instruments the sums of an account are kept dense.
_DENSE = 8

OPTIONS: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"nsz", "arcp", "contract", "reassoc"},
}


@nb.njit(**OPTIONS)
def _requirements(notional, caps, slope, offset, slope_mm, offset_mm, rate, shift, initial, maintenance):
    """Initial margin jumps at a cap; maintenance margin is the greatest of its straight lines, its rates rising."""
    rate[:] = slope[0]
    shift[:] = offset[0]
    maintenance[:] = notional * slope_mm[0]
    for tier in range(len(caps)):
        cap, next_rate, next_shift = caps[tier], slope[tier + 1], offset[tier + 1]
        for x in range(len(notional)):
            beyond = notional[x] > cap
            rate[x] = next_rate if beyond else rate[x]
            shift[x] = next_shift if beyond else shift[x]
        next_rate, next_shift = slope_mm[tier + 1], offset_mm[tier + 1]
        for x in range(len(notional)):
            maintenance[x] = max(maintenance[x], notional[x] * next_rate + next_shift)
    for x in range(len(notional)):
        initial[x] = rate[x] * notional[x] + shift[x]


@nb.njit(**OPTIONS)
def figures(low, high, im, mm, gain, counted, worth, out, status):
    size = high - low
    equity = out[0, low:high]
    net_value, opening = out[1, low:high], out[4, low:high]
    available, ratio, state = out[7, low:high], out[9, low:high], status[low:high]
    out[2, low:high] = counted[:size]
    out[3, low:high] = gain[:size]
    out[5, low:high] = im[:size]
    out[6, low:high] = mm[:size]
    for x in range(size):
        equity[x] = counted[x] + gain[x]
    for x in range(size):
        net_value[x] = worth[x] + gain[x]
    for x in range(size):
        opening[x] = counted[x] + min(gain[x], 0.0)
    for x in range(size):
        available[x] = max(opening[x] - im[x], 0.0)
    out[8, low:high] = available
    for x in range(size):
        ratio[x] = mm[x] / equity[x]
    for x in range(size):
        code = 3 if equity[x] < im[x] else 4
        code = 2 if equity[x] < 1.25 * mm[x] else code
        code = 1 if equity[x] < mm[x] else code
        state[x] = 0 if net_value[x] < 0.0 else code


@nb.njit(**OPTIONS)
def collateral(own, prices, slopes, offsets, counted, worth):
    counted[:] = 0.0
    worth[:] = 0.0
    best = np.empty(own.shape[1])
    for kind in range(len(prices)):
        row, price = own[kind], prices[kind]
        first = slopes[kind, 0] * price
        for x in range(len(row)):
            best[x] = row[x] * first
        for line in range(1, slopes.shape[1]):
            slope, offset = slopes[kind, line] * price, offsets[kind, line] * price
            for x in range(len(row)):
                best[x] = min(best[x], row[x] * slope + offset)
        for x in range(len(row)):
            counted[x] += best[x]
        for x in range(len(row)):
            worth[x] += row[x] * price


@nb.njit(**OPTIONS)
def _ordered(low, high, p, b, rows, lots, marks, ladders, ladder_of, assets, out, status):
    """Accounts low..high of rows sorted by account, whose rows begin at p and b."""
    account, instrument, quantity, entry = rows
    owner, asset, amount = lots
    prices, slopes, offsets = assets
    width = len(marks)
    dense = width <= _DENSE
    net = np.zeros((width, BLOCK)) if dense else np.zeros((BLOCK, width))
    stamp = np.full((1, 1) if dense else (BLOCK, width), -1, np.int64)
    cells = 1 if dense else len(account) + 1
    most = BLOCK if dense else 4096
    place, kinds = np.empty(min(cells, most) + 1, np.int64), np.empty(min(cells, most) + 1, np.int64)
    notional, rate, shift = np.empty(most), np.empty(most), np.empty(most)
    part_im, part_mm = np.empty(most), np.empty(most)
    im, mm, gain = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    own = np.empty((len(prices), BLOCK))
    counted, worth = np.empty(BLOCK), np.empty(BLOCK)
    for first in range(low, high, BLOCK):
        end = min(first + BLOCK, high)
        im[:] = 0.0
        mm[:] = 0.0
        gain[:] = 0.0
        own[:] = 0.0
        if dense:
            net[:] = 0.0
            while p < len(account) and account[p] < end:
                x, kind = account[p] - first, np.int64(instrument[p])
                net[kind, x] += quantity[p]
                gain[x] += quantity[p] * (marks[kind] - entry[p])
                p += 1
            for each in range(width):
                for x in range(BLOCK):
                    notional[x] = abs(net[each, x]) * marks[each]
                caps, slope, offset, slope_mm, offset_mm = ladders
                at = ladder_of[each]
                _requirements(
                    notional,
                    caps[at],
                    slope[at],
                    offset[at],
                    slope_mm[at],
                    offset_mm[at],
                    rate,
                    shift,
                    part_im,
                    part_mm,
                )
                for x in range(BLOCK):
                    im[x] += part_im[x]
                for x in range(BLOCK):
                    mm[x] += part_mm[x]
        else:
            while p < len(account) and account[p] < end:
                found = 0
                begin = p
                # At most as many cells as fit; an account is never cut, so the sums of a cell are whole.
                while p < len(account) and account[p] < end and (found < most - width or account[p] == account[p - 1]):
                    x, kind = account[p] - first, np.int64(instrument[p])
                    new = stamp[x, kind] != first
                    stamp[x, kind] = first
                    net[x, kind] = quantity[p] + (0.0 if new else net[x, kind])
                    place[found] = x
                    kinds[found] = kind
                    found += new
                    gain[x] += quantity[p] * (marks[kind] - entry[p])
                    p += 1
                if p == begin:
                    break
                for at in range(found):
                    notional[at] = abs(net[place[at], kinds[at]]) * marks[kinds[at]]
                caps, slope, offset, slope_mm, offset_mm = ladders
                if len(caps) == 1:
                    _requirements(
                        notional[:found],
                        caps[0],
                        slope[0],
                        offset[0],
                        slope_mm[0],
                        offset_mm[0],
                        rate[:found],
                        shift[:found],
                        part_im[:found],
                        part_mm[:found],
                    )
                else:
                    for at in range(found):
                        ladder = ladder_of[kinds[at]]
                        tier = 0
                        for step in range(caps.shape[1]):
                            tier += notional[at] > caps[ladder, step]
                        part_im[at] = slope[ladder, tier] * notional[at] + offset[ladder, tier]
                        part_mm[at] = slope_mm[ladder, tier] * notional[at] + offset_mm[ladder, tier]
                for at in range(found):
                    im[place[at]] += part_im[at]
                    mm[place[at]] += part_mm[at]
        while b < len(owner) and owner[b] < end:
            own[asset[b], owner[b] - first] += amount[b]
            b += 1
        collateral(own, prices, slopes, offsets, counted, worth)
        figures(first, end, im, mm, gain, counted, worth, out, status)


@nb.njit(**OPTIONS)
def _added(rows, lots, marks, sums):
    """Per account its net quantities, its gain, its balances, side by side."""
    account, instrument, quantity, entry = rows
    owner, asset, amount = lots
    width = len(marks)
    for p in range(len(account)):
        kind = np.int64(instrument[p])
        sums[account[p], kind] += quantity[p]
        sums[account[p], width] += quantity[p] * (marks[kind] - entry[p])
    for b in range(len(owner)):
        sums[owner[b], width + 1 + asset[b]] += amount[b]


@nb.njit(**OPTIONS)
def _from_sums(low, high, sums, marks, ladders, ladder_of, assets, out, status):
    caps, slope, offset, slope_mm, offset_mm = ladders
    prices, slopes, offsets = assets
    width = len(marks)
    notional, rate, shift = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    part_im, part_mm = np.empty(BLOCK), np.empty(BLOCK)
    im, mm, gain = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    own = np.zeros((len(prices), BLOCK))
    counted, worth = np.empty(BLOCK), np.empty(BLOCK)
    notional[:] = 0.0
    gain[:] = 0.0
    for first in range(low, high, BLOCK):
        end = min(first + BLOCK, high)
        im[:] = 0.0
        mm[:] = 0.0
        for x in range(end - first):
            gain[x] = sums[first + x, width]
        for kind in range(len(prices)):
            for x in range(end - first):
                own[kind, x] = sums[first + x, width + 1 + kind]
        for kind in range(width):
            for x in range(end - first):
                notional[x] = abs(sums[first + x, kind]) * marks[kind]
            at = ladder_of[kind]
            _requirements(
                notional, caps[at], slope[at], offset[at], slope_mm[at], offset_mm[at], rate, shift, part_im, part_mm
            )
            for x in range(BLOCK):
                im[x] += part_im[x]
            for x in range(BLOCK):
                mm[x] += part_mm[x]
        collateral(own, prices, slopes, offsets, counted, worth)
        figures(first, end, im, mm, gain, counted, worth, out, status)


@nb.njit(**OPTIONS)
def _begins(count, code):
    """Where each account's rows begin."""
    begins = np.zeros(count + 1, np.int64)
    for row in range(len(code)):
        begins[code[row] + 1] += 1
    for a in range(count):
        begins[a + 1] += begins[a]
    return begins


@nb.njit(**OPTIONS)
def _placed(count, rows, lots):
    """Both tables in the order of accounts."""
    account, instrument, quantity, entry = rows
    owner, asset, amount = lots
    to_account, to_instrument = np.empty_like(account), np.empty_like(instrument)
    to_quantity, to_entry = np.empty_like(quantity), np.empty_like(entry)
    begins = _begins(count, account)
    for row in range(len(account)):
        to = begins[account[row]]
        begins[account[row]] = to + 1
        to_account[to] = account[row]
        to_instrument[to] = instrument[row]
        to_quantity[to] = quantity[row]
        to_entry[to] = entry[row]
    to_owner, to_asset, to_amount = np.empty_like(owner), np.empty_like(asset), np.empty_like(amount)
    begins = _begins(count, owner)
    for row in range(len(owner)):
        to = begins[owner[row]]
        begins[owner[row]] = to + 1
        to_owner[to] = owner[row]
        to_asset[to] = asset[row]
        to_amount[to] = amount[row]
    return (to_account, to_instrument, to_quantity, to_entry), (to_owner, to_asset, to_amount)


@nb.njit(**OPTIONS)
def _is_sorted(code):
    found = True
    for row in range(1, len(code)):
        found &= code[row - 1] <= code[row]
    return found


def make(load: Load, threads: int, kernel: Any = _ordered, parameters: Any = None) -> Contender:
    """`kernel` is given `parameters` in place of the ladders, where there are any; then rows are put in order first."""
    terms = load.terms
    pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def shared(count: int, work: Callable[[int, int], object]) -> None:
        """Runs `work` over ranges of accounts, one a thread."""
        if pool is None:
            work(0, count)
        else:
            edges = [count * part // threads for part in range(threads + 1)]
            list(pool.map(work, edges[:-1], edges[1:]))

    def call() -> Any:
        positions, balances, prices = load.floats["positions"], load.floats["balances"], load.floats["prices"]
        ids = dictionary(positions["account"])
        names = dictionary(positions["instrument"]).to_pylist()
        held = dictionary(balances["asset"]).to_pylist()
        marks = prices_of(names, prices)
        ladder_of = terms.ladder[[terms.instruments.index(name) for name in names]]
        ladders = parameters or (
            terms.caps,
            terms.initial_slope,
            terms.initial_offset,
            terms.maintenance_slope,
            terms.maintenance_offset,
        )
        assets = _assets(terms, held, prices_of(held, prices))
        rows = (
            codes(positions["account"]),
            codes(positions["instrument"]),
            values(positions["quantity"]),
            values(positions["entry_price"]),
        )
        lots = (codes(balances["account"]), codes(balances["asset"]), values(balances["amount"]))
        count = len(ids)
        out = np.frombuffer(pa.allocate_buffer(8 * len(FIGURES) * count), np.float64).reshape(len(FIGURES), count)
        status = np.frombuffer(pa.allocate_buffer(count), np.int8)
        sorted_rows = _is_sorted(rows[0]) and _is_sorted(lots[0])
        if not sorted_rows and len(marks) <= _DENSE and parameters is None:
            # The sums of an account begin at a cache line and fill whole ones.
            sums = _lines_of(count, -(-(len(marks) + 1 + len(held)) // 8) * 8)
            _added(rows, lots, marks, sums)
            shared(count, lambda low, high: _from_sums(low, high, sums, marks, ladders, ladder_of, assets, out, status))
            return arrow(ids, list(out), status)
        if not sorted_rows:
            rows, lots = _placed(count, rows, lots)

        def ordered(low: int, high: int) -> None:
            p, b = np.searchsorted(rows[0], low), np.searchsorted(lots[0], low)
            kernel(low, high, p, b, rows, lots, marks, ladders, ladder_of, assets, out, status)

        shared(count, ordered)
        return arrow(ids, list(out), status)

    return call


def _lines_of(count: int, width: int) -> Floats:
    room = np.zeros(count * width + 8)
    skipped = -(room.ctypes.data // 8) % 8
    return room[skipped : skipped + count * width].reshape(count, width)


def _assets(terms: Terms, names: list[str], prices: Floats) -> tuple[Floats, Floats, Floats]:
    """Prices and haircuts by code; a line that is missing is one that never counts."""
    most = max(len(slope) for slope in terms.haircut_slope)
    slopes, offsets = np.ones((len(names), most)), np.full((len(names), most), np.inf)
    for code, name in enumerate(names):
        slope = terms.haircut_slope[terms.assets.index(name)]
        slopes[code, : len(slope)] = slope
        offsets[code, : len(slope)] = terms.haircut_offset[terms.assets.index(name)]
    return prices, slopes, offsets

"""The portfolio model in Numba, float64: as `numba_`, and for a block of accounts a loop over the scenarios whose body
is vector code over the accounts. Two underlyings are added without a sum in memory between them.
"""

# mypy: allow-untyped-defs, allow-untyped-decorators, allow-untyped-calls
# Numba types the kernels by what they are given.

from __future__ import annotations

import numba as nb
import numpy as np

from ..workload import Contender, Load
from .numba_ import BLOCK, OPTIONS, collateral, figures
from .numba_ import make as prepared


@nb.njit(**OPTIONS)
def _worst(by_one, moves, loss, charge):
    """The worst loss: `by_one` has what each account loses by a move of +1 and of −1 of each underlying."""
    charge[:] = 0.0
    width = moves.shape[1]
    for scenario in range(moves.shape[0]):
        first = moves[scenario, 0]
        one, size = by_one[0, 0 if first >= 0.0 else 1], abs(first)
        if width == 2:
            second = moves[scenario, 1]
            other, more = by_one[1, 0 if second >= 0.0 else 1], abs(second)
            for x in range(BLOCK):
                charge[x] = max(charge[x], one[x] * size + other[x] * more)
            continue
        for x in range(BLOCK):
            loss[x] = one[x] * size
        for kind in range(1, width):
            move = moves[scenario, kind]
            other, more = by_one[kind, 0 if move >= 0.0 else 1], abs(move)
            for x in range(BLOCK):
                loss[x] += other[x] * more
        for x in range(BLOCK):
            charge[x] = max(charge[x], loss[x])


@nb.njit(**OPTIONS)
def _ordered(low, high, p, b, rows, lots, marks, model, _, assets, out, status):
    """Accounts low..high of rows sorted by account, whose rows begin at p and b."""
    account, instrument, quantity, entry = rows
    owner, asset, amount = lots
    prices, slopes, offsets = assets
    moves, slope, offset, rates = model
    part, basis, minimum, im_factor, mm_factor = rates
    width = len(marks)
    net, by_one = np.zeros((width, BLOCK)), np.empty((width, 2, BLOCK))
    im, mm, gain, gross = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    charge, loss, most = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    own = np.empty((len(prices), BLOCK))
    counted, worth = np.empty(BLOCK), np.empty(BLOCK)
    for first in range(low, high, BLOCK):
        end = min(first + BLOCK, high)
        gain[:] = 0.0
        gross[:] = 0.0
        own[:] = 0.0
        net[:] = 0.0
        while p < len(account) and account[p] < end:
            x, kind = account[p] - first, np.int64(instrument[p])
            net[kind, x] += quantity[p]
            gain[x] += quantity[p] * (marks[kind] - entry[p])
            p += 1
        for kind in range(width):
            mark, up, down = marks[kind], by_one[kind, 0], by_one[kind, 1]
            for x in range(BLOCK):
                value = net[kind, x] * mark
                up[x] = max(-value, -value * part)
                down[x] = max(value, value * part)
                gross[x] += abs(value)
        _worst(by_one, moves, loss, charge)
        for kind in range(width):
            mark = marks[kind]
            for x in range(BLOCK):
                most[x] = abs(net[kind, x]) * mark * slope[0]
            for step in range(1, len(slope)):
                rate, shift = slope[step], offset[step]
                for x in range(BLOCK):
                    most[x] = max(most[x], abs(net[kind, x]) * mark * rate + shift)
            for x in range(BLOCK):
                charge[x] += most[x]
        for x in range(BLOCK):
            total = max(charge[x] + gross[x] * basis, gross[x] * minimum)
            im[x] = total * im_factor
            mm[x] = total * mm_factor
        while b < len(owner) and owner[b] < end:
            own[asset[b], owner[b] - first] += amount[b]
            b += 1
        collateral(own, prices, slopes, offsets, counted, worth)
        figures(first, end, im, mm, gain, counted, worth, out, status)


def make(load: Load, threads: int) -> Contender:
    model = load.model
    if model is None:
        raise ValueError("not a load of the portfolio model")
    rates = (model.offset_credit, model.basis, model.minimum, model.im_factor, model.mm_factor)
    return prepared(load, threads, _ordered, (model.moves, model.slope, model.offset, rates))

"""The portfolio model in NumPy, float64: the losses of a block of accounts in all scenarios are one matrix product.

A loss is linear in the move on either side of 0, so for each underlying there are two numbers an account: what it loses
by a move of +1 and of −1. The product of these with the sizes of the moves is large enough for BLAS; the worst loss is
the maximum over its rows.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..workload import Contender, Floats, Load, Model, Terms
from . import numpy_

# Losses (accounts × scenarios) a block: enough that calls cost little beside them, and few enough for the cache.
_LOSSES = 524_288


def make(load: Load, threads: int) -> Contender:
    model = load.model
    if model is None:
        raise ValueError("not a load of the portfolio model")
    sizes = np.hstack([np.maximum(model.moves, 0), np.maximum(-model.moves, 0)])
    cells = _LOSSES * model.moves.shape[1] // max(model.moves.shape)
    return numpy_.make(load, threads, partial(_charge, model, np.ascontiguousarray(sizes)), cells)


def _charge(model: Model, sizes: Floats, net: Floats, marks: Floats, _: Any, terms: Terms) -> tuple[Floats, Floats]:
    del terms
    value = np.ascontiguousarray((net * marks).T)
    width = len(value)
    gross = np.abs(value)
    part = model.offset_credit
    # max(−V, −credit·V) and max(V, credit·V)
    by_one = np.empty((2 * width, value.shape[1]))
    np.maximum(value * -part, -value, out=by_one[:width])
    np.maximum(value * part, value, out=by_one[width:])
    charge = (sizes @ by_one).max(axis=0)
    np.maximum(charge, 0, out=charge)
    charged = gross * model.slope[0]
    for slope, offset in zip(model.slope[1:], model.offset[1:], strict=True):
        np.maximum(charged, gross * slope + offset, out=charged)
    charge += charged.sum(axis=0)
    total = gross.sum(axis=0)
    charge += total * model.basis
    np.maximum(charge, total * model.minimum, out=charge)
    return charge * model.im_factor, charge * model.mm_factor

"""The portfolio model in Polars, float64: each scenario is an expression of two products an underlying, and the worst
loss their horizontal maximum, in the same lazy query as the rest.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import polars as pl

from ..workload import Contender, Floats, Load, Model, Terms
from . import polars_


def make(load: Load, threads: int) -> Contender:
    if load.model is None:
        raise ValueError("not a load of the portfolio model")
    return polars_.make(load, threads, partial(_charged, load.model))


def _charged(model: Model, rows: pl.LazyFrame, marks: Floats, _: Any, terms: Terms) -> pl.LazyFrame:
    del terms
    names = range(len(marks))
    held = polars_.netted(rows, marks)
    held = held.with_columns(
        [(pl.col(f"net{code}") * float(mark)).alias(f"value{code}") for code, mark in enumerate(marks)]
    )
    part = model.offset_credit
    value = [pl.col(f"value{code}") for code in names]
    held = held.with_columns(
        *[pl.max_horizontal(-each, each * -part).alias(f"up{code}") for code, each in enumerate(value)],
        *[pl.max_horizontal(each, each * part).alias(f"down{code}") for code, each in enumerate(value)],
        *[each.abs().alias(f"size{code}") for code, each in enumerate(value)],
    )
    losses = [_sum([_part(code, move) for code, move in enumerate(row)]) for row in model.moves.tolist()]
    sizes = [pl.col(f"size{code}") for code in names]
    lines = list(zip(model.slope.tolist(), model.offset.tolist(), strict=True))
    concentration = [pl.max_horizontal(*[size * slope + offset for slope, offset in lines]) for size in sizes]
    gross = _sum(sizes)
    risk = pl.max_horizontal(*losses, 0.0)
    charge = pl.max_horizontal(risk + gross * model.basis + _sum(concentration), gross * model.minimum)
    return held.select("account", "gain", charge.alias("charge")).select(
        "account",
        "gain",
        (pl.col("charge") * model.im_factor).alias("initial_margin"),
        (pl.col("charge") * model.mm_factor).alias("maintenance_margin"),
    )


def _part(code: int, move: float) -> pl.Expr:
    return pl.col(f"{'up' if move >= 0 else 'down'}{code}") * abs(move)


def _sum(parts: list[pl.Expr]) -> Any:
    total: Any = parts[0]
    for one in parts[1:]:
        total = total + one
    return total

"""Polars, float64: one lazy query on the streaming engine, rows grouped by the integer code of the account.

Two instruments become two columns before the rows are grouped, so that one grouping nets them; with many instruments
rows are grouped twice. Marks, tiers and haircuts are expressions, not joins; the only join is that of positions with
balances. Threads are those of the process: POLARS_MAX_THREADS, set before Polars is first imported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import polars as pl

from ..workload import Contender, Floats, Load, Terms, codes_array, dictionary, prices_of, table

# Up to so many instruments each has a column of its own.
_COLUMNS = 8


# What rows, marks, ladders and terms require: an account's gain, initial and maintenance margin.
Margins: TypeAlias = Callable[[pl.LazyFrame, Floats, list[int], Terms], pl.LazyFrame]


def make(load: Load, threads: int, requirements: Margins | None = None) -> Contender:
    del threads  # they are the process's

    def call() -> Any:
        positions, balances, prices = load.floats["positions"], load.floats["balances"], load.floats["prices"]
        instruments = dictionary(positions["instrument"]).to_pylist()
        assets = dictionary(balances["asset"]).to_pylist()
        rows = pl.LazyFrame(
            [
                pl.Series("account", codes_array(positions["account"])),
                pl.Series("kind", codes_array(positions["instrument"])),
                pl.Series("quantity", positions["quantity"].chunk(0)),
                pl.Series("entry", positions["entry_price"].chunk(0)),
            ]
        )
        lots = pl.LazyFrame(
            [
                pl.Series("account", codes_array(balances["account"])),
                pl.Series("asset", codes_array(balances["asset"])),
                pl.Series("amount", balances["amount"].chunk(0)),
            ]
        )
        marks = prices_of(instruments, prices)
        ladders = [int(load.terms.ladder[load.terms.instruments.index(name)]) for name in instruments]
        usual = _in_columns if len(marks) <= _COLUMNS else _in_rows
        margins = (requirements or usual)(rows, marks, ladders, load.terms)
        query = margins.join(_owned(lots, assets, prices_of(assets, prices), load.terms), on="account")
        return table(_figures(query).collect(engine="streaming").to_arrow(), dictionary(positions["account"]))

    return call


def netted(rows: pl.LazyFrame, marks: Floats) -> pl.LazyFrame:
    """The gain of each account and what it holds of each instrument, a column each."""
    kind, quantity = pl.col("kind"), pl.col("quantity")
    mark: Any = pl.lit(float(marks[-1]))
    for code, value in enumerate(marks[:-1]):
        mark = pl.when(kind == code).then(pl.lit(float(value))).otherwise(mark)
    each = [pl.when(kind == code).then(quantity).otherwise(0.0).alias(f"net{code}") for code in range(len(marks))]
    net = rows.select("account", (quantity * (mark - pl.col("entry"))).alias("gain"), *each)
    return net.group_by("account").agg(pl.all().sum())


def _in_columns(rows: pl.LazyFrame, marks: Floats, ladders: list[int], terms: Terms) -> pl.LazyFrame:
    net = netted(rows, marks)
    sizes = [(pl.col(f"net{code}").abs() * float(mark)).alias(f"size{code}") for code, mark in enumerate(marks)]
    parts = [_requirements(pl.col(f"size{code}"), ladder, terms) for code, ladder in enumerate(ladders)]
    initial, maintenance = parts[0]
    for one, other in parts[1:]:
        initial, maintenance = initial + one, maintenance + other
    net = net.select("account", "gain", *sizes)
    return net.select("account", "gain", initial.alias("initial_margin"), maintenance.alias("maintenance_margin"))


def _in_rows(rows: pl.LazyFrame, marks: Floats, ladders: list[int], terms: Terms) -> pl.LazyFrame:
    width = len(marks)
    mark = pl.lit(pl.Series(marks)).gather(pl.col("kind"))
    key = pl.col("account").cast(pl.Int64) * width + pl.col("kind")
    net = rows.select(key.alias("key"), "quantity", (pl.col("quantity") * (mark - pl.col("entry"))).alias("gain"))
    net = net.group_by("key").agg(pl.all().sum())
    account, kind = pl.col("key") // width, pl.col("key") % width
    size = pl.col("quantity").abs() * pl.lit(pl.Series(marks)).gather(kind)
    net = net.select(account.cast(pl.Int32).alias("account"), kind.alias("kind"), "gain", size.alias("size"))
    choices = [_requirements(pl.col("size"), ladder, terms) for ladder in range(len(terms.caps))]
    initial, maintenance = choices[0]
    for code, ladder in enumerate(ladders):
        if ladder:
            initial = pl.when(pl.col("kind") == code).then(choices[ladder][0]).otherwise(initial)
            maintenance = pl.when(pl.col("kind") == code).then(choices[ladder][1]).otherwise(maintenance)
    net = net.select("account", "gain", initial.alias("initial_margin"), maintenance.alias("maintenance_margin"))
    return net.group_by("account").agg(pl.all().sum())


def _requirements(size: pl.Expr, ladder: int, terms: Terms) -> tuple[pl.Expr, pl.Expr]:
    """Initial margin jumps at a cap; maintenance margin is the greatest of its straight lines, its rates rising."""
    caps, slope, offset = terms.caps[ladder], terms.initial_slope[ladder], terms.initial_offset[ladder]
    initial: Any = size * float(slope[-1]) + float(offset[-1])
    for cap, rate in zip(caps[::-1], slope[-2::-1], strict=True):
        initial = pl.when(size <= float(cap)).then(size * float(rate)).otherwise(initial)
    lines = zip(terms.maintenance_slope[ladder], terms.maintenance_offset[ladder], strict=True)
    return initial, pl.max_horizontal(*[size * float(rate) + float(shift) for rate, shift in lines])


def _owned(lots: pl.LazyFrame, assets: list[str], prices: Floats, terms: Terms) -> pl.LazyFrame:
    amount = pl.col("amount")
    each = [
        pl.when(pl.col("asset") == code).then(amount).otherwise(0.0).alias(f"own{code}") for code in range(len(assets))
    ]
    owned = lots.select("account", *each).group_by("account").agg(pl.all().sum())
    worth, counted = [], []
    for code, (name, price) in enumerate(zip(assets, prices.tolist(), strict=True)):
        at = terms.assets.index(name)
        own = pl.col(f"own{code}")
        lines = zip(terms.haircut_slope[at].tolist(), terms.haircut_offset[at].tolist(), strict=True)
        pieces = [own * (rate * price) + shift * price for rate, shift in lines]
        worth.append(own * price)
        counted.append(pieces[0] if len(pieces) == 1 else pl.min_horizontal(*pieces))
    total, collateral = worth[0], counted[0]
    for one, other in zip(worth[1:], counted[1:], strict=True):
        total, collateral = total + one, collateral + other
    return owned.select("account", total.alias("worth"), collateral.alias("collateral_value"))


def _figures(query: pl.LazyFrame) -> pl.LazyFrame:
    gain, initial, maintenance = pl.col("gain"), pl.col("initial_margin"), pl.col("maintenance_margin")
    equity, net_value = pl.col("equity"), pl.col("net_value")
    query = query.with_columns(
        (pl.col("collateral_value") + gain).alias("equity"),
        (pl.col("worth") + gain).alias("net_value"),
    ).with_columns((equity - pl.max_horizontal(gain, 0.0)).alias("opening_equity"))
    status = (
        pl.when(net_value < 0)
        .then(pl.lit(0, pl.Int8))
        .when(equity < maintenance)
        .then(pl.lit(1, pl.Int8))
        .when(equity < 1.25 * maintenance)
        .then(pl.lit(2, pl.Int8))
        .when(equity < initial)
        .then(pl.lit(3, pl.Int8))
        .otherwise(pl.lit(4, pl.Int8))
    )
    free = pl.max_horizontal(pl.col("opening_equity") - initial, 0.0)
    return query.select(
        "account",
        "equity",
        "net_value",
        "collateral_value",
        gain.alias("unrealized_pnl"),
        "opening_equity",
        "initial_margin",
        "maintenance_margin",
        free.alias("available"),
        free.alias("withdrawable"),
        pl.when(equity > 0).then(maintenance / equity).alias("margin_ratio"),
        status.alias("status"),
    )

"""The figures of `perpcore.assess`, as well as each library can compute them, by somebody who wants it to win.

Each module has `make(load, threads)`, which returns the call to be timed: from the Arrow tables of `load.floats` to
an Arrow table. What makes it easier for a peer than for perpcore, all of it on purpose:

- float64 in and out. Amounts are not exact, sums depend on the order of rows, and a status at a threshold may differ.
- Nothing is checked: no nulls, bounds, codes, grid, duplicates, missing prices, overflow, too large accounts.
- Codes of a dictionary are taken for accounts; perpcore first proves that no two have the same text, and that
  positions and balances mean the same by them.
- Every entry of the dictionary is taken to have rows, and rows of the output need not be in order of appearance.
- In the portfolio model scenarios of equal moves are one, and which scenario is the worst is not said.
- No orders, isolated positions, leverage, funding, fees, debts, profit credit, price states; no lines to explain it.

`prices_polars` is by itself: what `prices` measures, from the batches of `tape`.
"""

from __future__ import annotations

from importlib import import_module

from ..workload import Contender, Load, Maker

__all__ = ["PEERS", "PORTFOLIO", "contender"]

# Name → module, imported when it is used: Polars reads its number of threads then.
PEERS = {"NumPy": "numpy_", "pandas": "pandas_", "Polars": "polars_", "DuckDB": "duckdb_", "Numba": "numba_"}

# Those that know the portfolio model too.
PORTFOLIO = {"NumPy": "portfolio_numpy", "Polars": "portfolio_polars", "Numba": "portfolio_numba"}


def contender(name: str, load: Load, threads: int = 1) -> Contender:
    make: Maker = import_module(f".{(PORTFOLIO if load.model else PEERS)[name]}", __package__).make
    return make(load, threads)

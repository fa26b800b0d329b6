"""A scenario table from price history: what the portfolio model is asked to survive.

Filtered historical simulation (Barone-Adesi, Giannopoulos and Vosper 1999; Hull and White 1998), joint over the
underlyings: every window of `horizon` rows, overlapping, is a scenario, and each of its returns is scaled by today's
volatility over the volatility before the window. Volatility is the exponentially weighted root mean square of one-row
returns (RiskMetrics 1996). A window is never scaled below `floor` times what happened in it, so a calm market cannot
lower margin below what its own history asks for.

This is an estimate and computes in float64; the moves it ends in are rounded to the grid, half to even, and are exact
from there on.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from ._inputs import producer, refuse
from ._tables import RecordBatch, compute, pa, table_of

__all__ = ["fit_scenarios"]

_Floats = npt.NDArray[np.float64]

# Scenarios move by −100 % to +1,000 %.
_LEAST, _MOST = -1.0, 10.0


def fit_scenarios(
    prices: Any, *, horizon: int | timedelta, decay: float = 0.97, floor: float = 1.0, warm_up: int = 30
) -> RecordBatch:
    """Scenarios from the history of prices: a table for `assess(scenarios=…)`.

    `prices` has a row a sample, evenly spaced, the oldest first: a column of prices for each underlying, and a column
    `time` if you like. `horizon` is how long closing out takes: a number of rows, or a timedelta where there is `time`.
    `decay` is the weight of a row's volatility that is left one row later; `floor` the least that a window is scaled by
    (0: windows may shrink without limit); `warm_up` the rows whose returns give the first volatility.

    Gives `scenario` (`fit:` and the time or row at which the window begins) and a column of moves for each underlying,
    decimal128(12, 8), a row a window, the oldest first. Raises InputError for a price that is missing or not above 0,
    SchemaError for a column that holds no numbers, ValueError for the other arguments and for too few rows.

    >>> import perpcore as pc
    >>> prices = {"BTC": [100, 110, 99, 99, 108.9], "ETH": [10, 11, 12.1, 12.1, 12.1]}
    >>> pc.fit_scenarios(prices, horizon=1, decay=0, warm_up=1).to_pylist()[-1]
    {'scenario': 'fit:3', 'BTC': Decimal('0.10000000'), 'ETH': Decimal('0E-8')}
    """
    table = table_of(producer("prices", prices))
    names = [name for name in table.column_names if name != "time"]
    if not names:
        raise ValueError("prices has no column of an underlying")
    for name, value, most in (("decay", decay, 1.0), ("floor", floor, 10.0)):
        if not 0 <= value <= most or (name == "decay" and value == most):
            raise ValueError(f"{name} is from 0 {'to below' if name == 'decay' else 'to'} {most:g}, not {value}")
    steps = _steps(table, horizon)
    if warm_up < 1 or table.num_rows < steps + warm_up + 1:
        raise ValueError(
            f"{table.num_rows} rows are too few for warm_up={warm_up} and a horizon of {steps}: "
            f"at least {steps + max(warm_up, 1) + 1}"
        )
    moves = {name: _moves(_numbers(name, table.column(name)), steps, decay, floor, warm_up) for name in names}
    first = np.arange(warm_up, table.num_rows - steps)
    starts = [f"fit:{_label(table, row)}" for row in first.tolist()]
    columns = [pa.array(starts, pa.string())]
    for name in names:
        # Rounded by NumPy, half to even, so that only whole units of g become decimals.
        units = np.rint(moves[name] * 1e8).astype(np.int64).tolist()
        columns.append(pa.array([Decimal(unit).scaleb(-8) for unit in units], pa.decimal128(12, 8)))
    found: RecordBatch = pa.RecordBatch.from_arrays(columns, names=["scenario", *names])
    return found


def _steps(table: Any, horizon: int | timedelta) -> int:
    """The horizon as a number of rows."""
    if not isinstance(horizon, timedelta):
        if horizon < 1:
            raise ValueError(f"horizon is at least one row, not {horizon}")
        return horizon
    if "time" not in table.column_names or table.num_rows < 2:
        raise ValueError("a horizon of time needs a column `time` with two rows at least")
    times = _times(table.column("time"))
    gaps = np.diff(times)
    if (gaps != gaps[0]).any() or gaps[0] <= 0:
        row = int(np.argmax(gaps != gaps[0])) + 1
        refuse("prices", "time", "rows are not evenly spaced, the oldest first", row=row, code="implausible_time")
    wanted = horizon // timedelta(microseconds=1) * 1_000
    steps, rest = divmod(wanted, int(gaps[0]))
    if rest or steps < 1:
        raise ValueError(f"a horizon of {horizon} is not a whole number of rows of {gaps[0] / 1e9:g} s")
    return steps


def _times(column: Any) -> npt.NDArray[np.int64]:
    """Nanoseconds."""
    if column.null_count:
        refuse("prices", "time", "a time is missing", row=column.to_pylist().index(None), code="null_value")
    if pa.types.is_timestamp(column.type):
        column = compute.cast(column, pa.timestamp("ns", column.type.tz))
    elif not pa.types.is_integer(column.type):
        refuse("prices", "time", f"{column.type} is not a time", accepted="timestamps, or integers of nanoseconds")
    found: npt.NDArray[np.int64] = compute.cast(column, pa.int64()).to_numpy()
    return found


def _label(table: Any, row: int) -> str:
    if "time" not in table.column_names:
        return str(row)
    value = table.column("time")[row].as_py()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _numbers(name: str, column: Any) -> _Floats:
    """Prices as float64, all above 0."""
    try:
        values: _Floats = compute.cast(column, pa.float64(), safe=False).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        refuse("prices", name, f"{column.type} holds no prices", accepted="numbers, or text of numbers", cause=error)
    wrong = ~(np.isfinite(values) & (values > 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        value = column[row].as_py()
        code = "null_value" if value is None else "out_of_range"
        refuse("prices", name, "a price is above 0", row=row, value=value, code=code, accepted="a price above 0")
    return values


def _moves(prices: _Floats, steps: int, decay: float, floor: float, warm_up: int) -> _Floats:
    """The scaled return of every window of `steps` rows that begins after the warm-up."""
    variance = _variance(prices[1:] / prices[:-1] - 1, decay, warm_up)
    # A window that begins at a row is scaled by the volatility known at that row.
    before = variance[: len(variance) - steps]
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.sqrt(variance[-1] / before)
    # Where nothing had moved before, nothing says how to scale.
    scale = np.where(np.isfinite(scale), scale, 1.0)
    happened = prices[warm_up + steps :] / prices[warm_up:-steps] - 1
    moves: _Floats = np.clip(happened * np.maximum(scale, floor), _LEAST, _MOST)
    return moves


def _variance(returns: _Floats, decay: float, warm_up: int) -> _Floats:
    """The exponentially weighted mean square of returns, known at each row from the end of the warm-up on."""
    squares = returns**2
    found = np.empty(len(returns) - warm_up + 1)
    found[0] = squares[:warm_up].mean()
    for at, square in enumerate(squares[warm_up:]):
        found[at + 1] = decay * found[at] + (1 - decay) * square
    return found

"""Charts of results, for reports: drawn by Matplotlib (`pip install 'perpcore[plot]'`) into .png, .svg or .pdf."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._tables import RecordBatch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_ladder", "plot_stress"]

# Worst at the left, as the bars are read.
_STATUSES = {
    "bankrupt": "#7f0000",
    "liquidation": "#d7301f",
    "margin_call": "#fc8d59",
    "restricted": "#fdcc8a",
    "undecided": "#969696",
}

# More bars than that are no chart: of a longer table the scenarios with the largest deficits are shown.
_MOST_BARS = 40


def plot_stress(stress: RecordBatch, path: str | os.PathLike[str]) -> None:
    """Buckets by status and the deficit of every scenario of `perpcore.stress`, beside each other.

    Of more than 40 scenarios those with the largest deficits. Raises ImportError where Matplotlib is not installed,
    ValueError for a suffix that it does not write.

    >>> import os, tempfile, perpcore as pc
    >>> from perpcore.plot import plot_stress
    >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["100"]})
    >>> rows = pc.stress(pc.Rulebook.preset("hk-vatp-perp"), book, {"scenario": ["now"], "BTC": ["0"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     plot_stress(rows, os.path.join(folder, "stress.svg"))
    ...     os.listdir(folder)
    ['stress.svg']
    """
    rows = stress.to_pylist()
    if len(rows) > _MOST_BARS:
        worst = sorted(range(len(rows)), key=lambda at: -rows[at]["deficit"])[:_MOST_BARS]
        rows = [rows[at] for at in sorted(worst)]
    figure = _figure(10, 1.5 + 0.28 * len(rows))
    counts, deficits = figure.subplots(1, 2, sharey=True, width_ratios=[3, 2])
    places = range(len(rows))
    left = [0] * len(rows)
    for status, color in _STATUSES.items():
        widths = [row[status] for row in rows]
        counts.barh(places, widths, left=left, color=color, label=status.replace("_", " "))
        left = [start + width for start, width in zip(left, widths, strict=True)]
    counts.set_yticks(places, [row["scenario"] for row in rows])
    counts.invert_yaxis()
    counts.set_xlabel("buckets that are not healthy")
    counts.legend(fontsize="small", frameon=False)
    drawn = [float(row["fund_draw"]) for row in rows]
    beyond = [float(row["deficit"]) - draw for row, draw in zip(rows, drawn, strict=True)]
    deficits.barh(places, drawn, color="#4575b4", label="paid by the fund")
    deficits.barh(places, beyond, left=drawn, color="#7f0000", label="beyond it")
    deficits.set_xlabel("deficit, settlement currency")
    deficits.legend(fontsize="small", frameon=False)
    _save(figure, path)


def plot_ladder(ladder: RecordBatch, path: str | os.PathLike[str]) -> None:
    """Notional by the price that liquidates it, long and short, of `Assessment.ladder`.

    Raises ImportError where Matplotlib is not installed, ValueError for a suffix that it does not write.

    >>> import os, tempfile, perpcore as pc
    >>> from perpcore.plot import plot_ladder
    >>> book = dict(
    ...     positions={"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["4"], "cost": ["244000"]},
    ...     balances={"account": ["A"], "asset": ["USD"], "amount": ["20000"]},
    ...     prices={"BTC-PERP": "58000"},
    ... )
    >>> result = pc.assess(pc.Rulebook.preset("hk-vatp-perp"), **book)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     plot_ladder(result.ladder("BTC-PERP"), os.path.join(folder, "ladder.png"))
    ...     os.listdir(folder)
    ['ladder.png']
    """
    rows = ladder.to_pylist()
    figure = _figure(8, 4)
    axes = figure.subplots()
    starts = [float(row["price_from"]) for row in rows]
    widths = [float(row["price_to"]) - start for row, start in zip(rows, starts, strict=True)]
    longs = [float(row["long_notional"]) for row in rows]
    shorts = [float(row["short_notional"]) for row in rows]
    axes.bar(starts, longs, widths, align="edge", color="#1a9850", edgecolor="white", label="long")
    axes.bar(starts, shorts, widths, bottom=longs, align="edge", color="#d7301f", edgecolor="white", label="short")
    axes.set_xlabel(f"price of {rows[0]['instrument']}" if rows else "price")
    axes.set_ylabel("notional liquidated there, at the mark now")
    axes.legend(frameon=False)
    _save(figure, path)


def _figure(width: float, height: float) -> Figure:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("charts need Matplotlib: pip install 'perpcore[plot]'") from error
    return Figure(figsize=(width, height), layout="constrained")


def _save(figure: Figure, path: str | os.PathLike[str]) -> None:
    # Without the time of drawing one result gives one file.
    metadata: dict[str, Any] = {"Date": None} if Path(path).suffix == ".svg" else {}
    figure.savefig(path, dpi=150, metadata=metadata)

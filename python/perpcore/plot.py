"""Charts of results, for reports: drawn by Matplotlib (`pip install 'perpcore[plot]'`) into .png, .svg or .pdf."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._tables import RecordBatch, Table, compute, pa

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_funding", "plot_index", "plot_ladder", "plot_mark", "plot_stress"]

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

# More points of a line than that are not seen: of a longer table every n-th row is drawn.
_MOST_POINTS = 5_000

_STATE_COLORS = {"thin": "#fee08b", "protected": "#fdae61", "frozen": "#d73027", "halted": "#7f0000"}


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


def plot_index(index: RecordBatch | Table, path: str | os.PathLike[str]) -> None:
    """The index over time, of `IndexPrice.run`; where it was not live the background says what it was.

    Of a long table every n-th row. Raises ImportError where Matplotlib is not installed, ValueError for a suffix that
    it does not write.

    >>> import os, tempfile, perpcore as pc
    >>> from perpcore.plot import plot_index
    >>> sources = [{"id": name, "group": name} for name in "abc"]
    >>> rules = pc.Rulebook.preset("hk-vatp-perp").edit({"underlying.BTC.sources": sources})
    >>> tape = {"time": [1_800_000_000_000_000_000], "a": ["100"], "b": ["101"], "c": ["102"]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     plot_index(pc.IndexPrice(rules, "BTC").run(tape), os.path.join(folder, "index.svg"))
    ...     os.listdir(folder)
    ['index.svg']
    """
    figure = _figure(10, 4)
    axes = figure.subplots()
    axes.plot(*_line(index, "value"), color="#4575b4", linewidth=1, label="index")
    _shade(axes, index)
    axes.set_ylabel("index")
    axes.legend(frameon=False)
    _save(figure, path)


def plot_mark(mark: RecordBatch | Table, path: str | os.PathLike[str]) -> None:
    """Mark and index over time, of `MarkPrice.run`, and how far the one is from the other.

    Of a long table every n-th row. Raises ImportError where Matplotlib is not installed, ValueError for a suffix that
    it does not write.

    >>> import os, tempfile, perpcore as pc
    >>> from perpcore.plot import plot_mark
    >>> tape = {"time": [1_800_000_000_000_000_000], "index": ["100"], "bid": ["99.9"], "ask": ["100.1"]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     marks = pc.MarkPrice(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP").run(tape)
    ...     plot_mark(marks, os.path.join(folder, "mark.png"))
    ...     os.listdir(folder)
    ['mark.png']
    """
    figure = _figure(10, 6)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    above.plot(*_line(mark, "index"), color="#878787", linewidth=1, label="index")
    times, marks = _line(mark, "mark")
    above.plot(times, marks, color="#4575b4", linewidth=1, label="mark")
    _shade(above, mark)
    above.set_ylabel("price")
    above.legend(frameon=False)
    _, indices = _line(mark, "index")
    basis = [(m / i - 1) * 10_000 for m, i in zip(marks, indices, strict=True)]
    below.plot(times, basis, color="#4575b4", linewidth=1)
    below.axhline(0, color="#878787", linewidth=0.5)
    below.set_ylabel("mark / index − 1, bp")
    _save(figure, path)


def plot_funding(funding: RecordBatch | Table, path: str | os.PathLike[str]) -> None:
    """Premium and predicted rate of every slot, of `Funding.run`, and the rates that were settled.

    Of a long table every n-th slot. Raises ImportError where Matplotlib is not installed, ValueError for a suffix that
    it does not write.

    >>> import os, tempfile, perpcore as pc
    >>> from perpcore.plot import plot_funding
    >>> tape = {"time": [0, 28_800_000_000_000], "index": ["100", "100"]}
    >>> tape["time"] = [1_800_000_000_000_000_000 + time for time in tape["time"]]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     slots = pc.Funding(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP").run(tape)
    ...     plot_funding(slots, os.path.join(folder, "funding.svg"))
    ...     os.listdir(folder)
    ['funding.svg']
    """
    figure = _figure(10, 4)
    axes = figure.subplots()
    axes.plot(*_line(funding, "premium", 10_000), color="#bababa", linewidth=0.7, label="premium")
    axes.plot(*_line(funding, "predicted", 10_000), color="#4575b4", linewidth=1, label="predicted rate")
    ended = pa.table(funding).filter(compute.is_valid(funding["rate"]))
    axes.plot(*_line(ended, "rate", 10_000), "o", color="#d73027", markersize=3, label="settled rate")
    axes.set_ylabel("bp")
    axes.legend(frameon=False)
    _save(figure, path)


def _line(table: RecordBatch | Table, column: str, scale: float = 1) -> tuple[list[Any], list[float]]:
    """Times and values for a line; what is not there is a gap."""
    whole = pa.table(table)
    step = max(1, -(-len(whole) // _MOST_POINTS))
    if step > 1:
        whole = whole.take(pa.array(range(0, len(whole), step)))
    values = [float("nan") if value is None else float(value) * scale for value in whole[column].to_pylist()]
    return whole["time"].cast(pa.timestamp("us", tz="UTC"), safe=False).to_pylist(), values


def _shade(axes: Axes, table: RecordBatch | Table) -> None:
    """The background of a time in which the state was not live, one color a state."""
    whole = pa.table(table)
    states = whole["state"].cast(pa.string()).to_pylist()
    times = whole["time"].cast(pa.timestamp("us", tz="UTC"), safe=False).to_pylist()
    starts = [at for at, state in enumerate(states) if at == 0 or state != states[at - 1]]
    named = set()
    for start, end in pairwise([*starts, len(states) - 1] if starts else []):
        state = states[start]
        if state in _STATE_COLORS:
            label = None if state in named else state
            axes.axvspan(times[start], times[end], color=_STATE_COLORS[state], alpha=0.4, linewidth=0, label=label)
            named.add(state)


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

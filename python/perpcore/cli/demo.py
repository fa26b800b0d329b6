"""`perpcore demo`: a venue before and during the crash of 12–13 March 2020."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track

from .. import demo as scene
from .._tables import compute, pa
from ..explanation import STATUS_WORDS, amount_text, rulebook_label
from .output import show_rows

__all__ = ["demo"]

# Rows of the path that are shown; the file has them all.
_SHOWN = 24


@click.command()
@click.option("--accounts", type=click.IntRange(100), default=25_000, show_default=True, help="Accounts of the book.")
@click.option("--seed", type=int, default=7, show_default=True, help="The seed of the book.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out") / "demo",
    show_default=True,
    help="Where the Parquet files go.",
)
def demo(accounts: int, seed: int, output: Path) -> None:
    """Value a synthetic venue at the quiet prices of 12 March 2020 and at the lowest of the crash that followed.

    The book is drawn from a seed, the prices are real. With the recorded minutes in $PERPCORE_DATA or ../shared/data
    the hours around the low are followed minute by minute.
    """
    shown = scene.run(accounts, seed, progress=_progress)
    positions, balances = len(shown.book["positions"]), len(shown.book["balances"])
    click.echo(
        f"{accounts:,} accounts, {positions:,} rows of positions, {balances:,} of balances, seed {seed}, "
        f"under {rulebook_label(shown.rules)}"
    )
    click.echo("The accounts are synthetic. Prices: BitMEX XBTUSD and ETH-USD, sources in prices_2020_03.csv.\n")
    _show_counts(shown)
    columns = ("account", "status", "equity", "maintenance_margin", "margin_ratio")
    near = scene.closest(shown.after).to_pylist()
    show_rows(near, columns, "closest to liquidation, of those not there yet")
    click.echo()
    _show_account(shown)
    _show_path(shown)
    click.echo(
        f"one call over the whole book, prices as Arrow, all results as columns: "
        f"{shown.seconds * 1000:.2f} ms (median of {shown.repeats})"
    )
    for path in scene.write(shown, output):
        click.echo(f"wrote {path}")


def _progress(moments: Iterable[scene.Moment]) -> Iterable[scene.Moment]:
    """A bar while the path is followed, on a terminal only and gone when done."""
    listed = list(moments)
    console = Console(stderr=True)
    return track(listed, "following the crash", console=console, transient=True, disable=not sys.stderr.isatty())


def _show_counts(shown: scene.Demo) -> None:
    before, after = shown.before.counts(), shown.after.counts()
    moments = [f"{m.time:%d %B %H:%M}: BTC {m.btc:,}, ETH {m.eth:,}" for m in (shown.calm, shown.low)]
    rows = [
        {"status": status, "calm": before.get(status, 0), "low": after.get(status, 0)}
        for status in STATUS_WORDS
        if status in before or status in after
    ]
    show_rows(rows, ("status", "calm", "low"), f"accounts by status\n  calm  {moments[0]}\n  low   {moments[1]}")
    click.echo()


def _show_account(shown: scene.Demo) -> None:
    click.echo(f"{shown.page}\n")
    rows = pa.table(shown.changed)
    mine = rows.filter(compute.and_(compute.equal(rows["account"], shown.page.account), rows["instrument"].is_null()))
    row = mine.to_pylist()[0]
    click.echo(
        f"was {row['before']}, is {row['after']}: {row['cause'].replace('_', ' ')} moved by "
        f"{amount_text(row['cause_amount'])}, equity from {amount_text(row['equity_before'])} to "
        f"{amount_text(row['equity_after'])}\n"
    )


def _show_path(shown: scene.Demo) -> None:
    worst = max(shown.path, key=lambda step: step[1])
    every = max(1, -(-len(shown.path) // _SHOWN))
    kept = [step for n, step in enumerate(shown.path) if n % every == 0 or step is worst]
    rows = [{"time": m.time, "BTC": m.btc, "ETH": m.eth, "below maintenance": count} for m, count in kept]
    title = f"accounts below their maintenance margin if nobody is liquidated; most at {worst[0].time:%d %B %H:%M}"
    if shown.by_minute:
        title += f", of {len(shown.path):,} minutes"
    show_rows(rows, ("time", "BTC", "ETH", "below maintenance"), title)
    click.echo()

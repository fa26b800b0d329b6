"""`perpcore scenarios fit FILE`: a scenario table from price history."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from .._files import read_file
from ..fit import fit_scenarios
from .output import BadInput, json_text, write_output

__all__ = ["scenarios"]

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@click.group()
def scenarios() -> None:
    """Scenario tables for the portfolio model."""


@scenarios.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--horizon", required=True, metavar="N|TIME", help="Rows, or a time: 30m, 8h, 2d (needs a column time).")
@click.option("--decay", default=0.97, show_default=True, help="What is left of a row's volatility one row later.")
@click.option("--floor", default=1.0, show_default=True, help="The least that a window is scaled by.")
@click.option("--warm-up", default=30, show_default=True, help="Rows that give the first volatility.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write .parquet, .arrow or .csv.")
def fit(file: Path, horizon: str, decay: float, floor: float, warm_up: int, output: Path | None) -> None:
    """Build scenarios from the prices in FILE: a column for each underlying, a row a sample, the oldest first.

    Without -o they are printed as JSON. The method: docs/margin.md.
    """
    try:
        table = fit_scenarios(
            read_file(file, "prices"), horizon=_horizon(horizon), decay=decay, floor=floor, warm_up=warm_up
        )
    except (OSError, ValueError) as error:
        if hasattr(error, "code"):
            raise
        raise BadInput(str(error)) from error
    if output is None:
        click.echo(json_text(table.to_pylist()))
    else:
        write_output(table, output)


def _horizon(text: str) -> int | timedelta:
    number, unit = text[:-1], text[-1:]
    if text.isdecimal():
        return int(text)
    if number.isdecimal() and unit in _UNITS:
        return timedelta(seconds=int(number) * _UNITS[unit])
    raise ValueError(f"--horizon {text}: a number of rows, or a time as 30m, 8h, 2d")

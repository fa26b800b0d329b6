"""`perpcore stress FOLDER`: a book under joint moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import click

from .._files import read_file
from .._inputs import decimal_text
from .._stress import largest_deficits, reverse_stress, stress
from .._tables import RecordBatch
from ..assessment import assess
from ..errors import PerpcoreError
from ..plot import plot_ladder, plot_stress
from ..shock import parse_move
from .output import BadInput, json_text, output_options, show_rows, write_output
from .source import read_folder, source_options

__all__ = ["stress_verb"]

T = TypeVar("T")

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("stress")
@source_options
@click.option("--scenarios", type=_FILE, metavar="FILE", help="A row a scenario: .parquet, .arrow or .csv.")
@click.option(
    "--moves",
    multiple=True,
    metavar="NAME=MOVE,…",
    help="A scenario, as BTC=-12%,ETH=-18%: underlyings, or assets that move by themselves. Repeatable.",
)
@click.option("--fund", metavar="AMOUNT", help="What the insurance fund holds. Exit 1 if a deficit is larger.")
@click.option("--largest", type=click.IntRange(1), metavar="N", help="Who owes most: N buckets a scenario.")
@click.option(
    "--reverse", metavar="NAME=MOVE,…", help="How far along these moves until the deficit is above --deficit."
)
@click.option("--deficit", metavar="AMOUNT", help="For --reverse; default 0.")
@click.option("--ladder", metavar="INSTRUMENT", help="What is liquidated of an instrument at which price.")
@click.option("--plot", type=_FILE, metavar="FILE", help="Draw it: .png or .svg.")
@output_options
def stress_verb(
    folder: Path,
    rules: str | None,
    shocks: tuple[str, ...],
    scenarios: Path | None,
    moves: tuple[str, ...],
    fund: str | None,
    largest: int | None,
    reverse: str | None,
    deficit: str | None,
    ladder: str | None,
    plot: Path | None,
    as_json: bool,
    output: Path | None,
) -> None:
    """Value the book in FOLDER again under joint moves of prices.

    Says for every scenario how many buckets stand how, and what the bankrupt would owe. --largest names them; --reverse
    asks the other way round; --ladder shows where liquidations lie.
    """
    asked = [scenarios is not None or bool(moves), reverse is not None, ladder is not None]
    if sum(asked) != 1:
        raise BadInput("say what is asked: --scenarios FILE or --moves …, --reverse …, or --ladder INSTRUMENT")
    _refuse(fund is not None and (largest is not None or not asked[0]), "--fund is for the sums of scenarios")
    _refuse(deficit is not None and reverse is None, "--deficit is for --reverse")
    rulebook, book = read_folder(folder, rules, shocks)
    if reverse is not None:
        _refuse(plot is not None or largest is not None or output is not None, "--reverse gives one number")
        direction = _checked(lambda: _parsed(reverse))
        found = _checked(lambda: reverse_stress(rulebook, book, direction, deficit=deficit or 0))
        _show_reversed(found, direction, as_json)
        return
    if ladder is not None:
        _refuse(largest is not None, "--largest needs scenarios")
        rungs = _checked(lambda: assess(rulebook, **book).ladder(ladder))
        _told(rungs, as_json, output, plot, plot_ladder)
        return
    table = _checked(lambda: _scenarios(scenarios, moves))
    if largest is not None:
        _refuse(plot is not None, "--plot draws all buckets, not --largest")
        named = _checked(lambda: largest_deficits(rulebook, book, table, count=largest))
        _told(named, as_json, output, None, plot_stress)
        return
    rows = _checked(lambda: stress(rulebook, book, table, fund=fund))
    _told(rows, as_json, output, plot, plot_stress)
    if fund is not None and any(row["deficit"] > row["fund_draw"] for row in rows.to_pylist()):
        raise click.exceptions.Exit(1)


def _refuse(given: bool, why: str) -> None:
    if given:
        raise BadInput(why)


def _checked(work: Callable[[], T]) -> T:
    """A wrong argument or file is bad input; what a table is refused for says so itself."""
    try:
        return work()
    except PerpcoreError:
        raise
    except (OSError, ValueError, ImportError) as error:
        raise BadInput(str(error)) from error


def _scenarios(file: Path | None, moves: tuple[str, ...]) -> Any:
    if file is not None:
        if moves:
            raise ValueError("--scenarios and --moves: one of them")
        return read_file(file, "scenarios")
    parsed = [_parsed(text) for text in moves]
    names = dict.fromkeys(name for scenario in parsed for name in scenario)
    columns = {name: [decimal_text(scenario.get(name, Decimal(0))) for scenario in parsed] for name in names}
    return {"scenario": list(moves), **columns}


def _parsed(text: str) -> Mapping[str, Decimal]:
    """`BTC=-12%,ETH=-0.18` → moves by name."""
    found: dict[str, Decimal] = {}
    for part in text.split(","):
        name, move = parse_move(part)
        if name in found:
            raise ValueError(f"{text!r}: a name is moved once")
        found[name] = move
    return found


def _show_reversed(found: Fraction | None, direction: Mapping[str, Decimal], as_json: bool) -> None:
    if as_json:
        click.echo(json_text({"direction": direction, "t": None if found is None else str(found)}))
    elif found is None:
        click.echo("never, as far as prices can move")
    else:
        ends = {name: f"{float(found * Fraction(by)):+.4%}".replace("-", "−") for name, by in direction.items()}
        click.echo("up to " + ", ".join(f"{name} {end}" for name, end in ends.items()))


def _told(
    batch: RecordBatch,
    as_json: bool,
    output: Path | None,
    plot: Path | None,
    draw: Callable[[RecordBatch, Path], None],
) -> None:
    if plot is not None:
        _checked(lambda: draw(batch, plot))
        click.echo(f"drew {plot}", err=True)
    if output is not None:
        write_output(batch, output)
    if as_json:
        click.echo(json_text(batch.to_pylist()))
    elif output is None:
        show_rows(batch.to_pylist(), batch.schema.names)

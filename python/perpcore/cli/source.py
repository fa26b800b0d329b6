"""What a verb works on: a rulebook by preset or path, a book in a folder, prices moved by shocks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from .._core import Rulebook
from .._tables import Table
from ..assessment import Assessment, assess
from ..book import read_book
from ..capture import CALL, RULEBOOK
from ..errors import PerpcoreError
from ..shock import parse_shock, shocked
from .output import BadInput

__all__ = ["assessed", "book_options", "load_rulebook", "read_folder", "source_options"]

FOLDER = click.Path(file_okay=False, path_type=Path)


def load_rulebook(name: str) -> Rulebook:
    """A preset by its name, or a file by its path."""
    if Path(name).suffix == ".toml" or Path(name).is_file():
        try:
            return Rulebook.read(name)
        except OSError as error:
            raise BadInput(f"{name}: {error.strerror or error}") from error
    return Rulebook.preset(name)


def book_options(command: Any) -> Any:
    """FOLDER and the options that say how its book is valued."""
    for option in (
        click.option("--extra", type=click.Choice(["refuse", "ignore"]), help="Columns that no table has."),
        click.option("--on-error", type=click.Choice(["raise", "mark"]), help="Bad rows: stop, or mark the account."),
    ):
        command = option(command)
    return source_options(command)


def source_options(command: Any) -> Any:
    """FOLDER and the options that say which book at which prices under which rules."""
    for option in (
        click.option(
            "--shock",
            "shocks",
            multiple=True,
            metavar="NAME=MOVE",
            help="Move prices first, as BTC=-12%: every instrument on that underlying and every asset of it or of "
            "that name, to price × (1 + move), half to even at 8 decimals. Repeatable.",
        ),
        click.option(
            "--rulebook", "rules", metavar="PRESET|FILE", help=f"The rules. Default: {RULEBOOK} in the folder."
        ),
        click.argument("folder", type=FOLDER),
    ):
        command = option(command)
    return command


def assessed(
    folder: Path, rules: str | None, shocks: tuple[str, ...], on_error: str | None, extra: str | None
) -> Assessment:
    """The book of a folder, valued. A folder written by PERPCORE_CAPTURE brings its rulebook and options."""
    rulebook, book = read_folder(folder, rules, shocks)
    call: dict[str, Any] = {}
    if (folder / CALL).is_file():
        call = json.loads((folder / CALL).read_text(encoding="utf-8"))
    return assess(
        rulebook,
        **book,
        on_error=on_error or call.get("on_error", "raise"),
        extra=extra or call.get("extra", "refuse"),
    )


def read_folder(folder: Path, rules: str | None, shocks: tuple[str, ...]) -> tuple[Rulebook, dict[str, Table]]:
    """The rulebook and the book of a folder, its prices moved."""
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder")
    if rules is None:
        if not (folder / RULEBOOK).is_file():
            raise BadInput(f"{folder}: no {RULEBOOK} there; say which rules with --rulebook PRESET|FILE")
        rules = str(folder / RULEBOOK)
    rulebook = load_rulebook(rules)
    try:
        book = read_book(folder)
        if shocks:
            book["prices"] = shocked(rulebook, _prices(book), _moves(shocks))
    except PerpcoreError:
        raise  # told with its table, column and row
    except (OSError, ValueError) as error:
        raise BadInput(str(error)) from error
    return rulebook, book


def _prices(book: dict[str, Table]) -> Table:
    if "prices" not in book:
        raise BadInput("--shock moves prices, and the book has none")
    return book["prices"]


def _moves(shocks: tuple[str, ...]) -> dict[str, Any]:
    moves = dict(map(parse_shock, shocks))
    if len(moves) < len(shocks):
        raise BadInput("--shock: a name is moved once")
    return moves

"""The command line: `perpcore demo | assess | explain | stress | price | book | venue | …`, one file a verb.

Exit 0: fine. 1: findings, as each verb says. 2: bad input, told in one block without a traceback.
"""

from __future__ import annotations

import warnings
from typing import Any

import click

from .. import _core, errors
from .assess import assess
from .book import book
from .demo import demo
from .explain import explain
from .explain_code import explain_code
from .output import BadInput, error_block
from .price import price
from .rulebook import rulebook
from .scenarios import scenarios
from .stress import stress_verb
from .venue import venue

__all__ = ["main"]


class _Verbs(click.Group):
    """Turns what perpcore refuses into a message and exit 2, and warnings into one line each."""

    def invoke(self, ctx: click.Context) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("default", errors.PrecisionWarning)
            warnings.showwarning = _show_warning  # type: ignore[assignment] # takes fewer by name
            try:
                return super().invoke(ctx)
            except errors.PerpcoreError as error:
                raise BadInput(error_block(error)) from error


def _show_warning(message: Warning | str, *_: Any) -> None:
    click.echo(f"warning: {message}", err=True)


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_core.build_info().get("version", "unknown"), prog_name="perpcore")
def main() -> None:
    """Margin, equity and status of a book of perpetual contracts, exactly.

    A book is a folder of .parquet, .arrow or .csv files named positions, balances, prices, orders, accounts, scenarios.
    """


for verb in (demo, assess, explain, stress_verb, scenarios, price, book, venue, rulebook, explain_code):
    main.add_command(verb)

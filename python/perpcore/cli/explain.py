"""`perpcore explain FOLDER ACCOUNT`: the figures of one account, line by line."""

from __future__ import annotations

from pathlib import Path

import click

from .._tables import pa
from .output import BadInput, json_text, output_options, write_output
from .source import assessed, book_options

__all__ = ["explain"]


@click.command()
@book_options
@click.argument("account")
@output_options
def explain(
    folder: Path,
    account: str,
    rules: str | None,
    shocks: tuple[str, ...],
    on_error: str | None,
    extra: str | None,
    as_json: bool,
    output: Path | None,
) -> None:
    """Show how the figures of ACCOUNT in the book of FOLDER come about.

    -o writes its lines. Exit 0 whatever its status; 2 for bad input or an account that is not there.
    """
    result = assessed(folder, rules, shocks, on_error, extra)
    name: str | int = account
    if pa.types.is_integer(result.accounts.schema.field("account").type):
        if not account.isdecimal():
            raise BadInput(f"{account}: the accounts of this book are numbers")
        name = int(account)
    page = result.explain(name)
    if output is not None:
        write_output(page.lines, output)
    if as_json:
        found = {"account": page.account, "status": page.status, "totals": page.totals, "isolated": page.isolated}
        click.echo(json_text(found | {"lines": page.lines.to_pylist()}))
    elif output is None:
        click.echo(str(page))

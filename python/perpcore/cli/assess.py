"""`perpcore assess FOLDER`: a book valued."""

from __future__ import annotations

from pathlib import Path

import click

from .._tables import RecordBatch, compute, one_batch, pa, plain_ids
from ..assessment import Assessment
from ..explanation import STATUS_WORDS, rulebook_label
from .output import json_text, output_options, show_rows, write_output
from .source import assessed, book_options

__all__ = ["assess"]

# Exit 1 when a bucket stands so: somebody has to act, or it could not be valued.
FINDINGS = frozenset({"margin_call", "liquidation", "bankrupt", "undecided", "unknown"})

_COLUMNS = ("account", "status", "equity", "initial_margin", "maintenance_margin", "margin_ratio", "isolated_status")


@click.command()
@book_options
@output_options
@click.option(
    "--table",
    type=click.Choice(["accounts", "isolated", "lines"]),
    default="accounts",
    show_default=True,
    help="The table for --json and -o.",
)
@click.option("--limit", type=click.IntRange(0), default=20, show_default=True, help="Accounts shown, the worst first.")
def assess(
    folder: Path,
    rules: str | None,
    shocks: tuple[str, ...],
    on_error: str | None,
    extra: str | None,
    as_json: bool,
    output: Path | None,
    table: str,
    limit: int,
) -> None:
    """Value every account of the book in FOLDER.

    Shows the accounts by status and the worst of them; --json and -o give the whole table. Exit 1 if a bucket is at
    margin call or worse, undecided or unknown; 2 for bad input.
    """
    result = assessed(folder, rules, shocks, on_error, extra)
    if output is not None or as_json:
        batch = {"accounts": lambda: result.accounts, "isolated": lambda: result.isolated, "lines": result.lines}[
            table
        ]()
        if output is not None:
            write_output(batch, output)
        if as_json:
            click.echo(json_text(batch.to_pylist()))
    else:
        _show(result, limit)
    if _statuses(result) & FINDINGS:
        raise click.exceptions.Exit(1)


def _show(result: Assessment, limit: int) -> None:
    counts = result.counts()
    title = f"{result.accounts.num_rows:,} accounts under {rulebook_label(result.rules)}"
    show_rows(
        [{"status": status, "accounts": count} for status, count in counts.items()], ("status", "accounts"), title
    )
    worst = _worst(result.accounts, limit)
    if worst.num_rows:
        click.echo()
        columns = [name for name in _COLUMNS if worst.column(name).null_count < worst.num_rows]
        show_rows(worst.to_pylist(), columns, "the worst" if worst.num_rows < result.accounts.num_rows else "")
        if worst.num_rows < result.accounts.num_rows:
            click.echo(f"… {result.accounts.num_rows - worst.num_rows:,} more: --limit, --json, -o FILE")


def _worst(accounts: RecordBatch, limit: int) -> RecordBatch:
    """By status, the worst first, then by margin ratio; where there is none, by equity and before the others."""
    table = pa.table(accounts)
    rank = compute.index_in(plain_ids(table["status"]), value_set=pa.array(list(STATUS_WORDS)))
    ratio = compute.fill_null(table["margin_ratio"], float("inf"))
    keys = pa.table({"rank": rank, "ratio": ratio, "equity": table["equity"]})
    order = compute.sort_indices(
        keys, sort_keys=[("rank", "ascending"), ("ratio", "descending"), ("equity", "ascending")]
    )
    return one_batch(table.take(order.slice(0, limit)))


def _statuses(result: Assessment) -> set[str]:
    return {
        status
        for batch in (result.accounts, result.isolated)
        for status in compute.unique(plain_ids(batch.column("status"))).to_pylist()
    }

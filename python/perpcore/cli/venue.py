"""`perpcore venue run FILE`: a file of commands through a venue."""

from __future__ import annotations

import tomllib
from collections import Counter
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import click

from .._core import Rulebook
from .._tables import compute, pa
from ..venue import Venue
from .output import json_text, show_rows, write_output
from .source import load_rulebook
from .stream import SLICE, carried_out, read_commands

__all__ = ["venue"]

_SLICE = SLICE
_FILE = click.Path(dir_okay=False, path_type=Path)
# The venue's own accounts, as the ledger names them; clients are told together.
_HOUSES = ("fund", "fees", "converter", "rounding")
# No sum of notionals is cut: 10¹⁷ at 16 decimals, a trillion times.
_DIGITS = 60


@click.group()
def venue() -> None:
    """Whole venues."""


@venue.command()
@click.argument("commands", type=_FILE)
@click.option("-r", "--rulebook", "rules", required=True, metavar="PRESET|FILE", help="The rules.")
@click.option("-o", "--output", type=_FILE, help="Write the events (.parquet, .arrow, .feather, .csv).")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def run(commands: Path, rules: str, output: Path | None, as_json: bool) -> None:
    """Carry out the commands in a file, as `schema("commands")` has them, and tell what they did.

    Exit 1 where something was lost (money, positions), 2 where the file is none of commands. Commands that are rejected
    are told, and are no finding.
    """
    rulebook = load_rulebook(rules)
    table = read_commands(commands)
    made = Venue(rulebook)
    events = carried_out(made.apply, table, _SLICE)
    with localcontext(prec=_DIGITS):
        told = _summary(made, len(table), events)
    if output is not None:
        write_output(events, output)
    if as_json:
        click.echo(json_text(told))
    else:
        _show(told)
    if told["lost"]:
        raise click.exceptions.Exit(1)


def _summary(made: Venue, commands: int, events: Any) -> dict[str, Any]:
    def of(column: str, word: str) -> Any:
        return events.filter(compute.equal(events[column].cast(pa.string()), word))

    return {
        "commands": commands,
        "accounts": made.accounts().num_rows,
        "events": dict(Counter(events["kind"].to_pylist())),
        "rejected": dict(Counter(of("kind", "rejected")["code"].to_pylist())),
        "trades": len(of("kind", "filled")),
        "volume": _volume(made.rules, of("kind", "filled")),
        "fees": -sum(of("rule", "ledger.fee")["amount"].to_pylist(), Decimal(0)),
        "ledger": _totals(made),
        "lost": made.verify(),
        "digest": made.digest,
    }


def _volume(rules: Rulebook, trades: Any) -> dict[str, dict[str, Decimal]]:
    """By instrument the contracts that were traded, and what they were worth: at the size that they have at the end."""
    declared = tomllib.loads(rules.to_toml(), parse_float=Decimal)["instrument"]
    found: dict[str, dict[str, Decimal]] = {}
    columns = (trades[name].to_pylist() for name in ("instrument", "quantity", "price"))
    for instrument, quantity, price in zip(*columns, strict=True):
        size = Decimal(str(declared[instrument].get("contract_size", 1)))
        volume = found.setdefault(instrument, {"contracts": Decimal(0), "notional": Decimal(0)})
        volume["contracts"] += abs(quantity)
        volume["notional"] += abs(quantity) * size * price
    return found


def _totals(made: Venue) -> list[dict[str, Any]]:
    """The ledger, clients together."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    rows = made.ledger().to_pylist()
    # A client may not have the name of one of the venue's own.
    for row in rows:
        holder = row["account"] if row["account"] in _HOUSES else "clients"
        total = found.setdefault(
            (holder, row["asset"]), {"account": holder, "asset": row["asset"], "amount": Decimal(0), "held": Decimal(0)}
        )
        total["amount"] += row["amount"]
        total["held"] += row["held"]
    return list(found.values())


def _show(told: dict[str, Any]) -> None:
    click.echo(f"{told['commands']:,} commands, {told['accounts']:,} accounts, {told['trades']:,} trades")
    rows = [{"event": kind, "code": None, "count": count} for kind, count in told["events"].items()]
    rows += [{"event": "rejected", "code": code, "count": count} for code, count in told["rejected"].items()]
    show_rows(sorted(rows, key=lambda row: (row["event"], row["code"] or "")), ("event", "code", "count"))
    if told["volume"]:
        volumes = [{"instrument": name, **volume} for name, volume in sorted(told["volume"].items())]
        show_rows(volumes, ("instrument", "contracts", "notional"), title=f"volume, fees {told['fees']:,.2f}")
    if told["ledger"]:
        show_rows(told["ledger"], ("account", "asset", "amount", "held"), title="ledger")
    for line in told["lost"]:
        click.echo(f"lost: {line}")
    if not told["lost"]:
        click.echo("nothing was lost: money by asset and positions add up")
    click.echo(f"digest {told['digest']}")

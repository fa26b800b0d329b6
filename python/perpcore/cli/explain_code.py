"""`perpcore explain-code CODE`: what an error code means."""

from __future__ import annotations

import difflib

import click

from .. import _core
from .output import BadInput

__all__ = ["explain_code"]


@click.command("explain-code")
@click.argument("code")
def explain_code(code: str) -> None:
    """Say what the error CODE (its name or its number) means and what would be accepted."""
    entries = _core.describe()["errors"]
    found = next((entry for entry in entries if code in (entry["name"], str(entry["number"]))), None)
    if found is None:
        near = difflib.get_close_matches(code, [entry["name"] for entry in entries], n=1)
        raise BadInput(f"no such code: {code}" + (f"; did you mean {near[0]}?" if near else ""))
    click.echo(f"{found['number']} {found['name']}  ({found['class']})")
    click.echo(f"  what      {found['text']}")
    click.echo(f"  accepted  {found['accepted']}")

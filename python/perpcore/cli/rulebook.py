"""`perpcore rulebook new | check | show | diff | schema`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from .. import _core
from .._core import Rulebook
from ..errors import RulebookError
from .output import BadInput, json_text
from .source import load_rulebook

__all__ = ["rulebook"]


@click.group()
def rulebook() -> None:
    """Start, check, read and compare rulebooks. A rulebook is named by preset or by path."""


@rulebook.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--extends", default="hk-vatp-perp", show_default=True, help="The preset that it changes.")
def new(file: Path, extends: str) -> None:
    """Write a commented starter FILE that extends a preset. An existing file is left alone."""
    preset = Rulebook.preset(extends)
    try:
        with file.open("x", encoding="utf-8") as sink:
            sink.write(_starter(file.stem, preset))
    except FileExistsError as error:
        raise BadInput(f"{file}: exists already") from error
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from error
    click.echo(f"wrote {file}; next: perpcore rulebook check {file}")


@rulebook.command()
@click.argument("file")
def check(file: str) -> None:
    """Tell everything that is wrong with a rulebook, as FILE:line:column. Exit 1 if anything is."""
    try:
        rules = load_rulebook(file)
    except RulebookError as error:
        click.echo(str(error))
        raise click.exceptions.Exit(1) from error
    click.echo(f"{rules.name or file} version {rules.version}: in order, digest {rules.digest}")


@rulebook.command()
@click.argument("rules", metavar="RULEBOOK")
@click.argument("path", required=False)
def show(rules: str, path: str | None) -> None:
    """Show RULEBOOK with everything that it extends written out, or the value at PATH and where it comes from.

    PATH is dotted, as instrument.BTC-PERP.tiers.
    """
    found = load_rulebook(rules)
    if path is None:
        click.echo(found.to_toml().rstrip())
        return
    value: Any = tomllib.loads(found.to_toml(), parse_float=Decimal)
    for part in _parts(path):
        if not isinstance(value, dict) or part not in value:
            raise BadInput(f"{path}: no such value in {found.name or rules}")
        value = value[part]
    for dotted, leaf in _leaves(path, value):
        click.echo(f"{dotted} = {_toml(leaf)}")
    click.echo(f"source: {found.source(path) or 'none given'}")


@rulebook.command()
@click.argument("before")
@click.argument("after")
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
def diff(before: str, after: str, as_json: bool) -> None:
    """List what differs between two rulebooks, by path, and what of it loosens. Exit 1 if anything differs.

    What is not known to tighten loosens.
    """
    left, right = load_rulebook(before), load_rulebook(after)
    columns = ("path", "before", "after", "before_source", "after_source")
    loose = {change.path for change in left.loosens(right)}
    changes = left.diff(right)
    rows = [{name: getattr(one, name) for name in columns} | {"loosens": one.path in loose} for one in changes]
    if as_json:
        click.echo(json_text(rows))
    for row in () if as_json else rows:
        click.echo(f"{row['path']}{'   loosens' if row['loosens'] else ''}")
        for side in ("before", "after"):
            source = row[f"{side}_source"]
            click.echo(f"  {side:<7} {row[side] or 'not set'}{f'   source: {source}' if source else ''}")
    if not rows and not as_json:
        click.echo("no difference")
    if rows:
        raise click.exceptions.Exit(1)


@rulebook.command()
def schema() -> None:
    """Print the JSON schema of rulebooks, for editors."""
    click.echo(Rulebook.schema())


def _starter(name: str, preset: Rulebook) -> str:
    """A rulebook that changes nothing yet, every value of the preset below it as a comment with its meaning."""
    docs = {field["path"]: field["doc"] for field in _core.describe()["rulebook"]}
    head = f"""\
# A rulebook of perpcore. What is not said here is that of the preset it extends.
#   perpcore rulebook check FILE        everything that is wrong with it
#   perpcore rulebook show FILE [PATH]  all values, or one and where it comes from
name    = "{name}"
extends = "{preset.name}@{preset.version}"
version = 1
source  = "who decided this, and where it is written down"

# Below is every value of {preset.name}@{preset.version}. To change one, take the # away from its line and from the
# header above it, and say why with a line `source = "…"` in the same table. Arrays are replaced as a whole.
"""
    lines, header = [], ""
    for line in preset.to_toml().splitlines():
        if line.startswith("["):
            header = line.strip("[]")
        key, equals, _ = line.partition(" = ")
        # The preset's own name and version are not the new rulebook's, nor are its sources.
        if equals and (not header or key.split(".")[-1] == "source"):
            continue
        doc = _doc(docs, f"{header}.{key}") if equals and not line.startswith(" ") else None
        lines.append(f"# {line}{f'   # {doc}' if doc else ''}".rstrip() if line else "")
    body = "\n".join(lines).strip("\n")
    return f"{head}\n{body}\n"


def _doc(docs: dict[str, str], path: str) -> str | None:
    """What the value at a path means; names stand as `*` in the declarations."""
    parts = _parts(path)
    for pattern, doc in docs.items():
        declared = pattern.split(".")
        if len(declared) == len(parts) and all(d in ("*", p) for d, p in zip(declared, parts, strict=True)):
            return doc
    return None


def _parts(path: str) -> list[str]:
    """The parts of a dotted path, read as TOML reads a key: a part may be quoted."""
    try:
        value: Any = tomllib.loads(f"{path} = 0")
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path}: not a dotted path") from error
    parts: list[str] = []
    while isinstance(value, dict):
        (part, value), *_ = value.items()
        parts.append(part)
    return parts


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, below in value.items():
            if key == "source":
                continue
            yield from _leaves(f"{path}.{key}", below)
    else:
        yield path, value


def _toml(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return json_text(value)
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case _:
            return str(value)

"""`perpcore explain-code`: what an error code, a rule or a parameter of the rulebook means."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import click

from .. import _core
from .output import BadInput

__all__ = ["explain_code"]

Entry = Mapping[str, Any]


@click.command("explain-code")
@click.argument("code")
def explain_code(code: str) -> None:
    """Say what CODE means: an error code (name or number), a rule (gate.limits), or a parameter of the rulebook.

    A parameter is a path as an event names it, instrument.BTC-PERP.limits.position, or with * for the name.
    """
    told = _core.describe()
    lines = _explained(told, code)
    if lines is None:
        names = [entry["name"] for entry in told["errors"]] + [rule["id"] for rule in told["rules"]]
        near = difflib.get_close_matches(code, names + [field["path"] for field in told["rulebook"]], n=1)
        raise BadInput(f"no such code, rule or parameter: {code}" + (f"; did you mean {near[0]}?" if near else ""))
    for line in lines:
        click.echo(line)


def _explained(told: Mapping[str, list[Entry]], name: str) -> Iterator[str] | None:
    """The lines about a name; None where nothing has it."""
    error = next((entry for entry in told["errors"] if name in (entry["name"], str(entry["number"]))), None)
    if error is not None:
        return _code(told, error)
    rule = next((entry for entry in told["rules"] if entry["id"] == name), None)
    if rule is not None:
        return _rule(told, rule)
    field = _field(told, name)
    if field is not None:
        return _parameter(told, field)
    depth = name.count(".") + 1
    section = [field for field in told["rulebook"] if re.fullmatch(_pattern(field["path"], depth), name)]
    return _section(told, section, name) if section else None


def _pattern(path: str, depth: int | None = None) -> str:
    """Matches a path, or the section at a depth; `*` stands for any one name."""
    return re.escape(".".join(path.split(".")[:depth])).replace(r"\*", r"[^.]+")


def _field(told: Mapping[str, list[Entry]], path: str) -> Entry | None:
    """The declaration of a parameter."""
    return next((field for field in told["rulebook"] if re.fullmatch(_pattern(field["path"]), path)), None)


def _code(told: Mapping[str, list[Entry]], error: Entry) -> Iterator[str]:
    yield f"{error['number']} {error['name']}  ({error['class']})"
    yield f"  what       {error['text']}"
    yield f"  accepted   {error['accepted']}"
    # What a table may have wrong in any cell is no rule of its own.
    if error["rule"] is not None and (error["class"] == "PerpcoreError" or error["rule"] != "command.form"):
        rule = next(entry for entry in told["rules"] if entry["id"] == error["rule"])
        yield f"  rule       {rule['id']}: {rule['formula']}"
        yield f"  source     {rule['source']}"
    if error["parameter"] is not None:
        field = _field(told, error["parameter"])
        yield f"  parameter  {error['parameter']}" + ("" if field is None else f": {field['doc']}")
    if error["numbers"] is not None:
        yield f"  amount     {error['numbers']['amount']}"
        yield f"  balance    {error['numbers']['balance']}"


def _rule(told: Mapping[str, list[Entry]], rule: Entry) -> Iterator[str]:
    yield rule["id"]
    yield f"  formula    {rule['formula']}"
    yield f"  source     {rule['source']}"
    for path in rule["parameters"]:
        field = _field(told, path)
        yield f"  parameter  {path}" + ("" if field is None else f": {field['doc']}")
    yield from _codes(told, "rule", rule["id"])


def _parameter(told: Mapping[str, list[Entry]], field: Entry) -> Iterator[str]:
    yield field["path"]
    yield f"  what       {field['doc']}"
    yield f"  type       {field['type']}" + (f", {field['unit']}" if field["unit"] else "")
    if field["default"]:
        yield f"  default    {field['default']}"
    for name in field["rules"]:
        rule = next(entry for entry in told["rules"] if entry["id"] == name)
        yield f"  rule       {name}: {rule['formula']}"
    yield from _codes(told, "parameter", field["path"])


def _section(told: Mapping[str, list[Entry]], fields: list[Entry], name: str) -> Iterator[str]:
    path = ".".join(fields[0]["path"].split(".")[: name.count(".") + 1])
    yield path
    for field in fields:
        yield f"  parameter  {field['path']}: {field['doc']}"
    yield from _codes(told, "parameter", path)


def _codes(told: Mapping[str, list[Entry]], key: str, value: str) -> Iterator[str]:
    """The codes that refuse by it."""
    for error in told["errors"]:
        if error[key] == value:
            yield f"  code       {error['number']} {error['name']}: {error['text']}"

"""The book of the README in files of every form, and `perpcore` run on it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

import perpcore as pc
from perpcore.cli import main

# figures by hand from the preset: tiers 500 + 1,000 + 480; 5 × 58,000 × 5 % + 500 + 58,500 × 0.05 %
BOOK: dict[str, dict[str, list[str | None]]] = {
    "positions": {
        "account": ["A-17", "B-02"],
        "instrument": ["BTC-PERP"] * 2,
        "quantity": ["4", "-1.5"],
        "cost": ["244000", "-91500"],
    },
    "balances": {"account": ["A-17", "B-02"], "asset": ["USD"] * 2, "amount": ["20000", "9000"]},
    "orders": {
        "account": ["A-17", "B-02"],
        "instrument": ["BTC-PERP"] * 2,
        "quantity": ["1", "-9"],
        "price": ["58500", "60000"],
        "reduce_only": [None, "true"],
    },
    "prices": {"symbol": ["BTC-PERP"], "price": ["58000"]},
}


def write_csv(book: Mapping[str, Mapping[str, list[Any]]], folder: Path) -> Path:
    """As a person would write it: null is an empty field."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in book.items():
        rows = zip(*columns.values(), strict=True)
        lines = [",".join(columns), *(",".join("" if v is None else str(v) for v in row) for row in rows)]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def write(book: Mapping[str, Any], folder: Path, form: str) -> Path:
    if form == "csv":
        return write_csv(book, folder)
    pc.write_book(book, folder, form)
    return folder


def run(*arguments: str | Path, **environment: str) -> Result:
    """In this process: exit code, stdout and stderr."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], env=environment or None)


def run_apart(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """As a program of its own."""
    program = Path(sys.executable).with_name("perpcore")
    return subprocess.run(
        [program, *arguments],
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )

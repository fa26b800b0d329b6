"""A stream under other names, in another order of opening, with other roles: no sum may change."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

from .rules import read_rules
from .stream_setting import NAMES, Row
from .streams import resolve, stream
from .venue import Venue

NAMED = ("account", "to_account", "client", "group")
QUIET = "dan"  # never withdraws, so that holding his withdrawals changes nothing
SWAPPED = ("gus", "hal", "dan", "cyd")  # professionals whose dates hold as long as any stream: makers as well


def plain_rows(seed: int, flavor: str, length: int) -> tuple[str, list[Row]]:
    """A stream in which no tie is decided by the order of opening, and no permission by the class."""
    text, drawn = stream(seed, flavor, length)
    model = Venue(read_rules(text))
    rows: list[Row] = []
    for row in with_much_in_the_converter(drawn):
        if is_about_roles(row):
            continue
        made = resolve(row, model)
        model.apply(made)
        rows.append(made)
    return text, rows


def with_much_in_the_converter(rows: Iterable[Row]) -> Iterable[Row]:
    """Whoever comes first has no more of it than whoever comes last."""
    for at, row in enumerate(rows):
        yield row
        if at == 0:
            for note in ("converter", "fund"):
                yield {"kind": "fund_topup", "amount": "100000000", "note": note}


def is_about_roles(row: Mapping[str, Any]) -> bool:
    """Rows that ask or set the class, or that QUIET's flag would refuse."""
    if row.get("kind") in ("set_account", "cancel_all") and "class" in row:
        return True
    if (
        row.get("kind") == "set_account"
        and row["account"] in SWAPPED
        and {"investor_until", "knowledge_until"} & set(row)
    ):
        return True
    return row.get("account") == QUIET and row.get("kind") in ("withdraw", "transfer", "fund_topup", "hold")


def renaming(rng: random.Random) -> dict[str, str]:
    """A bijection of the names of accounts, clients and groups."""
    names = [*NAMES, *(f"new{at}" for at in range(6)), "k1", "k2", "k3", "g1", "g2"]
    others = [f"z{at}" for at in range(len(names))]
    rng.shuffle(others)
    return dict(zip(names, others, strict=True))


def transformed(rows: Iterable[Row], names: Mapping[str, str], rng: random.Random) -> list[Row]:
    """The same stream otherwise."""
    renamed = [rename(row, names) for row in rows]
    first = next(at for at, row in enumerate(renamed) if row["kind"] not in ("open_account", "fund_topup"))
    opening = renamed[:first]
    time = opening[0].pop("time")
    rng.shuffle(opening)
    for row in opening:
        if row.get("account") in {names[one] for one in SWAPPED}:
            row["class"] = "market_maker" if row.get("class") in (None, "professional") else "professional"
    opening[0]["time"] = time
    hold = {"kind": "hold", "account": names[QUIET], "flags": "no_withdraw"}
    return [*opening, hold, *renamed[first:]]


def rename(row: Row, names: Mapping[str, str]) -> Row:
    """Every column that names somebody."""
    return {name: names.get(value, value) if name in NAMED else value for name, value in row.items()}


def sums(rows: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> list[tuple[Any, ...]]:
    """Rows of ledger or positions under the other names, in any order."""
    return sorted(
        tuple(names.get(value, value) if name in NAMED else value for name, value in sorted(row.items()))
        for row in rows
    )


def facts(events: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> list[str]:
    """What happened at one command, in any order, without numbers, roles, and who was the first to block."""
    left_out = ("seq", "cause", "cls", "other_cls", "class", "other_class", "time")
    return sorted(
        str(
            sorted(
                (name, names.get(str(value), value) if name in ("account", "other_account") else value)
                for name, value in event.items()
                if value is not None
                and name not in left_out
                and not (name == "account" and event["kind"] == "settlement_deferred")
            )
        )
        for event in events
    )

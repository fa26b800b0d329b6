"""Random streams of commands: a function of seed, flavor and length only.

What a stream cannot know (which orders are open) it says as a `Pick`; `resolve` makes the row of it against the state
of the model, so a stream with the model is as good as a file.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import (
    stream_controls,
    stream_halts,
    stream_inventory,
    stream_liquidation,
    stream_liquidation_rules,
    stream_people,
    stream_rows,
)
from .stream_changes import Proposal, proposed
from .stream_rules import RULEBOOKS
from .stream_setting import SECOND, Pick, Row, Setting

if TYPE_CHECKING:
    from .state import State

OF_CONTROLS = {**stream_controls.MAKERS, **stream_halts.MAKERS}
MAKERS = {**stream_rows.MAKERS, **stream_people.MAKERS, **OF_CONTROLS}
MAKERS |= {**stream_liquidation.MAKERS, **stream_inventory.MAKERS}

# kind of a row: weight; what is not named has that of `base`
BASE = {
    "quote_both": 10, "place": 40, "market": 6, "reduce": 6, "amend": 6, "cancel": 6, "cancel_all": 0.7, "mark": 8,
    "index": 2, "asset_index": 0.7, "deposit": 2, "withdraw": 1, "confirm": 0.7, "release": 0.4, "transfer": 0.7,
    "margin": 1, "topup": 0.4, "hold": 0.6, "set_account": 0.8, "leverage": 0.5, "open_account": 0.2,
    "close_account": 0.2, "disconnect": 0.3, "deadman": 0.4, "phase": 0.15, "halt": 0.1, "resume": 0.3, "open": 0.4,
    "restart": 0.05, "shock": 0.2, "bad_price": 0.2, "trigger": 3, "repeat": 1.5, "fault": 0.6, "back": 0.2,
    "advance": 2, "settle": 0.1, "isolated": 4, "slots": 0.5, "quote": 0.2,
    "top": 0.1, "post_only": 2, "fok": 1.5,
}  # fmt: skip
FLAVORS: dict[str, dict[str, float]] = {
    "trading": {"place": 60, "market": 10, "amend": 12, "cancel": 8, "trigger": 6, "fok": 4, "post_only": 5},
    "money": {"deposit": 12, "withdraw": 14, "confirm": 8, "release": 4, "transfer": 10, "margin": 8, "topup": 2},
    "shocks": {"shock": 6, "bad_price": 3, "mark": 25, "asset_index": 5, "index": 6, "restart": 0.3},
    "phases": {"phase": 4, "halt": 2, "resume": 3, "open": 5, "restart": 1, "settle": 2, "standstill": 1},
    "isolated": {"isolated": 40, "place": 15, "margin": 12, "leverage": 6, "reduce": 15, "shock": 1.5},
    "people": {"hold": 8, "set_account": 8, "open_account": 2, "close_account": 3, "disconnect": 3, "deadman": 4},
    "time": {"advance": 12, "slots": 8, "quote_both": 40, "place": 30, "mark": 15},
    "faults": {"fault": 25, "repeat": 12, "back": 3},
    "quotes": {"quote": 40, "top": 1, "place": 25, "market": 8, "halt": 0.5, "restart": 0.3, "shock": 0.1},
    "mixed": {},
    "families": {
        "burst": 20,
        "hedge": 6,
        "family": 8,
        "newcomer": 3,
        "close_account": 1,
        "halted": 1,
        "let_go": 1,
        "release": 6,
    },
    "halts": {
        "halted": 5,
        "twice": 4,
        "let_go": 8,
        "standstill": 2,
        "release": 3,
        "restart": 0.4,
        "trigger": 8,
        "newcomer": 1,
        "family": 1,
    },
    "proofs": {"proof": 16, "advance": 6, "trigger": 4, "restart": 0.1, "set_account": 3},
    "breakers": {"churn": 40, "release": 25, "deposit": 6, "withdraw": 3, "confirm": 3, "transfer": 3, "index": 5},
    "rulebooks": {
        "ambush": 2,
        "propose": 12,
        "close_down": 3,
        "approve": 5,
        "advance": 5,
        "ada": 6,
        "release": 5,
        "open": 5,
        "resume": 3,
    },
    "closings": {"closing": 0.4, "ada": 3, "propose": 1, "release": 4, "approve": 2, "open": 3, "index": 8},
    "controls": dict.fromkeys(OF_CONTROLS, 2) | {"closing": 0.1, "halted": 1, "let_go": 3, "churn": 6},
    **stream_liquidation.FLAVORS,
}
UNWELL = {"quotes": 0.03, "crashes": 0.08}  # how often sources are told anew
CONTROLS = ("families", "halts", "proofs", "breakers", "rulebooks", "closings", "controls")


def rulebook_of(seed: int, flavor: str) -> str:
    """The name of the rulebook of a seed."""
    if flavor in stream_liquidation.FLAVORS:
        return stream_liquidation_rules.name_of(seed, flavor)
    if flavor in CONTROLS:
        return ("controlled", "free", "controlled", "free", "opened")[seed % 5]
    return "sourced" if flavor == "quotes" else ("strict", "lenient")[seed % 2]


def stream(seed: int, flavor: str, length: int) -> tuple[str, Iterator[Row]]:
    """The text of a rulebook, and rows with picks."""
    name = rulebook_of(seed, flavor)
    if flavor in stream_liquidation.FLAVORS:
        return stream_liquidation_rules.rulebook(seed, flavor), drawn(seed, flavor, length, name)
    return RULEBOOKS[name], drawn(seed, flavor, length, name)


def drawn(seed: int, flavor: str, length: int, rulebook: str) -> Iterator[Row]:
    """The rows that set a venue up, then random ones."""
    rng = random.Random(f"{seed} {flavor}")
    setting = Setting(rng, flavor, rulebook, ("USD", "HKD", "BTC", "XYZ"))
    if setting.lenient:
        setting.assets = ("USDT", "USDC", "BTC")
    count = 0
    for row in stream_rows.set_up(setting):
        count += 1
        yield row
    weights = BASE | FLAVORS[flavor]
    kinds, shares = list(weights), list(weights.values())
    while count < length:
        for row in burst(setting, rng.choices(kinds, shares)[0]):
            count += 1
            yield row


def burst(setting: Setting, kind: str) -> Iterator[Row]:
    """One or more rows of a kind; the first of them with a time, mostly."""
    rng = setting.rng
    advance(setting, kind)
    for at, row in enumerate(MAKERS[kind](setting)):
        if at == 0 and "time" not in row and rng.random() < 0.8:
            row["time"] = setting.time
        if row["kind"] == "place" and "client_id" in row:
            setting.placed = [*setting.placed[-9:], row]
        yield {name: value for name, value in row.items() if value is not None}
    if setting.flavor in ("quotes", "crashes") and not setting.unhealthy and rng.random() < UNWELL[setting.flavor]:
        setting.unhealthy = 3  # sources go stale by themselves
    if setting.unhealthy:
        setting.unhealthy -= 1
        if setting.unhealthy == 0:
            yield from well_again(setting)


def well_again(setting: Setting) -> Iterator[Row]:
    """Prices that may be used, and trading. A told index goes on when it is told again, a made one on a quorum."""
    still = sorted(setting.still)
    setting.still.clear()
    for underlying in still:
        yield {"kind": "resume", "underlying": underlying}
    yield from stream_rows.tell_all(setting)
    if setting.sourced and "BTC" in still:
        yield {"kind": "resume", "underlying": "BTC"}
    yield {"kind": "resume"}
    yield from stream_people.open_again(setting)


def advance(setting: Setting, kind: str) -> None:
    """Time passes: mostly little."""
    rng = setting.rng
    steps: tuple[tuple[int, float], ...] = (
        (0, 30),
        (10**6, 20),
        (SECOND // 3, 20),
        (7 * SECOND, 10),
        (61 * SECOND, 4),
        (301 * SECOND, 1),
    )
    if setting.flavor in ("quotes", "crashes"):  # sources are stale soon
        steps = ((0, 40), (10**6, 20), (SECOND // 3, 25), (2 * SECOND, 5), (13 * SECOND, 1), (130 * SECOND, 0.3))
    step = rng.choices([span for span, _ in steps], [weight for _, weight in steps])[0]
    if kind == "advance":
        step = rng.choice((SECOND, 300 * SECOND, 1_200 * SECOND, 3_600 * SECOND))
        if setting.flavor == "time":
            step = rng.choice((300, 3_600, 7_200, 30_000)) * SECOND
    before = setting.time
    setting.time += step * rng.randint(1, 3)
    if kind == "advance" and rng.random() < 0.5:
        setting.time = max(before, setting.time - setting.time % (300 * SECOND))  # onto a slot


def resolve(row: Row, state: State) -> Row:
    """The row with its picks made, against the state of the model."""
    if isinstance(row.get("rulebook"), (Proposal, Pick)):
        return row | {"rulebook": rulebook_cell(row["rulebook"], state)}
    picked = {name: value for name, value in row.items() if isinstance(value, Pick)}
    if not picked:
        return row
    made = dict(row)
    for name, pick in picked.items():
        if pick.of == "withdrawal":
            pending = list(state.withdrawals)
            made[name] = pending[int(pick.which * len(pending))] if pending else 999
            continue
        book = state.books.get(row["instrument"])
        live = [] if book is None else list(book.open.values())
        if not live or pick.which > 0.97:
            made[name] = 5_000_000
            continue
        order = live[int(pick.which * len(live))]
        made[name] = order.number
        if pick.change is not None:
            made |= stream_rows.changed(order, pick)
    return made


def rulebook_cell(value: Proposal | Pick, state: State) -> str:
    """A text or a digest."""
    if isinstance(value, Proposal):
        return proposed(state, value)
    waiting = state.controls.waiting
    return state.rules.digest if value.of == "in force" or waiting is None else waiting.rules.digest

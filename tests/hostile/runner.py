"""Runs attacks in a process of its own, so that a crash is a finding.

`python -m tests.hostile.runner attacks FIRST STEP` runs every STEP-th attack from the FIRST on,
`python -m tests.hostile.runner mutations FIRST LAST` the mutations of these seeds,
`commands FIRST LAST` those of commands, `venue FIRST LAST` of those to a venue, `prices FIRST LAST` those of prices.
Each line of output is one outcome.
Before an attempt its name is written, so the name without an outcome is what ended the process.
"""

import faulthandler
import gc
import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
from tests.hostile import mutations
from tests.hostile.arrow_c import Batch, Node, Offer
from tests.hostile.attack import HONEST, Attack
from tests.hostile.attacks import all_attacks
from tests.hostile.book import (
    OF_VENUE,
    assess,
    book,
    figures,
    honest,
    honest_commands,
    honest_prices,
    honest_venue,
    priced,
    state,
    venue,
)
from tests.hostile.lies_about_tables import KEPT

import perpcore as pc

# What was not tampered with, once for all attempts.
_OFFERS = {name: Batch(node) for name, node in HONEST.items()}
PLAIN = {name: pa.record_batch(offer) for name, offer in _OFFERS.items()}


# Who carries commands out, made anew for every attempt.
CARRIERS: dict[str, Callable[[], pc.OrderBook | pc.Venue]] = {"commands": book, OF_VENUE: venue}


def applied(name: str, commands: Any) -> tuple[str, list[tuple[int, str]]]:
    """What commands do, and which of them are rejected. A table that is refused must change nothing."""
    played = CARRIERS[name]()
    before, first = state(played), played._core.counts()[2 if name == "commands" else 0]
    try:
        events = played.apply(commands).to_pylist()
    except (pc.errors.SchemaError, pc.errors.InputError):
        if state(played) != before:
            raise AssertionError("a refused table changed the state") from None
        # Nor what the book does next: ids may still be of either kind, causes are counted from where they were.
        if repr((played.apply(PLAIN[name]).to_pylist(), state(played))) != CARRIED_OUT[name]:
            raise AssertionError("a refused table changed what comes next") from None
        raise
    rejected = [(event["cause"] - first, event["code"]) for event in events if event["kind"] == "rejected"]
    return repr((events, state(played))), rejected


CARRIED_OUT = {name: applied(name, PLAIN[name])[0] for name in CARRIERS}
PRICED = {name: priced(name, PLAIN[name]) for name in honest_prices()}


def outcome(tables: dict[str, Any], options: dict[str, Any], slack: int = 0) -> dict[str, Any]:
    """What became of one call, with everything it left behind."""
    given = {
        name: (PLAIN[name] if table == HONEST.get(name) else Batch(table, slack=slack))
        if isinstance(table, Node)
        else table
        for name, table in tables.items()
    }
    started = time.perf_counter()
    try:
        told: dict[str, Any] = {"end": "accepted"}
        if carried := given.keys() & CARRIERS.keys():
            (name,) = carried
            told["figures"], told["rejected"] = applied(name, given[name])
        elif given.keys() <= PRICED.keys():
            told["figures"] = {name: priced(name, table) for name, table in given.items()}
        else:
            told["figures"] = figures(assess(given, **options))
    except (pc.errors.SchemaError, pc.errors.InputError) as error:
        told = {"end": "refused", "class": type(error).__name__, "text": str(error)[:300], "length": len(str(error))}
        told |= {name: getattr(error, name) for name in ("code", "table", "column", "row", "value", "accepted")}
        told["problems"] = error.problems.num_rows
        traceback.clear_frames(error.__traceback__)
    except pc.errors.InternalError as error:
        told = {"end": "panic", "text": str(error)[:300]}
    except Exception as error:  # noqa: BLE001
        told = {"end": "other", "text": f"{type(error).__name__}: {error}"[:300]}
    except BaseException as error:  # noqa: BLE001
        told = {"end": "panic", "text": f"{type(error).__name__}: {error}"[:300]}
    told["seconds"] = time.perf_counter() - started
    offers = {id(one): one for one in (*given.values(), *KEPT) if isinstance(one, Offer)}
    if any(offer.unsettled() for offer in offers.values()):
        gc.collect()
    told["releases"] = [fault for offer in offers.values() for fault in offer.settle()]
    KEPT.clear()
    return told


def verdict(attack: Attack, told: dict[str, Any], wanted: Any) -> str | None:
    """What is wrong with an outcome."""
    if told["releases"]:
        return f"releases: {told['releases']}"
    end = told["end"]
    if end == "accepted":
        if attack.wanted == "rejected":
            wrong = f"rejected: {told['rejected']}"
            rows = range(len(told["rejected"]) or 1) if attack.row is None else [attack.row]
            return None if told["rejected"] == [(row, attack.code) for row in rows] else wrong
        if attack.wanted == "accepted" or (attack.wanted == "same" and told["figures"] == wanted):
            return None
        return "silently accepted" if attack.wanted == "refused" else "other figures"
    if end != "refused" or attack.wanted != "refused":
        return f"{end}: {told['text']}"
    for name in ("table", "column", "code", "row"):
        meant = getattr(attack, name)
        if name == "table":
            # Quotes have two forms.
            meant = meant.partition(" ")[0]
        if meant is not None and told[name] != meant:
            return f"{name} {told[name]!r}: {told['text']}"
    if not (told["code"] and told["accepted"] and told["problems"]) or told["length"] > 1_500:
        return f"attributes: {told['code']}, {told['accepted']}, {told['length']} characters"
    return None


def run_attacks(first: int, step: int) -> Iterator[tuple[str, dict[str, Any], str | None]]:
    wanted = figures(assess({name: PLAIN[name] for name in honest()}))
    for at, attack in enumerate(all_attacks()):
        if at % step != first % step or at < first:
            continue
        begin(at, attack.name)
        told = outcome(attack.make(), attack.options)
        untouched: Any = CARRIED_OUT.get(attack.table, wanted)
        if attack.table in PRICED:
            untouched = {attack.table: PRICED[attack.table]}
        yield attack.name, told, verdict(attack, told, untouched)


def run_mutations(first: int, last: int) -> Iterator[tuple[str, dict[str, Any], str | None]]:
    wanted = figures(assess({name: PLAIN[name] for name in honest()}))
    for seed in range(first, last):
        what, tables, harmless = mutations.mutated(seed)
        yield mutation(seed, what, tables, harmless, wanted, {"extra": "ignore"} if seed % 4 == 0 else {})


def run_commands(first: int, last: int) -> Iterator[tuple[str, dict[str, Any], str | None]]:
    for seed in range(first, last):
        what, tables, harmless = mutations.mutated(seed, honest_commands)
        yield mutation(seed, what, tables, harmless, CARRIED_OUT["commands"], {})


def run_venue(first: int, last: int) -> Iterator[tuple[str, dict[str, Any], str | None]]:
    for seed in range(first, last):
        what, tables, harmless = mutations.mutated(seed, honest_venue)
        yield mutation(seed, what, tables, harmless, CARRIED_OUT[OF_VENUE], {})


def run_prices(first: int, last: int) -> Iterator[tuple[str, dict[str, Any], str | None]]:
    for seed in range(first, last):
        what, tables, harmless = mutations.mutated(seed, honest_prices)
        yield mutation(seed, what, tables, harmless, PRICED, {})


def mutation(
    seed: int, what: str, tables: dict[str, Any], harmless: bool, wanted: Any, options: dict[str, Any]
) -> tuple[str, dict[str, Any], str | None]:
    begin(seed, what)
    told = outcome(tables, options, slack=mutations.SLACK)
    wrong = f"releases: {told['releases']}" if told["releases"] else None
    if told["end"] == "accepted":
        told["end"] = "same figures" if told["figures"] == wanted else "other figures"
        if told["end"] == "other figures" and not harmless:
            wrong = "silently accepted"
    elif told["end"] != "refused":
        wrong = f"{told['end']}: {told['text']}"
    return what, told, wrong


def begin(at: int, name: str) -> None:
    print(json.dumps({"at": at, "name": name}), flush=True)


def main() -> None:
    faulthandler.enable()
    # Structures are built by recursion here, and some are 10,000 deep.
    sys.setrecursionlimit(200_000)
    runs = {
        "attacks": run_attacks,
        "mutations": run_mutations,
        "commands": run_commands,
        "venue": run_venue,
        "prices": run_prices,
    }
    which = runs[sys.argv[1]]
    for name, told, wrong in which(int(sys.argv[2]), int(sys.argv[3])):
        print(json.dumps({"done": name, "end": told["end"], "wrong": wrong, "seconds": told["seconds"]}), flush=True)


if __name__ == "__main__":
    main()

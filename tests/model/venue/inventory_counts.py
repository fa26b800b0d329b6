"""How often what concerns the fund's inventory happens in streams, in the model alone.

`python -m tests.model.venue.inventory_counts [--seeds 20] [--from 0] [--length 500] [--flavor inventories]`
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from typing import Any

from . import changes, inventory
from .accounts import FUND
from .dry_run import buckets
from .liquidation_unwind import MINUTE
from .rules import read_rules
from .streams import FLAVORS, resolve, stream
from .venue import Venue

Event = dict[str, Any]


def of_event(venue: Venue, event: Event) -> Iterator[str]:
    """What an event is an example of."""
    kind, rule, account, other = (event.get(name) for name in ("kind", "rule", "account", "other_account"))
    note = ":isolated" if event.get("note") == "isolated" else ""
    mode = "none" if venue.rules.liquidation is None else venue.rules.liquidation.mode
    held = inventory.find(venue) is not None
    if kind == "backstop_fill" and other == FUND:
        yield f"taken{note}"
    elif kind == "liquidation_step" and account == FUND:
        yield f"unwound, mode {mode}" if rule == "liquidation.fund" else f"round of it: {rule}, mode {mode}"
        if rule == "liquidation.book":
            yield f"round of it: {event['before']} {event['code']}"
    elif kind == "liquidation_step" and mode == "take":
        yield f"{rule}{note} after {event['code']}{' flat' if event.get('quantity') is None else ''}, mode take"
    elif kind == "filled" and account == FUND:
        yield "fill of it"
    elif kind == "posting" and account == FUND:
        yield f"{'pays' if event['amount'] < 0 else 'gets'} {rule}"
    elif kind in ("adl", "last_resort") and FUND in (account, other):
        who = "of it" if other == FUND or other is None else "to it"
        yield f"{kind} {who}{'' if event.get('quantity') else ', cut'}"
    elif kind == "fund_draw" and held:
        yield f"draw {rule}, mode {mode}{' ' + event['code'] if event.get('code') else ''}"
    elif kind in ("fund_low", "fund_depleted", "fund_unavailable", "settlement_deferred"):
        yield f"{kind}{' of it' if account == FUND else ''}, mode {mode}"
    elif kind == "rejected" and event["code"] == "rulebook_forces":
        yield "rulebook_forces"


def of_command(venue: Venue, before: Event | None) -> Iterator[str]:
    """What is so after a command."""
    events, found = venue.events, inventory.find(venue)
    for at, event in enumerate(events):
        if event["kind"] == "fund_low" and (at == 0 or events[at - 1]["kind"] != "fund_draw"):
            yield "fund_low by its payment"
    if found is None:
        return
    held = [name for (name, _), own in found.positions.items() if own.quantity]
    yield f"commands with {len(held)} positions"
    if not held and any(own.cost for own in found.positions.values()):
        yield "flat, and something unsettled"
    if any(amount for asset, amount in venue.ledger.house[FUND].items() if asset != venue.rules.settlement):
        yield "other assets beside it"
    for step, draw in zip(events, events[2:], strict=False):
        flat = step["kind"] == "liquidation_step" and step.get("quantity") is None
        if flat and draw["kind"] == "fund_draw" and draw["balance"] > 0 and draw["amount"] < -step["amount"]:
            yield "cover within its margin"
    if (FUND, None) in venue.liquidations.waiting:
        yield "waits"
    if held and any(not venue.may_use(name) for name in held):
        yield "a mark of it may not be used"
    at_minutes = [event for event in events if event["time"] % MINUTE == 0]
    steps = Counter(event["time"] for event in at_minutes if is_unwinding(event))
    yield from ("two instruments in one minute" for count in steps.values() if count > 1)
    times = [event["time"] for event in at_minutes if event["kind"] == "triggered"]
    yield from ("trigger in a minute of unwinding" for time in times if time in steps)
    if before is not None and before["after"] != before["before"]:
        yield "row of it in a dry run"


def is_unwinding(event: Event) -> bool:
    """A step of it outside of rounds."""
    return (event["kind"], event.get("account"), event.get("rule")) == ("liquidation_step", FUND, "liquidation.fund")


def dry_row(venue: Venue, row: Event) -> Event | None:
    """What a rulebook that is proposed would do to it."""
    found = inventory.find(venue)
    rules = changes.read(venue, row["rulebook"]) if row.get("kind") == "activate_rulebook" and found else None
    return None if rules is None or found is None else next(buckets(venue, rules, found))


def counted(seed: int, flavor: str, length: int) -> Counter[str]:
    """One stream."""
    text, rows = stream(seed, flavor, length)
    venue, found = Venue(read_rules(text)), Counter[str]()
    for row in rows:
        made = resolve(row, venue)
        before = dry_row(venue, made)
        for event in venue.apply(made):
            found.update(of_event(venue, event))
        found.update(of_command(venue, before))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--length", type=int, default=500)
    parser.add_argument("--flavor", choices=FLAVORS, default="inventories")
    asked = parser.parse_args()
    found = [counted(seed, asked.flavor, asked.length) for seed in range(asked.first, asked.first + asked.seeds)]
    total = sum(found, Counter[str]())
    for name in sorted(total):
        print(f"{name:70} {total[name]:6} in {sum(name in one for one in found):3} streams")


if __name__ == "__main__":
    main()

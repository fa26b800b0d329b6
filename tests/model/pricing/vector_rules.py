"""Each rule of pricing.json: from the inputs of a case to what must come out, in comparable form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from ..grid import GRID, read_number
from .ema import Ema
from .exact import rounded
from .funding import funding_rate, premium, settle
from .impact import impact
from .index import Voice, choose, index_value
from .mark import (
    banded,
    carried,
    fair_basis,
    impact_basis,
    is_tight,
    median3,
    of_the_book,
    with_basis,
)
from .quotes import Feed, fault_of, live_price
from .rules import HOUR, SECOND, Contract, IndexRules, Source
from .states import Market

Given = Mapping[str, Any]


def seconds(text: str) -> int:
    """A time in seconds, exact."""
    return int(Fraction(text) * SECOND)


def optional(text: str | None) -> int | None:
    """A number that may be absent."""
    return None if text is None else read_number(text)


def whole(units: int | None) -> Fraction | None:
    """Grid units in whole ones."""
    return None if units is None else Fraction(units, GRID)


def of_index_value(given: Given) -> dict[str, Any]:
    """Sources as they stand at `now`; one without an arrival arrived now."""
    now = seconds(given["now"])
    rules = IndexRules()
    feeds: dict[str, Feed] = {}
    voices: list[Voice] = []
    out: dict[str, str] = {}
    for entry in given["sources"]:
        sent, arrived = seconds(entry["time"]), seconds(entry.get("arrival", given["now"]))
        price = read_number(entry["price"])
        source = Source(entry["id"], entry["group"], read_number(entry["weight"]))
        feeds[source.id] = Feed(fault_of(Fraction(price)), price, sent, arrived, arrived)
        found, reason = live_price(source, feeds, rules, now)
        if found is None:
            out[source.id] = str(reason)
        else:
            voices.append(Voice(source.id, source.group, source.weight, source.rank, found))
    choice = choose(voices, [0], rules)
    value = index_value(choice.counted, rules)
    return {"value": whole(value), "live_groups": choice.groups, "out": out | dict.fromkeys(choice.beyond, "beyond")}


def of_index_state(given: Given) -> dict[str, Any]:
    """A sample without `groups` is the passing of time, or a command."""
    market = Market(IndexRules(), given["start"])
    states: list[str] = []
    held: list[Fraction | None] = []
    for sample in given["samples"]:
        now = seconds(sample["time"])
        market.time_passes(now)
        if "command" in sample:
            {"halt": market.halt, "resume": market.resume, "restart": market.restart}[sample["command"]](now)
        elif "groups" in sample:
            market.sample(now, optional(sample["value"]), sample["groups"])
        states.append(market.state)
        held.append(whole(market.held))
    return {"states": states, "held_values": held}


def of_settle_price(given: Given) -> dict[str, Any]:
    """Samples of a live market, then requests."""
    market = Market(IndexRules(), "live")
    for time, value, groups in given["samples"]:
        market.time_passes(seconds(time))
        market.sample(seconds(time), read_number(value), groups)
    prices = [
        market.settle_price(seconds(each["time"]), optional(each.get("price")), each.get("approval", False))
        for each in given["requests"]
    ]
    return {"prices": [whole(price) for price in prices]}


def of_impact(given: Given) -> dict[str, Any]:
    """Levels, best first."""
    levels = [(read_number(price), read_number(quantity)) for price, quantity in given["levels"]]
    price = impact(levels, read_number(given["notional"]))
    return {"price": whole(price), "thin": price is None}


def of_median3(given: Given) -> dict[str, Any]:
    """The basis samples, the book and the average of the mid as they stand."""
    index, rules = read_number(given["index"]), Contract(IndexRules(), 0, 0)
    left, every = int(Fraction(given["t_left"]) * HOUR), int(Fraction(given["T"]) * HOUR)
    last = optional(given["last"]) if seconds(given["last_age"]) <= rules.last_for else None
    inputs = (
        carried(index, read_number(given["last_funding"]), left, every),
        with_basis(index, [Fraction(read_number(sample)) for sample in given["basis_samples"]]),
        of_the_book(optional(given["bid"]), optional(given["ask"]), last),
    )
    average = None
    if "ema_mid" in given and seconds(given["ema_age"]) < rules.last_for:
        average = Fraction(read_number(given["ema_mid"]))
    formed = median3(inputs, average)
    mark = banded(formed.price, index, read_number(given["mark_band"]))
    return {"mark": whole(mark), "inputs": formed.inputs, "thin_at_best": formed.rule == "single"}


def of_fair_basis(given: Given) -> dict[str, Any]:
    """Samples of (basis, seconds, perhaps impact spread), as impact prices around an index of one unit."""
    band, average = read_number(given["mark_band"]), Ema(read_number(given["decay"]))
    for basis, count, *spread in given["basis_samples"]:
        half = read_number(spread[0]) // 2 if spread else 0
        middle = GRID + read_number(basis)
        bid, ask = middle - half, middle + half + (read_number(spread[0]) % 2 if spread else 0)
        if not spread or is_tight(GRID, bid, ask, read_number(given["first_maintenance"])):
            average.step(impact_basis(GRID, bid, ask, band), count, 0)
    index = read_number(given["index"])
    return {"mark": whole(banded(fair_basis(index, average.value()).price, index, band))}


def of_ema(given: Given) -> dict[str, Any]:
    """Values, each with the seconds for which it prevailed."""
    average = Ema(read_number(given["decay"]))
    for x, count in given["samples"]:
        average.step(Fraction(x), count, 0)
    value = average.value()
    return {"ema": None if value is None else whole(rounded(value * GRID))}


def of_premium(given: Given) -> dict[str, Any]:
    """One sample."""
    index, bid, ask = (optional(given[name]) for name in ("index", "impact_bid", "impact_ask"))
    if index is None or bid is None or ask is None:
        return {"premium": None, "valid": False}
    return {"premium": whole(premium(index, bid, ask)), "valid": True}


def of_rate(given: Given) -> dict[str, Any]:
    """The samples of an interval, null where invalid."""
    cap = given.get("cap", {})
    rules = Contract(IndexRules(), optional(cap.get("maintenance")) or 0, optional(cap.get("initial")) or 0)
    rules.every = int(Fraction(given["hours"]) * HOUR)
    rules.interest, rules.dead_zone = read_number(given["interest_8h"]), read_number(given["dead_zone"])
    rules.cap = optional(cap.get("cap"))
    if cap.get("of") == "maintenance":
        rules.cap_factor_maintenance = read_number(cap["factor"])
    elif "of" in cap:
        rules.cap_factor_difference = read_number(cap["factor"])
    found = funding_rate([optional(sample) for sample in given["samples"]], rules)
    return {"rate": whole(found.rate), "valid": found.valid, "slots": len(given["samples"])}


def of_settlement(given: Given) -> dict[str, Any]:
    """Cash by account, and what goes to `rounding`."""
    positions = {account: read_number(quantity) for account, quantity in given["positions"].items()}
    cash, rest = settle(positions, read_number(given["price"]), read_number(given["rate"]))
    return {"cash": {account: whole(amount) for account, amount in cash.items()}, "rounding": whole(rest)}


RULES: dict[str, Callable[[Given], dict[str, Any]]] = {
    "index.value": of_index_value,
    "index.state": of_index_state,
    "settle.price": of_settle_price,
    "impact": of_impact,
    "mark.median3": of_median3,
    "mark.fair_basis": of_fair_basis,
    "mark.ema": of_ema,
    "funding.premium": of_premium,
    "funding.rate": of_rate,
    "funding.settle": of_settlement,
}

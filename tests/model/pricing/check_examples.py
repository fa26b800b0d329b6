"""Runs the model over the items of venue_examples.json on index, mark, EMA, impact and funding.

python -m tests.model.pricing.check_examples PATH/venue_examples.json

Numbers agree within the publisher's tolerance and half a unit of the grid, since what the model gives is rounded.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..grid import GRID, read_number
from .ema import Ema
from .exact import median
from .funding import cap_of, funding_rate, premium
from .impact import impact
from .index import Voice, index_value
from .mark import banded, carried, median3, with_basis
from .rules import HOUR, Contract, IndexRules

Given = Mapping[str, Any]
Found = dict[str, list[Fraction]]


def whole(units: int | Fraction) -> Fraction:
    """Grid units in whole ones."""
    return Fraction(units) / GRID


def index(given: Given) -> Found:
    """Groups of one source each, of equal weight unless said."""
    prices = [read_number(price) for price in given["prices"]]
    weights = given.get("weights", [1] * len(prices))
    voices = [
        Voice(str(place), str(place), read_number(weight), 0, price)
        for place, (price, weight) in enumerate(zip(prices, weights, strict=True))
    ]
    value = index_value(voices, IndexRules(max_deviation=read_number(given["band"])))
    assert value is not None
    return {"median": [whole(median(prices))], "index": [whole(value)]}


def mark(given: Given) -> Found:
    """The contract price is the third input, within a band of 1 %."""
    at, funding = read_number(given["index"]), read_number(given["last_funding"])
    first = carried(at, funding, given["hours_to_funding"], given["interval_h"])
    second = with_basis(at, [Fraction(read_number(given["ma_basis"]))])
    assert second is not None
    thirds = [Fraction(read_number(price)) for price in given["contract_price"]]
    marks = [banded(median3((first, second, third), None).price, at, GRID // 100) for third in thirds]
    return {"p1": [whole(first)], "p2": [whole(second)], "mark": [whole(each) for each in marks]}


def ema(given: Given) -> Found:
    """d = e^(−1/τ) on the grid."""
    average = Ema(read_number(round((Decimal(-1) / given["tau_s"]).exp(), 8)))
    for x, seconds in zip(given["samples"], given["dt_s"], strict=True):
        average.step(Fraction(x), seconds, 0)
    value = average.value()
    assert value is not None
    return {"ema": [value]}


def impacts(given: Given) -> Found:
    """Impact prices of both sides and the premium of the rounded ones."""
    found: list[int] = []
    for side in ("bids", "asks"):
        levels = [(read_number(price), read_number(quantity)) for price, quantity in given[side]]
        price = impact(levels, read_number(given["imn"]))
        assert price is not None
        found.append(price)
    rate = premium(read_number(given["index"]), *found)
    return {"impact_bid": [whole(found[0])], "impact_ask": [whole(found[1])], "premium": [whole(rate)]}


def contract(first_maintenance: object = 0, first_initial: object = 0) -> Contract:
    """No cap; every 8 hours."""
    return Contract(IndexRules(), read_number(first_maintenance), read_number(first_initial))


def rates(rules: Contract, premiums: Sequence[object]) -> list[Fraction]:
    """The rate of an interval of one sample, for each premium."""
    return [whole(funding_rate([read_number(each)], rules).rate) for each in premiums]


def dead_zone(given: Given) -> Found:
    """Interest in a dead zone."""
    rules = contract()
    rules.every = given["interval_h"] * HOUR
    rules.interest, rules.dead_zone = read_number(given["interest"]), read_number(given["clamp"])
    return {"rate": rates(rules, given["avg_premium"])}


def damper(given: Given) -> Found:
    """A dead zone without interest is a damper."""
    rules = contract()
    rules.interest, rules.dead_zone = 0, read_number(given["damper"])
    rules.cap = read_number(given["cap"])
    return {"rate": rates(rules, given["premium"])}


def maintenance_cap(given: Given) -> Found:
    """75 % of first-tier maintenance."""
    found = []
    for maintenance in given["mmr"]:
        rules = contract(maintenance)
        rules.cap_factor_maintenance = GRID * 3 // 4
        found.append(capped(rules))
    return {"cap": found}


def difference_cap(given: Given) -> Found:
    """A factor of initial − maintenance."""
    found = []
    for initial, maintenance in zip(given["imf"], given["mmf"], strict=True):
        rules = contract(maintenance, initial)
        rules.cap_factor_difference = read_number(given["factor"])
        found.append(capped(rules))
    return {"cap": found}


def capped(rules: Contract) -> Fraction:
    """The cap, which is also the rate of a premium of 10."""
    cap = cap_of(rules)
    assert cap is not None
    assert rates(rules, [10]) == [whole(cap)]
    return whole(cap)


def interest(given: Given) -> Found:
    """The rate without a premium."""
    found = []
    for hours in given["interval_h"]:
        rules = contract()
        rules.every = hours * HOUR
        found += rates(rules, [0])
    return {"i": found}


ITEMS: dict[str, Callable[[Given], Found]] = {
    "DBT-IDX-01": index,
    "BIN-IDX-01": index,
    "BIN-MARK-01": mark,
    "HYL-EMA-01": ema,
    "BIN-IMPACT-01": impacts,
    "BIN-FUND-01": dead_zone,
    "BIN-FCAP-01": maintenance_cap,
    "BYB-FINT-01": interest,
    "DBT-FUND-01": damper,
    "DYX-FCAP-01": difference_cap,
}


def differences(item: Mapping[str, Any]) -> Iterator[str]:
    """One text a difference."""
    found = ITEMS[item["id"]](item["inputs"])
    for name, published in item["expected"].items():
        wanted = [Fraction(each) for each in (published if isinstance(published, list) else [published])]
        if len(found[name]) != len(wanted):
            yield f"{name}: {len(found[name])} figures, expected {len(wanted)}"
        for mine, theirs in zip(found[name], wanted, strict=False):
            if abs(mine - theirs) > abs(theirs) * Fraction(item["tolerance_rel"]) + Fraction(1, 2 * GRID):
                yield f"{name}: {float(mine)} expected {float(theirs)}"


def main(paths: list[str]) -> int:
    """Prints the differences and a count; 1 if there is any, or an item is not there."""
    left, bad = set(ITEMS), 0
    for path in paths:
        for item in json.loads(Path(path).read_text(encoding="utf-8"), parse_float=Decimal):
            if item["id"] in ITEMS:
                left.discard(item["id"])
                found = list(differences(item))
                bad += bool(found)
                for text in found:
                    print(f"{item['id']}  {text}   ({item['formula']})")
    print(f"checked {len(ITEMS) - len(left)} items, {bad} mismatches, not there: {sorted(left)}")
    return 1 if bad or left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

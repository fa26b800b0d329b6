"""The pricing vectors through the public interface: each is told to an index, a mark or a funding as a feed would."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.shared import complete

import perpcore as pc

HERE = Path(__file__).parent
CASES: list[dict[str, Any]] = json.loads((HERE / "vectors.json").read_text(encoding="utf-8"))
SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
# Midnight of some day: a funding time of every interval.
START = 20_000 * 24 * HOUR


def at(seconds: str | int) -> int:
    """A time of a case in seconds, as nanoseconds."""
    return START + int(Decimal(seconds) * SECOND)


def rulebook(**keys: Any) -> pc.Rulebook:
    """The preset with changes, dots in the keys as two underscores."""
    changes = {key.replace("__", "."): value for key, value in keys.items()}
    return pc.Rulebook.preset("hk-vatp-perp").edit(changes)


def check_value(inputs: dict[str, Any], expected: dict[str, Any]) -> None:
    told = inputs["sources"]
    sources = [{"id": row["id"], "group": row["group"], "weight": row["weight"]} for row in told]
    # Five samples agree whatever they are: a first one is the last.
    rules = rulebook(underlying__BTC__sources=sources, underlying__BTC__index__agree_samples=1)
    index = pc.IndexPrice(rules, "BTC")
    now = at(inputs["now"])
    arrivals = sorted({at(row["arrival"]) for row in told if "arrival" in row} | {now})
    for arrival in arrivals:
        came = [row for row in told if (at(row["arrival"]) if "arrival" in row else now) == arrival]
        quotes = {row["id"]: row["price"] for row in came}
        sample = index.update(arrival, quotes, sent={row["id"]: at(row["time"]) for row in came})
    assert sample.groups == expected["live_groups"]
    out = {row["source"]: row["out"] for row in index.sources().to_pylist() if row["out"] is not None}
    assert out == expected["out"]
    assert sample.value == (None if expected["value"] is None else Decimal(expected["value"]))


def check_state(inputs: dict[str, Any], expected: dict[str, Any]) -> None:
    sources = [{"id": name, "group": name} for name in "abc"]
    # The cases know no age of sources.
    rules = rulebook(underlying__BTC__sources=sources, underlying__BTC__index__stale_after="180s")
    index = pc.IndexPrice(rules, "BTC")
    if inputs["start"] == "live":
        for second in range(-5, 0):
            index.update(at(second), dict.fromkeys("abc", "100"))
        assert index.state == "live"
    for step, state, held in zip(inputs["samples"], expected["states"], expected["held_values"], strict=True):
        now = at(step["time"])
        if "command" in step:
            sample = {"halt": index.halt, "resume": index.resume}[step["command"]](now)
        elif "groups" in step:
            # A source that says 0 is out at once.
            live = dict.fromkeys("abc"[: step["groups"]], step["value"] or "100")
            sample = index.update(now, dict.fromkeys("abc", "0") | live)
        else:
            # The passing of time, while the sources go on as they were.
            sample = index.update(now)
        assert sample.state == state, step
        assert sample.value == (None if held is None else Decimal(held)), step


def check_median3(inputs: dict[str, Any], expected: dict[str, Any]) -> None:
    band, hours = inputs["mark_band"], int(inputs["T"])
    rules = rulebook(**{"instrument__BTC-PERP__mark__band": band, "instrument__BTC-PERP__funding__every": f"{hours}h"})
    mark = pc.MarkPrice(rules, "BTC-PERP")
    now = START + (hours - int(inputs["t_left"])) * HOUR
    index = Decimal(inputs["index"])
    basis = [Decimal(sample) for sample in inputs["basis_samples"]]
    age = int(inputs["last_age"]) * SECOND
    if inputs["last"] is not None:
        mark.update(now - max(age, len(basis) * SECOND), last=inputs["last"])
    for second, sample in enumerate(basis, start=-len(basis)):
        # A book around the mid of the second that follows.
        mid = index + sample
        mark.update(now + second * SECOND, index=index, bid=mid - 1, ask=mid + 1, funding_rate=inputs["last_funding"])
    last = {} if inputs["last"] is None or age else {"last": inputs["last"]}
    marked = mark.update(now, index=index, bid=inputs["bid"], ask=inputs["ask"], **last)
    assert marked.mark == Decimal(expected["mark"])
    assert marked.inputs == expected["inputs"]
    assert (marked.state == "live") is not expected["thin_at_best"]


def check_fair_basis(inputs: dict[str, Any], expected: dict[str, Any]) -> None:
    rules = rulebook(
        **{
            "instrument__BTC-PERP__mark__method": "fair_basis",
            "instrument__BTC-PERP__mark__band": inputs["mark_band"],
            "instrument__BTC-PERP__mark__ema": inputs["decay"],
        }
    )
    assert inputs.get("first_maintenance", "0.005") == "0.005"
    mark = pc.MarkPrice(rules, "BTC-PERP")
    index, now = Decimal(inputs["index"]), START
    for basis, seconds, *spread in inputs["basis_samples"]:
        mid, half = index * (1 + Decimal(basis)), index * Decimal(spread[0] if spread else "0.001") / 2
        mark.update(now, index=index, impact_bid=mid - half, impact_ask=mid + half)
        now += seconds * SECOND
    assert mark.update(now, index=index).mark == Decimal(expected["mark"])


def slots(rules: pc.Rulebook, every: int, premiums: list[str | None]) -> Iterator[pc.FundingSample]:
    """An interval of so many slots, whose impact prices make these premiums of an index of 10,000."""
    funding = pc.Funding(rules, "BTC-PERP")
    index, step = Decimal(10_000), every // len(premiums)
    for number, premium in enumerate(premiums, start=1):
        impact = None if premium is None else index * (1 + Decimal(premium))
        bid, ask = (
            (impact, impact) if impact is None else (impact, impact * 2) if impact > index else (impact / 2, impact)
        )
        time = START + number * step
        funding.update(time - SECOND, index=index, impact_bid=bid, impact_ask=ask)
        yield from funding.update(time)


def check_rate(inputs: dict[str, Any], expected: dict[str, Any]) -> None:
    every, premiums = int(inputs["hours"]) * HOUR, inputs["samples"]
    keys: dict[str, Any] = {
        "every": f"{inputs['hours']}h",
        "sample": f"{every // len(premiums) // SECOND}s",
        "interest_8h": inputs["interest_8h"],
        "dead_zone": inputs["dead_zone"],
    }
    cap = inputs.get("cap", {"cap": "1"})
    if "factor" in cap:
        keys[f"cap_factor_{cap['of']}"] = cap["factor"]
        assert cap["maintenance"] == "0.005", "the first tier of the preset"
    else:
        keys["cap"] = cap["cap"]
    rules = pc.Rulebook.preset("hk-vatp-perp").edit({"instrument.BTC-PERP.funding": keys})
    told = list(slots(rules, every, premiums))
    assert [sample.rate is None for sample in told] == [True] * (len(premiums) - 1) + [False]
    last = told[-1]
    assert last.rate == Decimal(expected["rate"])
    assert (last.samples, last.slot) == (expected["valid"], expected["slots"])
    assert (last.outcome == "low_coverage") is (last.samples * 2 < last.slot)


def check_premium(inputs: dict[str, Any], expected: dict[str, Any]) -> None:
    funding = pc.Funding(rulebook(), "BTC-PERP")
    funding.update(START, **inputs)
    (sample,) = funding.update(START + 5 * SECOND)
    assert sample.premium == Decimal(expected["premium"])
    assert sample.valid is expected["valid"]


def check_settle(inputs: dict[str, Any], expected: dict[str, Any]) -> None:
    flows = pc.Funding(rulebook(), "BTC-PERP").settle(inputs["positions"], inputs["price"], inputs["rate"])
    assert flows.cash == {account: Decimal(cash) for account, cash in expected["cash"].items()}
    assert flows.rounding == Decimal(expected["rounding"])


def check_settle_price(inputs: dict[str, Any], expected: dict[str, Any]) -> None:
    # Samples are minutes apart, so a source that is 180 s old is still none too old; only one of them stops.
    sources = [{"id": name, "group": name} for name in "abc"]
    keys = {"stale_after": "180s", "halt_after": "1d", "agree_samples": 1}
    rules = pc.Rulebook.preset("hk-vatp-perp").edit({"underlying.BTC.sources": sources})
    index = pc.IndexPrice(rules.edit({f"underlying.BTC.index.{key}": value for key, value in keys.items()}), "BTC")
    for time, value, groups in inputs["samples"]:
        index.update(at(time), dict.fromkeys("abc", "0") | dict.fromkeys("abc"[:groups], value))
    for request, price in zip(inputs["requests"], expected["prices"], strict=True):
        got = index.settle_price(at(request["time"]), request.get("price"), approval=request.get("approval", False))
        assert got == (None if price is None else Decimal(price)), request


CHECKS: dict[str, Callable[[dict[str, Any], dict[str, Any]], None]] = {
    "index.value": check_value,
    "index.state": check_state,
    "mark.median3": check_median3,
    "mark.fair_basis": check_fair_basis,
    "funding.premium": check_premium,
    "funding.rate": check_rate,
    "funding.settle": check_settle,
    "settle.price": check_settle_price,
}
# An average of a given value and age cannot be told from outside: rust/perpcore/src/pricing has these.
INSIDE = {"mark.ema/01", "mark.median3/07", "mark.median3/09"}


@pytest.mark.parametrize("case", [case for case in CASES if case["id"] not in INSIDE], ids=lambda case: case["id"])
def test_a_case_holds(case: dict[str, Any]) -> None:
    CHECKS[case["rule"]](case["inputs"], case["expected"])


def test_the_carried_cases_are_the_complete_ones() -> None:
    assert [case for case in complete("pricing.json") if case["rule"] != "impact"] == CASES

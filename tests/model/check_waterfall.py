"""Runs the model over waterfall.json, but for the gate's cases and those of financing, and prints every difference.

python -m tests.model.check_waterfall PATH/waterfall.json
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from . import margin
from .bankruptcy import Held, amounts, part
from .cases import check
from .grid import E16, GRID, ceil_div, read_exact, read_number
from .rulebook_values import rate, slices
from .waterfall import allocation, last_resort, plan, prices, ranking

ANY_TICK = "0.00000001"
TARGET, CLOSE_OUT, STEP = rate("90%"), rate("66.666667%"), rate("20%")
BACKSTOP_SHARE = rate("60%")

Case = Mapping[str, Any]
Answer = dict[str, Any]


def units(value: int) -> Fraction:
    """Of grid units."""
    return Fraction(value, GRID)


def at_e16(text: str) -> int:
    """An amount at 10⁻¹⁶."""
    return read_exact(Fraction(text) * GRID)


def bankruptcy(given: Case) -> Answer:
    """Amounts at 10⁻¹⁶ and, where parts are closed, those at g."""
    positions = [
        Held(*(read_number(row.get(name, ANY_TICK)) for name in ("quantity", "mark", "maintenance", "tick")))
        for row in given["positions"]
    ]
    found = amounts(positions, read_number(given["net_value"]))
    got = {"amounts": [Fraction(amount, E16) for amount in found]}
    if "close" in given:
        closed = [read_number(text) for text in given["close"]]
        got["parts"] = [units(amount) for amount in map(part, positions, found, closed)]
    return got


def step(given: Case) -> Answer:
    """The share, why, and the quantities."""
    tiers = slices(given["tiers"])
    held = [[read_number(row[name]) for name in ("quantity", "mark", "lot")] for row in given["positions"]]

    def maintenance_after(share: int) -> int:
        kept = ((abs(plan.kept(quantity, share)), mark) for quantity, mark, _ in held)
        return ceil_div(sum(margin.marginal(quantity * mark, tiers, 0) for quantity, mark in kept), E16)

    equity, notional = read_number(given["equity"]), sum(abs(quantity) * mark for quantity, mark, _ in held)
    deep = plan.is_deep(equity, equity, maintenance_after(0), CLOSE_OUT)
    fee = rate(given.get("fee", 0))
    share = GRID if deep else plan.share_to_close(equity, notional, STEP, TARGET, fee, maintenance_after)
    return {
        "share": units(share),
        "reason": "close_out" if deep else "step",
        "close": [units(plan.to_close(quantity, share, lot, 0)) for quantity, _, lot in held],
    }


def fee(given: Case) -> Answer:
    """The fee, and what stays with the client."""
    filled, limit = at_e16(given["fill_amount"]), at_e16(given["bankruptcy_amount"])
    found = prices.fee(rate(given["rate"]), filled, limit)
    return {"fee": units(found), "client": units(prices.surplus(given["side"] > 0, filled, limit) // GRID - found)}


def backstop(given: Case) -> Answer:
    """The price of the provider, and what goes to the fund."""
    quantity, mark, price = (read_number(given[name]) for name in ("quantity", "mark", "bankruptcy_price"))
    long, limit = given["side"] > 0, quantity * price
    to_fund = prices.fund_share(long, quantity * mark, limit, BACKSTOP_SHARE)
    cost = prices.backstop_cost(long, limit, to_fund)
    return {"price": Fraction(cost, quantity * GRID), "fund": units(to_fund)}


def counterparties(given: Case, lot: int = 1) -> list[ranking.Counterparty]:
    """Nobody has a cap."""
    return [
        ranking.Counterparty(
            name=row["account"],
            order=(row["seq"],),
            lots=read_number(row["quantity"]) // lot,
            pnl=at_e16(row["pnl"]),
            cost=at_e16(row["cost"]),
            maintenance=read_number(row["maintenance"]),
            net_value=read_number(row["net_value"]),
            cap=read_number(row["quantity"]) // lot,
            left_out=bool(row.get("liquidating") or row.get("fund")),
        )
        for row in given["counterparties"]
    ]


def rank(given: Case) -> Answer:
    """The queue, its scores and lights."""
    queue = ranking.queue(counterparties(given))
    scores = {one.name: ranking.score(one) for one in queue}
    return {
        "queue": [one.name for one in queue],
        "scores": {name: None if found is None else units(found) for name, found in scores.items()},
        "lights": {name: Fraction(light) for name, light in ranking.lights(queue).items()},
    }


def allocate(given: Case) -> Answer:
    """Who is closed by how much."""
    lot = read_number(given["lot"])
    deficit = read_number(given["deficit"]) // lot
    found = allocation.allocate(given["policy"], counterparties(given, lot), deficit)
    return {
        "closes": [[name, units(lots * lot)] for name, lots in found.items()],
        "left": units((deficit - sum(found.values())) * lot),
    }


def shortfall(given: Case) -> Answer:
    """Of one payer."""
    owed, net_value, fund = (read_number(given[name]) for name in ("owed", "net_value", "fund"))
    receivers = {name: read_number(text) for name, text in given.get("receivers", {}).items()}
    paid, drawn, cut, each = last_resort.shortfall(owed, net_value, fund, receivers)
    cuts = {name: units(amount) for name, amount in each.items()}
    return {"payer": units(paid), "fund": units(drawn), "receivers_cut": units(cut), "cuts": cuts}


def resort(given: Case) -> Answer:
    """Cuts, and what they come to beyond the deficit."""
    deficit = read_number(given["deficit"])
    found = last_resort.cuts(deficit, {name: read_number(text) for name, text in given["profits"].items()})
    cuts = {name: units(amount) for name, amount in found.items()}
    return {"cuts": cuts, "rounding": units(sum(found.values()) - deficit)}


ANSWERS: dict[str, Callable[[Case], Answer]] = {
    "threshold.bankruptcy": bankruptcy, "liquidation.step": step, "liquidation.fee": fee, "backstop.price": backstop,
    "adl.rank": rank, "adl.allocate": allocate, "funding.shortfall": shortfall, "last_resort": resort,
}  # fmt: skip


def exact(value: Any) -> Any:
    """Numbers of a case as fractions, in whatever they are."""
    if isinstance(value, dict):
        return {name: exact(one) for name, one in value.items()}
    if isinstance(value, list):
        return [exact(one) for one in value]
    if isinstance(value, bool) or value is None:
        return value
    try:
        return Fraction(value)
    except ValueError:
        return value


def differences(case: Case) -> Iterator[str]:
    """What the model says otherwise."""
    got = ANSWERS[case["rule"]](case["inputs"])
    for name, wanted in case["expected"].items():
        if got.get(name) != exact(wanted):
            yield f"{name}: {got.get(name)} expected {wanted}"


def main(paths: list[str]) -> int:
    """Prints the differences and a count; 1 if there is any."""
    return check(paths, differences, tuple(ANSWERS))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The laws of RULES §5 as functions over anything that values a book: each yields a text for every violation."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .grid import GRID
from .law_books import draw_market
from .random_books import random_book
from .random_portfolios import draw_scenarios, scenario_columns
from .rulebook import read_rulebook

MARGINS = ("initial_margin", "maintenance_margin")
REQUIREMENT_ROUNDINGS = 3  # risk, basis and concentration (or the minimum), before the factor


@dataclass
class Answer:
    """What a valuation says: rows of `accounts`, and of `lines`."""

    accounts: list[dict[str, Any]]
    lines: list[dict[str, Any]]

    def margin(self, account: object, name: str) -> int:
        """A figure in grid units."""
        return next(int(row[name].scaleb(8)) for row in self.accounts if row["account"] == account)

    def scenario_risk(self, account: object, total: str) -> Fraction:
        """The lines of `portfolio.risk`: factor × risk."""
        return sum(
            (
                Fraction(line["amount"])
                for line in self.lines
                if (line["account"], line["rule"], line["total"]) == (account, "portfolio.risk", total)
            ),
            Fraction(0),
        )


Valuer = Callable[[str, dict[str, Any]], Answer]
Law = Callable[[Valuer, int], Iterator[str]]


def more_scenarios_never_lower_margin(value: Valuer, seed: int) -> Iterator[str]:
    """Worst loss: rows added anywhere in the table raise the margin or leave it; orders and collateral included."""
    rng = random.Random(seed)
    text, book = random_book(seed, 20, portfolio=True)
    text = re.sub(r"\nmeasure = .*", "", text)
    portfolio = read_rulebook(text).portfolio
    assert portfolio is not None
    names = sorted(portfolio.underlyings)
    rows = [{**row, "scenario": f"s{at}"} for at, row in enumerate(draw_scenarios(rng, names) * 2)]
    for row in rows:
        row.pop("weight", None)
    kept = sorted(rng.sample(range(len(rows)), rng.randint(1, len(rows))))
    few = value(text, {**book, "scenarios": scenario_columns([rows[at] for at in kept])})
    many = value(text, {**book, "scenarios": scenario_columns(rows)})
    for before, after in zip(few.accounts, many.accounts, strict=True):
        for name in MARGINS:
            if after[name] < before[name]:
                yield f"{before['account']}: {name} {before[name]} fell to {after[name]}"


def a_multiple_needs_at_least_the_multiple(value: Valuer, seed: int) -> Iterator[str]:
    """k times the positions need k times the margin, less k units for each rounding on the way."""
    rng = random.Random(seed)
    market = draw_market(rng)
    k, held = rng.choice((2, 3, 7, 10)), market.positions(rng)
    answer = value(market.text, market.book({"ONE": held, "MANY": [(name, k * size) for name, size in held]}))
    portfolio = read_rulebook(market.text).portfolio
    assert portfolio is not None
    for name, factor in zip(MARGINS, (portfolio.im_factor, portfolio.mm_factor), strict=True):
        slack = k * (REQUIREMENT_ROUNDINGS * factor + GRID)  # the last GRID: ⌈factor·total⌉
        one, many = answer.margin("ONE", name), answer.margin("MANY", name)
        if many * GRID < k * one * GRID - slack:
            yield f"{name} of {k} times the book {many}, of the book {one}"


def a_perfect_hedge_has_no_scenario_risk(value: Valuer, seed: int) -> Iterator[str]:
    """Inside one underlying, or inside each of several."""
    rng = random.Random(seed)
    market = draw_market(rng)
    answer = value(market.text, market.book({"HEDGED": market.hedge(rng)}))
    for name in MARGINS:
        if answer.scenario_risk("HEDGED", name) != 0:
            yield f"{name}: {answer.scenario_risk('HEDGED', name)}"


def scenario_risk_is_subadditive(value: Valuer, seed: int) -> Iterator[str]:
    """Two books in one account have at most the sum of their risks."""
    rng = random.Random(seed)
    market = draw_market(rng)
    one, other = market.positions(rng), market.positions(rng)
    answer = value(market.text, market.book({"ONE": one, "OTHER": other, "BOTH": one + other}))
    for name in MARGINS:
        apart = answer.scenario_risk("ONE", name) + answer.scenario_risk("OTHER", name)
        if answer.scenario_risk("BOTH", name) > apart:
            yield f"{name}: {answer.scenario_risk('BOTH', name)} together, {apart} apart"


LAWS: tuple[Law, ...] = (
    more_scenarios_never_lower_margin,
    a_multiple_needs_at_least_the_multiple,
    a_perfect_hedge_has_no_scenario_risk,
    scenario_risk_is_subadditive,
)

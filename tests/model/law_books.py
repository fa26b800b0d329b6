"""Random portfolio books for the laws of RULES §5: every Q·M lies on the grid, so that no value is rounded."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from .grid import GRID, plain
from .random_portfolios import draw_portfolio

Position = tuple[str, int]  # instrument and quantity in thousandths
Book = dict[str, dict[str, list[Any]]]
CENTS = GRID // 100
THOUSANDTHS = GRID // 1000
UNDERLYINGS = ("X", "Y", "Z")


@dataclass
class Market:
    """A rulebook with two contracts on each underlying, and their marks in cents."""

    text: str
    marks: dict[str, int]

    def book(self, accounts: dict[str, list[Position]]) -> Book:
        """Portfolio accounts that hold these positions and nothing else."""
        rows = [(account, *position) for account, held in accounts.items() for position in held]
        return {
            "positions": {
                "account": [row[0] for row in rows],
                "instrument": [row[1] for row in rows],
                "quantity": [plain(row[2] * THOUSANDTHS) for row in rows],
                "cost": ["0"] * len(rows),
            },
            "balances": {"account": [], "asset": [], "amount": []},
            "prices": {"symbol": [*self.marks], "price": [plain(mark * CENTS) for mark in self.marks.values()]},
            "accounts": {"account": [*accounts], "model": ["portfolio"] * len(accounts)},
        }

    def positions(self, rng: random.Random) -> list[Position]:
        """Some positions, often in both contracts of an underlying."""
        names = rng.sample(sorted(self.marks), rng.randint(1, len(self.marks)))
        return [(name, int(10 ** rng.uniform(0, 8)) * rng.choice((-1, 1))) for name in names]

    def hedge(self, rng: random.Random) -> list[Position]:
        """Q₁·M₁ + Q₂·M₂ = 0 in one underlying or in several."""
        held: list[Position] = []
        for underlying in rng.sample(UNDERLYINGS, rng.randint(1, len(UNDERLYINGS))):
            one, other = f"{underlying}1", f"{underlying}2"
            size = rng.choice((-1, 1)) * rng.randint(1, 50)
            held += [(one, size * self.marks[other]), (other, -size * self.marks[one])]
        return held


def draw_market(rng: random.Random) -> Market:
    """Random marks and a random `[portfolio]`."""
    parts = ['[venue]\nsettlement = "USD"']
    marks: dict[str, int] = {}
    for underlying in UNDERLYINGS:
        for name in (f"{underlying}1", f"{underlying}2"):
            marks[name] = rng.choice((100, rng.randint(1, 1_000), rng.randint(1, 10_000_000)))
            parts.append(f'[instrument.{name}]\nunderlying = "{underlying}"\ntick = 0.01\nlot = 0.001')
            parts.append('tiers = [["rest", "1%", 50]]')
    parts.append(draw_portfolio(rng, list(UNDERLYINGS), {}))
    return Market("\n".join(parts) + "\n", marks)

"""What a stream knows of itself while it is drawn, and the small things that rows are made of."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Row = dict[str, Any]

SECOND = 10**9
HOUR = 3_600 * SECOND
YEAR = 365 * 24 * HOUR
START = 1_700_000_000 * SECOND
NAMES = ("ada", "bob", "cyd", "dan", "eve", "fay", "gus", "hal", "ivy")
TICKS = {"BTC-PERP": Decimal("0.5"), "ETH-PERP": Decimal("0.05"), "ADA-PERP": Decimal("0.05")}
UNDERLYING = {"BTC-PERP": "BTC", "ETH-PERP": "ETH"}
HOME = {"BTC-PERP": Decimal(1000), "ETH-PERP": Decimal(50), "ADA-PERP": Decimal(20)}


@dataclass(frozen=True)
class Pick:
    """Stands for an open order or withdrawal, and how an amendment changes it; or for the digest of a rulebook."""

    of: str  # order, withdrawal, in force, waiting
    which: float
    change: str | None = None


@dataclass
class Setting:
    """`unhealthy`: how many rows until prices are told well again; `placed`: the last orders with a client id."""

    rng: random.Random
    flavor: str
    rulebook: str
    assets: tuple[str, ...]  # the settlement currency first
    time: int = START
    marks: dict[str, Decimal] = field(default_factory=lambda: dict(HOME))
    accounts: list[str] = field(default_factory=lambda: list(NAMES))
    placed: list[Row] = field(default_factory=list)
    unhealthy: int = 0
    halted: list[Row] = field(default_factory=list)  # scopes
    still: set[str] = field(default_factory=set)  # underlyings whose index was halted

    @property
    def lenient(self) -> bool:
        """Whether it is a rulebook made of the lenient one."""
        return self.rulebook in ("lenient", "free")

    @property
    def sourced(self) -> bool:
        """Whether the index of BTC is made of sources."""
        return self.rulebook in ("sourced", "opened")

    @property
    def account(self) -> str:
        """Any account, now and then one that is not there."""
        return "nobody" if self.rng.random() < 0.003 else self.rng.choice(self.accounts)

    @property
    def instrument(self) -> str:
        """Mostly the first."""
        return self.rng.choice(("BTC-PERP", "BTC-PERP", "ETH-PERP"))

    def pick(self, of: str = "order", change: str | None = None) -> Pick:
        """One that will be there when the row is made."""
        return Pick(of, self.rng.random(), change)

    def reference(self, number: int) -> str | None:
        """Of an approval: written in one way or another, now and then none."""
        plain = f"paper {number}"
        others = (plain.upper(), f"Paper-{number}", f" paper{number}. ", f"p a p e r/{number}", None, "", " ", "-.")
        return self.rng.choice(others) if self.rng.random() < 0.4 else plain

    def near(self, instrument: str, spread: float = 0.012) -> str:
        """A price on the tick around the mark."""
        tick = TICKS[instrument]
        away = Decimal(str(round(self.rng.gauss(0, spread), 6)))
        price = self.marks[instrument] * (1 + away)
        return text(max(tick, (price / tick).to_integral_value() * tick))

    def on_tick(self, instrument: str) -> str:
        """The mark, on the tick."""
        tick = TICKS[instrument]
        return text((self.marks[instrument] / tick).to_integral_value() * tick)

    def size(self, instrument: str) -> Decimal:
        """A size that sometimes is large."""
        rng = self.rng
        lots = rng.choice((2, 3, 5, 10, 10, 20, 40, rng.randint(2, 400)))
        if instrument == "BTC-PERP":
            return Decimal(lots) / 10
        return Decimal(lots * rng.choice((1, 2, 5)))

    def moved(self, instrument: str, spread: float) -> str:
        """The mark takes a step, and drifts back."""
        step = Decimal(str(round(self.rng.gauss(0, spread), 6)))
        home = HOME[instrument]
        price = self.marks[instrument] * (1 + step)
        price += (home - price) * Decimal("0.02")
        self.marks[instrument] = max(Decimal(1), round(price, 2))
        return text(self.marks[instrument])


def text(value: Decimal) -> str:
    """Plain decimals."""
    return format(value, "f")

"""A venue of one contract, and short ways to tell it things and to look at it."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import perpcore as pc

# What an incident claims, and whether it holds.
Claims = Iterator[tuple[str, bool]]
SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
# Midnight of some day: settlements come eight and sixteen hours later.
START = 20_000 * 86_400 * SECOND
X = "X-PERP"
IN_DANGER = ("liquidation", "bankrupt")

RULES = """
[venue]
settlement = "USD"
[asset.USD]
class = "fiat"
eligible = true
[liquidation]
[instrument.X-PERP]
underlying = "X"
tick = 0.0001
lot = 0.01
"""


def rulebook(maintenance: str, leverage: int, changes: Mapping[str, Any], sources: int = 0) -> pc.Rulebook:
    """One contract on X with one tier; its index is told, or made of so many sources, each a group."""
    names = [{"id": f"s{number}", "group": f"g{number}"} for number in range(1, sources + 1)]
    rules = pc.Rulebook.parse(RULES + f'tiers = [[1_000_000_000_000, "{maintenance}", {leverage}]]\n')
    return rules.edit(({"underlying.X.sources": names} if sources else {}) | dict(changes))


class Scene:
    """A venue, and short ways to tell it things and to look at it."""

    def __init__(self, rules: pc.Rulebook, price: str | None = None, **cash: str) -> None:
        self.venue = pc.Venue(rules)
        self.venue.advance_time(START)
        for account, amount in cash.items():
            self.join(account, amount)
        if price is not None:
            self.tell(price)
            self.venue.enter_phase(X, "open")

    def join(self, account: str, amount: str, **terms: Any) -> None:
        self.venue.open_account(account, **terms)
        if Decimal(amount):
            self.venue.deposit(account, "USD", amount)

    def tell(self, price: str, time: int | None = None) -> list[pc.Event]:
        """Index and mark of a venue without sources."""
        return self.venue.index("X", price, time=time) + self.venue.mark(X, price)

    def quote(self, time: int, *prices: str | None) -> list[pc.Event]:
        """One quote of each source; None is a source that says nothing."""
        told = [(f"s{number}", price) for number, price in enumerate(prices, start=1) if price is not None]
        return [event for source, price in told for event in self.venue.quote("X", source, price, time=time)]

    def begin(self, *prices: str) -> None:
        """Five seconds of quotes that agree and of an outside book around the first, and the book opens."""
        for second in range(1, 6):
            self.around(prices[0], START + second * SECOND)
            self.quote(START + second * SECOND, *prices)
        assert refusal(self.venue.enter_phase(X, "open")) is None

    def around(self, price: str, time: int | None = None) -> list[pc.Event]:
        """An outside book, a tick wide on each side: without any book a mark is thin."""
        tick = Decimal("0.0001")
        return self.venue.top(X, Decimal(price) - tick, Decimal(price) + tick, time=time)

    def trade(self, buyer: str, seller: str, quantity: str, price: str) -> list[pc.Event]:
        self.venue.place(seller, X, f"-{quantity}", price)
        return self.venue.place(buyer, X, quantity, price)

    def row(self, account: str) -> dict[str, Any]:
        return next(row for row in self.venue.accounts().to_pylist() if row["account"] == account)

    def status(self, account: str) -> str:
        return str(self.row(account)["status"])

    def has(self, account: str, asset: str = "USD") -> Decimal:
        rows = self.venue.ledger().to_pylist()
        return sum((row["amount"] for row in rows if (row["account"], row["asset"]) == (account, asset)), Decimal(0))

    def position(self, account: str) -> Decimal:
        rows = self.venue.positions().to_pylist()
        return sum((row["quantity"] for row in rows if row["account"] == account), Decimal(0))

    def sends(self, account: str, amount: str, time: int | None = None) -> str | None:
        """Asks for a withdrawal and confirms it; None, or why not."""
        events = self.venue.withdraw(account, "USD", amount, time=time)
        return refusal(events) or refusal(self.venue.confirm_withdrawal(events[-1].order))


def refusal(events: list[pc.Event]) -> str | None:
    """Why a command was refused."""
    return next((event.code for event in events if event.kind == "rejected"), None)


def kinds(events: list[pc.Event]) -> list[str]:
    return [event.kind for event in events]


def closed(events: list[pc.Event]) -> set[str | int | None]:
    """Accounts that were liquidated, or of which a part was."""
    return {event.account for event in events if event.kind == "liquidation_step"}

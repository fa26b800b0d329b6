"""A cascade: hundreds of bankrupt accounts at once, and the opposite side deleveraged for exactly what they lack."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from tests.venue.scene import START, Claims

import perpcore as pc

UNIT = Decimal("0.00000001")
CENT = Decimal("0.01")
# Every contract is traded at 100 and falls to 70. A lot is 0.01 contract, so that 30 cents are lost or gained by it.
BEFORE, AFTER = 100, 70
BANKRUPT, ASSETS, DEFICIT, GAINED = 302, 162, Decimal("23191104.48"), 834_300_000

RULES = """
[venue]
settlement = "USD"
fees = { standard = { maker = 0, taker = 0 } }
[asset.USD]
class = "fiat"
eligible = true
"""
TERMS = 'tick = 0.0001\nlot = 0.01\ntiers = [["rest", "1%", 50]]\n'

Rows = list[dict[str, Any]]


def rulebook(assets: int, **liquidation: Any) -> pc.Rulebook:
    """So many contracts, each on an underlying of its own."""
    contracts = "".join(f'[instrument.A{at}-PERP]\nunderlying = "A{at}"\n{TERMS}' for at in range(assets))
    rules = pc.Rulebook.parse(RULES + contracts)
    return rules.edit({f"liquidation.{key}": value for key, value in liquidation.items()})


def split(draws: random.Random, whole: int, parts: int) -> list[int]:
    """A number as a sum of so many, each at least 1."""
    cuts = sorted(draws.sample(range(1, whole), parts - 1))
    return [high - low for low, high in zip([0, *cuts], [*cuts, whole], strict=True)]


class World:
    """Who holds what, who has how much cash, and in which order they come."""

    def __init__(self, seed: int) -> None:
        draws = random.Random(seed)
        held: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self.cash: dict[str, Decimal] = {}
        longs = Counter[int]()
        for number, cents in enumerate(split(draws, int(DEFICIT / CENT), BANKRUPT)):
            # Of a loss of 30 a lot between 1 and 25 are not covered; the rest covers the initial margin of 2.
            asset, lots = draws.randrange(ASSETS), cents // draws.randint(1, 25) + 1
            held[f"bankrupt {number}"][asset] = lots
            self.cash[f"bankrupt {number}"] = (30 * lots - cents) * CENT
            longs[asset] += lots
        calm = split(draws, GAINED * 100 // 30 - longs.total(), ASSETS)
        for asset, others in enumerate(calm):
            shorts = others + longs[asset]
            if asset % 9 == 0:
                # Hedged: as much long in the next asset as short in this one.
                hedge = min(calm[asset + 1] // 4, shorts // 2)
                held[f"hedged {asset}"].update({asset: -hedge, asset + 1: hedge})
                shorts, calm[asset + 1] = shorts - hedge, calm[asset + 1] - hedge
                longs[asset + 1] += hedge
            held[f"calm {asset % 20}"][asset] += others
            for lots in split(draws, shorts, draws.randint(1, 6)):
                held[f"winner {draws.randrange(240)}"][asset] -= lots
        for account, lots_of in held.items():
            of_lot = draws.randint(3, 60) if account.startswith("winner") else draws.randint(40, 90)
            self.cash.setdefault(account, sum(map(abs, lots_of.values())) * of_lot * CENT)
        self.held = dict(held)

    def accounts(self) -> list[str]:
        return list(self.cash)

    def opening(self, order: list[str], deposits: list[str], called: Mapping[str, str]) -> Rows:
        """Accounts come in one order, deposits in another, and are called as they are called; then all trade."""
        rows: Rows = [{"kind": "open_account", "account": called[account]} for account in order]
        for account in deposits:
            rows.append({"kind": "deposit", "account": called[account], "asset": "USD", "amount": self.cash[account]})
        rows += prices(ASSETS, BEFORE)
        rows += [{"kind": "phase", "instrument": f"A{asset}-PERP", "state": "open"} for asset in range(ASSETS)]
        for short in (True, False):
            for account, held in self.held.items():
                for asset, lots in held.items():
                    if (lots < 0) == short:
                        rows.append(order_of(called[account], asset, lots))
        return rows


def order_of(account: str, asset: int, lots: int) -> dict[str, Any]:
    terms = {"kind": "place", "account": account, "instrument": f"A{asset}-PERP", "price": BEFORE}
    return {**terms, "quantity": lots * CENT}


def prices(assets: int, price: int) -> Rows:
    rows: Rows = []
    for asset in range(assets):
        rows.append({"kind": "index", "underlying": f"A{asset}", "price": price})
        rows.append({"kind": "mark", "instrument": f"A{asset}-PERP", "price": price})
    return rows


def told(venue: pc.Venue, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What commands of one instant did."""
    rows = list(rows)
    columns = sorted({key for row in rows for key in row})
    table = {"time": [START] * len(rows), **{key: [row.get(key) for row in rows] for key in columns}}
    return venue.apply(table).to_pylist()

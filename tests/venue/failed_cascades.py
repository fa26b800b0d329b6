"""A cascade: hundreds of bankrupt accounts at once, and the opposite side deleveraged for exactly what they lack."""

import random
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from tests.venue.scene import START, Claims

import perpcore as pc

UNIT = Decimal("0.00000001")
CENT = Decimal("0.01")
# Every contract is traded at 100 and falls to 70. A lot is 0.01 contract, so that 30 cents are lost or gained by it.
BEFORE, AFTER = 100, 70
BANKRUPT, ASSETS, DEFICIT, GAINED = 302, 54, Decimal("23191104.48"), 834_300_000
BLOCK = 11_279
# Seconds of a processor: much more than it takes, since machines differ.
TICK = 10
POLICIES = ("score", "pro_rata", "minimax")

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
            # In cents a lot; so fine that no two scores are equal.
            least, most = (3, 60) if account.startswith("winner") else (40, 90)
            of_lot = draws.randint(least * 10**6, most * 10**6) * UNIT
            self.cash.setdefault(account, sum(map(abs, lots_of.values())) * of_lot)
        self.held = dict(held)

    def opening(self, order: list[str], deposits: list[str], called: Mapping[str, str]) -> Rows:
        """Accounts come in one order, deposits in another, and are called as they are called; then all trade."""
        rows: Rows = [{"kind": "open_account", "account": called[account]} for account in order]
        for account in deposits:
            rows.append({"kind": "deposit", "account": called[account], "asset": "USD", "amount": self.cash[account]})
        rows += opened(ASSETS)
        for short in (True, False):
            for account, held in self.held.items():
                rows += [trade(called[account], at, lots) for at, lots in held.items() if (lots < 0) == short]
        return rows

    def fallen(self) -> dict[str, Decimal]:
        """What each is worth at the low before anybody is liquidated."""
        lost = (AFTER - BEFORE) * CENT
        return {account: cash + lost * self.held[account].total() for account, cash in self.cash.items()}


def prices(assets: int, price: int) -> Rows:
    rows: Rows = []
    for asset in range(assets):
        rows.append({"kind": "index", "underlying": f"A{asset}", "price": price})
        rows.append({"kind": "mark", "instrument": f"A{asset}-PERP", "price": price})
    return rows


def opened(assets: int) -> Rows:
    phases = [{"kind": "phase", "instrument": f"A{asset}-PERP", "state": "open"} for asset in range(assets)]
    return prices(assets, BEFORE) + phases


def trade(account: str, asset: int, lots: int) -> dict[str, Any]:
    terms = {"kind": "place", "account": account, "instrument": f"A{asset}-PERP", "price": BEFORE}
    return {**terms, "quantity": lots * CENT}


def told(venue: pc.Venue, rows: Rows) -> Any:
    """What commands of one instant did."""
    columns = sorted({key for row in rows for key in row})
    table = {"time": [START] * len(rows), **{key: [row.get(key) for row in rows] for key in columns}}
    return venue.apply(table)


def has(venue: pc.Venue, called: Mapping[str, str]) -> list[tuple[Any, ...]]:
    """Money and positions to the last unit, of accounts by the names that they have for us."""
    names = {theirs: ours for ours, theirs in called.items()}
    money = [(row["account"], row["asset"], row["amount"]) for row in venue.ledger().to_pylist()]
    held = [(row["account"], row["instrument"], row["quantity"], row["cost"]) for row in venue.positions().to_pylist()]
    return sorted((names.get(row[0], row[0]), *row[1:]) for row in [*money, *held])


class Crash:
    """What a policy made of a crash."""

    def __init__(self, world: World, policy: str) -> None:
        names = list(world.cash)
        self.venue = pc.Venue(rulebook(ASSETS, adl=policy))
        told(self.venue, world.opening(names, names, {name: name for name in names}))
        self.events = told(self.venue, prices(ASSETS, AFTER)).to_pylist()
        self.worth = dict.fromkeys(names, Decimal(0))
        self.held: dict[str, Counter[int]] = defaultdict(Counter)
        for row in self.venue.ledger().to_pylist():
            if row["account"] in self.worth:
                self.worth[row["account"]] += row["amount"]
        for row in self.venue.positions().to_pylist():
            self.worth[row["account"]] += AFTER * row["quantity"] - row["cost"]
            asset = int(row["instrument"].removeprefix("A").removesuffix("-PERP"))
            self.held[row["account"]][asset] = int(row["quantity"] / CENT)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["kind"] == kind]


def cascade(control: bool) -> Claims:
    """hyperliquid-2025-10-10-adl-cascade.

    The bankrupt accounts, what they lack and what others gained are those of the incident; all accounts are 463 and not
    437,723, in 54 assets and not 162. The largest block is a check of its own.
    """
    assert control
    world = World(20251010)
    before = world.fallen()
    owed = {account: -value for account, value in before.items() if value < 0}
    gained = sum(max(-lots, 0) for held in world.held.values() for lots in held.values()) * 30 * CENT
    assert (len(world.cash), len(owed)) == (463, BANKRUPT)
    assert (sum(owed.values()), gained) == (DEFICIT, GAINED)
    crashes = [Crash(world, policy) for policy in POLICIES]

    # What others lost against the marks, as it is and not as it is shown.
    taken = [sum(before[name] - crash.worth[name] for name in before if name not in owed) for crash in crashes]
    exact = all(abs(value - DEFICIT) <= UNIT for value in taken)
    whole = all(crash.worth[name] == 0 for crash in crashes for name in owed)
    whole &= all(crash.venue.verify() == [] for crash in crashes)
    yield "sum of value taken from winners - deficit covered == 0 to one unit", exact and whole
    values = {row["net_value"] >= 0 for crash in crashes for row in crash.venue.accounts().to_pylist()}
    yield "no counterparty ends with net_value < 0", values == {True}
    kept = [
        0 <= crash.held[name][asset] * (1 if lots > 0 else -1) <= abs(lots)
        for crash in crashes
        for name, held in world.held.items()
        for asset, lots in held.items()
    ]
    yield "no position flips sign", all(kept)

    # There is one machine, so threads are not asked. Neither names nor the order of deposits change a unit. The order
    # of opening decides between equals, of which a score leaves none here, and who bears the last unit of a trade.
    names, draws = list(world.cash), random.Random(1)
    others = draws.sample(names, len(names))
    renamed, same = dict(zip(names, others, strict=True)), {name: name for name in names}
    identical = []
    for crash, policy in zip(crashes, POLICIES, strict=True):
        venue, reordered = (pc.Venue(rulebook(ASSETS, adl=policy)) for _ in range(2))
        told(venue, world.opening(names, others, renamed) + prices(ASSETS, AFTER))
        told(reordered, world.opening(others, names, same) + prices(ASSETS, AFTER))
        mine = has(crash.venue, same)
        identical.append(has(venue, renamed) == mine and venue.digest == crash.venue.digest)
        pairs = list(zip(mine, has(reordered, same), strict=True))
        # Who, in what, and how much of it; what was paid for it is the last.
        identical.append(all(one[:3] == other[:3] for one, other in pairs))
        units = 0 if policy == "score" else len(crash.of("adl"))
        identical.append(all(abs(one[-1] - other[-1]) <= units * UNIT for one, other in pairs))
    yield "bit-identical result for every thread count and input order", all(identical)

    closes = {name: Counter({asset: -lots for asset, lots in world.held[name].items()}) for name in owed}
    closed, ratios = [], []
    for crash in crashes:
        by: dict[str, int] = Counter()
        for event in crash.of("adl"):
            by[event["other_account"]] += int(event["quantity"] / CENT)
        closed.append(by == {name: -of.total() for name, of in closes.items()})
        reports = [crash.venue.adl_report(number).to_pylist() for number in range(1, BANKRUPT + 1)]
        for report in reports:
            step = next(row for row in report if row["kind"] == "liquidation_step")
            ratios.append(report[-1]["amount"] / -step["amount"])
    # Of each loss the last unit is rounded up.
    claim = (
        "the quantity closed by ADL equals the deficit quantity under every policy; value taken / deficit is reported"
    )
    yield f"{claim} (industry reference 28)", all(closed) and {round(ratio, 6) for ratio in ratios} == {1}
    yield "22,558 forced events in one tick complete within the tick budget", largest_block()


@cache
def largest_block() -> bool:
    """11,279 liquidations and 11,279 deleveragings in one command; or the same, 256 liquidations with each command."""
    ended = []
    for per_command, commands in ((1_000_000, 1), (256, 45)):
        venue = pc.Venue(rulebook(1, adl="score", per_command=per_command))
        lots = [100 + number % 997 for number in range(BLOCK)]
        rows: Rows = [{"kind": "open_account", "account": "short"}]
        rows += [{"kind": "deposit", "account": "short", "asset": "USD", "amount": 100_000_000}, *opened(1)]
        rows.append(trade("short", 0, -sum(lots)))
        for number, size in enumerate(lots):
            account = f"long {number}"
            rows.append({"kind": "open_account", "account": account})
            # 4 of the 30 that a lot loses.
            rows.append({"kind": "deposit", "account": account, "asset": "USD", "amount": 4 * size * CENT})
            rows.append(trade(account, 0, size))
        told(venue, rows)
        begun = time.process_time()
        seen = Counter(told(venue, prices(1, AFTER)[1:])["kind"].to_pylist())
        took = time.process_time() - begun
        for _ in range(commands - 1):
            seen.update(told(venue, [{"kind": "advance_time"}])["kind"].to_pylist())
        done = (seen["adl"], seen["adl_report"], seen["liquidation_step"]) == (BLOCK, BLOCK, 2 * BLOCK)
        ended.append((done and took < TICK and venue.verify() == [], has(venue, {})))
    return ended[0] == ended[1] and ended[0][0]

"""The deleveraging of 10 October 2025, done again by each policy; `python -m tests.venue.deleveraging` prints a table.

Recorded are, by wave and coin, the contracts that were deleveraged and how much a contract fell short. Each is made an
account that is long so much and worth so much less than nothing, against synthetic shorts, with a fund that has nothing
and an empty book. Coins and shorts are the same under each policy.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
from tests.shared import DATA
from tests.venue.crowd import Row, table
from tests.venue.tape import GRID

import perpcore as pc

compute: Any = pa.compute
FOLDER = DATA / "adl_20251010"
POLICIES = ("score", "pro_rata", "minimax")
LOT = GRID // 10_000
# Recorded are no prices: all marks are as many times the gap, so that all that is closed has the notional of that day.
NOTIONAL = 2_103_111_431
SHORTS = 100
TIME = 20_371 * 86_400 * 10**9  # 2025-10-10
RULES = """
[venue]
settlement = "USD"
fees = { standard = { maker = "0%", taker = "0%" } }
[asset.USD]
class = "fiat"
eligible = true
[liquidation]
"""
INSTRUMENT = """
[instrument.{name}]
underlying = {coin}
tick = 0.00000001
lot = 0.0001
tiers = [["rest", "0.5%", 100]]
collar = { width = "100%" }
"""


@dataclass(frozen=True)
class Deficit:
    """What is to be deleveraged in a coin, in 10⁻⁸. A contract is a power of ten of coins: there are less than 10⁷."""

    wave: int
    coin: str
    quantity: int
    gap: int
    """What a contract lacks."""
    mark: int
    recorded: Decimal
    """What all of them lack, as it was recorded."""

    @property
    def amount(self) -> Fraction:
        """What all of them lack."""
        return Fraction(self.quantity * self.gap, GRID * GRID)

    @property
    def entry(self) -> int:
        """What the account that fell had paid a contract."""
        return self.mark * 102 // 100


@dataclass(frozen=True)
class Short:
    """Somebody on the other side, in 10⁻⁸."""

    name: str
    quantity: int
    entry: int
    cash: int


def deficits() -> list[Deficit]:
    """All of them, wave by wave; those that lack nothing are left out."""
    rows = [row for row in pq.read_table(FOLDER / "wave_coin_gap.parquet").to_pylist() if row["gap_usd_x_qty"] > 0]
    times = Fraction(NOTIONAL) / sum(Fraction(row["gap_usd_x_qty"]) for row in rows)
    found = []
    for row in rows:
        contracts = Decimal(row["qty_contracts"])
        power = max(0, contracts.adjusted() - 6)
        lots = round(contracts.scaleb(4 - power))
        gap = round(Decimal(row["gap_per_contract_usd"]).scaleb(8 + power))
        recorded = Decimal(row["gap_usd_x_qty"])
        found.append(Deficit(row["wave"], row["coin"], lots * LOT, gap, round(gap * times), recorded))
    return found


def shorts(deficit: Deficit) -> list[Short]:
    """20 to 50 times what is to be closed, in sizes over two decades; entered from 3 % below the mark to 45 % above it,
    with 2 to 50 times leverage.
    """
    draw = random.Random(f"{deficit.wave} {deficit.coin}")
    lots = round(deficit.quantity // LOT * draw.uniform(20, 50))
    weights = [100 ** draw.random() for _ in range(SHORTS)]
    found = []
    for number, weight in enumerate(weights):
        quantity = max(1, int(lots * weight / sum(weights))) * LOT
        entry = round(deficit.mark * (1 + draw.uniform(-0.03, 0.45)))
        leverage = 2 * 25 ** draw.random()
        # Whoever sells below the mark of then has the difference, too.
        loss = max(0, deficit.entry - entry) * quantity // GRID + 1
        cash = round(quantity * deficit.entry // GRID / leverage) + 1 + loss
        found.append(Short(f"{deficit.coin} short {number}", quantity, entry, cash))
    return found


def rulebook(coins: list[str], policy: str) -> pc.Rulebook:
    text = RULES + f'adl = "{policy}"\n'
    for coin in coins:
        text += INSTRUMENT.replace("{name}", f'"{coin}-PERP"').replace("{coin}", f'"{coin}"')
    return pc.Rulebook.parse(text)


def setting(wave: list[Deficit], crowd: dict[str, list[Short]]) -> Iterator[Row]:
    """Everybody trades with a holder of the coin, who is rich and long; he sells to the account that will fall."""
    yield {"kind": "advance_time", "time": TIME}
    for each in wave:
        name, (long, holder) = f"{each.coin}-PERP", (f"{each.coin} {word}" for word in ("long", "holder"))
        yield {"kind": "index", "underlying": each.coin, "price_e8": each.entry}
        yield {"kind": "mark", "instrument": name, "price_e8": each.entry}
        yield {"kind": "phase", "instrument": name, "state": "open"}
        # At the mark it is worth so much less than nothing.
        cash = each.quantity * (each.entry - each.mark - each.gap) // GRID
        for account, amount in [(long, cash), (holder, 10**10 * GRID), *((x.name, x.cash) for x in crowd[each.coin])]:
            yield {"kind": "open_account", "account": account}
            yield {"kind": "deposit", "account": account, "asset": "USD", "amount_e8": amount}
        trades = [(short.name, holder, short.quantity, short.entry) for short in crowd[each.coin]]
        for seller, buyer, quantity, price in [*trades, (holder, long, each.quantity, each.entry)]:
            for account, signed in ((seller, -quantity), (buyer, quantity)):
                yield {
                    "kind": "place",
                    "account": account,
                    "instrument": name,
                    "quantity_e8": signed,
                    "price_e8": price,
                }


@dataclass
class Closed:
    """A deficit that was deleveraged, under a policy. Quantities in 10⁻⁸."""

    deficit: Deficit
    shorts: list[Short]
    taken: dict[str, int]
    """Contracts that each lost."""
    lost: dict[str, Decimal]
    """What that cost each against the mark."""
    report: Decimal
    """What it cost all, as the report says."""

    @property
    def profit(self) -> Fraction:
        """Unsettled profit of what was closed."""
        mark = self.deficit.mark
        gains = (max(0, each.entry - mark) * self.taken.get(each.name, 0) for each in self.shorts)
        return Fraction(sum(gains), GRID * GRID)

    @property
    def ten(self) -> float:
        """The share of those ten who lost most."""
        return float(sum(sorted(self.lost.values())[-10:]) / sum(self.lost.values()))

    @property
    def largest(self) -> float:
        """The largest part of a position that was taken."""
        return max(self.taken.get(each.name, 0) / each.quantity for each in self.shorts)


@dataclass
class Played:
    """Some coins of a wave under a policy."""

    venue: pc.Venue
    refused: int
    """Commands that were, until all had their positions."""
    closed: list[Closed]


# Coins that share a venue. Nobody is in two of them, so that it is only for speed.
TOGETHER = 8


def play(deficits: list[Deficit]) -> Iterator[tuple[str, Played]]:
    """All of it, some coins and a policy at a time."""
    for _, whole in groupby(deficits, key=lambda deficit: deficit.wave):
        wave = list(whole)
        for coins in (wave[at : at + TOGETHER] for at in range(0, len(wave), TOGETHER)):
            crowd = {deficit.coin: shorts(deficit) for deficit in coins}
            opening = table(setting(coins, crowd))
            for policy in POLICIES:
                yield policy, close(coins, crowd, opening, policy)


def close(coins: list[Deficit], crowd: dict[str, list[Short]], opening: pa.Table, policy: str) -> Played:
    """Everybody comes, then the marks move."""
    venue = pc.Venue(rulebook([each.coin for each in coins], policy))
    opened = venue.apply(opening)
    refused = compute.sum(compute.equal(opened["kind"].cast(pa.string()), "rejected")).as_py()
    moves = ({"kind": "mark", "instrument": f"{each.coin}-PERP", "price_e8": each.mark} for each in coins)
    closed = {f"{each.coin}-PERP": Closed(each, crowd[each.coin], {}, {}, Decimal(0)) for each in coins}
    events = venue.apply(table(moves)).select(["kind", "account", "instrument", "quantity", "amount"])
    for event in events.filter(compute.is_in(events["kind"], pa.array(["adl", "adl_report"]))).to_pylist():
        found = closed[event["instrument"]]
        if event["kind"] == "adl":
            found.taken[event["account"]] = int(event["quantity"].scaleb(8))
            found.lost[event["account"]] = event["amount"]
        else:
            found.report += event["amount"]
    return Played(venue, refused, list(closed.values()))


def page(found: dict[str, list[Closed]]) -> Iterator[str]:
    """The table of docs/liquidation.md."""
    yield (
        "| policy | deleveraged | contracts ÷ deficit's | loss ÷ deficit | profit closed ÷ deficit | ten most hit lose "
        "| largest part taken |"
    )
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for policy, all_of in found.items():
        deficit = sum(each.deficit.amount for each in all_of)
        contracts = Fraction(sum(sum(each.taken.values()) for each in all_of), sum(x.deficit.quantity for x in all_of))
        lost = Fraction(sum(sum(each.lost.values()) for each in all_of)) / deficit
        profit = sum(each.profit for each in all_of) / deficit
        ten, largest = (median(each) for each in ([x.ten for x in all_of], [x.largest for x in all_of]))
        count = sum(len(each.taken) for each in all_of)
        yield (
            f"| `{policy}` | {count:,} | {float(contracts):.6f} | {float(lost):.6f} | {float(profit):.1f} "
            f"| {ten:.0%} | {largest:.1%} |"
        )


def main() -> None:
    found: dict[str, list[Closed]] = defaultdict(list)
    for policy, played in play(deficits()):
        found[policy] += played.closed
    print("\n".join(page(found)))


if __name__ == "__main__":
    main()

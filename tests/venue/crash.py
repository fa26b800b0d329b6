"""Recorded crashes, replayed through a venue with a crowd: `python -m tests.venue.crash` prints what came of them.

`--long` replays whole days with 5,000 accounts instead of the hours around each crash with 1,000.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute
from tests.shared import DATA
from tests.venue.crowd import Member, Terms, crowd, leaving, opening, table
from tests.venue.tape import GRID, KINDS, Contract, commands, tape

import perpcore as pc

compute: Any = pa.compute
STEPS = ("book", "backstop", "fund", "adl", "last_resort")
BTC = Contract("BTC-PERP", "XBTUSD", GRID // 10, GRID // 1_000)
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Crash:
    """Recorded prices and who lives through them."""

    name: str
    path: str
    bar: int
    """Seconds."""
    days: Span
    hours: Span
    """Around the crash, for a short run."""
    preset: str
    terms: Terms
    contracts: tuple[Contract, ...] = (BTC,)
    depth: int = 6_000
    """What the maker quotes on a side when nothing moves, in settlement currency an account."""

    @property
    def file(self) -> Path:
        return DATA / self.path


def utc(*date: int) -> datetime:
    return datetime(*date, tzinfo=UTC)  # type: ignore[misc, arg-type]


HK = Terms("USD", fund=300, backstop=2_000, leverage=(1.5, 20.0), notional=(1_000.0, 500_000.0))
GLOBAL = Terms(
    "USDT",
    fund=300,
    backstop=2_000,
    leverage=(1.5, 45.0),
    notional=(1_000.0, 1_000_000.0),
    collateral=("BTC", "ETH", "USDC"),
    portfolio=True,
)
CRASHES = (
    Crash(
        "12–13 March 2020",
        "bitmex_xbtusd_1m/2020-03-01_2020-03-31.parquet",
        60,
        days=(utc(2020, 3, 12), utc(2020, 3, 14)),
        hours=(utc(2020, 3, 12, 9), utc(2020, 3, 13, 3)),
        preset="hk-vatp-perp",
        terms=HK,
    ),
    Crash(
        "19 May 2021",
        "bitmex_xbtusd_1m/2021-05-01_2021-05-31.parquet",
        60,
        days=(utc(2021, 5, 19), utc(2021, 5, 20)),
        hours=(utc(2021, 5, 19, 9), utc(2021, 5, 19, 15)),
        preset="hk-vatp-perp",
        terms=HK,
    ),
    Crash(
        "4–6 August 2024",
        "binance_spot/spot_5m_2024-08.parquet",
        300,
        days=(utc(2024, 8, 4), utc(2024, 8, 7)),
        hours=(utc(2024, 8, 4, 20), utc(2024, 8, 5, 12)),
        preset="global-multi-collateral",
        terms=GLOBAL,
        contracts=(
            Contract("BTC-PERP", "BTCUSDT", GRID // 10, GRID // 1_000),
            Contract("ETH-PERP", "ETHUSDT", GRID // 100, GRID // 100),
        ),
    ),
)


def rulebook(crash: Crash) -> pc.Rulebook:
    """The preset, in which a maker may quote and hold anything, and a price told every bar is good until the next."""
    free = [f"instrument.{each.name}.{limit}" for each in crash.contracts for limit in ("limits.position", "max_size")]
    changes: dict[str, Any] = dict.fromkeys(free)
    changes |= {f"underlying.{each.underlying}.index.stale_after": "3m" for each in crash.contracts}
    return pc.Rulebook.preset(crash.preset).edit(changes)


@dataclass
class Replay:
    """A venue that was told a crash, and what was said on the way."""

    venue: pc.Venue
    members: list[Member]
    opening: pa.Table
    """The commands with which all of it began."""
    tables: list[pa.Table] = field(default_factory=list)
    fund: list[Decimal] = field(default_factory=list)
    """What the fund had at first and after each table with liquidations."""

    def feed(self, rows: pa.Table) -> pa.Table:
        """Carries out a table; where it came to liquidations the books are looked at. What was said."""
        events = pa.table(self.venue.apply(rows))
        self.tables.append(events)
        if "liquidation_step" in events["kind"].unique().to_pylist():
            self.check()
        return events

    def check(self) -> None:
        """Nothing is lost, and nobody has less than nothing."""
        assert self.venue.verify() == []
        ledger = self.venue.ledger()
        assert compute.min(ledger["amount"]).as_py() >= 0
        assert compute.min(self.venue.positions()["isolated_margin"]).as_py() >= 0
        self.fund.append(self.has("fund", ledger))

    def has(self, account: str, ledger: pa.RecordBatch | None = None) -> Decimal:
        """What somebody has of the settlement currency."""
        rows = self.venue.ledger() if ledger is None else ledger
        settlement = self.venue.rules.settlement
        mine = compute.and_(compute.equal(rows["account"], account), compute.equal(rows["asset"], settlement))
        return compute.sum(rows.filter(mine)["amount"]).as_py() or Decimal(0)

    def events(self) -> pa.Table:
        """All that was said, as one table."""
        return pa.concat_tables(self.tables).unify_dictionaries()


def begin(crash: Crash, accounts: int, span: Span) -> tuple[Replay, pa.Table]:
    """A venue in which all have their positions, and what it is to be told then."""
    tapes = [tape(each, crash.file, span, crash.bar) for each in crash.contracts]
    at = {each.contract.name: int(each.price[0]) for each in tapes}
    rules = rulebook(crash)
    members = crowd(crash.terms, accounts, crash.contracts, at)
    opened = table(opening(crash.terms, rules, members, at, int(tapes[0].time[0])))
    run = Replay(pc.Venue(rules), members, opened)
    run.feed(opened)
    run.fund.append(run.has("fund"))
    return run, commands(tapes, crash.depth * accounts)


def replay(crash: Crash, accounts: int, span: Span, every: int = 1) -> Replay:
    """The crash, so many prices a table; then some withdraw."""
    run, told = begin(crash, accounts, span)
    block = len(KINDS) * len(crash.contracts) * every
    for first in range(0, told.num_rows, block):
        run.feed(told.slice(first, block))
    asked = run.feed(table(leaving(crash.terms, run.members)))
    numbers = asked.filter(compute.equal(asked["kind"], "withdrawal_requested"))["order"]
    run.feed(pa.table({"kind": ["confirm_withdrawal"] * len(numbers), "order": numbers}))
    run.check()
    return run


@dataclass(frozen=True)
class Summary:
    """What came of a replay."""

    accounts: int
    liquidated: int
    """Clients and providers of whom a bucket was closed, in part or whole."""
    steps: tuple[int, ...]
    """How many times each was entered."""
    deleveraged: dict[str, Decimal]
    """Contracts by instrument."""
    notional: Decimal
    """The same at the prices at which they were closed."""
    fund: tuple[Decimal, Decimal, Decimal]
    """At first, at its lowest, at the end."""


def summary(run: Replay) -> Summary:
    events = run.events()
    steps, cuts, draws = (
        events.filter(compute.equal(events["kind"], of)) for of in ("liquidation_step", "adl", "fund_draw")
    )
    entered = Counter(steps["rule"].to_pylist())
    contracts: dict[str, Decimal] = defaultdict(Decimal)
    notional = Decimal(0)
    for cut in cuts.select(["instrument", "quantity", "price"]).to_pylist():
        contracts[cut["instrument"]] += abs(cut["quantity"])
        notional += abs(cut["quantity"]) * cut["price"]
    return Summary(
        accounts=len(run.members),
        liquidated=len(set(steps["account"].to_pylist())),
        steps=tuple(entered[f"liquidation.{step}"] for step in STEPS),
        deleveraged=dict(sorted(contracts.items())),
        notional=notional,
        fund=(run.fund[0], min([*run.fund, *draws["balance"].to_pylist()]), run.fund[-1]),
    )


def page(found: dict[str, Summary]) -> Iterator[str]:
    """The table of docs/liquidation.md."""
    yield (
        "| | accounts | liquidated | book | backstop | fund | adl | last resort | deleveraged | their notional "
        "| fund before | lowest | after |"
    )
    yield "|---|--:|--:|--:|--:|--:|--:|--:|---|--:|--:|--:|--:|"
    for name, each in found.items():
        contracts = ", ".join(f"{amount:,.3f} {of.removesuffix('-PERP')}" for of, amount in each.deleveraged.items())
        counts = [each.accounts, each.liquidated, *each.steps]
        cells = [*(f"{count:,}" for count in counts), contracts, *(f"{x:,.0f}" for x in (each.notional, *each.fund))]
        yield f"| {name} | {' | '.join(cells)} |"


def short(crash: Crash, every: int = 1) -> Replay:
    """The hours around the crash with 1,000 clients."""
    return replay(crash, 1_000, crash.hours, every)


def long(crash: Crash, every: int = 1) -> Replay:
    """Its days with 5,000."""
    return replay(crash, 5_000, crash.days, every)


def main() -> None:
    run = long if "--long" in sys.argv[1:] else short
    print("\n".join(page({crash.name: summary(run(crash)) for crash in CRASHES})))


if __name__ == "__main__":
    main()

"""A crowd for recorded markets: pairs of clients on opposite sides, a maker, backstop providers, a fund."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from tests.venue.tape import GRID, MAKER, Contract

import perpcore as pc

Row = dict[str, Any]
YEAR = 365 * 86_400 * 10**9
PROVIDERS = 4


@dataclass(frozen=True)
class Terms:
    """What the crowd is like. Money is in whole units of the settlement currency."""

    settlement: str
    fund: int
    """An account, as what all backstop providers together have and take over."""
    backstop: int
    leverage: tuple[float, float]
    notional: tuple[float, float]
    collateral: tuple[str, ...] = ()
    """Assets in which every fourth client has his money, where there are any."""
    portfolio: bool = False
    """Whether rich clients who hold two instruments are margined as a portfolio."""


@dataclass(frozen=True)
class Member:
    """A client: what he buys and sells at first, and what he has, in 10⁻⁸."""

    name: str
    legs: dict[str, int]
    cash: int
    leverage: float
    isolated: bool


def crowd(
    terms: Terms, accounts: int, contracts: tuple[Contract, ...], at: dict[str, int], seed: int = 7
) -> list[Member]:
    """Pair by pair; leverages and notionals are spread evenly in their logarithm, one of five positions is isolated."""
    draw = random.Random(seed)

    def spread(between: tuple[float, float]) -> float:
        return float(between[0] * (between[1] / between[0]) ** draw.random())

    found = []
    for pair in range(accounts // 2):
        notional, first = spread(terms.notional), draw.randrange(len(contracts))
        signs = {first: 1}
        if len(contracts) > 1 and draw.random() < 0.4:
            # Two legs, the same way or against each other.
            signs[(first + 1) % len(contracts)] = draw.choice((1, -1))
        legs = {}
        for place, sign in signs.items():
            contract = contracts[place]
            lots = round(notional / len(signs) * GRID * GRID / (at[contract.name] * contract.lot))
            legs[contract.name] = sign * max(1, lots) * contract.lot
        worth = sum(abs(quantity) * at[name] for name, quantity in legs.items()) // GRID
        for side, word in ((1, "long"), (-1, "short")):
            leverage, isolated = spread(terms.leverage), len(legs) == 1 and draw.random() < 0.2
            # The requirement, the fee and a little more.
            cash = round(worth / leverage * 1.01 + worth * 0.001) + GRID
            mine = {name: side * quantity for name, quantity in legs.items()}
            found.append(Member(f"{word} {pair}", mine, cash, leverage, isolated))
    return found


def opening(terms: Terms, rules: pc.Rulebook, members: list[Member], at: dict[str, int], time: int) -> Iterator[Row]:
    """Everybody comes, pays in, and trades with the other of his pair; the maker and the converter are rich."""
    yield {"kind": "approve_rulebook", "rulebook": rules.digest, "approval": "board", "time": time}
    proved = {"investor_until": time + YEAR, "knowledge_until": time + YEAR}
    for name, price in at.items():
        yield {"kind": "index", "underlying": rules.underlying(name), "price_e8": price}
        yield {"kind": "mark", "instrument": name, "price_e8": price}
    for asset in (each for each in terms.collateral if f"{each}-PERP" not in at):
        yield {"kind": "index", "asset": asset, "price_e8": GRID}
    for member in members:
        yield {"kind": "open_account", "account": member.name, **proved}
    each = terms.backstop * len(members) // PROVIDERS * GRID
    for number in range(PROVIDERS):
        yield {"kind": "open_account", "account": f"provider {number}", "class": "backstop", **proved}
        yield _paid(f"provider {number}", terms.settlement, each)
        yield {"kind": "register_backstop", "account": f"provider {number}", "amount_e8": each}
    yield {"kind": "open_account", "account": MAKER, "class": "market_maker", **proved}
    yield _paid(MAKER, terms.settlement, 10**10 * GRID)
    yield {"kind": "fund_topup", "amount_e8": terms.fund * len(members) * GRID, "note": "fund"}
    yield {"kind": "fund_topup", "amount_e8": 10**9 * GRID, "note": "converter"}
    for place, member in enumerate(members):
        yield from _comes(terms, place, member, at)
    for name in at:
        yield {"kind": "phase", "instrument": name, "state": "open"}
    for long, short in zip(members[::2], members[1::2], strict=True):
        for name in long.legs:
            for member in (short, long):
                mode = "isolated" if member.isolated else None
                order = {"quantity_e8": member.legs[name], "price_e8": at[name], "margin_mode": mode}
                yield {"kind": "place", "account": member.name, "instrument": name, **order}


def _comes(terms: Terms, place: int, member: Member, at: dict[str, int]) -> Iterator[Row]:
    """What a client pays in, how he is margined, and the leverage that he chose for an isolated position."""
    kinds = terms.collateral
    if kinds and place % 4 == 3 and not member.isolated:
        # A tenth in cash for fees and funding, the rest and an eighth more for its haircut in the asset.
        asset = kinds[place // 4 % len(kinds)]
        yield _paid(member.name, terms.settlement, member.cash // 10)
        yield _paid(member.name, asset, member.cash * GRID * 9 // 8 // at.get(f"{asset}-PERP", GRID))
    else:
        yield _paid(member.name, terms.settlement, member.cash)
    if terms.portfolio and len(member.legs) > 1 and member.cash > 150_000 * GRID:
        yield {"kind": "set_account", "account": member.name, "model": "portfolio"}
    for name in member.legs if member.isolated else ():
        chosen = {"margin_mode": "isolated", "leverage_e8": math.ceil(member.leverage) * GRID}
        yield {"kind": "set_account", "account": member.name, "instrument": name, **chosen}


def leaving(terms: Terms, members: list[Member]) -> Iterator[Row]:
    """Some clients ask for money back, whether they have it or not."""
    for member in members[:100]:
        yield {"kind": "withdraw", "account": member.name, "asset": terms.settlement, "amount_e8": 10 * GRID}


def _paid(account: str, asset: str, amount: int) -> Row:
    return {"kind": "deposit", "account": account, "asset": asset, "amount_e8": amount}


TYPES = {
    **dict.fromkeys(("time", "investor_until", "knowledge_until"), pa.int64()),
    "reduce_only": pa.bool_(),
}


def table(given: Iterator[Row]) -> pa.Table:
    """Rows as columns."""
    rows = list(given)
    names = {name: None for row in rows for name in row}
    columns = {}
    for name in names:
        kind = pa.int64() if name.endswith("_e8") else TYPES.get(name, pa.string())
        columns[name] = pa.array([row.get(name) for row in rows], kind)
    return pa.table(columns)

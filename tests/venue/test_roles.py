"""Names, roles and the order of opening change what somebody may do, never a sum.

One random stream is told twice: to accounts, clients and groups of some names, classes and order of opening, and to the
same ones of other names, classes and order. Compared are the ledger, what every account is worth, positions, resting
orders and, command by command, the events (in any order, without the class that they say).

Both classes are of market makers: at one price everybody else comes before an affiliated one, which is why nobody has
a price in common with somebody else. tests/model_agreement/test_venue.py has the law for professionals, and for flags.
"""

import random
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from tests.model.venue.renamed import facts
from tests.venue.setting import HOUR, NOW, rulebook
from tests.venue.stream import table

import perpcore as pc

Row = dict[str, Any]
SECOND = 10**9
SEEDS = range(6)
X = "X-PERP"
ACCOUNTS = [f"a{number}" for number in range(8)]
CLIENTS = ["c0", "c0", "c1", "c2", "c2", None, None, None]
GROUPS = {"c0": "g0", "c1": "g0"}
CLASSES = ("market_maker", "affiliated_market_maker")
RULES = rulebook(
    instrument__X_PERP__tick="0.01",
    instrument__X_PERP__limits={"position": 90, "client_position": 110, "group_position": 130, "open_orders": 12},
    venue__breaker={"loss_per_minute": "20%", "turnover_per_minute": 4},
    venue__settle_every="1h",
    venue__withdraw_ratio="5%",
)


def opening(draws: random.Random) -> list[Row]:
    """Everybody, in the order of the names."""
    rows: list[Row] = []
    for account, client in zip(ACCOUNTS, CLIENTS, strict=True):
        terms = {"client": client, "group": GROUPS.get(client or ""), "fee_tier": draws.choice(("standard", "free"))}
        terms |= {"class": draws.choice(CLASSES), "approval": "board 12"}
        rows.append({"kind": "open_account", "account": account, **terms})
    return rows


def own_price(draws: random.Random, account: str, middle: int) -> str:
    """A price that nobody else names: of every eight ticks one is of an account."""
    ticks = middle * 100 // 8 + draws.randrange(-25, 25)
    return f"{Decimal(ticks * 8 + ACCOUNTS.index(account)) / 100}"


def command(draws: random.Random, middle: int, number: int) -> Row:
    """One of an account."""
    account, pick = draws.choice(ACCOUNTS), draws.random()
    mine = {"account": account, "instrument": X}
    if pick < 0.7:
        size = draws.choice((-1, 1)) * draws.randrange(5, 400) / 10
        row = {**mine, "kind": "place", "quantity": f"{size:.1f}", "client_id": f"{number}"}
        if draws.random() < 0.9:
            row["price"] = own_price(draws, account, middle)
        if draws.random() < 0.2:
            row |= draws.choice(
                ({"tif": "ioc"}, {"tif": "fok"}, {"reduce_only": True}, {"margin_mode": "isolated"}, {"stp": "maker"})
            )
        return row
    if pick < 0.8:
        row = {**mine, "client_id": f"{draws.randrange(max(0, number - 60), number + 1)}"}
        if draws.random() < 0.5:
            return {**row, "kind": "cancel"}
        return {**row, "kind": "amend", "price": own_price(draws, account, middle)}
    amount = f"{draws.randrange(1, 300_000) / 100}"
    money = {"account": account, "asset": "USD", "amount": amount}
    if pick < 0.86:
        return {**money, "kind": "withdraw"}
    if pick < 0.9:
        return {**money, "kind": "transfer", "to_account": draws.choice(ACCOUNTS)}
    if pick < 0.93:
        return {**money, "kind": "deposit"}
    if pick < 0.96:
        return {"kind": "set_account", "account": account, "leverage": f"{draws.randrange(2, 21)}"}
    if pick < 0.99:
        return {"kind": "resume", "account": account}
    return {"kind": draws.choice(("cancel_all", "halt")), "account": account}


def stream(seed: int, length: int) -> tuple[list[Row], list[Row]]:
    """Who opens, and what happens then: a mark that wanders, an hour or two, and settlements."""
    draws = random.Random(seed)
    rows: list[Row] = [{"kind": "fund_topup", "amount": "1000000", "note": "fund", "time": NOW}]
    for number, account in enumerate(ACCOUNTS):
        rows.append({"kind": "deposit", "account": account, "asset": "USD", "amount": f"{4000 - 500 * number}"})
    middle, time = 100, NOW
    for number in range(length):
        if number % 25 == 0:
            middle += draws.choice((-4, -1, 0, 1, 4)) if number else 0
            time += draws.randrange(1, 400) * SECOND
            rows.append({"kind": "index", "underlying": "X", "price": f"{middle}", "time": time})
            rows.append({"kind": "mark", "instrument": X, "price": f"{middle}"})
        if number == 0:
            rows.append({"kind": "phase", "instrument": X, "state": "open"})
        rows.append(command(draws, middle, number))
    return opening(draws), [*rows, {"kind": "advance_time", "time": time + HOUR}]


def otherwise(opens: list[Row], rows: list[Row], draws: random.Random) -> tuple[list[Row], dict[str, str]]:
    """The same under other names, in another order of opening, with other classes; and the names."""
    named = [*ACCOUNTS, "c0", "c1", "c2", "g0"]
    others = [f"z{number}" for number in range(len(named))]
    draws.shuffle(others)
    names = dict(zip(named, others, strict=True))
    columns = ("account", "to_account", "client", "group")
    renamed = [
        {name: names.get(value, value) if name in columns else value for name, value in row.items()}
        for row in opens + rows
    ]
    first = [{**row, "class": draws.choice(CLASSES)} for row in renamed[: len(opens)]]
    draws.shuffle(first)
    assert [row["class"] for row in sorted(first, key=str)] != [row["class"] for row in sorted(opens, key=str)]
    return first + renamed[len(opens) :], names


def told(rows: list[Row]) -> tuple[pc.Venue, dict[int, list[Row]]]:
    """A venue that was told all of it in one table, and the events of each row after the opening."""
    venue, by_cause = pc.Venue(RULES), defaultdict(list)
    for event in pa.table(venue.apply(table(rows))).to_pylist():
        if event["cause"] >= len(ACCOUNTS):
            by_cause[event["cause"]].append(event)
    return venue, by_cause


def state(venue: pc.Venue, names: dict[str, str]) -> list[list[str]]:
    """What is compared of a venue, in the other names: rows in any order."""
    tables = (venue.ledger(), venue.accounts(), venue.positions(), venue.l3(X))
    rows = [pa.table(each).to_pylist() for each in tables]
    for row in (row for each in rows for row in each):
        row.pop("class", None)
    return [
        sorted(str({name: names.get(value, value) for name, value in row.items()}) for row in each) for each in rows
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_neither_names_nor_roles_nor_the_order_of_opening_change_a_sum(seed: int) -> None:
    opens, rows = stream(seed, 900)
    others, names = otherwise(opens, rows, random.Random(seed + 1000))
    (one, mine), (other, theirs) = told(opens + rows), told(others)
    assert mine.keys() == theirs.keys()
    for cause in mine:
        assert facts(mine[cause], names) == facts(theirs[cause], {}), (cause, (opens + rows)[cause])
    assert state(one, names) == state(other, {})
    assert one.verify() == other.verify() == []


def test_a_lot_happens_in_these_streams() -> None:
    events: list[Row] = []
    for seed in SEEDS:
        opens, rows = stream(seed, 900)
        events += [event for each in told(opens + rows)[1].values() for event in each]
    kinds, codes = (Counter(event[column] for event in events) for column in ("kind", "code"))
    assert kinds["filled"] > 1000
    for kind in ("settlement", "settlement_deferred", "status_changed", "margin_call", "posting", "premium"):
        assert kinds[kind] > 0, (kind, kinds)
    for code in ("insufficient_margin", "not_withdrawable", "self_trade", "account_halted", "breaker_loss"):
        assert codes[code] > 0, (code, codes)
    for code in ("breaker_turnover", "position_limit", "client_limit", "group_limit", "fill_refused"):
        assert codes[code] > 0, (code, codes)

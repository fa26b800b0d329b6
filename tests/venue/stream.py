"""Random commands of every kind, some of them wrong, as rows of the table `commands`."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
from tests.venue.setting import NOW, rulebook

import perpcore as pc

SECOND = 10**9
Row = dict[str, Any]


class Draw:
    """What is drawn from, and how ids are written."""

    def __init__(self, seed: int, ids: str) -> None:
        self.random, self.ids = random.Random(seed), ids

    def account(self) -> str | int:
        name = self.random.randrange(12)
        return name if self.ids == "integer" else f"account-{name}"

    def client(self) -> str | int:
        name = self.random.randrange(4)
        return name if self.ids == "integer" else f"client-{name}"

    def client_id(self) -> str | int:
        name = self.random.randrange(30)
        return name if self.ids == "integer" else f"order {name}"

    def instrument(self) -> str:
        return self.random.choice(["X-PERP"] * 5 + ["Y-PERP"])

    def price(self, around: int = 100, width: int = 20) -> str:
        return f"{around + self.random.randrange(-width, width) / 2:.1f}"

    def some(self, share: float, value: Callable[[], Any]) -> Any:
        return value() if self.random.random() < share else None


def place(draw: Draw) -> Row:
    pick = draw.random.choice
    trigger, tif = draw.some(0.1, draw.price), pick([None, None, None, "gtc", "gtd", "ioc", "fok"])
    return {
        "account": draw.account(),
        "instrument": draw.instrument(),
        "client_id": draw.some(0.5, draw.client_id),
        "quantity": f"{pick([-1, 1]) * draw.random.randrange(1, 300) / 10:.1f}",
        "price": draw.some(0.9, draw.price),
        "tif": tif,
        "until": NOW + draw.random.randrange(10**5) * SECOND if tif == "gtd" else None,
        "reduce_only": pick([None, None, None, True]),
        "margin_mode": pick([None, None, "isolated"]),
        "stp": pick([None, "maker", "both", "decrement"]),
        "trigger": trigger,
        "trigger_when": None if trigger is None else pick(["at_or_above", "at_or_below", None]),
        "sent": draw.some(0.1, lambda: NOW),
    }


def named(draw: Draw) -> Row:
    return {"account": draw.account(), "instrument": draw.instrument(), "client_id": draw.client_id()}


def amend(draw: Draw) -> Row:
    quantity = draw.some(0.7, lambda: f"{draw.random.randrange(-200, 200) / 10:.1f}")
    return {**named(draw), "quantity": quantity, "price": draw.some(0.7, draw.price)}


def cancel_all(draw: Draw) -> Row:
    return draw.random.choice(
        [{"account": draw.account()}, {"client": draw.client()}, {"instrument": "X-PERP", "account": draw.account()}]
    )


def open_account(draw: Draw) -> Row:
    return {
        "account": draw.account(),
        "client": draw.some(0.5, draw.client),
        "class": draw.random.choice([None, None, "market_maker", "affiliated_market_maker"]),
        "fee_tier": draw.random.choice([None, "free", "standard", "late", "vip"]),
        "leverage": draw.some(0.3, lambda: "10"),
        "approval": draw.some(0.5, lambda: "board 12"),
    }


def set_account(draw: Draw) -> Row:
    key = draw.some(0.3, lambda: {"instrument": "X-PERP", "margin_mode": "isolated"}) or {}
    return {
        "account": draw.account(),
        "client": draw.some(0.3, draw.client),
        "leverage": f"{draw.random.randrange(1, 30)}",
        **key,
    }


def money(draw: Draw) -> Row:
    amount = f"{draw.random.randrange(1, 400_000) / 100:.2f}"
    return {"account": draw.account(), "asset": draw.random.choice(["USD", "USD", "EUR", "COIN"]), "amount": amount}


def transfer(draw: Draw) -> Row:
    if draw.random.random() < 0.5:
        amount = f"{draw.random.randrange(-400, 400)}"
        return {"account": draw.account(), "instrument": draw.instrument(), "amount": amount}
    return {**money(draw), "to_account": draw.account()}


def quote(draw: Draw) -> Row:
    price = draw.random.choice([*(draw.price() for _ in range(8)), "-1", "1e5", None])
    return {"underlying": "Y", "source": draw.random.choice(["a", "b", "c"]), "price": price}


def index(draw: Draw) -> Row:
    if draw.random.random() < 0.3:
        return {"asset": "EUR", "price": f"1.{draw.random.randrange(99)}"}
    return {"underlying": "X", "price": draw.price(width=12), "state": draw.some(0.05, lambda: "frozen")}


def hold(draw: Draw) -> Row:
    flags = draw.random.choice([None, "no_open", "no_open,no_withdraw", "vip"])
    return {"account": draw.account(), "flags": flags}


def deadman(draw: Draw) -> Row:
    until = draw.some(0.7, lambda: NOW + draw.random.randrange(10**6) * SECOND)
    return {"account": draw.account(), "until": until}


def mark(draw: Draw) -> Row:
    state = draw.some(0.05, lambda: "frozen")
    return {"instrument": "X-PERP", "price": draw.price(width=12), "state": state}


def top(draw: Draw) -> Row:
    bid, ask = (draw.some(0.8, lambda price=price: price) for price in ("99", "101"))
    return {"instrument": draw.instrument(), "bid": bid, "ask": ask}


def phase(draw: Draw) -> Row:
    state = draw.random.choice(["open"] * 8 + ["auction", "reduce_only", "preopen"])
    return {"instrument": draw.instrument(), "state": state}


def fund_topup(draw: Draw) -> Row:
    note = draw.random.choice([None, "fund", "converter", "pocket"])
    return {"amount": "50", "asset": draw.some(0.5, lambda: "EUR"), "note": note}


def settle(draw: Draw) -> Row:
    return {"instrument": draw.instrument(), "price": draw.some(0.5, draw.price), "approval": "board 13"}


def of_account(draw: Draw) -> Row:
    return {"account": draw.account()}


def of_withdrawal(draw: Draw) -> Row:
    return {"order": draw.random.randrange(60)}


def of_instrument(draw: Draw) -> Row:
    return {"instrument": draw.some(0.7, draw.instrument)}


def halted(draw: Draw) -> Row:
    """An instrument, or somebody; seldom two at once."""
    if draw.random.random() < 0.7:
        return of_instrument(draw)
    whose = {"account": draw.account, "client": draw.client, "class": lambda: "market_maker"}
    named = draw.random.sample(sorted(whose), draw.random.choice([1, 1, 1, 1, 2]))
    return {name: whose[name]() for name in named}


# Rulebooks that take each other's place: some tighten, some loosen, one does not fit, one is none.
LATE = {"maker": 0, "taker": "0.1%"}
CHANGES: list[dict[str, Any]] = [
    {"venue__call_factor": "1.5"},
    {"instrument__X_PERP__limits__position": 1500},
    {"instrument__X_PERP__limits": {"position": 2500, "open_orders": 40, "client_open_orders": 30}},
    {"instrument__X_PERP__tick": 1, "venue__breaker": {"loss_per_minute": "20%", "turnover_per_minute": 100}},
    {"underlying__Y__sources": None},
]
RULEBOOKS = [rulebook(venue__fees__late=LATE, **changes) for changes in CHANGES]
TEXTS = [*(rules.to_toml() for rules in RULEBOOKS), "no rulebook"]


def approve(draw: Draw) -> Row:
    digest = draw.random.choice([rules.digest for rules in RULEBOOKS] + ["none"])
    return {"rulebook": digest, "approval": draw.some(0.9, lambda: "board 14")}


def activate(draw: Draw) -> Row:
    return {"rulebook": draw.random.choice(TEXTS), "confirm": draw.some(0.5, lambda: "risk 3")}


def nothing(_: Draw) -> Row:
    return {}


# How often, and what is said.
KINDS: dict[str, tuple[int, Callable[[Draw], Row]]] = {
    "place": (90, place),
    "amend": (25, amend),
    "cancel": (15, named),
    "cancel_all": (2, cancel_all),
    "open_account": (6, open_account),
    "set_account": (6, set_account),
    "close_account": (1, of_account),
    "hold": (2, hold),
    "disconnect": (1, of_account),
    "deadman": (1, deadman),
    "deposit": (20, money),
    "withdraw": (8, money),
    "confirm_withdrawal": (5, of_withdrawal),
    "release_withdrawal": (3, of_withdrawal),
    "transfer": (8, transfer),
    "quote": (30, quote),
    "index": (12, index),
    "mark": (12, mark),
    "top": (2, top),
    "advance_time": (4, nothing),
    "restart": (1, nothing),
    "phase": (16, phase),
    "halt": (1, halted),
    "resume": (20, halted),
    "approve_rulebook": (1, approve),
    "activate_rulebook": (2, activate),
    "fund_topup": (2, fund_topup),
    "settle": (1, settle),
    "?": (1, nothing),
}


def commands(seed: int, count: int, ids: str = "text") -> Iterator[Row]:
    """Rows, those first that open the venue."""
    draw, time = Draw(seed, ids), NOW
    kinds = [kind for kind, (weight, _) in KINDS.items() for _ in range(weight)]
    yield {"kind": "index", "underlying": "X", "price": "100", "time": NOW}
    yield {"kind": "mark", "instrument": "X-PERP", "price": "100"}
    yield {"kind": "index", "asset": "EUR", "price": "1.1"}
    yield {"kind": "fund_topup", "amount": "5000", "note": "converter"}
    yield {"kind": "phase", "instrument": "X-PERP", "state": "open"}
    for name in range(0, 12, 2):
        account = name if ids == "integer" else f"account-{name}"
        yield {"kind": "open_account", "account": account}
        yield {"kind": "deposit", "account": account, "asset": "USD" if name % 4 else "EUR", "amount": "10000"}
    for _ in range(count):
        time += draw.random.choice([0, 10**6, 10**8, 10**9, 60 * SECOND])
        kind = draw.random.choice(kinds)
        row: Row = {"kind": kind, **KINDS[kind][1](draw)}
        if kind == "advance_time" or draw.random.random() < 0.5:
            row["time"] = time
        if draw.random.random() < 0.01:
            row |= draw.random.choice([{"time": NOW}, {"bid": "1"}, {"amount": "1"}, {"note": "x"}])
        yield row


TYPES = {
    **dict.fromkeys(("time", "until", "investor_until", "knowledge_until", "sent"), pa.int64()),
    "order": pa.uint64(),
    "reduce_only": pa.bool_(),
}
IDS = ("account", "client", "group", "client_id", "to_account")


def table(rows: list[Row], ids: str = "text") -> pa.Table:
    """The rows, each column of its plainest type."""
    of_ids = pa.int64() if ids == "integer" else pa.string()
    names = [name for name in pc.schema("commands").names if any(name in row for row in rows)]
    types = {name: TYPES.get(name, of_ids if name in IDS else pa.string()) for name in names}
    return pa.table({name: pa.array([row.get(name) for row in rows], types[name]) for name in names})

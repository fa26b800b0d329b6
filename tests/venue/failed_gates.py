"""Incidents of venues that took orders which they should not have taken, or took them twice."""

import itertools
import random
from decimal import Decimal
from typing import Any

from tests.venue.failed_liquidations import backlog_of_liquidations, ring_fenced_backstop
from tests.venue.scene import HOUR, SECOND, START, Claims, Scene, X, closed, kinds, refusal, rulebook


def late_orders(control: bool) -> Claims:
    """bitmex-2020-03-13-ddos-delayed-orders: off, an order may be as old as the default lets it, seven days."""
    age = {"venue.rates.max_age": "5s"} if control else {}
    # A contract of one dollar, about 1/5,000 of a coin.
    contract = {"instrument.X-PERP.lot": 1, "instrument.X-PERP.contract_size": "0.0002"}
    scene = Scene(rulebook("1%", 50, contract | age), "5000", maker="10000000", late="10000000", stops="10000000")
    # Nothing rests longer than max_age either: bids and stops are of two seconds ago.
    now = START + 178 * SECOND
    scene.venue.place("maker", X, 500_000, 5000, time=now)
    scene.venue.place("maker", X, 1_000_000, 4890)
    for _ in range(156):
        stop = {"trigger": 4900, "trigger_by": "last", "trigger_when": "at_or_below"}
        assert refusal(scene.venue.place("stops", X, -1000, **stop)) is None
    now = START + 180 * SECOND
    # 200 · 5,000 sell more than the 500,000 at 5,000, so the last price falls to 4,890.
    told = [scene.venue.place("late", X, -5000, sent=START, time=now) for _ in range(200)]
    refused = [refusal(events) for events in told] == ["too_old"] * 200
    yield "all 200 late orders are refused because of their age (sent, rates.max_age)", refused
    triggered = sum(event.kind == "triggered" for events in told for event in events)
    yield "stops triggered by them == 0", triggered == 0
    assert triggered == (0 if control else 156)
    assert scene.position("late") == (0 if control else -1_000_000)
    # An order that was sent just now is taken.
    assert refusal(scene.venue.place("late", X, -5000, sent=now, time=now)) is None
    yield from backlog_of_liquidations(control)


def retried_order(control: bool) -> Claims:
    """hyperliquid-2025-07-29-ack-mismatch: off, an id is forgotten before the retry comes."""
    window = {"venue.client_id_window.time": "24h" if control else "1s"}
    scenes = []
    for _ in range(2):
        scene = Scene(rulebook("1%", 50, window), "100", client="10000", maker="10000")
        scene.venue.place("maker", X, -20, 100)
        first = scene.venue.place("client", X, 10, 100, client_id="a1")
        scenes.append(scene)
    second = scene.venue.place("client", X, 10, 100, client_id="a1", time=START + 2 * SECOND)
    yield "position == 10 after both", scene.position("client") == 10
    yield "second command returns the first result", second == first
    # A venue that carried the journal out anew answers the retry the same.
    replayed = scenes[0].venue.place("client", X, 10, 100, client_id="a1", time=START + 2 * SECOND)
    assert (replayed, scenes[0].venue.digest) == (second, scene.venue.digest)
    if control:
        other = scene.venue.place("client", X, 11, 100, client_id="a1")
        assert (refusal(other), scene.position("client")) == ("client_id_reused", 10)


def no_account_is_exempt(control: bool) -> Claims:
    """ftx-2019-2022-allow-negative."""
    assert control
    classes = ("professional", "market_maker", "affiliated_market_maker", "backstop")
    scene = Scene(rulebook("5%", 10, {}), "100", maker="1000000")
    scene.venue.place("maker", X, -20_000, 100)
    roles = {"house": "affiliated_market_maker", "mm": "market_maker", "user": "professional"}
    for account, name in roles.items():
        scene.join(account, "0", account_class=name, approval="a reference")
    refused = {scene.sends(account, "1") for account in roles}
    yield "all withdrawals rejected", refused == {"insufficient_balance"}
    # 10,000 at 100 is a notional of 1,000,000.
    refused = {refusal(scene.venue.place(account, X, 10_000, 100)) for account in roles}
    yield "open rejected", refused == {"insufficient_margin"}

    # Every word of an account that is no number, with the same money and the same commands.
    draws = random.Random(20190731)
    decisions = set()
    commands = [(draws.randint(1, 2000), draws.choice((-1, 1)) * draws.randint(1, 150)) for _ in range(20)]
    terms: list[dict[str, Any]] = [
        {"account_class": name, "group": group, "client": client, "investor_until": until, "knowledge_until": until}
        for name in classes
        for group, client in itertools.product(("house", None), repeat=2)
        for until in (None, START + HOUR)
    ]
    for each in terms:
        one = Scene(rulebook("5%", 10, {}), "100", maker="1000000")
        one.join("account", "1000", approval="a reference", **each)
        told = []
        for amount, quantity in commands:
            told.append(refusal(one.venue.withdraw("account", "USD", amount)))
            told.append(refusal(one.venue.place("account", X, quantity, 100)))
        assert {None, "not_withdrawable", "insufficient_margin"} <= set(told)
        decisions.add(tuple(told))
    yield "for all accounts a,b with equal numeric state: decision(a)==decision(b)", len(decisions) == 1

    # 1 at 100 with 10: at 91 equity is 1, below 5 % of 91; at 89 it is −1. Whoever it is, all of it is closed.
    found = set()
    for name, flags in itertools.product(classes, (None, "no_open", "no_withdraw", "frozen")):
        for price in ("91", "89"):
            one = Scene(rulebook("5%", 10, {}), "100", maker="1000000")
            one.join("account", "10", account_class=name, approval="a reference")
            one.trade("account", "maker", "1", "100")
            one.venue.hold("account", flags, approval="a reference")
            told_of = [event for event in one.tell(price) if event.account == "account"]
            fell = [event.after for event in told_of if event.kind == "status_changed"]
            found.add((price, fell[0], "account" in closed(told_of), one.position("account")))
    claim = "an account with equity < MM is always in the liquidation set, and one with net_value < 0 is bankrupt, "
    yield claim + "whatever its class or flags", found == {("91", "liquidation", True, 0), ("89", "bankrupt", True, 0)}


def cornered_market(control: bool) -> Claims:
    """hyperliquid-2025-03-26-jelly: off, `limits.open_interest` is "none", and the two accounts are nobody's group."""
    # 10 % of a market cap of 10,000,000 is 1,000,000, which is 105,263,157 tokens at 0.0095.
    limit = {"instrument.X-PERP.limits.open_interest": "105263157" if control else "none"}
    rules = rulebook("5%", 10, limit | {"venue.withdraw_ratio": "20%"})
    scene = Scene(rules, "0.0095")
    group = {"group": "one owner"} if control else {}
    for account in "AB":
        scene.join(account, "1000000", **group)
    scene.join("others", "100000000")
    # 398,000,000 · 0.0095 = 3,781,000
    told = [scene.venue.place("A", X, -398_000_000, "0.0095"), scene.venue.place("B", X, 398_000_000, "0.0095")]
    refused = [refusal(events) for events in told] == ["open_interest"] * 2
    yield "opening 3.78M notional rejected by OI cap (limit 1.0M)", refused
    assert [scene.position(account) for account in "AB"] == ([0, 0] if control else [-398_000_000, 398_000_000])
    yield from ring_fenced_backstop(control)
    # What is within the limit the two cannot trade with each other.
    told = scene.venue.place("A", X, -1000, "0.0095"), scene.venue.place("B", X, 1000, "0.0095")
    assert ("filled" in kinds(told[1])) is not control
    assert [event.code for event in told[1] if event.kind == "canceled"] == (["self_trade"] if control else [])
    scene.venue.cancel_all()
    scene.trade("others", "A", "1000000", "0.0095")
    # A has 1,000,000 and sold 1,000,000 at 0.0095: 20 % of 9,500 stays.
    if control:
        refused_at = [scene.sends("A", "998100.00000001"), scene.sends("A", "998100")]
        assert refused_at == ["not_withdrawable", None]
    # Each price stands for twenty minutes.
    path = ["0.0095", "0.0125", "0.0150", "0.0250", "0.037555"]
    for number, price in enumerate(path):
        scene.tell(price, START + 1200 * number * SECOND)
    end = START + 4800 * SECOND
    scene.venue.enter_phase(X, "settling", time=end)
    # 0.0095 was left 80 minutes ago; the last hour begins with 0.0125.
    overrides = [("0.0095", None), ("0.0095", "a reference"), ("0.0124", "a reference"), ("0.0376", "a reference")]
    refused_at = [refusal(scene.venue.settle(X, price, approval=approval)) for price, approval in overrides]
    # A price of the last hour needs two approvals: one alone, given again or for another price, settles nothing.
    offers = [("0.025", "first"), ("0.025", "first"), ("0.0125", "second"), ("0.025", "second")]
    told = [event for price, approval in offers for event in scene.venue.settle(X, price, approval=approval)]
    waits = [("accepted", None), ("rejected", "second_approval"), ("accepted", None), ("accepted", None)]
    assert ([(event.kind, event.code) for event in told], scene.venue.phase(X)) == (waits, "settling")
    scene.venue.deposit("A", "USD", 100_000_000)
    # What waited is dropped by a settlement at the index.
    told = scene.venue.settle(X)
    at = [event.price for event in told if event.kind == "settlement"]
    refused = refused_at == ["approval_missing"] + ["settlement_price"] * 3
    claim = (
        "`settle` takes the last in-quorum index; another price without approval, or outside the index range of the "
    )
    yield claim + "last hour, is rejected", refused and at == [Decimal("0.037555")]
    assert scene.venue.verify() == []


def aggregates_of_positions(control: bool) -> Claims:
    """gmx-2025-07-09-aggregate-desync."""
    assert control
    # Whose close it is that the callback interrupted is not told: Z's, of 10.
    scene = Scene(rulebook("1%", 50, {}), "2000", A="1000000", B="1000000", P="10000000", Q="1000000", Z="1000000")
    scene.trade("P", "A", "100", "2000")
    scene.trade("P", "Z", "10", "2000")
    scene.tell("1000")
    before = scene.venue.ledger().to_pylist()
    outer = [("Q", -10, 1000), ("Z", 10, 1000)]
    inner = [("B", -1000, 1000), ("P", 1000, 1000)]
    account, quantity, price = zip(*outer, *inner, strict=True)
    table = {"kind": ["place"] * 4, "account": account, "instrument": [X] * 4}
    events = scene.venue.apply({**table, "quantity": quantity, "price": price}).to_pylist()
    trades = [(event["account"], event["other_account"]) for event in events if event["kind"] == "filled"]
    last_of_outer = max(event["seq"] for event in events if event["account"] == "Z")
    first_of_inner = min(event["seq"] for event in events if event["account"] == "B")
    applied = trades == [("Z", "Q"), ("P", "B")] and last_of_outer < first_of_inner
    yield "the inner command is applied after the outer one", applied
    rows = scene.venue.positions().to_pylist()
    held = {row["account"]: row for row in rows if row["quantity"]}
    shorts = [held["A"], held["B"]]
    assert [(row["quantity"], row["entry_price"]) for row in shorts] == [(-100, 2000), (-1000, 1000)]
    paid, size = sum(row["cost"] for row in shorts), sum(row["quantity"] for row in shorts)
    # (100 · 2,000 + 1,000 · 1,000) / 1,100
    average = round(paid / size, 4) == Decimal("1090.9091")
    # What was paid adds up to nothing, also for those who hold nothing any more.
    nothing = sum(row["cost"] for row in rows) == 0 and sum(row["quantity"] for row in rows) == 0
    yield "global average price == sum(q*p)/sum(q) over positions", average and nothing
    same = scene.venue.ledger().to_pylist() == before and scene.venue.verify() == []
    yield "pool value changes only by realised flows and mark", same

"""Small cases of the controls, worked by hand: `python -m tests.model.venue.check_controls`."""

from __future__ import annotations

from typing import Any

from .rules import read_rules
from .stream_changes import text_of
from .venue import Venue

SECOND = 10**9
START = 1_700_000_000 * SECOND
UNIT = 10**8
DAY = 86_400 * SECOND

TEXT = """
[venue]
settlement = "USD"
BREAKER
rates = { client_orders_per_second = 2 }
[underlying.BTC]
index = { thin = "trade" }
[underlying.ETH]
index = { thin = "trade" }
[instrument.X-PERP]
underlying = "BTC"
tick = 1
lot = 1
tiers = [["rest", "5%", 10]]
settlement_window = "4s"
limits = { client_position = 7, group_position = 9, position = 5 }
"""


class Case:
    """A venue with an open instrument at 100, and three accounts with 10,000 each; a row in, events out."""

    def __init__(self, changes: str = "", text: str = TEXT, **clients: str) -> None:
        self.venue = Venue(read_rules(text.replace("BREAKER", changes)))
        self.time = START
        for name in ("a", "b", "c"):
            self.go("open_account", account=name, client=clients.get(name))
            self.go("deposit", account=name, asset="USD", amount="10000")
        self.go("index", underlying="BTC", price="100")
        self.go("mark", instrument="X-PERP", price="100")
        self.go("phase", instrument="X-PERP", state="open")

    def go(self, kind: str, later: int = 0, **cells: Any) -> list[dict[str, Any]]:
        """So many nanoseconds later."""
        self.time += later
        return self.venue.apply({"time": self.time, "kind": kind, **cells})

    def order(self, account: str, quantity: int, price: int = 100, **cells: Any) -> list[dict[str, Any]]:
        """A limit order."""
        return self.go("place", account=account, instrument="X-PERP", quantity=str(quantity), price=str(price), **cells)


def told(event: dict[str, Any]) -> tuple[Any, ...]:
    """Kind, code and numbers in whole units."""
    numbers = [None if event.get(name) is None else event[name] / UNIT for name in ("amount", "balance")]
    return (event["kind"], event.get("code"), *numbers)


def limits_together() -> None:
    case = Case(a="k", b="k")
    assert told(case.order("a", 4)[0])[0] == "accepted"
    # 4 of the client's other account and 4 here: 8 of 7; the rate counts both
    refused = case.order("b", 4)[0]
    assert told(refused) == ("rejected", "client_limit", 8, 7)
    assert (refused["rule"], refused["note"]) == ("gate.limits", "instrument.X-PERP.limits.client_position")
    assert told(case.order("b", 1)[0]) == ("rejected", "client_rate", 3, 2)
    assert told(case.go("set_account", account="c", client="k", group="other")[0])[:2] == ("rejected", "other_group")


def halt_of_a_client() -> None:
    case = Case(a="k", b="k")
    case.order("b", 1, 90)
    case.order("a", 1, 91)
    events = case.go("halt", client="k")
    assert [(e["kind"], e.get("account")) for e in events] == [
        ("halt", "a"), ("halt", "b"), ("canceled", "b"), ("canceled", "a"),
    ]  # fmt: skip
    assert told(case.order("a", 1)[0])[1] == "account_halted"
    assert told(case.go("resume", account="a")[0])[1] == "phase_refused"
    assert [e["kind"] for e in case.go("resume", client="k")] == ["resume", "resume"]
    assert told(case.order("a", 1, later=SECOND)[0])[0] == "accepted"


def breaker_by_loss() -> None:
    case = Case('breaker = { loss_per_minute = "1%" }')
    case.order("a", -5)
    case.order("b", 5)  # 10,000 is noted of both
    case.go("deposit", account="b", asset="USD", amount="1000", later=SECOND)
    case.go("mark", instrument="X-PERP", price="70", later=59 * SECOND)
    case.order("c", 1, 70)
    # 60 seconds later b is worth 11,000 − 150, has lost 150, and 1 % of 10,850 is 108.5; c lost nothing
    tripped = [e for e in case.order("b", -1, 70) if e["kind"] == "limit_reached"]
    assert [(e["account"], *told(e)) for e in tripped] == [("b", "limit_reached", "breaker_loss", 108.5, 150)]
    refused = case.order("b", 1, 60)[0]
    assert (*told(refused), refused["note"]) == (
        "rejected", "breaker_loss", 150, 108.5, "venue.breaker.loss_per_minute",
    )  # fmt: skip
    assert case.order("b", -1, 70, later=SECOND)[0]["kind"] == "accepted"  # it reduces
    assert case.go("resume", account="b")[0]["kind"] == "resume"
    assert case.order("b", 1, 60)[0]["kind"] == "accepted"


def settled_at_an_average() -> None:
    case = Case()
    for later, price in ((SECOND // 2, 102), (SECOND // 2, 104), (SECOND, 108), (SECOND // 2, 500)):
        case.go("index", underlying="BTC", price=str(price), later=later)
    case.go("phase", instrument="X-PERP", state="settling")
    # seconds 0 to 2 of the four that end now (there was no value in the one before): 100, 104, 108
    assert case.go("settle", instrument="X-PERP")[0]["price"] == 104 * UNIT


def settled_by_two() -> None:
    case = Case()
    case.go("phase", instrument="X-PERP", state="settling")
    ask: dict[str, Any] = {"instrument": "X-PERP", "price": "100"}
    assert told(case.go("settle", **ask)[0])[1] == "approval_missing"
    assert case.go("settle", **ask, approval="one")[0]["rule"] == "settle.price"
    assert told(case.go("settle", **ask, approval="one")[0])[1] == "second_approval"
    assert told(case.go("settle", instrument="X-PERP", price="101", approval="two")[0])[1] == "settlement_price"
    assert case.go("settle", **ask, approval="two")[0]["kind"] == "settlement"


def rulebook_later() -> None:
    case = Case('changes = { approved = true, delay = "1m" }')
    rules = case.venue.rules
    assert told(case.go("phase", instrument="X-PERP", state="auction")[0])[1] == "rulebook_not_approved"
    assert case.venue.books["X-PERP"].phase == "listed"
    document = {**rules.document, "instrument": {"X-PERP": {**rules.document["instrument"]["X-PERP"], "tick": 2}}}
    text = text_of(document)
    assert told(case.go("activate_rulebook", rulebook=text)[0]) == ("rejected", "activation_too_early", 0, 60)
    later = f"effective = 2023-11-14T22:15:00Z\n{text}"  # 100 s after the start
    accepted = case.go("activate_rulebook", rulebook=later)[0]
    assert (accepted["kind"], accepted["rule"]) == ("accepted", "rulebook.activate")
    digest = accepted["note"].split(" → ")[1]
    case.go("approve_rulebook", rulebook=digest, approval="paper")
    events = case.go("advance_time", later=101 * SECOND)
    assert [(e["kind"], e["time"] - START) for e in events if e["kind"] == "rulebook_activated"] == [
        ("rulebook_activated", 100 * SECOND)
    ]
    assert (
        told(case.order("a", 1, 101)[0])[:2] == ("rejected", "off_tick") or case.venue.books["X-PERP"].phase != "open"
    )


def limits_of_the_hedged() -> None:
    case = Case()
    for quantity, mode in ((4, "cross"), (-3, "isolated")):
        case.order("b", -quantity, later=SECOND)
        case.order("a", quantity, margin_mode=mode)
    # long 4 and short 3 do not make up for each other: 4 + 2 of 5
    assert told(case.order("a", 2, later=SECOND)[0]) == ("rejected", "position_limit", 6, 5)
    assert case.order("a", 3, 99, margin_mode="isolated", reduce_only=True)[0]["kind"] == "accepted"
    assert case.order("a", 1, 99, later=SECOND)[0]["kind"] == "accepted"
    # short 3 and 3 more, while 4 that only reduces and 4 of cross that close are nothing
    assert told(case.order("a", -3, 102, margin_mode="isolated")[0]) == ("rejected", "position_limit", 6, 5)
    assert case.order("a", -4, 102, reduce_only=True, later=SECOND)[-1]["kind"] == "accepted"
    assert case.order("a", -2, 102, margin_mode="isolated")[0]["kind"] == "accepted"


def halt_within_a_halt() -> None:
    case = Case(a="k", b="k")
    case.go("halt", account="b")
    case.go("halt", client="k")
    assert [e["account"] for e in case.go("resume", client="k")] == ["a"]
    assert told(case.order("b", 1)[0])[1] == "account_halted"
    assert [e["account"] for e in case.go("resume", account="b")] == ["b"]


def states(events: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Whose price has which state now."""
    return [(e.get("instrument") or e["note"], e["after"]) for e in events if e["kind"] == "price_state"]


def halt_of_a_told_index() -> None:
    case = Case()
    index: dict[str, Any] = {"underlying": "BTC", "price": "101"}
    mark: dict[str, Any] = {"instrument": "X-PERP", "price": "101"}
    assert states(case.go("halt", underlying="BTC")) == [("BTC", "halted"), ("X-PERP", "halted")]
    assert case.go("halt", underlying="BTC") == []
    assert [e["kind"] for e in (*case.go("index", **index), *case.go("mark", **mark))] == ["index", "mark"]
    assert told(case.order("a", 1)[0])[1] == "price_unusable"
    assert not any(e.get("note") == "BTC" or (e.get("instrument") == "X-PERP" and e["kind"] == "price_state")
                   for e in case.go("restart"))  # fmt: skip
    assert case.go("resume", underlying="BTC") == []
    assert told(case.go("resume", underlying="BTC")[0])[1] == "price_unusable"
    assert states(case.go("mark", **mark)) == [("X-PERP", "live")]
    assert states(case.go("index", **index)) == [("BTC", "live")]
    # one that was never told
    assert states(case.go("halt", underlying="ETH")) == [("ETH", "halted")]
    assert case.go("halt", underlying="ETH") == case.go("resume", underlying="ETH") == []
    assert states(case.go("index", underlying="ETH", price="7")) == [("ETH", "live")]


def references() -> None:
    case = Case()
    case.go("phase", instrument="X-PERP", state="settling")
    ask: dict[str, Any] = {"instrument": "X-PERP", "price": "100"}
    assert told(case.go("settle", **ask, approval=" -. ")[0])[1] == "approval_missing"
    assert case.go("settle", **ask, approval="Paper 7")[0]["rule"] == "settle.price"
    for same in ("paper 7", "PAPER-7", "p/a/p/e/r7."):
        assert told(case.go("settle", **ask, approval=same)[0])[1] == "second_approval"
    assert case.go("settle", **ask, approval="paper 70")[0]["kind"] == "settlement"


def affiliated_no_longer() -> None:
    case = Case()
    affiliated: dict[str, Any] = {"account": "a", "class": "affiliated_market_maker"}
    professional: dict[str, Any] = {"account": "a", "class": "professional"}
    assert case.go("set_account", **affiliated, approval="board 1")[0]["kind"] == "accepted"
    assert told(case.go("set_account", **professional)[0])[1] == "approval_missing"
    assert case.go("set_account", account="a", leverage="2")[0]["kind"] == "accepted"
    assert case.go("set_account", **professional, approval="board 2")[0]["kind"] == "accepted"


def resumed_to_be_reduced() -> None:
    case = Case()
    case.order("b", -2)
    case.order("a", 2)
    case.go("phase", instrument="X-PERP", state="auction")
    case.order("c", 1, 99, later=SECOND)
    case.order("a", -2, 99, reduce_only=True)
    case.order("b", 1, 101, reduce_only=True)
    case.go("halt", instrument="X-PERP")
    document = {**case.venue.rules.document}
    document["underlying"] = {**document["underlying"], "BTC": {**document["underlying"]["BTC"], "eligible": False}}
    assert case.go("activate_rulebook", rulebook=text_of(document), confirm="yes")[-1]["kind"] == "rulebook_activated"
    events = case.go("resume", instrument="X-PERP")
    assert [(e["kind"], e.get("account"), e.get("after")) for e in events] == [
        ("resume", None, None), ("canceled", "c", None), ("phase", None, "reduce_only"), ("filled", "b", None),
    ]  # fmt: skip


if __name__ == "__main__":
    for check in (
        limits_together, halt_of_a_client, breaker_by_loss, settled_at_an_average, settled_by_two, rulebook_later,
        limits_of_the_hedged, halt_within_a_halt, halt_of_a_told_index, references, affiliated_no_longer,
        resumed_to_be_reduced,
    ):  # fmt: skip
        check()
    print("all as by hand")

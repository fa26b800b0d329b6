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


if __name__ == "__main__":
    for check in (
        limits_together, halt_of_a_client, breaker_by_loss, settled_at_an_average, settled_by_two, rulebook_later,
    ):  # fmt: skip
        check()
    print("all as by hand")

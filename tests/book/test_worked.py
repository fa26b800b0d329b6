"""Published worked examples that apply to a book by itself, and books that drift far."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from tests.shared import complete

import perpcore as pc

Make = Callable[..., pc.OrderBook]


def example(name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in complete("venue_examples.json") if row["id"] == name)
    return found


def test_bin_impact_01_the_impact_price(make: Make) -> None:
    told = example("BIN-IMPACT-01")
    book = make(max_size=1_000, limits={"position": 10_000})
    for side, sign in (("bids", 1), ("asks", -1)):
        for price, quantity in told["inputs"][side]:
            book.place("maker", sign * quantity, price)
    notional = told["inputs"]["imn"]
    assert float(book.impact_price("bid", notional) or 0) == pytest.approx(told["expected"]["impact_bid"], rel=1e-9)
    assert float(book.impact_price("ask", notional) or 0) == pytest.approx(told["expected"]["impact_ask"], rel=1e-9)
    # 300 × 100.5 are 30,150: one cent more is not there.
    assert book.impact_price("ask", 30_150) == Decimal("100.5")
    assert book.impact_price("ask", "30150.01") is None


def test_bmx_band_01_a_collar_around_the_touch(make: Make) -> None:
    told = example("BMX-BAND-01")
    given, expected = told["inputs"], told["expected"]
    book = make(tick="0.01", collar={"width": "5%", "reference": "touch"})
    book.place("maker", 1, given["best_bid"])
    book.place("maker", -1, given["best_ask"])
    book.mark(given["mark"])
    most, least = Decimal(str(expected["buy_max"])), Decimal(str(expected["sell_min"]))
    cent = Decimal("0.01")
    assert book.place("A", 1, most + cent, tif="ioc")[0].code == "outside_collar"
    assert book.place("A", -1, least - cent, tif="ioc")[0].code == "outside_collar"
    assert book.place("A", 1, most, tif="ioc")[0].kind == "accepted"
    assert book.place("B", -1, least, tif="ioc")[0].kind == "accepted"


def test_pdx_limit_01_a_limit_of_position_and_orders(make: Make) -> None:
    told = example("PDX-LIMIT-01")
    given = told["inputs"]
    accepts = []
    for side, quantity in given["orders"]:
        book = make(max_size=5_000, limits={"position": given["limit"], "open_orders": 10})
        book.place("other", -given["position"], 100)
        book.place("A", given["position"], 100)
        price = 200 if side == "sell" else 50
        accepts.append(book.place("A", quantity if side == "buy" else -quantity, price)[0].kind == "accepted")
    assert accepts == told["expected"]["accept"]


@pytest.mark.parametrize("days", [[1.5], [0.5], [0.4, 2.5], [1.5] * 4, [0.5] * 4])
def test_a_book_that_drifts_stays_whole(make: Make, days: list[float]) -> None:
    book = make(limits={"open_orders": 100_000, "position": 10_000_000}, collar={"width": "100%"})
    far = [book.place("far", sign, price)[0].order for sign, price in ((1, "0.5"), (-1, 90_000_000))]
    mid = 10_000.0
    for day in days:
        steps, goal = 200, mid * day
        for step in range(steps):
            at = round((mid + (goal - mid) * step / steps) * 2) / 2
            book.cancel_all(account="maker")
            book.place("maker", 1, at - 0.5)
            book.place("maker", -1, at + 0.5)
            events = book.place("taker", 1 if step % 2 else -1)
            assert [event.kind for event in events] == ["accepted", "filled"]
        mid = goal
    bid, ask = book.best
    assert bid is not None
    assert ask is not None
    assert bid.price < ask.price
    assert [book.queue_position(order) for order in far] == [(0, Decimal(0))] * 2
    assert sum(book.depth()["orders"].to_pylist()) == len(book)

"""Numbers at the end of what a book holds."""

from collections.abc import Callable

import pytest

import perpcore as pc

OPEN_ENDED = """
name = "open-ended"
[venue]
settlement = "USD"
[asset.USD]
class = "fiat"
eligible = true
[underlying.BTC]
[instrument.BTC-PERP]
underlying = "BTC"
tick = 0.1
lot = 0.001
tiers = [["rest", "0.5%", 20]]
"""


def test_a_side_holds_what_its_quantity_fits_and_no_more() -> None:
    """2**63 − 1 units of 10⁻⁸ are 92,233,720,368 contracts: 184 times 500 million fit, 185 times do not."""
    book = pc.OrderBook(pc.Rulebook.parse(OPEN_ENDED), "BTC-PERP")
    for number in range(184):
        assert book.place(f"A{number}", 500_000_000, 1)[0].kind == "accepted"
    assert [event.code for event in book.place("B", 500_000_000, 1)] == ["above_max_size"]
    bid, ask = book.best
    assert (bid and bid.quantity, ask) == (184 * 500_000_000, None)
    assert book.depth().num_rows == 1
    assert book.place("B", -500_000_000, 2)[0].kind == "accepted"


BEYOND: dict[str, Callable[[pc.OrderBook], object]] = {
    "cancel": lambda book: book.cancel(2**64),
    "cancel below 0": lambda book: book.cancel(-1),
    "amend": lambda book: book.amend(2**64, quantity=1),
    "queue_position": lambda book: book.queue_position(-1),
    "time": lambda book: book.advance_time(2**63),
}


@pytest.mark.parametrize("call", BEYOND)
def test_integers_beyond_the_core_are_a_value_error(call: str) -> None:
    book = pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP")
    with pytest.raises(ValueError, match=" is from "):
        BEYOND[call](book)


def test_all_levels_may_be_asked_for_by_any_large_number() -> None:
    assert pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP").depth(2**70).num_rows == 0


def test_a_boolean_is_no_client_id() -> None:
    with pytest.raises(TypeError, match="client_id"):
        pc.OrderBook(pc.Rulebook.preset("hk-vatp-perp"), "BTC-PERP").place("A", 1, 100, client_id=True)

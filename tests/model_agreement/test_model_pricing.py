"""The model's index, mark and funding as streams against figures worked by hand."""

import tomllib
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.model.grid import GRID
from tests.model.pricing import Funding, IndexPrice, MarkPrice, read_contract, read_index
from tests.model.pricing.random_tapes import START, rulebook_text
from tests.model.pricing.rules import HOUR, SECOND

NS = 1


def table(underlying: str, contract: str = "") -> dict[str, Any]:
    text = rulebook_text(underlying, contract + '\ntiers = [["rest", "0.5%", 20]]')
    return tomllib.loads(text, parse_float=Decimal)


def index_of(text: str) -> IndexPrice:
    return IndexPrice(read_index(table(text), "BTC"))


def three(price: int) -> list[tuple[str, Fraction, None]]:
    return [(name, Fraction(price * GRID), None) for name in "abc"]


SOURCES = 'sources = [{ id = "a", group = "A" }, { id = "b", group = "B" }, { id = "c", group = "C" }]\n'


def test_sources_that_fall_silent_make_samples_without_a_quote() -> None:
    index = index_of(SOURCES + "index = { agree_samples = 2 }")
    seen = []
    for seconds, beyond, quotes in (
        (0, 0, three(100)),
        (1, 0, three(100)),  # the second that agrees
        (3, 0, three(101)[:2]),  # (101 + 101 + 100) / 3
        (11, 0, []),  # c is exactly 10 s old
        (11, NS, []),
        (13, 0, []),
        (13, NS, []),  # nobody is left
        (193, NS, []),  # frozen for exactly 180 s
        (193, 2 * NS, []),
        (194, 0, three(99)),
    ):
        row = index.update(START + seconds * SECOND + beyond, quotes)
        seen.append((row.state, row.value, row.groups))
    assert seen == [
        ("frozen", None, 3),
        ("live", 100 * GRID, 3),
        ("live", 10_066_666_667, 3),
        ("live", 10_066_666_667, 3),
        ("thin", 101 * GRID, 2),
        ("thin", 101 * GRID, 2),
        ("frozen", 101 * GRID, 0),
        ("frozen", 101 * GRID, 0),
        ("halted", 101 * GRID, 0),
        ("halted", 101 * GRID, 3),
    ]
    row = index.resume(START + 195 * SECOND)
    assert (row.state, row.value) == ("live", 99 * GRID)


def test_a_higher_rank_is_asked_only_where_the_quorum_fails() -> None:
    index = index_of(SOURCES.replace(" }]", ' }, { id = "d", group = "D", rank = 1 }]'))
    quotes = [*three(100), ("d", Fraction(103 * GRID), None)]
    index.update(START, quotes)
    assert index.out["d"] == "standby"
    # c is 20 % away from the median 100 of the first three; then 100 is also the median of four, 103 within 10 % of it
    quotes[2] = ("c", Fraction(120 * GRID), None)
    assert index.update(START + SECOND, quotes).groups == 3
    assert index.out == {"a": None, "b": None, "c": "beyond", "d": None}


def test_a_rate_that_is_old_takes_its_sources_out() -> None:
    index = index_of(
        SOURCES.replace('"C" }', '"C", currency = "USDT" }')
        + 'rates = [{ currency = "USDT", source = "usdt-usd", stale_after = "2s" }]'
    )
    index.update(START, three(100))
    assert index.out["c"] == "no_rate"
    index.update(START + SECOND, [("usdt-usd", Fraction(99 * GRID, 100), None)])
    assert index.out["c"] is None
    index.update(START + 3 * SECOND)
    assert index.out["c"] is None
    index.update(START + 3 * SECOND + NS)
    assert index.out["c"] == "no_rate"


def test_whole_seconds_that_passed_have_the_book_that_stood() -> None:
    mark = MarkPrice(read_contract(table("", 'mark = { ema = 0.5, samples = 2, last_for = "2s" }'), "BTC-PERP"))
    at = START + 4 * HOUR  # half of an interval is left
    book = {"bid": 10_004 * GRID, "ask": 10_006 * GRID, "last": 10_005 * GRID}
    row = mark.update(at, index=10_000 * GRID, funding_rate=10_000, **book)
    # 10,000.5 and 10,005
    assert (row.mark, row.rule, row.inputs, row.basis) == (1_000_275_000_000, "mean", 2, None)
    row = mark.update(at + 2 * SECOND, bid=10_008 * GRID, ask=10_010 * GRID)
    # seconds 1 and 2 had 5 above the index; the median of the new book and the last trade is 10,008
    assert (row.basis, row.book, row.samples) == (10_005 * GRID, 10_008 * GRID, 2)
    assert (row.mark, row.rule) == (10_005 * GRID, "median3")
    row = mark.update(at + 3 * SECOND, bid=None, ask=None, last=None)  # the last trade is too old, no other is told
    # 5 and 9; the average of the mids is (10,005·2·0.5 + 10,009) / (2·0.5 + 1)
    assert (row.basis, row.book, row.mark, row.rule) == (10_007 * GRID, None, 10_007 * GRID, "average")
    row = mark.update(at + 10 * SECOND + NS)
    # the slots are empty, the index is older than 10 s
    assert (row.samples, row.rule, row.inputs, row.state) == (0, "single", 1, "frozen")


def test_a_speed_limit_holds_from_second_to_second() -> None:
    mark = MarkPrice(read_contract(table("", 'mark = { method = "fair_basis", speed = "0.1%" }'), "BTC-PERP"))
    assert mark.update(START, index=10_000 * GRID).mark == 10_000 * GRID
    # the band begins at 10,049.5
    row = mark.update(START + SECOND, index=10_100 * GRID)
    assert (row.mark, row.bound, row.state) == (10_010 * GRID, "speed", "protected")
    assert mark.update(START + SECOND + NS).mark == 10_010 * GRID
    # 10,010 · (1 + 3 · 0.1 %)
    assert mark.update(START + 4 * SECOND).mark == 1_004_003_000_000


def test_slots_of_a_gap_are_told_once() -> None:
    funding = Funding(read_contract(table("", 'funding = { every = "1m" }'), "BTC-PERP"))
    prices = {"index": 100, "impact_bid": 101, "impact_ask": 102, "mark": 100}
    known = {name: price * GRID for name, price in prices.items()}
    assert funding.update(START + 12 * SECOND, **known) == []  # slots 1 and 2 saw nobody
    (row,) = funding.update(START + 15 * SECOND)
    assert (row.slot, row.premium, row.predicted) == (3, 10**6, 0)  # one of three
    rows = funding.update(START + 62 * SECOND)
    told = [(row.slot, row.reason, row.predicted, row.rate, row.outcome) for row in rows]
    # 2 of 4: (1 % − 0.05 %)/480 · 2/4; slot 5, 13 s after the index, is the first that is stale
    assert told == [
        (4, None, 990, None, None),
        (5, "stale_index", 0, None, None),
        (12, "stale_index", 0, 0, "price_unusable"),
    ]
    # the end of the interval before had a stale index too: three whole intervals are one row
    (row,) = funding.update(START + 250 * SECOND)
    assert (row.time, row.slot, row.missed, row.outcome) == (START + 240 * SECOND, 12, 3, "funding_missed")
    # one that began with an index: its end, then the whole one after it
    funding.update(START + 255 * SECOND, index=100 * GRID)
    rows = funding.update(START + 420 * SECOND)
    told = [((row.time - START) // SECOND, row.slot, row.samples, row.outcome, row.missed) for row in rows]
    assert told == [
        (260, 4, 1, None, 0),
        (265, 5, 2, None, 0),
        (270, 6, 2, None, 0),
        (300, 12, 2, "price_unusable", 0),
        (420, 12, 0, "funding_missed", 2),
    ]


def test_the_cumulative_index_moves_by_mark_times_rate() -> None:
    funding = Funding(read_contract(table("", 'funding = { every = "24h", sample = "24h" }'), "BTC-PERP"))
    day = 24 * HOUR
    funding.update(START + day - SECOND, index=100 * GRID, impact_bid=101 * GRID, impact_ask=102 * GRID)
    (row,) = funding.update(START + day, mark=50 * GRID)
    # (1 % − 0.05 %) · 3, on a mark that nobody knew
    assert (row.rate, row.cumulative) == (2_850_000, None)
    funding.update(START + 2 * day - SECOND, index=100 * GRID, mark=50 * GRID)
    (row,) = funding.update(START + 2 * day)
    assert (row.rate, row.cumulative) == (2_850_000, 50 * GRID * 2_850_000)
    own = 50 * GRID * 2_850_000
    # without a cap a whole mark an interval
    assert funding.restore(START + 2 * day, 50 * GRID, own + 50 * GRID * GRID + 1) is None
    assert funding.restore(START + 2 * day, 50 * GRID, own + 50 * GRID * GRID) == []

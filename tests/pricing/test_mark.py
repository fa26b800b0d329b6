"""`MarkPrice` by hand: each way in which a mark is made, what it is held at, and what its lineage says."""

from decimal import Decimal
from typing import Any

import pytest
from tests.pricing.book import RULES, at, mark, refused

import perpcore as pc

D = Decimal


def edited(**keys: Any) -> pc.MarkPrice:
    """A mark under other rules of its own."""
    return mark(RULES.edit({f"instrument.BTC-PERP.mark.{key}": value for key, value in keys.items()}))


def test_it_says_what_it_is() -> None:
    fresh = mark()
    assert (fresh.instrument, fresh.mark, fresh.state) == ("BTC-PERP", None, "frozen")
    assert repr(fresh) == "<MarkPrice BTC-PERP: None, frozen>"
    sample = fresh.update(at(0))
    assert sample == (at(0), None, None, None, "frozen", 0, None, None, None, None, 0, None, None)
    assert sample._fields == tuple(pc.schema("mark").names)
    fresh.update(at(1), index=58_000)
    assert (fresh.mark, fresh.state) == (58_000, "thin")
    refused(lambda: pc.MarkPrice(RULES, "BTC-PERQ"), "unknown_instrument", None, None)


def test_one_input_is_the_mark_and_thin_at_best() -> None:
    sample = mark().update(at(0), index="58000", state="live", funding_rate="0.0008")
    # The whole interval is left: 58,000 × 1.0008.
    assert sample[1:7] == (D("58046.4"), "single", None, "thin", 1, 58_000)
    assert (sample.index_age, sample.carried, sample.basis, sample.samples, sample.book) == (
        0, D("58046.4"), None, 0, None,
    )  # fmt: skip
    assert mark().update(at(0), index=58_000, state="frozen").state == "frozen"


def test_the_funding_rate_is_carried_for_what_is_left_of_the_interval() -> None:
    one = mark()
    one.update(at(0), funding_rate="0.0008")
    # Half of it: 58,000 × (1 + 0.0008 / 2).
    assert one.update(at(4 * 3_600), index=58_000).carried == D("58023.2")
    assert one.update(at(8 * 3_600), index=58_000, funding_rate=None).carried == D("58046.4")
    # Beyond 100 % it counts as 100 %.
    assert one.update(at(8 * 3_600), funding_rate=10**30).carried == 116_000
    assert one.update(at(8 * 3_600), funding_rate="-2").carried == 0


def test_two_inputs_are_their_mean_and_three_their_median() -> None:
    one = mark()
    sample = one.update(at(0), index=58_000, bid=58_010, ask=58_020, last=58_030)
    # The book is the last trade between bid and ask: 58,020. (58,000 + 58,020) / 2.
    assert (sample.mark, sample.rule, sample.inputs, sample.book) == (58_010, "mean", 2, 58_020)
    sample = one.update(at(1), index=58_002)
    # For a second the mid 58,015 was 15 above the index: 58,002 + 15; the median of 58,002, 58,017, 58,020.
    assert (sample.mark, sample.rule, sample.inputs, sample.basis, sample.samples) == (58_017, "median3", 3, 58_017, 1)
    # 13 for two more seconds: 58,002 + (15 + 13 + 13) / 3.
    assert one.update(at(3)).basis == D("58015.66666667")
    assert one.update(at(3)).state == "live"


def test_the_average_of_the_mid_stands_in_for_a_book_that_is_gone() -> None:
    one = edited(samples=100)
    one.update(at(0), index=58_000, bid=58_050, ask=58_070)
    sample = one.update(at(1), bid=None, ask=None)
    # 58,000 carried, 58,060 by the basis, no book; the average of one second is its mid.
    assert (sample.mark, sample.rule, sample.average, sample.book) == (58_060, "average", 58_060, None)
    # Less than 60 s after that step, then no longer: (58,000 + 58,060) / 2. The sample goes after 100 s.
    assert one.update(at(60.9), index=58_000).rule == "average"
    gone = one.update(at(61), index=58_000)
    assert (gone.mark, gone.rule, gone.average, gone.samples) == (58_030, "mean", None, 1)
    gone = one.update(at(101), index=58_000)
    assert (gone.mark, gone.rule, gone.basis, gone.samples) == (58_000, "single", None, 0)


def test_an_old_trade_does_not_count() -> None:
    one = mark()
    one.update(at(0), index=58_000, last=58_040)
    assert one.update(at(60), index=58_000, last=None).book == 58_040
    assert one.update(at(60) + 1, index=58_000).book is None
    # A side alone, and the mean of two.
    assert one.update(at(61), bid=58_010).book == 58_010
    assert one.update(at(61), last=58_030).book == 58_020


def test_what_is_not_named_stays_and_none_is_that_there_is_none() -> None:
    one = mark()
    one.update(at(0), index=58_000, state="thin", bid=58_010, ask=58_020)
    same = one.update(at(0))
    assert (same.index, same.state, same.book) == (58_000, "thin", 58_015)
    assert one.update(at(0), ask=None).book == 58_010
    # None as a state is live; one input makes it thin, two do not.
    assert one.update(at(0), state=None).state == "live"
    without = one.update(at(0), index=None)
    assert (without.mark, without.index, without.index_age, without.state) == (None, None, None, "frozen")


def test_a_book_that_is_crossed_is_none() -> None:
    one = mark()
    assert one.update(at(0), index=58_000, bid=58_020, ask=58_020, last=58_044).book == 58_044
    assert one.update(at(0), bid=58_030).book == 58_044
    assert one.update(at(0), ask=58_040).book == 58_040


def test_an_index_that_is_too_old_freezes_the_mark() -> None:
    one = mark()
    one.update(at(0), index=58_000, bid=58_010, ask=58_020)
    aged = one.update(at(10))
    assert (aged.index_age, aged.state, aged.mark) == (10_000_000_000, "live", 58_015)
    assert one.update(at(10) + 1).state == "frozen"
    assert one.update(at(11), state="halted").state == "halted"
    # Told again it is new, and the state that was told last.
    assert one.update(at(12), index=58_000).state == "halted"
    assert one.update(at(12), state="live").state == "live"


@pytest.mark.parametrize(("book", "edge"), [(59_000, "58290"), (57_000, "57710")])
def test_the_mark_stays_in_the_band_around_the_index(book: int, edge: str) -> None:
    # ±0.5 % of 58,000; the mean of 58,000 and the book is 500 away.
    sample = mark().update(at(0), index=58_000, bid=book)
    assert (sample.mark, sample.bound, sample.rule, sample.book) == (D(edge), "band", "mean", book)


def test_the_mark_moves_at_most_its_speed() -> None:
    one = edited(speed="0.1%")
    one.update(at(0), index=58_000)
    held = one.update(at(1), index=58_100)
    # 58 a second from 58,000; within the band around 58,100, so it may be used.
    assert (held.mark, held.bound, held.state) == (58_058, "speed", "thin")
    # Two seconds after the last one, 2 × 58.058: still below the band from 59,700 × 0.995 on.
    held = one.update(at(3), index=59_700)
    assert (held.mark, held.bound, held.state) == (D("58174.116"), "speed", "protected")


def test_a_fair_basis_raises_the_index_by_the_average_of_the_impact_mid() -> None:
    one = edited(method="fair_basis", ema="0.5")
    first = one.update(at(0), index=50_000, impact_bid=50_090, impact_ask=50_110)
    assert (first.mark, first.rule, first.inputs, first.carried) == (50_000, "fair_basis", 1, None)
    # 0.2 % for one second, then 0.4 % for one: (0.2 × 0.5 + 0.4) / (0.5 + 1) = 1/3 %, below the band.
    second = one.update(at(1), index=50_000, impact_bid=50_190, impact_ask=50_210)
    assert (second.mark, second.inputs) == (50_100, 2)
    assert one.update(at(2), index=50_000).mark == D("50166.66666667")
    # Impact prices further apart than 0.5 %, the first tier's maintenance rate: the average stands still.
    one.update(at(3), index=50_000, impact_bid=49_000, impact_ask=50_000)
    before = one.update(at(3)).mark
    assert one.update(at(9), index=50_000).mark == before


def test_the_digest_is_that_of_what_was_told() -> None:
    one, other = mark(), mark()
    one.update(at(0), index=58_000)
    assert one.digest != other.digest
    other.update(at(0), index="58000.0")
    assert one.digest == other.digest

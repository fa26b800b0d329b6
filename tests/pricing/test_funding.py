"""`Funding` by hand: samples and why they are not valid, rates, gaps, settlements, and going on after a stop."""

import decimal
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from tests.pricing.book import RULES, START, at, funding, refused

import perpcore as pc
from perpcore.errors import InputError, SchemaError

D = Decimal
HOUR = 3_600
# 0.1 % above the index.
PRICES = {"index": 58_000, "impact_bid": 58_058, "impact_ask": 58_070}


def of(**keys: Any) -> pc.Funding:
    """A funding under other rules of its own."""
    return funding(RULES.edit({f"instrument.BTC-PERP.funding.{key}": value for key, value in keys.items()}))


def test_it_says_what_it_is() -> None:
    fresh = funding()
    assert (fresh.instrument, repr(fresh)) == ("BTC-PERP", "<Funding BTC-PERP>")
    assert fresh.update(at(0), **PRICES) == []
    (sample,) = fresh.update(at(5))
    # 0.001 + clamp(0.0001 − 0.001, ±0.0005).
    assert sample == (
        at(5), 1, D("0.001"), True, None, 1, D("0.0005"), None, None, 0, 58_000, "live", 58_058, 58_070, None, None,
    )  # fmt: skip
    assert sample._fields == tuple(pc.schema("funding").names)
    refused(lambda: pc.Funding(RULES, "BTC"), "unknown_instrument", None, None)


@pytest.mark.parametrize(
    ("bid", "ask", "premium"),
    [
        (58_058, 58_070, "0.001"),
        (57_930, 57_942, "-0.001"),
        (57_990, 58_010, "0"),
        # 1 / 58,000 = 0.0000172413793…
        (58_001, 58_002, "0.00001724"),
    ],
)
def test_the_premium_is_how_far_the_book_is_beyond_the_index(bid: int, ask: int, premium: str) -> None:
    one = funding()
    one.update(at(0), index=58_000, impact_bid=bid, impact_ask=ask)
    assert one.update(at(5))[0].premium == D(premium)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"index": None}, "no_index"),
        ({"index": 0}, "no_index"),
        ({"index": "58000.000000001"}, "no_index"),
        ({"state": "frozen"}, "index_state"),
        ({"state": "thin"}, "index_state"),
        ({"impact_bid": None}, "thin_book"),
        ({"impact_ask": -1}, "thin_book"),
        ({"impact_ask": float("nan")}, "thin_book"),
        ({"impact_ask": 10**30}, "thin_book"),
        ({"impact_ask": 58_058}, "crossed"),
        ({"impact_bid": 638_001, "impact_ask": 638_002}, "off_scale"),
    ],
)
def test_a_sample_that_is_not_valid_says_why(told: dict[str, Any], reason: str) -> None:
    one = funding()
    one.update(at(0), **PRICES)
    one.update(at(0), **told)
    (sample,) = one.update(at(5))
    assert (sample.valid, sample.reason, sample.premium, sample.samples) == (False, reason, None, 0)


def test_a_sample_takes_what_was_known_before_its_time() -> None:
    one = funding()
    one.update(at(0), **PRICES)
    (first,) = one.update(at(5), index=58_001)
    (second,) = one.update(at(10))
    assert (first.index, second.index) == (58_000, 58_001)
    # The index of second 5 is still fresh at 15, and at 20 it is too old.
    told = one.update(at(20))
    assert [(sample.slot, sample.reason) for sample in told] == [(3, None), (4, "stale_index")]


def test_the_rate_weighs_samples_by_their_number_and_counts_what_is_missing() -> None:
    one = of(every="1h", sample="20m")
    told = []
    for slot, bid, ask in ((1, 58_290, 58_300), (2, 58_580, 58_590), (3, 57_990, "57994.2")):
        one.update(at(slot * 1_200 - 1), index=58_000, impact_bid=bid, impact_ask=ask, mark=58_005)
        told += one.update(at(slot * 1_200))
    assert [sample.premium for sample in told] == [D("0.005"), D("0.01"), D("-0.0001")]
    # (0.005 + 2·0.01 − 3·0.0001) / 6 − 0.0005, an eighth of it: 0.00045208…
    assert (told[2].rate, told[2].outcome, told[2].predicted) == (D("0.00045208"), "settled", D("0.00045208"))
    assert told[2].cumulative == D("58005") * D("0.00045208")
    # One of the next three is valid, 0.005: below half of them.
    one.update(at(4_799), index=58_000, impact_bid=58_290, impact_ask=58_300)
    told = one.update(at(7_200), mark=None)
    assert [(sample.slot, sample.reason, sample.outcome) for sample in told] == [
        (1, None, None), (2, "stale_index", None), (3, "stale_index", "price_unusable"),
    ]  # fmt: skip
    assert (told[2].rate, told[2].missed, told[2].samples) == (0, 0, 1)


def test_two_of_three_valid_samples_pay_two_thirds() -> None:
    one = of(every="1h", sample="20m")
    for slot, bid in ((1, 58_290), (2, 58_290), (3, None)):
        one.update(at(slot * 1_200 - 1), index=58_000, impact_bid=bid, impact_ask=58_300)
        told = one.update(at(slot * 1_200))
    # (0.005 − 0.0005) / 8 · 2/3
    assert (told[0].rate, told[0].outcome) == (D("0.000375"), "settled")


def test_a_cap_holds_the_rate() -> None:
    one = of(every="1h", sample="20m", cap="0.03%", cap_factor_maintenance=None)
    for slot in (1, 2, 3):
        one.update(at(slot * 1_200 - 1), index=58_000, impact_bid=58_290, impact_ask=58_300)
        told = one.update(at(slot * 1_200))
    assert told[0].rate == D("0.0003")


def test_a_gap_is_written_by_its_ends_and_missed_intervals_are_counted() -> None:
    one = funding()
    one.update(at(0), **PRICES, mark=58_000)
    told = one.update(at(8 * HOUR * 4 + 7))
    # Three samples while the index was fresh; the first that is blind; the end of the interval; then three whole ones
    # in one row; then the first slot of the interval in course, which follows a blind one, is not written.
    assert [(s.time, s.slot, s.reason, s.outcome, s.missed) for s in told] == [
        (at(5), 1, None, None, 0),
        (at(10), 2, None, None, 0),
        (at(15), 3, "stale_index", None, 0),
        (at(8 * HOUR), 5_760, "stale_index", "price_unusable", 0),
        (at(32 * HOUR), 5_760, "stale_index", "funding_missed", 3),
    ]
    assert told[-1].cumulative is None
    one.update(at(32 * HOUR + 8), index=58_000)
    assert [(s.slot, s.valid) for s in one.update(at(32 * HOUR + 10))] == [(2, True)]


def test_what_was_before_the_first_update_counts_as_not_valid() -> None:
    one = of(every="1h", sample="20m")
    one.update(at(1_200), **PRICES)
    one.update(at(2_399), **PRICES)
    (second,) = one.update(at(2_400))
    # (0.001 − 0.0005) / 8 · 1/2
    assert (second.slot, second.samples, second.predicted) == (2, 1, D("0.00003125"))


def test_payers_pay_up_and_receivers_receive_down() -> None:
    flows = funding().settle({"A": 1, "B": "-0.33333333", "C": D("-0.66666667")}, "100.01", 0.0001)
    # 0.010001 from A; 0.0033336669… and 0.0066673336… to B and C; 10⁻⁸ remains.
    assert flows.cash == {"A": D("-0.010001"), "B": D("0.00333366"), "C": D("0.00666733")}
    assert list(flows.cash) == ["A", "B", "C"]
    assert flows.rounding == D("1e-8")
    assert sum(flows.cash.values()) + flows.rounding == 0


def test_a_negative_rate_is_paid_by_shorts() -> None:
    flows = funding().settle({"long": 3, "short": -3}, 58_000, "-0.0002")
    assert flows == ({"long": D("34.8"), "short": D("-34.8")}, 0)


def test_positions_that_do_not_add_up_have_no_remainder() -> None:
    assert funding().settle({"A": 1}, 100, "0.01") == ({"A": -1}, None)
    assert funding().settle({}, 100, "0.01") == ({}, 0)


def test_positions_come_as_any_table_and_rows_of_an_account_add_up() -> None:
    one = funding()
    rows = {"account": ["A", "B", "A"], "quantity": ["2", "-1.5", "-0.5"]}
    wanted = ({"A": D("-1.5"), "B": D("1.5")}, 0)
    raw = pa.table({"account": ["A", "B", "A"], "quantity_e8": [200_000_000, -150_000_000, -50_000_000]})
    coded = raw.set_column(0, "account", raw["account"].dictionary_encode())
    for table in (rows, pa.table(rows), raw, coded, coded.to_pandas(types_mapper=pd_type)):
        assert one.settle(table, 100, "0.01") == wanted
    assert one.settle({"account": [7, 3], "quantity": [1, -1]}, 100, "0.01").cash == {7: -1, 3: 1}
    assert one.settle({7: 1, 3: -1}, 100, "0.01").cash == {7: -1, 3: 1}


def pd_type(kind: pa.DataType) -> Any:
    import pandas as pd

    return pd.ArrowDtype(kind)


def test_what_is_no_settlement_is_refused() -> None:
    one = funding()
    for mark in (0, -1, 10**8 + 1, "x", float("nan")):
        with pytest.raises(ValueError, match="mark is a number"):
            one.settle({"A": 1}, mark, 0)
    with pytest.raises(ValueError, match="rate is a number from -100 to 100"):
        one.settle({"A": 1}, 1, "100.00000001")
    with pytest.raises(TypeError, match="rate is a number"):
        one.settle({"A": 1}, 1, None)  # type: ignore[arg-type]
    table = "funding_positions"
    refused(lambda: one.settle({"A": 1, "B": None}, 1, 0), "null_value", table, "quantity", 1)
    refused(lambda: one.settle({"A": 1, "B": "x"}, 1, 0), "wrong_type", table, "quantity", 1)
    refused(lambda: one.settle({"A": 1, "B": 10**9 + 1}, 1, 0), "out_of_range", table, "quantity", 1)
    refused(lambda: one.settle({"A": 1, 7: 1}, 1, 0), "id_kind_mismatch", table, "account", 1)
    refused(lambda: one.settle({"account": ["A"]}, 1, 0), "missing_column", table, "quantity")
    refused(lambda: one.settle({"account": ["A"], "quantity": [1], "x": [1]}, 1, 0), "unknown_column", table, "x")
    refused(lambda: one.settle({"account": [None], "quantity": [1]}, 1, 0), "null_value", table, "account", 0)
    # 10⁹ at 1,000.01 is beyond 10¹² of notional; and so are two that add up beyond what is a quantity.
    refused(lambda: one.settle({"A": 10**9}, "1000.01", 0), "account_too_large", table, "quantity", 0)
    twice = {"account": ["B", "A", "A"], "quantity": [1, 10**9, 1]}
    refused(lambda: one.settle(twice, 1, 0), "account_too_large", table, "quantity", 2)
    with pytest.raises(SchemaError):
        one.settle(None, 1, 0)


def test_the_largest_settlement_is_exact() -> None:
    # 10⁹ · 1,000 · 100 = 10¹⁴.
    flows = funding().settle({"A": 10**9, "B": -(10**9)}, 1_000, 100)
    assert flows == ({"A": D(-(10**14)), "B": D(10**14)}, 0)


def test_a_process_that_starts_again_takes_over_what_it_had() -> None:
    one = of(every="1h", sample="20m", cap="1%", cap_factor_maintenance=None)
    assert one.restore(at(0), 58_000, "12.3456789012345678") == []
    one.update(at(1), **PRICES)
    told = one.update(at(3_600))
    assert told[-1].cumulative == D("12.3456789012345678")
    # 1 % of 58,000 an interval: 580 at most, for two intervals that passed 1,160.
    assert one.restore(at(3_601), 58_000, D("592.3456789012345678")) == []
    refused(lambda: one.restore(at(3_602), 58_000, "1172.3456789012345679"), "discontinuous", "funding", "cumulative")
    before = one.digest
    refused(lambda: one.restore(at(7_200), 58_000, "1172.3456789012345679"), "discontinuous", "funding", "cumulative")
    assert one.digest == before
    restored = one.restore(at(3 * 3_600), 58_000, "1752.3456789012345678")
    # Two intervals that passed whole, after one that ended without an index: one row.
    assert [(sample.time, sample.outcome, sample.missed) for sample in restored] == [(at(10_800), "funding_missed", 2)]


@pytest.mark.code("discontinuous", "time_order")
def test_what_does_not_continue_is_refused_and_changes_nothing() -> None:
    one = funding()
    one.restore(at(10), 58_000, 0)
    before = one.digest
    refused(lambda: one.restore(at(11), 0, 0), "out_of_range", "funding", "mark")
    refused(lambda: one.restore(at(11), "x", 0), "wrong_type", "funding", "mark")
    refused(lambda: one.restore(at(11), float("nan"), 0), "not_finite", "funding", "mark")
    refused(lambda: one.restore(at(11), "1.000000001", 0), "off_grid", "funding", "mark")
    refused(lambda: one.restore(at(9), 58_000, 0), "time_order", "funding", "time")
    # 75 % of 0.5 %, the first tier's maintenance rate, of 58,000.
    refused(lambda: one.restore(at(11), 58_000, "217.5000000000000001"), "discontinuous", "funding", "cumulative")
    refused(lambda: one.restore(at(11), 58_000, "-217.5000000000000001"), "discontinuous", "funding", "cumulative")
    odd = ["0.00000000000000001", "1" + "." + "0" * 70 + "1", "x", "", "1e-17", 10**20 + 1, -(10**22), D("1e999999")]
    for value in (*odd, D("-1e-999999"), "inf", "nan", D("sNaN"), 10**5_000, 1e300, 1e-300):
        with pytest.raises(ValueError, match="cumulative is a number"):
            one.restore(at(11), 58_000, value)
    for value in (None, True, [1], b"1"):
        with pytest.raises(TypeError, match="cumulative is a number"):
            one.restore(at(11), 58_000, value)  # type: ignore[arg-type]
    assert one.digest == before
    assert one.restore(at(11), 58_000, "217.5") == []
    assert funding().restore(at(0), 58_000, D("99999999999999999999.9999999999999999")) == []


def test_the_context_of_the_caller_changes_no_number() -> None:
    with decimal.localcontext(prec=3):
        one = funding()
        one.restore(at(0), 58_000, "123456.7890123456789012")
        one.update(at(0), **PRICES)
        assert one.update(at(8 * HOUR))[-1].cumulative == D("123456.7890123456789012")
        assert one.update(at(8 * HOUR), index="58000.12345678") == []


def test_an_interval_begins_at_a_multiple_of_its_length_since_1970() -> None:
    assert START % (8 * HOUR * 10**9) == 0
    one = funding()
    one.update(at(-3), **PRICES)
    (last,) = one.update(at(0))
    assert (last.time, last.slot, last.outcome) == (at(0), 5_760, "low_coverage")


def test_errors_fit_into_what_python_programs_catch() -> None:
    with pytest.raises(InputError):
        funding().restore(at(0), -1, 0)

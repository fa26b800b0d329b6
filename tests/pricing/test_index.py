"""`IndexPrice` by hand: what one sample is made of, who does not count and why, every state and its way out."""

from decimal import Decimal

import pytest
from tests.pricing.book import AT_ONCE, NAMES, RULES, all_at, at, index, outs

import perpcore as pc

D = Decimal


def test_it_says_what_it_is() -> None:
    fresh = index(RULES)
    assert (fresh.underlying, fresh.value, fresh.state, fresh.groups) == ("BTC", None, "frozen", 0)
    assert fresh.reason == "a market begins frozen; out: a missing, b missing, c missing, d missing"
    assert repr(fresh) == f"<IndexPrice BTC: None, frozen, {fresh.reason}>"
    sample = index().update(at(0), all_at(100))
    assert sample == (at(0), D(100), "live", 4, "1 samples in a row agreed")
    assert sample._fields == ("time", "value", "state", "groups", "reason") == tuple(pc.schema("index").names)


def test_an_underlying_without_sources_stays_frozen() -> None:
    bare = pc.IndexPrice(pc.Rulebook.preset("hk-vatp-perp"), "ETH")
    assert bare.update(at(0), {"a": 1})[1:] == (None, "frozen", 0, None)
    assert (bare.counters()["unknown"], bare.sources().num_rows) == (1, 0)


def test_properties_are_those_of_the_latest_sample_and_reasons_come_with_changes() -> None:
    one = index()
    first = one.update(at(0), all_at(100))
    again = one.update(at(1), all_at(101))
    assert (first.reason, again.reason) == ("1 samples in a row agreed", None)
    assert (one.value, one.state, one.groups) == (again.value, again.state, again.groups) == (101, "live", 4)
    assert one.reason == "1 samples in a row agreed"
    # Others are out than before, and the state is the same.
    third = one.update(at(2), {"d": 0})
    assert (third.state, third.reason) == ("live", "1 samples in a row agreed; out: d non_positive")


def test_groups_are_one_voice_and_what_is_far_is_held_near() -> None:
    # Median 100.5, so 110 counts as 100.5 × 1.03 = 103.515: (100 + 101 + 99 + 103.515) / 4.
    assert index().update(at(0), dict(zip(NAMES, (100, 101, 99, 110), strict=True))).value == D("100.87875")
    sources = [
        {"id": "a", "group": "A"}, {"id": "b", "group": "A"},
        {"id": "c", "group": "B", "weight": 2}, {"id": "d", "group": "C", "weight": 2},
    ]  # fmt: skip
    one = index(AT_ONCE.edit({"underlying.BTC.sources": sources}))
    # A is (100 + 102) / 2 = 101 with weight 2: (101 + 101 + 103) / 3.
    sample = one.update(at(0), dict(zip(NAMES, (100, 102, 101, 103), strict=True)))
    assert (sample.value, sample.groups) == (D("101.66666667"), 3)


def test_a_source_says_why_it_is_out() -> None:
    rules = AT_ONCE.edit({"underlying.BTC.index.unchanged_for": "5s"})
    one = index(rules)
    one.update(at(0), {"a": 100, "b": 100, "c": 100})
    assert outs(one) == {"a": None, "b": None, "c": None, "d": "missing"}
    one.update(at(1), {"a": "0.000000001", "b": 10**8 + 1, "c": -1, "d": 100}, sent={"d": at(2.5)})
    assert outs(one) == {"a": "off_grid", "b": "off_domain", "c": "non_positive", "d": "ahead"}
    one.update(at(2), {"a": 100, "b": 100, "c": 112, "d": 100})
    # 112 is 12 % from the median 100.
    assert outs(one) == {"a": None, "b": None, "c": "beyond", "d": None}
    # The price of a is that of the start; that of d came two seconds later.
    one.update(at(5.5), all_at(100, ("a", "d")))
    assert outs(one)["a"] == "unchanged"
    assert outs(one)["d"] is None
    assert one.update(at(15.6)).state == "frozen"
    assert outs(one) == {"a": "stale", "b": "stale", "c": "stale", "d": "stale"}


def test_a_stamp_may_be_told_for_all_or_by_source() -> None:
    one = index()
    one.update(at(10), all_at(100), sent=at(0))
    assert outs(one) == dict.fromkeys(NAMES)
    one.update(at(10) + 1)
    assert outs(one) == dict.fromkeys(NAMES, "stale")
    one.update(at(11), all_at(100), sent={"a": at(1), "b": None})
    rows = {row["source"]: row for row in one.sources().to_pylist()}
    assert [rows[name]["sent"].timestamp() * 10**9 for name in NAMES] == [at(1), at(11), at(11), at(11)]
    assert {row["arrived"].timestamp() * 10**9 for row in rows.values()} == {at(11)}


def test_quotes_out_of_order_and_of_strangers_are_counted_and_ignored() -> None:
    one = index()
    one.update(at(0), all_at(100))
    one.update(at(1), {"a": 105, "x": 7, "": 8}, sent=at(-1))
    assert one.counters() == {"taken": 4, "out_of_order": 1, "unknown": 2}
    # Of two with one stamp the later one counts.
    one.update(at(2), {"a": 108})
    assert one.update(at(2), {"a": 102}).value == D("100.5")
    assert one.update(at(2), {"a": None, "x": None}).value == D("100.5")
    assert one.counters() == {"taken": 6, "out_of_order": 1, "unknown": 2}


def test_a_higher_rank_is_asked_where_the_lower_ones_do_not_suffice() -> None:
    ranked = [{"id": name, "group": name.upper(), "rank": int(name == "d")} for name in NAMES]
    one = index(AT_ONCE.edit({"underlying.BTC.sources": ranked}))
    assert one.update(at(0), all_at(100)).groups == 3
    assert outs(one)["d"] == "standby"
    assert one.update(at(1), {"a": 0, "d": "100.3"}).value == D("100.1")
    assert outs(one)["d"] is None


def test_a_currency_is_converted_by_its_rate() -> None:
    sources = [{"id": name, "group": name.upper(), "currency": "USDT"} for name in "ab"]
    sources += [{"id": name, "group": name.upper()} for name in "cd"]
    rates = [{"currency": "USDT", "source": "usdt-usd", "stale_after": "60s"}]
    one = index(AT_ONCE.edit({"underlying.BTC.sources": sources, "underlying.BTC.rates": rates}))
    sample = one.update(at(0), all_at(100))
    assert (sample.groups, outs(one)["a"]) == (2, "no_rate")
    # 100 × 0.98 = 98, twice: (98 + 98 + 100 + 100) / 4.
    sample = one.update(at(1), {"usdt-usd": "0.98"})
    assert (sample.groups, sample.value) == (4, 99)
    rate = one.sources().to_pylist()[-1]
    assert (rate["source"], rate["group"], rate["rank"], rate["weight"], rate["out"]) == (
        "usdt-usd", None, None, None, None,
    )  # fmt: skip
    one.update(at(61), all_at(100))
    assert outs(one)["a"] is None
    one.update(at(61) + 1, all_at(100))
    assert (outs(one)["a"], outs(one)["usdt-usd"]) == ("no_rate", "stale")


def test_every_state_has_its_way_in_and_out() -> None:
    one = index(RULES)
    told = [one.update(at(second), all_at(100)).state for second in range(5)]
    assert told == ["frozen"] * 4 + ["live"]
    assert one.update(at(5), {"c": 0, "d": 0}).state == "thin"
    assert one.update(at(5.5), all_at(100))[2:] == ("live", 4, "4 groups are live")
    # 10.1 % within a second: the value is held.
    jumped = one.update(at(6), all_at("110.1"))
    assert jumped[1:] == (100, "protected", 4, "a jump from 100 to 110.1")
    assert [one.update(at(second), all_at("110.1")).state for second in (7, 8, 9, 10)] == ["protected"] * 3 + ["live"]
    assert one.value == D("110.1")
    frozen = one.update(at(11), all_at(0))
    assert (frozen.state, frozen.value) == ("frozen", D("110.1"))
    # 180 s may pass, and no more.
    assert one.update(at(191)).state == "frozen"
    assert one.update(at(191) + 1).state == "halted"
    assert one.update(at(192), all_at(100)).state == "halted"
    assert one.resume(at(193))[1:] == (100, "live", 4, "resumed by command on a fresh quorum")
    assert one.halt(at(194)).state == "halted"
    assert one.resume(at(195)).state == "halted"
    assert one.restart(at(196)).state == "halted"
    assert outs(one) == dict.fromkeys(NAMES, "missing")


def test_a_restart_forgets_what_sources_said_and_keeps_the_value() -> None:
    one = index()
    one.update(at(0), all_at(100))
    assert one.restart(at(1))[1:] == (
        100, "frozen", 0, "restarted; out: a missing, b missing, c missing, d missing",
    )  # fmt: skip
    assert one.update(at(2), all_at(102)).state == "live"


def test_a_settlement_takes_the_last_value_in_quorum_or_an_approved_one_of_the_last_hour() -> None:
    one = index()
    assert one.settle_price(at(0)) is None
    between = [(second, 97) for second in range(20, 3_600, 10)]
    for second, price in ((0, 90), (10, 95), *between, (3_600, 100), (3_605, 104)):
        one.update(at(second), all_at(price))
    one.update(at(3_606), {"c": 0, "d": 0, "a": 103})
    assert (one.state, one.settle_price(at(3_606))) == ("thin", 104)
    assert one.settle_price(at(3_606), "96.5") is None
    assert one.settle_price(at(3_606), "96.5", approval=True) == D("96.5")
    assert [one.settle_price(at(3_606), price, True) for price in (95, 104, "94.99999999", "104.00000001")] == [
        95, 104, None, None,
    ]  # fmt: skip
    assert one.settle_price(at(3_610), 95, True) == 95
    assert one.settle_price(at(3_610) + 1, 95, True) is None


def test_the_digest_is_that_of_what_was_told() -> None:
    one, other = index(), index()
    assert one.digest == other.digest
    assert len(bytes.fromhex(one.digest)) == 32
    one.update(at(0), all_at(100))
    assert one.digest != other.digest
    other.update(at(0), all_at("100.00"))
    assert one.digest == other.digest


def test_names_that_are_no_underlying_are_refused() -> None:
    with pytest.raises(ValueError, match="BTC, ETH"):
        pc.IndexPrice(RULES, "BTC-PERP")
    with pytest.raises(TypeError):
        pc.IndexPrice(RULES, None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        pc.IndexPrice("BTC", "BTC")  # type: ignore[arg-type]

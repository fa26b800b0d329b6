"""Commands as tables: that their form, and where they are cut, shows nowhere; what is refused as a whole; threads."""

import random
import threading
from typing import Any

import pyarrow as pa
import pytest
from tests.venue.setting import NOW, made, refused, rulebook
from tests.venue.stream import IDS, commands, table

import perpcore as pc

COUNT = 4_000
Told = dict[str, Any]


def fresh() -> pc.Venue:
    return pc.Venue(rulebook())


def applied(venue: pc.Venue, given: pa.Table) -> list[Told]:
    return pa.table(venue.apply(given)).to_pylist()


def states(venue: pc.Venue) -> list[Any]:
    """Everything that a venue shows."""
    return [
        venue.digest,
        *(table().to_pylist() for table in (venue.accounts, venue.ledger, venue.positions)),
        *(of(name).to_pylist() for of in (venue.l3, venue.depth) for name in ("X-PERP", "Y-PERP")),
        venue.verify(),
    ]


@pytest.mark.parametrize("ids", ["integer", "text", "dictionary"])
def test_events_do_not_depend_on_how_commands_are_cut(ids: str) -> None:
    kind = "integer" if ids == "integer" else "text"
    given = table(list(commands(14, COUNT, kind)), kind)
    if ids == "dictionary":
        for name in {*IDS, "kind", "instrument", "asset", "source"} & set(given.column_names):
            given = given.set_column(given.column_names.index(name), name, given[name].dictionary_encode())
    whole = fresh()
    events = applied(whole, given)
    kinds = {event["kind"] for event in events}
    assert {
        *("filled", "posting", "status_changed", "withdrawal_confirmed", "price_state", "premium", "settlement"),
        *("rejected", "amended", "triggered", "expired", "halt", "resume", "conversion", "rulebook_activated"),
    } <= kinds
    draw = random.Random(1)
    other, cut, start = fresh(), [], 0
    while start < len(given):
        count = draw.choice([1, 2, 7, 130, 600])
        cut += applied(other, given.slice(start, count))
        start += count
    assert cut == events
    assert states(other) == states(whole)
    assert whole.verify() == []
    # Answers that are given again keep their numbers; all others have none twice, and none is left out.
    assert sorted({event["seq"] for event in events}) == list(range(max(event["seq"] for event in events) + 1))


def test_ids_of_every_kind_do_the_same() -> None:
    """Names aside, the events of integers are those of texts and of dictionaries."""
    rows = {ids: list(commands(11, 1_500, ids)) for ids in ("integer", "text")}
    venues = {ids: fresh() for ids in ("integer", "text", "dictionary", "large", "view")}
    told: dict[str, list[Told]] = {}
    for ids, venue in venues.items():
        given = table(rows["integer" if ids == "integer" else "text"], "integer" if ids == "integer" else "text")
        types = {
            "dictionary": pa.dictionary(pa.int16(), pa.string()),
            "large": pa.large_string(),
            "view": pa.string_view(),
        }
        for at, name in enumerate(given.column_names):
            if name in IDS and ids in types:
                given = given.set_column(at, name, given[name].cast(types[ids]))
        told[ids] = applied(venue, given)
    for event in told["integer"]:
        for name in ("account", "other_account", "client_id"):
            if event[name] is not None:
                event[name] = f"order {event[name]}" if name == "client_id" else f"account-{event[name]}"
    assert all(events == told["text"] for events in told.values())
    # What an order is called is part of the state.
    assert len({venue.digest for ids, venue in venues.items() if ids != "integer"}) == 1


def test_numbers_of_every_form_do_the_same() -> None:
    given = table(list(commands(13, 1_000)))
    forms: dict[str, pa.Table] = {"text": given, "decimal": given, "raw": given}
    for at, name in enumerate(given.column_names):
        if name in ("quantity", "price", "trigger", "amount", "leverage", "bid", "ask"):
            # What is no number in plain decimals stays text, and so do columns with it.
            if any("e" in text for text in given[name].drop_null().to_pylist()):
                continue
            decimal = given[name].cast(pa.decimal128(28, 8))
            forms["decimal"] = forms["decimal"].set_column(at, name, decimal)
            raw = pa.array([None if it is None else int(it.scaleb(8)) for it in decimal.to_pylist()], pa.int64())
            forms["raw"] = forms["raw"].set_column(at, f"{name}_e8", raw)
    events = {form: applied(fresh(), of) for form, of in forms.items()}
    assert events["decimal"] == events["text"]
    assert events["raw"] == events["text"]


def test_single_commands_say_what_tables_say() -> None:
    rows = list(commands(5, 1_500))
    events = applied(fresh(), table(rows))
    other, told = fresh(), []
    for row in rows:
        cells = {name: value for name, value in row.items() if value is not None and name != "kind"}
        cells |= {"account_class": cells.pop("class")} if "class" in cells else {}
        if row["kind"] == "?" or row.get("price") == "1e5":
            told += applied(other, table([row]))
            continue
        told += [pc.Event(*event)._asdict() for event in other._core.act(row["kind"], **cells)]
    for event in told:
        event["class"] = event.pop("class_", event.get("class"))
    for event in events:
        event.pop("audience")
        event["time"] = None if event["time"] is None else event["time"].value
    for event in told:
        event.pop("audience", None)
        if event["time"] is not None and not isinstance(event["time"], int):
            event["time"] = event["time"].value
    assert told == events


ROWS = [
    ("null_value", {"kind": None}),
    ("out_of_range", {"kind": "deposits"}),
    ("null_value", {"kind": "deposit", "account": "A", "asset": "USD"}),
    ("null_value", {"kind": "deposit", "asset": "USD", "amount": "1"}),
    ("null_value", {"kind": "place", "quantity": "1", "price": "100", "instrument": "X-PERP"}),
    ("null_value", {"kind": "place", "account": "A", "quantity": "1", "price": "100"}),
    ("null_value", {"kind": "mark", "instrument": "X-PERP"}),
    ("null_value", {"kind": "index", "price": "1"}),
    ("null_value", {"kind": "quote", "underlying": "Y", "price": "1"}),
    ("null_value", {"kind": "confirm_withdrawal"}),
    ("null_value", {"kind": "phase", "instrument": "X-PERP"}),
    ("null_value", {"kind": "advance_time"}),
    ("out_of_range", {"kind": "phase", "instrument": "X-PERP", "state": "live"}),
    ("out_of_range", {"kind": "mark", "instrument": "X-PERP", "price": "1", "state": "open"}),
    ("out_of_range", {"kind": "mark", "instrument": "X-PERP", "price": "1", "state": "LIVE"}),
    ("out_of_range", {"kind": "hold", "account": "A", "flags": "no_open;frozen"}),
    ("out_of_range", {"kind": "fund_topup", "amount": "1", "note": "fees"}),
    ("out_of_range", {"kind": "deposit", "account": "A", "asset": "USD", "amount": "1000000000001"}),
    ("out_of_range", {"kind": "deposit", "account": "A", "asset": "USD", "amount": "0"}),
    ("out_of_range", {"kind": "open_account", "account": "C", "model": "fancy"}),
    ("out_of_range", {"kind": "open_account", "account": "C", "leverage": "0.5"}),
    ("out_of_range", {"kind": "quote", "underlying": "Y", "source": "d", "price": "1"}),
    ("out_of_range", {"kind": "quote", "underlying": "Z", "source": "a", "price": "1"}),
    ("out_of_range", {"kind": "top", "instrument": "X-PERP", "bid": "0"}),
    ("off_grid", {"kind": "deposit", "account": "A", "asset": "USD", "amount": "0.000000001"}),
    ("not_finite", {"kind": "deposit", "account": "A", "asset": "USD", "amount": float("nan")}),
    ("wrong_type", {"kind": "deposit", "account": "A", "asset": "USD", "amount": "one"}),
    ("wrong_type", {"kind": "quote", "underlying": "Y", "source": "a", "price": "one"}),
    ("unknown_asset", {"kind": "deposit", "account": "A", "asset": "usd", "amount": "1"}),
    ("unknown_instrument", {"kind": "mark", "instrument": "x-perp", "price": "1"}),
    ("unknown_fee_tier", {"kind": "open_account", "account": "C", "fee_tier": ""}),
    ("unknown_holder", {"kind": "transfer", "account": "A", "to_account": "never", "asset": "USD", "amount": "1"}),
    ("implausible_time", {"kind": "open_account", "account": "C", "investor_until": 5}),
    ("implausible_time", {"kind": "deadman", "account": "A", "until": 5}),
    ("unused_column", {"kind": "index", "underlying": "X", "price": "1", "instrument": "X-PERP"}),
    ("unused_column", {"kind": "open_account", "account": "C", "flags": "no_open"}),
    ("conflicting_values", {"kind": "index", "underlying": "X", "asset": "EUR", "price": "1"}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "row"), ROWS, ids=[f"{code}-{at}" for at, (code, _) in enumerate(ROWS)])
def test_a_row_that_cannot_be_carried_out_is_an_event_and_the_stream_goes_on(
    venue: pc.Venue, code: str, row: Told
) -> None:
    count = venue._core.counts()[0]
    given: Told = {name: [value, None] for name, value in row.items()}
    given["kind"] = [row["kind"], "cancel_all"]
    events = venue.apply(given)
    assert (events["kind"].to_pylist(), events["code"].to_pylist()) == (["rejected"], [code])
    assert venue.apply({"kind": ["index"], "underlying": ["X"], "price": ["101"]})["cause"].to_pylist() == [count + 2]


def test_what_is_no_price_is_a_quote_all_the_same(venue: pc.Venue) -> None:
    """A source that says nothing of use is out, and that is no fault of the command."""
    prices = ["0", "-5", "1000000000000", "0.000000001", None]
    rows = {"kind": ["quote"] * 5, "underlying": ["Y"] * 5, "source": ["a"] * 5}
    assert venue.apply({**rows, "price": prices}).num_rows == 0
    floats = [float("nan"), float("inf"), float("-inf"), 0.1 + 0.2, -1.0]
    assert venue.apply({**rows, "price": floats}).num_rows == 0
    raw = pa.array([-(2**63), 2**63 - 1, 0, -1, None], pa.int64())
    assert venue.apply({**rows, "price_e8": raw}).num_rows == 0
    # An order is another matter.
    events = venue.apply(
        {"kind": ["place"], "account": ["A"], "instrument": ["X-PERP"], "quantity": ["1"], "price": ["-5"]}
    )
    assert events["code"].to_pylist() == ["out_of_range"]


def test_a_source_s_clock_may_say_anything(venue: pc.Venue) -> None:
    sent = pa.array([-(2**63), 5, 2**63 - 1, None], pa.int64())
    rows = {"kind": ["quote"] * 4, "underlying": ["Y"] * 4, "source": ["a"] * 4, "price": ["100"] * 4}
    assert venue.apply({**rows, "sent": sent}).num_rows == 0
    seconds = pa.array([-(2**63), 5, 2**63 - 1, None], pa.timestamp("s", tz="UTC"))
    assert venue.apply({**rows, "sent": seconds}).num_rows == 0


MALFORMED = [
    ("missing_column", {"quantity": ["1"]}),
    ("unknown_column", {"kind": ["place"], "to": ["1"]}),
    ("wrong_type", {"kind": ["deposit"], "amount": pa.array([True])}),
    ("wrong_type", {"kind": ["deposit"], "asset": [1]}),
    ("wrong_type", {"kind": ["quote"], "sent": pa.array([1.5])}),
    ("wrong_type", {"kind": ["hold"], "flags": [1]}),
    ("wrong_type", {"kind": ["set_account"], "leverage": [b"1"]}),
    ("id_kind_mismatch", {"kind": ["place"], "account": [7]}),
    ("id_kind_mismatch", {"kind": ["transfer"], "account": ["A"], "to_account": [7]}),
    ("id_kind_mismatch", {"kind": ["transfer"], "to_account": [7]}),
    ("id_kind_mismatch", {"kind": ["place"], "client_id": [7]}),
    ("duplicate_column", {"kind": ["deposit"], "amount": ["1"], "amount_e8": [1]}),
    ("invalid_text", {"kind": pa.array([b"deposit"]).cast(pa.string()), "account": pa.array([b"A"]), "note": ["x"]}),
]


@pytest.mark.parametrize(
    ("code", "given"), MALFORMED[:-1], ids=[f"{code}-{at}" for at, (code, _) in enumerate(MALFORMED[:-1])]
)
def test_a_table_that_is_none_of_commands_raises_and_changes_nothing(venue: pc.Venue, code: str, given: Told) -> None:
    venue.place("A", "X-PERP", 1, 100, client_id="a")
    before = states(venue)
    with pytest.raises(pc.errors.PerpcoreError) as caught:
        venue.apply(given)
    assert caught.value.code == code
    assert states(venue) == before


def test_single_ids_of_another_kind_raise(venue: pc.Venue) -> None:
    venue.place("A", "X-PERP", 1, 90, client_id="a")
    before = states(venue)
    for wrong in (
        lambda: venue.deposit(7, "USD", 1),
        lambda: venue.transfer("A", 1, to_account=7, asset="USD"),
        lambda: venue.place("A", "X-PERP", 1, 90, client_id=7),
        lambda: venue.open_account("C", client="c") and venue.open_account("D", client=4),
    ):
        with pytest.raises(pc.errors.InputError) as caught:
            wrong()
        assert caught.value.code == "id_kind_mismatch"
    venue.close_account("C")
    assert states(venue)[1:] == before[1:]


def test_an_account_exists_by_being_opened_not_by_being_paid() -> None:
    """Who is only named as a receiver gets no number, or numbers would depend on how commands are cut."""
    rows = [
        {"kind": "open_account", "account": "A", "client": "one"},
        {"kind": "deposit", "account": "A", "asset": "USD", "amount": "10"},
        {"kind": "transfer", "account": "A", "to_account": "C", "asset": "USD", "amount": "1"},
        {"kind": "open_account", "account": "B", "client": "one"},
        {"kind": "transfer", "account": "A", "to_account": "B", "asset": "USD", "amount": "1"},
        {"kind": "open_account", "account": "C", "client": "one"},
        {"kind": "transfer", "account": "A", "to_account": "C", "asset": "USD", "amount": "1"},
    ]
    whole, cut = fresh(), fresh()
    events = applied(whole, table(rows))
    assert [event["code"] for event in events if event["kind"] == "rejected"] == ["unknown_holder"]
    assert [event for row in rows for event in applied(cut, table([row]))] == events
    assert cut.digest == whole.digest
    assert whole.ledger().to_pydict()["account"] == ["A", "B", "C"]


def test_the_only_instrument_needs_no_name() -> None:
    rules = """
        [venue]
        settlement = "USD"
        [asset.USD]
        eligible = true
        [underlying.X]
        [instrument.X-PERP]
        underlying = "X"
        tick = 0.5
        lot = 0.1
        tiers = [["rest", "1%", 20]]
    """
    venue = pc.Venue(pc.Rulebook.parse(rules))
    venue.open_account("A")
    venue.deposit("A", "USD", 100)
    for events in (venue.mark(None, 100), venue.enter_phase(None, "open"), venue.place("A", None, 1, 100)):
        assert events[0].instrument == "X-PERP"
    assert venue.top(None) == []
    order = venue.orders("A")["order"][0].as_py()
    assert venue.amend(order, price=99)[0].kind == "amended"
    assert venue.cancel(order)[0].kind == "canceled"
    (event,) = venue.place("A", None, 1, "100.25")
    assert (event.code, event.instrument) == ("off_tick", "X-PERP")
    (event,) = applied(venue, table([{"kind": "place", "account": "A", "quantity": "one"}]))
    assert (event["code"], event["instrument"]) == ("wrong_type", "X-PERP")
    venue.enter_phase(None, "settling")
    assert venue.settle(None)[-1].code == "settlement_price"


def test_an_account_is_of_the_group_of_its_client(venue: pc.Venue) -> None:
    for account in ("C", "D", "E"):
        venue.open_account(account)
        venue.deposit(account, "USD", 1_000)
    venue.set_account("E", group="own")
    for account in ("C", "D", "E"):
        venue.set_account(account, client="one")
    venue.place("C", "X-PERP", -1, 100)
    for account in ("D", "E"):
        assert [event.code for event in venue.place(account, "X-PERP", 1, 100)] == [None, "self_trade"]
    refused(venue.open_account("F", client="one", group="own"), "other_group")


def test_eight_writers_lose_nothing() -> None:
    venue = made(instrument__X_PERP__limits={"open_orders": 100_000, "position": 10_000_000})
    names = "abcdefgh"
    for name in names:
        venue.open_account(name)
        venue.deposit(name, "USD", 1_000_000)
    failed: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for number in range(50):
                venue.place(name, "X-PERP", 1, 90, client_id=f"{number}")
                rows = 10
                venue.apply({"kind": ["place"] * rows, "account": [name] * rows, "instrument": ["X-PERP"] * rows,
                             "quantity": ["1"] * rows, "price": ["90"] * rows})  # fmt: skip
                venue.deposit(name, "USD", 1)
                assert venue.verify() == []
                assert venue.accounts().num_rows == 10
        except BaseException as error:  # noqa: BLE001  # it is raised below
            failed.append(error)

    writers = [threading.Thread(target=write, args=(name,)) for name in names]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failed
    assert venue.depth("X-PERP")["quantity"].to_pylist() == [8 * 50 * 11]
    assert [row["amount"] for row in venue.ledger().to_pylist()[2:]] == [1_000_050] * 8


def test_misused_arguments_raise(venue: pc.Venue) -> None:
    before = venue.digest
    for wrong, error in [
        (lambda: venue.place("A", "X-PERP", 1, 100, tif="day"), ValueError),
        (lambda: venue.place("A", "X-PERP", "x", 100), ValueError),
        (lambda: venue.place("A", 7, 1, 100), TypeError),
        (lambda: venue.place(1.5, "X-PERP", 1, 100), TypeError),
        (lambda: venue.place("A", "X-PERP", 1, 100, time="now"), TypeError),
        (lambda: venue.enter_phase("X-PERP", "closed"), ValueError),
        (lambda: venue.enter_phase("X-PERP", "live"), ValueError),
        (lambda: venue.mark("X-PERP", 1, state="open"), ValueError),
        (lambda: venue.mark("X-PERP", -1), ValueError),
        (lambda: venue.deposit("A", "USD", 10**13), ValueError),
        (lambda: venue.deposit("A", "USD", None), None),
        (lambda: venue.open_account("C", model="fancy"), ValueError),
        (lambda: venue.open_account("C", leverage=0), ValueError),
        (lambda: venue.open_account("C", leverage=True), TypeError),
        (lambda: venue.confirm_withdrawal("1"), TypeError),
        (lambda: venue.confirm_withdrawal(-1), ValueError),
        (lambda: venue.hold("A", [1]), TypeError),
        (lambda: venue.quote("Y", "a", "one"), pc.errors.SchemaError),
        (lambda: venue._core.act("place", price_e8=1), TypeError),
        (lambda: venue._core.act("no kind"), ValueError),
        (lambda: venue.depth("X-PERP", -1), ValueError),
        (lambda: venue.depth("NO"), pc.errors.InputError),
        (lambda: venue.l3("NO"), pc.errors.InputError),
        (lambda: venue.phase("NO"), pc.errors.InputError),
        (lambda: venue.best("NO"), pc.errors.InputError),
        (lambda: venue.explain("C"), pc.errors.StateError),
        (lambda: venue.apply(None), TypeError),
    ]:
        if error is None:
            assert wrong()[-1].code == "null_value"
            continue
        with pytest.raises(error):
            wrong()
    assert made().digest == before != venue.digest


def test_a_stamp_of_a_place_is_compared_with_the_time(venue: pc.Venue) -> None:
    day = 24 * 3_600 * 10**9
    assert venue.place("A", "X-PERP", 1, 90, sent=NOW - day)[0].kind == "accepted"
    assert venue.place("A", "X-PERP", 1, 90, sent=NOW - day - 1)[0].code == "too_old"
    assert venue.place("A", "X-PERP", 1, 90, sent=-(2**80))[0].code == "too_old"

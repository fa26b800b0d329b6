"""Another rulebook comes into force between two rows of a table: who reads the rest, and under which names."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from tests.venue.setting import NOW, opened, rulebook
from tests.venue.stream import table

import perpcore as pc

SECOND = 10**9
LATER = NOW + 60 * SECOND
RULES = rulebook()
Rows = list[dict[str, Any]]


def source(name: str) -> dict[str, str]:
    return {"id": name, "group": name.upper()}


def wider(**more: Any) -> pc.Rulebook:
    """A rulebook with more of everything; by name it comes before the old, so that no number is that of the order."""
    instrument = {"underlying": "N", "tick": "0.5", "lot": "0.1", "tiers": [["rest", "1%", 20]]}
    asset = {"class": "fiat", "eligible": True, "haircut": [["rest", "10%"]]}
    return RULES.edit(
        {
            "instrument.A-PERP": instrument,
            "underlying.N": {"sources": [source(name) for name in ("0", "a", "z")]},
            "underlying.Y.sources": [source(name) for name in ("0", "a", "b", "c")],
            "asset.AUD": asset,
            "venue.fees.again": {"maker": 0, "taker": 0},
            **more,
        }
    )


# Rows that name what only the wider rulebook has, and what both have.
USING: Rows = [
    {"kind": "index", "asset": "AUD", "price": "0.7"},
    {"kind": "deposit", "account": "A", "asset": "AUD", "amount": "50"},
    {"kind": "deposit", "account": "A", "asset": "EUR", "amount": "50"},
    {"kind": "set_account", "account": "B", "fee_tier": "again"},
    {"kind": "set_account", "account": "A", "fee_tier": "standard"},
    {"kind": "top", "instrument": "A-PERP", "bid": "99.5", "ask": "100.5"},
    *(
        {"kind": "quote", "underlying": underlying, "source": name, "price": "100", "time": LATER + second * SECOND}
        for second in range(1, 6)
        for underlying, names in (("N", "0az"), ("Y", "0abc"))
        for name in names
    ),
    {"kind": "phase", "instrument": "A-PERP", "state": "open"},
    {"kind": "place", "account": "A", "instrument": "A-PERP", "quantity": "1", "price": "100", "client_id": "first"},
    {"kind": "place", "account": "B", "instrument": "A-PERP", "quantity": "-1", "price": "100", "client_id": "second"},
    {"kind": "place", "account": "B", "instrument": "X-PERP", "quantity": "-1", "price": "100"},
    {"kind": "place", "account": "A", "instrument": "A-PERP", "quantity": "0.01", "price": "100"},
]
BEFORE: Rows = [
    {"kind": "index", "asset": "EUR", "price": "1.1"},
    {"kind": "place", "account": "A", "instrument": "X-PERP", "quantity": "1", "price": "99", "client_id": "old"},
    {"kind": "place", "account": "A", "instrument": "A-PERP", "quantity": "1", "price": "99"},
    {"kind": "deposit", "account": "A", "asset": "AUD", "amount": "50"},
    {"kind": "quote", "underlying": "Y", "source": "0", "price": "100"},
]


def at_once() -> Rows:
    return [{"kind": "activate_rulebook", "rulebook": wider().to_toml()}]


def waiting() -> Rows:
    """It waits a minute; what passes that time names nothing new, and nothing after it is a command of its own."""
    text = wider(effective=datetime.fromtimestamp(LATER // SECOND, UTC)).to_toml()
    return [
        {"kind": "activate_rulebook", "rulebook": text},
        {"kind": "deposit", "account": "A", "asset": "AUD", "amount": "50"},
        {"kind": "deposit", "account": "A", "asset": "USD", "amount": "1", "time": LATER},
    ]


def refused_as_it_passes() -> Rows:
    """The row that passes the time is refused, under the old names."""
    return [*waiting()[:-1], {"kind": "deposit", "account": "A", "asset": "AUD", "amount": "1", "time": LATER}]


CASES = {"at once": at_once, "waiting": waiting, "refused as it passes": refused_as_it_passes}


def fresh() -> pc.Venue:
    return opened(pc.Venue(RULES))


def told(venue: pc.Venue, given: pa.Table) -> list[dict[str, Any]]:
    return pa.table(venue.apply(given)).to_pylist()


def encoded(given: pa.Table) -> pa.Table:
    for at, name in enumerate(given.column_names):
        if name in ("kind", "account", "instrument", "asset", "fee_tier", "source", "underlying", "rulebook"):
            given = given.set_column(at, name, given[name].dictionary_encode())
    return given


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("form", [lambda given: given, encoded], ids=["text", "dictionary"])
def test_a_table_cut_anywhere_gives_the_same_events(case: str, form: Any) -> None:
    rows = BEFORE + CASES[case]() + USING
    given = form(table(rows))
    whole = fresh()
    events = told(whole, given)
    after = [event for event in events if event["cause"] >= len(rows) - len(USING) + 17]
    refusals = [event["code"] for event in after if event["kind"] == "rejected"]
    assert refusals == ["off_lot"], after
    for cut in range(1, len(rows)):
        other = fresh()
        parts = told(other, given.slice(0, cut)) + told(other, given.slice(cut))
        assert parts == events, cut
        assert other.digest == whole.digest, cut
    # The same in batches of one table, and command by command.
    other = fresh()
    assert told(other, pa.Table.from_batches(given.to_batches(max_chunksize=3))) == events
    single = fresh()
    events_of_rows = [event for at in range(len(rows)) for event in told(single, given.slice(at, 1))]
    assert events_of_rows == events


@pytest.mark.parametrize("case", CASES)
def test_single_commands_follow_too(case: str) -> None:
    rows = BEFORE + CASES[case]() + USING
    events, venue = told(fresh(), table(rows)), fresh()
    said: list[dict[str, Any]] = []
    for row in rows:
        cells = {name: value for name, value in row.items() if name != "kind"}
        said += [pc.Event(*event)._asdict() for event in venue._core.act(row["kind"], **cells)]
    for mine, theirs in zip(said, events, strict=True):
        del theirs["audience"]
        mine["class"] = mine.pop("class_")
        theirs["time"] = None if theirs["time"] is None else theirs["time"].value
        assert mine == theirs


def test_names_that_are_new_are_known_after_the_row_and_not_before() -> None:
    venue = fresh()
    events = told(venue, table(BEFORE + at_once() + USING))
    assert [event["code"] for event in events if event["kind"] == "rejected"] == [
        "unknown_instrument",
        "unknown_asset",
        "out_of_range",
        "off_lot",
    ]
    trade = next(event for event in events if event["kind"] == "filled")
    assert (trade["instrument"], trade["account"], trade["client_id"]) == ("A-PERP", "B", "second")
    assert [event["asset"] for event in events if event["rule"] == "ledger.deposit"] == ["AUD", "EUR"]
    assert {event["note"] for event in events if event["kind"] == "index"} == {"N", "Y", None}
    assert events[-1]["note"] == "instrument.A-PERP.lot"
    assert venue.orders("B").to_pydict()["instrument"] == ["X-PERP"]
    assert venue.verify() == []


def test_everything_follows_the_rulebook_in_force() -> None:
    venue = fresh()
    before, other = venue.rules, wider()
    events = venue.apply(table(BEFORE + at_once()))
    assert (before, venue.rules) == (RULES, other)
    assert venue.rules.instruments == ["A-PERP", "X-PERP", "Y-PERP"]
    # A table is of the rulebook at its end.
    for of in (events, venue.accounts(), venue.ledger(), venue.depth("A-PERP")):
        assert of.schema.metadata[b"perpcore.rulebook"].decode() == other.digest
    row = next(row for row in events.to_pylist() if row["kind"] == "rulebook_activated")
    assert (row["note"], row["rule"]) == (f"{RULES.digest} → {other.digest}", "rulebook.activate")
    assert (row["order"], row["other_order"], row["class"], row["audience"]) == (None, None, None, "public")
    assert venue.phase("A-PERP") == "listed"
    assert venue.explain("A").totals["equity"] == 10_000
    # What was made under the old names is found by its name.
    assert venue.l3("X-PERP").to_pydict()["client_id"] == ["old"]
    assert venue.cancel(instrument="X-PERP", account="A", client_id="old")[0].kind == "canceled"


def test_another_table_knows_the_dictionary_of_the_table_before() -> None:
    """Dictionaries of accounts are remembered from table to table; names of the rulebook are not."""
    venue = fresh()
    rows = [{"kind": "deposit", "account": name, "asset": "AUD", "amount": "1"} for name in "AB"]
    given = encoded(table(rows))
    assert [event["code"] for event in told(venue, given)] == ["unknown_asset"] * 2
    venue.activate_rulebook(wider())
    assert [event["asset"] for event in told(venue, given) if event["kind"] == "posting"] == ["AUD"] * 2

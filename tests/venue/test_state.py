"""What a venue shows: everybody's figures as `assess` has them, the ledger, positions, books."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from tests.venue.setting import NOW, made, rulebook, told, trade
from tests.venue.stream import commands, table

import perpcore as pc

COUNTED = ("quantity", "cost", "isolated_margin")


class Prices:
    """Marks and prices of assets as the events tell them; a price that was never told counts nothing."""

    def __init__(self) -> None:
        self.prices: dict[str, Decimal] = {}
        self.states: dict[str, str] = {}

    def take(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            # COIN is priced by X.
            names = [event["instrument"] or event["asset"] or {"X": "COIN"}.get(event["note"])]
            for name in filter(None, names):
                if event["kind"] in ("mark", "index"):
                    self.prices[name] = event["price"]
                if event["kind"] == "price_state":
                    self.states[name] = event["after"]

    def table(self) -> dict[str, list[Any]]:
        names = [name for name in self.prices if name != "USD"]
        return {
            "symbol": names,
            "price": [self.prices[name] for name in names],
            "state": [self.states.get(name, "frozen") for name in names],
        }


def book_of(venue: pc.Venue, settings: dict[str, dict[str, Any]], prices: Prices) -> dict[str, Any]:
    """The venue's own tables, as `assess` takes them."""
    accounts = venue.accounts()["account"].to_pylist()
    positions = [row for row in venue.positions().to_pylist() if row["account"] in accounts]
    ledger = [row for row in venue.ledger().to_pylist() if row["account"] in accounts]
    # Wherever something is reserved for.
    orders = [
        row
        for account in accounts
        for row in venue.orders(account).to_pylist()
        if row["trigger"] is None and row["price"] is not None
    ]
    rows = [{"account": account, **settings.get(account, {})} for account in accounts]
    return {
        "positions": _columns(positions, ("account", "instrument", "margin_mode", *COUNTED)),
        "balances": _columns(ledger, ("account", "asset", "amount", "held")),
        "orders": _columns(orders, ("account", "instrument", "quantity", "price", "reduce_only", "margin_mode")),
        "accounts": _columns(rows, ("account", "leverage", "fee_tier")),
        "prices": prices.table(),
    }


def _columns(rows: list[dict[str, Any]], names: tuple[str, ...]) -> pa.Table:
    money = pa.decimal128(38, 16)
    types = dict.fromkeys(("quantity", "cost", "isolated_margin", "amount", "held", "price"), money)
    types |= {"reduce_only": pa.bool_()}
    return pa.table({name: pa.array([row.get(name) for row in rows], types.get(name, pa.string())) for name in names})


def ordered(accounts: pa.RecordBatch) -> list[dict[str, Any]]:
    return sorted(accounts.to_pylist(), key=lambda row: row["account"])


@pytest.mark.parametrize("seed", range(6))
def test_the_figures_are_those_of_assess_on_the_venue_s_own_tables(seed: int) -> None:
    venue, prices = pc.Venue(rulebook()), Prices()
    # Orders that only wait reserve nothing, and a chosen leverage of a position is no row of a table here.
    kept = [row for row in commands(seed, 900) if row["kind"] not in ("set_account", "restart", "quote")]
    settings: dict[str, dict[str, Any]] = {}
    for start in range(0, len(kept), 90):
        given = kept[start : start + 90]
        events = pa.table(venue.apply(table(given))).to_pylist()
        prices.take(events)
        # Accounts that were opened are set as the first command that opened them says.
        first = venue._core.counts()[0] - len(given)
        for event in events:
            row = given[event["cause"] - first] if event["cause"] >= first else {}
            if event["kind"] == "accepted" and row.get("kind") == "open_account":
                settings[event["account"]] = row
        ours = ordered(venue.accounts())
        book = book_of(venue, settings, prices)
        theirs = pc.assess(venue.rules, **book)
        assert ours == ordered(theirs.accounts)
        for row in ours:
            explained, wanted = venue.explain(row["account"]), theirs.explain(row["account"])
            assert explained.totals == wanted.totals
            assert _lines(explained) == _lines(wanted)
            assert _shown(explained.isolated) == _shown(wanted.isolated)
            assert _sorted(explained.liquidation_prices) == _sorted(wanted.liquidation_prices)
        assert venue.verify() == []


def _sorted(rows: pa.RecordBatch) -> list[Any]:
    return sorted(map(str, rows.to_pylist()))


def _lines(explained: pc.Explanation) -> list[Any]:
    # What is 0 need not be shown.
    return sorted(str(line) for line in explained.lines.to_pylist() if line["amount"])


def _shown(isolated: dict[str, dict[str, Any]]) -> list[Any]:
    return sorted(map(str, isolated.values()))


def test_the_page_of_an_account(venue: pc.Venue) -> None:
    trade(venue, "A", "B", 100, 100)
    venue.mark("X-PERP", 90)
    page = str(venue.explain("A"))
    # 10,000 − 20 of fee; 100 × −10; 5 % and 1 % of 9,000.
    for words in ("A  HEALTHY", "9,980.00", "−1,000.00", "8,980.00", "450.00", "90.00", "liquidation below"):
        assert words in page
    assert venue.explain("B").isolated == {}


def test_isolated_positions_have_lines_of_their_own(venue: pc.Venue) -> None:
    events = trade(venue, "A", "B", 10, 100)
    venue.place("B", "X-PERP", -10, 100)
    events = venue.place("A", "X-PERP", 10, 100, margin_mode="isolated")
    moved = [event for event in events if event.rule == "ledger.isolated"]
    assert [(event.instrument, event.amount) for event in moved] == [(None, -50), ("X-PERP", 50)]
    rows = {(row["account"], row["margin_mode"]): row for row in venue.positions().to_pylist()}
    # 5 % of 1,000, less a fee of 0.2 %.
    assert rows["A", "isolated"]["isolated_margin"] == 48
    assert (rows["A", "cross"]["quantity"], rows["B", "cross"]["quantity"]) == (10, -20)
    assert [rows[key]["cost"] for key in rows] == [1000, 1000, -2000]
    assert {row["entry_price"] for row in rows.values()} == {100}
    explained = venue.explain("A")
    assert explained.isolated["X-PERP"]["equity"] == 48
    assert venue.accounts()["isolated_status"].to_pylist() == ["healthy", None]


def test_the_ledger_has_clients_and_the_venue_s_own(venue: pc.Venue) -> None:
    trade(venue, "A", "B", 10, 100)
    venue.fund_topup(500)
    venue.fund_topup(70, house="converter", asset="EUR")
    venue.withdraw("A", "USD", 5)
    venue.deposit("B", "EUR", "0.00000001")
    rows = [tuple(row.values()) for row in venue.ledger().to_pylist()]
    assert rows == [
        ("A", "USD", 9_998, 5),
        ("B", "EUR", Decimal("0.00000001"), 0),
        ("B", "USD", 9_999, 0),
        ("fund", "USD", 500, 0),
        ("fees", "USD", 3, 0),
        ("converter", "EUR", 70, 0),
    ]
    assert venue.verify() == []


def test_integer_accounts_are_written_in_the_ledger_as_text() -> None:
    venue = pc.Venue(rulebook())
    venue.open_account(7)
    venue.deposit(7, "USD", 1)
    assert venue.ledger().to_pydict()["account"] == ["7"]
    assert venue.accounts()["account"].to_pylist() == [7]
    assert venue.explain(7).account == 7


def test_events_of_each_kind_say_what_they_are_about(venue: pc.Venue) -> None:
    trade(venue, "A", "B", 500, 100)
    changed = next(event for event in venue.mark("X-PERP", "84.4") if event.kind == "status_changed")
    assert (changed.account, changed.instrument, changed.before, changed.after) == ("A", None, "healthy", "restricted")
    assert (changed.amount, changed.balance) == (2_100, 422)
    assert repr(changed).endswith("status_changed: A, equity 2,100, maintenance margin 422, healthy → restricted>")
    (halt, phase) = venue.halt("X-PERP")
    assert (halt.kind, halt.instrument, phase.before, phase.after) == ("halt", "X-PERP", "open", "halted")
    state = venue.index("X", 99, state="halted")[1]
    assert (state.kind, state.note, state.before, state.after) == ("price_state", "X", "live", "halted")
    assert repr(state).endswith("price_state: X, live → halted>")


def test_a_balance_of_nothing_is_said(venue: pc.Venue) -> None:
    venue.open_account("C")
    venue.deposit("C", "USD", 10)
    number = venue.withdraw("C", "USD", 10)[0].order
    assert number is not None
    posting, confirmed = venue.confirm_withdrawal(number)
    assert (posting.amount, posting.balance, confirmed.balance) == (-10, 0, 0)
    assert repr(posting).endswith("posting: C, -10 USD, balance 0, ledger.withdraw>")


def test_books_are_shown_by_instrument(venue: pc.Venue) -> None:
    venue.place("A", "X-PERP", 1, 90, client_id="a")
    venue.place("A", "X-PERP", -1, trigger=95, trigger_when="at_or_below", margin_mode="isolated", reduce_only=False)
    assert venue.best("X-PERP")[0] == pc.Level(Decimal(90), Decimal(1), 1)
    assert venue.depth("Y-PERP").num_rows == 0
    rows = venue.orders("A").to_pylist()
    assert [(row["instrument"], row["margin_mode"], row["price"]) for row in rows] == [
        ("X-PERP", "cross", 90),
        ("X-PERP", "isolated", None),
    ]
    assert venue.orders("nobody").num_rows == 0
    assert venue.phase("Y-PERP") == "listed"


def test_a_venue_says_in_short_what_it_is(venue: pc.Venue) -> None:
    assert repr(venue) == "<Venue test-venue: 2 accounts after 8 commands>"
    assert venue.rules == rulebook()


def test_the_state_is_that_of_the_commands_alone() -> None:
    venues = [made() for _ in range(2)]
    assert len({venue.digest for venue in venues}) == 1
    for other in (
        lambda it: it.deposit("A", "USD", 1),
        lambda it: it.hold("A", "no_open"),
        lambda it: it.deadman("A", NOW + 1),
    ):
        changed = made()
        other(changed)
        assert changed.digest != venues[0].digest
    assert told(venues[0].advance_time(NOW)) == []

"""Commands as tables: what is refused as a whole, what row by row, and that cutting a stream shows nowhere."""

import random
import threading
from typing import Any

import pyarrow as pa
import pytest

import perpcore as pc

NOW = 1_700_000_000_000_000_000


def stream(seed: int, rows: int, ids: str = "integer") -> pa.Table:
    """Commands of every kind, some of them wrong."""
    draw = random.Random(seed)
    kinds = ["place"] * 12 + ["amend", "cancel", "cancel", "cancel_all", "mark", "advance_time", "set_account", "phase", "?"]
    columns: dict[str, list[Any]] = {name: [] for name in pc.schema("commands").names[:21]}
    time = NOW
    for _ in range(rows):
        time += draw.randrange(10**9)
        kind = draw.choice(kinds)
        row: dict[str, Any] = {"kind": kind, "time": time if draw.random() < 0.5 else None}
        name = draw.randrange(30)
        account = f"account-{name}" if ids == "text" else name
        if kind in ("place", "amend"):
            row["quantity"] = f"{draw.choice([-1, 1]) * draw.randrange(1, 80) / 10:.1f}"
            row["price"] = f"{100 + draw.randrange(-20, 20) / 2:.1f}" if draw.random() < 0.9 else None
        if kind in ("place", "amend", "cancel", "set_account"):
            row["account"] = account
        if kind in ("amend", "cancel") or (kind == "place" and draw.random() < 0.5):
            number = draw.randrange(12)
            row["client_id"] = f"order {number}" if ids == "text" else number
        if kind == "place":
            row["tif"] = draw.choice([None, None, "gtc", "ioc", "fok"])
            row["reduce_only"] = draw.choice([None, None, None, True])
            row["stp"] = draw.choice([None, "maker", "both", "decrement"])
            if draw.random() < 0.05:
                row |= {"trigger": "101", "trigger_when": draw.choice(["at_or_above", None])}
        if kind == "set_account":
            row["group"] = f"group-{name % 7}"
        if kind == "cancel_all":
            row["group"] = f"group-{draw.randrange(7)}"
        if kind == "mark":
            row["price"] = f"{100 + draw.randrange(-6, 6) / 2}"
        if kind == "phase":
            row["state"] = draw.choice(["open", "open", "auction", "halted"])
        for name_, values in columns.items():
            values.append(row.get(name_))
    whole = {"time": pa.int64(), "until": pa.int64(), "order": pa.uint64(), "reduce_only": pa.bool_()}
    id_type = pa.string() if ids == "text" else pa.int64()
    types = {name: whole.get(name, id_type if name in ("account", "client_id") else pa.string()) for name in columns}
    return pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})


@pytest.mark.parametrize("ids", ["integer", "text", "dictionary"])
def test_events_do_not_depend_on_how_commands_are_cut(book: pc.OrderBook, make: Any, ids: str) -> None:
    table = stream(3, 3_000, "integer" if ids == "integer" else "text")
    if ids == "dictionary":
        table = table.set_column(2, "account", table["account"].dictionary_encode())
    whole = pa.table(book.apply(table)).to_pylist()
    assert {"filled", "canceled", "rejected", "amended", "phase"} <= {event["kind"] for event in whole}
    draw = random.Random(1)
    other, events, start = make(), [], 0
    while start < len(table):
        count = draw.choice([1, 2, 7, 600])
        events += other.apply(table.slice(start, count)).to_pylist()
        start += count
    assert events == whole
    assert other.digest == book.digest
    assert other.l3().to_pylist() == book.l3().to_pylist()
    # Answers that are given again keep their numbers; all others have none twice, and none is left out.
    assert sorted({event["seq"] for event in whole}) == list(range(max(event["seq"] for event in whole) + 1))


def test_single_commands_say_what_tables_say(book: pc.OrderBook, make: Any) -> None:
    table = stream(5, 800, "text")
    told = book.apply(table).to_pylist()
    other, events = make(), []
    for row in table.to_pylist():
        if row["kind"] == "?":
            events += other.apply({"kind": ["?"], "time": pa.array([row["time"]], pa.int64())}).to_pylist()
            continue
        cells = {name: value for name, value in row.items() if value is not None and name not in ("kind", "instrument")}
        events += [pc.Event(*event)._asdict() for event in other._core.act(row["kind"], **cells)]
    assert other.digest == book.digest
    assert [event["code"] for event in events] == [event["code"] for event in told]
    assert [event["client_id"] for event in events] == [event["client_id"] for event in told]
    assert [event["price"] for event in events] == [event["price"] for event in told]


ROWS = [
    ("null_value", {"kind": None}),
    ("out_of_range", {"kind": "deposit"}),
    ("out_of_range", {"kind": "place", "quantity": "1", "tif": "day"}),
    ("null_value", {"kind": "place"}),
    ("null_value", {"kind": "place", "quantity": "1", "price": "100", "client_id": "a"}),
    ("null_value", {"kind": "cancel"}),
    ("null_value", {"kind": "mark"}),
    ("null_value", {"kind": "place", "quantity": "1", "trigger": "101"}),
    ("conflicting_values", {"kind": "place", "quantity": "1", "trigger_when": "at_or_above"}),
    ("conflicting_values", {"kind": "cancel", "order": 1, "account": "A", "client_id": "a"}),
    ("unused_column", {"kind": "place", "quantity": "1", "amount": "1"}),
    ("unused_column", {"kind": "mark", "price": "1", "account": "A"}),
    ("off_grid", {"kind": "place", "quantity": "0.000000001"}),
    ("not_finite", {"kind": "place", "quantity": float("nan")}),
    ("out_of_range", {"kind": "place", "quantity": "1", "price": "-1"}),
    ("wrong_type", {"kind": "place", "quantity": "one"}),
    ("unknown_instrument", {"kind": "mark", "price": "1", "instrument": "Y-PERP"}),
    ("implausible_time", {"kind": "advance_time", "time": 5}),
    ("out_of_range", {"kind": "cancel", "account": "A", "client_id": "x" * 65}),
]


@pytest.mark.parametrize(("code", "row"), ROWS, ids=[f"{code}-{index}" for index, (code, _) in enumerate(ROWS)])
def test_a_row_that_cannot_be_carried_out_is_an_event_and_the_stream_goes_on(
    book: pc.OrderBook, code: str, row: dict[str, Any]
) -> None:
    table = {name: [value, None] for name, value in row.items()}
    table["kind"] = [row["kind"], "cancel_all"]
    events = book.apply(table)
    assert events["kind"].to_pylist() == ["rejected"]
    assert events["code"].to_pylist() == [code]
    assert book.apply({"kind": ["mark"], "price": ["100"]})["cause"].to_pylist() == [2]


MALFORMED = [
    ("missing_column", {"quantity": ["1"]}),
    ("unknown_column", {"kind": ["place"], "qty": ["1"]}),
    ("wrong_type", {"kind": [1]}),
    ("wrong_type", {"kind": ["place"], "quantity": pa.array([True])}),
    ("wrong_type", {"kind": ["place"], "time": pa.array([1.5])}),
    ("wrong_type", {"kind": ["place"], "order": ["1"]}),
    ("wrong_type", {"kind": pa.nulls(1)}),
    ("id_kind_mismatch", {"kind": ["place"], "account": [7]}),
    ("id_kind_mismatch", {"kind": ["place"], "client_id": [7]}),
    ("duplicate_column", {"kind": ["place"], "price": ["1"], "price_e8": [1]}),
]


@pytest.mark.parametrize(("code", "table"), MALFORMED, ids=[f"{code}-{at}" for at, (code, _) in enumerate(MALFORMED)])
def test_a_table_that_is_none_of_commands_raises_and_changes_nothing(
    book: pc.OrderBook, code: str, table: dict[str, Any]
) -> None:
    book.place("A", 1, 100, client_id="a")
    digest = book.digest
    with pytest.raises(pc.errors.PerpcoreError) as caught:
        book.apply(table)
    assert caught.value.code == code
    assert book.digest == digest
    assert book.place("A", 1, 100)[0].cause == 1


def test_an_account_exists_by_a_row_not_by_a_dictionary(book: pc.OrderBook, make: Any) -> None:
    ids = pa.DictionaryArray.from_arrays(pa.array([2, 0], pa.int8()), pa.array(["B", "unused", "A", "A"]))
    table = {"kind": ["place", "place"], "account": ids, "quantity": ["1", "-1"], "price": ["100", "100"]}
    events = book.apply(table)
    assert events["account"].to_pylist() == ["A", "B", "B"]
    assert events["other_account"].to_pylist() == [None, None, "A"]
    other = make()
    other.apply({**table, "account": ["A", "B"]})
    assert other.digest == book.digest


def test_eight_writers_lose_nothing(make: Any) -> None:
    book = make(limits={"open_orders": 100_000, "position": 10_000_000})

    def write(writer: int) -> None:
        for number in range(100):
            book.place(f"{writer}", 1, 100, client_id=f"{number}")
            rows = 10
            book.apply({"kind": ["place"] * rows, "account": [f"{writer}"] * rows, "quantity": ["1"] * rows,
                        "price": ["100"] * rows})  # fmt: skip

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(book) == 8 * 100 * 11
    assert book.depth()["quantity"].to_pylist() == [8 * 100 * 11]
    assert len(set(book.l3()["order"].to_pylist())) == len(book)


def test_misused_arguments_raise(book: pc.OrderBook) -> None:
    for wrong, error in [
        (lambda: book.place("A", 1, 100, tif="day"), ValueError),
        (lambda: book.place("A", "x", 100), ValueError),
        (lambda: book.place("A", 1, "0.000000001"), ValueError),
        (lambda: book.place(1.5, 1, 100), TypeError),
        (lambda: book.place("A", [1], 100), TypeError),
        (lambda: book.place("A", 1, 100, time="now"), TypeError),
        (lambda: book.depth(-1), ValueError),
        (lambda: book.impact_price("bid", 0), ValueError),
        (lambda: book.apply(None), TypeError),
        (lambda: pc.OrderBook(book.rules, "NO"), pc.errors.InputError),
        (lambda: book.__reduce__(), TypeError),
    ]:
        with pytest.raises(error):
            wrong()
    assert len(book) == 0


def test_a_book_of_which_nothing_is_known_says_so(book: pc.OrderBook) -> None:
    with pytest.raises(pc.errors.InternalError):
        book._core._provoke_panic()
    with pytest.raises(pc.errors.StateError, match="poisoned"):
        book.place("A", 1, 100)

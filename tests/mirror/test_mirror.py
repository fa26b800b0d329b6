"""`DepthMirror` by hand: states and reasons, what is refused, a recorded tape, many threads."""

import pickle
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import perpcore as pc
from perpcore.errors import InputError, PerpcoreError, PrecisionWarning, SchemaError, StateError

BIDS = [("99", "5"), ("98", "1")]
ASKS = [("101", "2"), ("102", "7")]


def at_100(kind: Any = "spot") -> pc.DepthMirror:
    mirror = pc.DepthMirror(kind)
    assert mirror.snapshot(100, BIDS, ASKS) == "good"
    return mirror


def prices(mirror: pc.DepthMirror) -> tuple[Decimal | None, Decimal | None] | None:
    return mirror.best and (mirror.best.bid, mirror.best.ask)


def test_what_is_not_good_serves_nothing() -> None:
    def nothing(mirror: pc.DepthMirror) -> bool:
        return (mirror.best, mirror.mid, mirror.depth().num_rows, mirror.impact_price("bid", 1)) == (
            None,
            None,
            0,
            None,
        )

    waiting, gap, crossed = pc.DepthMirror("spot"), at_100(), at_100()
    assert gap.update(102, 103, [], []) == "gap"
    assert crossed.update(101, 101, [("101.5", 1)], []) == "crossed"
    assert [mirror.state for mirror in (waiting, gap, crossed)] == ["waiting", "gap", "crossed"]
    assert [mirror.reason for mirror in (waiting, gap, crossed)] == [
        "there was no snapshot yet",
        "updates 101 to 101 are missing",
        "the best bid 101.5 is not below the best ask 101",
    ]
    assert all(map(nothing, (waiting, gap, crossed)))
    # That changes go on in order does not help; a snapshot does, with those of them that it does not cover.
    for mirror in (gap, crossed):
        assert mirror.update(104, 104, [("97", 1)], []) == mirror.state != "good"
        assert mirror.snapshot(103, BIDS, ASKS) == "good"
        assert (mirror.last_id, mirror.depth().num_rows) == (104, 5)
    assert waiting.snapshot(1, BIDS, ASKS) == "good"


def test_a_level_is_set_replaced_and_removed() -> None:
    mirror = at_100()
    mirror.update(101, 101, bids=[("99", "0"), ("97", "4"), ("12", 0)], asks=[("101", "2.5"), (100, 1)])
    assert [(float(row["price"]), float(row["quantity"])) for row in mirror.depth().to_pylist()] == [
        (98, 1), (97, 4), (100, -1), (101, -2.5), (102, -7),
    ]  # fmt: skip
    assert mirror.best == (98, 1, 100, 1)
    assert mirror.mid == 99
    assert mirror.depth(1).num_rows == 2
    assert mirror.depth(0).num_rows == 0
    assert mirror.depth(2**70).equals(mirror.depth())
    assert mirror.depth().schema.types == [pa.decimal128(28, 8)] * 2


def test_a_mean_off_the_grid_goes_to_the_even_neighbor() -> None:
    mirror = pc.DepthMirror("spot")
    # (1 + 4) / 2 = 2.5 units of 10⁻⁸, (1 + 6) / 2 = 3.5
    mirror.snapshot(1, [("0.00000001", 1)], [("0.00000004", 1)])
    assert mirror.mid == Decimal("0.00000002")
    mirror.update(2, 2, [], [("0.00000004", 0), ("0.00000006", 1)])
    assert mirror.mid == Decimal("0.00000004")


def test_changes_before_a_snapshot_wait_and_what_it_covers_is_dropped() -> None:
    mirror = pc.DepthMirror("spot")
    for first, last, price in [(95, 98, 97), (99, 102, 98.5), (103, 103, 99.5)]:
        assert mirror.update(first, last, [(price, 1)], []) == "waiting"
    assert mirror.snapshot(100, BIDS, ASKS) == "good"
    assert prices(mirror) == (Decimal("99.5"), 101)
    assert mirror.counters() == {
        "snapshots": 1, "applied": 2, "dropped": 1, "waiting": 0, "gaps": 0, "crossings": 0,
    }  # fmt: skip


def test_a_snapshot_older_than_every_change_is_a_gap() -> None:
    mirror = pc.DepthMirror("perpetual")
    mirror.update(95, 98, [], [], previous_id=90)
    assert (mirror.snapshot(88, BIDS, ASKS), mirror.reason) == ("gap", "updates 89 to 90 are missing")
    # It may lie between two changes of the book: there are no updates of it in between.
    assert (mirror.snapshot(92, BIDS, ASKS), mirror.last_id) == ("good", 98)


def test_what_was_had_already_is_dropped() -> None:
    mirror = at_100()
    mirror.update(101, 103, [("99", 1)], [])
    for again in (lambda: mirror.update(101, 103, [("99", 8)], []), lambda: mirror.update(7, 9, [], [("1", 1)])):
        assert again() == "good"
    assert mirror.snapshot(103, [], []) == "good"
    assert mirror.best is not None
    assert (mirror.best.bid_quantity, mirror.counters()["dropped"]) == (1, 3)


def test_changes_out_of_order_are_a_gap() -> None:
    mirror = at_100()
    assert mirror.update(102, 102, [], []) == "gap"
    assert mirror.update(101, 101, [], []) == "gap"
    assert mirror.counters()["gaps"] == 1


def test_a_perpetual_feed_is_chained_by_the_id_before() -> None:
    mirror = at_100("perpetual")
    assert mirror.update(98, 110, [], [], previous_id=91) == "good"
    assert mirror.update(140, 150, [], [], previous_id=110) == "good"
    assert mirror.update(151, 160, [], [], previous_id=149) == "gap"
    assert mirror.reason == "updates 150 to 160 do not follow 150, they overlap what came before"


def refusals() -> dict[str, tuple[str, Callable[[pc.DepthMirror], Any]]]:
    most = 2**63 - 1
    return {
        "id below 0": ("out_of_range", lambda m: m.snapshot(-1, [], [])),
        "id beyond 63 bits": ("out_of_range", lambda m: m.update(101, most + 1, [], [])),
        "ids reversed": ("conflicting_values", lambda m: m.update(102, 101, [], [])),
        "previous of spot": ("conflicting_values", lambda m: m.update(101, 101, [], [], previous_id=100)),
        "price 0": ("out_of_range", lambda m: m.update(101, 101, [("0", 1)], [])),
        "price below 0": ("out_of_range", lambda m: m.update(101, 101, [(-1, 1)], [])),
        "price beyond": ("out_of_range", lambda m: m.update(101, 101, [], [(10**8 + 1, 1)])),
        "price near 64 bits": ("out_of_range", lambda m: m.update(101, 101, [], [(most, 1)])),
        "price of a thousand digits": ("out_of_range", lambda m: m.update(101, 101, [], [("9" * 1_000, 1)])),
        "price NaN": ("not_finite", lambda m: m.update(101, 101, [(float("nan"), 1)], [])),
        "price inf": ("not_finite", lambda m: m.update(101, 101, [("inf", 1)], [])),
        "price Decimal NaN": ("not_finite", lambda m: m.update(101, 101, [(Decimal("NaN"), 1)], [])),
        "price off the grid": ("off_grid", lambda m: m.update(101, 101, [("1.000000001", 1)], [])),
        "price tiny": ("off_grid", lambda m: m.update(101, 101, [(Decimal("1e-99"), 1)], [])),
        "price huge": ("out_of_range", lambda m: m.update(101, 101, [(Decimal("1e99"), 1)], [])),
        "price in words": ("wrong_type", lambda m: m.update(101, 101, [("ten", 1)], [])),
        "price true": ("wrong_type", lambda m: m.update(101, 101, [(True, 1)], [])),
        "price none": ("wrong_type", lambda m: m.update(101, 101, [(None, 1)], [])),
        "quantity below 0": ("out_of_range", lambda m: m.snapshot(200, [("99", "-1")], [])),
        "quantity beyond": ("out_of_range", lambda m: m.snapshot(200, [("99", 9 * 10**10 + 1)], [])),
        "text for levels": ("wrong_type", lambda m: m.snapshot(200, "99", [])),
        "text for a pair": ("wrong_type", lambda m: m.snapshot(200, ["99"], [])),
        "three": ("wrong_type", lambda m: m.snapshot(200, [("99", 1, 1)], [])),
    }


@pytest.mark.parametrize("name", refusals())
def test_what_a_program_gets_wrong_is_an_error_and_changes_nothing(name: str) -> None:
    code, call = refusals()[name]
    mirror = at_100()
    before = (mirror.depth(), mirror.counters(), mirror.last_id)
    with pytest.raises(PerpcoreError) as caught:
        call(mirror)
    assert (caught.value.code, caught.value.table) == (code, "depth_updates")
    assert (mirror.depth(), mirror.counters(), mirror.last_id) == before


def test_a_perpetual_change_names_the_one_before() -> None:
    mirror = at_100("perpetual")
    with pytest.raises(InputError, match="every change of a perpetual feed") as caught:
        mirror.update(101, 101, [], [])
    assert (caught.value.code, caught.value.column) == ("null_value", "previous_id")


@pytest.mark.parametrize("value", [True, "1", 1.0, None, b"1", [1]])
def test_an_id_is_an_integer(value: Any) -> None:
    mirror = at_100()
    with pytest.raises(TypeError, match="last_id is an integer"):
        mirror.snapshot(value, [], [])
    assert mirror.update(int(np.int64(101)), np.int64(101), [], []) == "good"  # type: ignore[arg-type]


def test_arguments_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="spot, perpetual"):
        pc.DepthMirror("futures")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        pc.DepthMirror(1)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        at_100().update(101, 101, None, [])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 0"):
        at_100().depth(-1)


def test_a_feed_whose_levels_fail_on_the_way_changes_nothing() -> None:
    def levels() -> Any:
        yield ("99", "0")
        raise KeyError("feed")

    mirror = at_100()
    with pytest.raises(KeyError, match="feed"):
        mirror.update(101, 101, levels(), [])
    assert prices(mirror) == (99, 101)


TAPE: dict[str, list[Any]] = {
    "time": [datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC) for second in (0, 0, 1, 2, 3, 4)],
    "snapshot": [True, True, False, False, None, False],
    "first_id": [None, None, 101, 104, 105, 107],
    "last_id": [100, 100, 103, 104, 106, 107],
    "side": ["bid", "ask", "bid", None, "ask", "bid"],
    "price": ["99", "101", "100", None, "100.5", "100.5"],
    "quantity": ["5", "2", "3", None, "4", "1"],
}
STATES: dict[str, list[Any]] = {
    "last_id": [100, 103, 104, 106, 107],
    "state": ["good", "good", "good", "good", "crossed"],
    "bid": [99, 100, 100, 100, None],
    "bid_quantity": [5, 3, 3, 3, None],
    "ask": [101, 101, 101, Decimal("100.5"), None],
    "ask_quantity": [2, 2, 2, 4, None],
    "reason": [
        "in order since the snapshot at 100", None, None, None,
        "the best bid 100.5 is not below the best ask 100.5",
    ],
}  # fmt: skip


def test_a_tape_gives_a_row_a_message() -> None:
    states = pc.DepthMirror("spot").run(TAPE)
    told = states.to_pydict()
    assert told.pop("time") == [TAPE["time"][row] for row in (0, 2, 3, 4, 5)]
    assert told == STATES
    assert states.schema.names == pc.schema("mirror.states").names
    assert b"perpcore.version" in states.schema.metadata


def test_the_form_of_a_tape_changes_nothing() -> None:
    plain = pa.table(TAPE)
    numbers = {
        "price": [int(float(price) * 1e8) if price else None for price in TAPE["price"]],
        "quantity": [int(quantity) * 10**8 if quantity else None for quantity in TAPE["quantity"]],
    }
    raw = plain.drop_columns(["price", "quantity"])
    raw = raw.append_column("price_e8", pa.array(numbers["price"], pa.int64()))
    raw = raw.append_column("quantity_e8", pa.array(numbers["quantity"], pa.int64()))
    floats = plain
    for name in numbers:
        floats = floats.set_column(floats.schema.get_field_index(name), name, plain[name].cast(pa.float64()))
    small = plain.set_column(plain.schema.get_field_index("last_id"), "last_id", plain["last_id"].cast(pa.uint8()))
    cut = pa.concat_tables([plain.slice(0, 1), plain.slice(1, 3), plain.slice(4)])
    for tape in (raw, floats, small, cut, pl.DataFrame(plain), plain.to_pandas(types_mapper=pandas_type)):
        assert pc.DepthMirror("spot").run(tape).drop_columns(["time"]).to_pydict() == STATES


def pandas_type(kind: pa.DataType) -> Any:
    import pandas as pd

    return pd.ArrowDtype(kind)


def changed(**columns: Any) -> dict[str, Any]:
    told = {**TAPE, **columns}
    return {name: column for name, column in told.items() if column is not None}


def one(name: str, row: int, value: Any) -> dict[str, Any]:
    return {name: [value if at == row else old for at, old in enumerate(TAPE[name])]}


@pytest.mark.parametrize(
    ("code", "columns", "place"),
    [
        ("missing_column", {"last_id": None}, ("last_id", None)),
        ("unknown_column", {"pu": [None] * 6}, ("pu", None)),
        ("wrong_type", {"last_id": ["100"] * 6}, ("last_id", None)),
        ("wrong_type", {"first_id": [1.0] * 6}, ("first_id", None)),
        ("null_value", one("last_id", 3, None), ("last_id", 3)),
        ("null_value", one("first_id", 3, None), ("first_id", 3)),
        ("null_value", one("side", 4, None), ("side", 4)),
        ("null_value", one("price", 4, None), ("price", 4)),
        ("null_value", one("quantity", 4, None), ("quantity", 4)),
        ("null_value", {"quantity": None}, ("quantity", 0)),
        ("out_of_range", one("side", 1, "buy"), ("side", 1)),
        ("out_of_range", one("price", 1, "0"), ("price", 1)),
        ("out_of_range", one("quantity", 5, "-1"), ("quantity", 5)),
        ("out_of_range", one("last_id", 2, -3), ("last_id", 2)),
        ("out_of_range", {"last_id": pa.array([2**63] * 6, pa.uint64())}, ("last_id", 0)),
        ("off_grid", one("price", 0, "1.000000001"), ("price", 0)),
        ("not_finite", one("price", 0, "nan"), ("price", 0)),
        ("conflicting_values", one("last_id", 2, 7), ("last_id", 2)),
        ("conflicting_values", {"previous_id": [None, None, 100, 103, 104, 106]}, ("previous_id", 2)),
        ("implausible_time", {"time": [1] * 6}, ("time", 0)),
    ],
)
def test_a_tape_that_is_refused_changes_nothing(code: str, columns: dict[str, Any], place: tuple[Any, ...]) -> None:
    mirror = at_100()
    with pytest.raises((InputError, SchemaError)) as caught:
        mirror.run(changed(**columns))
    error = caught.value
    assert (error.code, error.table, error.column, error.row) == (code, "depth_updates", *place)
    assert (mirror.last_id, mirror.counters()["dropped"], prices(mirror)) == (100, 0, (99, 101))


def test_of_several_faults_the_first_row_is_the_error() -> None:
    columns = {**one("price", 4, "0"), **one("quantity", 1, "-1")}
    with pytest.raises(InputError) as caught:
        pc.DepthMirror("spot").run(changed(**columns))
    assert (caught.value.row, caught.value.problems.num_rows) == (1, 2)


def test_a_previous_id_is_required_of_every_change_of_a_perpetual_tape() -> None:
    with pytest.raises(InputError) as caught:
        pc.DepthMirror("perpetual").run(TAPE)
    assert (caught.value.code, caught.value.column, caught.value.row) == ("null_value", "previous_id", 2)
    tape = changed(previous_id=[None, None, 100, 103, 104, 106])
    assert pc.DepthMirror("perpetual").run(tape).to_pydict()["state"] == STATES["state"]


def test_a_double_that_stands_for_two_numbers_warns() -> None:
    with pytest.warns(PrecisionWarning):
        pc.DepthMirror("spot").run(changed(quantity=[1e8 + 0.1, 2.0, 3.0, None, 4.0, 1.0]))


def test_a_tape_without_times_is_read_to_its_end() -> None:
    rows = 3_000
    tape = {"first_id": range(1, rows + 1), "last_id": range(1, rows + 1)}
    mirror = at_100()
    mirror.run({name: list(ids) for name, ids in tape.items()})
    assert (mirror.last_id, mirror.state) == (rows, "good")


def test_an_empty_tape_has_no_messages() -> None:
    mirror = at_100()
    assert mirror.run({"last_id": pa.array([], pa.int64())}).num_rows == 0
    assert mirror.state == "good"


def test_it_is_not_pickled_and_says_what_to_keep() -> None:
    with pytest.raises(TypeError, match=r"depth\(\) and give them to snapshot\(\)"):
        pickle.dumps(at_100())


def test_it_says_what_it_is() -> None:
    assert repr(at_100()) == "<DepthMirror spot: good, in order since the snapshot at 100>"
    assert at_100("perpetual").kind == "perpetual"


def test_a_call_from_within_its_own_call_is_answered() -> None:
    mirror = at_100()

    class Asks:
        def __iter__(self) -> Any:
            # Levels are read before the lock is taken.
            assert mirror.update(101, 101, [("98.5", 1)], []) == "good"
            return iter([("103", 1)])

    assert mirror.update(102, 102, [], Asks()) == "good"
    assert (mirror.last_id, mirror.depth().num_rows) == (102, 6)


def test_readers_never_see_half_a_change() -> None:
    mirror = pc.DepthMirror("spot")
    mirror.snapshot(0, [("1", 1)], [("2", 1)])
    wrong: list[Any] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            best = mirror.best
            # Each change moves both sides by the same.
            if best is None or best.bid is None or best.ask is None or best.ask - best.bid != 1:
                wrong.append(best)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    rng = random.Random(1)
    bid = 1
    for last in range(1, 3_000):
        old, bid = bid, rng.randint(1, 100)
        bids, asks = {old: 0}, {old + 1: 0}
        bids[bid], asks[bid + 1] = 1, 1
        assert mirror.update(last, last, list(bids.items()), list(asks.items())) == "good"
    done.set()
    for reader in readers:
        reader.join()
    assert not wrong


def test_a_broken_call_of_another_object_leaves_it_alone() -> None:
    monitor = pc.Monitor(pc.Rulebook.preset("hk-vatp-perp"))
    with pytest.raises(PerpcoreError):
        monitor._core._provoke_panic()
    with pytest.raises(StateError):
        monitor.accounts()
    assert at_100().state == "good"

"""What a producer hands over is released exactly once: at the latest with the result, at once where a call fails."""

import gc
import threading
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from tests.process.counted import ArrayProducer, Ledger, StreamProducer

import perpcore as pc

RULES = pc.Rulebook.preset("hk-vatp-perp")
BOOK = {
    "positions": {
        "account": ["A", "B"],
        "instrument": ["BTC-PERP"] * 2,
        "quantity": ["4", "-1"],
        "cost": ["244000", "-61000"],
    },
    "balances": {"account": ["A", "B"], "asset": ["USD"] * 2, "amount": ["20000", "9000"]},
    "orders": {"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["1"], "price": ["58500"]},
    "prices": {"symbol": ["BTC-PERP"], "price": ["58000"]},
    "accounts": {"account": ["A"], "leverage": ["5"]},
}  # fmt: skip
EQUITIES = [20_000 + 4 * 58_000 - 244_000, 9_000 - 58_000 + 61_000]


def batch(columns: dict[str, list[str]], ids: Callable[[pa.Array], pa.Array] = lambda array: array) -> pa.RecordBatch:
    found = pa.RecordBatch.from_pydict(columns)
    if "account" in columns:
        found = found.set_column(0, "account", ids(found["account"]))
    return found


def as_array(found: pa.RecordBatch, ledger: Ledger) -> Any:
    return ArrayProducer(found, ledger)


def as_stream(found: pa.RecordBatch, ledger: Ledger) -> Any:
    return StreamProducer([found.slice(row, 1) for row in range(found.num_rows)], ledger)


FORMS = {"array": as_array, "stream": as_stream}
IDS: dict[str, Callable[[pa.Array], pa.Array]] = {
    "text": lambda array: array,
    "dictionary": lambda array: array.dictionary_encode(),
}


def book(form: Callable[..., Any], ledger: Ledger, ids: str = "text", **tables: Any) -> dict[str, Any]:
    named = {**BOOK, **tables}
    return {name: form(batch(columns, IDS[ids]), ledger) for name, columns in named.items()}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("ids", IDS)
def test_memory_is_held_as_long_as_the_result_and_no_longer(form: Callable[..., Any], ids: str) -> None:
    ledger = Ledger()
    tables = book(form, ledger, ids)
    # The core alone: what users see of it also holds the producers, to pickle them.
    inputs = [tables.get(name) for name in ("positions", "balances", "prices", "orders", "accounts", "scenarios")]
    core = pc._core.assess(RULES, *inputs, "raise", "refuse", None)
    result = pc.Assessment(core, RULES, (None,) * 6, ("raise", "refuse", None))
    del tables, inputs
    gc.collect()
    assert max(ledger.released.values(), default=1) == 1
    assert [row["equity"] for row in result.accounts.to_pylist()] == EQUITIES
    assert result.explain("A").totals["equity"] == EQUITIES[0]
    accounts, lines = result.accounts, result.lines()
    del result, core
    gc.collect()
    assert accounts["account"].to_pylist() == ["A", "B"]
    assert set(lines["account"].to_pylist()) == {"A", "B"}
    del accounts, lines
    gc.collect()
    assert ledger.settled, ledger.__dict__


def wrong(**changes: dict[str, list[str] | None]) -> dict[str, Any]:
    return {name: {**BOOK[name], **columns} for name, columns in changes.items()}


REFUSED: dict[str, dict[str, Any]] = {
    "an unknown column": wrong(positions={"mood": ["1", "2"]}),
    "a missing column": {"balances": {"account": ["A"], "asset": ["USD"]}},
    "a bad number": wrong(balances={"amount": ["20000", "9,000"]}),
    "an unknown name in the last table": wrong(orders={"instrument": ["BTC"]}),
    "ids of two kinds": {"balances": {"account": [1], "asset": ["USD"], "amount": ["1"]}},
    "no price": {"prices": {"symbol": ["ETH-PERP"], "price": ["1"]}},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("tables", REFUSED.values(), ids=REFUSED)
def test_a_refused_call_lets_everything_go(form: Callable[..., Any], tables: dict[str, Any]) -> None:
    ledger = Ledger()
    with pytest.raises(pc.errors.PerpcoreError) as caught:
        pc.assess(RULES, **book(form, ledger, **tables))
    del caught
    gc.collect()
    assert ledger.settled, ledger.__dict__


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_marked_rows_change_nothing_about_it(form: Callable[..., Any]) -> None:
    ledger = Ledger()
    result = pc.assess(RULES, on_error="mark", **book(form, ledger, **wrong(balances={"asset": ["USD", "NONE"]})))
    assert result.accounts["problem"].to_pylist() == [None, "unknown_asset"]
    del result
    gc.collect()
    assert ledger.settled, ledger.__dict__


@pytest.mark.parametrize("last", [7, object(), "text"])
def test_a_later_argument_that_is_no_table_lets_the_earlier_ones_go(last: object) -> None:
    ledger = Ledger()
    positions = as_array(batch(BOOK["positions"]), ledger)
    with pytest.raises(TypeError):
        pc._core.assess(
            RULES, positions, as_array(batch(BOOK["balances"]), ledger), None, None, None, last, "raise", "refuse", None
        )
    gc.collect()
    assert ledger.given
    assert ledger.settled, ledger.__dict__


def longer(_schema: Any, array: Any) -> None:
    array.length += 1_000_000


def negative(_schema: Any, array: Any) -> None:
    array.length = -1


def too_few_children(_schema: Any, array: Any) -> None:
    array.n_children -= 1


@pytest.mark.parametrize("spoil", [longer, negative, too_few_children])
@pytest.mark.parametrize("form", [ArrayProducer, lambda found, *rest: StreamProducer([found], *rest)])
def test_memory_that_does_not_hold_together_is_let_go(form: Callable[..., Any], spoil: Callable[..., None]) -> None:
    ledger = Ledger()
    with pytest.raises(pc.errors.PerpcoreError):
        pc.assess(RULES, balances=form(batch(BOOK["balances"]), ledger, spoil), prices=BOOK["prices"])
    gc.collect()
    assert ledger.given
    assert ledger.settled, ledger.__dict__


@pytest.mark.parametrize("fails_at", [-1, 0, 1, 2])
def test_a_stream_that_fails_is_let_go(fails_at: int) -> None:
    ledger = Ledger()
    pieces = [batch(BOOK["balances"]).slice(0, 1)] * 3
    with pytest.raises(pc.errors.SchemaError, match="the disk is gone"):
        pc.assess(RULES, balances=StreamProducer(pieces, ledger, fails_at=fails_at))
    gc.collect()
    assert ledger.given
    assert ledger.settled, ledger.__dict__


def test_a_capsule_that_was_consumed_is_refused() -> None:
    class Again:
        def __init__(self, pair: Any) -> None:
            self.pair = pair

        def __arrow_c_array__(self, requested_schema: object = None) -> Any:
            return self.pair

    ledger = Ledger()
    again = Again(as_array(batch(BOOK["balances"]), ledger).__arrow_c_array__())
    pc.assess(RULES, balances=again)
    with pytest.raises(pc.errors.PerpcoreError):
        pc.assess(RULES, balances=again)
    del again
    gc.collect()
    assert ledger.settled, ledger.__dict__


def test_results_that_outlive_each_other_in_many_threads_let_go_once() -> None:
    ledgers = [Ledger() for _ in range(8)]

    def work(ledger: Ledger) -> None:
        for _ in range(20):
            accounts = pc.assess(RULES, **book(as_array, ledger, "dictionary")).accounts
            assert [row["equity"] for row in accounts.to_pylist()] == EQUITIES

    threads = [threading.Thread(target=work, args=(ledger,)) for ledger in ledgers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gc.collect()
    assert all(ledger.settled and ledger.given.total() == 20 * 5 * 2 for ledger in ledgers)


def test_what_is_handed_out_is_released_by_whoever_takes_it_or_nobody() -> None:
    """Our own capsules: consumed, consumed and outliving the result, or never looked at."""
    result = pc.assess(RULES, **BOOK)
    taken = pa.record_batch(result._core.accounts())
    left = [result._core.accounts().__arrow_c_array__() for _ in range(100)]
    del result, left
    gc.collect()
    assert taken["equity"].to_pylist() == EQUITIES

"""Row by row or as tables, in either form, whole or in pieces: the same updates leave the same bits."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from tests.pricing.book import (
    AT_ONCE,
    NAMES,
    PREMIUMS,
    RULES,
    SOURCES,
    START,
    TOPS,
    Rows,
    at,
    columns,
    fields,
    funding,
    index,
    mark,
    quotes,
    tops,
)

import perpcore as pc

SEEDS = range(6)
FAIR = RULES.edit({"instrument.BTC-PERP.mark": {"method": "fair_basis", "speed": "0.05%"}})
# Currencies, ranks, two sources a group, thin quorum.
RICH = AT_ONCE.edit(
    {
        "underlying.BTC.sources": [
            {"id": "a", "group": "A", "currency": "USDT"},
            {"id": "b", "group": "A", "weight": 2},
            {"id": "c", "group": "C", "rank": 1},
        ],
        "underlying.BTC.rates": [{"currency": "USDT", "source": "d", "stale_after": "5s"}],
        "underlying.BTC.index": {"min_sources": 2, "agree_samples": 2, "unchanged_for": "7s", "halt_after": "12h"},
    }
)
PATIENT = RULES.edit({"underlying.BTC.index.halt_after": "12h"})
RULEBOOKS = {"preset": RULES, "patient": PATIENT, "at once": AT_ONCE, "rich": RICH}


def plain(batch: pa.RecordBatch) -> list[tuple[Any, ...]]:
    """Rows as samples are: times as nanoseconds."""
    table = batch.set_column(0, "time", batch["time"].cast(pa.int64()))
    return [tuple(row.values()) for row in table.to_pylist()]


def pieces(rows: Rows, seed: int, together: Callable[[Any, Any], bool] = lambda _a, _b: False) -> Iterator[Rows]:
    """The rows cut at random, never between two that are to stay together."""
    rng = random.Random(seed)
    start = 0
    for end in range(1, len(rows) + 1):
        last = end == len(rows)
        if last or (rng.random() < 0.05 and not together(rows[end - 1], rows[end])):
            yield rows[start:end]
            start = end


def batches(rows: Rows, seed: int, *names: str) -> pa.Table:
    """The rows as one table in pieces of random lengths."""
    schema = pa.schema([(name, pa.int64() if name in ("time", "sent") else pa.string()) for name in names])
    cut = [pa.RecordBatch.from_pydict(columns(part, *names), schema) for part in pieces(rows, seed)]
    return pa.Table.from_batches(cut, schema)


def text(rows: Rows) -> Rows:
    """Prices as text, since a column has one type."""
    return [
        {name: said if said is None or name == "time" else spelled(said) for name, said in row.items()} for row in rows
    ]


def spelled(said: Any) -> str:
    return f"{said:.8f}" if isinstance(said, float) and abs(said) > 1 else str(said)


def long_form(rows: Rows) -> Rows:
    """A row a quote, some stamped earlier or later, and some of a stranger; no source twice at one time."""
    rng = random.Random(len(rows))
    rising = [row for before, row in zip([{"time": 0}, *rows], rows, strict=False) if before["time"] < row["time"]]
    return [
        {"time": row["time"], "source": name, "price": price, "sent": stamp(rng, row["time"])}
        for row in rising
        for name, price in {**row, "stranger": "7"}.items()
        if name != "time" and price is not None
    ]


def stamp(rng: random.Random, now: int) -> int | None:
    return rng.choice([None, None, now, now - 10**9, now + 10**9, now + 2 * 10**9, now - 20 * 10**9])


@pytest.mark.parametrize("rules", RULEBOOKS.values(), ids=RULEBOOKS)
@pytest.mark.parametrize("seed", SEEDS)
def test_an_index_by_rows_and_as_a_wide_table(seed: int, rules: pc.Rulebook) -> None:
    rows = text(quotes(seed, rate=rules is RICH))
    one, whole, cut, several = (index(rules) for _ in range(4))
    told = [tuple(one.update(row["time"], fields(row, NAMES))) for row in rows]
    assert plain(whole.run(columns(rows))) == told
    assert plain(cut.run(batches(rows, seed, "time", *NAMES))) == told
    parts = [several.run(columns(part)) for part in pieces(rows, seed)]
    assert [row for part in parts for row in plain(part)] == told
    assert {other.digest for other in (one, whole, cut, several)} == {one.digest}
    assert one.counters() == whole.counters() == cut.counters() == several.counters()
    assert one.sources().equals(whole.sources())
    assert repr(one) == repr(whole)
    assert {row[2] for row in told} >= {"live", "frozen"}


@pytest.mark.parametrize("rules", RULEBOOKS.values(), ids=RULEBOOKS)
@pytest.mark.parametrize("seed", SEEDS)
def test_an_index_by_rows_and_as_a_long_table(seed: int, rules: pc.Rulebook) -> None:
    rows = long_form(text(quotes(seed, rate=rules is RICH)))
    names = ("time", "source", "price", "sent")
    one, whole, cut, several = (index(rules) for _ in range(4))
    told, start = [], 0
    for end in range(1, len(rows) + 1):
        if end == len(rows) or rows[end]["time"] != rows[start]["time"]:
            prices, stamps = together(rows[start:end])
            told.append(tuple(one.update(rows[start]["time"], prices, sent=stamps)))
            start = end
    assert plain(whole.run(columns(rows))) == told
    assert plain(cut.run(batches(rows, seed, *names))) == told
    parts = [several.run(columns(part)) for part in pieces(rows, seed, lambda a, b: a["time"] == b["time"])]
    assert [row for part in parts for row in plain(part)] == told
    assert {other.digest for other in (one, whole, cut, several)} == {one.digest}
    assert one.counters() == whole.counters() == cut.counters() == several.counters()
    assert one.counters()["unknown"] > 0
    assert one.counters()["out_of_order"] > 0


def together(rows: Rows) -> tuple[dict[str, Any], dict[str, Any]]:
    """Quotes of one time, and their stamps."""
    return {row["source"]: row["price"] for row in rows}, {row["source"]: row["sent"] for row in rows}


def test_of_several_quotes_of_a_source_at_one_time_the_last_one_counts() -> None:
    one, other = index(), index()
    one.update(at(0), dict.fromkeys(NAMES, 100))
    one.update(at(1), {"a": 102})
    other.update(at(0), dict.fromkeys(NAMES, 100))
    other.run({"time": [at(1)] * 3, "source": ["a"] * 3, "price": [101, 103, 102], "sent": [None, at(1), at(1)]})
    assert one.digest == other.digest
    assert (one.counters()["taken"], other.counters()["taken"]) == (5, 7)
    other.run({"time": [at(2)] * 2, "source": ["a"] * 2, "price": [101, 103], "sent": [at(2), at(1)]})
    assert other.counters() == {"taken": 8, "out_of_order": 1, "unknown": 0}


@pytest.mark.parametrize("rules", [RULES, FAIR], ids=["median3", "fair_basis"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_mark_by_rows_and_as_a_table(seed: int, rules: pc.Rulebook) -> None:
    rows = text(tops(seed))
    one, whole, cut, several = (mark(rules) for _ in range(4))
    told = [tuple(one.update(row["time"], **fields(row, TOPS))) for row in rows]
    assert plain(whole.run(columns(rows, *TOPS))) == told
    assert plain(cut.run(batches(rows, seed, *TOPS))) == told
    parts = [several.run(columns(part, *TOPS)) for part in pieces(rows, seed)]
    assert [row for part in parts for row in plain(part)] == told
    assert {other.digest for other in (one, whole, cut, several)} == {one.digest}
    assert repr(one) == repr(whole) == repr(cut) == repr(several)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_funding_by_rows_and_as_a_table(seed: int) -> None:
    rows = text(tops(seed))
    one, whole, cut, several = (funding() for _ in range(4))
    told = [tuple(sample) for row in rows for sample in one.update(row["time"], **fields(row, PREMIUMS))]
    assert plain(whole.run(columns(rows, *PREMIUMS))) == told
    assert plain(cut.run(batches(rows, seed, *PREMIUMS))) == told
    parts = [several.run(columns(part, *PREMIUMS)) for part in pieces(rows, seed)]
    assert [row for part in parts for row in plain(part)] == told
    assert {other.digest for other in (one, whole, cut, several)} == {one.digest}
    assert {sample[4] for sample in told} > {None, "stale_index", "index_state", "thin_book"}


def test_only_the_columns_that_a_table_has_are_told() -> None:
    one, other = mark(), mark()
    for which in (one, other):
        which.update(at(0), index=58_000, state="thin", bid=58_010, ask=58_020, funding_rate="0.0001")
    sample = one.update(at(1), bid=None)
    assert plain(other.run({"time": [at(1)], "bid": [None]})) == [tuple(sample)]
    assert one.digest == other.digest
    assert (sample.state, sample.book, sample.index) == ("thin", 58_020, 58_000)


@pytest.mark.parametrize("kind", [pa.null(), pa.string(), pa.float64(), pa.int64(), pa.decimal128(20, 8)])
def test_a_column_of_nulls_is_told_whatever_its_type(kind: pa.DataType) -> None:
    one, other = mark(), mark()
    for which in (one, other):
        which.update(at(0), index=58_000, state="thin", bid=58_010, ask=58_020, last=58_000, funding_rate="0.0001")
    names = [name for name in TOPS if name not in ("time", "state")]
    sample = one.update(at(1), **dict.fromkeys(names), state=None)
    nulls = {name: pa.nulls(1, kind) for name in names}
    state = pa.nulls(1, kind if kind in (pa.null(), pa.string()) else pa.null())
    assert plain(other.run(pa.table({"time": [at(1)], "state": state, **nulls}))) == [tuple(sample)]
    assert one.digest == other.digest


def test_time_may_pass_without_quotes_in_either_form() -> None:
    one, other = index(), index()
    told = [tuple(one.update(at(second))) for second in (0, 0, 200)]
    assert plain(other.run({"time": [at(0), at(0), at(200)]})) == told
    assert one.digest == other.digest
    assert told[2][2] == "halted"


def test_tables_without_rows_do_nothing() -> None:
    one, times = index(), pa.array([], pa.int64())
    before = one.digest
    for table in (
        {"time": times},
        {"time": times, "a": times},
        {"time": times, "source": pa.array([], pa.string()), "price": times},
        pa.schema([("time", pa.timestamp("us", "UTC")), ("a", pa.float64())]).empty_table(),
    ):
        found = one.run(table)
        assert (found.num_rows, found.schema.names) == (0, pc.schema("index").names)
    assert one.digest == before
    assert mark().run({"time": times}).num_rows == 0
    assert funding().run({"time": times}).num_rows == 0


@pytest.mark.parametrize("rows", [1, 8_191, 8_192, 8_193, 20_000])
def test_tables_longer_than_what_is_decoded_together(rows: int) -> None:
    """Of blocks of some thousand rows, updates across their edges included."""
    steps = [at(step // 3) for step in range(rows)]
    price = [None if step % 7 == 0 else 100 + step % 11 / 100 for step in range(rows)]
    one, wide, long = index(), index(), index()
    rng = random.Random(rows)
    for step in range(rows):
        one.update(steps[step], {"a": price[step], "b": 100, "c": "100.05"})
    found = wide.run({"time": steps, "a": price, "b": [100] * rows, "c": ["100.05"] * rows})
    assert (one.digest, found.num_rows) == (wide.digest, rows)
    quoted = [(step, name) for step in steps for name in rng.sample(NAMES, 2)]
    prices = [rng.choice(["100", "100.1", "99.95"]) for _ in quoted]
    long.run({"time": [step for step, _ in quoted], "source": [name for _, name in quoted], "price": prices})
    again, start = index(), 0
    for end in range(1, len(quoted) + 1):
        if end == len(quoted) or quoted[end][0] != quoted[start][0]:
            again.run(
                {
                    "time": [step for step, _ in quoted[start:end]],
                    "source": [name for _, name in quoted[start:end]],
                    "price": prices[start:end],
                }
            )
            start = end
    assert long.digest == again.digest


def test_results_have_the_types_that_the_contract_declares() -> None:
    one, two, three = index(), mark(), funding()
    found = {
        "index": one.run(columns(text(quotes(1, 50)))),
        "index.sources": one.sources(),
        "mark": two.run(columns(text(tops(1, 50)), *TOPS)),
        "funding": three.run(columns(text(tops(1, 50)), *PREMIUMS)),
    }
    for name, batch in found.items():
        declared = pc.schema(name)
        assert batch.schema.names == declared.names
        assert batch.schema.types == declared.types, name
        assert [field.nullable for field in batch.schema] == [field.nullable for field in declared], name
        batch.validate(full=True)
        assert batch.num_rows > 0
        # Data frames want each word of a dictionary once.
        assert len(batch.to_pandas()) == batch.num_rows


def test_a_run_goes_on_where_updates_ended() -> None:
    rows = text(quotes(3))
    one, other = index(), index()
    told = [one.update(row["time"], fields(row, NAMES)) for row in rows]
    for row in rows[:100]:
        other.update(row["time"], fields(row, NAMES))
    found = other.run(columns(rows[100:250]))
    assert plain(found) == [tuple(sample) for sample in told[100:250]]
    assert [other.update(row["time"], fields(row, NAMES)) for row in rows[250:]] == told[250:]
    assert one.digest == other.digest


def test_times_are_the_same_in_every_form() -> None:
    moment = datetime.fromtimestamp(START // 10**9, UTC)
    moments = [moment + timedelta(microseconds=250_000 * step) for step in range(8)]
    numbers = [START + 250_000_000 * step for step in range(8)]
    one = index()
    for step in moments:
        one.update(step, dict.fromkeys(NAMES, "100"), sent=step)
    prices = {name: ["100"] * 8 for name in NAMES}
    for times in (
        numbers,
        moments,
        pa.array(numbers, pa.timestamp("ns", "UTC")),
        pa.array(moments, pa.timestamp("us", "Z")),
    ):
        other = index()
        other.run({"time": times, **prices})
        assert other.digest == one.digest
    assert len(SOURCES) == len(NAMES)

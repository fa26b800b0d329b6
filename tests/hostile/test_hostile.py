"""Nothing that a producer sends crashes, hangs, or silently changes a figure; what is released is released once."""

import ctypes
import gc
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.hostile.arrow_c import Batch, CArray, CSchema, Node, array_of, schema_of
from tests.hostile.attacks import all_attacks
from tests.hostile.book import RULES, assess, figures, honest

import perpcore as pc

ROOT = Path(__file__).resolve().parents[2]
SOAK = os.environ.get("PERPCORE_SOAK") == "1"
PROCESSES = 4
MUTATIONS = 250_000 if SOAK else 5_000
OF_COMMANDS = 100_000 if SOAK else 2_000
OF_VENUE = 100_000 if SOAK else 1_000
OF_PRICES = 100_000 if SOAK else 2_000
KINDS = [("mutations", MUTATIONS), ("commands", OF_COMMANDS), ("venue", OF_VENUE), ("prices", OF_PRICES)]


def run(which: str, first: int, last: int) -> list[dict[str, Any]]:
    """The outcomes of a process that must come to its end."""
    command = [sys.executable, "-m", "tests.hostile.runner", which, str(first), str(last)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=3_600)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    last_begun = next((line["name"] for line in reversed(lines) if "name" in line), None)
    assert done.returncode == 0, f"exit {done.returncode} in {last_begun!r}\n{done.stderr[-2_000:]}"
    return [line for line in lines if "done" in line]


@pytest.mark.parametrize("part", range(PROCESSES))
def test_every_lie_is_refused_or_changes_nothing(part: int) -> None:
    outcomes = run("attacks", part, PROCESSES)
    wrong = [f"{line['done']}: {line['wrong']}" for line in outcomes if line["wrong"]]
    assert not wrong, "\n".join(wrong)
    assert len(outcomes) > 700


def test_every_lie_has_a_name_of_its_own() -> None:
    names = [attack.name for attack in all_attacks()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("which", "count"), KINDS)
@pytest.mark.parametrize("part", range(PROCESSES))
def test_a_random_lie_is_refused_or_is_another_table(part: int, which: str, count: int) -> None:
    each = count // PROCESSES
    outcomes = run(which, part * each, (part + 1) * each)
    wrong = [f"{line['done']}: {line['wrong']}" for line in outcomes if line["wrong"]]
    assert not wrong, "\n".join(wrong)
    ends = {end: sum(line["end"] == end for line in outcomes) for end in ("refused", "same figures", "other figures")}
    assert sum(ends.values()) == each
    # otherwise the changes would not reach what they are meant to reach
    assert ends["refused"] > each // 2
    assert ends["same figures"] > each // 10


class Wide(Batch):
    """The table of balances between columns that are not of it, many of them."""

    def __init__(self, columns: int) -> None:
        super().__init__(honest()["balances"])
        self.columns = columns

    def __arrow_c_array__(self, requested_schema: object = None) -> Any:
        schema = self.own(schema_of(self.node, self.memory, self.counter, "schema"), "schema")
        array = self.own(array_of(self.node, self.memory, self.counter, "array"), "array")
        for structure, kind, make in ((schema, CSchema, schema_of), (array, CArray, array_of)):
            other = make(Node(b"+l", b"a column of another table", length=4), self.memory, self.counter, "other", False)
            own = (ctypes.c_void_p * structure.n_children).from_address(structure.children)
            many = (ctypes.c_void_p * self.columns)(*[ctypes.addressof(other)] * self.columns)
            many[: len(own) - 1], many[-1] = own[:-1], own[-1]
            structure.children = ctypes.addressof(self.memory.keep(many))
            structure.n_children = self.columns
            assert isinstance(structure, kind)
        return self.capsule(schema, self.names[0]), self.capsule(array, self.names[1])


def test_a_million_columns_are_refused_or_ignored_in_no_time() -> None:
    wanted = figures(assess(honest()))
    wide = Wide(1_000_000)
    started = time.perf_counter()
    given = assess({**honest(), "balances": wide}, extra="ignore")
    seconds = time.perf_counter() - started
    assert figures(given) == wanted
    del given
    assert wide.settle() == []
    with pytest.raises(pc.errors.SchemaError) as caught:
        assess({**honest(), "balances": Wide(1_000_000)})
    assert (caught.value.code, caught.value.column) == ("unknown_column", "a column of another table")
    assert seconds < 2


def test_memory_is_held_as_long_as_a_result_reads_it_and_then_let_go() -> None:
    offers = {name: Batch(node) for name, node in honest().items()}
    result = assess(offers)
    wanted = figures(result)
    table = result.accounts
    assert all(offer.counter.calls["array"] in (0, 1) for offer in offers.values())
    assert offers["balances"].counter.calls["array"] == 0
    assert figures(result) == wanted
    del result
    gc.collect()
    shown = table.to_pylist()
    assert shown[0]["account"] == "A"
    del table
    gc.collect()
    assert [fault for offer in offers.values() for fault in offer.settle()] == []
    assert all(offer.counter.calls["array"] == 1 for offer in offers.values())


def test_a_result_outlives_its_inputs() -> None:
    """What was released is overwritten, so a result that read it too late would show it."""
    offers = {name: Batch(node) for name, node in honest().items()}
    ids = assess(offers).accounts["account"]
    gc.collect()
    assert ids.to_pylist() == ["A", "B", "C", "ü", "an account of a long name"]


def test_a_dictionary_in_many_pieces_is_the_same_dictionary() -> None:
    """Each piece brings its dictionary again; the figures are those of one piece."""
    names = [f"account {n:05}" for n in range(5_000)]
    codes = [n * 7 % 5_000 for n in range(20_000)]
    whole = pa.table(
        {
            "account": pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), names),
            "asset": pa.DictionaryArray.from_arrays(pa.array([0] * len(codes), pa.int8()), ["USD"]),
            "amount": pa.array(range(len(codes))),
        }
    )
    pieces = pa.Table.from_batches(whole.to_batches(max_chunksize=20))
    other = pa.concat_tables([pieces, pieces.slice(0, 0), pieces.slice(7, 1)]).slice(0, len(codes))
    wanted = figures(pc.assess(RULES, balances=whole))
    assert figures(pc.assess(RULES, balances=pieces)) == wanted
    assert figures(pc.assess(RULES, balances=other)) == wanted


class Interrupted(Exception):  # noqa: N818
    """What the handler below raises."""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers")
def test_a_long_stream_can_be_interrupted() -> None:
    batch = pa.record_batch({"account": ["A"], "asset": ["USD"], "amount": [1]})
    endless = pa.Table.from_batches([batch] * 200_000)

    def handler(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        with pytest.raises(Interrupted):
            pc.assess(RULES, balances=endless)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_method_that_raises_is_heard() -> None:
    class Raises:
        def __arrow_c_array__(self, requested_schema: object = None) -> Any:
            raise KeyError("not now")

    with pytest.raises(KeyError, match="not now"):
        pc.assess(RULES, balances=Raises())

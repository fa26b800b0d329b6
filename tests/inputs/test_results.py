"""What comes back: types of the columns, any consumer of the C interface, data frames, pickles."""

import copy
import pickle
from decimal import Decimal

import duckdb
import nanoarrow
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.inputs.book import ACCOUNTS, BOOK, RULES, arrow, check

import perpcore as pc

MONEY = pa.decimal128(28, 8)


@pytest.fixture(scope="module")
def result() -> pc.Assessment:
    return pc.assess(RULES, **BOOK)


def test_columns_are_those_of_the_tables_with_their_types(result: pc.Assessment) -> None:
    names = [
        *("account", "equity", "net_value", "collateral_value", "unrealized_pnl", "accrued_funding", "opening_equity"),
        *(
            "initial_margin",
            "order_margin",
            "maintenance_margin",
            "available",
            "withdrawable",
            "margin_ratio",
            "status",
        ),
        *("worst_scenario", "isolated_status", "problem"),
    ]
    schema = result.accounts.schema
    assert schema.names == names
    assert {schema.field(name).type for name in names[1:12]} == {MONEY}
    assert schema.field("margin_ratio").type == pa.float64()
    assert schema.field("status").type == pa.dictionary(pa.int8(), pa.string())
    assert result.isolated.schema.names == [
        *("account", "instrument", "quantity", "isolated_margin", "equity", "net_value", "unrealized_pnl"),
        *("accrued_funding", "initial_margin", "maintenance_margin", "margin_ratio", "status"),
    ]
    lines = result.lines().schema
    assert lines.names == [
        *("account", "bucket", "total", "rule", "subject", "quantity", "price", "rate", "amount", "note"),
    ]
    assert lines.field("amount").type == pa.decimal128(38, 24)


def test_metadata_names_the_rulebook_and_the_version(result: pc.Assessment) -> None:
    for batch in (result.accounts, result.isolated, result.lines()):
        assert batch.schema.metadata[b"perpcore.rulebook"].decode() == RULES.digest
        assert batch.schema.metadata[b"perpcore.version"].decode() == pc.build_info()["version"]


def test_money_may_be_computed_with_where_it_stands(result: pc.Assessment) -> None:
    import pyarrow.compute as compute

    room = compute.subtract(result.accounts["equity"], result.accounts["maintenance_margin"])
    assert room.to_pylist() == [row["equity"] - row["maintenance_margin"] for row in ACCOUNTS]


def test_every_consumer_reads_the_result(result: pc.Assessment) -> None:
    equities = [row["equity"] for row in ACCOUNTS]
    assert pa.record_batch(result)["equity"].to_pylist() == equities
    assert pa.table(result)["equity"].to_pylist() == equities
    assert pl.DataFrame(result)["equity"].to_list() == equities
    assert nanoarrow.Array(result).n_children == len(result.accounts.schema)
    connection = duckdb.connect()
    connection.register("accounts", pa.table(result))
    assert connection.sql("select equity from accounts").fetchall() == [(equity,) for equity in equities]
    assert pd.DataFrame.from_arrow(result)["equity"].tolist() == equities


def test_data_frames_show_floats_or_exact_decimals(result: pc.Assessment) -> None:
    equities = [row["equity"] for row in ACCOUNTS]
    assert result.to_pandas().equity.tolist() == [float(equity) for equity in equities]
    assert result.to_pandas(decimals=True).equity.tolist() == equities
    assert result.to_polars()["equity"].to_list() == [float(equity) for equity in equities]
    assert result.to_polars(decimals=True)["equity"].to_list() == equities
    assert result.to_pandas().status.tolist() == [row["status"] for row in ACCOUNTS]
    assert result.to_polars()["status"].to_list() == [row["status"] for row in ACCOUNTS]


def test_results_may_be_given_back_as_inputs(result: pc.Assessment) -> None:
    """The isolated table has columns of positions: a consumer's next call can start from it."""
    held = pa.table(result.isolated).select(["account", "instrument", "quantity", "isolated_margin"])
    held = held.append_column("margin_mode", pa.array(["isolated"] * len(held)))
    held = held.append_column("cost", pa.array(["0"] * len(held)))
    again = pc.assess(RULES, positions=held, prices=BOOK["prices"])
    assert again.accounts.column("account").to_pylist() == held["account"].to_pylist()


def test_a_rulebook_pickles_and_copies() -> None:
    for rules in (RULES, pc.Rulebook.preset("hk-vatp-perp"), pc.Rulebook.preset("global-multi-collateral")):
        for again in (pickle.loads(pickle.dumps(rules)), copy.copy(rules), copy.deepcopy(rules)):
            assert again == rules
            assert again.digest == rules.digest
            assert hash(again) == hash(rules)


@pytest.mark.parametrize("options", [{}, {"on_error": "mark"}, {"threads": 2}])
def test_an_assessment_pickles_with_its_inputs(options: dict[str, object]) -> None:
    result = check(arrow(pa.decimal128(30, 8)), **options)
    again = pickle.loads(pickle.dumps(result))
    assert again.accounts.equals(result.accounts)
    assert again.isolated.equals(result.isolated)
    assert again.lines().equals(result.lines())
    assert str(again.explain("A")) == str(result.explain("A"))
    assert again.rules == RULES


def test_marked_accounts_and_extra_columns_survive_a_pickle() -> None:
    balances = {"account": ["A", "B"], "asset": ["USD", "NONE"], "amount": ["1", "2"], "note": ["x", "y"]}
    result = pc.assess(RULES, balances=balances, on_error="mark", extra="ignore")
    again = pickle.loads(pickle.dumps(result))
    assert again.accounts.equals(result.accounts)
    assert again.accounts.column("problem").to_pylist() == [None, "unknown_asset"]


ERRORS = [
    lambda: pc.Rulebook.parse("[venue]\nsettlment = 'USD'\n"),
    lambda: pc.assess(RULES, balances={"account": ["A"], "asset": ["USD"]}),
    lambda: pc.assess(RULES, balances={"account": ["A"] * 3, "asset": ["USD", "X", "Y"], "amount": [1, 2, 3]}),
    lambda: pc.assess(RULES).explain("nobody"),
]


@pytest.mark.parametrize("call", ERRORS)
def test_exceptions_pickle_with_their_attributes(call: object) -> None:
    with pytest.raises(pc.errors.PerpcoreError) as caught:
        call()
    error = caught.value
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    for name in ("code", "table", "column", "row", "value", "accepted"):
        assert getattr(again, name) == getattr(error, name)
    assert again.problems.equals(error.problems)


def test_a_stream_that_can_be_read_once_cannot_be_pickled() -> None:
    result = pc.assess(RULES, balances=nanoarrow.ArrayStream(arrow()["balances"]), prices=BOOK["prices"])
    with pytest.raises(TypeError, match="stream"):
        pickle.dumps(result)


@pytest.mark.code("inputs_changed")
def test_an_explanation_never_tells_another_number() -> None:
    """The producer's memory is written over after the call: what can still be seen is refused, not explained."""
    import numpy as np

    amounts = np.array([100, 200], dtype="i8") * 10**8
    table = pa.table({"account": ["A", "B"], "asset": ["USD", "USD"], "amount_e8": amounts})
    result = pc.assess(RULES, balances=table)
    assert result.explain("B").totals["equity"] == Decimal(200)
    amounts[1] = 7 * 10**8
    if table["amount_e8"].to_pylist()[1] != 7 * 10**8:
        pytest.fail("the column does not share the memory of the array: this test shows nothing")
    for call in (lambda: result.explain("B"), result.lines, lambda: pickle.dumps(result)):
        with pytest.raises(pc.errors.StateError) as caught:
            call()
        assert caught.value.code == "inputs_changed"
    assert result.accounts.column("equity").to_pylist() == [100, 200]


def test_results_outlive_the_inputs() -> None:
    import gc

    tables = arrow(pa.decimal128(30, 8))
    result = pc.assess(RULES, **tables)
    accounts = result.accounts
    del tables, result
    gc.collect()
    assert accounts.to_pylist() == ACCOUNTS

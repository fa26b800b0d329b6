"""`Monitor`: what an update tells, what it refuses, and that it is `assess` of its own book to the bit."""

import pickle
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from tests.stress.book import BOOK, RULES

import perpcore as pc
from perpcore.errors import InputError, SchemaError, StateError

HK = pc.Rulebook.preset("hk-vatp-perp")
# A: 1 BTC bought at 60,000 on 5,000; maintenance 300 up to 60,000 of notional.
A: dict[str, Any] = {
    "positions": {"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["1"], "cost": ["60000"]},
    "balances": {"account": ["A"], "asset": ["USD"], "amount": ["5000"]},
    "prices": {"BTC-PERP": "60000"},
}


def told(batch: pa.RecordBatch) -> list[tuple[Any, ...]]:
    return [(row["account"], row["instrument"], row["before"], row["after"], row["cause"]) for row in batch.to_pylist()]


def test_a_tick_tells_whose_status_changed_with_its_figures() -> None:
    monitor = pc.Monitor(HK, **A)
    assert told(monitor.reprice({"BTC-PERP": "59000"})) == []
    # 5,000 − 4,800 is below 0.5 % of 55,200 = 276
    changes = monitor.reprice({"BTC-PERP": "55200"})
    assert told(changes) == [("A", None, "healthy", "liquidation", "prices")]
    assert changes.to_pylist()[0]["equity"] == 200
    assert changes.to_pylist()[0]["maintenance_margin"] == 276
    assert told(monitor.reprice({"BTC-PERP": "54999"})) == [("A", None, "liquidation", "bankrupt", "prices")]
    assert told(monitor.reprice({"BTC-PERP": "60000"})) == [("A", None, "bankrupt", "healthy", "prices")]


def test_rows_replace_what_a_key_had_and_0_removes_it() -> None:
    monitor = pc.Monitor(
        HK, **A, orders={"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["1"], "price": ["60000"]}
    )
    assert told(monitor.update(balances={"account": ["A"], "asset": ["USD"], "amount": ["100"]})) == [
        ("A", None, "restricted", "liquidation", "balances")  # 5,000 < 5 % of 120,000 before; 100 < 300
    ]
    assert told(
        monitor.update(positions={"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["0"], "cost": ["0"]})
    ) == [
        ("A", None, "liquidation", "restricted", "positions")  # the order alone needs 3,030
    ]
    assert told(
        monitor.update(orders={"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["0"], "price": ["1"]})
    ) == [("A", None, "restricted", "healthy", "orders")]
    book = monitor.snapshot()
    assert [book[name].num_rows for name in ("positions", "balances", "orders")] == [0, 1, 0]
    monitor.update(balances={"account": ["A"], "asset": ["USD"], "amount": ["0"]})
    # An account that was named once stays.
    assert monitor.accounts().to_pydict()["account"] == ["A"]


def test_rows_of_one_key_in_one_update_add_up() -> None:
    monitor = pc.Monitor(HK, **A)
    two = {
        "account": ["A"] * 2,
        "instrument": ["BTC-PERP"] * 2,
        "quantity": ["2", "-1"],
        "entry_price": ["60000", "61000"],
    }
    monitor.update(positions=two)
    row = monitor.accounts().to_pylist()[0]
    assert row["unrealized_pnl"] == 2 * 0 + 1000  # 60,000 − (120,000 − 61,000)


def test_accounts_instruments_and_isolated_buckets_come_and_go() -> None:
    monitor = pc.Monitor(pc.Rulebook.parse(RULES), prices={"X-PERP": "100", "USDC": "1", "WX": "100"})
    iso = {**BOOK["positions"]}
    assert told(monitor.update(positions=iso, balances=BOOK["balances"], accounts=BOOK["accounts"])) == [
        ("COIN", None, "healthy", "margin_call", "positions")  # 148.5 < 1.25 · 128
    ]
    assert told(monitor.reprice({"X-PERP": "104.5"})) == [
        ("COIN", None, "margin_call", "healthy", "prices"),
        ("ISO", "X-PERP", "healthy", "liquidation", "prices"),  # 0.5 < 1.045
    ]
    assert told(
        monitor.update(positions={**{name: [column[2]] for name, column in iso.items()}, "quantity": ["0"]})
    ) == [("ISO", "X-PERP", "liquidation", "healthy", "positions")]
    assert monitor.accounts().num_rows == 4


def test_prices_that_may_not_be_used_make_undecided_and_back() -> None:
    monitor = pc.Monitor(HK, **A)
    frozen = {"symbol": ["BTC-PERP"], "price": ["40000"], "state": ["frozen"]}
    assert told(monitor.reprice(frozen)) == [("A", None, "healthy", "undecided", "prices")]
    assert told(monitor.reprice({"BTC-PERP": "40000"})) == [("A", None, "undecided", "bankrupt", "prices")]
    assert monitor.snapshot()["prices"].to_pylist() == [
        {"symbol": "BTC-PERP", "price_e8": 4_000_000_000_000, "state": "live"}
    ]


def test_a_repeat_of_a_number_changes_nothing() -> None:
    monitor = pc.Monitor(HK, **A)
    assert monitor.update(prices={"BTC-PERP": "55200"}, seq=7).num_rows == 1
    for seq in (7, 6, 0):
        assert monitor.update(prices={"BTC-PERP": "60000"}, seq=seq).num_rows == 0
    assert monitor.seq == 7
    assert monitor.accounts("liquidation").num_rows == 1
    # One that is refused does not count.
    with pytest.raises(InputError):
        monitor.update(prices={"BTC-PERP": "-1"}, seq=8)
    assert monitor.update(prices={"BTC-PERP": "60000"}, seq=8).num_rows == 1
    with pytest.raises(TypeError, match="seq"):
        monitor.update(seq="8")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("update", "error", "code", "table", "row"),
    [
        ({"prices": {"BTC-PERP": "0"}}, InputError, "out_of_range", "prices", 0),
        (
            {"positions": {"account": ["B"], "instrument": ["BTC-PERP"]}},
            SchemaError,
            "missing_column",
            "positions",
            None,
        ),
        (
            {
                "positions": {
                    "account": ["B", "A"],
                    "instrument": ["BTC-PERP", "ETH-PERP"],
                    "quantity": ["1"] * 2,
                    "cost": ["1"] * 2,
                }
            },
            *(InputError, "missing_price", "positions", 1),
        ),
        (
            {"balances": {"account": ["B", "A"], "asset": ["USD", "USDT"], "amount": ["1", "-1"]}},
            InputError,
            "missing_price",
            "balances",
            1,
        ),
        ({"accounts": {"account": ["C", "C"], "leverage": ["2", "3"]}}, InputError, "duplicate_account", "accounts", 0),
        ({"accounts": {"account": ["A"], "model": ["portfolio"]}}, InputError, "model_not_enabled", "accounts", 0),
        ({"balances": {"account": [1], "asset": ["USD"], "amount": ["1"]}}, InputError, "id_kind_mismatch", None, None),
        (
            {
                "balances": {"account": ["N"], "asset": ["USD"], "amount": ["1"]},
                "prices": {"BTC-PERP": "1", "USDT": "-2"},
            },
            *(InputError, "out_of_range", "prices", 1),
        ),
    ],
)
def test_what_is_refused_changes_nothing(
    update: Any, error: type, code: str, table: str | None, row: int | None
) -> None:
    monitor = pc.Monitor(HK, **A)
    before, counters = monitor.snapshot(), monitor.counters()
    with pytest.raises(error) as refused:
        monitor.update(**update)
    told = refused.value
    assert (told.code, told.table, told.row) == (code, table, row)
    if code == "missing_price":
        assert told.value in ("ETH-PERP", "USDT")
    after = monitor.snapshot()
    assert all(after[name].equals(before[name]) for name in before)
    assert monitor.counters()["updates"] == counters["updates"]
    assert told_again(monitor)


def told_again(monitor: pc.Monitor) -> bool:
    """It goes on as if nothing had been."""
    return told(monitor.reprice({"BTC-PERP": "55200"})) == [("A", None, "healthy", "liquidation", "prices")]


def test_resident_rows_that_a_price_makes_too_large_refuse_the_price() -> None:
    rules = pc.Rulebook.parse(RULES)
    book = {
        "positions": {"account": ["A"], "instrument": ["X-PERP"], "quantity": ["9000000"], "entry_price": ["100000"]},
        "balances": {"account": ["A"], "asset": ["USD"], "amount": ["1"]},
        "prices": {"X-PERP": "100000"},
    }
    monitor = pc.Monitor(rules, **book)
    # 9·10⁶ · 111,111 is within 10¹², a tick more is not
    assert monitor.reprice({"X-PERP": "111111.1"}).num_rows == 1
    with pytest.raises(InputError) as refused:
        monitor.reprice({"X-PERP": "111111.2"})
    assert (refused.value.code, refused.value.table, refused.value.row) == ("account_too_large", "positions", None)
    assert monitor.snapshot()["prices"].to_pydict()["price_e8"] == [11_111_110_000_000]


def test_ids_come_back_in_the_type_they_came_in() -> None:
    for ids in (
        pa.array(["A"]),
        pa.array(["A"], pa.large_string()),
        pa.array(["A"], pa.string_view()),
        pa.array(["A"]).dictionary_encode(),
        pa.array([7], pa.int16()),
    ):
        book = {**A, "positions": {**A["positions"], "account": ids}, "balances": {**A["balances"], "account": ids}}
        monitor = pc.Monitor(HK, **book)
        changes = monitor.reprice({"BTC-PERP": "55200"})
        kept = monitor.snapshot()["positions"].column("account")
        wanted = pc.assess(HK, **book).accounts.schema.field("account").type
        assert changes.schema.field("account").type == wanted
        assert kept.type == wanted
        assert changes.column("account").to_pylist() == ids.to_pylist()
        assert monitor.explain(ids.to_pylist()[0]).status == "liquidation"
        # Ids of another text type mean the same accounts.
        if not pa.types.is_integer(ids.type):
            monitor.update(balances={"account": ["A"], "asset": ["USD"], "amount": ["9000"]})
            assert monitor.accounts().num_rows == 1


def test_a_table_without_rows_does_not_choose_the_kind_of_ids() -> None:
    monitor = pc.Monitor(HK)
    nobody = {
        "account": pa.array([], pa.int64()),
        "asset": pa.array([], pa.string()),
        "amount": pa.array([], pa.int64()),
    }
    assert monitor.update(balances=nobody).num_rows == 0
    monitor.update(**A)
    assert monitor.accounts().column("account").to_pylist() == ["A"]


def test_an_update_that_is_refused_leaves_rows_that_it_had_replaced_as_they_were() -> None:
    """Of A a position is replaced by another, then its balance; B is refused: nobody knows a price of its order."""
    monitor = pc.Monitor(HK, **A)
    before = {name: table.to_pylist() for name, table in monitor.snapshot().items()}
    more: dict[str, Any] = {
        "positions": {"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["2"], "cost": ["120000"]},
        "balances": {"account": ["A"], "asset": ["USD"], "amount": ["50"]},
    }
    order = {"account": ["B"], "instrument": ["ETH-PERP"], "quantity": ["1"], "price": ["2000"]}
    with pytest.raises(InputError) as caught:
        monitor.update(**more, orders=order)
    assert (caught.value.code, caught.value.row) == ("missing_price", 0)
    assert {name: table.to_pylist() for name, table in monitor.snapshot().items()} == before
    # 50 − 0 is below 0.5 % of 100,000 and 1 % of 20,000
    assert told(monitor.update(**more)) == [("A", None, "healthy", "liquidation", "positions")]


def test_a_row_that_replaces_one_beside_a_row_that_is_new_are_one_update() -> None:
    """Bought for 60,000 and 61,000: at 58,000 a loss of 2 × 58,000 − 121,000 = −5,000."""
    monitor = pc.Monitor(HK, **A)
    rows = {"account": ["A"] * 2, "instrument": ["BTC-PERP"] * 2, "quantity": ["1"] * 2, "cost": ["60000", "61000"]}
    monitor.update(
        positions=rows,
        balances={"account": ["A"] * 2, "asset": ["USD", "USDT"], "amount": ["7000", "1"]},
        prices={"BTC-PERP": "58000", "USDT": "1"},
    )
    book = monitor.snapshot()
    assert book["positions"].column("cost").to_pylist() == [60_000, 61_000]
    assert book["balances"].column("amount_e8").to_pylist() == [700_000_000_000, 100_000_000]
    assert monitor.accounts().column("unrealized_pnl").to_pylist() == [-5_000]


def test_an_amount_that_needs_more_room_replaces_one_that_did_not() -> None:
    """92,233,720,368.54775808 is the first amount that 64 bits do not hold."""
    monitor = pc.Monitor(HK, **A)
    large = Decimal("92233720368.54775808")
    monitor.update(balances={"account": ["A"], "asset": ["USD"], "amount": [large]})
    assert monitor.accounts().column("net_value").to_pylist() == [large]
    monitor.update(balances={"account": ["A"], "asset": ["USD"], "amount": ["7"]})
    assert monitor.accounts().column("net_value").to_pylist() == [7]


def test_the_resident_book_answers_what_the_batch_answers() -> None:
    made = pc.synth.workload(2_000)
    rules = pc.Rulebook.parse(made.rulebook)
    monitor = pc.Monitor(rules, **made.book)
    result = pc.assess(rules, **made.book)
    underlying = rules.underlying(rules.instruments[0])
    scenarios = {"scenario": ["fall"], underlying: ["-0.3"]}
    assert monitor.accounts().equals(pc.assess(rules, **monitor.snapshot()).accounts)
    assert sorted(map(str, monitor.accounts().to_pylist())) == sorted(map(str, result.accounts.to_pylist()))
    assert monitor.liquidation_prices().num_rows == result.liquidation_prices().num_rows
    assert monitor.ladder(rules.instruments[0]).equals(result.ladder(rules.instruments[0]))
    assert monitor.stress(scenarios, fund=5).equals(pc.stress(rules, made.book, scenarios, fund=5))
    assert (
        monitor.largest_deficits(scenarios).to_pylist() == pc.largest_deficits(rules, made.book, scenarios).to_pylist()
    )
    direction = {underlying: -1}
    assert monitor.reverse_stress(direction, deficit=10) == pc.reverse_stress(rules, made.book, direction, deficit=10)
    account = result.accounts.to_pylist()[5]["account"]
    assert str(monitor.explain(account)) == str(result.explain(account))
    lower = {rules.instruments[0]: 1}
    what_if = monitor.what_if(prices=lower)
    assert what_if.counts() != result.counts()
    assert monitor.accounts().equals(pc.assess(rules, **monitor.snapshot()).accounts)
    for status, count in result.counts().items():
        assert monitor.accounts(status).num_rows == count
    with pytest.raises(ValueError, match="no status"):
        monitor.accounts("fine")


def test_scenarios_of_the_portfolio_model_stay_with_the_monitor() -> None:
    rules = pc.Rulebook.parse(RULES)
    scenarios = {"scenario": ["none", "fall"], "X": ["0", "-0.05"]}
    monitor = pc.Monitor(rules, **BOOK, scenarios=scenarios)
    row = next(row for row in monitor.accounts().to_pylist() if row["account"] == "COIN")
    assert (row["maintenance_margin"], row["worst_scenario"]) == (40, "fall")  # 0.8 · 1,000 · 5 %


@pytest.mark.code("unknown_account")
def test_what_cannot_be_answered() -> None:
    monitor = pc.Monitor(HK, **A)
    with pytest.raises(StateError, match="unknown_account"):
        monitor.explain("B")
    with pytest.raises(TypeError, match="snapshot"):
        pickle.dumps(monitor)
    with pytest.raises(ValueError, match="threads"):
        pc.Monitor(HK, threads=0)


def test_counters_tell_what_was_done() -> None:
    monitor = pc.Monitor(HK, **A)
    start = monitor.counters()
    monitor.reprice({"BTC-PERP": "60000.1"})
    monitor.reprice({"BTC-PERP": "55200"})
    now = monitor.counters()
    assert (now["accounts"], now["updates"] - start["updates"], now["changes"]) == (1, 2, 1)
    assert sum(now["latency_us"].values()) == now["updates"]
    assert list(now["latency_us"])[-1] is None


def test_totals_are_exact() -> None:
    monitor = pc.Monitor(HK, **A)
    changes = monitor.reprice({"BTC-PERP": "55200.1"})
    assert changes.schema.field("equity").type == pa.decimal128(28, 8)
    assert changes.to_pylist()[0]["equity"] == Decimal("200.1")


def test_a_price_that_comes_later_is_watched_like_the_others() -> None:
    monitor = pc.Monitor(
        HK, balances={"account": ["A"], "asset": ["USD"], "amount": ["5000"]}, prices={"BTC-PERP": 60_000}
    )
    monitor.reprice({"ETH-PERP": "3000"})
    ten = {"account": ["A"], "instrument": ["ETH-PERP"], "quantity": ["10"], "cost": ["30000"]}
    assert told(monitor.update(positions=ten)) == []
    assert told(monitor.reprice({"ETH-PERP": "1"})) == [("A", None, "healthy", "bankrupt", "prices")]
    # Price and position in one step.
    other = pc.Monitor(HK, balances={"account": ["A"], "asset": ["USD"], "amount": ["5000"]})
    other.update(prices={"ETH-PERP": "3000"}, positions=ten)
    assert told(other.reprice({"ETH-PERP": "1"})) == [("A", None, "healthy", "bankrupt", "prices")]


def test_an_account_on_its_line_is_looked_at_whenever_a_price_moves() -> None:
    # 100,000 X bought at 60,000, maintenance 1 %: 60,000,000
    monitor = pc.Monitor(
        pc.Rulebook.parse(RULES),
        positions={"account": ["A"], "instrument": ["X-PERP"], "quantity": ["100000"], "entry_price": ["60000"]},
        balances={"account": ["A"], "asset": ["USD"], "amount": ["60000000"]},
        prices={"X-PERP": 60_000},
    )
    assert monitor.accounts("margin_call").num_rows == 1
    # The least move there is: 0.001 less of equity, 0.00001 less of maintenance
    assert told(monitor.reprice({"X-PERP": "59999.99999999"})) == [("A", None, "margin_call", "liquidation", "prices")]


def test_orders_on_isolated_positions_jump_in_the_portfolio_model_too() -> None:
    rules = pc.Rulebook.parse("""
[venue]
settlement = "USD"
[instrument.X]
underlying = "X"
tick = 0.1
lot = 0.001
tiers = [[1_000_000, "0.5%", 20], ["rest", "5%", 5]]
[portfolio]
enabled = true
[portfolio.underlying.X]
range = "1%"
""")
    monitor = pc.Monitor(
        rules,
        balances={"account": ["A"], "asset": ["USD"], "amount": ["100000"]},
        orders={
            "account": ["A"],
            "instrument": ["X"],
            "quantity": ["16"],
            "price": ["60000"],
            "margin_mode": ["isolated"],
        },
        accounts={"account": ["A"], "model": ["portfolio"]},
        prices={"X": "62400"},
    )
    # 16 · 62,501 is above the first cap: 20 % instead of 5 %
    assert told(monitor.reprice({"X": "62501"})) == [("A", None, "healthy", "restricted", "prices")]


def test_growth_beyond_the_bounds_counts_the_settlement_currency() -> None:
    rules = pc.Rulebook.parse(RULES)
    monitor = pc.Monitor(
        rules,
        balances={"account": ["A", "A"], "asset": ["USD", "WX"], "amount": ["955000000000", "400000"]},
        prices={"WX": "100000"},
    )
    with pytest.raises(InputError) as refused:
        monitor.reprice({"WX": "115000"})
    assert refused.value.code == "account_too_large"
    assert monitor.accounts().num_rows == 1


def test_a_book_given_whole_keeps_what_is_flat() -> None:
    flat = {
        "positions": {
            "account": ["A", "A", "B"],
            "instrument": ["BTC-PERP", "ETH-PERP", "BTC-PERP"],
            "quantity": ["1", "0", "0"],
            "cost": ["60000", "2000", "0"],
            "leverage": [None, None, "2"],
        },
        "balances": {"account": ["A", "B"], "asset": ["USD", "USD"], "amount": ["1000", "10000"]},
        "orders": {"account": ["B"], "instrument": ["BTC-PERP"], "quantity": ["1"], "price": ["60000"]},
        "prices": {"BTC-PERP": "60000"},
    }
    monitor = pc.Monitor(HK, **flat)
    assert monitor.accounts().equals(pc.assess(HK, **flat).accounts)
    assert monitor.accounts("bankrupt").to_pydict()["account"] == ["A"]  # owes 2,000 for what is flat


def test_what_nobody_holds_makes_nobody_due() -> None:
    monitor = pc.Monitor(HK, **A)
    before = monitor.counters()["visits"]
    for price in (1, 2_000, 1, 50_000):
        monitor.reprice({"ETH-PERP": price})
    assert monitor.counters()["visits"] == before


def test_numbers_beyond_every_bound_of_a_line_do_no_harm() -> None:
    rules = pc.Rulebook.parse("""
[venue]
settlement = "USD"
call_factor = 1000
[instrument.X]
underlying = "X"
tick = 0.1
lot = 0.001
tiers = [["rest", "50%", 1]]
""")
    book = {
        "positions": {"account": ["A"], "instrument": ["X"], "quantity": ["9000000"], "entry_price": ["100000"]},
        "balances": {"account": ["A"], "asset": ["USD"], "amount": ["900000000000"]},
        "prices": {"X": "100000"},
    }
    assert pc.Monitor(rules, **book).accounts("margin_call").num_rows == 1

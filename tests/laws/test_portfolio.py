"""Laws of the portfolio model: what scenarios, sizes, hedges and orders can and cannot do; whose figures they touch."""

import pickle
import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from tests.laws.books import SEEDS, figures, mapped, shuffled

import perpcore as pc

RULES = """
[venue]
settlement = "USD"
profit_credit = 1
fees = { standard = { taker = "0.05%" } }
[asset.XC]
eligible = true
haircut = [[20, "5%"], ["rest", "50%"]]
underlying = "X"
liability = { initial = "10%", maintenance = "5%" }
[asset.EUR]
eligible = true
haircut = [["rest", "2%"]]
[instrument.X1]
underlying = "X"
tick = 0.1
lot = 0.001
maintenance_fee = "0.1%"
tiers = [[10_000, "1%", 50], ["rest", "2%", 20]]
[instrument.X2]
underlying = "X"
tick = 0.1
lot = 0.001
contract_size = 0.1
tiers = [["rest", "1%", 50]]
[instrument.Y]
underlying = "Y"
tick = 0.1
lot = 0.001
tiers = [["rest", "2%", 25]]
[instrument.Z]
underlying = "Z"
tick = 0.1
lot = 0.001
tiers = [["rest", "5%", 10]]
[portfolio]
enabled = true
offset_credit = "OFFSET"
im_factor = 1.3
mm_factor = 0.9
minimum = "0.7%"
measure = MEASURE
steps = STEPS
[portfolio.underlying]
X = { range = "16%", basis = "0.25%", concentration = [[5_000, "0%"], [20_000, "2%"], ["rest", "7%"]] }
Y = { range = "20.000001%", basis = "0.3%" }
Z = { range = "33.333333%" }
"""
FAMILIES = {"correlated": "1", "single": "0.7", "opposite": "0.35"}
RANGES = {"X": "0.16", "Y": "0.20000001", "Z": "0.33333333"}
PRICES = {"X1": "100", "X2": "101.3", "Y": "50.5", "Z": "7.77", "XC": "100", "EUR": "1.08"}


def rules(offset: str = "80%", measure: str = '"worst"', steps: int = 3, extra: str = "") -> pc.Rulebook:
    text = RULES.replace("OFFSET", offset).replace("MEASURE", measure).replace("STEPS", str(steps))
    return pc.Rulebook.parse(text + extra)


# No charge but the risk, both factors 1: what the laws of the scenario risk are about.
BARE = {
    **dict.fromkeys(["portfolio.minimum", *(f"portfolio.underlying.{u}.basis" for u in "XYZ")], "0%"),
    "portfolio.underlying.X.concentration": None,
    "portfolio.im_factor": 1,
    "portfolio.mm_factor": 1,
    "instrument.X1.maintenance_fee": 0,
}


def draw_book(rng: random.Random, accounts: int, orders: bool = True) -> dict[str, Any]:
    """Accounts of both models with positions, collateral, debts and orders of all sizes."""
    positions: dict[str, list[Any]] = {n: [] for n in ("account", "instrument", "quantity", "cost", "margin_mode")}
    balances: dict[str, list[Any]] = {n: [] for n in ("account", "asset", "amount")}
    resting: dict[str, list[Any]] = {n: [] for n in ("account", "instrument", "quantity", "price", "reduce_only")}
    settings: dict[str, list[Any]] = {"account": [], "model": []}

    def add(table: dict[str, list[Any]], *row: Any) -> None:
        for column, value in zip(table.values(), row, strict=True):
            column.append(value)

    def size(most: int) -> str:
        return f"{rng.randint(-most, most) / 10 ** rng.randint(0, 3):.3f}"

    for n in range(accounts):
        name = f"A{n}"
        add(settings, name, rng.choice(["portfolio", "portfolio", "standard", None]))
        most = rng.choice([10, 1_000, 1_000_000])
        for instrument in rng.sample(["X1", "X2", "Y", "Z"], rng.randint(0, 4)):
            mode = "isolated" if rng.random() < 0.1 else "cross"
            add(positions, name, instrument, size(most), size(100 * most), mode)
        add(balances, name, "USD", size(100 * most))
        for asset in rng.sample(["XC", "EUR"], rng.randint(0, 2)):
            add(balances, name, asset, size(most) if asset == "XC" else size(most).lstrip("-"))
        for _ in range(rng.randint(0, 3) if orders else 0):
            instrument = rng.choice(["X1", "X2", "Y", "Z"])
            price = f"{float(PRICES[instrument]) * rng.uniform(0.9, 1.1):.1f}"
            add(resting, name, instrument, size(most), price, rng.random() < 0.1)
    return {"positions": positions, "balances": balances, "orders": resting, "accounts": settings, "prices": PRICES}


def margins(book: dict[str, Any], rulebook: pc.Rulebook, scenarios: Any = None) -> list[dict[str, Any]]:
    return pc.assess(rulebook, **book, scenarios=scenarios).accounts.to_pylist()


def draw_scenarios(rng: random.Random, rows: int, names: str = "XYZ") -> dict[str, list[str]]:
    table = {"scenario": [f"s{row}" for row in range(rows)]}
    decimals = rng.choice([1, 2, 8])
    return table | {name: [f"{rng.uniform(-0.5, 0.6):.{decimals}f}" for _ in range(rows)] for name in names}


def generated(steps: int) -> dict[str, list[Any]]:
    """The table that the rulebook generates, written out from its definition."""
    rows: list[tuple[str, dict[str, Fraction]]] = [("zero", dict.fromkeys(RANGES, Fraction(0)))]
    sides = [k for k in range(-steps, steps + 1) if k]

    def move(name: str, family: str, k: int) -> Fraction:
        exact = Fraction(RANGES[name]) * Fraction(FAMILIES[family]) * k / steps
        return Fraction(round(exact * 10**8), 10**8)  # half to even

    rows += [(f"correlated:{k:+d}", {u: move(u, "correlated", k) for u in RANGES}) for k in sides]
    for one in RANGES:
        rows += [(f"single:{one}:{k:+d}", {u: move(u, "single", k * (u == one)) for u in RANGES}) for k in sides]
    for one in RANGES:
        rows += [
            (f"opposite:{one}:{k:+d}", {u: move(u, "opposite", k if u == one else -k) for u in RANGES}) for k in sides
        ]
    columns = {u: [int(moves[u] * 10**8) for _, moves in rows] for u in RANGES}
    return {"scenario": [name for name, _ in rows]} | {f"{u}_e8": moves for u, moves in columns.items()}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_generated_table_is_what_its_definition_says(seed: int) -> None:
    rng = random.Random(seed)
    steps = rng.randint(1, 7)
    measure = rng.choice(['"worst"', '{ shortfall = "97.5%" }', '{ shortfall = "60%" }'])
    rulebook = rules(rng.choice(["0%", "80%", "100%", "33.333333%"]), measure, steps)
    book = draw_book(rng, 20)
    assert figures(pc.assess(rulebook, **book)) == figures(pc.assess(rulebook, **book, scenarios=generated(steps)))


@pytest.mark.parametrize("seed", SEEDS)
def test_lines_add_up_and_the_form_of_the_tables_changes_nothing(seed: int) -> None:
    rng = random.Random(seed)
    measure = rng.choice(['"worst"', '{ shortfall = "97.5%" }'])
    extended = '[[portfolio.extended]]\nmove = "-66%"\nfactor = "33.333333%"\n[[portfolio.extended]]\nmove = 1\n'
    rulebook, book = rules(measure=measure, extra=extended), draw_book(rng, 30)
    scenarios = rng.choice([None, draw_scenarios(rng, 40)])
    result = pc.assess(rulebook, **book, scenarios=scenarios)
    sums: dict[Any, Fraction] = {}
    for line in result.lines().to_pylist():
        key = line["account"], line["bucket"], line["total"]
        sums[key] = sums.get(key, Fraction(0)) + Fraction(line["amount"])
    for row in result.accounts.to_pylist():
        for total in ("collateral_value", "unrealized_pnl", "initial_margin", "maintenance_margin"):
            assert sums.get((row["account"], None, total), 0) == row[total], row
        str(result.explain(row["account"]))
    table = None if scenarios is None else pa.table(scenarios)
    again = [
        pc.assess(rulebook, **shuffled(book, rng), scenarios=table),
        pc.assess(rulebook, **book, scenarios=scenarios, threads=1),
        pickle.loads(pickle.dumps(result)),
    ]
    assert all(figures(other) == figures(result) for other in again)


@pytest.mark.parametrize("seed", SEEDS)
def test_accounts_of_the_standard_model_do_not_notice_the_others(seed: int) -> None:
    book = draw_book(random.Random(seed), 30)
    models = dict(zip(book["accounts"]["account"], book["accounts"]["model"], strict=True))
    alone = mapped(book, lambda _, rows: [row for row in rows if models[row["account"]] != "portfolio"])
    both, standard = figures(pc.assess(rules(), **book)), figures(pc.assess(rules(), **alone))
    mine = {bucket: row for bucket, row in both.items() if models[bucket[0]] != "portfolio"}
    assert mine == standard
    assert all(
        row["worst_scenario"] for (name, bucket), row in both.items() if bucket is None and (name, bucket) not in mine
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_more_scenarios_never_lower_the_margin(seed: int) -> None:
    rng = random.Random(seed)
    book, more = draw_book(rng, 20), draw_scenarios(rng, 60)
    cut = rng.randint(1, 59)
    fewer = {name: values[:cut] for name, values in more.items()}
    for small, large in zip(margins(book, rules(), fewer), margins(book, rules(), more), strict=True):
        for column in ("initial_margin", "maintenance_margin"):
            assert small[column] <= large[column]


@pytest.mark.parametrize("seed", SEEDS)
def test_an_order_never_lowers_the_initial_margin_and_leaves_the_maintenance_margin(seed: int) -> None:
    rng = random.Random(seed)
    measure = rng.choice(['"worst"', '{ shortfall = "90%" }'])
    book = draw_book(rng, 20)
    count = len(book["orders"]["account"])
    without = {**book, "orders": {name: values[: count // 2] for name, values in book["orders"].items()}}
    before = {row["account"]: row for row in margins(without, rules(measure=measure))}
    for row in margins(book, rules(measure=measure)):
        earlier = before[row["account"]]
        assert row["initial_margin"] >= earlier["initial_margin"]
        assert row["maintenance_margin"] == earlier["maintenance_margin"]
        assert row["worst_scenario"] == earlier["worst_scenario"]


def bare(book: dict[str, Any], times: int) -> dict[str, Any]:
    """Positions alone, so many times."""
    positions = {**book["positions"], "margin_mode": None}
    quantities = [f"{float(quantity) * times:.3f}" for quantity in positions["quantity"]]
    positions = {name: values for name, values in (positions | {"quantity": quantities}).items() if values is not None}
    settings = {"account": book["accounts"]["account"], "model": ["portfolio"] * len(book["accounts"]["account"])}
    return {"positions": positions, "accounts": settings, "prices": book["prices"]}


@pytest.mark.parametrize("seed", SEEDS)
def test_k_times_the_book_has_k_times_the_margin(seed: int) -> None:
    rng = random.Random(seed)
    k = rng.randint(2, 9)
    for credit in ("0%", "80%", "100%"):
        rulebook = rules(credit).edit(BARE)
        book = draw_book(rng, 10)
        for once, often in zip(margins(bare(book, 1), rulebook), margins(bare(book, k), rulebook), strict=True):
            difference = Fraction(k * once["maintenance_margin"] - often["maintenance_margin"]) * 10**8
            assert 0 <= difference <= k, "each rounding up is less than a unit"


def added(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """Two books of the same accounts together."""
    positions = {name: [*values, *b["positions"][name]] for name, values in a["positions"].items()}
    return {**a, "positions": positions}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("measure", ['"worst"', '{ shortfall = "90%" }'])
def test_scenario_risk_is_subadditive(seed: int, measure: str) -> None:
    rng = random.Random(seed)
    rulebook = rules(measure=measure).edit(BARE)
    a, b = bare(draw_book(rng, 10), 1), bare(draw_book(rng, 10), 1)
    rows = ({row["account"]: row for row in margins(book, rulebook)} for book in (a, b, added(a, b)))
    for one, other, both in zip(*(sorted(found.items()) for found in rows), strict=True):
        parts = one[1]["maintenance_margin"] + other[1]["maintenance_margin"]
        # In expected shortfall each loss is rounded up once more.
        assert both[1]["maintenance_margin"] <= parts + (measure != '"worst"') * Decimal("0.00000002")


# Quantities of X1 (at 100) and X2 (at 101.3, a tenth a contract) that are worth nothing together.
HEDGES = [("1.013", "-10"), ("-7.091", "70"), ("1026.169", "-10130")]


@pytest.mark.parametrize(("x1", "x2"), HEDGES)
def test_a_perfect_hedge_inside_one_underlying_has_no_scenario_risk(x1: str, x2: str) -> None:
    positions = {"account": ["A", "A"], "instrument": ["X1", "X2"], "quantity": [x1, x2], "cost": ["0", "0"]}
    book = {"positions": positions, "accounts": {"account": ["A"], "model": ["portfolio"]}, "prices": PRICES}
    (row,) = margins(book, rules().edit(BARE))
    assert (row["initial_margin"], row["maintenance_margin"], row["worst_scenario"]) == (0, 0, "zero")

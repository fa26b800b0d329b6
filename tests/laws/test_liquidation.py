"""Laws of liquidation prices, told by `assess` at moved prices: a bucket lives at its price and not a tick beyond.

The book holds what bends the surplus: tiers with a last cap, collateral and debts of the same underlying, two contracts
of one underlying, offsets, concentration slices, a minimum, expected shortfall.
"""

import random
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from tests.laws.books import SEEDS, mapped, shuffled

import perpcore as pc

RULES = """
[venue]
settlement = "USD"
fees = { standard = { taker = "0.05%" } }
[asset.XC]
eligible = true
haircut = [[20, "5%"], ["rest", "50%"]]
underlying = "X"
liability = { initial = "10%", maintenance = "5%" }
[asset.EUR]
eligible = true
haircut = [["rest", "2%"]]
[instrument.X]
underlying = "X"
tick = 0.1
lot = 0.001
maintenance_fee = "0.1%"
tiers = [[1_000, "1%", 50], [10_000, "3%", 20], [40_000, "10%", 5]]
[instrument.X2]
underlying = "X"
tick = 0.1
lot = 0.001
contract_size = 0.1
tiers = [["rest", "1%", 50]]
[instrument.Y]
underlying = "Y"
tick = 0.01
lot = 0.001
tiers = [[3_000, "2%", 25], ["rest", "5%", 10]]
[portfolio]
enabled = true
offset_credit = "80%"
mm_factor = 0.9
minimum = "3%"
measure = MEASURE
steps = 3
extended = [{ move = "-66%", factor = "40%" }, { move = "200%", factor = "15%" }]
[portfolio.underlying]
X = { range = "16%", basis = "0.25%", concentration = [[2_000, "0%"], [9_000, "4%"], ["rest", "12%"]] }
Y = { range = "20.000001%", basis = "0.3%" }
"""
PRICES = {"X": "100", "X2": "101.3", "XC": "100", "Y": "50.5", "EUR": "1.08"}
UNDERLYING = {"X": "X", "X2": "X", "XC": "X", "Y": "Y"}
TICKS = {"X": Decimal("0.1"), "Y": Decimal("0.01")}
MEASURES = ('"worst"', '{ shortfall = "60%" }')
FEW_UNITS = Decimal("0.0000001")


def drawn(rng: random.Random, accounts: int) -> dict[str, Any]:
    """Accounts near the edge: cash is about what the positions need."""
    book: dict[str, Any] = {
        "positions": {name: [] for name in ("account", "instrument", "quantity", "entry_price")}
        | {"margin_mode": [], "isolated_margin": [], "accrued_funding": []},
        "balances": {name: [] for name in ("account", "asset", "amount")},
        "accounts": {"account": [], "model": []},
    }

    def add(table: str, *values: Any) -> None:
        for column, value in zip(book[table].values(), values, strict=True):
            column.append(value)

    def number(size: float, decimals: int) -> str:
        return f"{rng.choice((-1, 1)) * rng.lognormvariate(0, 1) * size:.{decimals}f}"

    for account in (f"A{n}" for n in range(accounts)):
        add("accounts", account, rng.choice(("standard", "portfolio")))
        gross = Decimal(0)
        for name in rng.sample(("X", "X2", "Y"), rng.randint(1, 3)):
            quantity = number(400 if name == "X2" else 40, 3)
            size = abs(Decimal(quantity)) * Decimal(PRICES[name]) / (10 if name == "X2" else 1)
            alone = rng.random() < 0.25
            margin = f"{size * Decimal(rng.uniform(0.02, 0.6)):.2f}" if alone else None
            add(
                "positions",
                *(account, name, quantity, PRICES[name]),
                *("isolated" if alone else "cross", margin, rng.choice((None, number(1, 6)))),
            )
            gross += 0 if alone else size
        add("balances", account, "USD", f"{gross * Decimal(rng.uniform(-0.05, 0.9)):.8f}")
        if rng.random() < 0.5:
            add("balances", account, "XC", number(15, 8))
        if rng.random() < 0.2:
            add("balances", account, "EUR", f"{rng.uniform(0, 500):.2f}")
    return book


def moved(name: str, price: Decimal) -> dict[str, str] | None:
    """All prices of the underlying by price ÷ mark; None where one is off the grid."""
    ratio, found = Fraction(price) / Fraction(PRICES[name]), dict(PRICES)
    for symbol, of in UNDERLYING.items():
        if of == UNDERLYING[name]:
            units = Fraction(PRICES[symbol]) * ratio * 10**8
            if units.denominator != 1 or not 0 < units <= 10**16:
                return None
            found[symbol] = format(Decimal(units.numerator).scaleb(-8), "f")
    return found


class Surplus:
    """equity − maintenance margin of a bucket at a price, by a valuation of its own."""

    def __init__(self, rules: pc.Rulebook, book: dict[str, Any], row: dict[str, Any]) -> None:
        account = row["account"]
        self.rules, self.row = rules, row
        self.book = mapped(book, lambda _, rows: [each for each in rows if each["account"] == account])

    def __call__(self, price: Decimal) -> Decimal | None:
        prices = moved(self.row["instrument"], price)
        if prices is None:
            return None
        result = pc.assess(self.rules, **self.book, prices=prices)
        if self.row["margin_mode"] == "cross":
            (found,) = result.accounts.to_pylist()
        else:
            rows = result.isolated.to_pylist()
            (found,) = [each for each in rows if each["instrument"] == self.row["instrument"]]
        surplus: Decimal = found["equity"] - found["maintenance_margin"]
        return surplus


def violations(row: dict[str, Any], surplus: Surplus) -> Iterator[str]:
    mark, tick = row["mark"], TICKS[row["instrument"]]
    now = surplus(mark)
    assert now is not None
    if now < 0:
        if (row["below"], row["above"]) != (None, None):
            yield f"{row}: in liquidation already"
        return
    for side, away in (("below", -tick), ("above", tick)):
        price = row[side]
        if price is None:
            for other in (tick, mark / 4, mark / 2, mark - tick) if away < 0 else (mark + tick, mark * 2, mark * 9):
                left = surplus(other // tick * tick)
                if left is not None and left < -FEW_UNITS:
                    yield f"{row}: no price {side}, but {other} lacks {-left}"
            continue
        here, beyond = surplus(price), surplus(price + away)
        if here is not None and here < 0:
            yield f"{row}: in liquidation at the price {side}"
        if beyond is not None and beyond >= 0:
            yield f"{row}: not in liquidation beyond the price {side}"


@pytest.mark.parametrize("measure", MEASURES)
def test_a_bucket_lives_at_its_price_and_not_a_tick_beyond(measure: str) -> None:
    rules = pc.Rulebook.parse(RULES.replace("MEASURE", measure))
    found: list[str] = []
    sides = {"below": 0, "above": 0, "both": 0, "none": 0, "isolated": 0}
    for seed in SEEDS:
        book = drawn(random.Random(seed), 6)
        for row in pc.assess(rules, **book, prices=PRICES).liquidation_prices().to_pylist():
            if row["instrument"] == "X2":
                continue  # its ticks move X off the grid
            has = (row["below"] is not None, row["above"] is not None)
            kind = {(True, False): "below", (False, True): "above", (True, True): "both", (False, False): "none"}[has]
            sides[kind] += 1
            sides["isolated"] += row["margin_mode"] == "isolated"
            found += violations(row, Surplus(rules, book, row))
    assert not found, "\n".join(found[:20])
    assert min(sides.values()) > 5, f"every kind was met: {sides}"


@pytest.mark.parametrize("measure", MEASURES)
def test_order_of_rows_threads_and_orders_change_no_price(measure: str) -> None:
    rules = pc.Rulebook.parse(RULES.replace("MEASURE", measure))
    rng = random.Random(3)
    book = drawn(rng, 40)

    def told(book: dict[str, Any], **options: Any) -> list[str]:
        return sorted(map(str, pc.assess(rules, **book, prices=PRICES, **options).liquidation_prices().to_pylist()))

    expected = told(book)
    assert told(shuffled(book, rng)) == expected
    held = sorted(set(book["positions"]["account"]))
    orders = {
        "account": held,
        "instrument": ["X"] * len(held),
        "quantity": ["3"] * len(held),
        "price": ["120"] * len(held),
    }
    assert told(book | {"orders": orders}) == expected


def test_threads_change_no_price() -> None:
    made = pc.synth.workload(accounts=6_000)
    rules = pc.Rulebook.parse(made.rulebook)
    alone, together = (pc.assess(rules, **made.book, threads=threads) for threads in (1, 3))
    assert alone.liquidation_prices().equals(together.liquidation_prices())
    assert alone.ladder("I00-PERP").equals(together.ladder("I00-PERP"))


def test_an_account_that_was_not_valued_has_no_rows() -> None:
    rules = pc.Rulebook.parse(RULES.replace("MEASURE", MEASURES[0]))
    positions = {
        "account": ["A", "B", "C"],
        "instrument": ["X", "W", "Y"],
        "quantity": ["1", "1", "0"],
        "cost": ["1"] * 3,
    }
    result = pc.assess(rules, positions=positions, prices=PRICES, on_error="mark")
    assert [row["account"] for row in result.liquidation_prices().to_pylist()] == ["A"]


def test_no_price_is_told_of_inputs_that_were_changed() -> None:
    rules = pc.Rulebook.parse(RULES.replace("MEASURE", MEASURES[0]))
    quantity = bytearray((10**8).to_bytes(8, "little"))
    column = pa.Array.from_buffers(pa.int64(), 1, [None, pa.py_buffer(quantity)])
    positions = pa.table({"account": ["A"], "instrument": ["X"], "quantity_e8": column, "cost_e8": [100 * 10**8]})
    result = pc.assess(rules, positions=positions, prices=PRICES)
    assert result.liquidation_prices().num_rows == 1
    quantity[:] = (2 * 10**8).to_bytes(8, "little")
    for call in (result.liquidation_prices, lambda: result.ladder("X")):
        with pytest.raises(pc.errors.StateError) as caught:
            call()
        assert caught.value.code == "inputs_changed"

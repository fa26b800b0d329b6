"""Prices, quantities, rates and contract sizes at the ends of RULES §1, against Python's integers."""

import math
from fractions import Fraction
from typing import Any

import pytest

import perpcore as pc

G = 10**8
MOST_PRICE = 10**8 * G
MOST_QUANTITY = 10**9 * G
TRILLION = 10**12 * G


def plain(units: int) -> str:
    return f"{'-' * (units < 0)}{abs(units) // G}.{abs(units) % G:08d}"


def rules(rate: int = G, leverage: str = "1") -> pc.Rulebook:
    """One instrument with one open tier: a maintenance rate in grid units, a maximum leverage."""
    return pc.Rulebook.parse(
        '[venue]\nsettlement = "USD"\nfees = { standard = { maker = 0, taker = "10%" } }\n'
        '[asset.USD]\nclass = "fiat"\neligible = true\n'
        '[asset.COIN]\nclass = "virtual_asset"\neligible = true\nhaircut = [["rest", "99.999999%"]]\n'
        'close_cost = "0.000001%"\nliability = { initial = "100%", maintenance = "99.999999%" }\n'
        f'[instrument.P]\nunderlying = "P"\ntick = 0.00000001\nlot = 1\n'
        f'tiers = [["rest", {plain(rate)}, {leverage}]]\n'
    )


def units(value: Any) -> int:
    return int(value.scaleb(8))


def account(given: pc.Rulebook, mark: int, **book: Any) -> dict[str, Any]:
    (row,) = pc.assess(given, **book, prices={"P": plain(mark), "COIN": plain(mark)}).accounts.to_pylist()
    return row


# (quantity, mark): their product at most 10¹² whole units
PAIRS = [
    (MOST_QUANTITY, 1000 * G),
    (-MOST_QUANTITY, 1000 * G),
    (10_000 * G, MOST_PRICE),
    (-10_000 * G, MOST_PRICE),
    (1, MOST_PRICE),
    (MOST_QUANTITY, 1),
    (1, 1),
    (-1, 1),
    (33_333_333 * G + 33_333_333, 29_999 * G + 99_999_999),
    (MOST_QUANTITY - 1, 999 * G + 99_999_999),
]


@pytest.mark.parametrize(("quantity", "mark"), PAIRS)
@pytest.mark.parametrize("rate", [1, 33_333_333, G - 1, G])
def test_margins_and_pnl_are_exact(quantity: int, mark: int, rate: int) -> None:
    """MM = ⌈|Q|·M·rate⌉, IM = ⌈|Q|·M⌉, PnL = ⌊Q·M − Q·entry⌋, all of integers."""
    entry = max(1, MOST_PRICE if abs(quantity) * MOST_PRICE <= TRILLION * G else mark // 3)
    table = {"account": ["A"], "instrument": ["P"], "quantity": [plain(quantity)], "entry_price": [plain(entry)]}
    row = account(rules(rate), mark, positions=table)
    notional = abs(quantity) * mark
    assert units(row["maintenance_margin"]) == -(-notional * rate // (G * G))
    assert units(row["initial_margin"]) == -(-notional // G)
    assert units(row["unrealized_pnl"]) == (quantity * mark - quantity * entry) // G


@pytest.mark.parametrize(("quantity", "mark"), PAIRS)
def test_orders_are_exact(quantity: int, mark: int) -> None:
    """IM = N of the larger fill + Σ|Q|·(limit − M) on the losing side + Σ|Q|·max(limit, M)·10 %."""
    limit = mark + 1 if quantity > 0 else max(1, mark - 1)
    if abs(quantity) * max(limit, mark) > TRILLION * G or limit > MOST_PRICE:
        limit = mark
    table = {"account": ["A"], "instrument": ["P"], "quantity": [plain(quantity)], "price": [plain(limit)]}
    row = account(rules(), mark, orders=table)
    size = abs(quantity)
    exact = Fraction(size * mark, G) + Fraction(size * abs(limit - mark), G) + Fraction(size * max(limit, mark), 10 * G)
    assert units(row["initial_margin"]) == units(row["order_margin"]) == math.ceil(exact)
    assert row["maintenance_margin"] == 0


@pytest.mark.parametrize(
    ("amount", "price"),
    [(TRILLION, G), (1, 1), (1, MOST_PRICE), (TRILLION, 1), (10_000 * G, MOST_PRICE), (123_456_789_012_345_678, 3)],
)
def test_collateral_and_debts_are_exact(amount: int, price: int) -> None:
    """Owned: ⌊amount·price·(1 − haircut)⌋ and ⌊amount·price·(1 − close cost)⌋; owed: 100 %, and the rates on it."""
    owned = {"account": ["A"], "asset": ["COIN"], "amount": [plain(amount)]}
    row = account(rules(), price, balances=owned)
    assert units(row["collateral_value"]) == amount * price * 1 // (G * G)
    assert units(row["net_value"]) == amount * price * (G - 1) // (G * G)
    row = account(rules(), price, balances={**owned, "amount": [plain(-amount)]})
    assert units(row["collateral_value"]) == -amount * price // G
    assert units(row["initial_margin"]) == -(-amount * price // G)
    assert units(row["maintenance_margin"]) == -(-amount * price * (G - 1) // (G * G))


@pytest.mark.parametrize(
    ("size", "lot", "contracts", "base"),
    [
        ("0.00000001", "1", "1000000000", "10"),
        ("0.00000001", "1", "1", "0.00000001"),
        ("1000000000", "1", "1", "1000000000"),
        ("1000000000", "0.00000001", "0.00000001", "10"),
        ("0.1", "0.0000001", "0.0000001", "0.00000001"),
        ("1000", "0.00001", "999999.99999", "999999999.99"),
        ("0.3", "0.00000010", "0.0000001", "0.00000003"),
    ],
)
def test_contract_sizes_at_their_ends(size: str, lot: str, contracts: str, base: str) -> None:
    """Q = quantity × contract_size, exactly; everything else sees Q only."""
    given = rules().edit({"instrument.P.contract_size": size, "instrument.P.lot": lot})
    table = {"account": ["A"], "instrument": ["P"], "quantity": [contracts], "cost": ["0"], "margin_mode": ["isolated"]}
    result = pc.assess(given, positions=table, prices={"P": "1"})
    (bucket,) = result.isolated.to_pylist()
    assert Fraction(bucket["quantity"]) == Fraction(base)
    assert bucket["initial_margin"] == bucket["maintenance_margin"] == bucket["quantity"]


@pytest.mark.parametrize(
    ("size", "quantity", "code"),
    [
        ("0.1", "0.00000001", "off_grid"),
        ("0.3", "0.00000005", "off_grid"),
        ("0.00000001", "0.5", "off_grid"),
        ("10", "100000000.0000001", "out_of_range"),
        ("1000000000", "1.00000001", "out_of_range"),
        ("1000000000", "-1000000000", "out_of_range"),
    ],
)
@pytest.mark.parametrize("table", ["positions", "orders"])
def test_a_base_quantity_off_the_grid_or_beyond_the_bound_is_refused(
    table: str, size: str, quantity: str, code: str
) -> None:
    lot = "1" if size in ("0.1", "0.3", "0.00000001") else "0.00000001"
    given = rules().edit({"instrument.P.contract_size": size, "instrument.P.lot": lot})
    row = {"account": ["A"], "instrument": ["P"], "quantity": [quantity]}
    row["cost" if table == "positions" else "price"] = ["1"]
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(given, **{table: row}, prices={"P": "1"})
    assert (caught.value.code, caught.value.table, caught.value.column) == (code, table, "quantity")


@pytest.mark.parametrize(
    ("column", "inside", "outside"),
    [
        ("quantity", "1000000000", "1000000000.00000001"),
        ("quantity", "-1000000000", "-1000000000.00000001"),
        ("entry_price", "100000000", "100000000.00000001"),
        ("entry_price", "0.00000001", "0"),
        ("entry_price", "0.00000001", "-1"),
        ("leverage", "1", "0.99999999"),
        ("accrued_funding", "1000000000000", "1000000000000.00000001"),
        ("accrued_funding", "-1000000000000", "-1000000000000.00000001"),
    ],
)
def test_each_cell_has_its_own_bound(column: str, inside: str, outside: str) -> None:
    good = {"account": ["A"], "instrument": ["P"], "quantity": ["0"], "entry_price": ["1"]}
    assert pc.assess(rules(), positions={**good, column: [inside]}, prices={"P": "0.00000001"}).accounts.num_rows == 1
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(rules(), positions={**good, column: [outside]}, prices={"P": "0.00000001"})
    assert (caught.value.code, caught.value.column, caught.value.row) == ("out_of_range", column, 0)


@pytest.mark.parametrize("leverage", ["1", "1.00000001", "3", "7", "100", "999999.99999999", "1000000"])
def test_the_rate_of_a_leverage_is_rounded_up_to_the_grid(leverage: str) -> None:
    """⌈1/L⌉ of 10⁹ at 1: one grid unit of rate is 10 of margin."""
    table = {"account": ["A"], "instrument": ["P"], "quantity": ["1000000000"], "cost": ["0"], "leverage": [leverage]}
    given = rules(rate=1, leverage="1000000")
    row = account(given, G, positions=table)
    rate = max(math.ceil(G / Fraction(leverage)), math.ceil(G / 1_000_000))
    assert units(row["initial_margin"]) == 10**9 * rate

"""Every kernel that this processor has gives the bits of the plain valuation, on books that reach every edge of it."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from tests.laws.books import SEEDS, assess, figures
from tests.model.random_books import random_book
from tests.model_agreement.forms import common_book

import perpcore as pc
from perpcore._core import _choose_kernel


def kernels() -> list[str]:
    """What this processor has, the plain valuation left out."""
    with pytest.raises(ValueError, match="accepted: ") as refused:
        _choose_kernel("none")
    names = str(refused.value).split("accepted: ")[1].split(", ")
    assert names[:2] == ["plain", "base"]
    return names[1:]


KERNELS = kernels()


@contextmanager
def chosen(kernel: str) -> Iterator[None]:
    _choose_kernel(kernel)
    try:
        assert pc.build_info()["kernel"] == kernel
        yield
    finally:
        _choose_kernel(None)


def under(kernel: str, text: str, book: dict[str, Any], **options: Any) -> pc.Assessment:
    with chosen(kernel):
        return assess(text, book, **options)


def test_the_fastest_is_chosen() -> None:
    assert pc.build_info()["kernel"] == KERNELS[-1]


@pytest.mark.parametrize("kernel", ["plain", "base", "none"])
def test_the_environment_chooses(kernel: str) -> None:
    code = "import perpcore as pc; print(pc.build_info()['kernel'])"
    environment = os.environ | {"PERPCORE_KERNEL": kernel}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    if kernel == "none":
        assert said.returncode == 1
        assert 'ValueError: PERPCORE_KERNEL="none" is not accepted; accepted: plain, base' in said.stderr
    else:
        assert said.stdout.strip() == kernel


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("seed", SEEDS)
def test_random_books(seed: int, kernel: str) -> None:
    text, book = random_book(seed)
    assert figures(under(kernel, text, book)) == figures(under("plain", text, book))


RULES = """
[venue]
settlement = "USD"
profit_credit = "50%"
withdraw_ratio = "3%"
[asset.USD]
class = "fiat"
eligible = true
[asset.C]
class = "stablecoin"
eligible = true
haircut = [[1_000, "1%"], [10_000, "33.333333%"]]
close_cost = "0.5%"
account_cap = 9_000
[asset.N]
class = "virtual_asset"
[instrument.X]
underlying = "X"
tick = 0.00000001
lot = 0.00000001
maintenance_fee = "0.06%"
tiers = [[1_000, "0.5%", 100], [100_000, "1.333333%", 33], [10_000_000_000, "7%", 9]]
[instrument.Y]
underlying = "Y"
tick = 0.1
lot = 0.001
initial_method = "marginal"
tiers = [[0.00000001, "0.5%", 100], ["rest", "50%", 2]]
"""


def edges(rng: random.Random) -> dict[str, Any]:
    """Accounts of 0 to 66 rows; quantities and amounts lie at and beside the edges that the two ways treat apart."""
    sizes = ["0", "0.00000001", "1", "16.66666667", "1666.66666667", "999999999.99999999", "1000000000"]
    amounts = ["0", "0.00000001", "1000", "1000.00000001", "9000", "9000.00000001", "10000", "92233720368.54775807"]
    amounts += ["92233720368.54775808", "450359962737.04960000", "999999999999.99999999", "1000000000000"]
    positions: dict[str, list[Any]] = {"account": [], "instrument": [], "quantity": [], "entry_price": []}
    balances: dict[str, list[Any]] = {"account": [], "asset": [], "amount": []}
    entries = ["0.00000001", "60", "60.00000001", "100000000"]
    for account in range(40):
        for _ in range(rng.choice([0, 1, 2, 63, 64, 65, 66])):
            size = rng.choice(sizes[:5] if rng.random() < 0.9 else sizes)
            row = (f"A{account}", rng.choice("XY"), rng.choice(["", "-"]) + size, rng.choice(entries))
            for column, value in zip(positions, row, strict=True):
                positions[column].append(value)
        for _ in range(rng.choice([0, 1, 2, 64, 65])):
            amount = rng.choice(amounts if rng.random() < 0.2 else amounts[:6])
            row = (f"A{account}", rng.choice(["USD", "USD", "C", "N"]), amount, "")
            for column, value in zip(balances, row[:3], strict=True):
                balances[column].append(value)
    prices = {"X": rng.choice(["60", "0.00000001", "99999999.99999999"]), "Y": "0.3", "C": rng.choice(["1", "0.9"])}
    return {"positions": positions, "balances": balances, "prices": prices}


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("seed", SEEDS)
def test_edges(seed: int, kernel: str) -> None:
    book = edges(random.Random(seed))
    # What is beyond the bounds is refused by all, the rest is equal.
    result = under(kernel, RULES, book, on_error="mark")
    assert result.accounts.equals(under("plain", RULES, book, on_error="mark").accounts)
    assert result.lines().num_rows > 0


def ordinary(rows: int, instruments: int, rng: random.Random) -> tuple[str, dict[str, Any]]:
    """Ordinary accounts with a giant now and then, so that few of eight accounts fail a proof."""
    made = pc.synth.workload(rows, instruments, shuffled=rng.random() < 0.3, seed=rng.randrange(1 << 30))
    positions = made.book["positions"].to_pydict()
    amounts = made.book["balances"].to_pydict()
    for _ in range(rng.randrange(20)):
        row = rng.randrange(len(positions["account"]))
        positions["quantity_e8"][row] = rng.choice([-1, 1]) * rng.randrange(1 << rng.randrange(40, 57))
        row = rng.randrange(len(amounts["account"]))
        amounts["amount_e8"][row] = rng.choice([-1, 1]) * rng.randrange(1 << rng.randrange(40, 63))
    book = made.book | {"positions": pa.table(positions), "balances": pa.table(amounts)}
    return made.rulebook, book


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("seed", SEEDS[:20])
def test_giants_among_ordinary_accounts(seed: int, kernel: str) -> None:
    rng = random.Random(seed)
    text, book = ordinary(rng.choice([1, 7, 8, 9, 300]), rng.choice([2, 9, 50]), rng)
    result = under(kernel, text, book, on_error="mark", threads=rng.choice([1, 2]))
    assert result.accounts.equals(under("plain", text, book, on_error="mark").accounts)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("seed", SEEDS[:20])
def test_settings_beside_a_common_book(seed: int, kernel: str) -> None:
    """Some accounts choose a leverage, a fee tier, or have an order: they alone go another way."""
    rng = random.Random(seed)
    text, book = common_book(seed, 40)
    ids = sorted(set(book["positions"]["account"]))
    some = rng.sample(ids, len(ids) // 2)
    book["accounts"] = {"account": some, "leverage": [rng.choice([None, "1.5", "20"]) for _ in some]}
    book["accounts"]["leverage"][0] = "3"
    result = under(kernel, text, book)
    assert figures(result) == figures(under("plain", text, book))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("seed", SEEDS)
def test_portfolios(seed: int, kernel: str) -> None:
    """Books of both models, with and without what only the valuation knows."""
    drawn = (common_book(seed, 40, portfolio=True), random_book(seed, 40, portfolio=True))
    for text, book in drawn:
        assert figures(under(kernel, text, book)) == figures(under("plain", text, book))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("seed", SEEDS[:20])
def test_giants_among_ordinary_portfolios(seed: int, kernel: str) -> None:
    """Two underlyings, nine, and more than are closed side by side; generated scenarios or supplied ones."""
    rng = random.Random(seed)
    instruments = [2, 2, 9, 20][seed % 4]
    text, book = ordinary(300, instruments, rng)
    names = [f"I{number:02}" for number in range(instruments)]
    measure = rng.choice(['"worst"', '{ shortfall = "90%" }'])
    text += (
        f'[portfolio]\nenabled = true\noffset_credit = "80%"\nsteps = 2\nmeasure = {measure}\n[portfolio.underlying]\n'
    )
    text += "".join(f'{name} = {{ range = "{rng.choice([0, 1, 16, 100])}%" }}\n' for name in names)
    accounts = sorted(set(book["positions"]["account"].to_pylist()))
    book["accounts"] = {"account": accounts, "model": ["portfolio"] * len(accounts)}
    if rng.random() < 0.5:
        moves = {name: [f"{rng.uniform(-0.9, 2) * rng.random():.8f}" for _ in range(70)] for name in names}
        book["scenarios"] = {"scenario": [str(row) for row in range(70)], **moves}
    result = under(kernel, text, book, on_error="mark")
    assert result.accounts.equals(under("plain", text, book, on_error="mark").accounts)


CHARGES = """
[portfolio]
enabled = true
offset_credit = "80%"
im_factor = 1.3
minimum = "0.5%"
[portfolio.underlying]
X = { range = "16%", basis = "0.25%", concentration = [[1_000, "0%"], [100_000, "2%"]] }
Y = { range = "20.000001%" }
"""


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("seed", SEEDS)
def test_portfolios_at_the_edges(seed: int, kernel: str) -> None:
    """The same edges, charges beyond the last slice, collateral that moves with an underlying."""
    rng = random.Random(seed)
    book = edges(rng)
    text = RULES.replace('class = "stablecoin"', 'class = "stablecoin"\nunderlying = "X"') + CHARGES
    accounts = [f"A{n}" for n in range(40)]
    models = [rng.choice(["portfolio", "portfolio", "portfolio", "standard"]) for _ in accounts]
    book["accounts"] = {"account": accounts, "model": models}
    result = under(kernel, text, book, on_error="mark")
    assert result.accounts.equals(under("plain", text, book, on_error="mark").accounts)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("seed", SEEDS[:20])
def test_costs_instead_of_entry_prices(seed: int, kernel: str) -> None:
    rng = random.Random(seed)
    text, book = ordinary(200, 2, rng)
    costs = [0, 1, -1, 10**8, -61_000 * 10**8, (1 << 13) - 1, 1 << 13, 10**20, -(10**20), 10**25]

    def cost(row: int) -> int | None:
        if row % 3 == 0:
            return None
        return rng.choice(costs if rng.random() < 0.05 else costs[:7])

    positions = book["positions"]
    found = [cost(row) for row in range(positions.num_rows)]
    entries = [
        entry if one is None else None
        for one, entry in zip(found, positions["entry_price_e8"].to_pylist(), strict=True)
    ]
    exact = [None if one is None else Decimal(one).scaleb(-8) for one in found]
    columns = {name: positions[name] for name in ("account", "instrument", "quantity_e8")}
    columns["entry_price_e8"] = pa.array(entries, pa.int64())
    columns["cost"] = pa.array(exact, pa.decimal128(38, 8))
    book = book | {"positions": pa.table(columns)}
    result = under(kernel, text, book, on_error="mark")
    assert result.accounts.equals(under("plain", text, book, on_error="mark").accounts)


@pytest.mark.code("account_too_large")
@pytest.mark.parametrize("first", ["BTC", "USDT"])
def test_an_asset_beyond_all_bounds_is_refused_beside_another(first: str) -> None:
    """534,573,375,131 × 10⁸ is beyond 10¹² and, at 10⁻²⁴, beyond 128 bits."""
    amounts = {"BTC": "534573375131.14204972", "USDT": "1000000000000"}
    assets = sorted(amounts, key=lambda asset: asset != first)
    balances = {"account": ["A", "A"], "asset": assets, "amount": [amounts[asset] for asset in assets]}
    with pytest.raises(pc.errors.InputError) as caught:
        pc.assess(pc.Rulebook.preset("global-multi-collateral"), balances=balances, prices={"BTC": "100000000"})
    assert caught.value.code == "account_too_large"


@pytest.mark.code("account_too_large")
@pytest.mark.parametrize("kernel", ["plain", *KERNELS])
@pytest.mark.parametrize("quantity", ["11000000", "9000000"])
@pytest.mark.parametrize("model", ["standard", "portfolio"])
def test_a_notional_beyond_the_bounds_is_seen_where_nothing_else_is(kernel: str, quantity: str, model: str) -> None:
    """Long X, short Y, 11 million × 100,000 each: 2.2·10¹². Costs, net PnL and margins at tiny rates are small."""
    text = '[venue]\nsettlement = "USD"\n[asset.USD]\nclass = "fiat"\n'
    for name in "XY":
        text += f'[instrument.{name}]\nunderlying = "X"\ntick = 1\nlot = 1\ntiers = [["rest", "0.000001%", 1000000]]\n'
    positions = {"account": ["A", "A"], "instrument": ["X", "Y"], "quantity": [quantity, "-" + quantity]}
    book = {"positions": positions | {"entry_price": ["1", "1"]}, "prices": {"X": "100000", "Y": "100000"}}
    if model == "portfolio":
        # At 10⁻⁸ of the gross notional, the net being worth nothing, IM and MM are what MM is in the standard model.
        text += "[portfolio]\nenabled = true\nmm_factor = 1\nminimum = 0.00000001\nunderlying.X.range = 0.16\n"
        book["accounts"] = {"account": ["A"], "model": ["portfolio"]}
    with pytest.raises(pc.errors.InputError) as caught:
        under(kernel, text, book)
    assert caught.value.code == "account_too_large"
    book["prices"] = {"X": "40000", "Y": "40000"}
    (row,) = under(kernel, text, book).accounts.to_pylist()
    # 2 × quantity × 40,000 × 10⁻⁸, and × 10⁻⁶
    assert row["maintenance_margin"] * 10**8 == 2 * int(quantity) * 40_000
    if model == "standard":
        assert row["initial_margin"] * 10**6 == 2 * int(quantity) * 40_000


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("cash", ["12200000", "12300000"])
def test_equity_beyond_52_bits_is_compared_whole(kernel: str, cash: str) -> None:
    """Cash, collateral and gain are each below 2⁵² g, equity is a little above it: 45.04 million."""
    text = pc.synth.workload(1).rulebook
    position = {"account": ["A"], "instrument": ["I00-PERP"], "quantity": ["1000"], "entry_price": ["1"]}
    balances = {"account": ["A", "A"], "asset": ["USD", "A1"], "amount": [cash, "10000000"]}
    book = {"positions": position, "balances": balances, "prices": {"I00-PERP": "15105", "A1": "2"}}
    result = under(kernel, text, book).accounts
    assert result.equals(under("plain", text, book).accounts)
    (row,) = result.to_pylist()
    assert row["status"] == "healthy"
    assert row["equity"] * 10**8 > 2**52


@pytest.mark.parametrize("kernel", ["plain", *KERNELS])
@pytest.mark.parametrize("measure", ['"worst"', '{ shortfall = "50%" }'])
def test_a_loss_beyond_104_bits_is_the_loss(kernel: str, measure: str) -> None:
    """14 million short, +200 %: a loss of 28 million, above 2¹⁰⁴ in 10⁻²⁴, where what is held is not."""
    text = f"{pc.synth.workload(1, 1).rulebook}[portfolio]\nenabled = true\nmeasure = {measure}\n"
    text += "[portfolio.underlying]\nI00.range = 1\n"
    position = {"account": ["A"], "instrument": ["I00-PERP"], "quantity": ["-1000"], "entry_price": ["14000"]}
    book = {"positions": position, "prices": {"I00-PERP": "14000"}}
    book["accounts"] = {"account": ["A"], "model": ["portfolio"]}
    book["scenarios"] = {"scenario": ["up", "still"], "I00": ["2", "0"]}
    (row,) = under(kernel, text, book).accounts.to_pylist()
    assert (row["initial_margin"], row["worst_scenario"]) == (28_000_000, "up")

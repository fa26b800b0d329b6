"""The kernel of the common account and the plain valuation give the same bits, on books that reach every edge of both.

A typed column of nulls for `accounts.leverage` says nothing, but the kernel does not take books that might choose a
leverage: the same book goes the plain way.
"""

import random
from typing import Any

import pyarrow as pa
import pytest
from tests.laws.books import SEEDS, assess, figures
from tests.model.random_books import random_book

import perpcore as pc


def plain(text: str, book: dict[str, Any]) -> pc.Assessment:
    ids = list(
        dict.fromkeys(
            key for name in ("positions", "balances", "orders") for key in book.get(name, {}).get("account", ())
        )
    )
    settings = dict(book.get("accounts") or {"account": ids})
    settings["leverage"] = settings.get("leverage") or pa.nulls(len(settings["account"]), pa.decimal128(28, 8))
    return assess(text, {**book, "accounts": settings})


@pytest.mark.parametrize("seed", SEEDS)
def test_random_books(seed: int) -> None:
    text, book = random_book(seed)
    assert figures(assess(text, book)) == figures(plain(text, book))


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


@pytest.mark.parametrize("seed", SEEDS)
def test_edges(seed: int) -> None:
    book = edges(random.Random(seed))

    def taken(result: pc.Assessment) -> Any:
        return result.accounts.to_pylist()

    # What is beyond the bounds is refused by both, the rest is equal.
    common = assess(RULES, book, on_error="mark")
    ids = list(dict.fromkeys(book["positions"]["account"] + book["balances"]["account"]))
    nothing = {"account": ids, "leverage": pa.nulls(len(ids), pa.decimal128(28, 8))}
    assert taken(common) == taken(assess(RULES, {**book, "accounts": nothing}, on_error="mark"))
    assert common.lines().num_rows > 0


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

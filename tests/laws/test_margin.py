"""Laws of the standard model: what never falls, what is never exceeded, what adds up, what counts for nothing."""

import random
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from tests.laws.books import SEEDS, assess, columns_of, rows_of
from tests.model.grid import GRID, plain
from tests.model.random_books import random_book
from tests.model.random_rulebooks import InstrumentDraw, draw_rulebook

import perpcore as pc

TOTALS = ("collateral_value", "unrealized_pnl", "accrued_funding", "initial_margin", "maintenance_margin")


def quantities(rng: random.Random, instrument: InstrumentDraw) -> Iterator[int]:
    """Rising quantities in grid units, around every cap and far beyond, with |Q|·M ≤ 10¹² and |Q| ≤ 10⁹."""
    most = min(10**9 * GRID, 10**12 * GRID * GRID // instrument.mark)
    bases = {0, most, rng.randint(0, most), rng.randint(0, max(1, most // 10**4))}
    for cap in instrument.caps:
        at = cap * GRID // instrument.mark
        bases |= {at - 1, at, at + 1, at + 2, 2 * at}
    step = instrument.step
    sizes = {base * GRID // instrument.contract_size // step * step for base in bases if 0 <= base <= most}
    return iter(sorted(size for size in sizes if size <= 10**9 * GRID))


@pytest.mark.parametrize("seed", SEEDS)
def test_margins_never_fall_when_a_position_grows(seed: int) -> None:
    rng = random.Random(seed)
    draw = draw_rulebook(rng)
    for instrument in draw.instruments:
        sizes = list(quantities(rng, instrument))
        for leverage in (None, "3", "1000"):
            rows = [
                {"account": f"{mode} {sign} {n}", "instrument": instrument.name, "margin_mode": mode}
                | {"quantity": plain(sign * size), "cost": "0", "leverage": leverage}
                for mode in ("cross", "isolated")
                for sign in (1, -1)
                for n, size in enumerate(sizes)
            ]
            result = assess(
                draw.text, {"positions": columns_of(rows, rows[0]), "prices": {instrument.name: plain(instrument.mark)}}
            )
            found = result.accounts.to_pylist()[: 2 * len(sizes)] + result.isolated.to_pylist()
            for start in range(0, len(found), len(sizes)):
                series = found[start : start + len(sizes)]
                for column in ("initial_margin", "maintenance_margin"):
                    values = [row[column] for row in series]
                    assert values == sorted(values), f"{instrument}, leverage {leverage}"


@pytest.mark.parametrize("seed", SEEDS)
def test_bracket_keeps_the_disclosed_leverage_for_the_whole_position(seed: int) -> None:
    """N/IM ≤ the maximum leverage of the tier that N falls in, exactly; the last tier's beyond the last cap."""
    rng = random.Random(seed)
    draw = draw_rulebook(rng)
    rules = pc.Rulebook.parse(draw.text)
    for instrument in draw.instruments:
        rules = rules.edit({f"instrument.{instrument.name}.initial_method": "bracket"})
    for instrument in draw.instruments:
        sizes = [size for size in quantities(rng, instrument) if size]
        table = {
            "account": [f"A{n}" for n in range(len(sizes))],
            "instrument": [instrument.name] * len(sizes),
            "quantity": [plain(size) for size in sizes],
            "cost": ["0"] * len(sizes),
        }
        result = pc.assess(rules, positions=table, prices={instrument.name: plain(instrument.mark)})
        tiers = tiers_of(rules, instrument.name)
        for size, row in zip(sizes, result.accounts.to_pylist(), strict=True):
            notional = Fraction(size * instrument.contract_size * instrument.mark, GRID**3)
            leverage = next((most for cap, most in tiers if cap is None or notional <= cap), tiers[-1][1])
            assert Fraction(row["initial_margin"]) * leverage >= notional


def tiers_of(rules: pc.Rulebook, instrument: str) -> list[tuple[Fraction | None, Fraction]]:
    """(cap, maximum leverage) of each tier, as the rulebook's text says it."""
    tiers = tomllib.loads(rules.to_toml(), parse_float=Decimal)["instrument"][instrument]["tiers"]
    return [(None if cap == "rest" else Fraction(cap), Fraction(leverage)) for cap, _, leverage in tiers]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_further_counted_order_never_lowers_the_initial_margin(seed: int) -> None:
    rng = random.Random(seed)
    text, book = random_book(seed, 40)
    before = {row["account"]: row for row in assess(text, book).accounts.to_pylist()}
    instruments = {row["symbol"]: Decimal(row["price"]) for row in rows_of(book["prices"])}
    instruments = {name: mark for name, mark in instruments.items() if name.endswith("-PERP")}
    if not instruments:
        return  # an order in it could not be valued
    like = {name: [] for name in ("account", "instrument", "quantity", "price", "reduce_only", "margin_mode")}
    orders = [{**dict.fromkeys(like), **row} for row in rows_of(book.get("orders", like))]
    for account in before:
        name = rng.choice(sorted(instruments))
        size = min(Decimal(10**8), Decimal(10 ** rng.randint(0, 9)) / instruments[name]) // 1
        price = min(Decimal(10**8), max(Decimal("0.00000001"), instruments[name] * rng.randint(1, 30) / 20))
        new = {"account": account, "instrument": name, "quantity": rng.choice((1, -1)) * size}
        new |= {"price": price.quantize(Decimal("0.00000001")), "margin_mode": rng.choice(("cross", "isolated"))}
        orders.append({**dict.fromkeys(like), **new})
    more = assess(text, {**book, "orders": columns_of(orders, like)}, on_error="mark").accounts.to_pylist()
    compared = [row for row in more if row["status"] != "unknown"]
    assert len(compared) > len(more) // 2
    for row in compared:
        assert row["initial_margin"] >= before[row["account"]]["initial_margin"]
        assert row["order_margin"] >= before[row["account"]]["order_margin"]
        assert row["maintenance_margin"] == before[row["account"]]["maintenance_margin"]
        assert row["equity"] == before[row["account"]]["equity"]


@pytest.mark.parametrize("seed", SEEDS)
def test_order_margin_is_what_the_orders_add(seed: int) -> None:
    text, book = random_book(seed, 40)
    without = {row["account"]: row for row in assess(text, {**book, "orders": None}).accounts.to_pylist()}
    for row in assess(text, book).accounts.to_pylist():
        bare = without.get(row["account"], {"initial_margin": 0})
        assert row["order_margin"] == row["initial_margin"] - bare["initial_margin"]


@pytest.mark.parametrize("seed", SEEDS)
def test_lines_add_up_to_their_totals_exactly(seed: int) -> None:
    text, book = random_book(seed, 40)
    result = assess(text, book)
    sums: dict[tuple[Any, ...], Fraction] = {}  # a Decimal sum would be rounded at the 28 digits of its context
    for line in result.lines().to_pylist():
        key = (line["account"], line["bucket"], line["total"])
        sums[key] = sums.get(key, Fraction(0)) + Fraction(line["amount"])
    for row in result.accounts.to_pylist():
        for total in TOTALS:
            assert sums.pop((row["account"], None, total), 0) == row[total]
    for row in result.isolated.to_pylist():
        row["collateral_value"] = row["isolated_margin"]
        for total in TOTALS:
            assert sums.pop((row["account"], row["instrument"], total), 0) == row[total]
    assert sums == {}


@pytest.mark.parametrize("asset", ["BTC", "ETH", "USDT", "USDC"])
@pytest.mark.parametrize("state", ["live", "halted", None])
def test_assets_that_are_not_eligible_change_no_figure(asset: str, state: str | None) -> None:
    """hk-vatp-perp lists virtual assets with `eligible = false`: a deposit of them is worth nothing, at any price."""
    rules = pc.Rulebook.preset("hk-vatp-perp")
    book = pc.synth.book(accounts=200, seed=3, rules=rules)
    prices = {row["symbol"]: str(Decimal(row["price_e8"]) / 10**8) for row in book["prices"].to_pylist()}
    prices.pop(asset, None)
    table = {"symbol": [*prices], "price": [*prices.values()], "state": [None] * len(prices)}
    if state is not None:
        table = {
            "symbol": [*prices, asset],
            "price": [*prices.values(), "58000"],
            "state": [None] * len(prices) + [state],
        }
    ids = book["accounts"].column("account").to_pylist()
    given = {row["account"]: row for row in pc.assess(rules, **{**book, "prices": table}).accounts.to_pylist()}
    held = book["balances"].to_pylist()
    held = [
        {"account": row["account"], "asset": row["asset"], "amount": Decimal(row["amount_e8"]) / 10**8} for row in held
    ]
    held = [row for row in held if row["asset"] != asset]
    held += [{"account": account, "asset": asset, "amount": Decimal(n)} for n, account in enumerate(ids)]
    richer = pc.assess(rules, **{**book, "prices": table, "balances": columns_of(held, held[0])})
    assert {row["account"]: row for row in richer.accounts.to_pylist()} == given

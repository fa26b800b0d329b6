"""After any walk of prices and rows a monitor is a fresh `assess` of its book; the book is also kept here, by hand."""

import random
from typing import Any

import pyarrow as pa
import pytest

import perpcore as pc

Key = tuple[str, ...]


class Book:
    """What was told so far, kept by key as the documentation says."""

    def __init__(self, made: dict[str, Any], settlement: str) -> None:
        self.settlement = settlement
        self.positions: dict[Key, tuple[int, int]] = {}
        self.balances: dict[Key, int] = {}
        # Several rows of a key are one position: here of one entry price, that of the first.
        for row in pa.table(made["positions"]).to_pylist():
            key = (row["account"], row["instrument"], "cross")
            self.positions.setdefault(key, (row["quantity_e8"], row["entry_price_e8"]))
        for row in pa.table(made["balances"]).to_pylist():
            self.balances.setdefault((row["account"], row["asset"]), row["amount_e8"])
        self.prices = {row["symbol"]: row["price_e8"] for row in pa.table(made["prices"]).to_pylist()}

    def tables(self, positions: Any = None, balances: Any = None, prices: Any = None) -> dict[str, Any]:
        """As tables; of all, or of some keys."""
        positions = self.positions if positions is None else positions
        balances = self.balances if balances is None else balances
        prices = self.prices if prices is None else prices
        rows = [(*key, *value) for key, value in positions.items()]
        names = ("account", "instrument", "margin_mode", "quantity_e8", "entry_price_e8", "isolated_margin")
        columns = zip(*[(*row, "500" if row[2] == "isolated" and row[3] else "0") for row in rows], strict=True)
        held = list(columns) or [()] * 6
        owned = list(zip(*[(*key, amount) for key, amount in balances.items()], strict=True)) or [()] * 3
        return {
            "positions": {
                name: pa.array(column, pa.int64() if name.endswith("_e8") else pa.string())
                for name, column in zip(names, held, strict=True)
            },
            "balances": {
                "account": pa.array(owned[0], pa.string()),
                "asset": pa.array(owned[1], pa.string()),
                "amount_e8": pa.array(owned[2], pa.int64()),
            },
            "prices": {
                "symbol": pa.array(list(prices), pa.string()),
                "price_e8": pa.array(list(prices.values()), pa.int64()),
            },
        }

    def step(self, rng: random.Random, instruments: list[str], turn: int) -> dict[str, Any]:
        """Moves prices, changes some rows; what is told of it."""
        scale = rng.choice([1, 1, 1, 5, 5, 50, 2_000])
        moved = {}
        for symbol in rng.sample(sorted(self.prices), rng.randint(0, len(self.prices))):
            price = self.prices[symbol]
            moved[symbol] = max(1, price + price * rng.randint(-10, 10) * scale // 100_000)
        positions: dict[Key, tuple[int, int]] = {}
        balances: dict[Key, int] = {}
        accounts = sorted({key[0] for key in self.balances} | {key[0] for key in self.positions})
        for at in range(rng.choice([0, 0, 1, 5])):
            account = rng.choice(accounts) if rng.random() < 0.8 else f"new-{turn}-{at}"
            instrument = rng.choice(instruments)
            mode = "isolated" if rng.random() < 0.3 else "cross"
            quantity = rng.choice([0, rng.randint(-5, 5) * 10**7, rng.randint(-50, 50) * 10**6])
            positions[(account, instrument, mode)] = (quantity, self.prices[instrument])
            if rng.random() < 0.5:
                balances[(account, self.settlement)] = rng.choice([0, rng.randint(0, 10**12)])
        self.prices |= moved
        for kept, told in ((self.positions, positions), (self.balances, balances)):
            for key, value in told.items():
                gone = value == 0 if isinstance(value, int) else value[0] == 0
                kept.pop(key, None)  # type: ignore[attr-defined]
                if not gone:
                    kept[key] = value  # type: ignore[index]
        return self.tables(positions, balances, moved)


def statuses(result: pc.Assessment) -> dict[tuple[str, str | None], str]:
    cross = {(row["account"], None): row["status"] for row in result.accounts.select(["account", "status"]).to_pylist()}
    isolated = result.isolated.select(["account", "instrument", "status"]).to_pylist()
    return cross | {(row["account"], row["instrument"]): row["status"] for row in isolated}


@pytest.mark.parametrize(("instruments", "seed"), [(2, 1), (2, 2), (2, 3), (50, 4), (50, 5)])
def test_changes_and_book_are_those_of_fresh_assessments(instruments: int, seed: int) -> None:
    made = pc.synth.workload(300, instruments=instruments, seed=seed)
    rules = pc.Rulebook.parse(made.rulebook)
    rng = random.Random(seed)
    book = Book(made.book, rules.settlement)
    monitor = pc.Monitor(rules, **book.tables())
    known = statuses(pc.assess(rules, **book.tables()))
    for turn in range(60):
        told = book.step(rng, rules.instruments, turn)
        changes = monitor.update(**told).to_pylist()
        fresh = pc.assess(rules, **book.tables())
        now = statuses(fresh)
        # What is not there counts as healthy; an account stays once it was named.
        keys = known.keys() | now.keys()
        wanted = {key: (known.get(key, "healthy"), now.get(key, "healthy")) for key in keys}
        wanted = {key: pair for key, pair in wanted.items() if pair[0] != pair[1]}
        assert {(c["account"], c["instrument"]): (c["before"], c["after"]) for c in changes} == wanted
        figures = {row["account"]: row for row in fresh.accounts.to_pylist()}
        for change in changes:
            if change["instrument"] is None and change["account"] in figures:
                row = figures[change["account"]]
                assert (change["equity"], change["maintenance_margin"]) == (row["equity"], row["maintenance_margin"])
        known = now
        if turn % 20 == 19:
            rows = {row["account"]: row for row in monitor.accounts().to_pylist()}
            assert {account: rows[account] for account in figures} == figures
            assert all(row["status"] == "healthy" for account, row in rows.items() if account not in figures)
    counters = monitor.counters()
    assert counters["visits"] < counters["updates"] * len(known) / 2

"""Synthetic books: the same seed gives the same book, on every machine with the same NumPy.

`book` looks like a venue: many small leveraged accounts, few large ones, more longs than shorts, market makers nearly
flat. `workload` looks like nothing in particular: a documented load for benchmarks, with a rulebook of its own.
Quantities are whole lots and prices whole ticks, written as `_e8` integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from ._core import Rulebook
from ._tables import Table, pa

if TYPE_CHECKING:
    from .venue import Venue

__all__ = ["CALM", "Workload", "book", "venue", "workload"]

_E8 = 10**8

# Prices of a quiet day; `book` is healthy at them. Assets that a rulebook does not know are left out.
CALM: dict[str, str] = {
    "BTC-PERP": "58000",
    "ETH-PERP": "2900",
    "BTC": "58000",
    "ETH": "2900",
    "HKD": "0.128",
    "HKD-STABLECOIN": "0.128",
    "USDC": "1",
    "USDT": "1",
}

# Per account: share that is a market maker, and of the others that trades one isolated position, rests orders.
_MAKERS, _ISOLATED, _ORDERING = 0.002, 0.06, 0.15
_LONGS = 0.66

# How much leverage clients dare at most, by equity in the settlement currency: large ones take less.
_DARED = ((0, 20_000, 100_000, 1_000_000, 8_000_000), (17.0, 12.0, 6.0, 2.2, 1.0))

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def book(
    accounts: int = 25_000,
    seed: int = 7,
    *,
    rules: Rulebook | None = None,
    prices: Mapping[str, str] | None = None,
) -> dict[str, Table]:
    """A book of `accounts` accounts at `prices`, as pyarrow tables: about four rows of positions and 1.7 of balances
    an account; orders, prices and account terms beside them.

    `rules` (default: the preset hk-vatp-perp) says which assets exist; instruments are those that both `prices` and
    the rulebook name. `prices` (settlement currency; default `CALM`) are those at which nearly all are healthy.
    Account ids are a dictionary of text, numbers are `_e8` integers. Raises ValueError for fewer than one account and
    for prices that name none of the instruments.

    >>> import perpcore as pc
    >>> book = pc.synth.book(accounts=100, seed=1)
    >>> sorted(book), len(book["accounts"])
    (['accounts', 'balances', 'orders', 'positions', 'prices'], 100)
    >>> pc.synth.book(accounts=100, seed=1) == book
    True
    """
    if accounts < 1:
        raise ValueError(f"a book has at least one account, not {accounts}")
    rules = rules or Rulebook.preset("hk-vatp-perp")
    prices = CALM | dict(prices or {})
    instruments = [name for name in rules.instruments if name in prices]
    if not instruments:
        raise ValueError(f"no price for any of {', '.join(rules.instruments)}")
    return _Venue(accounts, np.random.default_rng(seed), rules, instruments, prices).book()


class _Venue:
    """The draws of one book, in a fixed order: a change of the order changes every book."""

    def __init__(
        self,
        accounts: int,
        random: np.random.Generator,
        rules: Rulebook,
        instruments: list[str],
        prices: Mapping[str, str],
    ) -> None:
        self.accounts = accounts
        self.random = random
        self.rules = rules
        self.instruments = instruments
        self.prices = prices
        self.marks = np.array([_grid(prices[name]) for name in instruments])
        self.maker = random.random(accounts) < _MAKERS
        # Sizes in the settlement currency: half of the accounts have less than 4,000.
        self.equity = np.clip(np.exp(random.normal(np.log(4_000), 1.5, accounts)), 100, 3_000_000)
        self.equity[self.maker] = random.uniform(2e6, 8e6, int(self.maker.sum()))
        self.ids = pa.array([f"{'M' if m else 'C'}-{i:06}" for i, m in enumerate(self.maker.tolist(), 1)])

    def book(self) -> dict[str, Table]:
        positions, gross = self._positions()
        return {
            "positions": positions,
            "balances": self._balances(),
            "prices": self._prices(),
            "orders": self._orders(gross),
            "accounts": self._terms(),
        }

    def _gross(self) -> Floats:
        """Gross notional of each account: its equity times the leverage it takes."""
        leverage = np.exp(self.random.normal(np.log(2.8), 0.8, self.accounts))
        found: Floats = self.equity * np.minimum(leverage, np.interp(self.equity, *_DARED))
        return found

    def _positions(self) -> tuple[Table, Floats]:
        random, count = self.random, self.accounts
        gross = self._gross()
        rows = 1 + random.poisson(3, count)
        of = np.repeat(np.arange(count), rows)
        total = int(rows.sum())
        share = random.random(total) + 0.05
        share /= np.bincount(of, share)[of]
        first = random.random(count) < 0.7
        instrument = np.where(random.random(total) < 0.85, np.where(first[of], 0, 1), random.integers(0, 2, total))
        instrument %= len(self.instruments)
        side = np.where(random.random(count) < _LONGS, 1, -1)[of]
        side = np.where(random.random(total) < 0.06, -side, side)
        # A maker holds both sides in equal parts.
        nth = np.arange(total) - np.repeat(np.cumsum(rows) - rows, rows)
        side = np.where(self.maker[of], np.where(nth % 2 == 0, 1, -1), side)

        mark = self.marks[instrument]
        lot = np.where(self.marks >= 10_000 * _E8, _E8 // 1_000, _E8 // 100)[instrument]
        lots = np.maximum(1, np.rint(gross[of] * share * _E8 / (mark / _E8) / lot)).astype(np.int64)
        quantity = side * lots * lot
        entry = _ticks(mark * (1 + random.normal(0, 0.015, total)))
        accrued = np.rint(random.normal(0, 0.5, total) * 1e-4 * gross[of] * share * _E8).astype(np.int64)

        isolated = ((random.random(count) < _ISOLATED) & ~self.maker)[of]
        notional = lots * (lot / _E8) * mark
        posted = np.where(isolated, notional * random.uniform(0.12, 0.4, count)[of], 0)
        mode = pa.array(["cross", "isolated"]).take(pa.array(isolated.astype(np.int8)))
        columns = {
            "account": self._named(of),
            "instrument": pa.DictionaryArray.from_arrays(pa.array(instrument.astype(np.int8)), self.instruments),
            "quantity_e8": quantity,
            "entry_price_e8": entry,
            "margin_mode": mode,
            "isolated_margin_e8": np.rint(posted).astype(np.int64),
            "accrued_funding_e8": accrued,
        }
        return pa.table(columns), gross

    def _balances(self) -> Table:
        """Everybody holds the settlement currency, some also a second and a third asset."""
        random, settlement = self.random, self.rules.settlement
        others = [name for name in self.rules.assets if name in self.prices and name != settlement][:2]
        split = random.random((self.accounts, 2))
        second = random.random(self.accounts) < 0.45
        third = random.random(self.accounts) < 0.25
        share = np.where(second, 0.5 + 0.5 * split[:, 0], 1.0)
        parts = [(np.ones(self.accounts, bool), settlement, self.equity * share)]
        if others:
            parts.append((second, others[0], self.equity * (1 - share) / float(self.prices[others[0]])))
        if len(others) > 1:
            parts.append((third, others[1], self.equity * 0.2 * split[:, 1] / float(self.prices[others[1]])))
        of = np.concatenate([np.flatnonzero(has) for has, _, _ in parts])
        order = np.argsort(of, kind="stable")
        amount = np.concatenate([np.rint(size[has] * 100).astype(np.int64) * (_E8 // 100) for has, _, size in parts])
        asset = np.concatenate([np.full(int(has.sum()), n, np.int8) for n, (has, _, _) in enumerate(parts)])
        names = [name for _, name, _ in parts]
        columns = {
            "account": self._named(of[order]),
            "asset": pa.DictionaryArray.from_arrays(pa.array(asset[order]), names),
            "amount_e8": amount[order],
        }
        found: Table = pa.table(columns)
        return found

    def _orders(self, gross: Floats) -> Table:
        """Some clients rest one order, makers one on each side of each instrument."""
        random, kinds = self.random, len(self.instruments)
        clients = np.flatnonzero((random.random(self.accounts) < _ORDERING) & ~self.maker)
        makers = np.repeat(np.flatnonzero(self.maker), 2 * kinds)
        of = np.concatenate([clients, makers])
        nth = np.arange(len(makers))
        instrument = np.concatenate([random.integers(0, kinds, len(clients)), nth // 2 % kinds])
        side = np.concatenate([np.where(random.random(len(clients)) < 0.6, 1, -1), np.where(nth % 2 == 0, 1, -1)])
        mark = self.marks[instrument]
        price = _ticks(mark * (1 - side * random.uniform(0.0005, 0.02, len(of))))
        lot = np.where(self.marks >= 10_000 * _E8, _E8 // 1_000, _E8 // 100)[instrument]
        size = gross[of] * random.uniform(0.02, 0.1, len(of)) / (mark / _E8)
        quantity = side * np.maximum(1, np.rint(size * _E8 / lot)).astype(np.int64) * lot
        order = np.argsort(of, kind="stable")
        columns = {
            "account": self._named(of[order]),
            "instrument": pa.DictionaryArray.from_arrays(pa.array(instrument[order].astype(np.int8)), self.instruments),
            "quantity_e8": quantity[order],
            "price_e8": price[order],
            "reduce_only": (random.random(len(of)) < 0.1)[order],
        }
        found: Table = pa.table(columns)
        return found

    def _prices(self) -> Table:
        names = [*self.instruments, *(a for a in self.rules.assets if a in self.prices and a != self.rules.settlement)]
        found: Table = pa.table({"symbol": names, "price_e8": [_grid(self.prices[name]) for name in names]})
        return found

    def _terms(self) -> Table:
        """The terms of each account; makers have the cheapest of the rulebook's fee tiers, the last in its list."""
        tiers = self.rules.fee_tiers
        columns = {"account": self._named(np.arange(self.accounts))}
        if tiers:
            normal = tiers.index("standard") if "standard" in tiers else 0
            best = tiers.index("maker_programme") if "maker_programme" in tiers else normal
            tier = np.where(self.maker, best, normal).astype(np.int8)
            columns["fee_tier"] = pa.DictionaryArray.from_arrays(pa.array(tier), tiers)
        found: Table = pa.table(columns)
        return found

    def _named(self, of: Ints) -> Any:
        return pa.DictionaryArray.from_arrays(pa.array(of.astype(np.int32)), self.ids)


@dataclass(frozen=True)
class Workload:
    """A book for benchmarks and the text of the rulebook it is assessed under.

    >>> import perpcore as pc
    >>> load = pc.synth.workload(accounts=10)
    >>> pc.assess(pc.Rulebook.parse(load.rulebook), **load.book).accounts.num_rows
    10
    """

    rulebook: str
    book: dict[str, Table]


# When the small venue below opens, ns.
_OPENED = 1_800_000_000 * 10**9


def venue() -> Venue:
    """A small venue to try things on: BTC-PERP open at 60,000, ETH-PERP at 3,000; A and B have 100,000 USDT each.

    Under the preset `global-multi-collateral`, which asks nobody for proofs; at 2027-01-15T08:00:00Z, 1.8·10¹⁸ ns.

    >>> import perpcore as pc
    >>> pc.synth.venue().accounts()["equity"].to_pylist()
    [Decimal('100000.00000000'), Decimal('100000.00000000')]
    """
    from .venue import Venue

    made = Venue(Rulebook.preset("global-multi-collateral"))
    made.advance_time(_OPENED)
    for account in ("A", "B"):
        made.open_account(account)
        made.deposit(account, "USDT", 100_000)
    for underlying, price in (("BTC", 60_000), ("ETH", 3_000)):
        made.index(underlying, price)
        made.mark(f"{underlying}-PERP", price)
        made.enter_phase(f"{underlying}-PERP", "open")
    return made


def workload(
    accounts: int = 25_000,
    instruments: int = 2,
    *,
    shuffled: bool = False,
    ids: Literal["dictionary", "string", "int"] = "dictionary",
    numbers: Literal["e8", "decimal128", "float64"] = "e8",
    seed: int = 7,
) -> Workload:
    """A load for benchmarks: on average four rows of positions and 1.7 of balances an account.

    `instruments` instruments of six tiers and three assets under a rulebook of its own; rows sorted by account, or
    `shuffled`; account ids as a dictionary of text, as text or as int64; numbers as `_e8` int64, decimal128(28, 8)
    or float64. The book is the same whatever its form. Raises ValueError for another form, or fewer than one account
    or instrument.

    >>> import perpcore as pc
    >>> pc.synth.workload(accounts=3, ids="int").book["balances"].schema.field("account").type
    DataType(int64)
    """
    if accounts < 1 or instruments < 1:
        raise ValueError(f"at least one account and one instrument, not {accounts} and {instruments}")
    if ids not in ("dictionary", "string", "int"):
        raise ValueError(f"ids is 'dictionary', 'string' or 'int', not {ids!r}")
    if numbers not in ("e8", "decimal128", "float64"):
        raise ValueError(f"numbers is 'e8', 'decimal128' or 'float64', not {numbers!r}")
    random = np.random.default_rng(seed)
    names = [f"I{number:02}-PERP" for number in range(instruments)]
    marks = np.rint(np.exp(random.uniform(np.log(10), np.log(60_000), instruments)) * 100).astype(np.int64)
    marks *= _E8 // 100

    held = random.integers(1, 8, accounts)
    of = np.repeat(np.arange(accounts), held)
    which = random.integers(0, instruments, len(of))
    notional = np.exp(random.normal(np.log(20_000), 1.2, len(of)))
    quantity = np.rint(notional / (marks[which] / _E8) * 1_000).astype(np.int64) * (_E8 // 1_000)
    quantity *= np.where(random.random(len(of)) < 0.55, 1, -1)
    entry = np.rint(marks[which] / _E8 * (1 + random.normal(0, 0.02, len(of))) * 100).astype(np.int64)
    positions = (of, {"instrument": (which, names)}, {"quantity": quantity, "entry_price": entry * (_E8 // 100)})

    has = random.random((accounts, 3)) < (1.0, 0.4, 0.3)
    owner, asset = np.nonzero(has)
    amount = np.rint(np.exp(random.normal(np.log(25_000), 1.0, len(owner))) * 100).astype(np.int64) * (_E8 // 100)
    balances = (owner, {"asset": (asset, ["USD", "A1", "A2"])}, {"amount": amount})

    def table(rows: Ints, words: dict[str, Any], values: dict[str, Ints]) -> Table:
        order = random.permutation(len(rows)) if shuffled else np.arange(len(rows))
        columns: dict[str, Any] = {"account": _ids(rows[order], accounts, ids)}
        for name, (codes, texts) in words.items():
            columns[name] = pa.DictionaryArray.from_arrays(pa.array(codes[order].astype(np.int8)), texts)
        for name, value in values.items():
            columns[name + ("_e8" if numbers == "e8" else "")] = _numbers(value[order], numbers)
        found: Table = pa.table(columns)
        return found

    symbols = pa.array([*names, "A1", "A2"])
    prices = _numbers(np.array([*marks, 2 * _E8, _E8 // 2]), numbers)
    return Workload(
        rulebook=_workload_rules(names),
        book={
            "positions": table(*positions),
            "balances": table(*balances),
            "prices": pa.table({"symbol": symbols, "price_e8" if numbers == "e8" else "price": prices}),
        },
    )


def _ids(of: Ints, accounts: int, form: str) -> Any:
    if form == "int":
        return pa.array(of.astype(np.int64))
    coded = pa.DictionaryArray.from_arrays(
        pa.array(of.astype(np.int32)), [f"ACC-{number:08}" for number in range(accounts)]
    )
    return coded if form == "dictionary" else coded.cast(pa.string())


def _numbers(values: Ints, form: str) -> Any:
    if form == "float64":
        return pa.array(values / _E8)
    plain = pa.array(values)
    if form == "e8":
        return plain
    # The same integers, read as decimals of scale 8: two 64-bit words each, the upper one carrying the sign.
    words = np.stack([values, values >> 63], axis=1)
    return pa.Array.from_buffers(pa.decimal128(28, 8), len(values), [None, pa.py_buffer(words.tobytes())])


def _workload_rules(names: list[str]) -> str:
    tiers = """tiers = [[50_000, "0.5%", 50], [250_000, "1%", 25], [1_000_000, "2%", 20], [5_000_000, "4%", 10], \
[20_000_000, "10%", 5], [100_000_000, "25%", 2]]"""
    header = """name = "workload"
[venue]
settlement = "USD"
profit_credit = 0
fees = { standard = { maker = "0.02%", taker = "0.05%" } }
[asset.USD]
class = "fiat"
eligible = true
[asset.A1]
class = "stablecoin"
eligible = true
haircut = [[100_000, "2%"], ["rest", "10%"]]
[asset.A2]
class = "virtual_asset"
eligible = true
haircut = [[50_000, "10%"], [500_000, "30%"]]
"""
    parts = [f'[underlying.{name[:3]}]\n[instrument.{name}]\nunderlying = "{name[:3]}"\n' for name in names]
    return header + "".join(f"{part}tick = 0.01\nlot = 0.001\n{tiers}\n" for part in parts)


def _grid(price: str) -> int:
    return int(Decimal(price) * _E8)


def _ticks(price: Floats) -> Ints:
    """Raw prices as whole ticks of 0.1 above 10,000 and of 0.01 below, as in the presets."""
    tick = np.where(price >= 10_000 * _E8, _E8 // 10, _E8 // 100)
    found: Ints = np.rint(price / tick).astype(np.int64) * tick
    return found

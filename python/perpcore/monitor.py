"""`Monitor`: a book that stays, re-checked at every change of a price or a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, NoReturn

from . import _core
from ._inputs import producer
from ._stress import largest_deficits, reverse_stress, stress
from ._tables import RecordBatch, imported, table_of
from .assessment import Assessment, assess
from .explanation import Explanation

__all__ = ["Monitor", "OrderCheck"]

_TABLES = ("positions", "balances", "orders", "accounts", "prices")
_Number = str | int | float | Decimal


class OrderCheck:
    """The margin answer of the gate to an order, made by `Monitor.check_order`.

    >>> import perpcore as pc
    >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["3000"]}, prices={"BTC-PERP": "58000"})
    >>> pc.Monitor(pc.Rulebook.preset("hk-vatp-perp"), **book).check_order("A", "BTC-PERP", 1, price=58_000)
    <OrderCheck accepted: initial margin after 2,929, opening equity 3,000>
    """

    __slots__ = ("_core",)

    def __init__(self, core: _core.OrderCheck) -> None:
        self._core = core

    @property
    def accepted(self) -> bool:
        """Whether the margin of the account admits the order.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["9"]}, prices={"BTC-PERP": "58000"})
        >>> pc.Monitor(pc.Rulebook.preset("hk-vatp-perp"), **book).check_order("A", "BTC-PERP", 1).accepted
        False
        """
        return self._core.accepted

    @property
    def code(self) -> str | None:
        """Why it is refused: insufficient_margin, price_unusable or account_bankrupt; None where it is accepted.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["9"]}, prices={"BTC-PERP": "58000"})
        >>> pc.Monitor(pc.Rulebook.preset("hk-vatp-perp"), **book).check_order("A", "BTC-PERP", 1).code
        'insufficient_margin'
        """
        return self._core.code

    @property
    def initial_margin_after(self) -> Decimal:
        """Initial margin of the account with the order.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["9"]}, prices={"BTC-PERP": "58000"})
        >>> answer = pc.Monitor(pc.Rulebook.preset("hk-vatp-perp"), **book).check_order("A", "BTC-PERP", 1)
        >>> answer.initial_margin_after  # 58,000 × (5 % + 0.05 %)
        Decimal('2929.00000000')
        """
        return self._core.initial_margin_after

    @property
    def opening_equity(self) -> Decimal:
        """What it is held against.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["9"]}, prices={"BTC-PERP": "58000"})
        >>> pc.Monitor(pc.Rulebook.preset("hk-vatp-perp"), **book).check_order("A", "BTC-PERP", 1).opening_equity
        Decimal('9.00000000')
        """
        return self._core.opening_equity

    @property
    def lines(self) -> RecordBatch:
        """The lines of the initial margin with the order, as `Assessment.lines` has them: their amounts add up to it.

        Raises StateError `inputs_changed` where the monitor was updated since.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["9"]}, prices={"BTC-PERP": "58000"})
        >>> answer = pc.Monitor(pc.Rulebook.preset("hk-vatp-perp"), **book).check_order("A", "BTC-PERP", 1)
        >>> [(line["rule"], f"{line['amount']:.2f}") for line in answer.lines.to_pylist()]
        [('margin.initial', '2900.00'), ('margin.orders', '29.00')]
        """
        return imported(self._core.lines())

    def __repr__(self) -> str:
        what = "accepted" if self.accepted else f"refused, {self.code}"
        after, equity = (_short(amount) for amount in (self.initial_margin_after, self.opening_equity))
        return f"<OrderCheck {what}: initial margin after {after}, opening equity {equity}>"


def _short(amount: Decimal) -> str:
    return f"{amount.normalize():,f}"


class Monitor:
    """A resident book: it is given once, then told what changes, and says whose status changed.

    Tables and prices as in `assess`. Calls may come from any thread; one at a time is at work. Results are those of
    `assess` on `snapshot()`, to the bit. Raises as `assess`.

    >>> import perpcore as pc
    >>> monitor = pc.Monitor(
    ...     pc.Rulebook.preset("hk-vatp-perp"),
    ...     positions={"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["1"], "cost": ["60000"]},
    ...     balances={"account": ["A"], "asset": ["USD"], "amount": ["5000"]},
    ...     prices={"BTC-PERP": "60000"},
    ... )
    >>> for change in monitor.reprice({"BTC-PERP": "55200"}).to_pylist():
    ...     print(change["account"], change["before"], "→", change["after"], f"{change['equity']:.2f}")
    A healthy → liquidation 200.00
    """

    __slots__ = ("_core", "_rules", "_scenarios", "_threads")

    def __init__(
        self,
        rules: _core.Rulebook,
        *,
        positions: Any = None,
        balances: Any = None,
        prices: Any = None,
        orders: Any = None,
        accounts: Any = None,
        scenarios: Any = None,
        threads: int | None = None,
    ) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"threads is at least 1, or None, not {threads}")
        table = producer("scenarios", scenarios)
        # A stream can be read once, and every assessment of the book reads it again.
        self._scenarios = None if table is None else table_of(table)
        self._rules = rules
        self._threads = threads
        self._core = _core.Monitor(rules, self._scenarios, threads)
        self._update(positions, balances, prices, orders, accounts)

    def update(
        self,
        *,
        prices: Any = None,
        positions: Any = None,
        balances: Any = None,
        orders: Any = None,
        accounts: Any = None,
        seq: int | None = None,
    ) -> RecordBatch:
        """Takes over what the tables say, in one step, and returns the buckets whose status changed.

        Values are absolute. Prices not named stay. The rows of a key replace what it had: positions and orders by
        (account, instrument, margin_mode), balances by (account, asset), settings by account; where all of them say
        0 the key is gone, with its cost; a book given to an empty monitor is kept row by row. An account stays once it
        was named. Columns of the result: account, instrument (null: cross),
        before, after, equity, maintenance_margin, cause (positions, balances, orders, accounts: the first of these
        tables that named the account; else prices). What is not there counts as healthy.

        `seq` numbers updates, with at most 63 bits: one that is not above the last is a repeat and changes nothing.
        Raises as `assess`; then nothing has changed, `seq` included. StateError `reentrant` if called by what an update
        itself runs.

        >>> import perpcore as pc
        >>> book = dict(
        ...     positions={"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["1"], "cost": ["60000"]},
        ...     balances={"account": ["A"], "asset": ["USD"], "amount": ["5000"]},
        ...     prices={"BTC-PERP": "55200"},
        ... )
        >>> monitor = pc.Monitor(pc.Rulebook.preset("hk-vatp-perp"), **book)
        >>> deposit = {"account": ["A"], "asset": ["USD"], "amount": ["9000"]}
        >>> monitor.update(balances=deposit, seq=1).to_pydict()["after"]
        ['healthy']
        >>> monitor.update(balances=deposit, seq=1).num_rows
        0
        """
        if isinstance(seq, bool) or not isinstance(seq, int | None):
            raise TypeError(f"seq is an integer, not {type(seq).__name__}")
        return self._update(positions, balances, prices, orders, accounts, seq)

    def _update(
        self, positions: Any, balances: Any, prices: Any, orders: Any, accounts: Any, seq: int | None = None
    ) -> RecordBatch:
        return imported(
            self._core.update(
                producer("positions", positions),
                producer("balances", balances),
                producer("prices", prices),
                producer("orders", orders),
                producer("accounts", accounts),
                seq,
            )
        )

    def reprice(self, prices: Any) -> RecordBatch:
        """`update(prices=prices)`.

        >>> import perpcore as pc
        >>> pc.Monitor(pc.Rulebook.preset("hk-vatp-perp")).reprice({"BTC-PERP": "58000"}).num_rows
        0
        """
        return self._update(None, None, prices, None, None)

    @property
    def seq(self) -> int | None:
        """The number of the last update that had one.

        >>> import perpcore as pc
        >>> pc.Monitor(pc.Rulebook.preset("hk-vatp-perp")).seq is None
        True
        """
        return self._core.seq()

    @property
    def rules(self) -> _core.Rulebook:
        """The rulebook it works under.

        >>> import perpcore as pc
        >>> pc.Monitor(pc.Rulebook.preset("hk-vatp-perp")).rules.name
        'hk-vatp-perp'
        """
        return self._rules

    def snapshot(self) -> dict[str, RecordBatch]:
        """The book as tables that `assess` takes: whatever a figure depends on, prices and scenarios included.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["100"]})
        >>> monitor = pc.Monitor(pc.Rulebook.preset("hk-vatp-perp"), **book)
        >>> pc.assess(monitor.rules, **monitor.snapshot()).counts()
        {'healthy': 1}
        """
        return self._book()

    def _book(self, account: str | int | None = None, statuses: list[str] | None = None) -> dict[str, Any]:
        batches = self._core.snapshot(account, statuses)
        book: dict[str, Any] = dict(zip(_TABLES, map(imported, batches), strict=True))
        if self._scenarios is not None:
            book["scenarios"] = self._scenarios
        return book

    def _assessed(self, account: str | int | None = None, statuses: list[str] | None = None) -> Assessment:
        return assess(self._rules, **self._book(account, statuses), threads=self._threads)

    def accounts(self, status: str | Iterable[str] | None = None) -> RecordBatch:
        """The accounts table of `assess`: of all accounts, or of those with a bucket, cross or isolated, of a status.

        Raises ValueError for a word that is no status.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["100"]})
        >>> monitor = pc.Monitor(pc.Rulebook.preset("hk-vatp-perp"), **book)
        >>> monitor.accounts().num_rows, monitor.accounts(status="liquidation").num_rows
        (1, 0)
        """
        statuses = None if status is None else [status] if isinstance(status, str) else list(status)
        return self._assessed(None, statuses).accounts

    def explain(self, account: str | int) -> Explanation:
        """The figures of one account, line by line, as `Assessment.explain`. Raises StateError `unknown_account`.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["100"]})
        >>> pc.Monitor(pc.Rulebook.preset("hk-vatp-perp"), **book).explain("A").status
        'healthy'
        """
        return self._assessed(account).explain(account)

    def liquidation_prices(self) -> RecordBatch:
        """As `Assessment.liquidation_prices`, of the book as it is.

        >>> import perpcore as pc
        >>> pc.Monitor(pc.Rulebook.preset("hk-vatp-perp")).liquidation_prices().num_rows
        0
        """
        return self._assessed().liquidation_prices()

    def ladder(self, instrument: str, *, step: _Number | None = None) -> RecordBatch:
        """As `Assessment.ladder`, of the book as it is.

        >>> import perpcore as pc
        >>> pc.Monitor(pc.Rulebook.preset("hk-vatp-perp"), prices={"BTC-PERP": 58_000}).ladder("BTC-PERP").num_rows
        0
        """
        return self._assessed().ladder(instrument, step=step)

    def stress(self, scenarios: Any, *, fund: _Number | None = None) -> RecordBatch:
        """As `perpcore.stress`, of the book as it is.

        >>> import perpcore as pc
        >>> monitor = pc.Monitor(pc.Rulebook.preset("hk-vatp-perp"))
        >>> monitor.stress({"scenario": ["fall"], "BTC": ["-0.12"]}).num_rows
        1
        """
        return stress(self._rules, self._book(), scenarios, fund=fund, threads=self._threads)

    def largest_deficits(self, scenarios: Any, *, count: int = 10) -> RecordBatch:
        """As `perpcore.largest_deficits`, of the book as it is.

        >>> import perpcore as pc
        >>> monitor = pc.Monitor(pc.Rulebook.preset("hk-vatp-perp"))
        >>> monitor.largest_deficits({"scenario": ["fall"], "BTC": ["-0.12"]}).num_rows
        0
        """
        return largest_deficits(self._rules, self._book(), scenarios, count=count, threads=self._threads)

    def reverse_stress(self, direction: Mapping[str, _Number], *, deficit: _Number = 0) -> Fraction | None:
        """As `perpcore.reverse_stress`, of the book as it is.

        >>> import perpcore as pc
        >>> pc.Monitor(pc.Rulebook.preset("hk-vatp-perp")).reverse_stress({"BTC": -1}) is None
        True
        """
        return reverse_stress(self._rules, self._book(), direction, deficit=deficit, threads=self._threads)

    def what_if(
        self,
        *,
        prices: Any = None,
        positions: Any = None,
        balances: Any = None,
        orders: Any = None,
        accounts: Any = None,
    ) -> Assessment:
        """The book as it would be after an update: an Assessment; the monitor stays as it is. Raises as `update`.

        >>> import perpcore as pc
        >>> book = dict(
        ...     positions={"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["1"], "cost": ["60000"]},
        ...     balances={"account": ["A"], "asset": ["USD"], "amount": ["5000"]},
        ...     prices={"BTC-PERP": "60000"},
        ... )
        >>> monitor = pc.Monitor(pc.Rulebook.preset("hk-vatp-perp"), **book)
        >>> monitor.what_if(prices={"BTC-PERP": "55200"}).counts(), monitor.accounts("healthy").num_rows
        ({'liquidation': 1}, 1)
        """
        other = Monitor(self._rules, **self._book(), threads=self._threads)
        other.update(prices=prices, positions=positions, balances=balances, orders=orders, accounts=accounts)
        return other._assessed()

    def check_order(
        self,
        account: str | int,
        instrument: str,
        quantity: _Number,
        price: _Number | None = None,
        reduce_only: bool = False,
    ) -> OrderCheck:
        """Whether the margin of an account admits an order of its cross account; nothing is reserved.

        `quantity` is signed, in contracts; without `price` the order is at the mark. An order that reduces risk passes
        unless the account is bankrupt; any other needs opening equity of at least the initial margin with it, at
        prices that may be used.

        Raises StateError `unknown_account`; InputError for an instrument that is not in the rulebook or has no price;
        TypeError and ValueError for the other arguments.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["3000"]}, prices={"BTC-PERP": "58000"})
        >>> monitor = pc.Monitor(pc.Rulebook.preset("hk-vatp-perp"), **book)
        >>> monitor.check_order("A", "BTC-PERP", 1).accepted, monitor.check_order("A", "BTC-PERP", "-1.5").accepted
        (True, False)
        """
        return OrderCheck(self._core.check_order(account, instrument, quantity, price, reduce_only))

    def counters(self) -> dict[str, Any]:
        """What it did so far, readable while another call is at work.

        accounts; updates; rows that came with them; visits: accounts that were valued; sweeps: updates that valued
        every account; changes of a status; latency_us: how many updates of the last minute took at most so many
        microseconds, None for beyond.

        >>> import perpcore as pc
        >>> pc.Monitor(pc.Rulebook.preset("hk-vatp-perp")).counters()["accounts"]
        0
        """
        found: dict[str, Any] = self._core.counters()
        return found

    def __repr__(self) -> str:
        return f"<Monitor {self._rules.name or 'rulebook'}: {self._core.counters()['accounts']:,} accounts>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Monitor is not pickled; keep its snapshot() and make one of it: Monitor(rules, **snapshot)")

"""`assess` and what it returns: every account of a book valued under one rulebook at one set of prices."""

from __future__ import annotations

import html
import os
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from . import _core, errors
from ._inputs import producer
from ._tables import RecordBatch, compute, displayed, imported, plain_ids, table_of
from .explanation import STATUS_WORDS, Explanation, rulebook_label

if TYPE_CHECKING:
    import pandas
    import polars

__all__ = ["Assessment", "assess"]

# on_error, extra, threads
_Options = tuple[str, str, int | None]
# positions, balances, prices, orders, accounts, scenarios, as the core was given them
_Tables = tuple[Any, Any, Any, Any, Any, Any]


def assess(
    rules: _core.Rulebook,
    *,
    positions: Any = None,
    balances: Any = None,
    prices: Any = None,
    orders: Any = None,
    accounts: Any = None,
    scenarios: Any = None,
    on_error: str = "raise",
    extra: str = "refuse",
    threads: int | None = None,
) -> Assessment:
    """Values every account: equity, margins, status, and the lines that add up to them.

    Each table is an Arrow producer (pyarrow, polars, pandas, duckdb, …) or a mapping of columns; None is an empty
    one. Columns are listed by `perpcore.schema(name)` and `perpcore.describe()["tables"]`. `prices` may also be
    `{symbol: number}`: instrument marks and asset prices in the settlement currency. Quantities are in contracts,
    money in whole units of the settlement currency, all on the grid of 10⁻⁸.

    `on_error="mark"` gives an account with a bad row the status `unknown` instead of raising; `extra="ignore"` allows
    columns that are not of the table; `threads` bounds the threads used (None: as many as pay).
    `scenarios` replaces those that the rulebook generates for accounts of the portfolio model: one row a scenario, one
    column an underlying with its relative move, from −1 to 10.

    Raises SchemaError for the form of a table, InputError for a value in it, TypeError and ValueError for the other
    arguments. The formulas: docs/margin.md.

    >>> import perpcore as pc
    >>> result = pc.assess(
    ...     pc.Rulebook.preset("hk-vatp-perp"),
    ...     positions={"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["4"], "entry_price": ["61000"]},
    ...     balances={"account": ["A"], "asset": ["USD"], "amount": ["20000"]},
    ...     prices={"BTC-PERP": "58000"},
    ... )
    >>> row = result.accounts.to_pylist()[0]
    >>> str(row["equity"]), str(row["maintenance_margin"]), row["status"]
    ('8000.00000000', '1980.00000000', 'restricted')
    """
    inputs = (
        producer("positions", positions),
        producer("balances", balances),
        producer("prices", prices),
        producer("orders", orders),
        producer("accounts", accounts),
        producer("scenarios", scenarios),
    )
    if threads is not None and threads < 1:
        raise ValueError(f"threads is at least 1, or None, not {threads}")
    options = (on_error, extra, threads)
    folder = os.environ.get("PERPCORE_CAPTURE")
    if folder is None:
        return Assessment(_core.assess(rules, *inputs, *options), rules, inputs, options)
    from .capture import captured

    # A stream can be read once, and what failed is read again to be written.
    tables = _kept(inputs)
    with captured(folder, rules, tables, options):
        return Assessment(_core.assess(rules, *tables, *options), rules, tables, options)


def _kept(inputs: _Tables) -> _Tables:
    """The inputs as pyarrow tables, to be written or sent."""
    positions, balances, prices, orders, accounts, scenarios = (
        None if table is None else table_of(table) for table in inputs
    )
    return positions, balances, prices, orders, accounts, scenarios


def _again(rules: _core.Rulebook, tables: _Tables, options: _Options) -> Assessment:
    """What a pickled assessment becomes: the same inputs give the same bits on every machine."""
    positions, balances, prices, orders, accounts, scenarios = tables
    on_error, extra, threads = options
    return assess(
        rules,
        positions=positions,
        balances=balances,
        prices=prices,
        orders=orders,
        accounts=accounts,
        scenarios=scenarios,
        on_error=on_error,
        extra=extra,
        threads=threads,
    )


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


class Assessment:
    """A book of accounts, valued. Immutable, may be shared between threads; made by `assess`.

    It exports the Arrow C interface of its accounts table, so `polars.DataFrame(result)` works. Pickling keeps the
    rulebook and the inputs and computes again.

    >>> import perpcore as pc
    >>> pc.assess(
    ...     pc.Rulebook.preset("hk-vatp-perp"),
    ...     balances={"account": ["A", "B"], "asset": ["USD", "USD"], "amount": ["100", "0"]},
    ... )
    <Assessment hk-vatp-perp: 2 accounts, 2 healthy>
    """

    __slots__ = ("_accounts", "_core", "_inputs", "_isolated", "_options", "_rules")

    def __init__(self, core: _core.Assessment, rules: _core.Rulebook, inputs: _Tables, options: _Options) -> None:
        self._core = core
        self._rules = rules
        self._inputs = inputs
        self._options = options
        self._accounts: RecordBatch | None = None
        self._isolated: RecordBatch | None = None

    @property
    def rules(self) -> _core.Rulebook:
        """The rulebook it was valued under.

        >>> import perpcore as pc
        >>> pc.assess(pc.Rulebook.preset("hk-vatp-perp")).rules.name
        'hk-vatp-perp'
        """
        return self._rules

    @property
    def accounts(self) -> RecordBatch:
        """The cross bucket of every account, in order of first appearance: a pyarrow RecordBatch.

        Money is decimal128(28, 8) in the settlement currency, `margin_ratio` float64 (maintenance margin ÷ equity,
        null where equity ≤ 0), `status` a dictionary of words. Schema metadata names the rulebook's digest.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["100"]})
        >>> pc.assess(pc.Rulebook.preset("hk-vatp-perp"), **book).accounts.to_pylist()[0]["status"]
        'healthy'
        """
        if self._accounts is None:
            self._accounts = imported(self._core.accounts())
        return self._accounts

    @property
    def isolated(self) -> RecordBatch:
        """One row per isolated position, in order of its first row: a pyarrow RecordBatch.

        >>> import perpcore as pc
        >>> pc.assess(pc.Rulebook.preset("hk-vatp-perp")).isolated.num_rows
        0
        """
        if self._isolated is None:
            self._isolated = imported(self._core.isolated())
        return self._isolated

    def lines(self) -> RecordBatch:
        """Every line of every account: account, bucket, total, rule, subject, quantity, price, rate, amount, note.

        The amounts, decimal128(38, 24), of one (account, bucket, total) add up to that total exactly; `bucket` is the
        instrument of an isolated position, null for cross. Raises StateError `inputs_changed` if the memory behind an
        input was changed after the call.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["100"]})
        >>> [line["rule"] for line in pc.assess(pc.Rulebook.preset("hk-vatp-perp"), **book).lines().to_pylist()]
        ['collateral.haircut']
        """
        return imported(self._core.lines())

    def liquidation_prices(self) -> RecordBatch:
        """The marks at which buckets go into liquidation: account, instrument, margin_mode, mark, below, above.

        One row per position that is not flat. As the mark moves to a price p, every mark and every asset price of the
        same underlying moves by p ÷ mark, and all else stays. `below` is the lowest tick at which the bucket is not in
        liquidation, `above` the highest; null where there is none, and both where it is in liquidation already. The
        rule is `threshold.liquidation`, docs/margin.md. Raises StateError `inputs_changed` if the memory behind an
        input was changed after the call.

        >>> import perpcore as pc
        >>> result = pc.assess(
        ...     pc.Rulebook.preset("hk-vatp-perp"),
        ...     positions={"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["4"], "cost": ["244000"]},
        ...     balances={"account": ["A"], "asset": ["USD"], "amount": ["20000"]},
        ...     prices={"BTC-PERP": "58000"},
        ... )
        >>> row = result.liquidation_prices().to_pylist()[0]
        >>> str(row["below"]), row["above"]
        ('56472.10000000', None)
        """
        return imported(self._core.liquidation_prices())

    def ladder(self, instrument: str, *, step: str | int | float | Decimal | None = None) -> RecordBatch:
        """How much of an instrument is liquidated as its price moves: notional by ranges of the liquidation price.

        Columns: instrument, price_from, price_to, long_notional, short_notional, buckets. Ranges are `step` wide and
        counted from the mark, below it (price_from, price_to], above it [price_from, price_to); those that hold nothing
        are left out. Notional is at the mark now, so that it compares with open interest; a position with a
        liquidation price on both sides counts on each, one whose bucket is in liquidation already on none. Without
        `step` it is 1 % of the mark, down to a tick: about a day's move is then a handful of rows.

        Raises InputError `unknown_instrument`, ValueError for a step that is not positive or has more than eight
        decimals, and StateError as `liquidation_prices`.

        >>> import perpcore as pc
        >>> result = pc.assess(
        ...     pc.Rulebook.preset("hk-vatp-perp"),
        ...     positions={"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["4"], "cost": ["244000"]},
        ...     balances={"account": ["A"], "asset": ["USD"], "amount": ["20000"]},
        ...     prices={"BTC-PERP": "58000"},
        ... )
        >>> row = result.ladder("BTC-PERP", step=1_000).to_pylist()[0]
        >>> [str(row[name]) for name in ("price_from", "price_to", "long_notional", "buckets")]
        ['56000.00000000', '57000.00000000', '232000.00000000', '1']
        """
        return imported(
            self._core.ladder(instrument, None if step is None else _core.grid_units("step", step, 1, 10**16))
        )

    def explain(self, account: str | int) -> Explanation:
        """The figures of one account, line by line, as a page.

        Raises StateError `unknown_account`, or `inputs_changed` if the memory behind an input was changed.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["100"]})
        >>> pc.assess(pc.Rulebook.preset("hk-vatp-perp"), **book).explain("A").status
        'healthy'
        """
        row, isolated, lines, prices = self._core.explain(account)
        buckets = [self.isolated.slice(bucket, 1).to_pylist()[0] for bucket in isolated]
        shown = self.accounts.slice(row, 1).to_pylist()[0]
        return Explanation(imported(lines), shown, buckets, imported(prices), self._rules)

    def diff(self, other: Assessment, *, by: str = "bucket") -> RecordBatch:
        """Which statuses differ between this assessment (before) and another (after), and why.

        The two may differ in prices, rulebook or book. `by="bucket"`: one row per account and isolated position
        whose status differs: account, instrument (null: cross), before, after, the equity and margins on both
        sides, `cause` and `cause_amount`: the total that moved the bucket most in the direction it went, and by
        how much (settlement currency). `by="rule"`: the lines of those buckets on both sides, with their change.
        Rows missing on one side have nulls there. Raises ValueError for another `by`, TypeError if account ids are
        of different kinds.

        >>> import perpcore as pc
        >>> rules = pc.Rulebook.preset("hk-vatp-perp")
        >>> book = dict(
        ...     positions={"account": ["A"], "instrument": ["BTC-PERP"], "quantity": ["1"], "cost": ["60000"]},
        ...     balances={"account": ["A"], "asset": ["USD"], "amount": ["5000"]},
        ... )
        >>> calm = pc.assess(rules, **book, prices={"BTC-PERP": "60000"})
        >>> low = pc.assess(rules, **book, prices={"BTC-PERP": "55200"})
        >>> row = calm.diff(low).to_pylist()[0]
        >>> row["before"], row["after"], row["cause"], str(row["cause_amount"])
        ('healthy', 'liquidation', 'unrealized_pnl', '-4800.00000000')
        """
        from .diff import by_bucket, by_rule

        if not isinstance(other, Assessment):
            raise TypeError(f"another Assessment is needed, not {type(other).__name__}")
        if by == "bucket":
            return by_bucket(self, other)
        if by == "rule":
            return by_rule(self, other)
        raise ValueError(f"by is 'bucket' or 'rule', not {by!r}")

    def to_pandas(self, decimals: bool = False) -> pandas.DataFrame:
        """The accounts as a pandas DataFrame, money as float64 for display, exact `Decimal` with `decimals=True`.

        Raises ImportError where pandas is not installed.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["100"]})
        >>> float(pc.assess(pc.Rulebook.preset("hk-vatp-perp"), **book).to_pandas().equity[0])
        100.0
        """
        try:
            import pandas  # noqa: F401
        except ImportError as error:
            raise ImportError("to_pandas needs pandas: pip install pandas") from error
        frame: pandas.DataFrame = displayed(self.accounts, decimals=decimals).to_pandas()
        return frame

    def to_polars(self, decimals: bool = False) -> polars.DataFrame:
        """The accounts as a polars DataFrame, money as Float64 for display, as Decimal with `decimals=True`.

        Raises ImportError where polars is not installed.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["100"]})
        >>> pc.assess(pc.Rulebook.preset("hk-vatp-perp"), **book).to_polars()["equity"].to_list()
        [100.0]
        """
        try:
            import polars
        except ImportError as error:
            raise ImportError("to_polars needs polars: pip install polars") from error
        frame = polars.from_arrow(displayed(self.accounts, decimals=decimals))
        assert isinstance(frame, polars.DataFrame)
        return frame

    def __arrow_c_schema__(self) -> object:
        return self.accounts.schema.__arrow_c_schema__()

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        pair: tuple[object, object] = self.accounts.__arrow_c_array__(requested_schema)
        return pair

    def counts(self) -> dict[str, int]:
        """Accounts by status of their cross bucket, the worst first; statuses nobody has are left out.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["100"]})
        >>> pc.assess(pc.Rulebook.preset("hk-vatp-perp"), **book).counts()
        {'healthy': 1}
        """
        counted = compute.value_counts(plain_ids(self.accounts.column("status"))).to_pylist()
        found = {entry["values"]: entry["counts"] for entry in counted}
        return {status: found[status] for status in STATUS_WORDS if status in found}

    def __repr__(self) -> str:
        counts = "".join(f", {count:,} {status}" for status, count in self.counts().items())
        isolated = f"; {_counted(self.isolated.num_rows, 'isolated position')}" if self.isolated.num_rows else ""
        accounts = _counted(self.accounts.num_rows, "account")
        return f"<Assessment {self._rules.name or 'rulebook'}: {accounts}{counts}{isolated}>"

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{s}</td><td align=right>{n:,}</td></tr>" for s, n in self.counts().items())
        title = f"{_counted(self.accounts.num_rows, 'account')} · {html.escape(rulebook_label(self._rules))}"
        return f"<table><caption>{title}</caption><tr><th>status</th><th>accounts</th></tr>{rows}</table>"

    def __reduce__(self) -> tuple[Any, ...]:
        try:
            tables = _kept(self._inputs)
        except Exception as error:
            raise TypeError("an input was a stream that can be read once; pass a table to pickle the result") from error
        again = _again(self._rules, tables, self._options)
        if not (again.accounts.equals(self.accounts) and again.isolated.equals(self.isolated)):
            raise errors.StateError("the memory behind an input was changed after the call", code="inputs_changed")
        return _again, (self._rules, tables, self._options)

"""The page of one account: what it holds, what is required of it, and the lines that each figure is the sum of."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from . import _core
from ._tables import RecordBatch

__all__ = ["STATUS_WORDS", "Explanation", "amount_text", "rulebook_label"]

# The words of a page, in the order of the rule `status`: the worst first, then what was not valued at all.
STATUS_WORDS: Mapping[str, str] = {
    "undecided": "UNDECIDED",
    "bankrupt": "BANKRUPT",
    "liquidation": "LIQUIDATION",
    "margin_call": "MARGIN CALL",
    "restricted": "RESTRICTED, may only reduce",
    "healthy": "HEALTHY",
    "unknown": "UNKNOWN",
}

# The sections of a page: heading, the figure it shows, and the totals whose lines stand below it. Funding owed
# lowers equity, so that its lines are shown with the opposite sign there.
_SECTIONS: tuple[tuple[str, str, Mapping[str, int]], ...] = (
    ("equity", "equity", {"collateral_value": 1, "unrealized_pnl": 1, "accrued_funding": -1}),
    ("initial margin", "initial_margin", {"initial_margin": 1}),
    ("maintenance margin", "maintenance_margin", {"maintenance_margin": 1}),
)

# The narrowest columns of a page, so that pages of ordinary accounts look alike: subject, note, amount, figure.
_WIDTHS = (8, 28, 11, 10)


class Explanation:
    """One account, line by line. Prints as a page; made by `Assessment.explain`.

    >>> import perpcore as pc
    >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["100"]})
    >>> page = pc.assess(pc.Rulebook.preset("hk-vatp-perp"), **book).explain("A")
    >>> print(str(page).splitlines()[1])
      equity                                                 100.00
    """

    __slots__ = ("_account", "_isolated", "_lines", "_liquidation", "_rules")

    def __init__(
        self,
        lines: RecordBatch,
        account: Mapping[str, Any],
        isolated: Iterable[Mapping[str, Any]],
        liquidation: RecordBatch,
        rules: _core.Rulebook,
    ) -> None:
        self._lines = lines
        self._account = dict(account)
        self._isolated = [dict(row) for row in isolated]
        self._liquidation = liquidation
        self._rules = rules

    @property
    def account(self) -> str | int:
        """The account's id.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["100"]})
        >>> pc.assess(pc.Rulebook.preset("hk-vatp-perp"), **book).explain("A").account
        'A'
        """
        found: str | int = self._account["account"]
        return found

    @property
    def status(self) -> str:
        """The status of the cross bucket: `healthy`, `restricted`, `margin_call`, `liquidation`, …

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["100"]})
        >>> pc.assess(pc.Rulebook.preset("hk-vatp-perp"), **book).explain("A").status
        'healthy'
        """
        return str(self._account["status"])

    @property
    def lines(self) -> RecordBatch:
        """The lines of the account, a pyarrow RecordBatch in the form of `Assessment.lines`.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["100"]})
        >>> pc.assess(pc.Rulebook.preset("hk-vatp-perp"), **book).explain("A").lines.num_rows
        1
        """
        return self._lines

    @property
    def totals(self) -> dict[str, Decimal]:
        """The figures of the cross bucket by name, exact, in the settlement currency; empty if not valued.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["100"]})
        >>> pc.assess(pc.Rulebook.preset("hk-vatp-perp"), **book).explain("A").totals["equity"]
        Decimal('100.00000000')
        """
        return {name: value for name, value in self._account.items() if isinstance(value, Decimal)}

    @property
    def isolated(self) -> dict[str, dict[str, Any]]:
        """The row of each isolated position of the account, by instrument, as in `Assessment.isolated`.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["100"]})
        >>> pc.assess(pc.Rulebook.preset("hk-vatp-perp"), **book).explain("A").isolated
        {}
        """
        return {row["instrument"]: dict(row) for row in self._isolated}

    @property
    def liquidation_prices(self) -> RecordBatch:
        """The rows of the account in the form of `Assessment.liquidation_prices`.

        >>> import perpcore as pc
        >>> book = dict(balances={"account": ["A"], "asset": ["USD"], "amount": ["100"]})
        >>> pc.assess(pc.Rulebook.preset("hk-vatp-perp"), **book).explain("A").liquidation_prices.num_rows
        0
        """
        return self._liquidation

    def __str__(self) -> str:
        buckets = [(None, self._account), *((row["instrument"], row) for row in self._isolated)]
        lines, prices = self._lines.to_pylist(), self._liquidation.to_pylist()
        sections = [(bucket, row, _sections(bucket, row, lines)) for bucket, row in buckets]
        rows = [row for *_, parts in sections for _, _, part in parts for row in part]
        widths = _widths(rows, [figure for *_, parts in sections for _, figure, _ in parts])
        page = []
        for bucket, row, parts in sections:
            page.append(self._heading(bucket, row))
            for heading, figure, part in parts:
                page.append(_figure_line(heading, figure, widths))
                page.extend(_row_line(line, widths) for line in part)
            page.extend(_liquidation_lines(bucket, prices))
        return "\n".join(line.rstrip() for line in page)

    def _heading(self, bucket: str | None, row: Mapping[str, Any]) -> str:
        words = STATUS_WORDS[row["status"]]
        if row.get("problem"):
            words += f": {row['problem']}"
        if bucket is not None:
            return f"{self.account} · {bucket}  {words}      standard, isolated"
        model = "standard" if row.get("worst_scenario") is None else "portfolio"
        return f"{self.account}  {words}      {model}, cross · {rulebook_label(self._rules)}"

    def __repr__(self) -> str:
        return f"<Explanation {self.account}: {self.status}, {self._lines.num_rows} lines>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def rulebook_label(rules: _core.Rulebook) -> str:
    """A rulebook in one glance: its name and the beginning of its digest."""
    return f"{rules.name or 'rulebook'} {rules.digest[:12]}…"


def amount_text(amount: Decimal, decimals: int = 2) -> str:
    """An amount as people read it: thousands separated, at least `decimals` decimals, none dropped, a true minus.

    >>> from decimal import Decimal
    >>> amount_text(Decimal("-12000.00000000")), amount_text(Decimal("0.00000204"))
    ('−12,000.00', '0.00000204')
    """
    whole, _, fraction = format(abs(amount), ",f").partition(".")
    fraction = fraction.rstrip("0").ljust(decimals, "0")
    return ("−" if amount < 0 else "") + whole + ("." + fraction if fraction else "")


def _sections(
    bucket: str | None, row: Mapping[str, Any], lines: list[dict[str, Any]]
) -> list[tuple[str, str, list[tuple[str, str, str, str]]]]:
    """Heading, figure and rows (subject, note, amount, rule) of each section of one bucket."""
    if row.get("equity") is None:
        return []
    found = []
    for heading, figure, signs in _SECTIONS:
        part = [
            (line["subject"] or "", line["note"] or "", amount_text(line["amount"] * signs[line["total"]]), _rule(line))
            for line in lines
            if line["bucket"] == bucket and line["total"] in signs
        ]
        found.append((heading, amount_text(row[figure]), part))
    return found


def _liquidation_lines(bucket: str | None, prices: Iterable[Mapping[str, Any]]) -> list[str]:
    """Where one bucket goes into liquidation; with several positions a line each, that of one without its name."""
    mode = "cross" if bucket is None else "isolated"
    rows = [row for row in prices if row["margin_mode"] == mode and bucket in (None, row["instrument"])]
    found = []
    for row in rows:
        sides = " or ".join(
            f"{side} {amount_text(row[side], 0)}" for side in ("below", "above") if row[side] is not None
        )
        if sides:
            found.append(
                f"  liquidation {sides}" if len(rows) == 1 else f"  liquidation at {row['instrument']} {sides}"
            )
    return found


def _rule(line: Mapping[str, Any]) -> str:
    """The rule's id; of the two kinds of order lines in the cross bucket also which it is: only a fee has a rate, and
    only a loss a price and no rate."""
    if line["rule"] == "margin.orders" and line["bucket"] is None:
        if line["rate"] is not None:
            return "margin.orders (fee)"
        if line["price"] is not None:
            return "margin.orders (loss)"
    return str(line["rule"])


def _widths(rows: Iterable[tuple[str, str, str, str]], figures: Iterable[str]) -> tuple[int, int, int, int, int, int]:
    """Columns of a page: subject, note, amount and figure up to the cents, and the decimals beyond those."""
    subject, note, amount, figure = _WIDTHS
    beyond_amount = beyond_figure = 0
    for name, words, value, _ in rows:
        subject, note = max(subject, len(name)), max(note, len(words))
        cents, rest = _split(value)
        amount, beyond_amount = max(amount, len(cents) + 1), max(beyond_amount, len(rest))
    for value in figures:
        cents, rest = _split(value)
        figure, beyond_figure = max(figure, len(cents) + 1), max(beyond_figure, len(rest))
    return subject, note, amount, beyond_amount, figure, beyond_figure


def _split(value: str) -> tuple[str, str]:
    """An amount up to its cents, and the decimals beyond: amounts stand with their points in one column."""
    at = value.index(".") + 3
    return value[:at], value[at:]


def _aligned(value: str, width: int, beyond: int) -> str:
    cents, rest = _split(value)
    return cents.rjust(width) + rest.ljust(beyond)


def _figure_line(heading: str, figure: str, widths: tuple[int, int, int, int, int, int]) -> str:
    subject, note, amount, beyond_amount, width, beyond = widths
    left = 4 + subject + 2 + note + amount + beyond_amount
    return f"  {heading}".ljust(left) + _aligned(figure, width, beyond)


def _row_line(row: tuple[str, str, str, str], widths: tuple[int, int, int, int, int, int]) -> str:
    subject, note, amount, beyond_amount, width, beyond = widths
    name, words, value, rule = row
    left = f"    {name.ljust(subject)}  {words.ljust(note)}{_aligned(value, amount, beyond_amount)}"
    return left + " " * (width + beyond + 2) + rule

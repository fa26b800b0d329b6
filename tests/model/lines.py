"""RULES §1 "exact until the total": a total is the sum of its lines, rounded once, with a `rounding` line."""

from __future__ import annotations

from fractions import Fraction

from .grid import E16, E24, ceil_div, floor_div

ROUNDED_DOWN = ("collateral_value", "unrealized_pnl")

Key = tuple[str | None, str, str, str | None]  # bucket, total, rule, subject


class Lines:
    """The lines of one account, amounts at 10⁻²⁴, added up per (bucket, total, rule, subject)."""

    def __init__(self) -> None:
        self.amounts: dict[Key, int] = {}
        self.totals: dict[tuple[str | None, str], int] = {}

    def add(self, bucket: str | None, total: str, rule: str, subject: str | None, amount: int) -> None:
        """One line; a line of 0 is left out."""
        if amount == 0:
            return
        key = (bucket, total, rule, subject)
        self.amounts[key] = self.amounts.get(key, 0) + amount
        self.totals[bucket, total] = self.totals.get((bucket, total), 0) + amount

    def close(self, bucket: str | None, total: str) -> int:
        """The rounded total in grid units; its rounding becomes a line."""
        exact = self.totals.get((bucket, total), 0)
        rounded = floor_div(exact, E16) if total in ROUNDED_DOWN else ceil_div(exact, E16)
        self.add(bucket, total, "rounding", None, rounded * E16 - exact)
        return rounded

    def sum_of(self, total: str, rules: tuple[str, ...]) -> int:
        """What the lines of some rules add to a total of the cross bucket (10⁻²⁴)."""
        return sum(
            amount
            for (bucket, of, rule, _), amount in self.amounts.items()
            if bucket is None and of == total and rule in rules
        )

    def rows(self, account: object) -> list[dict[str, object]]:
        """As rows of the `lines` table; those that cancel to 0 are left out."""
        names = ("bucket", "total", "rule", "subject")
        return [
            {"account": account, **dict(zip(names, key, strict=True)), "amount": Fraction(amount, E24)}
            for key, amount in self.amounts.items()
            if amount != 0
        ]

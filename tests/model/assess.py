"""The whole-book function: every account's buckets, figures and lines (RULES §2–§6, TABLES outputs)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import tables
from .admission import check_account
from .book import Account, Price, read_accounts, read_prices
from .cross import value_cross
from .equity import worst_status
from .isolated import value_isolated
from .lines import Lines
from .liquidation import liquidation_rows
from .rulebook import Rulebook, read_rulebook
from .scenarios import Scenario, check_scenarios, scenario_table

FIGURES = (
    "equity", "net_value", "collateral_value", "unrealized_pnl", "accrued_funding", "opening_equity",
    "initial_margin", "order_margin", "maintenance_margin", "available", "withdrawable", "margin_ratio",
)  # fmt: skip


@dataclass
class Basis:
    """What a whole book is valued with."""

    rules: Rulebook
    prices: dict[str, Price]
    table: list[Scenario]  # of the portfolio model; empty where it is off


@dataclass
class Result:
    """Rows of the output tables as dicts: figures Decimal, ratios float, line amounts Fraction."""

    basis: Basis
    valued: list[Account] = field(default_factory=list)
    accounts: list[dict[str, Any]] = field(default_factory=list)
    isolated: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def liquidation_prices(self) -> Iterator[dict[str, Any]]:
        """RULES §6 `threshold.liquidation`: a row for every position that is not flat."""
        for account in self.valued:
            yield from liquidation_rows(self.basis.rules, self.basis.prices, self.basis.table, account)


def assess(rulebook: str | Mapping[str, Any] | Rulebook, book: Mapping[str, Any], on_error: str = "raise") -> Result:
    """Values every account of a book; `rulebook` is expanded TOML text, its table, or one already read."""
    rules = rulebook if isinstance(rulebook, Rulebook) else read_rulebook(rulebook)
    tables.check_columns(book)
    tables.check_id_kind(book)
    prices = read_prices(rules, book)
    supplied = book.get("scenarios")
    check_scenarios(supplied)
    table = [] if rules.portfolio is None else scenario_table(rules.portfolio, supplied)
    accounts = read_accounts(rules, book)
    for account in accounts:
        check_account(rules, prices, table, account)
    faults = [fault for account in accounts for fault in account.faults]
    if faults and on_error == "raise":
        raise min(faults, key=lambda fault: fault[0])[1]
    return value_accounts(Basis(rules, prices, table), accounts)


def value_accounts(basis: Basis, accounts: Sequence[Account]) -> Result:
    """Every account under one set of prices."""
    result = Result(basis)
    isolated: list[tuple[int, dict[str, Any]]] = []
    for account in accounts:
        if account.faults:
            result.accounts.append(unknown_row(account))
        else:
            result.valued.append(account)
            result.accounts.append(value_account(basis, account, isolated, result.lines))
    result.isolated = [row for _, row in sorted(isolated, key=lambda entry: entry[0])]
    return result


def unknown_row(account: Account) -> dict[str, Any]:
    """TABLES `on_error="mark"`: status `unknown`, null figures and a `problem` code."""
    problem = min(account.faults, key=lambda fault: fault[0])[1]
    return {
        "account": account.id,
        **dict.fromkeys(FIGURES),
        "status": "unknown",
        "worst_scenario": None,
        "isolated_status": None,
        "problem": problem.code,
    }


def value_account(
    basis: Basis, account: Account, isolated: list[tuple[int, dict[str, Any]]], all_lines: list[dict[str, Any]]
) -> dict[str, Any]:
    """One account: its isolated buckets, its cross bucket, and its lines."""
    rules, prices = basis.rules, basis.prices
    lines = Lines()
    statuses: list[str] = []
    for (instrument, mode), position in account.positions.items():
        if mode == "isolated":
            leverage = account.leverage((instrument, mode))
            row = value_isolated(rules, prices, instrument, position, leverage, lines)
            statuses.append(row["status"])
            isolated.append((position.row, {"account": account.id, **row}))
    cross = value_cross(rules, prices, account, basis.table, lines)
    all_lines.extend(lines.rows(account.id))
    return {"account": account.id, **cross, "isolated_status": worst_status(statuses), "problem": None}

"""Seeded random (rulebook, book) pairs designed to find bugs: many small accounts under one odd rulebook."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from .assess import assess
from .grid import GRID, ceil_div, plain
from .random_accounts import COST, EITHER, ENTRY, AccountRows, Row, Style, draw_account, draw_huge_account
from .random_portfolios import draw_scenarios, scenario_columns
from .random_rulebooks import RulebookDraw, draw_rulebook
from .rulebook import Rulebook, read_rulebook
from .tables import ACCOUNT_TABLES, CONTRACT

Book = dict[str, dict[str, list[Any]]]
HUGE_IDS = 10**6  # from here on, integer ids are those of huge accounts
STATES = ("thin", "thin", "protected", "frozen", "halted")


def random_book(
    seed: int, accounts: int = 100, tune: bool = True, forms: bool = False, portfolio: bool = False
) -> tuple[str, Book]:
    """A valid rulebook text and a book that `assess` accepts.

    `tune` moves some accounts to the exact edges of `status`; `forms` gives some number columns as Decimal
    or float instead of text; `portfolio` enables that model and mixes accounts of both.
    """
    rng = random.Random(seed)
    draw, rows = draw_rows(rng, accounts, portfolio)
    rules = read_rulebook(draw.text)
    if tune:
        tune_statuses(rng, rules, rows)
    for table in ACCOUNT_TABLES:
        rng.shuffle(rows[table])
    return draw.text, as_columns(rows, rng if forms else None)


def draw_rows(rng: random.Random, accounts: int, portfolio: bool = False) -> tuple[RulebookDraw, dict[str, list[Row]]]:
    """A rulebook and the rows of a whole book, numbers still in grid units, account by account."""
    draw = draw_rulebook(rng, portfolio)
    style = Style(rng.choice((ENTRY, COST, EITHER)), set())
    for name in [*(item.name for item in draw.instruments), *(asset.name for asset in draw.assets)]:
        if rng.random() < 0.08:
            style.unpriced.add(name)
    rows: dict[str, list[Row]] = {table: [] for table in ACCOUNT_TABLES}
    rows["prices"] = draw_prices(rng, draw, style)
    integer_ids = rng.random() < 0.1
    for index in range(accounts):
        huge = rng.random() < 0.04
        account = draw_huge_account(rng, draw, style) if huge else draw_account(rng, draw, style)
        text = f"{'H' if huge else 'A'}-{index}"
        add_account(rows, account, index + HUGE_IDS * huge if integer_ids else text)
    if portfolio and rng.random() < 0.4:
        rows["scenarios"] = draw_scenarios(rng, draw.underlyings)
    return draw, rows


def is_huge(identity: object) -> bool:
    """Whether `draw_huge_account` made it: no room is left for tuning."""
    return identity >= HUGE_IDS if isinstance(identity, int) else str(identity).startswith("H")


def add_account(rows: dict[str, list[Row]], account: AccountRows, identity: object) -> None:
    """The rows of one account, with its id."""
    for table in ACCOUNT_TABLES:
        rows[table] += [{"account": identity, **row} for row in getattr(account, table)]


def draw_prices(rng: random.Random, draw: RulebookDraw, style: Style) -> list[Row]:
    """A price of every symbol but the unpriced; sometimes of the settlement currency or an unknown one."""
    rows: list[Row] = [
        {"symbol": instrument.name, "price": instrument.mark}
        for instrument in draw.instruments
        if instrument.name not in style.unpriced
    ]
    rows += [{"symbol": asset.name, "price": asset.price} for asset in draw.assets if asset.name not in style.unpriced]
    odd = rng.random() < 0.5
    for row in rows:
        if odd and rng.random() < 0.35:
            row["state"] = rng.choice(STATES)
    if rng.random() < 0.3:
        rows.append({"symbol": draw.settlement, "price": GRID})
    if rng.random() < 0.3:
        rows.append({"symbol": "NOBODY-KNOWS", "price": 3 * GRID})
    rng.shuffle(rows)
    return rows


def tune_statuses(rng: random.Random, rules: Rulebook, rows: dict[str, list[Row]]) -> None:
    """Moves cash or isolated margin so that equity stands at, or one unit beside, an edge of `status`."""
    result = assess(rules, as_columns(rows))
    for account in result.accounts:
        if is_huge(account["account"]) or rng.random() < 0.4:
            continue
        # an edge of net value, or of equity; either moves with cash one for one
        value, edges = draw_edge(rng, rules, account)
        amount = edges + rng.choice((0, 0, -1, 1)) - value
        rows["balances"].append({"account": account["account"], "asset": rules.settlement, "amount": amount})
    first_rows: dict[tuple[object, str], Row] = {}
    for row in rows["positions"]:
        if row["margin_mode"] == "isolated":
            first_rows.setdefault((row["account"], row["instrument"]), row)
    for bucket in result.isolated:
        if rng.random() < 0.5:
            value, edges = draw_edge(rng, rules, bucket)
            row = first_rows[bucket["account"], bucket["instrument"]]
            margin = (row.get("isolated_margin") or 0) + edges + rng.choice((0, 0, -1, 1)) - value
            if 0 <= margin <= 10**11 * GRID:
                row["isolated_margin"] = margin


def draw_edge(rng: random.Random, rules: Rulebook, figures: dict[str, Any]) -> tuple[int, int]:
    """(the figure now, the value it is to have) for one edge of RULES §4 `status`."""
    equity, net_value = units(figures["equity"]), units(figures["net_value"])
    mm, im = units(figures["maintenance_margin"]), units(figures["initial_margin"])
    call = ceil_div(rules.call_factor * mm, GRID)
    return rng.choice(((net_value, 0), (equity, mm), (equity, call), (equity, call - 1), (equity, im)))


def units(figure: Decimal) -> int:
    """A figure of a result back in grid units."""
    return int(figure.scaleb(8))


def as_columns(rows: dict[str, list[Row]], rng: random.Random | None = None) -> Book:
    """Rows in grid units as columns of decimal strings, empty ones left out; with `rng` some as numbers."""
    book: Book = {}
    for table, content in rows.items():
        if table == "scenarios":
            book[table] = scenario_columns(content)
            continue
        if not content and table in ("orders", "accounts"):
            continue
        used = {column for row in content for column, value in row.items() if value is not None}
        columns = [c for c, spec in CONTRACT[table].items() if spec.required or c in used]
        if table == "positions" and not used & {"entry_price", "cost"}:
            columns.append("cost")
        book[table] = {}
        for column in columns:
            values = [row.get(column) for row in content]
            if CONTRACT[table][column].kind == "number":
                values = [None if value is None else plain(value) for value in values]
                values = values if rng is None else in_form(rng, values)
            book[table][column] = values
    return book


def in_form(rng: random.Random, texts: list[Any]) -> list[Any]:
    """A column of numbers as text, Decimal, or float where every value survives as its shortest text."""
    form = rng.choice((str, Decimal, float))
    if form is Decimal:
        return [None if text is None else Decimal(text) for text in texts]
    if form is float and all(text is None or Decimal(repr(float(text))) == Decimal(text) for text in texts):
        return [None if text is None else float(text) for text in texts]
    return texts

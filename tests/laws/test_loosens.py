"""Where nothing loosens, nobody has more room: random rulebooks, random changes of them, books of both models."""

import random
import tomllib
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.laws.books import SEEDS, assess
from tests.model.random_books import random_book

import perpcore as pc

ACCOUNTS = 40
CHANGES = 30  # of each rulebook
UNIT = Fraction(1, 10**8)

Row = dict[str, Any]

# What a valuation reads, and the words that a key may have.
WORDS: dict[str, list[Any]] = {
    "eligible": [True, False],
    "initial_method": ["bracket", "marginal"],
    "thin": ["protect", "trade"],
    "measure": ["worst", {"shortfall": "50%"}, {"shortfall": "97.5%"}],
}
RATES = {
    *("profit_credit", "withdraw_ratio", "close_cost", "initial", "maintenance", "maintenance_fee", "offset_credit"),
    *("minimum", "correlated", "single", "opposite", "range", "basis"),
}
NUMBERS = {"call_factor", "account_cap", "im_factor", "mm_factor"}
ROWS = {"haircut", "tiers", "concentration"}


def leaves(table: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """Every key of a rulebook that a valuation reads, with its value."""
    found = []
    for key, value in table.items():
        if key in WORDS or key in RATES | NUMBERS | ROWS | {"extended"}:
            found.append(((*path, key), value))
        elif isinstance(value, dict):
            found += leaves(value, (*path, key))
    return found


def text_of(rate: Decimal) -> str:
    return f"{rate.quantize(Decimal('1e-6')):f}%"


def other_rate(rng: random.Random, value: Any) -> str:
    rate = Decimal(str(value).removesuffix("%"))
    kind = rng.random()
    if kind < 0.7:
        return text_of(min(Decimal(100), rate * rng.choice((Decimal("0.9"), Decimal("1.1"), 2, Decimal("0.5")))))
    return text_of(Decimal(rng.choice((0, 100, rng.randint(0, 100)))))


def other_number(rng: random.Random, value: Any) -> str:
    grown = Decimal(value) * rng.choice((Decimal("0.5"), Decimal("0.9"), Decimal("1.1"), 2, 5))
    return f"{grown.quantize(Decimal('1e-8')):f}"


def other_rows(rng: random.Random, value: Any) -> list[list[Any]]:
    """One row less, or one cell of a row or of all rows changed."""
    rows = [list(row) for row in value]
    if rng.random() < 0.15 and len(rows) > 1:
        del rows[rng.randrange(len(rows))]
        return rows
    column = rng.randrange(len(rows[0]))
    factor = rng.choice((Decimal("0.5"), Decimal("0.9"), Decimal("1.1"), 2))
    for row in rows if rng.random() < 0.5 else [rng.choice(rows)]:
        if column == 1:
            row[1] = text_of(min(Decimal(100), Decimal(str(row[1]).removesuffix("%")) * factor))
        elif row[column] != "rest":
            row[column] = f"{max(Decimal(1), Decimal(row[column]) * factor).quantize(Decimal('1e-8')):f}"
    return rows


def other(rng: random.Random, key: str, value: Any) -> Any:
    """Another value of a key, most often near."""
    if key in WORDS:
        return rng.choice(WORDS[key])
    if key == "extended":
        more = {"move": text_of(Decimal(rng.randint(-100, 100))), "factor": text_of(Decimal(rng.randint(0, 100)))}
        return [*value, more]
    if key in ROWS:
        return other_rows(rng, value)
    return other_number(rng, value) if key in NUMBERS else other_rate(rng, value)


def rooms(row: Row, call_factor: Fraction) -> dict[str, Fraction] | None:
    """What a bucket has above each of its lines; nothing where it is undecided."""
    figures = {name: Fraction(value) for name, value in row.items() if isinstance(value, Decimal)}
    if row["status"] == "undecided" or "equity" not in figures:
        return None
    found = {name: figures[name] for name in ("net_value", "available", "withdrawable") if name in figures}
    found |= {name: figures["equity"] - figures[name] for name in ("initial_margin", "maintenance_margin")}
    return found | {"margin_call": figures["equity"] - call_factor * figures["maintenance_margin"]}


def buckets(result: pc.Assessment) -> dict[Any, Row]:
    found = {(row["account"], None): row for row in result.accounts.to_pylist()}
    return found | {(row["account"], row["instrument"]): row for row in result.isolated.to_pylist()}


def call_factor(rules: pc.Rulebook) -> Fraction:
    return Fraction(tomllib.loads(rules.to_toml(), parse_float=Decimal)["venue"]["call_factor"])


def more_room(before: pc.Assessment, after: pc.Assessment, factors: tuple[Fraction, Fraction]) -> list[str]:
    """Where a bucket has more room after."""
    found, then = [], buckets(after)
    # Collateral and a requirement that fall together are each rounded once.
    rounding = UNIT * (1 + max(factors))
    for key, row in buckets(before).items():
        was, now = rooms(row, factors[0]), rooms(then[key], factors[1])
        for name, room in (was or {}).items():
            if now is not None and now[name] > room + rounding:
                found.append(f"{key} {name}: {float(room)} → {float(now[name])}")
    return found


def test_where_nothing_loosens_nobody_has_more_room() -> None:
    seen: Counter[tuple[str, bool]] = Counter()
    for seed in SEEDS:
        rng = random.Random(seed)
        text, book = random_book(seed, ACCOUNTS, portfolio=seed % 3 != 0)
        # A table of scenarios that is given is no part of the rulebook.
        book.pop("scenarios", None)
        rules = pc.Rulebook.parse(text)
        valued = assess(text, book)
        keys = leaves(tomllib.loads(rules.to_toml(), parse_float=Decimal))
        for _ in range(CHANGES):
            names = rng.sample(sorted({path[-1] for path, _ in keys}), rng.choice((1, 1, 2, 3)))
            drawn = [rng.choice([one for one in keys if one[0][-1] == name]) for name in names]
            changes = {".".join(path): other(rng, path[-1], value) for path, value in drawn}
            try:
                changed = rules.edit(changes)
            except pc.errors.RulebookError:
                continue
            if not rules.diff(changed):
                continue
            loosens = rules.loosens(changed)
            seen.update((path[-1], bool(loosens)) for path, _ in drawn if len(drawn) == 1)
            if loosens:
                continue
            factors = (call_factor(rules), call_factor(changed))
            found = more_room(valued, assess(changed.to_toml(), book), factors)
            assert not found, f"seed {seed}, {changes}: {found[:5]}"
    for key in ("tiers", "haircut", "eligible", "im_factor", "range", "offset_credit", "concentration"):
        assert min(seen[key, True], seen[key, False]) > 0, f"{key}: {seen}"

"""Random `[portfolio]` sections and supplied scenario tables, near every boundary of RULES §5."""

from __future__ import annotations

import random
from typing import Any

from .grid import GRID, plain
from .tables import MAX_BALANCE

Row = dict[str, Any]
RANGES = (16_000_000, 18_000_000, 33_333_333, 1, 12_345_678, GRID // 2, GRID)
SCALES = (0, GRID, 70_000_000, 35_000_000, 33_333_333, 1)
CREDITS = (0, 80_000_000, GRID, GRID // 2, 33_333_333, 1)
FACTORS = ((80_000_000, GRID), (GRID, 130_000_000), (GRID, GRID), (33_333_333, 66_666_667), (1, 3), (0, 150_000_000))
ALPHAS = (97_500_000, 99_000_000, GRID // 2, 0, 93_548_388, 40_000_000, 80_000_000, GRID - 1)
MOVES = (-66_000_000, -33_000_000, 50_000_000, GRID, -GRID, 10 * GRID, 1, -1, 12_345_678)


def rate_text(rng: random.Random, units: int) -> str:
    """A rate in grid units as `"1%"` or as a bare fraction."""
    return f'"{plain(units * 100)}%"' if rng.random() < 0.7 else plain(units)


def draw_portfolio(rng: random.Random, underlyings: list[str], caps: dict[str, list[int]]) -> str:
    """A whole section; `caps` gathers the caps of the concentration tables."""
    maintenance, initial = rng.choice(FACTORS)
    lines = ["[portfolio]", "enabled = true"]
    optional = {
        "offset_credit": rate_text(rng, rng.choice((*CREDITS, rng.randint(0, GRID)))),
        "minimum": rate_text(rng, rng.choice((0, 500_000, 1, 3_333_333, 20_000_000))),
        "measure": draw_measure(rng),
        "families": draw_families(rng),
        "steps": str(rng.choice((1, 2, 3, 4, 4, 5, 7))),
        "min_equity": plain(rng.choice((0, 100_000 * GRID))),
    }
    lines += [f"{key} = {value}" for key, value in optional.items() if rng.random() < 0.85]
    if rng.random() < 0.8:
        lines += [f"im_factor = {plain(initial)}", f"mm_factor = {plain(maintenance)}"]
    for name in underlyings:
        lines += [f"[portfolio.underlying.{name}]", f"range = {rate_text(rng, draw_range(rng))}"]
        if rng.random() < 0.7:
            lines.append(f"basis = {rate_text(rng, rng.choice((0, 250_000, 1, 333_333, GRID // 100)))}")
        if rng.random() < 0.6:
            text, caps[name] = draw_concentration(rng)
            lines.append(f"concentration = {text}")
    for move in rng.sample(MOVES, rng.choice((0, 0, 1, 2, 4))):
        lines += ["[[portfolio.extended]]", f"move = {rate_text(rng, move)}"]
        if rng.random() < 0.5:
            lines.append(f"factor = {rate_text(rng, rng.choice((GRID, 24_000_000, 1, 33_333_333, 0)))}")
    return "\n".join(lines)


def draw_range(rng: random.Random) -> int:
    """A range; moves made of it stay above −1."""
    return rng.choice((*RANGES, rng.randint(1, GRID)))


def draw_measure(rng: random.Random) -> str:
    """Worst loss or expected shortfall."""
    if rng.random() < 0.5:
        return '"worst"'
    return f"{{ shortfall = {rate_text(rng, rng.choice((*ALPHAS, rng.randint(0, GRID - 1))))} }}"


def draw_families(rng: random.Random) -> str:
    """Scales of the families; some keep the default."""
    names = [name for name in ("correlated", "single", "opposite") if rng.random() < 0.8]
    return "{ " + ", ".join(f"{name} = {rate_text(rng, rng.choice(SCALES))}" for name in names) + " }"


def draw_concentration(rng: random.Random) -> tuple[str, list[int]]:
    """Caps rising, rates not falling, the last slice open."""
    caps = sorted({int(10 ** rng.uniform(0, 18)) + 1 for _ in range(rng.randint(0, 3))})
    caps = [cap for cap in caps if cap <= MAX_BALANCE]
    rates = sorted(rng.choice((0, 2_500_000, 5_000_000, 33_333_333, GRID, rng.randint(0, GRID))) for _ in [*caps, 0])
    upto = [*map(plain, caps), '"rest"']
    return "[" + ", ".join(f"[{u}, {rate_text(rng, r)}]" for u, r in zip(upto, rates, strict=True)) + "]", caps


def draw_scenarios(rng: random.Random, underlyings: list[str]) -> list[Row]:
    """A supplied table in grid units, with or without weights; rows may repeat."""
    wild = rng.random() < 0.2
    count = rng.choice((1, 2, 5, 20, 60))
    rows: list[Row] = []
    for at in range(count):
        if rows and rng.random() < 0.1:
            rows.append({**rng.choice(rows), "scenario": f"s{at}"})
        else:
            moves = {name: rng.choice(MOVES) if wild else draw_move(rng) for name in underlyings}
            rows.append({"scenario": f"s{at}", **moves})
    if rng.random() < 0.5:
        cuts = sorted(rng.randint(0, GRID) for _ in range(count - 1))
        for row, low, high in zip(rows, [0, *cuts], [*cuts, GRID], strict=True):
            row["weight"] = high - low
    return rows


def draw_move(rng: random.Random) -> int:
    """A move of some percent, a round one or none."""
    return rng.choice((0, 10_000_000, -10_000_000, rng.randint(-30_000_000, 30_000_000)))


def scenario_columns(rows: list[Row]) -> dict[str, list[Any]]:
    """The rows as columns of texts."""
    return {column: [row[column] if column == "scenario" else plain(row[column]) for row in rows] for column in rows[0]}

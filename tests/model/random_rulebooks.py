"""Random rulebooks near every boundary the rules have; each is valid and small."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from .grid import GRID, ceil_div, plain, read_text
from .random_portfolios import draw_portfolio, rate_text
from .tables import MAX_BALANCE, MAX_PRICE

CONTRACT_SIZES = ("1", "1", "1", "0.001", "10", "0.1", "0.01", "5", "0.00000001", "0.3", "1000")
TICKS = ("0.1", "0.01", "0.5", "0.25", "0.00000001", "0.005", "1", "0.07")
LEVERAGES = (125, 100, 75, 50, 33, 25, 20, 15, 12, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
ROUND_MANTISSAS = (1, 2, 4, 5, 8, 10, 16, 20, 25, 50, 125)
POWERS = [int("1" + "0" * exponent) for exponent in range(14)]
CLASSES = ("stablecoin", "virtual_asset", "licensed_stablecoin", "tokenised_deposit", "fiat")


@dataclass
class InstrumentDraw:
    """What the book generator needs to know about an instrument; grid units."""

    name: str
    underlying: str
    mark: int
    contract_size: int
    caps: list[int]

    @property
    def step(self) -> int:
        """The smallest quantity whose base quantity is on the grid."""
        return GRID // math.gcd(self.contract_size, GRID)


@dataclass
class AssetDraw:
    """What the book generator needs to know about an asset; grid units."""

    name: str
    price: int
    eligible: bool
    caps: list[int]
    liability: bool


@dataclass
class RulebookDraw:
    """A rulebook text and the draws it was made of."""

    text: str
    settlement: str
    fee_tiers: list[str]
    underlyings: list[str]
    portfolio: bool
    instruments: list[InstrumentDraw] = field(default_factory=list)
    assets: list[AssetDraw] = field(default_factory=list)


def draw_price(rng: random.Random) -> int:
    """A price: round (so that caps are hit exactly), a half, all digits, or at an end of the domain."""
    kind = rng.random()
    if kind < 0.45:
        return min(MAX_PRICE, rng.choice(ROUND_MANTISSAS) * POWERS[rng.randint(3, 13)])
    if kind < 0.6:
        return (2 * rng.randint(0, 5000) + 1) * GRID // 2
    if kind < 0.85:
        return min(MAX_PRICE, int(10 ** rng.uniform(4, 14)))
    return rng.choice((1, 2, 3, 33, MAX_PRICE, MAX_PRICE - 1, MAX_PRICE // 3))


def rising(rng: random.Random, count: int, scale: int, limit: int) -> list[int]:
    """Strictly rising caps around a scale, round or odd, within the limit."""
    caps: list[int] = []
    value = max(1, min(scale, limit >> count))
    for _ in range(count):
        caps.append(value + (rng.randint(0, 3) if rng.random() < 0.3 else 0))
        grown = caps[-1] * rng.choice((2, 5, 10)) if rng.random() < 0.7 else int(caps[-1] * rng.uniform(1.01, 4)) + 4
        value = max(caps[-1] + 1, grown)
    return [cap for cap in caps if cap <= limit]


def draw_tiers(rng: random.Random, mark: int) -> tuple[str, list[int]]:
    """Tiers with caps rising, rates not falling and maintenance ≤ initial in each."""
    caps = rising(rng, rng.randint(1, 4), max(1, int(mark * 10 ** rng.uniform(-6, 4))), MAX_BALANCE)
    open_ended = rng.random() < 0.5
    rows = []
    fractional = rng.random() < 0.1
    leverages = sorted(rng.sample(LEVERAGES, len(caps) + 1), reverse=True)
    maintenance = 0
    for position, upto in enumerate([*map(plain, caps), '"rest"'] if open_ended else map(plain, caps)):
        leverage = leverages[position] * GRID + (GRID // 2 if fractional else 0)
        initial = ceil_div(GRID * GRID, leverage)
        if rng.random() < 0.15:
            maintenance = max(maintenance, initial)
        else:
            maintenance = max(maintenance, min(initial, rng.choice((initial // 2, initial // 3 + 1, GRID // 200))))
        rows.append(f"[{upto}, {rate_text(rng, maintenance)}, {plain(leverage)}]")
    return "[" + ", ".join(rows) + "]", caps


def draw_instrument(rng: random.Random, name: str, underlying: str) -> tuple[str, InstrumentDraw]:
    """One `[instrument.X]` table."""
    mark = draw_price(rng)
    size = rng.choice(CONTRACT_SIZES)
    units = read_text(size)
    tiers, caps = draw_tiers(rng, mark)
    step = GRID // math.gcd(units, GRID)
    lines = [
        f"[instrument.{name}]",
        f'underlying = "{underlying}"',
        f"tick = {rng.choice(TICKS)}",
        f"lot = {plain(step * rng.choice((1, 2, 7, 10, 1000)))}",
        f"tiers = {tiers}",
    ]
    if size != "1" or rng.random() < 0.5:
        lines.append(f"contract_size = {size}")
    method = rng.choice(("bracket", "marginal", None))
    if method:
        lines.append(f'initial_method = "{method}"')
    if rng.random() < 0.4:
        lines.append(f"maintenance_fee = {rate_text(rng, rng.choice((1, 60_000, 100_000, 333_333)))}")
    return "\n".join(lines), InstrumentDraw(name, underlying, mark, units, caps)


def draw_asset(rng: random.Random, name: str, underlying: str | None) -> tuple[str, AssetDraw]:
    """One `[asset.X]` table; haircuts rising, close_cost at most the first."""
    eligible = rng.random() < 0.75
    liability = rng.random() < 0.6
    lines = [f"[asset.{name}]", f'class = "{rng.choice(CLASSES)}"', f"eligible = {str(eligible).lower()}"]
    caps: list[int] = []
    first = 0
    if rng.random() < 0.8:
        caps = rising(rng, rng.randint(1, 3), int(10 ** rng.uniform(0, 13)), MAX_BALANCE)
        upto = [*map(plain, caps), *(['"rest"'] if rng.random() < 0.5 else [])]
        cuts = sorted(rng.choice((0, 1, 500_000, 2_000_000, 33_333_333, rng.randint(0, GRID), GRID)) for _ in upto)
        first = cuts[0]
        lines.append(
            "haircut = [" + ", ".join(f"[{u}, {rate_text(rng, c)}]" for u, c in zip(upto, cuts, strict=True)) + "]"
        )
    if first and rng.random() < 0.5:
        lines.append(f"close_cost = {rate_text(rng, rng.choice((1, first, first // 2, first // 3)))}")
    if rng.random() < 0.3:
        account_cap = rng.choice([*caps, int(10 ** rng.uniform(0, 13)) + 1])
        caps = [*caps, account_cap]
        lines.append(f"account_cap = {plain(account_cap)}")
    if liability:
        initial = rng.choice((10_000_000, 33_333_333, 1, 5_000_001, GRID))
        maintenance = rng.choice((initial, initial // 2, initial // 3))
        pair = f"initial = {rate_text(rng, initial)}, maintenance = {rate_text(rng, maintenance)}"
        lines.append(f"liability = {{ {pair} }}")
    if underlying:
        lines.append(f'underlying = "{underlying}"')
    return "\n".join(lines), AssetDraw(name, draw_price(rng), eligible, caps, liability)


def draw_rulebook(rng: random.Random, portfolio: bool = False) -> RulebookDraw:
    """A whole rulebook of 1–4 instruments and 0–3 assets beside the settlement currency.

    `portfolio` adds RULES §5, with an underlying more and one that only assets have.
    """
    settlement = rng.choice(("USD", "USDT"))
    tiers = {"standard": rng.choice((0, 50_000, 33_333, 1))}
    for name in ("maker_programme", "vip"):
        if rng.random() < 0.5:
            tiers[name] = rng.choice((0, 30_000, 70_001, GRID // 100))
    fees = ", ".join(
        f"{name} = {{ maker = {rate_text(rng, taker // 2)}, taker = {rate_text(rng, taker)} }}"
        for name, taker in tiers.items()
    )
    parts = [f'[venue]\nsettlement = "{settlement}"\nfees = {{ {fees} }}']
    if rng.random() < 0.9:
        credit = rng.choice((0, GRID, GRID // 2, 33_333_333, 1, rng.randint(0, GRID)))
        parts.append(f"profit_credit = {rate_text(rng, credit)}")
    if rng.random() < 0.5:
        parts.append(f"call_factor = {rng.choice(('1.25', '1', '2', '1.1', '1.00000001', '1.33333333'))}")
    if rng.random() < 0.5:
        parts.append(f"withdraw_ratio = {rate_text(rng, rng.choice((0, 1, 10_000_000, 20_000_000, 3_333_333)))}")
    underlyings = [f"U{index}" for index in range(rng.randint(1, 4 if portfolio else 3))]
    for name in underlyings:
        if rng.random() < 0.8:
            thin = rng.choice((', thin = "trade"', ', thin = "trade"', ', thin = "protect"', ""))
            parts.append(f"[underlying.{name}]\nindex = {{ min_sources = 3{thin} }}")
    parts.append(f'[asset.{settlement}]\nclass = "fiat"\neligible = true')
    movable = [*underlyings, "S0"] if portfolio else underlyings
    draw = RulebookDraw("", settlement, list(tiers), movable, portfolio)
    for index in range(rng.randint(0, 3)):
        text, asset = draw_asset(rng, f"C{index}", rng.choice([None, *movable]))
        parts.append(text)
        draw.assets.append(asset)
    for index in range(rng.randint(1, 4)):
        text, instrument = draw_instrument(rng, f"P{index}-PERP", rng.choice(underlyings))
        parts.append(text)
        draw.instruments.append(instrument)
    if portfolio:
        caps: dict[str, list[int]] = {}
        parts.append(draw_portfolio(rng, movable, caps))
        for instrument in draw.instruments:
            instrument.caps += caps.get(instrument.underlying, [])
    draw.text = "\n".join(parts) + "\n"
    return draw

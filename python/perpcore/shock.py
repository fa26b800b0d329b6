"""Moving the prices of a book by a percentage, exactly: what `--shock BTC=-12%` does.

A shock names an underlying. It moves the mark of every instrument on it, and the price of every asset of that
underlying or of that name; where both are named, the asset goes by its own. The new price is price × (1 + move), half
to even on the grid of 10⁻⁸.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

from ._core import Rulebook
from ._inputs import decimal_text
from ._tables import Table, pa, plain_ids

__all__ = ["parse_move", "parse_shock", "shocked"]

_E8 = Decimal(1).scaleb(-8)
# Wide enough for any admitted price times any admitted move without rounding before the last step.
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def parse_move(text: str) -> tuple[str, Decimal]:
    """`"BTC=-12%"` or `"BTC=-0.12"` → name and move. Raises ValueError for anything else.

    >>> parse_move("BTC=-12%")
    ('BTC', Decimal('-0.12'))
    """
    name, equals, size = text.partition("=")
    try:
        move = Decimal(size.removesuffix("%").strip())
    except InvalidOperation:
        move = Decimal("NaN")
    if size.endswith("%"):
        move = move.scaleb(-2)
    if not (name and equals and move.is_finite()):
        raise ValueError(f"{text!r}: a move has a name and a size, as BTC=-12%")
    return name.strip(), move


def parse_shock(text: str) -> tuple[str, Decimal]:
    """A move that leaves a price. Raises ValueError for one of −100 % or below, and for what is no move.

    >>> parse_shock("BTC=-12%")
    ('BTC', Decimal('-0.12'))
    """
    name, move = parse_move(text)
    if move <= -1:
        raise ValueError(f"{text!r}: a price moves by more than -100 %")
    return name, move


def shocked(rules: Rulebook, prices: Table, shocks: Mapping[str, Decimal]) -> Table:
    """The prices after the shocks, as text columns.

    Raises ValueError for a name that is neither an underlying nor an asset of the rulebook. A price that is no number
    stays as it is, for the core to refuse.
    """
    # What moves a symbol: an asset by its own name, which comes before its underlying, as in stress.
    movers = {name: [name, rules.underlying(name) or name] for name in rules.assets if name != rules.settlement}
    movers |= {name: [rules.underlying(name) or name] for name in rules.instruments}
    known = {name for names in movers.values() for name in names}
    if unknown := sorted(shocks.keys() - known):
        raise ValueError(f"no underlying or asset {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    moves = {symbol: next((shocks[name] for name in names if name in shocks), None) for symbol, names in movers.items()}
    symbols = plain_ids(prices["symbol"]).to_pylist() if "symbol" in prices.column_names else []
    columns: dict[str, Any] = {}
    for name in prices.column_names:
        column = prices[name]
        if name.removesuffix("_e8") in ("price", "index"):
            scale = -8 if name.endswith("_e8") else 0
            moved = [_moved(v, scale, moves.get(s)) for v, s in zip(column.to_pylist(), symbols, strict=True)]
            columns[name.removesuffix("_e8")] = pa.array(moved, pa.string())
        else:
            columns[name] = column
    found: Table = pa.table(columns)
    return found


def _moved(value: Any, scale: int, move: Decimal | None) -> str | None:
    if value is None:
        return None
    try:
        price = Decimal(str(value)).scaleb(scale)
    except InvalidOperation:
        return str(value)
    if move is not None and price.is_finite():
        price = _EXACT.multiply(price, 1 + move).quantize(_E8, context=_EXACT)
    return decimal_text(price)

"""The law of RULES §6: at the returned price not in liquidation, one tick beyond it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from .assess import Basis, Result, value_accounts
from .book import Account
from .bucket import Bucket, cross_bucket, isolated_bucket
from .liquidation import UNKNOWN, is_shallow
from .moved import at_ratio
from .tables import MAX_PRICE

# equity − MM in grid units of (account, instrument, margin_mode) as its underlying moves by a ratio;
# None where it cannot be told, as where a moved price is off the grid
Surplus = Callable[[Account, str, str, Fraction], int | None]
FEW_UNITS = 20  # what roundings alone may cost


def model_surplus(result: Result) -> Surplus:
    """By the model's whole valuation at exactly moved prices."""

    def surplus(account: Account, instrument: str, mode: str, ratio: Fraction) -> int:
        basis = result.basis
        moved = at_ratio(basis.rules, basis.prices, basis.rules.instruments[instrument].underlying, ratio)
        after = value_accounts(Basis(basis.rules, moved, basis.table), [account])
        rows = after.accounts if mode == "cross" else [r for r in after.isolated if r["instrument"] == instrument]
        return int((rows[0]["equity"] - rows[0]["maintenance_margin"]).scaleb(8))

    return surplus


def violations(result: Result, rows: list[dict[str, Any]], surplus: Surplus) -> Iterator[str]:
    """Of the rows of `liquidation_prices()`, the model's or any other's."""
    accounts = {account.id: account for account in result.valued}
    for row in rows:
        account = accounts[row["account"]]
        key = (account, row["instrument"], row["margin_mode"])
        now = surplus(*key, Fraction(1))
        if now is not None and now < 0:
            if row["below"] is not None or row["above"] is not None:
                yield f"{row}: already in liquidation"
            continue
        for side, toward in (("below", 1), ("above", -1)):
            yield from side_violations(result, row, key, toward, side, surplus)


def side_violations(
    result: Result, row: Mapping[str, Any], key: tuple[Account, str, str], toward: int, side: str, surplus: Surplus
) -> Iterator[str]:
    """One side of one row; `toward` is the direction to the mark."""
    account, name, mode = key
    mark, tick = int(row["mark"].scaleb(8)), result.basis.rules.instruments[name].tick
    if row[side] == UNKNOWN:
        return
    if row[side] is None:
        end = 1 if toward > 0 else MAX_PRICE
        for price in (end, (end + mark) // 2, mark - toward * (mark // 50)):
            left = surplus(*key, Fraction(price, mark)) if 0 < price <= MAX_PRICE else None
            if left is not None and left < -FEW_UNITS:
                yield f"{row}: {side} is null, but {price} lacks {-left}"
        return
    price = int(row[side].scaleb(8))
    if (mark - price) * toward < 0 or (price != mark and price % tick):
        yield f"{row}: {side} is no tick on its side"
    beyond = price - toward * tick if price != mark else next_tick(mark, tick, toward)
    bucket = bucket_of(result, account, name, mode)
    slope = bucket.surplus(Fraction(price, mark), toward > 0)[1]
    # concave: where it is steep here it is steep at the root, and the price was found by rounded figures
    steep = not is_shallow(slope * toward, mark, tick)
    if steep or price == mark:
        here = surplus(*key, Fraction(price, mark))
        if here is not None and here < 0:
            yield f"{row}: in liquidation at {side}"
    if 0 < beyond <= MAX_PRICE and (steep or bucket.requirement.slack == 0):
        there = surplus(*key, Fraction(beyond, mark))
        if there is not None and there >= 0:
            yield f"{row}: not in liquidation one tick beyond {side}"


def next_tick(mark: int, tick: int, toward: int) -> int:
    """The first tick beside the mark, away from it."""
    return (-(-mark // tick) - 1) * tick if toward > 0 else (mark // tick + 1) * tick


def bucket_of(result: Result, account: Account, name: str, mode: str) -> Bucket:
    """The bucket of a row as a function of the ratio."""
    basis = result.basis
    if mode == "isolated":
        return isolated_bucket(basis.rules, basis.prices, name, account.positions[name, mode])
    return cross_bucket(basis.rules, basis.prices, basis.table, account, basis.rules.instruments[name].underlying)

"""Why statuses differ between two assessments: bucket by bucket, and rule by rule.

Columns in, columns out: nothing here loops over accounts. Amounts are compared as decimals, exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._tables import RecordBatch, Table, compute, one_batch, pa, plain_ids
from .explanation import STATUS_WORDS

if TYPE_CHECKING:
    from .assessment import Assessment

__all__ = ["by_bucket", "by_rule"]

_FIGURES = ("equity", "initial_margin", "maintenance_margin")
_TOTALS = ("collateral_value", "unrealized_pnl", "accrued_funding", "initial_margin", "maintenance_margin")


def by_bucket(before: Assessment, after: Assessment) -> RecordBatch:
    """One row per bucket whose status differs: see `Assessment.diff`."""
    left, right, _ = _changed(before, after)
    columns: dict[str, Any] = {
        "account": compute.coalesce(left["account"], right["account"]),
        "instrument": compute.coalesce(left["instrument"], right["instrument"]),
        "before": left["status"],
        "after": right["status"],
    }
    for name in _FIGURES:
        columns[f"{name}_before"] = left[name]
        columns[f"{name}_after"] = right[name]
    columns["cause"], columns["cause_amount"] = _cause(left, right)
    return one_batch(pa.table(columns))


def by_rule(before: Assessment, after: Assessment) -> RecordBatch:
    """The lines of the buckets whose status differs, before and after: account, bucket, total, rule, subject, before,
    after, change, in the settlement currency (decimal128(38, 24)); null where a side has no such line."""
    *_, changed = _changed(before, after)
    sides = []
    for assessment, side in ((before, "before"), (after, "after")):
        lines = pa.table(assessment.lines())
        keyed = _keyed(plain_ids(lines["account"]), plain_ids(lines["bucket"]), changed.accounts, changed.instruments)
        lines = lines.filter(compute.is_in(keyed, value_set=changed.keys))
        amount, none = lines["amount"], pa.nulls(lines.num_rows, lines["amount"].type)
        names = {name: plain_ids(lines[name]) for name in ("account", "bucket", "total", "rule", "subject")}
        names["account"] = _common_ids(names["account"])
        if side == "before":
            amounts = {"before": amount, "after": none, "change": compute.negate(amount)}
        else:
            amounts = {"before": none, "after": amount, "change": amount}
        sides.append(pa.table(names | amounts))
    keys, sums = ["account", "bucket", "total", "rule", "subject"], ["before", "after", "change"]
    summed = pa.concat_tables(sides).group_by(keys, use_threads=False).aggregate([(name, "sum") for name in sums])
    return one_batch(summed.select([*keys, *(f"{name}_sum" for name in sums)]).rename_columns([*keys, *sums]))


class _Changed:
    """The keys of the buckets whose status differs, and the names that the keys count."""

    def __init__(self, keys: Any, accounts: Any, instruments: Any) -> None:
        self.keys = keys
        self.accounts = accounts
        self.instruments = instruments


def _changed(before: Assessment, after: Assessment) -> tuple[Table, Table, _Changed]:
    """The buckets whose status differs, side by side; a row of nulls where a side does not have the bucket."""
    sides = [_buckets(before), _buckets(after)]
    if sides[0]["account"].type != sides[1]["account"].type:
        raise TypeError("the two assessments have account ids of different kinds, text and integers")
    accounts, instruments = (
        compute.unique(pa.chunked_array([*sides[0][name].chunks, *sides[1][name].chunks], sides[0][name].type))
        for name in ("account", "instrument")
    )
    instruments = instruments.drop_null()
    keys = [_keyed(side["account"], side["instrument"], accounts, instruments) for side in sides]
    # Rows of the first side with their partners, then what only the second side has.
    partner = compute.index_in(keys[0], value_set=keys[1])
    own = compute.indices_nonzero(compute.invert(compute.is_in(keys[1], value_set=keys[0])))
    rows_left = pa.concat_arrays([pa.array(range(len(keys[0])), pa.int32()), pa.nulls(len(own), pa.int32())])
    rows_right = pa.concat_arrays([partner, own.cast(pa.int32())])
    status = [
        side["status"].take(rows).fill_null("") for side, rows in zip(sides, (rows_left, rows_right), strict=True)
    ]
    differs = compute.not_equal(*status).combine_chunks()
    left, right = sides[0].take(rows_left.filter(differs)), sides[1].take(rows_right.filter(differs))
    key = _keyed(
        compute.coalesce(left["account"], right["account"]),
        compute.coalesce(left["instrument"], right["instrument"]),
        accounts,
        instruments,
    )
    return left, right, _Changed(key, accounts, instruments)


def _buckets(assessment: Assessment) -> Table:
    """Cross and isolated buckets below each other, ids and statuses as plain values."""
    names = ("status", "equity", "net_value", *_TOTALS)
    cross, isolated = pa.table(assessment.accounts), pa.table(assessment.isolated)
    # What is posted to an isolated position is the collateral of its bucket.
    isolated = isolated.append_column("collateral_value", isolated["isolated_margin"])
    parts = []
    for table, instrument in ((cross, pa.nulls(cross.num_rows, pa.string())), (isolated, isolated["instrument"])):
        columns = {"account": _common_ids(plain_ids(table["account"])), "instrument": plain_ids(instrument)}
        parts.append(pa.table(columns | {name: plain_ids(table[name]) for name in names}))
    found: Table = pa.concat_tables(parts).combine_chunks()
    return found


def _common_ids(ids: Any) -> Any:
    """Integers of any width as one type: an id is the same id in int32 and in uint64."""
    return ids.cast(pa.uint64()) if pa.types.is_integer(ids.type) else ids


def _keyed(account: Any, instrument: Any, accounts: Any, instruments: Any) -> Any:
    """One integer per bucket: its account and its instrument, 0 for cross."""
    row = compute.index_in(_common_ids(account), value_set=accounts).cast(pa.int64())
    column = compute.index_in(instrument, value_set=instruments).cast(pa.int64())
    column = compute.add(compute.fill_null(column, -1), 1)
    key = compute.add(compute.multiply(row, len(instruments) + 1), column)
    return key.combine_chunks() if isinstance(key, pa.ChunkedArray) else key


def _cause(left: Table, right: Table) -> tuple[Any, Any]:
    """The total that moved a bucket most in the direction its status went, and by how much.

    The line that was crossed is that of the worse of both statuses: net value 0 for bankrupt, the initial margin for
    restricted, the maintenance margin for the others. Equity is measured against that line.
    """
    order = pa.array(list(STATUS_WORDS))
    ranks = [compute.index_in(side["status"], value_set=order) for side in (left, right)]
    worse = compute.if_else(compute.less(*ranks), left["status"], right["status"])
    improved = compute.less(*ranks)
    at_bankrupt, at_initial = compute.equal(worse, "bankrupt"), compute.equal(worse, "restricted")

    collateral = _moved(left, right, "collateral_value")
    closed_out = compute.subtract(_net_collateral(right), _net_collateral(left))
    initial, maintenance = _moved(left, right, "initial_margin"), _moved(left, right, "maintenance_margin")
    zero = pa.scalar(0, initial.type)
    moves = {
        "collateral_value": compute.if_else(at_bankrupt, closed_out, collateral),
        "unrealized_pnl": _moved(left, right, "unrealized_pnl"),
        "accrued_funding": _moved(left, right, "accrued_funding"),
        "initial_margin": compute.if_else(at_initial, initial, zero),
        "maintenance_margin": compute.if_else(compute.or_(at_initial, at_bankrupt), zero, maintenance),
    }
    raises = ("collateral_value", "unrealized_pnl")
    best, cause, amount = zero, pa.scalar("rulebook", pa.string()), pa.scalar(None, initial.type)
    for name, move in moves.items():
        toward = move if name in raises else compute.negate(move)
        toward = compute.if_else(improved, toward, compute.negate(toward))
        further = compute.fill_null(compute.greater(toward, best), False)
        best = compute.if_else(further, toward, best)
        cause = compute.if_else(further, name, cause)
        amount = compute.if_else(further, move, amount)

    statuses = (left["status"], right["status"])
    for word, name in (("undecided", "price_state"), ("unknown", "problem")):
        has = compute.or_(*(compute.fill_null(compute.equal(status, word), False) for status in statuses))
        cause, amount = compute.if_else(has, name, cause), compute.if_else(has, pa.scalar(None, amount.type), amount)
    for status, name in ((left["status"], "appeared"), (right["status"], "gone")):
        cause = compute.if_else(status.is_null(), name, cause)
    return cause, amount.cast(left["equity"].type)


def _moved(left: Table, right: Table, name: str) -> Any:
    """The change of one total. Widened, so that a later sum cannot overflow the precision."""
    return compute.subtract(right[name], left[name]).cast(pa.decimal128(34, 8))


def _net_collateral(side: Table) -> Any:
    """The collateral as forced conversion would leave it: net value without PnL and funding."""
    wide = pa.decimal128(33, 8)
    value = compute.subtract(side["net_value"].cast(wide), side["unrealized_pnl"].cast(wide))
    return compute.add(value, side["accrued_funding"].cast(pa.decimal128(34, 8))).cast(wide)

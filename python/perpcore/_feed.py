"""`feed`: what a reader may see of the events of a venue or a book."""

from __future__ import annotations

from typing import Any

from ._inputs import refuse
from ._tables import RecordBatch, Table, compute, one_batch, pa, plain_ids, table_of
from .event import Id

__all__ = ["feed"]

# Whose they are: the account, what is said of it in public events, and the other side of a trade.
_OWN = ("account", "order", "client_id")
_OTHER = ("other_account", "other_order")
_FIGURES = ("amount", "balance", "note")


def feed(events: Any, account: Id | None = None) -> RecordBatch | Table:
    """What a reader may see of a table of events: what is public, and what is his own where he has an account.

    Accounts, orders and client ids are null unless they are his own, so a public trade says neither whose it was nor
    which orders met. A RecordBatch comes back as one, any other Arrow table as a pyarrow Table.

    >>> import perpcore as pc
    >>> venue = pc.synth.venue()
    >>> orders = {"kind": ["place", "place"], "account": ["A", "B"], "instrument": ["BTC-PERP"] * 2}
    >>> events = venue.apply({**orders, "quantity": ["1", "-1"], "price": ["60000", "60000"]})
    >>> [(row["kind"], row["account"]) for row in pc.feed(events).to_pylist()]
    [('filled', None)]
    >>> [(row["kind"], row["account"], row["other_account"]) for row in pc.feed(events, "A").to_pylist()]
    [('accepted', 'A', None), ('filled', None, 'A'), ('posting', 'A', None)]
    """
    table = table_of(events)
    own, others = (_is(table[name], account) for name in ("account", "other_account"))
    audience = table["audience"].cast(pa.string())
    public = compute.equal(audience, "public")
    his = compute.and_(compute.equal(audience, "account"), compute.or_(own, others))
    nobodys = compute.and_(public, compute.is_null(table["account"]))
    shown = dict.fromkeys(_OWN, own) | dict.fromkeys(_OTHER, others)
    shown |= {name: compute.or_(own, nobodys) for name in _FIGURES}
    for at, field in enumerate(table.schema):
        if field.name in shown:
            column = compute.if_else(shown[field.name], table[field.name], pa.scalar(None, field.type))
            table = table.set_column(at, field, column)
    seen = table.filter(compute.or_(public, his))
    return one_batch(seen) if isinstance(events, RecordBatch) else seen


def _is(column: Any, account: Id | None) -> Any:
    """Whether each cell of a column of accounts is the account."""
    column = plain_ids(column)
    if account is None or pa.types.is_null(column.type):
        return compute.is_in(column, value_set=pa.array([], column.type))
    if pa.types.is_integer(column.type) != (not isinstance(account, str)):
        refuse("events", "account", "ids of another kind", value=account, code="id_kind_mismatch")
    return compute.is_in(column, value_set=pa.array([account], column.type))

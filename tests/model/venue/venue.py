"""The venue: one command at a time, what is due before it, its events, and what must hold after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from ..grid import GRID
from . import (
    breaker,
    changes,
    due,
    funding_due,
    halts,
    last_settlement,
    liquidation,
    liquidation_backstop,
    markets,
    money,
    people,
    refused,
    sources,
)
from .amend import amend
from .auction import indicate
from .client_ids import Remembered, content_of
from .orders import Order
from .place import fire, order_of, place
from .rows import read_row
from .rules import VenueRules
from .state import Event, State

Row = dict[str, Any]
Handler = Callable[[State, Row], "str | None"]

HANDLERS: dict[str, Handler] = {
    "open_account": people.open_account,
    "set_account": people.set_account,
    "close_account": people.close_account,
    "hold": people.hold,
    "disconnect": people.disconnect,
    "deadman": people.deadman,
    "deposit": breaker.with_flows(money.deposit),
    "withdraw": money.withdraw,
    "confirm_withdrawal": breaker.with_flows(money.confirm_withdrawal),
    "release_withdrawal": money.release_withdrawal,
    "transfer": breaker.with_flows(money.transfer),
    "fund_topup": breaker.with_flows(money.fund_topup),
    "register_backstop": liquidation_backstop.register,
    "index": markets.index,
    "quote": sources.quote,
    "top": sources.top,
    "mark": markets.mark,
    "phase": markets.phase,
    "halt": halts.halt,
    "resume": halts.resume,
    "settle": last_settlement.settle,
    "approve_rulebook": changes.approve,
    "activate_rulebook": changes.activate,
}


class Venue(State):
    """`apply` answers with the events of one command."""

    def __init__(self, rules: VenueRules) -> None:
        super().__init__(rules)
        self.handlers: dict[str, Handler] = {
            **HANDLERS,
            "place": lambda _, row: self.place(row),
            "amend": lambda _, row: self.amend(row),
            "cancel": lambda _, row: self.cancel(row),
            "cancel_all": lambda _, row: self.cancel_all(row),
            "advance_time": lambda _, __: self.advance_time(),
            "restart": lambda _, __: self.restart(),
        }

    def apply(self, raw: Mapping[str, Any]) -> list[Event]:
        """One row of `commands`, numbers as text or as they are read; the events it causes, or gives again."""
        self.events = []
        self.cause += 1
        self.liquidations.rounds = 0
        row, code = read_row(self.rules, raw)
        time = raw.get("time")
        if time is not None and self.started and time < self.time:
            self.reject(row, code or "time_runs_back")
            return self.events
        if time is not None or self.started:
            self.pass_time(self.time if time is None else time)
        row, code = read_row(self.rules, raw)  # names of a rulebook that has come since
        if code is None:
            code = self.handlers[row["kind"]](self, row)
        if code is not None:
            self.reject(row, code)
        liquidation.conclude(self)
        self.check()
        return self.events

    def pass_time(self, time: int) -> None:
        """What is due first; the first time only starts the clock."""
        if self.started:
            due.run(self, time)
            return
        self.time, self.started = time, True
        funding_due.begin(self)

    def reject(self, row: Row, code: str) -> None:
        """What was refused, and why."""
        self.emit("rejected", code=code, **refused.columns(self.rules, row, code))

    # --- orders

    def place(self, row: Row) -> str | None:
        """A repeat is answered first; then the gate, the book, and what its trades triggered."""
        if self.holder(row["account"]) is None:
            return "unknown_holder"
        book, ids = self.books[row["instrument"]], self.client_ids[row["instrument"]]
        key, content = (row["account"], row.get("client_id")), content_of(order_of(book, row))
        live = {(order.account, order.client_id) for order in book.open.values()}
        if row.get("client_id") is not None and self.names(key, row["instrument"]) is not None:
            return "client_id_reused"
        known = ids.find(key, self.time, live) if row.get("client_id") is not None else None
        if known is not None:
            if known.content != content:
                return "client_id_reused"
            self.events.extend(known.events)
            return None
        first = len(self.events)
        code = place(book, row)
        if code is not None:
            self.reject(row, code)
        if row.get("client_id") is not None:
            told = self.events[first:] if row.get("trigger") is None else self.events[first : first + 1]
            ids.add(key, Remembered(content, self.time, list(told)))
        if code is None:
            fire(book)
        self.flush()
        return None

    def names(self, key: tuple[str, Any], but: str | None = None) -> str | None:
        """The instrument, but for one, whose book remembers a client's id."""
        for name, ids in self.client_ids.items():
            live = {(order.account, order.client_id) for order in self.books[name].open.values()}
            if name != but and ids.find(key, self.time, live) is not None:
                return name
        return None

    def find(self, row: Row) -> Order | None:
        """The open order that a row names."""
        if "instrument" not in row:
            holding = [name for name, book in self.books.items() if row.get("order") in book.open]
            name = self.names((row["account"], row["client_id"])) if "order" not in row else next(iter(holding), None)
            if name is None:
                return None
            row["instrument"] = name
        book = self.books[row["instrument"]]
        if "order" in row:
            found = book.open.get(row["order"])
            return None if found is None or row.get("account") not in (None, found.account) else found
        named = (row["account"], row["client_id"])
        return next((order for order in book.open.values() if (order.account, order.client_id) == named), None)

    def amend(self, row: Row) -> str | None:
        """What changed may trade, and trigger."""
        if "account" in row and self.holder(row["account"]) is None:
            return "unknown_holder"
        order = self.find(row)
        if order is None:
            return "unknown_order"
        if row.get("quantity") is None and row.get("price") is None:
            return "null_value"
        book = self.books[row["instrument"]]
        code = amend(book, order, row)
        if code is None:
            fire(book)
        self.flush()
        return code

    def cancel(self, row: Row) -> str | None:
        """Always passes."""
        if "account" in row and self.holder(row["account"]) is None:
            return "unknown_holder"
        order = self.find(row)
        if order is None:
            return "unknown_order"
        self.books[row["instrument"]].end(order, "requested")
        return None

    def cancel_all(self, row: Row) -> str | None:
        """Every order that has all of what is given."""
        if "account" in row and self.holder(row["account"]) is None:
            return "unknown_holder"
        for name, book in self.books.items():
            if row.get("instrument") not in (None, name):
                continue
            for order in list(book.open.values()):
                owner = self.holders[order.account]
                given = {"account": owner.name, "client": owner.client, "group": owner.group, "class": owner.cls}
                if all(row.get(column) in (None, value) for column, value in given.items()):
                    book.end(order, "requested")
        return None

    def advance_time(self) -> str | None:
        """Books that collect orders say where they would trade."""
        for book in self.books.values():
            fire(book)
            indicate(book)
        self.flush()
        return None

    def restart(self) -> str | None:
        """Nothing that was told of prices may be used."""
        markets.restart(self)
        return None

    # --- what must hold, and what is shown

    def check(self) -> None:
        """RULES §8: money, positions and what was paid for them are conserved."""
        self.ledger.check(self.holders.values())
        for name in self.rules.markets:
            held = [own for h in self.holders.values() for (one, _), own in h.positions.items() if one == name]
            assert sum(own.quantity for own in held) == 0, name
            assert sum(own.cost for own in held) + self.ledger.rounding_cost[name] == 0, name

    def ledger_rows(self) -> list[Row]:
        """`venue.ledger()`."""
        rows = [
            {"account": h.name, "asset": asset, "amount": h.amount(asset), "held": h.held.get(asset, 0)}
            for h in self.open_holders()
            for asset in self.rules.assets
        ]
        rows += [
            {"account": name, "asset": asset, "amount": self.ledger.house[name][asset], "held": 0}
            for name in self.ledger.house
            for asset in self.rules.assets
        ]
        return [row for row in rows if row["amount"] or row["held"]]

    def position_rows(self) -> list[Row]:
        """`venue.positions()`; cost at 10⁻¹⁶."""
        return [
            {
                "account": h.name, "instrument": name, "margin_mode": mode, "quantity": own.quantity,
                "cost": own.cost, "isolated_margin": own.margin,
            }
            for h in self.everybody()
            for name in self.rules.markets
            for mode in ("cross", "isolated")
            if (own := h.positions.get((name, mode))) is not None
            and (own.quantity or own.cost or own.margin)
        ]  # fmt: skip

    def entry_price(self, row: Row) -> Fraction | None:
        """κ / Q, exact; for display it is rounded."""
        size = self.rules.markets[row["instrument"]].contract_size
        return Fraction(row["cost"] * GRID, row["quantity"] * size) if row["quantity"] else None

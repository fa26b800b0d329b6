"""The state of a venue, its log of events, and the answers that its books ask for. No command is handled here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..book import Price
from ..grid import GRID
from ..pricing import Funding, FundingRow, IndexPrice, MarkPrice
from . import breaker, fills, gate, inventory, limits
from .accounts import Holder, owner_group
from .book import Book
from .client_ids import ClientIds
from .controls import Controls
from .figures import Valuer
from .ledger import Ledger
from .liquidation_state import Liquidations
from .orders import Order
from .rules import VenueRules

Event = dict[str, Any]


class State:
    """Everything that a command may change. Columns of an event that are not named are null."""

    def __init__(self, rules: VenueRules) -> None:
        self.rules = rules
        self.time = 0
        self.started = False
        self.cause = -1
        self.seq = 0
        self.events: list[Event] = []
        self.later: list[tuple[str, Mapping[str, Any]]] = []  # postings of fills, told after the book's events
        self.filling = 0
        self.holders: dict[str, Holder] = {}
        self.prices: dict[str, Price] = {rules.settlement: Price(GRID, "live")}
        self.indexes: dict[str, Price] = {}  # of underlyings
        self.told: dict[str, list[tuple[int, int]]] = {}  # usable values of an index, by underlying
        self.tops: dict[str, tuple[int | None, int | None]] = {}
        self.sources = {name: IndexPrice(index) for name, index in rules.indexes.items() if index.sources}
        self.marks = {name: MarkPrice(market.contract) for name, market in rules.markets.items()}
        self.traded: dict[str, int] = {}  # the last price since the mark was made
        self.rates: dict[str, int] = {}  # of the last funding
        self.valuer = Valuer(rules, self.prices)
        self.ledger = Ledger(rules, self.prices, self)
        self.ledger.owed = lambda: inventory.owed(self)
        self.books = {name: Book(market, rules, self, "listed") for name, market in rules.markets.items()}
        self.client_ids = {name: ClientIds(rules.client_id_time, rules.client_ids) for name in rules.markets}
        self.fundings = {name: Funding(market.contract) for name, market in rules.markets.items()}
        self.slots: dict[str, list[FundingRow]] = {}  # that passed and were not told yet
        self.withdrawals: dict[int, tuple[str, str, int]] = {}
        self.withdrawal_count = 0
        self.outflows: list[tuple[int, int, int]] = []  # (time, value, number)
        self.controls = Controls()
        self.liquidations = Liquidations()

    # --- the log

    def emit(self, kind: str, **columns: Any) -> None:
        """One event, now."""
        self.events.append({"seq": self.seq, "time": self.time, "cause": self.cause, "kind": kind, **columns})
        self.seq += 1

    def tell_money(self, kind: str, **columns: object) -> None:
        """One event about money: of a fill it waits for the end of the book's events."""
        if self.filling:
            self.later.append((kind, columns))
        else:
            self.emit(kind, **columns)

    def flush(self) -> None:
        """The postings of the fills, in their order."""
        later, self.later = self.later, []
        for kind, columns in later:
            self.emit(kind, **columns)

    # --- who

    def open_holders(self) -> list[Holder]:
        """The accounts, in the order of opening."""
        return [holder for holder in self.everybody() if not holder.is_fund]

    def everybody(self) -> list[Holder]:
        """With the inventory of the fund, at its place."""
        return [holder for holder in self.holders.values() if not holder.closed]

    def holder(self, name: object) -> Holder | None:
        """An account that is open."""
        found = self.holders.get(str(name)) if name is not None else None
        return None if found is None or found.closed or found.is_fund else found

    def class_of(self, account: str) -> str:
        """For the book."""
        return self.holders[account].cls

    def group_of(self, account: str) -> str:
        """For the book."""
        return str(owner_group(self.holders[account]))

    def position(self, account: str, instrument: str, mode: str) -> int:
        """For the book: contracts, signed."""
        return self.holders[account].quantity(instrument, mode)

    def counted_orders(self, holder: Holder, without: Order | None = None) -> list[Order]:
        """All resting orders of an account, over all books."""
        return [
            order
            for book in self.books.values()
            for order in book.of(holder.name)
            if order.resting and order is not without
        ]

    def clients_accounts(self, client: str) -> list[Holder]:
        """The open accounts of a client."""
        return [holder for holder in self.open_holders() if holder.client == client]

    def may_use(self, instrument: str) -> bool:
        """Whether the mark of an instrument may be used."""
        price = self.valuer.price(instrument)
        underlying = self.rules.markets[instrument].underlying
        return price.state == "live" or (price.state == "thin" and self.rules.valuation.thin_is_usable(underlying))

    # --- what books ask

    def price_refuses(self, book: Book) -> str | None:
        """A halted price admits cancels only."""
        return "price_unusable" if self.valuer.price(book.market.name).state == "halted" else None

    def account_refuses(self, book: Book, order: Order, without: Order | None) -> str | None:
        """`gate.account`."""
        return gate.account_refuses(self, book, order, without)

    def limits_refuse(self, book: Book, order: Order, without: Order | None) -> str | None:
        """`gate.limits`."""
        return limits.refuses(self, book, order, without)

    def margin_refuses(self, book: Book, order: Order, without: Order | None) -> str | None:
        """`gate.margin`."""
        return gate.margin_refuses(self, book, order, without)

    def fill_refuses(self, taker: Order, maker: Order, price: int, quantity: int) -> tuple[bool, bool]:
        """`gate.fill` for both sides, on what is held before the fill."""
        return fills.refused(self, taker, maker, price, quantity)

    def fill(self, taker: Order, maker: Order, price: int, quantity: int, trade: int) -> None:
        """Positions, isolated margins, fees."""
        self.filling += 1
        self.note_trade(taker, maker, price, quantity)
        self.traded[taker.instrument] = price
        collected = fills.fill(self, taker, price, quantity, "taker", trade)
        fills.fill(self, maker, price, quantity, "maker", trade, collected)
        self.filling -= 1

    def note_trade(self, taker: Order, maker: Order, price: int, quantity: int) -> None:
        """`gate.breaker`, before anything has moved."""
        for order in (taker, maker):
            breaker.note_trade(self, order, price, quantity)

    def trial(self, asks: bool) -> Trial:
        """A copy for what is only tried."""
        return Trial(self, asks)


class Trial(State):
    """Money and positions of its own, and nobody who listens."""

    def __init__(self, state: State, asks: bool) -> None:
        self.__dict__.update(state.__dict__)
        self.asks = asks
        self.traded = {}
        self.holders = {name: holder.copy() for name, holder in state.holders.items()}
        self.ledger = Ledger(state.rules, state.prices, self)
        self.ledger.house = {name: own.copy() for name, own in state.ledger.house.items()}
        self.ledger.owed = state.ledger.owed

    def emit(self, kind: str, **columns: Any) -> None:
        """Nothing."""

    def tell_money(self, kind: str, **columns: object) -> None:
        """Nothing."""

    def note_trade(self, taker: Order, maker: Order, price: int, quantity: int) -> None:
        """Nothing."""

    def fill_refuses(self, taker: Order, maker: Order, price: int, quantity: int) -> tuple[bool, bool]:
        """Only where it is asked."""
        return super().fill_refuses(taker, maker, price, quantity) if self.asks else (False, False)

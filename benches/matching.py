"""The matching workload MW-1 as tables of commands, made by a plain book of its own.

The stream is that of `rust/perpcore/tests/workload/`, whose published hashes both books of the core reproduce; here as
many of its steps as asked for. A modified order that would keep its place is canceled and placed anew.
"""

from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
from sortedcontainers import SortedDict

import perpcore as pc

PREFILL = 20_000
TICK, LOT = 10_000_000, 100_000  # 0.1 and 0.001 in units of 10⁻⁸
_WORD = (1 << 64) - 1

RULES = """
name = "workload"
[venue]
settlement = "USD"
[asset.USD]
class = "fiat"
eligible = true
[underlying.BTC]
[instrument.BTC-PERP]
underlying = "BTC"
tick = 0.1
lot = 0.001
tiers = [["rest", "0.5%", 20]]
limits = { open_orders = 100_000 }
"""


@dataclass(slots=True)
class Step:
    """One step: what, whose side, how much, which order, where, and the middle."""

    op: str
    buy: bool
    quantity: int
    id: int
    price: int
    mid: int


class _Random:
    def __init__(self) -> None:
        self.state = 0x9E3779B97F4A7C15

    def below(self, n: int) -> int:
        state = self.state
        state ^= state >> 12
        state ^= state << 25 & _WORD
        state ^= state >> 27
        self.state = state
        return ((state * 0x2545F4914F6CDD1D & _WORD) >> 32) * n >> 32


class Plain:
    """What rests, so that the generator knows who lives; also a peer that knows nothing else."""

    def __init__(self) -> None:
        self.sides: tuple[Any, Any] = (SortedDict(), SortedDict())
        self.orders: dict[int, list[int]] = {}
        self.live: list[int] = []
        self.place: dict[int, int] = {}

    def swap_remove(self, order: int) -> None:
        at, last = self.place.pop(order), self.live.pop()
        if last != order:
            self.live[at] = last
            self.place[last] = at

    def unrest(self, order: int) -> None:
        buy, price, _ = self.orders.pop(order)
        side = self.sides[buy]
        side[price].remove(order)
        if not side[price]:
            del side[price]

    def matched(self, buy: bool, price: int, quantity: int) -> int:
        side = self.sides[not buy]
        while quantity and side:
            best, queue = side.peekitem(0 if buy else -1)
            if best > price if buy else best < price:
                break
            maker = queue[0]
            traded = min(quantity, self.orders[maker][2])
            quantity -= traded
            self.orders[maker][2] -= traded
            if not self.orders[maker][2]:
                queue.popleft()
                if not queue:
                    del side[best]
                del self.orders[maker]
                self.swap_remove(maker)
        return quantity

    def rest(self, order: int, buy: bool, price: int, quantity: int) -> None:
        self.sides[buy].setdefault(price, deque()).append(order)
        self.orders[order] = [buy, price, quantity]

    def step(self, step: Step) -> None:
        """Carries out a step."""
        if step.op in ("cancel", "modify") and step.id in self.orders:
            self.unrest(step.id)
        if step.op in ("cancel", "modify") and step.id in self.place:
            self.swap_remove(step.id)
        if step.op != "cancel":
            left = self.matched(step.buy, step.price, step.quantity)
            if left and step.op != "ioc":
                self.rest(step.id, step.buy, step.price, left)
                self.enlist(step.id)

    def enlist(self, order: int) -> None:
        self.place[order] = len(self.live)
        self.live.append(order)


def stream(count: int) -> list[Step]:
    """The first steps of the uniform variant, the 20,000 that fill the book before them."""
    random, book, mid, next_id, steps = _Random(), Plain(), 1_000_000, 1, []

    def place(buy: bool) -> int:
        u = random.below(1024)
        off = u * u >> 11
        return mid - 1 - off if buy else mid + 1 + off

    for at in range(PREFILL + count):
        if at >= PREFILL and (at - PREFILL) % 64 == 0:
            mid += random.below(3) - 1
        draw = random.below(100) if at >= PREFILL else 0
        if draw < 50:
            buy = random.below(2) == 0
            price, quantity, order = place(buy), 1 + random.below(100), next_id
            next_id += 1
            left = book.matched(buy, price, quantity)
            if left:
                book.rest(order, buy, price, left)
                book.enlist(order)
            steps.append(Step("add", buy, quantity, order, price, mid))
        elif draw < 95:
            order = book.live[random.below(len(book.live))]
            buy = bool(book.orders[order][0])
            if draw < 85:
                book.unrest(order)
                book.swap_remove(order)
                steps.append(Step("cancel", buy, 0, order, 0, mid))
            else:
                price, quantity = place(buy), 1 + random.below(100)
                book.unrest(order)
                left = book.matched(buy, price, quantity)
                if left:
                    book.rest(order, buy, price, left)
                else:
                    book.swap_remove(order)
                steps.append(Step("modify", buy, quantity, order, price, mid))
        else:
            buy = random.below(2) == 0
            price = mid + 64 if buy else mid - 64
            quantity = 1 + random.below(400 if len(book.live) > 20_000 else 200)
            steps.append(Step("ioc", buy, quantity, next_id, price, mid))
            next_id += 1
            book.matched(buy, price, quantity)
    return steps


def tables(steps: list[Step], *, accounts: bool, batch: int = 10_000) -> list[pa.Table]:
    """Batches of commands. With accounts: 10,000, two to a group, 1 % affiliated, client ids, a mark every 64 steps.

    Orders are named by the book's own ids, the same in every run: one run of the commands, one by one, tells them.
    """
    book = pc.OrderBook(pc.Rulebook.parse(RULES), "BTC-PERP")
    ids: dict[int, int] = {}
    rows: list[dict[str, Any]] = []

    def carry_out(name: int | None = None, **row: Any) -> None:
        rows.append(row)
        typed = {key.removesuffix("_e8"): value for key, value in row.items() if key != "kind"}
        for key in ("quantity", "price"):
            if key in typed:
                typed[key] = Decimal(typed[key]).scaleb(-8)
        events = _CALLS[row["kind"]](book, typed)
        if name is not None and events and events[0].kind == "accepted":
            ids[name] = events[0].order

    if accounts:
        for account in range(10_000):
            kind = "affiliated_market_maker" if account % 100 == 0 else "professional"
            carry_out(kind="open_account", account=account, client=account, group=account // 2, **{"class": kind})
    for at, step in enumerate(steps):
        if accounts and at % 64 == 0:
            carry_out(kind="mark", price_e8=step.mid * TICK)
        quantity = step.quantity * LOT * (1 if step.buy else -1)
        placed: dict[str, Any] = {"kind": "place", "quantity_e8": quantity, "price_e8": step.price * TICK}
        if accounts:
            placed |= {"account": step.id % 10_000, "client_id": step.id}
        if step.op == "add":
            carry_out(step.id, **placed)
        elif step.op == "ioc":
            carry_out(step.id, **placed, tif="ioc")
        elif step.id in ids:
            carry_out(kind="cancel", order=ids[step.id])
            if step.op == "modify":
                # Under a name of its own: a client's id is not used twice.
                placed |= {"client_id": step.id + (1 << 40) + at} if accounts else {}
                carry_out(step.id, **placed)
    return [_table(rows[first : first + batch]) for first in range(0, len(rows), batch)]


_CALLS: dict[str, Any] = {
    "place": lambda book, row: book.place(row.pop("account", None), row.pop("quantity"), row.pop("price"), **row),
    "cancel": lambda book, row: book.cancel(row["order"]),
    "mark": lambda book, row: book.mark(row["price"]),
    "open_account": lambda book, row: book.open_account(
        row["account"], client=row["client"], group=row["group"], account_class=row["class"]
    ),
}

_TYPES = {
    "kind": pa.dictionary(pa.int8(), pa.string()),
    "account": pa.int64(),
    "client": pa.int64(),
    "group": pa.int64(),
    "order": pa.uint64(),
    "client_id": pa.int64(),
    "quantity_e8": pa.int64(),
    "price_e8": pa.int64(),
    "tif": pa.dictionary(pa.int8(), pa.string()),
    "class": pa.dictionary(pa.int8(), pa.string()),
}


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    used = [name for name in _TYPES if any(name in row for row in rows)]
    columns = {}
    for name in used:
        values, kind = [row.get(name) for row in rows], _TYPES[name]
        text = pa.types.is_dictionary(kind)
        columns[name] = pa.array(values, pa.string()).dictionary_encode().cast(kind) if text else pa.array(values, kind)
    return pa.table(columns).combine_chunks()

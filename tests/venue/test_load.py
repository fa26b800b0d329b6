"""More falls at once than a command closes, while clients go on.

What a venue can do in a command is `liquidation.per_command` rounds, what a client may send in a second is
`venue.rates.orders_per_second`. Ten times either comes here. What is looked at: each cancel and each order that only
reduces is accepted by its own command, whatever waits; how many rounds and how many events a command makes; how many
buckets wait after it. Times are printed (`pytest -s`), not asserted.
"""

import time
from collections import Counter
from collections.abc import Iterator

import pytest
from tests.laws.books import SOAK
from tests.venue.crowd import Row, table
from tests.venue.scene import IN_DANGER, SECOND, START
from tests.venue.tape import GRID

import perpcore as pc

RULES = """
[venue]
settlement = "USD"
fees = { standard = { maker = "0%", taker = "0%" } }
rates = { orders_per_second = 10 }
[asset.USD]
class = "fiat"
eligible = true
"""
INSTRUMENT = """
[instrument.X{number}]
underlying = "X"
tick = 1
lot = 0.1
tiers = [["rest", "5%", 10]]
collar = { width = "20%" }
"""
# What a round of these accounts says: their one order ends, the step, the fill, the fee, the status.
OF_A_ROUND = ("canceled", "liquidation_step", "filled", "posting", "status_changed")
RESTING = 110


def rulebook(instruments: int, per_command: int) -> pc.Rulebook:
    books = "".join(INSTRUMENT.replace("{number}", str(number)) for number in range(instruments))
    return pc.Rulebook.parse(f"{RULES}[liquidation]\nper_command = {per_command}\n{books}")


def opening(instruments: int, size: int) -> Iterator[Row]:
    """In each instrument so many accounts that are long 1 at 1,000 with 110. At 920 equity is 30, below 66.666667 %
    of 46: everything is closed at once, at 915. They are bankrupt at 890.
    """
    yield {"kind": "index", "underlying": "X", "price_e8": 1_000 * GRID, "time": START}
    for account, amount in {"seller": 10**9, "bidder": 10**9, "client": 10**6}.items():
        yield from comes(account, amount)
    for number in range(instruments):
        name = f"X{number}"
        yield {"kind": "mark", "instrument": name, "price_e8": 1_000 * GRID}
        yield {"kind": "phase", "instrument": name, "state": "open"}
        yield order(name, "seller", -size - 100, 1_000)
        yield order(name, "client", 100, 1_000)
        for account in (f"{name} {place}" for place in range(size)):
            yield from comes(account, 110)
            yield order(name, account, 1, 1_000)
            yield order(name, account, -1, 1_150) | {"reduce_only": True}
        yield order(name, "bidder", 2 * size, 915)
    for number in range(RESTING):
        resting = {"client_id": f"c{number}", "time": START + (1 + number // 10) * SECOND}
        yield order("X0", "client", -1, 1_160) | resting


def comes(account: str, amount: int) -> Iterator[Row]:
    yield {"kind": "open_account", "account": account}
    yield {"kind": "deposit", "account": account, "asset": "USD", "amount_e8": amount * GRID}


def order(instrument: str, account: str, quantity: int, price: int) -> Row:
    signed = {"quantity_e8": quantity * GRID, "price_e8": price * GRID}
    return {"kind": "place", "account": account, "instrument": instrument, **signed}


class Loaded:
    """A venue in which more and more falls."""

    def __init__(self, instruments: int, size: int, per_command: int) -> None:
        self.venue = pc.Venue(rulebook(instruments, per_command))
        events = self.venue.apply(table(opening(instruments, size)))
        assert "rejected" not in events["kind"].to_pylist()
        self.venue.advance_time(START + 100 * SECOND)
        self.canceled = 0

    def waiting(self) -> int:
        """Accounts in liquidation."""
        return sum(status in IN_DANGER for status in self.venue.accounts()["status"].to_pylist())

    def fall(self, instrument: int) -> list[str]:
        return self.said({"kind": "mark", "instrument": f"X{instrument}", "price_e8": 920 * GRID})

    def cancel(self) -> list[str]:
        """The client's next order ends."""
        self.canceled += 1
        return self.said({"kind": "cancel", "account": "client", "client_id": f"c{self.canceled - 1}"})

    def reduce(self) -> list[str]:
        """The client waits to sell, above the market."""
        return self.said(order("X0", "client", -1, 1_155) | {"reduce_only": True})

    def said(self, row: Row) -> list[str]:
        """Kinds of what a command caused, in order."""
        rows = self.venue.apply(table(iter([row])))
        assert len(set(rows["cause"].to_pylist())) <= 1
        kinds: list[str] = rows["kind"].to_pylist()
        return kinds


def says(said: list[str], own: str, closed: int, fell: int = 0) -> bool:
    """Whether a command said its own first, then of each who fell that he did, then what so many rounds did."""
    rounds = Counter(dict.fromkeys(OF_A_ROUND, closed))
    return said[: 1 + fell] == [own] + ["status_changed"] * fell and Counter(said[1 + fell :]) == rounds


def test_cancels_and_reducing_orders_are_accepted_while_ten_times_as_many_fall_as_a_command_closes() -> None:
    instruments, size, per_command = 5, 200, 20
    loaded, waits = Loaded(instruments, size, per_command), 0
    for instrument in range(instruments):
        said = loaded.fall(instrument)
        waits += size - per_command
        # The command that moves the price says of each who fell that he did.
        assert says(said, "mark", per_command, size)
        assert loaded.waiting() == waits
        for send, own in ((loaded.cancel, "canceled"), (loaded.reduce, "accepted")):
            assert says(send(), own, per_command)
            waits -= per_command
            assert loaded.waiting() == waits
    # 1,000 fell with 5 commands, 15 have closed 20 each.
    assert waits == 700
    sent = instruments
    while waits:
        # Ten orders a second, and cancels without limit, all within one second.
        send, own = (loaded.reduce, "accepted") if sent < 10 else (loaded.cancel, "canceled")
        assert says(send(), own, per_command)
        waits, sent = waits - per_command, sent + 1
        assert loaded.waiting() == waits
    assert loaded.venue.verify() == []
    # The eleventh order is refused as always, the hundredth cancel is not.
    assert loaded.reduce() == ["rejected"]
    for _ in range(100 - loaded.canceled):
        assert loaded.cancel() == ["canceled"]


@pytest.mark.parametrize("size", [20_000 if SOAK else 2_000])
def test_many_fall_with_one_price(size: int) -> None:
    """256 a command, so that 2,000 take 8 and 20,000 take 79."""
    loaded, per_command = Loaded(1, size, 256), 256
    begin = time.perf_counter()
    said = loaded.fall(0)
    took, waits = [time.perf_counter() - begin], size - per_command
    assert says(said, "mark", per_command, size)
    while waits:
        done = min(per_command, waits)
        begin = time.perf_counter()
        said = loaded.cancel()
        took.append(time.perf_counter() - begin)
        assert says(said, "canceled", done)
        waits -= done
    assert loaded.waiting() == 0
    assert loaded.venue.verify() == []
    first, most, whole = took[0] * 1e3, max(took[1:]) * 1e3, sum(took) * 1e3
    print(f"\n{size:,} fall: the mark {first:.1f} ms, a cancel then at most {most:.1f} ms, all {whole:.0f} ms")
    assert len(took) == -(-size // per_command)

"""RULES §10.5: the last resort always suffices.

While no cash is negative and Σ Q = Σ κ = 0 a deficit is at most the others' profit that is not settled. Positions that
pass at the mark change nobody's PnL, so the law is one about money alone. Amounts at 10⁻¹⁶, cash at g. First of the
model, then of a venue.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.grid import GRID
from tests.model.waterfall.last_resort import moves

import perpcore as pc

MARKETS = 3


@dataclass
class Bucket:
    cash: int  # of a cross bucket, or the margin of an isolated one
    quantities: list[int] = field(default_factory=lambda: [0] * MARKETS)
    costs: list[int] = field(default_factory=lambda: [0] * MARKETS)

    def pnl(self, marks: list[int]) -> int:
        """Exact."""
        return sum(q * mark - cost for q, mark, cost in zip(self.quantities, marks, self.costs, strict=True))

    def unrealized(self, marks: list[int]) -> int:
        """The figure: rounded down."""
        return self.pnl(marks) // GRID

    def net_value(self, marks: list[int]) -> int:
        return self.cash + self.unrealized(marks)


@dataclass
class Setting:
    buckets: list[Bucket]
    marks: list[int]


prices = st.integers(1, 10**4 * GRID)
quantities = st.integers(1, 10**3 * GRID)


@st.composite
def books(draw: st.DrawFn) -> Setting:
    """Trades between any two, then marks somewhere else; the less cash there is, the more is owed."""
    count = draw(st.integers(2, 7))
    cash = st.one_of(st.just(0), st.integers(0, 3), st.integers(0, 10**5 * GRID))
    buckets = [Bucket(draw(cash)) for _ in range(count)]
    for _ in range(draw(st.integers(1, 12))):
        buyer, seller = draw(st.permutations(range(count)))[:2]
        market, quantity, price = draw(st.integers(0, MARKETS - 1)), draw(quantities), draw(prices)
        for who, side in ((buyer, 1), (seller, -1)):
            buckets[who].quantities[market] += side * quantity
            buckets[who].costs[market] += side * quantity * price
    return Setting(buckets, [draw(prices) for _ in range(MARKETS)])


def others_of(setting: Setting, one: Bucket) -> list[Bucket]:
    return [bucket for bucket in setting.buckets if bucket is not one]


@settings(max_examples=500, deadline=None, derandomize=True)
@given(books())
def test_a_deficit_is_at_most_the_others_profit(setting: Setting) -> None:
    for one in setting.buckets:
        deficit = -(one.cash * GRID + one.pnl(setting.marks))
        others = others_of(setting, one)
        assert sum(max(0, other.pnl(setting.marks)) for other in others) >= deficit
        # rounded figures lose less than a unit each
        figures = sum(max(0, other.unrealized(setting.marks)) for other in others)
        assert figures + len(others) >= -one.net_value(setting.marks)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(books())
def test_cut_by_cut_nobody_is_bankrupt_and_nobody_loses_more_than_a_profit(setting: Setting) -> None:
    """One after the other, the worst first: each cut is a move of κ in any market."""
    marks = setting.marks
    rounding = 0  # what is owed to it
    for one in sorted(setting.buckets, key=lambda bucket: bucket.net_value(marks)):
        deficit = -(one.cash * GRID + one.pnl(marks))
        if deficit <= 0:
            continue
        others = others_of(setting, one)
        found, remainder = moves(deficit, {at: other.pnl(marks) for at, other in enumerate(others)})
        for at, amount in found.items():
            assert 0 <= amount <= others[at].pnl(marks)
            others[at].costs[0] += amount
        one.costs[0] -= sum(found.values()) - remainder
        assert one.net_value(marks) == 0
        rounding += remainder
        assert rounding >= 0
        assert sum(bucket.costs[0] for bucket in setting.buckets) == rounding
    assert all(bucket.net_value(marks) >= 0 for bucket in setting.buckets)


RULES = """
[venue]
settlement = "USD"
profit_credit = 1
fees = { standard = { maker = "0%", taker = "0%" } }
[liquidation]
per_command = 8
[instrument.X-PERP]
underlying = "X"
tick = 1
lot = 0.1
tiers = [["rest", "5%", 10]]
collar = { width = "20%" }
"""
MIDNIGHT = 1_796_083_200 * 10**9
tenths = st.integers(1, 30)


def traded(venue: pc.Venue, seller: str, buyer: str, quantity: Decimal, price: int) -> None:
    venue.place(seller, "X-PERP", -quantity, price)
    assert venue.place(buyer, "X-PERP", quantity, price)[-1].kind != "rejected"


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.lists(tenths, min_size=3, max_size=3), min_size=2, max_size=4), st.integers(870, 899))
def test_a_venue_cuts_what_every_bankrupt_bucket_lacks(bought: list[list[int]], mark: int) -> None:
    """Longs without any cash, who took out a gain before, against three shorts who closed and only gained."""
    venue = pc.Venue(pc.Rulebook.parse(RULES))
    venue.advance_time(MIDNIGHT)
    sellers = ["S0", "S1", "S2"]
    buyers = {f"B{at}": [Decimal(each) / 10 for each in row] for at, row in enumerate(bought)}
    cash = {name: sum(row) * 100 for name, row in buyers.items()}
    for name, amount in {**cash, **dict.fromkeys([*sellers, "Z"], Decimal(100_000))}.items():
        venue.open_account(name)
        venue.deposit(name, "USD", amount)
    venue.index("X", 1_000)
    venue.mark("X-PERP", 1_000)
    venue.enter_phase("X-PERP", "open")
    for price in (1_000, 1_100):
        venue.mark("X-PERP", price)
        for name, row in buyers.items():
            for seller, quantity in zip(sellers, row, strict=True):
                traded(venue, *((seller, name) if price == 1_000 else (name, seller)), quantity, price)
    for name, amount in cash.items():
        venue.confirm_withdrawal(venue.withdraw(name, "USD", amount)[-1].order)
    venue.mark("X-PERP", 1_000)
    for name, row in buyers.items():
        for seller, quantity in zip(sellers, row, strict=True):
            traded(venue, seller, name, quantity, 1_000)
    for at, seller in enumerate(sellers):
        traded(venue, "Z", seller, sum((row[at] for row in buyers.values()), Decimal(0)), 880)
    events = venue.mark("X-PERP", mark)
    for second in range(1, 100):
        assert venue.verify() == []
        if not any(event.kind == "liquidation_step" for event in events):
            break
        events = venue.advance_time(MIDNIGHT + second * 10**9)
    else:
        raise AssertionError("it goes on for ever")
    values = {row["account"]: row["net_value"] for row in venue.accounts().to_pylist()}
    assert min(values.values()) >= 0
    assert {row["account"] for row in venue.positions().to_pylist() if row["quantity"]}.isdisjoint(buyers)
    later = venue.advance_time(MIDNIGHT + 8 * 3_600 * 10**9)
    assert not any(event.kind in ("settlement_deferred", "liquidation_step") for event in later)
    assert venue.verify() == []

"""RULES §10.5: the last resort always suffices.

While no cash is negative and Σ Q = Σ κ = 0 a deficit is at most the others' profit that is not settled. Positions that
pass at the mark change nobody's PnL, so the law is one about money alone. Amounts at 10⁻¹⁶, cash at g.
"""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.grid import GRID
from tests.model.waterfall.last_resort import moves

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

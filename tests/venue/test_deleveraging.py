"""The deficits of 10 October 2025, from `../shared/data` (or $PERPCORE_DATA), deleveraged by each policy."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.model.waterfall.allocation import allocate
from tests.model.waterfall.ranking import Counterparty
from tests.shared import at_hand
from tests.venue.crowd import table
from tests.venue.deleveraging import (
    FOLDER,
    LOT,
    POLICIES,
    Closed,
    Deficit,
    Played,
    Short,
    close,
    deficits,
    page,
    play,
    setting,
    shorts,
)
from tests.venue.tape import GRID

PAGE = Path(__file__).resolve().parents[2] / "docs" / "liquidation.md"
UNIT = Decimal("1e-8")


@dataclass
class Run:
    """All deficits under a policy: what was closed, and what was found in the venues afterwards."""

    closed: list[Closed] = field(default_factory=list)
    refused: int = 0
    wrong: list[str] = field(default_factory=list)
    """What `verify()` found."""
    least: Decimal = Decimal(0)
    """The least net value of anybody."""
    values: dict[tuple[int, str], Decimal] = field(default_factory=dict)
    """By wave and coin the net value of the account that fell."""
    paid: dict[tuple[int, str], Decimal] = field(default_factory=dict)
    """What that account had paid for its position in the end, κ."""
    held: dict[tuple[int, str], dict[str, Decimal]] = field(default_factory=dict)


def look(run: Run, played: Played) -> None:
    run.closed += played.closed
    run.refused += played.refused
    run.wrong += played.venue.verify()
    values = dict(zip(*(played.venue.accounts()[name].to_pylist() for name in ("account", "net_value")), strict=True))
    run.least = min(run.least, *values.values())
    held: dict[str, dict[str, Decimal]] = defaultdict(dict)
    costs: dict[str, Decimal] = {}
    for row in played.venue.positions().select(["account", "instrument", "quantity", "cost"]).to_pylist():
        held[row["instrument"]][row["account"]] = row["quantity"]
        costs[row["account"]] = row["cost"]
    for each in played.closed:
        deficit = each.deficit
        run.paid[deficit.wave, deficit.coin] = costs[f"{deficit.coin} long"]
        run.values[deficit.wave, deficit.coin] = values[f"{deficit.coin} long"]
        run.held[deficit.wave, deficit.coin] = held[f"{deficit.coin}-PERP"]


@pytest.fixture(scope="module")
def runs() -> dict[str, Run]:
    at_hand(FOLDER)
    found: dict[str, Run] = defaultdict(Run)
    for policy, played in play(deficits()):
        look(found[policy], played)
    return found


@pytest.fixture(params=POLICIES)
def run(runs: dict[str, Run], request: pytest.FixtureRequest) -> Run:
    return runs[request.param]


def test_the_recorded_files_are_what_they_say() -> None:
    """Figures of published replays of that day: 302 accounts were worth −23,191,104.48; its own queue closed 28 times
    as much profit.
    """
    at_hand(FOLDER)
    coins = pq.read_table(FOLDER / "coin_shock_queue.parquet").to_pydict()
    deficit, closed = sum(coins["deficit_usd"]), sum(coins["budget_queue_usd"])
    assert round(deficit, 2) == 23_191_104.48
    assert 28 < closed / deficit < 29
    for row in pq.read_table(FOLDER / "wave_coin_gap.parquet").to_pylist():
        assert row["gap_usd_x_qty"] == pytest.approx(row["qty_contracts"] * row["gap_per_contract_usd"], rel=1e-9)


def test_the_deficits_are_those_recorded() -> None:
    at_hand(FOLDER)
    found = deficits()
    # 728 rows, 9 of which lack nothing.
    assert len(found) == 719
    assert len({each.wave for each in found}) == 16
    for each in found:
        # Half a lot, and half a unit a contract.
        assert abs(each.amount - Fraction(each.recorded)) <= Fraction(each.quantity + each.gap * LOT, 2 * GRID * GRID)
        # Half a lot each is lost in rounding down, at most.
        assert (
            20 * each.quantity - LOT * 201
            <= sum(short.quantity for short in shorts(each))
            <= 50 * each.quantity + LOT * 100
        )
    # 2.1 billion, as reported.
    assert sum(each.quantity * each.mark for each in found) // GRID**2 == pytest.approx(2_103_111_431, rel=1e-6)


def test_everybody_has_what_he_is_to_have(run: Run) -> None:
    assert run.refused == 0
    assert run.wrong == []


def test_exactly_the_deficit_is_closed_and_nobody_flips(run: Run) -> None:
    for each in run.closed:
        deficit, held = each.deficit, run.held[each.deficit.wave, each.deficit.coin]
        assert sum(each.taken.values()) == deficit.quantity
        assert held[f"{deficit.coin} long"] == 0
        for short in each.shorts:
            taken = each.taken.get(short.name, 0)
            assert 0 <= taken <= short.quantity
            assert taken % LOT == 0
            assert held[short.name] == Decimal(taken - short.quantity).scaleb(-8)


def test_the_loss_is_the_deficit_and_who_fell_ends_with_nothing(run: Run) -> None:
    """Exactly, by what was paid for positions: who fell ends with less than a unit. As it is told, each loss is rounded
    up to a unit.
    """
    for each in run.closed:
        deficit, unit = each.deficit, Fraction(UNIT)
        # Cash less κ, at 10⁻¹⁶, of a position of nothing.
        cash = deficit.quantity * (deficit.entry - deficit.mark - deficit.gap) // GRID
        left = Fraction(cash, GRID) - Fraction(run.paid[deficit.wave, deficit.coin])
        assert 0 <= left < unit
        assert run.values[deficit.wave, deficit.coin] == 0
        # Its cash was rounded down, so that it lacked up to a unit more.
        assert deficit.amount <= Fraction(each.report) < deficit.amount + (2 + len(each.lost)) * unit
        assert sum(each.lost.values()) == each.report


def test_nobody_loses_more_than_he_gained_or_ends_below_nothing(run: Run) -> None:
    assert run.least == 0
    for each in run.closed:
        for short in each.shorts:
            gain = Fraction(max(0, short.entry - each.deficit.mark) * short.quantity, GRID * GRID)
            assert Fraction(each.lost.get(short.name, Decimal(0))) <= gain + Fraction(UNIT)


def ranked(deficit: Deficit, short: Short, place: int) -> Counterparty:
    """As the model knows him; money in 10⁻⁸, lots."""
    pnl = (short.entry - deficit.mark) * short.quantity
    net_value = short.cash + pnl // GRID
    # 0.5 %, rounded up.
    maintenance = -(-deficit.mark * short.quantity // (200 * GRID))
    most = max(0, min(net_value, pnl // GRID))
    return Counterparty(
        name=short.name,
        order=(place,),
        lots=short.quantity // LOT,
        pnl=pnl,
        cost=-short.entry * short.quantity,
        maintenance=maintenance,
        net_value=net_value,
        cap=cap(deficit, short.quantity // LOT, most),
    )


def cap(deficit: Deficit, held: int, most: int) -> int:
    """The most lots that lose no more than so much: what they are closed at is rounded up to a unit."""
    lacked = -(-deficit.quantity * deficit.gap // GRID)
    amount = deficit.quantity * deficit.mark + lacked * GRID

    def loss(lots: int) -> int:
        paid = -(-amount * lots * LOT // (deficit.quantity * GRID)) * GRID
        return paid - lots * LOT * deficit.mark

    lots = min(held, most * deficit.quantity // (lacked * LOT))
    while loss(lots) > most * GRID:
        lots -= 1
    return lots


@pytest.mark.parametrize("policy", POLICIES)
def test_whom_the_independent_model_closes_is_closed(runs: dict[str, Run], policy: str) -> None:
    for each in runs[policy].closed:
        others = [ranked(each.deficit, short, place) for place, short in enumerate(each.shorts)]
        expected = allocate(policy, others, each.deficit.quantity // LOT)
        assert {name: lots // LOT for name, lots in each.taken.items()} == expected


@pytest.mark.parametrize("policy", ["score", "minimax"])
def test_the_order_of_opening_decides_nothing_but_ties(policy: str) -> None:
    at_hand(FOLDER)
    # Of wave 17 no two shorts are alike.
    few = [each for each in deficits() if each.wave == 17]
    crowd = {each.coin: shorts(each) for each in few}
    turned = {coin: found[::-1] for coin, found in crowd.items()}
    one, other = (close(few, each, table(setting(few, each)), policy) for each in (crowd, turned))
    assert [each.taken for each in one.closed] == [each.taken for each in other.closed]
    assert all(each.taken for each in one.closed)


def test_the_page_shows_what_came_of_it(runs: dict[str, Run]) -> None:
    shown = PAGE.read_text(encoding="utf-8")
    assert "\n".join(page({policy: run.closed for policy, run in runs.items()})) in shown

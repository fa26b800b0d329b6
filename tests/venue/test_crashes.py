"""Recorded crashes, from `../shared/data` (or $PERPCORE_DATA), through a venue with a crowd that is liquidated there.

`PERPCORE_SOAK=1` replays whole days with 5,000 clients instead of hours with 1,000.
"""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pytest
from tests.laws.books import SOAK
from tests.shared import at_hand
from tests.venue.crash import CRASHES, Crash, Replay, long, page, short, summary

compute: Any = pa.compute
PAGE = Path(__file__).resolve().parents[2] / "docs" / "liquidation.md"
run = long if SOAK else short


@pytest.fixture(scope="module", params=CRASHES, ids=lambda crash: crash.name)
def crash(request: pytest.FixtureRequest) -> Crash:
    found: Crash = request.param
    at_hand(found.file)
    return found


@pytest.fixture(scope="module")
def played(crash: Crash) -> Replay:
    """A price a table; after each with liquidations, `verify()` found nothing and no balance was below 0."""
    return run(crash)


def of_kind(events: pa.Table, *kinds: str) -> list[dict[str, Any]]:
    """What was said of some kinds, in order."""
    rows: list[dict[str, Any]] = events.filter(compute.is_in(events["kind"], pa.array(kinds))).to_pylist()
    return rows


def test_what_is_left_is_what_came_less_what_went(crash: Crash, played: Replay) -> None:
    settlement = played.venue.rules.settlement
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for row in played.opening.select(["kind", "asset", "amount_e8"]).to_pylist():
        if row["kind"] in ("deposit", "fund_topup"):
            expected[row["asset"] or settlement] += Decimal(row["amount_e8"]).scaleb(-8)
    went = of_kind(played.events(), "withdrawal_confirmed")
    assert len(went) > 10
    # Whoever could, took 10.
    expected[settlement] -= 10 * len(went)
    held: dict[str, Decimal] = defaultdict(Decimal)
    for row in played.venue.ledger().to_pylist():
        held[row["asset"]] += row["amount"]
    for row in played.venue.positions().to_pylist():
        held[settlement] += row["isolated_margin"]
    assert held == expected
    assert set(held) == {settlement, *crash.terms.collateral}


def test_positions_are_what_the_events_say_and_nobody_flips(played: Replay) -> None:
    held: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in of_kind(played.events(), "filled", "backstop_fill", "adl", "last_resort"):
        if row["quantity"] is None:
            continue
        one, other = ((row[whose], row["instrument"]) for whose in ("account", "other_account"))
        if row["kind"] == "adl":
            before, after = held[one], held[one] + row["quantity"]
            assert before * row["quantity"] < 0 <= before * after
        held[one] += row["quantity"]
        held[other] -= row["quantity"]
    ends = {(row["account"], row["instrument"]): row["quantity"] for row in played.venue.positions().to_pylist()}
    assert {key: amount for key, amount in held.items() if amount} == {key: x for key, x in ends.items() if x}


def test_reports_add_up_to_what_was_taken(played: Replay) -> None:
    taken: dict[int, list[dict[str, Any]]] = defaultdict(list)
    events = of_kind(played.events(), "adl", "adl_report")
    for row in events:
        if row["kind"] == "adl":
            taken[row["order"]].append(row)
    for report in (row for row in events if row["kind"] == "adl_report"):
        cuts = taken.pop(report["order"])
        assert sum(cut["quantity"] for cut in cuts) == -report["quantity"]
        assert sum(cut["amount"] for cut in cuts) == report["amount"]
    assert not taken


def test_nothing_is_refused_but_withdrawals(played: Replay) -> None:
    codes = {row["code"] for row in of_kind(played.events(), "rejected")}
    assert codes <= {"insufficient_balance", "not_withdrawable"}


def test_crowd_book_and_fund_are_such_that_every_step_is_taken(played: Replay) -> None:
    found = summary(played)
    assert found.liquidated > found.accounts / 4
    assert all(count > 10 for count in found.steps[:4])
    before, lowest, after = found.fund
    assert 0 <= lowest <= after
    assert lowest < before
    # Nobody is left in danger.
    assert not {"liquidation", "bankrupt", "undecided"} & set(played.venue.accounts()["status"].to_pylist())


def test_the_same_again_however_it_is_cut(crash: Crash, played: Replay) -> None:
    again = run(crash, 60)
    assert again.venue.digest == played.venue.digest
    assert again.events().equals(played.events())


def test_the_page_shows_what_came_of_it(crash: Crash, played: Replay) -> None:
    *_, row = page({crash.name: summary(played)})
    assert row in PAGE.read_text(encoding="utf-8").split("\n")

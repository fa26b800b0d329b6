"""Incidents of venues, each told in its own figures: safe with the control on, and not with it off.

An incident says of each assertion whether it holds. Where a key of the rulebook is the control, it is switched off here
and the harm is shown. Where it is a line of the core that no rulebook can switch off, a build without it does so
(rust/perpcore/tests/venue_incidents.rs, `tools/soak.sh incidents`).

Prices alone are told in tests/pricing/test_incidents.py: ibkr-2020-04-20-negative-price, and of the others what
`ELSEWHERE` says. docs/venue.md has the table of all.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from tests.shared import complete
from tests.venue import (
    failed_cascades,
    failed_controls,
    failed_gates,
    failed_ledgers,
    failed_liquidations,
    failed_prices,
)
from tests.venue.scene import Claims

# Incidents whose control is a key of the rulebook, or which prices the venue takes.
BY_RULEBOOK: dict[str, Callable[[bool], Claims]] = {
    "deribit-2019-10-31-index-outlier": failed_prices.outlier_of_a_source,
    "aster-2025-09-25-xpl-hardcoded-index": failed_prices.constant_index,
    "levana-2023-12-stale-oracle-choice": failed_prices.stale_oracle_choice,
    "cme-2025-11-28-source-outage": failed_prices.source_outage,
    "hyperliquid-2025-03-12-eth-whale-margin-withdrawal": failed_ledgers.margin_withdrawn_from_a_position,
    "hyperliquid-2025-03-26-jelly": failed_gates.cornered_market,
    "mango-2022-10-11-mngo": failed_ledgers.pumped_collateral,
    "bitmex-2020-03-13-ddos-delayed-orders": failed_gates.late_orders,
    "hyperliquid-2025-07-29-ack-mismatch": failed_gates.retried_order,
    "drift-2026-04-01-admin-takeover": failed_controls.rules_of_an_intruder,
    "binance-2025-04-01-act-limit-change": failed_controls.lower_limit,
    "bitget-2025-04-20-voxel": failed_controls.cycling_house,
    "dydx-v4-2025-10-10-isolated-pool-ordering": failed_liquidations.last_position_of_a_market,
    "binance-2025-10-10-collateral-own-book-index": failed_liquidations.price_of_collateral,
    "hyperliquid-2025-08-26-xpl-premarket": failed_liquidations.price_of_the_own_book,
}

# Told within an incident of several controls; each is looked at without its own alone.
PARTS = {
    "bitmex-2020-03-13-ddos-delayed-orders": failed_liquidations.backlog_of_liquidations,
    "hyperliquid-2025-03-12-eth-whale-margin-withdrawal": failed_liquidations.part_by_part,
    "hyperliquid-2025-03-26-jelly": failed_liquidations.ring_fenced_backstop,
}

# Incidents whose control is a line of the core, or a further one is: venue_incidents.rs takes it out by these features.
BY_FEATURE: dict[str, tuple[str, ...]] = {
    "paradex-2026-01-19-funding-index-reset": ("without_frozen_restart",),
    "dydx-v4-2025-10-10-stale-oracle-on-resume": ("without_frozen_restart",),
    "deribit-2020-03-12-fund-drain": ("without_floor_of_cash",),
    "ftx-2019-2022-allow-negative": ("without_equal_accounts",),
    "drift-2022-05-11-pnl-order": ("without_check_of_payers",),
    "gmx-2025-07-09-aggregate-desync": ("without_open_interest",),
    "balancer-2025-11-03-rounding-direction": ("without_rounding_against",),
    "mango-2022-10-11-mngo": ("without_unsettled_gain",),
    "hyperliquid-2025-03-26-jelly": ("without_fill_rule", "without_settlement_range", "without_second_approval"),
    "binance-2025-04-01-act-limit-change": ("without_dry_run",),
    "bitget-2025-04-20-voxel": ("without_halt",),
    "hyperliquid-2025-10-10-adl-cascade": ("without_exact_deleveraging", "without_cap_of_losses"),
}

INCIDENTS: dict[str, Callable[[bool], Claims]] = BY_RULEBOOK | {
    "paradex-2026-01-19-funding-index-reset": failed_prices.reset_after_restart,
    "dydx-v4-2025-10-10-stale-oracle-on-resume": failed_prices.stale_oracle_on_resume,
    "deribit-2020-03-12-fund-drain": failed_liquidations.draws_on_the_fund,
    "ftx-2019-2022-allow-negative": failed_gates.no_account_is_exempt,
    "drift-2022-05-11-pnl-order": failed_ledgers.profit_before_loss,
    "gmx-2025-07-09-aggregate-desync": failed_gates.aggregates_of_positions,
    "balancer-2025-11-03-rounding-direction": failed_ledgers.tiny_trades,
    "hyperliquid-2025-10-10-adl-cascade": failed_cascades.cascade,
}

PRICES = "tests/pricing/test_incidents.py"
ELSEWHERE: dict[str, dict[str, str]] = {
    "deribit-2019-10-31-index-outlier": {
        "index event names the rejected source and its reason (missing, non_positive, beyond)": PRICES,
    },
    "binance-2025-10-10-collateral-own-book-index": {
        "collateral value uses ratio x index, not own book": PRICES,
        "an own-book print changes the collateral value by 0": PRICES,
        "the index event behind every margin call carries its sources, ages, rule and state": PRICES,
    },
    "hyperliquid-2025-08-26-xpl-premarket": {
        "mark at t=120s <= 0.6325": PRICES,
        "10x-EMA cap alone would allow 5.80 (must not be the only clamp)": PRICES,
    },
    "paradex-2026-01-19-funding-index-reset": {
        "both snapshots rejected with a typed error naming the field": PRICES,
    },
    "cme-2025-11-28-source-outage": {
        "with reopen_rate_limit_per_min = r: the mark moves <= r per minute after the reopening; with null: the first"
        " index after it == 101": PRICES,
    },
    "hyperliquid-2025-07-29-ack-mismatch": {"same holds after snapshot + restore between the two": "snapshots"},
}
if not failed_liquidations.COVERAGE:
    ELSEWHERE["deribit-2020-03-12-fund-drain"] = {"coverage ratio reported each step": "venue.coverage"}

OTHERS = {"ibkr-2020-04-20-negative-price"}

ROOT = Path(__file__).resolve().parents[2]
CRATE = ROOT / "rust" / "perpcore"


@cache
def told(incident: str) -> list[tuple[str, bool]]:
    """What an incident claims with its control."""
    return list(INCIDENTS[incident](True))


@pytest.mark.parametrize("incident", INCIDENTS)
def test_an_incident_is_safe_with_its_control(incident: str) -> None:
    assert [claim for claim, holds in told(incident) if not holds] == []


@pytest.mark.parametrize("incident", BY_RULEBOOK)
def test_an_incident_is_not_safe_without_its_control(incident: str) -> None:
    assert [claim for claim, holds in BY_RULEBOOK[incident](False) if not holds] != []


@pytest.mark.parametrize("incident", PARTS)
def test_a_part_of_an_incident_is_not_safe_without_its_control(incident: str) -> None:
    assert [claim for claim, holds in PARTS[incident](False) if not holds] != []


def test_every_control_that_is_a_line_is_taken_out_by_a_feature_and_looked_at() -> None:
    manifest, tests = (
        (CRATE / path).read_text(encoding="utf-8") for path in ("Cargo.toml", "tests/venue_incidents.rs")
    )
    declared = re.findall(r"^(without_\w+) = \[\]$", manifest, re.MULTILINE)
    looked_at = re.findall(r'feature = "(without_\w+)"', tests)
    assert set(declared) == set(looked_at)
    assert {name for names in BY_FEATURE.values() for name in names} == set(declared)
    assert set(BY_FEATURE) | set(BY_RULEBOOK) == set(INCIDENTS)


def test_the_claims_are_those_of_the_incidents() -> None:
    asked = {item["id"]: item["expected_safe_outcome"]["assertions"] for item in complete("incidents.json")}
    assert set(asked) == set(INCIDENTS) | OTHERS
    for incident in INCIDENTS:
        mine, elsewhere = [claim for claim, _ in told(incident)], ELSEWHERE.get(incident, {})
        assert set(elsewhere) <= set(asked[incident]), incident
        assert mine == [claim for claim in asked[incident] if claim not in elsewhere], incident


def test_the_table_has_every_incident_once_and_names_what_there_is() -> None:
    page = (ROOT / "docs" / "venue.md").read_text(encoding="utf-8")
    table = re.search(r"^## Incidents$.*?^\|---.*?\n(.*?)\n\n", page, re.MULTILINE | re.DOTALL)
    assert table is not None
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].split("\n")]
    named = [re.findall(r"`([^`]+)`", test) for *_, test in rows]
    incidents = [row[0].removeprefix("`").split("`")[0] for row in rows]
    assert sorted(incidents) == sorted(item["id"] for item in complete("incidents.json"))
    files = [path for folder in ("venue", "pricing") for path in (ROOT / "tests" / folder).glob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in files]
    there = {name for text in texts for name in re.findall(r"^def (\w+)\(", text, re.MULTILINE)}
    there |= {path.name for path in files}
    for incident, (*_, off, _), tests in zip(incidents, rows, named, strict=True):
        assert tests, incident
        assert set(tests) <= there, incident
        if incident in INCIDENTS:
            assert INCIDENTS[incident].__name__ in tests, incident
        assert tuple(re.findall(r"`(without_\w+)`", off)) == BY_FEATURE.get(incident, ()), incident

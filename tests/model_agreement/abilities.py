"""What the perpcore at hand can do of RULES §5 and §6; a test of what it cannot do yet says so and is skipped."""

import pytest

import perpcore as pc

SMALLEST = """
[venue]
settlement = "USD"
[instrument.X]
underlying = "X"
tick = 0.1
lot = 1
tiers = [["rest", "1%", 50]]
[portfolio]
enabled = true
[portfolio.underlying.X]
range = "16%"
"""


def has_portfolio() -> bool:
    """Whether a rulebook may have a `[portfolio]`."""
    try:
        pc.Rulebook.parse(SMALLEST)
    except pc.errors.RulebookError:
        return False
    return True


PORTFOLIO = has_portfolio()
THRESHOLDS = hasattr(pc.Assessment, "liquidation_prices")
STRESS = hasattr(pc, "stress")

needs_portfolio = pytest.mark.skipif(not PORTFOLIO, reason="this perpcore's rulebooks refuse [portfolio]")
needs_thresholds = pytest.mark.skipif(not THRESHOLDS, reason="this perpcore has no liquidation_prices()")
needs_stress = pytest.mark.skipif(not STRESS, reason="this perpcore has no stress()")

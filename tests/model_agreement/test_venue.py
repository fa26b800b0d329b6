"""perpcore's venue and the independent model of one agree on every event of random streams.

`PERPCORE_SOAK=1` replays many more seeds; `python -m tests.model.venue.soak --seeds N` any number of them.
"""

import os
import random

import pytest
from tests.model.venue.compare import state_rows
from tests.model.venue.renamed import facts, plain_rows, renaming, sums, transformed
from tests.model.venue.streams import FLAVORS
from tests.model_agreement.agreement import SOAK
from tests.model_agreement.venue_streams import Player, replay

SEEDS = int(os.environ.get("PERPCORE_VENUE_SEEDS", "40" if SOAK else "4"))
LENGTH = 850


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_event_is_that_of_the_model(seed: int, flavor: str) -> None:
    replay(seed, flavor, LENGTH)


@pytest.mark.parametrize("flavor", ["trading", "shocks", "isolated", "money", "time"])
@pytest.mark.parametrize("seed", range(40 if SOAK else 2))
def test_neither_names_nor_roles_nor_the_order_of_opening_change_a_sum(seed: int, flavor: str) -> None:
    text, rows = plain_rows(seed, flavor, 300)
    rng = random.Random(seed)
    names = renaming(rng)
    others = transformed(rows, names, rng)
    one, other = Player(text), Player(text)
    told = [facts(one.apply(row), names) for row in rows]
    told_other = [facts(other.apply(row), {}) for row in others]
    # up to here accounts were opened in another order, and one was held
    first = next(at for at, row in enumerate(rows) if row["kind"] not in ("open_account", "fund_topup"))
    assert told[first:] == told_other[first + len(others) - len(rows) :]
    for (_, mine), (_, theirs) in zip(state_rows(one.core), state_rows(other.core), strict=True):
        assert sums(mine, names) == sums(theirs, {})

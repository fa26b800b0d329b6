"""perpcore's venue and the independent model of one agree on every event of random streams.

`PERPCORE_SOAK=1` replays many more seeds; `python -m tests.model.venue.soak --seeds N` any number of them.
"""

import os

import pytest
from tests.model.venue.streams import FLAVORS
from tests.model_agreement.agreement import SOAK
from tests.model_agreement.venue_streams import replay

SEEDS = int(os.environ.get("PERPCORE_VENUE_SEEDS", "40" if SOAK else "4"))
LENGTH = 850


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_event_is_that_of_the_model(seed: int, flavor: str) -> None:
    replay(seed, flavor, LENGTH)

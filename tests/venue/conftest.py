"""What tests of the venue start from."""

import pytest
from tests.venue.setting import made

import perpcore as pc


@pytest.fixture
def venue() -> pc.Venue:
    """A and B with 10,000 USD each, X-PERP open at 100."""
    return made()

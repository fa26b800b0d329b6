"""Gathers, over everything collected, which error codes have a test that provokes them."""

from collections.abc import Iterator

import pytest

PROVOKED = pytest.StashKey[dict[str, list[str]]]()


def codes_of(item: pytest.Item) -> Iterator[str]:
    """From `@pytest.mark.code("a", "b")`, and from a parameter that is called `code`."""
    for mark in item.iter_markers("code"):
        yield from mark.args
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    if isinstance(code := parameters.get("code"), str):
        yield code


@pytest.hookimpl(tryfirst=True)  # before -k and -m take items away
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    provoked: dict[str, list[str]] = {}
    for item in items:
        for code in codes_of(item):
            provoked.setdefault(code, []).append(item.nodeid)
    config.stash[PROVOKED] = provoked


@pytest.fixture
def provoked(request: pytest.FixtureRequest) -> dict[str, list[str]]:
    """Code → the tests that provoke it; asking for it needs the whole collection."""
    if request.config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        pytest.skip("only the whole collection can tell: run pytest without a path")
    return request.config.stash[PROVOKED]

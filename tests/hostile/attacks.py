"""All ways to lie."""

from collections.abc import Iterator

from tests.hostile.attack import Attack
from tests.hostile.lies_about_commands import commands
from tests.hostile.lies_about_content import dictionaries, formats, texts, values, views
from tests.hostile.lies_about_prices import prices
from tests.hostile.lies_about_structure import structures
from tests.hostile.lies_about_tables import columns, producers, streams


def all_attacks() -> Iterator[Attack]:
    """Each with a name of its own."""
    for lies in (
        structures,
        formats,
        texts,
        views,
        dictionaries,
        values,
        columns,
        streams,
        producers,
        commands,
        prices,
    ):
        yield from lies()

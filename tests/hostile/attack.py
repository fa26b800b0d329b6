"""A way to lie, and what must become of it.

`refused`: SchemaError or InputError, with its table. `same`: what was changed means nothing, the figures stay.
`accepted`: there is nothing wrong with it. `rejected`: of commands, one row, or where none is named each, becomes a
`rejected` event with its code.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.hostile.arrow_c import Node
from tests.hostile.book import honest, honest_commands, honest_prices, honest_venue

LEAST, MOST = -(2**63), 2**63 - 1


@dataclass
class Attack:
    """`column`, `code` and `row` are those that the error must name."""

    name: str
    wanted: str
    make: Callable[[], dict[str, Any]]
    table: str
    column: str | None = None
    code: str | None = None
    row: int | None = None
    options: dict[str, Any] = field(default_factory=dict)


HONEST = {**honest(), **honest_commands(), **honest_venue(), **honest_prices()}


def untouched(table: str) -> dict[str, Any]:
    """What a table is given with: commands and prices alone, the others as a book."""
    alone = {**honest_commands(), **honest_venue(), **honest_prices()}
    return {table: alone[table]} if table in alone else honest()


def node_of(make: dict[str, Any], table: str, at: int) -> Node:
    child = make[table].children[at]
    assert isinstance(child, Node)
    return child


def column_of(table: str, at: int) -> str:
    """The name that an error gives a column."""
    return (node_of(HONEST, table, at).name or b"").decode().removesuffix("_e8")


def changed(table: str, at: int | None, change: Callable[[Any], None]) -> Callable[[], dict[str, Any]]:
    def make() -> dict[str, Any]:
        book = untouched(table)
        change(book[table] if at is None else node_of(book, table, at))
        return book

    return make


def setting(**fields: Any) -> Callable[[Node], None]:
    def change(node: Node) -> None:
        for name, value in fields.items():
            assert hasattr(node, name), name
            setattr(node, name, value)

    return change


def setting_buffer(at: int, value: bytes | None) -> Callable[[Node], None]:
    def change(node: Node) -> None:
        node.buffers[at] = value

    return change


def replaced(
    table: str, at: int, what: str, make: Callable[[], Node], code: str | None = None, row: int | None = None
) -> Attack:
    """Another column in the place of one; it must be refused."""

    def change(node: Node) -> None:
        name = node.name
        node.__dict__.update(make().__dict__)
        node.name = name

    name = column_of(table, at)
    return Attack(f"{table}.{name}: {what}", "refused", changed(table, at, change), table, name, code, row)

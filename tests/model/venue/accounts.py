"""Who trades: what an account is set to, what it holds, and whether it may open positions."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field

from ..grid import GRID

Key = tuple[str, str]  # instrument, margin mode
Owner = tuple[str, str]  # what kind of name, and the name
FUND = "fund"  # the account of its inventory; nobody else may be called so


@dataclass
class Holding:
    """(contracts, κ) of one position key; κ at 10⁻¹⁶; the margin of an isolated one; a leverage of its own."""

    quantity: int = 0
    cost: int = 0
    margin: int = 0
    leverage: int | None = None

    @property
    def is_flat(self) -> bool:
        """Neither held nor owed anything."""
        return self.quantity == 0 and self.cost == 0


@dataclass
class Holder:
    """One account. `client` and `group` None: alone."""

    name: str
    place: int  # in the order of opening
    client: str | None = None
    group: str | None = None
    cls: str = "professional"
    model: str = "standard"
    leverage: int | None = None
    fee_tier: str = "standard"
    investor_until: int | None = None
    knowledge_until: int | None = None
    flags: frozenset[str] = frozenset()
    deadman: int | None = None
    closed: bool = False
    cash: MutableMapping[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    positions: dict[Key, Holding] = field(default_factory=dict)
    statuses: dict[str | None, str] = field(default_factory=dict)  # by bucket: None is cross

    @property
    def is_fund(self) -> bool:
        """Whether it is the inventory of the fund."""
        return self.name == FUND

    def at(self, instrument: str, mode: str) -> Holding:
        """The position of a key; it exists from now on."""
        return self.positions.setdefault((instrument, mode), Holding())

    def quantity(self, instrument: str, mode: str) -> int:
        """Contracts, signed."""
        found = self.positions.get((instrument, mode))
        return 0 if found is None else found.quantity

    def amount(self, asset: str) -> int:
        """What the wallet has."""
        return self.cash.get(asset, 0)

    def free(self, asset: str) -> int:
        """What the wallet has and nothing holds."""
        return self.amount(asset) - self.held.get(asset, 0)

    def copy(self) -> Holder:
        """Money and positions of its own."""
        positions = {key: Holding(h.quantity, h.cost, h.margin, h.leverage) for key, h in self.positions.items()}
        fields = {**self.__dict__, "cash": dict(self.cash), "held": dict(self.held), "positions": positions}
        return Holder(**{**fields, "statuses": dict(self.statuses)})


def owner_client(holder: Holder) -> Owner:
    """The client, or the account as one of its own."""
    return ("account", holder.name) if holder.client is None else ("client", holder.client)


def owner_group(holder: Holder) -> Owner:
    """The beneficial-owner group: the one that is named, else the client, else the account alone."""
    return owner_client(holder) if holder.group is None else ("group", holder.group)


def base(contracts: int, contract_size: int) -> int:
    """Q = contracts × contract_size, on the grid."""
    product = contracts * contract_size
    assert product % GRID == 0
    return product // GRID

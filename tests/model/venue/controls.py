"""What a venue keeps beside orders and money: who is halted, what was noted for the breaker, paces, approvals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .accounts import Owner

if TYPE_CHECKING:
    from .rules import VenueRules

SECOND = 10**9


@dataclass
class Watched:
    """Of one account: by second of the clock, equity without external flows and notional that was traded."""

    flows: int = 0
    noted: list[tuple[int, int]] = field(default_factory=list)
    traded: list[tuple[int, int]] = field(default_factory=list)  # at 10⁻¹⁶
    tripped: tuple[str, int, int] | None = None  # the code, what tripped it, the line


@dataclass
class Waiting:
    """A rulebook that is to come."""

    rules: VenueRules
    time: int
    confirmed: bool
    note: str


@dataclass
class Controls:
    """Everything here is changed by commands only, or by trades."""

    halted_accounts: set[str] = field(default_factory=set)
    halted_clients: set[str] = field(default_factory=set)
    halted_classes: set[str] = field(default_factory=set)
    halted_indexes: set[str] = field(default_factory=set)  # told ones, by command
    paces: dict[tuple[str, Owner], tuple[int, int]] = field(default_factory=dict)  # a second, and orders in it
    watched: dict[str, Watched] = field(default_factory=dict)
    traders: set[str] = field(default_factory=set)  # who traded since the breaker last looked
    prices_asked: dict[str, tuple[int, str]] = field(default_factory=dict)  # of last settlements, with the approval
    approved: set[str] = field(default_factory=set)  # digests
    waiting: Waiting | None = None

    def watch(self, account: str) -> Watched:
        """What is known of an account; it exists from now on."""
        return self.watched.setdefault(account, Watched())

    def pace(self, level: str, owner: Owner, time: int) -> int:
        """How many orders of this second with this one, which counts from now on."""
        second, before = self.paces.get((level, owner), (0, 0))
        number = 1 + (before if second == time // SECOND else 0)
        self.paces[level, owner] = (time // SECOND, number)
        return number

"""What a venue keeps of its liquidations between two rounds."""

from __future__ import annotations

from dataclasses import dataclass, field

BucketKey = tuple[str, str | None]  # account, instrument of an isolated position or None


@dataclass
class Allowance:
    """Of one side of a book in one second: the lots that rested when it was first asked, and what was traded."""

    second: int
    depth: int
    used: int = 0


@dataclass
class Budget:
    """What was paid since a balance of the fund was noted."""

    balance: int
    paid: int = 0


@dataclass
class Liquidations:
    """Changed by rounds, looks at statuses, topups and registrations only."""

    rounds: int = 0  # of this command
    allowances: dict[tuple[str, int], Allowance] = field(default_factory=dict)  # by instrument and side that is hit
    waiting: dict[BucketKey, int] = field(default_factory=dict)  # until when
    episodes: dict[BucketKey, Budget] = field(default_factory=dict)
    hour: tuple[int, Budget] | None = None  # the last clock hour in which the fund paid
    told: set[tuple[str, str]] = field(default_factory=set)  # instrument, account that knows that the fund does not pay
    had: int = 0  # what the fund had when it was last asked whether it is low
    providers: dict[str, int] = field(default_factory=dict)  # capacities
    traded: set[str] = field(default_factory=set)  # books whose triggers were not asked since
    unwound: int | None = None  # when the inventory of the fund was last unwound
    reports: int = 0
    due: list[tuple[int, int, str]] = field(default_factory=list)  # time, report, instrument

    def paid_this_hour(self, time: int, balance: int) -> Budget:
        """Of the clock hour of a time; a balance is noted at the first payment."""
        number = time // (3_600 * 10**9)
        return self.hour[1] if self.hour is not None and self.hour[0] == number else Budget(balance)

    def pay(self, bucket: BucketKey, time: int, balance: int, amount: int) -> None:
        """Of a fund that had `balance` before."""
        hour = self.paid_this_hour(time, balance)
        self.hour = (time // (3_600 * 10**9), hour)
        hour.paid += amount
        self.episodes[bucket].paid += amount
        self.told.clear()

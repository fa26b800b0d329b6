"""One round of a bucket: what its steps share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .liquidation_bucket import Bucket
from .orders import Order

if TYPE_CHECKING:
    from .state import State


@dataclass
class Round:
    """`left`: contracts still to be closed, by instrument in their order; `codes`: why the step before ended."""

    bucket: Bucket
    deep: bool
    left: dict[str, int]
    sides: dict[str, int]  # of the orders that close: −1 sells a long
    codes: dict[str, str] = field(default_factory=dict)
    throttled: bool = False  # somewhere, and nothing could be done there

    @property
    def state(self) -> State:
        """Of the venue."""
        return self.bucket.state

    @property
    def is_flat(self) -> bool:
        """Nothing is held: only money is missing."""
        return not self.bucket.held()

    def open(self) -> list[str]:
        """Where something is left to do."""
        return [name for name, contracts in self.left.items() if contracts]

    def is_long(self, name: str) -> bool:
        """Whether a long is sold."""
        return self.sides[name] < 0

    def lots(self, name: str) -> int:
        """What is left, in lots."""
        return self.left[name] // self.state.rules.markets[name].lot

    def order(self, name: str, contracts: int, limit: int | None) -> Order:
        """It has no number."""
        return Order(
            number=0, account=self.bucket.holder.name, instrument=name, mode=self.bucket.mode, side=self.sides[name],
            total=contracts, left=contracts, price=limit, tif="ioc", placed=self.state.time, stp="maker",
        )  # fmt: skip

    def tell(
        self,
        rule: str,
        name: str | None,
        *,
        price: int | None,
        amount: int,
        balance: int,
        code: str | None,
        contracts: int | None = None,
    ) -> None:
        """`liquidation_step`."""
        self.state.emit(
            "liquidation_step", account=self.bucket.holder.name, instrument=name, price=price, amount=amount,
            quantity=None if name is None or contracts is None else self.sides[name] * contracts, balance=balance,
            before=self.bucket.figures().status, code=code, rule=rule, note=self.bucket.note,
        )  # fmt: skip

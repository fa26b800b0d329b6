"""What a reject says beside its code: what it would come to, what is allowed, the rule, and the key that says so."""

from __future__ import annotations

from ..grid import GRID


class Refusal(str):
    """A code, with numbers in grid units: what it would come to, and what is allowed."""

    amount: int | None
    balance: int | None

    def __new__(cls, code: str, amount: int | None = None, balance: int | None = None) -> Refusal:
        """As text it is its code."""
        made = super().__new__(cls, code)
        made.amount, made.balance = amount, balance
        return made


def counted(code: str, number: int, most: int) -> Refusal:
    """Of things that are counted."""
    return Refusal(code, number * GRID, most * GRID)


def amount_of(code: str) -> int | None:
    """What it would come to, where the code says so."""
    return code.amount if isinstance(code, Refusal) else None


def balance_of(code: str) -> int | None:
    """What is allowed, where the code says so."""
    return code.balance if isinstance(code, Refusal) else None


# code: (its rule, the key of the rulebook that it is about)
KEYS: dict[str, tuple[str | None, str | None]] = {
    "off_tick": (None, "instrument.*.tick"),
    "off_lot": (None, "instrument.*.lot"),
    "below_min_size": (None, "instrument.*.min_size"),
    "above_max_size": (None, "instrument.*.max_size"),
    "outside_collar": (None, "instrument.*.collar"),
    "too_many_orders": ("gate.limits", "instrument.*.limits.open_orders"),
    "client_orders": ("gate.limits", "instrument.*.limits.client_open_orders"),
    "group_orders": ("gate.limits", "instrument.*.limits.group_open_orders"),
    "position_limit": ("gate.limits", "instrument.*.limits.position"),
    "client_limit": ("gate.limits", "instrument.*.limits.client_position"),
    "group_limit": ("gate.limits", "instrument.*.limits.group_position"),
    "open_interest": ("gate.limits", "instrument.*.limits.open_interest"),
    "rate_limit": ("gate.limits", "venue.rates.orders_per_second"),
    "client_rate": ("gate.limits", "venue.rates.client_orders_per_second"),
    "group_rate": ("gate.limits", "venue.rates.group_orders_per_second"),
    "too_old": ("gate.limits", "venue.rates.max_age"),
    "breaker_loss": ("gate.breaker", "venue.breaker.loss_per_minute"),
    "breaker_turnover": ("gate.breaker", "venue.breaker.turnover_per_minute"),
    "outflow_limit": ("ledger.withdraw", "venue.outflow_per_hour"),
    "platform_cap": ("ledger.deposit", "asset.*.platform_cap"),
    "activation_too_early": ("rulebook.activate", "venue.changes.delay"),
}


def rule_of(code: str) -> str | None:
    """The rule of a code."""
    return KEYS.get(code, (None, None))[0]


def key_of(code: str, **names: str | None) -> str | None:
    """The dotted key of a code, with a name in place of `*`."""
    key = KEYS.get(code, (None, None))[1]
    if key is None or "*" not in key:
        return key
    name = names.get(key.partition(".")[0])
    return None if name is None else key.replace("*", name)

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


# code: (its rule, the key of the rulebook that it is about), as they are declared beside the codes
KEYS: dict[str, tuple[str, str | None]] = {
    "account_bankrupt": ("gate.margin", None),
    "price_unusable": ("index.state", "underlying.*.index"),
    "insufficient_margin": ("gate.margin", "instrument.*.tiers"),
    "phase_refused": ("gate.phase", None),
    "off_tick": ("gate.size", "instrument.*.tick"),
    "off_lot": ("gate.size", "instrument.*.lot"),
    "below_min_size": ("gate.size", "instrument.*.min_size"),
    "above_max_size": ("gate.size", "instrument.*.max_size"),
    "outside_collar": ("market.collar", "instrument.*.collar"),
    "too_many_orders": ("gate.limits", "instrument.*.limits.open_orders"),
    "position_limit": ("gate.limits", "instrument.*.limits.position"),
    "client_id_reused": ("book.order", "venue.client_id_window"),
    "unknown_order": ("book.order", None),
    "would_take": ("book.order", None),
    "not_fillable": ("book.order", None),
    "nothing_to_reduce": ("book.order", None),
    "self_trade": ("book.order", None),
    "below_filled": ("book.order", None),
    "until_reached": ("book.order", None),
    "too_old": ("book.order", "venue.rates.max_age"),
    "unknown_holder": ("gate.account", None),
    "reserved_name": ("gate.account", None),
    "class_not_admitted": ("gate.account", "client.classes"),
    "approval_missing": ("gate.account", None),
    "account_not_empty": ("gate.account", None),
    "account_frozen": ("gate.account", None),
    "account_no_open": ("gate.account", None),
    "investor_status": ("gate.account", "client.require"),
    "knowledge_status": ("gate.account", "client.require"),
    "other_group": ("gate.account", None),
    "account_halted": ("gate.halt", None),
    "rate_limit": ("gate.limits", "venue.rates.orders_per_second"),
    "client_rate": ("gate.limits", "venue.rates.client_orders_per_second"),
    "group_rate": ("gate.limits", "venue.rates.group_orders_per_second"),
    "client_orders": ("gate.limits", "instrument.*.limits.client_open_orders"),
    "group_orders": ("gate.limits", "instrument.*.limits.group_open_orders"),
    "client_limit": ("gate.limits", "instrument.*.limits.client_position"),
    "group_limit": ("gate.limits", "instrument.*.limits.group_position"),
    "open_interest": ("gate.limits", "instrument.*.limits.open_interest"),
    "account_restricted": ("gate.prune", None),
    "breaker_loss": ("gate.breaker", "venue.breaker.loss_per_minute"),
    "breaker_turnover": ("gate.breaker", "venue.breaker.turnover_per_minute"),
    "insufficient_balance": ("ledger.withdraw", None),
    "not_withdrawable": ("equity.withdrawable", "venue.withdraw_ratio"),
    "withdraw_held": ("ledger.withdraw", None),
    "outflow_limit": ("ledger.withdraw", "venue.outflow_per_hour"),
    "platform_cap": ("ledger.deposit", "asset.*.platform_cap"),
    "unknown_withdrawal": ("ledger.withdraw", None),
    "other_client": ("ledger.transfer", None),
    "priced_by_sources": ("index.value", "underlying.*.sources"),
    "below_min_equity": ("gate.margin", "portfolio.min_equity"),
    "model_not_enabled": ("gate.margin", "portfolio.enabled"),
    "settlement_price": ("settle.price", None),
    "second_approval": ("settle.price", None),
    "underlying_ineligible": ("gate.phase", "underlying.*.eligible"),
    "rulebook_invalid": ("rulebook.activate", None),
    "rulebook_unfit": ("rulebook.activate", None),
    "rulebook_not_approved": ("rulebook.approve", "venue.changes.approved"),
    "activation_too_early": ("rulebook.activate", "venue.changes.delay"),
    "rulebook_forces": ("rulebook.activate", None),
    "replaced": ("rulebook.activate", None),
    "not_a_backstop": ("liquidation.backstop", None),
}
FORM = "command.form"  # of all other codes


def rule_of(code: str) -> str:
    """The rule of a code."""
    return KEYS.get(code, (FORM, None))[0]


def key_of(code: str, **names: str | None) -> str | None:
    """The dotted key of a code, with a name in place of `*` where there is one."""
    key = KEYS.get(code, (FORM, None))[1]
    if key is None or "*" not in key:
        return key
    name = names.get(key.partition(".")[0])
    return key if name is None else key.replace("*", name)

"""What happened to an account in liquidation, in words and numbers; and how far it is from one."""

from __future__ import annotations

import tomllib
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyarrow import RecordBatch

Row = dict[str, Any]
UNIT = Decimal("1e-8")


class LiquidationStory:
    """Prints as a page.

    `distances`: how far each bucket is from each trigger, in money: `bucket` (an instrument, or
    cross), `trigger`, `figure`, `line` and `distance`, below 0 where it is past; `prices`: the table
    `liquidation_prices` of what the account holds; `events`: what was done since it last fell, rows of
    the table `events`.
    """

    def __init__(self, account: object, distances: list[Row], prices: RecordBatch, events: RecordBatch) -> None:
        self.account = account
        self.distances = distances
        self.prices = prices
        self.events = events

    def __str__(self) -> str:
        lines = [f"{self.account}", *self._margins(), *self._prices(), *self._story()]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<LiquidationStory of {self.account}: {self.events.num_rows} events>"

    def _margins(self) -> Iterator[str]:
        for row in self.distances:
            side = "above" if row["distance"] >= 0 else "below"
            line = f"{row['trigger']} at {plain(row['line'])}"
            yield f"  {row['bucket']}: {row['figure']} {plain(abs(row['distance']))} {side} {line}"

    def _prices(self) -> Iterator[str]:
        for row in self.prices.to_pylist():
            sides = [_away(row, side) for side in ("below", "above") if row[side] is not None]
            where = f"{row['instrument']} ({row['margin_mode']}) at {plain(row['mark'])}"
            yield f"  {where}: {', '.join(sides) or 'no price in sight liquidates it, or it is in liquidation'}"

    def _story(self) -> Iterator[str]:
        for row in self.events.to_pylist():
            told = WORDS.get(row["kind"])
            # What the fund pays is said by its draw.
            if told is not None and (row["kind"], row["rule"]) != ("posting", "liquidation.fund"):
                yield f"  #{row['seq']} {told(row, self.account)}"


def distances(buckets: list[tuple[str, Row]], rules: str) -> list[Row]:
    """How far buckets are from what may happen to them; `rules` is a rulebook in its canonical form."""
    found = tomllib.loads(rules, parse_float=Decimal)
    call, close_out = Decimal(found["venue"]["call_factor"]), found.get("liquidation", {}).get("close_out")
    rows: list[Row] = []
    for bucket, row in buckets:
        margin = row["maintenance_margin"]
        if not margin and row["net_value"] >= 0:
            continue
        lines = [("initial margin", row["initial_margin"])] if bucket == "cross" else []
        lines += [("margin call", (margin * call).quantize(UNIT, ROUND_HALF_EVEN)), ("liquidation", margin)]
        if close_out is not None:
            share = Decimal(close_out.removesuffix("%")) / 100 if isinstance(close_out, str) else Decimal(close_out)
            lines.append(("close-out", (margin * share).quantize(UNIT, ROUND_HALF_EVEN)))
        told = [("equity", trigger, line) for trigger, line in lines] + [("net value", "bankruptcy", Decimal(0))]
        for figure, trigger, line in told:
            distance = row[figure.replace(" ", "_")] - line
            rows.append({"bucket": bucket, "trigger": trigger, "figure": figure, "line": line, "distance": distance})
    return rows


def plain(value: Decimal | None) -> str:
    """With separators and without zeros at the end."""
    if value is None:
        return "–"
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _away(row: Row, side: str) -> str:
    distance = abs(row[side] - row["mark"]) * 100 / row["mark"]
    return f"liquidated {side} {plain(row[side])}, {distance:.2f} % away"


# What a step trades at, and which two figures its event has.
STEPS = {
    "liquidation.book": ("{} or better", "equity", "maintenance margin"),
    "liquidation.backstop": ("{}", "net value", "maintenance margin"),
    "liquidation.fund": ("{} or better", "net value", "the fund"),
    "liquidation.adl": ("{}", "net value", "maintenance margin"),
    "liquidation.last_resort": ("{}", "net value", "maintenance margin"),
}


def _step(row: Row, _: object) -> str:
    at, first, second = STEPS["liquidation.book" if row["account"] == "fund" else row["rule"]]
    what = "" if row["quantity"] is None else f" {plain(row['quantity'])} {row['instrument']}"
    at = "" if row["price"] is None else f" at {at.format(plain(row['price']))}"
    why = "" if row["code"] is None else f", since {row['code']}"
    return f"{row['rule']}:{what}{at}{why}; {first} {plain(row['amount'])}, {second} {plain(row['balance'])}"


def _filled(row: Row, account: object) -> str:
    if row["account"] != account:
        return f"traded {plain(-row['quantity'])} {row['instrument']} at {plain(row['price'])} with a liquidation"
    return f"filled {plain(row['quantity'])} {row['instrument']} at {plain(row['price'])}, trade {row['trade']}"


def _taken_over(row: Row, _: object) -> str:
    taken = f"{row['other_account']} took over {plain(-row['quantity'])} {row['instrument']} at {plain(row['price'])}"
    return f"{taken}, of which {plain(row['balance'])} to the fund" if row["balance"] else taken


def _passed(row: Row, account: object) -> str:
    if row["quantity"] is not None:
        of = "was handed" if row["account"] == account else f"{row['account']} was handed"
        return f"last resort: {of} {plain(row['quantity'])} {row['instrument']} at {plain(row['price'])}"
    if row["other_account"] is None:
        return f"last resort: a deficit of {plain(row['amount'])} was covered"
    return f"last resort: {row['account']}'s gain was cut by {plain(row['amount'])} of {plain(row['balance'])}"


WORDS = {
    "status_changed": lambda row, _: (
        f"{row['before']} → {row['after']}: equity {plain(row['amount'])}, maintenance margin {plain(row['balance'])}"
    ),
    "canceled": lambda row, _: f"order {row['order']} ended: {row['code']}",
    "conversion": lambda row, _: f"converted {plain(row['amount'])} {row['asset']} at {plain(row['price'])}",
    "liquidation_step": _step,
    "filled": _filled,
    "posting": lambda row, _: f"{plain(row['amount'])} {row['asset']}: {row['rule']}",
    "backstop_fill": _taken_over,
    "fund_draw": lambda row, _: f"the fund paid {plain(row['amount'])} and has {plain(row['balance'])}",
    "fund_depleted": lambda row, _: f"the fund pays no more of its {plain(row['amount'])}",
    "fund_unavailable": lambda row, _: f"the fund does not pay: it has {plain(row['amount'])}",
    "adl": lambda row, _: (
        f"{row['account']} was deleveraged: {plain(row['quantity'])} {row['instrument']} at {plain(row['price'])},"
        f" which cost it {plain(row['amount'])}"
    ),
    "adl_report": lambda row, _: f"report {row['order']}: {plain(row['quantity'])} at {plain(row['price'])}",
    "last_resort": _passed,
}

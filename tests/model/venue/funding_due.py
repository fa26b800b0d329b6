"""Funding: the slots of every instrument, and the payments where an interval ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..grid import E16, ceil_div, floor_div
from ..pricing import FundingRow
from .accounts import Holder, base
from .liquidation_draw import balance
from .place import TRADING

if TYPE_CHECKING:
    from .state import State


@dataclass
class Share:
    """What a bucket owes (above 0) or is to get (below 0) of one funding; `paid` once it has paid."""

    holder: Holder
    mode: str
    owed: int
    paid: int = 0


def begin(state: State) -> None:
    """The first time that is told: slots before it were seen by nobody."""
    for funding in state.fundings.values():
        funding.update(state.time)


REASONS = {
    "no_index": "price_unusable",
    "index_state": "price_unusable",
    "stale_index": "price_unusable",
    "thin_book": "not_fillable",
    "crossed": "conflicting_values",
    "off_scale": "out_of_range",
    "low_coverage": "not_fillable",
    "settled": None,
}


def next_look(state: State, instrument: str) -> int:
    """The next slot; while there is no index of late, the end of the interval."""
    contract = state.rules.markets[instrument].contract
    span = contract.every if is_blind(state, instrument) else contract.sample
    return (state.time // span + 1) * span


def is_blind(state: State, instrument: str) -> bool:
    """Whether the last slot had no index of late, and the next one will have none either."""
    funding = state.fundings[instrument]
    assert funding.passed is not None
    return funding.blind and funding.is_blind(funding.passed + 1)


def hear_book(state: State, instrument: str) -> None:
    """What the next slot is taken on: the impact prices of a book that trades."""
    funding, book = state.fundings[instrument], state.books[instrument]
    trades = book.phase in TRADING
    funding.known |= {
        "impact_bid": book.impact(1) if trades else None,
        "impact_ask": book.impact(-1) if trades else None,
    }


def hear_index(venue: State, underlying: str, **told: Any) -> None:
    """Slots that pass by it are told in their turn. Without an index, the one that is known is as old as it was."""
    for market in venue.rules.markets.values():
        if market.underlying == underlying and venue.books[market.name].phase != "settled":
            rows = venue.fundings[market.name].update(venue.time, **told)
            venue.slots.setdefault(market.name, []).extend(rows)


def sample(state: State, instrument: str) -> list[FundingRow]:
    """The slots up to now."""
    return [*state.slots.pop(instrument, []), *state.fundings[instrument].update(state.time)]


def tell_premium(state: State, instrument: str, row: FundingRow) -> None:
    """Every slot."""
    code = None if row.reason is None else REASONS[row.reason]
    state.emit(
        "premium",
        instrument=instrument,
        amount=row.premium or 0,
        balance=row.predicted,
        code=code,
        rule="funding.premium",
    )


def end_interval(state: State, instrument: str, row: FundingRow) -> tuple[int, int]:
    """The mark and the rate at the end of an interval; 0 where nothing is paid."""
    mark = state.valuer.price(instrument).value
    if row.outcome == "funding_missed":
        state.emit("funding_missed", instrument=instrument, price=mark or None, amount=0, rule="funding.rate")
        return mark, 0
    rate, code = row.rate or 0, REASONS.get(str(row.outcome), row.outcome)
    if code is None and not state.may_use(instrument):
        rate, code = 0, "price_unusable"
    state.rates[instrument] = rate
    state.emit("funding", instrument=instrument, price=mark or None, amount=rate, code=code, rule="funding.rate")
    return mark, rate


def shares(state: State, instrument: str, mark: int, rate: int) -> list[Share]:
    """−Q·M·F of each bucket, rounded down; in opening order, cross before isolated."""
    size = state.rules.markets[instrument].contract_size
    found = []
    for holder in state.everybody():
        for mode in ("cross", "isolated"):
            quantity = base(holder.quantity(instrument, mode), size)
            owed = -floor_div(-quantity * mark * rate, E16)
            if owed:
                found.append(Share(holder, mode, owed))
    return found


def pay(state: State, instrument: str, mark: int, rate: int) -> None:
    """Payers as far as they have, then the fund, then the receivers' cut; the remainder to `rounding`."""
    found = shares(state, instrument, mark, rate)
    payers = [share for share in found if share.owed > 0]
    receivers = [share for share in found if share.owed < 0]
    for share in payers:
        share.paid = collect(state, instrument, share)
    shortage = sum(share.owed - share.paid for share in payers)
    drawn = draw(state, instrument, shortage) if shortage else 0
    rest = shortage - drawn
    total = sum(-share.owed for share in receivers)
    given = 0
    for share in receivers:
        receipt = -share.owed
        cut = min(receipt, ceil_div(rest * receipt, total)) if rest else 0
        given += receipt - cut
        post(state, instrument, share, receipt - cut)
    left = sum(share.paid for share in payers) + drawn - given
    state.ledger.to_house("rounding", state.rules.settlement, left)


def collect(state: State, instrument: str, share: Share) -> int:
    """At most down to a net value of 0, by a real debit."""
    settlement = state.rules.settlement
    if share.mode == "isolated":
        bucket = state.valuer.isolated(share.holder, instrument)
        margin = share.holder.at(instrument, "isolated").margin
        amount = min(share.owed, margin, max(0, bucket.equity))
    else:
        bucket = state.valuer.cross(share.holder, ())
        wanted = min(share.owed, max(0, bucket.net_value))
        state.ledger.convert(share.holder, wanted)
        amount = min(wanted, share.holder.amount(settlement))
    post(state, instrument, share, -amount)
    return amount


def post(state: State, instrument: str, share: Share, amount: int) -> None:
    """To the bucket, or from it."""
    if share.mode == "isolated":
        state.ledger.post_margin(share.holder, instrument, amount, "funding.settle")
    else:
        state.ledger.post(share.holder, state.rules.settlement, amount, "funding.settle", instrument)


def draw(state: State, instrument: str, shortage: int) -> int:
    """What the fund pays."""
    settlement = state.rules.settlement
    drawn = min(shortage, state.ledger.has("fund"))
    state.ledger.to_house("fund", settlement, -drawn)
    state.emit(
        "fund_draw",
        instrument=instrument,
        asset=settlement,
        amount=drawn,
        balance=balance(state),
        rule="funding.settle",
        code=None if drawn == shortage else "fund_short",
    )
    return drawn

"""The step ADL: counterparties are closed at the bankruptcy price, with a report."""

from __future__ import annotations

from dataclasses import dataclass

from ..grid import GRID, ceil_div, half_even
from ..waterfall.allocation import allocate
from ..waterfall.ranking import Counterparty, queue, score
from .accounts import Holder, base
from .liquidation_bucket import figures_of, part_of
from .liquidation_draw import balance, is_depleted
from .liquidation_round import Round

RULE = "liquidation.adl"
RANK = "adl.rank"
DAY = 24 * 3_600 * 10**9
MODES = ("cross", "isolated")
Key = tuple[str, str]  # account, mode


@dataclass
class Opposite:
    """A position that may be closed, and the most that it may lose."""

    holder: Holder
    mode: str
    most: int
    ranked: Counterparty


def run(of: Round) -> None:
    """Instrument by instrument."""
    for name in of.open():
        tell_all(of, name)
        found = of.bucket.figures()
        price = half_even(of.bucket.amount(name), abs(of.bucket.quantity(name)))
        of.tell(
            RULE, name, price=price, amount=found.net_value, balance=found.maintenance_margin,
            contracts=of.left[name], code=of.codes[name],
        )  # fmt: skip
        taken = chosen(of, name)
        end_orders(of, name, [one for one, _ in taken])
        number = of.state.liquidations.reports + 1
        done = [close(of, name, one, lots, number) for one, lots in taken]
        contracts = sum(one for one, _ in done)
        if contracts:
            report(of, name, number, contracts, price, sum(loss for _, loss in done))


def tell_all(of: Round, name: str) -> None:
    """That the fund does not pay: everybody with a position who does not know."""
    state = of.state
    empty = is_depleted(of)
    for holder in state.open_holders():
        knows = (name, holder.name) in state.liquidations.told
        if not knows and any(holder.quantity(name, mode) for mode in MODES):
            state.liquidations.told.add((name, holder.name))
            kind = "fund_depleted" if empty else "fund_unavailable"
            state.emit(kind, account=holder.name, instrument=name, amount=balance(state), rule="liquidation.fund")


def opposites(of: Round, name: str) -> dict[Key, Opposite]:
    """Of other accounts, decided and well; in opening order, cross before isolated."""
    found: dict[Key, Opposite] = {}
    for holder in of.state.open_holders():
        for mode in MODES:
            contracts = holder.quantity(name, mode)
            if holder is of.bucket.holder or contracts * of.sides[name] <= 0:
                continue
            figures = figures_of(of.state, holder, None if mode == "cross" else name)
            well = figures.equity >= figures.maintenance_margin and figures.net_value >= 0
            if figures.status != "undecided" and well:
                most = min(figures.net_value, max(0, figures.unrealized_pnl))
                ranked = as_ranked(of, name, holder, mode, figures.maintenance_margin, figures.net_value, most)
                found[holder.name, mode] = Opposite(holder, mode, most, ranked)
    return found


def as_ranked(
    of: Round, name: str, holder: Holder, mode: str, maintenance: int, net_value: int, most: int
) -> Counterparty:
    """With its cap."""
    own, market = holder.at(name, mode), of.state.rules.markets[name]
    lots = abs(own.quantity) // market.lot
    return Counterparty(
        name=(holder.name, mode),
        order=(holder.place, MODES.index(mode)),
        lots=lots,
        pnl=base(own.quantity, market.contract_size) * of.bucket.mark(name) - own.cost,
        cost=own.cost,
        maintenance=maintenance,
        net_value=net_value,
        cap=cap(of, name, lots, most),
    )


def cap(of: Round, name: str, held: int, most: int) -> int:
    """The most lots whose loss is within its limit."""
    market = of.state.rules.markets[name]
    lot = base(market.lot, market.contract_size)
    size, mark = abs(of.bucket.quantity(name)), of.bucket.mark(name)
    position, amount = of.bucket.amounts(of.bucket.figures().net_value)[name]
    against = amount - size * mark if of.is_long(name) else size * mark - amount
    if against <= 0:
        return held
    lots = min(held, most * GRID * size // (against * lot))
    while lots:
        part, at_mark = part_of(position, amount, lots * lot), lots * lot * mark
        if (part - at_mark if of.is_long(name) else at_mark - part) <= most * GRID:
            break
        lots -= 1
    return lots


def chosen(of: Round, name: str) -> list[tuple[Opposite, int]]:
    """Who, in the order of closing, and how many lots."""
    rules = of.state.rules.liquidation
    assert rules is not None
    found = opposites(of, name)
    lots = allocate(rules.adl, (one.ranked for one in found.values()), of.lots(name))
    order = [one.name for one in queue(one.ranked for one in found.values())] if rules.adl == "score" else list(found)
    return [(found[key], lots[key]) for key in order if key in lots]


def end_orders(of: Round, name: str, taken: list[Opposite]) -> None:
    """All of them in the instrument, the newest first."""
    book = of.state.books[name]
    for one in taken:
        for order in reversed(book.of(one.holder.name)):
            book.end(order, "deleveraged")


def close(of: Round, name: str, one: Opposite, lots: int, number: int) -> tuple[int, int]:
    """One fill at the part of this moment; a lot less until the loss is within the limit. Contracts and loss."""
    contracts = lots * of.state.rules.markets[name].lot
    part, loss = terms(of, name, contracts)
    while is_against(of, name) and loss > one.most * GRID:
        contracts -= of.state.rules.markets[name].lot
        part, loss = terms(of, name, contracts)
    if contracts == 0:
        return 0, 0
    side, own = of.sides[name], one.holder.at(name, one.mode)
    price = half_even(part, base(contracts, of.bucket.size(name)))
    of.bucket.move(name, side * contracts, side * part)
    own.quantity -= side * contracts
    own.cost -= side * part
    of.left[name] -= contracts
    rules = of.state.rules.liquidation
    assert rules is not None
    of.state.emit(
        "adl", account=one.holder.name, other_account=of.bucket.holder.name, instrument=name,
        quantity=-side * contracts, price=price, amount=ceil_div(loss, GRID),
        balance=score(one.ranked) if rules.adl == "score" else None, rule=RANK, order=number,
        note="isolated" if one.mode == "isolated" else None,
    )  # fmt: skip
    return contracts, ceil_div(loss, GRID)


def is_against(of: Round, name: str) -> bool:
    """Whether the bankruptcy amount of all costs the other side."""
    amount, at_mark = of.bucket.amount(name), abs(of.bucket.quantity(name)) * of.bucket.mark(name)
    return (amount > at_mark) if of.is_long(name) else (amount < at_mark)


def terms(of: Round, name: str, contracts: int) -> tuple[int, int]:
    """The part of this moment, and what it costs the other side."""
    if contracts == 0:
        return 0, 0
    part, at_mark = of.bucket.part(name, contracts), base(contracts, of.bucket.size(name)) * of.bucket.mark(name)
    return part, part - at_mark if of.is_long(name) else at_mark - part


def report(of: Round, name: str, number: int, contracts: int, price: int, loss: int) -> None:
    """And its deadline."""
    kept = of.state.liquidations
    kept.reports = number
    kept.due.append((of.state.time + DAY, number, name))
    of.state.emit(
        "adl_report", order=number, account=of.bucket.holder.name, instrument=name,
        quantity=of.sides[name] * contracts, price=price, amount=loss, rule=RULE,
        note=of.bucket.note,
    )  # fmt: skip

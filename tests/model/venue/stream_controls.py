"""Rows about who is halted, whose proofs lapse, who belongs to whom, last settlements, and rules that change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from .stream_changes import Proposal
from .stream_people import deposit, settle
from .stream_setting import HOUR, SECOND, YEAR, Pick, Row, Setting, text

CLIENTS = ("k1", "k2", "k3", "k4")
GROUPS = ("g1", "g2", "g3")


def halted(setting: Setting) -> Iterable[Row]:
    """Somebody, or a class; mostly let go again soon."""
    rng = setting.rng
    scope = rng.choice((
        {"account": setting.account}, {"account": setting.account}, {"client": rng.choice((*CLIENTS, "k9"))},
        {"class": rng.choice(("market_maker", "affiliated_market_maker", "backstop"))},
        {"account": setting.account, "client": "k1"}, {"class": "market_maker", "instrument": "BTC-PERP"},
    ))  # fmt: skip
    setting.halted.append(scope)
    yield {"kind": "halt", **scope}


def let_go(setting: Setting) -> Iterable[Row]:
    rng = setting.rng
    if setting.halted and rng.random() < 0.8:
        yield {"kind": "resume", **setting.halted.pop(rng.randrange(len(setting.halted)))}
    else:
        yield {"kind": "resume", **rng.choice(({"account": setting.account}, {"client": "k2"}, {"class": "backstop"}))}


def release(setting: Setting) -> Iterable[Row]:
    """Breakers: who was tripped is not known here."""
    yield {"kind": "resume", "account": setting.account}


def proof(setting: Setting) -> Iterable[Row]:
    """One that is over soon, or again for long."""
    rng = setting.rng
    name = rng.choice(("investor_until", "knowledge_until"))
    until = setting.time + rng.choice((-1, 0, 1, SECOND // 2, 7 * SECOND, 61 * SECOND, HOUR // 6, YEAR, YEAR))
    row: Row = {"kind": "set_account", "account": setting.account, name: until}
    if rng.random() < 0.3:
        row["investor_until"] = row["knowledge_until"] = setting.time + YEAR
    if rng.random() < 0.1:
        row["class"] = "professional"
    yield row


def family(setting: Setting) -> Iterable[Row]:
    """Another client, another group, or both."""
    rng = setting.rng
    row: Row = {"kind": "set_account", "account": setting.account}
    if rng.random() < 0.6:
        row["client"] = rng.choice(CLIENTS)
    if rng.random() < 0.5:
        row["group"] = rng.choice(GROUPS)
    if rng.random() < 0.7:  # who has orders may not
        yield {"kind": "cancel_all", "account": row["account"]}
    if rng.random() < 0.3:
        yield {"kind": "cancel_all", "client": rng.choice(CLIENTS)}
    yield row


def newcomer(setting: Setting) -> Iterable[Row]:
    """A further account of a client, with money."""
    rng = setting.rng
    name = f"new{rng.randint(0, 5)}"
    row: Row = {"kind": "open_account", "account": name, "client": rng.choice((None, *CLIENTS, "k5"))}
    row["group"] = rng.choice((None, None, *GROUPS))
    row["class"] = rng.choice((None, None, "market_maker"))
    row["investor_until"] = row["knowledge_until"] = setting.time + YEAR
    if name not in setting.accounts:
        setting.accounts.append(name)
    yield row
    yield {"kind": "deposit", "account": name, "asset": setting.assets[0], "amount": rng.choice(("300", "3000"))}


def burst(setting: Setting) -> Iterable[Row]:
    """Many orders of some accounts within a second, of one side."""
    rng = setting.rng
    instrument, side = setting.instrument, rng.choice((1, -1))
    for account in rng.sample(setting.accounts, 3):
        for _ in range(rng.randint(1, 3)):
            yield {
                "kind": "place", "account": account, "instrument": instrument, "price": setting.near(instrument),
                "quantity": text(side * setting.size(instrument)), "tif": rng.choice((None, None, None, "ioc")),
            }  # fmt: skip


def hedge(setting: Setting) -> Iterable[Row]:
    """An account that is long in one margin mode and short in the other, and orders about its limits."""
    rng = setting.rng
    instrument = setting.instrument
    limit = {"BTC-PERP": 400, "ETH-PERP": 900}[instrument] if setting.lenient else {"BTC-PERP": 40, "ETH-PERP": 3_000}[
        instrument]  # fmt: skip
    account, other = rng.sample(setting.accounts, 2)
    for name in (account, other):
        yield {"kind": "deposit", "account": name, "asset": setting.assets[0], "amount": "100000"}
    price, side = setting.on_tick(instrument), rng.choice((1, -1))
    for mode, signed in (("cross", side), ("isolated", -side)):
        quantity = signed * (limit * rng.choice((1, 3, 5, 9)) // 10)
        for name, own in ((other, -quantity), (account, quantity)):
            setting.time += SECOND
            yield {
                "kind": "place", "account": name, "instrument": instrument, "quantity": str(own), "price": price,
                "margin_mode": mode if name == account else None, "time": setting.time,
            }  # fmt: skip
    for _ in range(rng.randint(2, 6)):
        setting.time += SECOND // 2
        size = limit * rng.choice((1, 2, 5, 7, 9, 10, 11, 14)) // 10 + rng.choice((-1, 0, 0, 1))
        row: Row = {
            "kind": "place", "account": rng.choice((account, account, setting.account)), "instrument": instrument,
            "quantity": str(rng.choice((1, -1)) * size), "price": setting.near(instrument), "time": setting.time,
            "margin_mode": rng.choice((None, "isolated")), "reduce_only": rng.choice((None, None, True)),
        }  # fmt: skip
        if rng.random() < 0.2:
            row |= {"trigger": setting.near(instrument), "trigger_when": rng.choice(("at_or_above", "at_or_below"))}
        yield row
        if rng.random() < 0.3:
            yield {"kind": "amend", "instrument": instrument, "order": setting.pick(change="larger")}


def churn(setting: Setting) -> Iterable[Row]:
    """Trades of size and a price that moves: breakers trip. Money in between is no gain."""
    rng = setting.rng
    instrument = setting.instrument
    maker, taker = rng.sample(setting.accounts, 2)
    price = setting.on_tick(instrument)
    for _ in range(rng.randint(1, 4)):
        quantity = rng.choice((1, -1)) * setting.size(instrument)
        for account, signed in ((maker, quantity), (taker, -quantity)):
            yield {
                "kind": "place", "account": account, "instrument": instrument, "quantity": text(signed),
                "price": price, "margin_mode": rng.choice((None, None, None, "isolated")),
            }  # fmt: skip
        if rng.random() < 0.5:
            setting.time += rng.choice((SECOND // 3, SECOND, 20 * SECOND, 61 * SECOND))
            yield {"kind": "mark", "instrument": instrument, "price": setting.moved(instrument, 0.01),
                   "time": setting.time}  # fmt: skip
        if rng.random() < 0.3:
            yield from deposit(setting)


def propose(setting: Setting) -> Iterable[Row]:
    """Approved or not, confirmed or not, now or later."""
    rng = setting.rng
    changes = rng.choice((0, 1, 1, 1, 2, 2, 3, 6))
    now = -(-setting.time // SECOND) * SECOND
    effective = rng.choice((None, None, None, now - HOUR, now + 5 * SECOND, now + 61 * SECOND, now + 660 * SECOND,
                            now + HOUR))  # fmt: skip
    seed = rng.randrange(2**32)
    if rng.random() < 0.6:
        yield {"kind": "approve_rulebook", "rulebook": Proposal(seed, changes, effective, True),
               "approval": setting.reference(5)}  # fmt: skip
    yield {"kind": "activate_rulebook", "rulebook": Proposal(seed, changes, effective),
           "confirm": rng.choice((None, None, "", " ", "yes", "yes"))}  # fmt: skip


def ambush(setting: Setting) -> Iterable[Row]:
    """Positions are taken while a rulebook waits that would end them, or that does not suit them."""
    rng = setting.rng
    key = rng.choice(("instrument.ETH-PERP.tiers", "instrument.BTC-PERP.tiers", "instrument.BTC-PERP.lot"))
    effective = -(-setting.time // SECOND) * SECOND + 90 * SECOND
    yield {"kind": "approve_rulebook", "rulebook": Proposal(0, 1, effective, True, key), "approval": "paper 9"}
    yield {"kind": "activate_rulebook", "rulebook": Proposal(0, 1, effective, False, key),
           "confirm": rng.choice((None, None, "yes"))}  # fmt: skip
    yield from churn(setting)
    setting.time = max(setting.time, effective + rng.choice((0, 1, SECOND)))
    yield {"kind": "advance_time", "time": setting.time}


def approve(setting: Setting) -> Iterable[Row]:
    """What is in force, what waits, or nothing at all."""
    rulebook = setting.rng.choice((Pick("in force", 0), Pick("in force", 0), Pick("waiting", 0), Pick("waiting", 0),
                                   "ab" * 32, "AB" * 32, "abc"))  # fmt: skip
    yield {"kind": "approve_rulebook", "rulebook": rulebook, "approval": "paper 6"}


def ada(setting: Setting) -> Iterable[Row]:
    """An instrument that only a later rulebook knows."""
    rng = setting.rng
    price = text(setting.marks["ADA-PERP"])
    kind = rng.choice(("tell", "tell", "open", "place", "place", "place", "money", "still"))
    if kind == "tell":
        yield {"kind": "index", "underlying": "ADA", "price": price}
        yield {"kind": "mark", "instrument": "ADA-PERP", "price": setting.moved("ADA-PERP", 0.005)}
    elif kind == "still":
        yield {"kind": rng.choice(("halt", "resume", "resume")), "underlying": "ADA"}
    elif kind == "open":
        yield {"kind": "phase", "instrument": "ADA-PERP", "state": rng.choice(("open", "preopen"))}
    elif kind == "money":
        yield {"kind": "index", "asset": "ACE", "price": rng.choice(("1", "0.99"))}
        yield {"kind": "deposit", "account": setting.account, "asset": "ACE", "amount": "50"}
    else:
        for account in rng.sample(setting.accounts, 2):
            quantity = text(rng.choice((1, -1)) * Decimal(rng.randint(1, 30)))
            yield {"kind": "place", "account": account, "instrument": "ADA-PERP", "price": setting.near("ADA-PERP"),
                   "quantity": quantity}  # fmt: skip


def closing(setting: Setting) -> Iterable[Row]:
    """The last settlement of an instrument: index values, then prices that somebody approves, or none."""
    rng = setting.rng
    instrument = rng.choice(("ETH-PERP", "ETH-PERP", "ADA-PERP", "ADA-PERP", "BTC-PERP"))
    underlying = instrument.partition("-")[0]
    told = []
    for _ in range(rng.randint(1, 6)):
        told.append(setting.moved(instrument, 0.01))
        setting.time += rng.choice((SECOND // 7, SECOND, 13 * SECOND, 400 * SECOND))
        yield {"kind": "index", "underlying": underlying, "price": told[-1], "time": setting.time}
    yield {"kind": "phase", "instrument": instrument, "state": "settling"}
    few = rng.choice((told, told[-1:]))
    for _ in range(rng.randint(1, 6)):
        price = rng.choice((*few, *few, *few, text(Decimal(told[0]) * Decimal("1.001")), text(Decimal(told[0]) * 2)))
        if rng.random() < 0.2 and setting.flavor == "closings":
            yield {"kind": "settle", "instrument": instrument}
        yield {"kind": "settle", "instrument": instrument, "price": price,
               "approval": setting.reference(rng.choice((7, 7, 8)))}  # fmt: skip
    yield from settle(setting)


Maker = Callable[[Setting], Iterable[Row]]
MAKERS: dict[str, Maker] = {
    "halted": halted, "let_go": let_go, "release": release, "proof": proof, "family": family, "newcomer": newcomer,
    "hedge": hedge, "burst": burst, "churn": churn, "propose": propose, "ambush": ambush, "approve": approve,
    "ada": ada, "closing": closing,
}  # fmt: skip

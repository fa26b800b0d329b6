"""Rows about accounts, money and phases."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from .stream_setting import HOUR, SECOND, UNDERLYING, YEAR, Row, Setting, text


def slots(setting: Setting) -> Iterable[Row]:
    """Some slots in a row, each with an index of late; onto the end of an interval, now and then."""
    rng = setting.rng
    if rng.random() < 0.6:
        setting.time = (setting.time // HOUR + rng.randint(1, 2)) * HOUR - rng.choice((301, 601, 1_201, 1_801)) * SECOND
    wild = rng.choice(("1", "1", "0.9", "1.1"))
    for _ in range(rng.randint(1, 7)):
        setting.time = (setting.time // (300 * SECOND) + 1) * 300 * SECOND - SECOND
        for instrument in ("BTC-PERP", "ETH-PERP"):
            away = Decimal(rng.choice(("0.995", "0.999", "1", "1.003"))) * Decimal(wild)
            price = text(round(setting.marks[instrument] * away, 2))
            yield {"kind": "index", "underlying": UNDERLYING[instrument], "price": price, "time": setting.time}
        setting.time += SECOND
        yield {"kind": "advance_time", "time": setting.time}


def opened(setting: Setting) -> Iterable[Row]:
    """Accounts of some clients, groups, classes and tiers."""
    clients = {"ada": "k1", "bob": "k1", "gus": "k2", "hal": "k2"}
    groups = {"cyd": "g1", "dan": "g1"}
    if setting.rulebook in ("controlled", "free", "opened"):
        clients = {"ada": "k1", "bob": "k1", "cyd": "k2", "dan": "k2", "gus": "k3"}
        groups = {"ada": "g1", "gus": "g1", "ivy": "g2"}
    classes = {"bob": "market_maker", "dan": "professional", "eve": "affiliated_market_maker"}
    for name in setting.accounts:
        row: Row = {"kind": "open_account", "account": name, "client": clients.get(name), "group": groups.get(name)}
        row["class"] = classes.get(name)
        row["approval"] = "paper 1" if name == "eve" else None
        row["fee_tier"] = "maker" if name in ("bob", "eve", "ivy") else None
        if setting.rulebook != "lenient":
            row["investor_until"] = setting.time + (3 * HOUR if name == "ivy" else YEAR)
            row["knowledge_until"] = setting.time + (5 * HOUR if name == "fay" else YEAR)
        yield {column: value for column, value in row.items() if value is not None}


def deposit(setting: Setting) -> Iterable[Row]:
    rng = setting.rng
    asset = rng.choice(setting.assets)
    units = {"HKD": Decimal(8), "BTC": Decimal("0.001")}.get(asset, Decimal(1))
    amount = rng.choice((0, -3, 5, 50, 50, 300, 300, 2_000, 5_000)) * units
    yield {"kind": "deposit", "account": setting.account, "asset": asset, "amount": text(amount)}


def withdraw(setting: Setting) -> Iterable[Row]:
    rng = setting.rng
    amount = rng.choice(("0.01", "5", "50", "50", "300", "1000", "8000", "0", "33.33333333"))
    asset = rng.choice((setting.assets[0], setting.assets[0], *setting.assets))
    yield {"kind": "withdraw", "account": setting.account, "asset": asset, "amount": amount}


def confirm(setting: Setting) -> Iterable[Row]:
    yield {"kind": "confirm_withdrawal", "order": setting.pick("withdrawal")}


def release(setting: Setting) -> Iterable[Row]:
    yield {"kind": "release_withdrawal", "order": setting.pick("withdrawal")}


def transfer(setting: Setting) -> Iterable[Row]:
    rng = setting.rng
    yield {
        "kind": "transfer", "asset": rng.choice((setting.assets[0], *setting.assets)),
        **rng.choice((
            {"account": "ada", "to_account": "bob"}, {"account": "hal", "to_account": "gus"},
            {"account": setting.account, "to_account": setting.account},
        )), "amount": rng.choice(("1", "50", "400", "0", "3000")),
    }  # fmt: skip


def margin(setting: Setting) -> Iterable[Row]:
    amount = setting.rng.choice(("0", "5", "50", "300", "-5", "-50", "-300", "-0.00000001"))
    yield {"kind": "transfer", "account": setting.account, "instrument": setting.instrument, "amount": amount}


def topup(setting: Setting) -> Iterable[Row]:
    rng = setting.rng
    row: Row = {"kind": "fund_topup", "amount": rng.choice(("10", "500", "0"))}
    if rng.random() < 0.3:
        row["account"] = setting.account
    if rng.random() < 0.3:
        row["asset"] = rng.choice(setting.assets)
    if rng.random() < 0.5:
        row["note"] = rng.choice(("fund", "converter", "someone"))
    yield row


def hold(setting: Setting) -> Iterable[Row]:
    flags = setting.rng.choice((*[None] * 8, "no_open", "no_withdraw", "frozen", "no_open,no_withdraw", "closed"))
    approval = setting.reference(2) if flags == "frozen" else None
    yield {"kind": "hold", "account": setting.account, "flags": flags, "approval": approval}


def set_account(setting: Setting) -> Iterable[Row]:
    rng = setting.rng
    row: Row = {"kind": "set_account", "account": setting.account}
    what = rng.choice(("dates", "dates", "tier", "class", "group", "model", "leverage", "nothing"))
    if what == "dates":
        name = rng.choice(("investor_until", "knowledge_until"))
        row[name] = setting.time + rng.choice((-HOUR, HOUR // 10, HOUR, YEAR, YEAR))
    elif what == "tier":
        row["fee_tier"] = rng.choice(("standard", "maker", "maker", "gold"))
    elif what == "class":
        row["class"] = rng.choice(("professional", "market_maker", "affiliated_market_maker", "backstop"))
        row["approval"] = setting.reference(3) if rng.random() < 0.6 else None
    elif what == "group":
        row |= rng.choice(({"group": "g1"}, {"group": "g2"}, {"client": "k3"}))
    elif what == "model":
        row["model"] = rng.choice(("standard", "portfolio", "portfolio"))
    elif what == "leverage":
        row["leverage"] = rng.choice(("1", "3", "10", "100"))
    yield row


def leverage(setting: Setting) -> Iterable[Row]:
    rng = setting.rng
    yield {
        "kind": "set_account", "account": setting.account, "instrument": setting.instrument,
        "margin_mode": rng.choice((None, "cross", "isolated", "isolated")),
        "leverage": rng.choice(("1", "2", "5", "20", "7.5")),
    }  # fmt: skip


def open_account(setting: Setting) -> Iterable[Row]:
    rng = setting.rng
    name = rng.choice((f"new{rng.randint(0, 5)}", rng.choice(setting.accounts), "fund", "rounding"))
    row: Row = {"kind": "open_account", "account": name, "class": rng.choice((None, "backstop", "market_maker"))}
    if name.startswith("new") and name not in setting.accounts:
        setting.accounts.append(name)
    if rng.random() < 0.2:
        row["model"] = "portfolio"
    yield row


def close_account(setting: Setting) -> Iterable[Row]:
    yield {"kind": "close_account", "account": setting.rng.choice([f"new{at}" for at in range(6)] + ["ada"])}


def disconnect(setting: Setting) -> Iterable[Row]:
    yield {"kind": "disconnect", "account": setting.account}


def deadman(setting: Setting) -> Iterable[Row]:
    until = setting.rng.choice((None, setting.time, setting.time + 10**9, setting.time + HOUR // 4, setting.time - 1))
    yield {"kind": "deadman", "account": setting.account, "until": until}


def phase(setting: Setting) -> Iterable[Row]:
    rng = setting.rng
    states = ["preopen", "auction", "auction", "open", "open", "reduce_only", "halted", "listed", "settled"]
    if setting.flavor == "phases" and rng.random() < 0.15:
        states = ["settling"]
    setting.unhealthy = setting.unhealthy or 30
    yield {"kind": "phase", "instrument": setting.instrument, "state": rng.choice(states)}


def open_again(setting: Setting) -> Iterable[Row]:
    for instrument in ("BTC-PERP", "ETH-PERP"):
        yield {"kind": "phase", "instrument": instrument, "state": "open"}


def halt(setting: Setting) -> Iterable[Row]:
    scope = setting.rng.choice(({}, {"instrument": setting.instrument}, {"underlying": UNDERLYING[setting.instrument]}))
    setting.unhealthy = setting.unhealthy or 20
    setting.still |= set(scope.values()) & set(UNDERLYING.values())
    yield {"kind": "halt", **scope}


def resume(setting: Setting) -> Iterable[Row]:
    underlying = setting.rng.choice(("BTC", "BTC", "ETH"))
    scope = setting.rng.choice(({}, {}, {"instrument": setting.instrument}, {"underlying": underlying}))
    yield {"kind": "resume", **scope}


def restart(setting: Setting) -> Iterable[Row]:
    setting.unhealthy = setting.rng.randint(3, 25)
    yield {"kind": "restart"}


def settle(setting: Setting) -> Iterable[Row]:
    """Rarely what ends an instrument for good: it is put into settling in the phases of a stream."""
    rng = setting.rng
    row: Row = {"kind": "settle", "instrument": setting.instrument}
    if rng.random() < 0.5:
        row["price"] = text(round(setting.marks[row["instrument"]], 2))
        row["approval"] = setting.reference(4) if rng.random() < 0.5 else None
    yield row


Maker = Callable[[Setting], Iterable[Row]]
MAKERS: dict[str, Maker] = {
    "deposit": deposit, "withdraw": withdraw, "confirm": confirm, "release": release, "transfer": transfer,
    "margin": margin, "topup": topup, "hold": hold, "set_account": set_account, "leverage": leverage,
    "open_account": open_account, "close_account": close_account, "disconnect": disconnect, "deadman": deadman,
    "slots": slots, "phase": phase, "open": open_again, "halt": halt, "resume": resume, "restart": restart,
    "settle": settle,
}  # fmt: skip

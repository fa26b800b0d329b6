"""Rows about what stays halted when something is let go: accounts of a client, told indexes, what is not eligible."""

from __future__ import annotations

from collections.abc import Iterable

from .stream_changes import Proposal
from .stream_controls import CLIENTS, Maker, churn
from .stream_setting import SECOND, UNDERLYING, Row, Setting, text


def twice(setting: Setting) -> Iterable[Row]:
    """A client, some of whose accounts stay halted when it is let go."""
    rng = setting.rng
    client, members = rng.choice((("k1", ("ada", "bob")), ("k2", ("cyd", "dan"))))
    scopes: list[Row] = [{"client": client}, {"account": rng.choice(members)}]
    if rng.random() < 0.3:
        scopes.append({"class": rng.choice(("professional", "market_maker"))})
    rng.shuffle(scopes)
    for scope in scopes:
        yield {"kind": "halt", **scope}
    if rng.random() < 0.2:
        yield {"kind": "set_account", "account": rng.choice(members), "client": rng.choice(CLIENTS)}
    rng.shuffle(scopes)
    for scope in scopes:
        yield {"kind": "resume", **scope}
        instrument = setting.instrument
        yield {"kind": "place", "account": rng.choice(members), "instrument": instrument, "quantity": "1",
               "price": setting.near(instrument)}  # fmt: skip


def standstill(setting: Setting) -> Iterable[Row]:
    """A halt of an index, with prices told meanwhile, and whatever trades on them; not always let go."""
    rng = setting.rng
    instrument = setting.instrument
    underlying = UNDERLYING[instrument]
    setting.still.add(underlying)
    setting.unhealthy = setting.unhealthy or rng.randint(10, 40)
    scope = {"underlying": underlying}
    yield {"kind": "halt", **scope}
    state = rng.choice((None, None, "thin", "frozen", "halted"))
    meanwhile: list[Row] = [
        {"kind": "index", **scope, "price": setting.moved(instrument, 0.01), "state": state},
        {"kind": "mark", "instrument": instrument, "price": setting.moved(instrument, 0.01), "state": state},
        {"kind": "halt", **scope},
        {"kind": "resume", "instrument": instrument},
        {"kind": "phase", "instrument": instrument, "state": rng.choice(("open", "auction", "reduce_only"))},
        {"kind": "place", "account": setting.account, "instrument": instrument, "quantity": "2",
         "price": setting.near(instrument)},
    ]  # fmt: skip
    if rng.random() < 0.15:
        meanwhile.append({"kind": "restart"})
    yield from rng.sample(meanwhile, rng.randint(0, len(meanwhile)))
    if rng.random() < 0.3:
        return
    yield {"kind": "resume", **scope}
    after: list[Row] = [
        {"kind": "index", **scope, "price": setting.moved(instrument, 0.003)},
        {"kind": "mark", "instrument": instrument, "price": setting.moved(instrument, 0.003)},
        {"kind": "resume"},
        {"kind": "resume", **scope},
        {"kind": "place", "account": setting.account, "instrument": instrument, "quantity": "-2",
         "price": setting.near(instrument)},
    ]  # fmt: skip
    yield from rng.sample(after, rng.randint(0, len(after)))


def close_down(setting: Setting) -> Iterable[Row]:
    """An underlying that is not eligible for a while; its instrument is let go, perhaps with crossed orders."""
    rng = setting.rng
    instrument = setting.instrument
    yield from churn(setting)
    yield {"kind": "phase", "instrument": instrument, "state": "auction"}
    price = setting.on_tick(instrument)
    for account in setting.accounts:
        side = rng.choice((1, -1))
        if rng.random() < 0.4:
            setting.time += SECOND // 3
            yield {"kind": "place", "account": account, "instrument": instrument, "price": price, "reduce_only": True,
                   "quantity": text(side * setting.size(instrument)), "time": setting.time}  # fmt: skip
    halt: list[Row] = [{"kind": "halt", **rng.choice(({}, {"instrument": instrument}))}] if rng.random() < 0.8 else []
    key, moved = f"underlying.{UNDERLYING[instrument]}.eligible", rng.choice((0.001, 0.001, 0.15))
    shut: list[Row] = [
        {"kind": "approve_rulebook", "rulebook": Proposal(0, 1, None, True, key), "approval": "paper 9"},
        {"kind": "activate_rulebook", "rulebook": Proposal(0, 1, None, False, key), "confirm": "yes"},
    ]
    yield from halt + shut if rng.random() < 0.7 else shut + halt
    yield {"kind": "mark", "instrument": instrument, "price": setting.moved(instrument, moved)}
    for _ in range(rng.randint(1, 2)):
        yield {"kind": "resume", **rng.choice(({}, {"instrument": instrument}))}
    effective = -(-setting.time // SECOND) * SECOND + 660 * SECOND
    for as_digest, kind in ((True, "approve_rulebook"), (False, "activate_rulebook")):
        yield {"kind": kind, "rulebook": Proposal(0, 1, effective, as_digest, key, 1),
               "approval": "paper 9" if as_digest else None}  # fmt: skip
    if rng.random() < 0.5:
        setting.time = max(setting.time, effective)
        yield {"kind": "advance_time", "time": setting.time}


MAKERS: dict[str, Maker] = {"twice": twice, "standstill": standstill, "close_down": close_down}

"""The rows about orders and prices that streams are made of, one maker a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from . import stream_faults, stream_liquidation
from .orders import Order
from .stream_people import opened
from .stream_setting import HOUR, TICKS, UNDERLYING, Pick, Row, Setting, text


def order(setting: Setting, **changes: Any) -> Row:
    """A limit order in any of its forms."""
    rng = setting.rng
    instrument = setting.instrument
    row: Row = {
        "kind": "place",
        "account": setting.account,
        "instrument": instrument,
        "quantity": text(rng.choice((-1, 1)) * setting.size(instrument)),
        "price": setting.near(instrument),
    }
    if rng.random() < 0.25:
        row["client_id"] = f"c{rng.randint(0, 12)}"
    if rng.random() < 0.15:
        row["tif"] = rng.choice(("gtc", "ioc", "gtd"))
    if row.get("tif") == "gtd":
        row["until"] = setting.time + rng.choice((0, 10**9, 10**12, HOUR))
    if rng.random() < 0.15:
        row["stp"] = rng.choice(("taker", "maker", "both", "decrement"))
    if rng.random() < 0.02:
        row["sent"] = setting.time - rng.choice((0, HOUR, 11 * HOUR, 13 * HOUR, 200 * HOUR))
    return row | changes


def place(setting: Setting) -> Iterable[Row]:
    yield order(setting)


def quote_both(setting: Setting) -> Iterable[Row]:
    """A maker on both sides, a little away from the mark."""
    rng, instrument, account = setting.rng, setting.instrument, setting.account
    tick, mark = TICKS[instrument], setting.marks[instrument]
    half = (mark * Decimal(rng.choice(("0.001", "0.002", "0.005"))) / tick).to_integral_value() * tick + tick
    middle = ((mark * Decimal(rng.choice(("0.998", "1", "1", "1.002")))) / tick).to_integral_value() * tick
    for side in (1, -1):
        yield order(
            setting, account=account, instrument=instrument, price=text(middle - side * half), tif=None, until=None,
            quantity=text(side * setting.size(instrument)), client_id=None,
        )  # fmt: skip


def market(setting: Setting) -> Iterable[Row]:
    yield order(setting, price=None, tif=None, until=None)


def fok(setting: Setting) -> Iterable[Row]:
    yield order(setting, tif="fok", until=None)


def post_only(setting: Setting) -> Iterable[Row]:
    yield order(setting, post_only=setting.rng.choice(("reject", "slide")), tif=None, until=None)


def reduce(setting: Setting) -> Iterable[Row]:
    mode = setting.rng.choice((None, None, "isolated"))
    yield order(setting, reduce_only=True, margin_mode=mode)


def isolated(setting: Setting) -> Iterable[Row]:
    yield order(setting, margin_mode="isolated")


def trigger(setting: Setting) -> Iterable[Row]:
    rng = setting.rng
    row = order(setting, trigger_when=rng.choice(("at_or_above", "at_or_below")))
    row["trigger"] = setting.near(row["instrument"], 0.01)
    row["trigger_by"] = rng.choice((None, "mark", "index", "last"))
    row["reduce_only"] = rng.choice((None, True))
    if rng.random() < 0.4:
        row |= {"price": None, "tif": None, "until": None}
    yield row


def repeat(setting: Setting) -> Iterable[Row]:
    """A place again, word for word or not."""
    if not setting.placed:
        return
    row = {name: value for name, value in setting.rng.choice(setting.placed).items() if name != "time"}
    if setting.rng.random() < 0.3:
        row["quantity"] = text(-Decimal(row["quantity"]))
    yield row


def amend(setting: Setting) -> Iterable[Row]:
    rng = setting.rng
    change = rng.choice(("smaller", "larger", "price", "price", "both", "filled", "tiny"))
    row: Row = {"kind": "amend", "instrument": setting.instrument, "order": setting.pick(change=change)}
    if change in ("price", "both"):
        row["price"] = setting.near(row["instrument"])
    if rng.random() < 0.2:
        del row["order"]
        row |= {"account": setting.account, "client_id": f"c{rng.randint(0, 12)}", "quantity": "1"}
    yield row


def changed(order: Order, pick: Pick) -> Row:
    """The new total of an amendment."""
    totals = {
        "smaller": order.total * 2 // 3 - order.total * 2 // 3 % (5 * 10**7),
        "larger": order.total + 10**8,
        "both": order.total + 10**8,
        "filled": order.filled,
        "tiny": order.filled + 10**7,
    }
    if pick.change not in totals:
        return {}
    return {"quantity": text(Decimal(order.side * totals[pick.change]).scaleb(-8))}


def cancel(setting: Setting) -> Iterable[Row]:
    rng = setting.rng
    if rng.random() < 0.7:
        yield {"kind": "cancel", "instrument": setting.instrument, "order": setting.pick()}
    else:
        named = {"account": setting.account, "client_id": f"c{rng.randint(0, 12)}"}
        yield {"kind": "cancel", "instrument": setting.instrument, **named}


def cancel_all(setting: Setting) -> Iterable[Row]:
    scope = setting.rng.choice(
        ({"account": setting.account}, {"account": setting.account}, {"group": "g1"}, {"client": "k1"},
         {"class": "market_maker"}, {"instrument": setting.instrument}, {"account": "ada", "instrument": "ETH-PERP"})
    )  # fmt: skip
    yield {"kind": "cancel_all", **scope}


def mark(setting: Setting) -> Iterable[Row]:
    instrument = setting.instrument
    yield {"kind": "mark", "instrument": instrument, "price": setting.moved(instrument, 0.006)}


def quote(setting: Setting) -> Iterable[Row]:
    """Some sources, one after the other, mostly of one mind."""
    rng = setting.rng
    setting.moved("BTC-PERP", 0.001)
    for source in rng.sample(("a", "b", "c", "d"), rng.choice((1, 2, 4, 4, 4))):
        away = Decimal(rng.choice((*["1"] * 6, "1.0003", "0.9996", "1.002", "0.97", "1.04", "1.2")))
        row: Row = {
            "kind": "quote", "underlying": "BTC", "source": source,
            "price": text(round(setting.marks["BTC-PERP"] * away, 2)),
        }  # fmt: skip
        if rng.random() < 0.05:
            row["price"] = rng.choice(("0", "-1", "100000001", "3.123456789", None))
        if rng.random() < 0.2:
            row["sent"] = setting.time - rng.choice((0, 10**8, 3 * 10**9, 20 * 10**9, -(10**8), -3 * 10**9))
        if rng.random() < 0.02:
            row |= rng.choice(({"source": "e"}, {"underlying": "ETH"}, {"underlying": "DOGE"}))
        yield row


def quorum(setting: Setting) -> Iterable[Row]:
    """All sources agree, for as long as it takes, and there is a book outside: else the mark is thin."""
    mark = setting.marks["BTC-PERP"]
    bid, ask = round(mark * Decimal("0.9995"), 1), round(mark * Decimal("1.0005"), 1)
    yield {"kind": "top", "instrument": "BTC-PERP", "bid": text(bid), "ask": text(ask)}
    for _ in range(4):
        setting.time += 10**9
        for source in ("a", "b", "c", "d"):
            price = text(setting.marks["BTC-PERP"])
            yield {"kind": "quote", "underlying": "BTC", "source": source, "price": price, "time": setting.time}


def top(setting: Setting) -> Iterable[Row]:
    """The best of an outside book, or of none."""
    rng = setting.rng
    bid, ask = (setting.marks["BTC-PERP"] * Decimal(away) for away in rng.choice((("0.999", "1.001"), ("1.01", "1"))))
    row: Row = {"kind": "top", "instrument": "BTC-PERP", "bid": text(round(bid, 1)), "ask": text(round(ask, 1))}
    yield row | rng.choice(({}, {}, {"bid": None}, {"bid": None, "ask": None}))


def index(setting: Setting) -> Iterable[Row]:
    instrument = setting.instrument
    away = Decimal(setting.rng.choice(("0.999", "1", "1.0005", "1.002")))
    yield {
        "kind": "index", "underlying": UNDERLYING[instrument],
        "price": text(round(setting.marks[instrument] * away, 2)),
    }  # fmt: skip


def asset_index(setting: Setting) -> Iterable[Row]:
    asset = "HKD" if not setting.lenient else "USDC"
    price = {"HKD": "0.128", "USDC": "0.9995"}[asset]
    state = setting.rng.choice((None, None, None, "thin", "frozen"))
    wild = setting.rng.choice(("1", "1", "0.99", "0.7", "1.3"))
    if state == "frozen":
        setting.unhealthy = 15
    yield {"kind": "index", "asset": asset, "price": text(Decimal(price) * Decimal(wild)), "state": state}


def shock(setting: Setting) -> Iterable[Row]:
    """A jump, on the index as well."""
    instrument = setting.instrument
    price = setting.moved(instrument, 0.12)
    if setting.rng.random() < 0.5:
        yield {"kind": "index", "underlying": UNDERLYING[instrument], "price": price}
    yield {"kind": "mark", "instrument": instrument, "price": price}


def bad_price(setting: Setting) -> Iterable[Row]:
    """Wrong scale, nothing, or a state in which it may not be used."""
    rng, instrument = setting.rng, setting.instrument
    kind = rng.choice(("scale", "zero", "state", "state", "null", "index"))
    price: str | None = text(setting.marks[instrument])
    setting.unhealthy = rng.randint(5, 40)
    row: Row = {"kind": "mark", "instrument": instrument, "price": price}
    if kind == "scale":
        row["price"] = text(setting.marks[instrument] * rng.choice((10, Decimal("0.1"), 2)))
    elif kind == "zero":
        row["price"] = rng.choice(("0", "-5", "100000001"))
    elif kind == "state":
        row["state"] = rng.choice(("thin", "protected", "frozen", "halted"))
    elif kind == "null":
        del row["price"]
    else:
        state = rng.choice(("thin", "protected", "frozen", "halted"))
        row = {"kind": "index", "underlying": UNDERLYING[instrument], "price": price, "state": state}
    yield row


def tell_all(setting: Setting) -> Iterable[Row]:
    """Every price, well."""
    if setting.sourced:
        yield from quorum(setting)
    for instrument in ("BTC-PERP", "ETH-PERP"):
        price = text(setting.marks[instrument])
        yield {"kind": "index", "underlying": UNDERLYING[instrument], "price": price}
        yield {"kind": "mark", "instrument": instrument, "price": price}
    asset, worth = ("HKD", "0.128") if not setting.lenient else ("USDC", "1")
    yield {"kind": "index", "asset": asset, "price": worth}


def set_up(setting: Setting) -> Iterable[Row]:
    """Accounts, money, prices, and both instruments open."""
    first, hunts = True, setting.flavor in stream_liquidation.FLAVORS
    for row in stream_liquidation.opened(setting) if hunts else opened(setting):
        if first:
            row["time"], first = setting.time, False
        yield row
    yield from tell_all(setting)
    if hunts:
        yield from stream_liquidation.money(setting)
    for account in setting.accounts if not hunts else ():
        yield {
            "kind": "deposit", "account": account, "asset": setting.assets[0],
            "amount": text(Decimal(setting.rng.choice((300, 1_000, 3_000, 10_000, 50_000)))),
        }  # fmt: skip
    for note, amount in (("converter", "50000"), (None, "2000")) if not hunts else ():
        yield {"kind": "fund_topup", "amount": amount, **({"note": note} if note else {})}
    if setting.rulebook == "controlled":
        yield {"kind": "approve_rulebook", "rulebook": Pick("in force", 0), "approval": "paper 0"}
    for instrument in ("BTC-PERP", "ETH-PERP"):
        yield {"kind": "phase", "instrument": instrument, "state": "open"}


def advance(setting: Setting) -> Iterable[Row]:
    yield {"kind": "advance_time", "time": setting.time}


def back(setting: Setting) -> Iterable[Row]:
    """Time that runs back."""
    yield order(setting, time=setting.time - setting.rng.choice((1, 10**9, 10**15)), client_id=None)


Maker = Callable[[Setting], Iterable[Row]]
MAKERS: dict[str, Maker] = {
    "place": place, "quote_both": quote_both, "market": market, "fok": fok, "post_only": post_only,
    "reduce": reduce, "isolated": isolated, "trigger": trigger, "repeat": repeat, "amend": amend,
    "cancel": cancel, "cancel_all": cancel_all, "mark": mark, "quote": quote,
    "top": top, "index": index, "asset_index": asset_index,
    "shock": shock, "bad_price": bad_price, "advance": advance, "back": back, "fault": stream_faults.fault,
}  # fmt: skip

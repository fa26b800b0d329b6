"""Rows of streams in which buckets are liquidated."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from .stream_changes import Proposal
from .stream_setting import HOME, SECOND, TICKS, UNDERLYING, Row, Setting, text

PROVIDERS = ("sal", "tom")
HUNTED = ("ada", "cyd", "dan", "eve", "fay", "gus")  # who have little money
Amounts = tuple[int | None, ...]
FUND: Amounts = (None, 30, 300, 2_000, 2_000, 20_000)
FUNDS: dict[str, Amounts] = {
    "waterfalls": (None, None, 5, 40),
    "inventories": (None, 100, 300, 300, 700, 2_000, 20_000),
}


def opened(setting: Setting) -> Iterable[Row]:
    """Accounts beside the usual ones: providers; prices, much or little money, with or without fund and converter."""
    rng = setting.rng
    clients = {"ada": "k1", "bob": "k1", "gus": "k2", "hal": "k2", "tom": rng.choice(("k1", None))}
    setting.accounts.extend(PROVIDERS)
    for at, name in enumerate(setting.accounts):
        model = "portfolio" if setting.lenient and name in ("ivy", "fay", "eve") else None
        row: Row = {"kind": "open_account", "account": name, "client": clients.get(name), "model": model}
        row["class"] = "backstop" if name in PROVIDERS else None
        row["group"] = "g1" if name in ("cyd", "dan") else None
        row["fee_tier"] = "maker" if name in ("bob", "ivy") else None
        row["time"] = setting.time if at == 0 else None
        yield {column: value for column, value in row.items() if value is not None}


def money(setting: Setting) -> Iterable[Row]:
    """Little for the hunted, in several assets; much for the others."""
    rng = setting.rng
    for name in setting.accounts:
        poor = name in HUNTED or (name in PROVIDERS and rng.random() < 0.3)
        amount = rng.choice((20, 60, 200, 500)) if poor else rng.choice((2_000, 10_000, 50_000))
        yield deposit_of(name, setting.assets[0], Decimal(amount))
        if rng.random() < 0.6:
            asset = rng.choice(setting.assets[1:3])
            yield deposit_of(name, asset, Decimal(rng.choice((20, 100, 300))) * unit(asset))
    for note, amounts in (("converter", (None, 5_000, 50_000)), (None, FUNDS.get(setting.flavor, FUND))):
        if (put := rng.choice(amounts)) is not None:
            yield {"kind": "fund_topup", "amount": str(put), **({"note": note} if note else {})}
    for name in PROVIDERS:
        if rng.random() < 0.6:
            yield {"kind": "register_backstop", "account": name, "amount": rng.choice(("500", "2000", "20000"))}


def deposit_of(account: str, asset: str, amount: Decimal) -> Row:
    """One row."""
    return {"kind": "deposit", "account": account, "asset": asset, "amount": text(amount)}


def unit(asset: str) -> Decimal:
    """About one unit of the settlement currency."""
    return {"HKD": Decimal(8), "BTC": Decimal("0.001")}.get(asset, Decimal(1))


# --- rows


def crossing(setting: Setting) -> Iterable[Row]:
    """One with little money gets as much of a position as it can, against one of any kind."""
    rng, instrument = setting.rng, setting.instrument
    taker, maker = rng.choice(HUNTED), rng.choice((*setting.accounts, "bob", "hal", "ivy"))
    side = rng.choice((1, -1))
    row: Row = {"kind": "place", "instrument": instrument}
    row["price"] = on_tick(setting, instrument, Decimal(rng.choice(("0.999", "1", "1", "1.001"))))
    mode, other = (rng.choice((None, None, None, None, "isolated")) for _ in range(2))
    if rng.random() < 0.3:
        yield deposit_of(taker, setting.assets[0], Decimal(rng.choice((5, 20, 60, 200))))
    size = sized(setting, instrument)
    yield row | {"account": maker, "quantity": text(-side * size), "margin_mode": other}
    lot = Decimal("0.1") if instrument == "BTC-PERP" else Decimal(1)
    for parts in rng.choice(((1,), (1, 2), (1, 2, 4), (1, 3, 8, 20))):
        part = max(2 * lot, (size / parts / lot).to_integral_value() * lot)
        yield row | {"account": taker, "quantity": text(side * part), "margin_mode": mode, "tif": "ioc"}
    if rng.random() < 0.6:
        yield {"kind": "cancel_all", "account": maker}
    if rng.random() < 0.4:
        account, held = rng.choice(((taker, side), (maker, -side)))
        yield from ways_out(setting, {"account": account, "instrument": instrument, "margin_mode": mode}, held)


def ways_out(setting: Setting, row: Row, held: int) -> Iterable[Row]:
    """Orders that take a profit or stop a loss."""
    rng, instrument = setting.rng, row["instrument"]
    lot = Decimal("0.1") if instrument == "BTC-PERP" else Decimal(1)
    row = row | {"kind": "place", "quantity": text(-held * lot * rng.choice((2, 5, 20))), "reduce_only": True}
    away = Decimal(rng.choice(("0.005", "0.01", "0.02", "0.035")))
    if rng.random() < 0.7:
        yield row | {"price": on_tick(setting, instrument, 1 + held * away)}
    if rng.random() < 0.5:
        trigger = on_tick(setting, instrument, 1 - held * away)
        when = "at_or_below" if held > 0 else "at_or_above"
        yield row | {"trigger": trigger, "trigger_when": when, "trigger_by": rng.choice(("mark", "last"))}


def sized(setting: Setting, instrument: str) -> Decimal:
    """Worth some thousands."""
    worth = Decimal(setting.rng.choice((500, 1_000, 2_000, 4_000, 8_000)))
    unit_price = setting.marks[instrument] * (1 if instrument == "BTC-PERP" or setting.lenient else Decimal("0.1"))
    lot = Decimal("0.1") if instrument == "BTC-PERP" else Decimal(1)
    return max(2 * lot, (worth / unit_price / lot).to_integral_value() * lot)


def on_tick(setting: Setting, instrument: str, away: Decimal) -> str:
    """A price at some ratio to the mark."""
    tick = TICKS[instrument]
    return text(max(tick, (setting.marks[instrument] * away / tick).to_integral_value() * tick))


def thin_quotes(setting: Setting) -> Iterable[Row]:
    """Orders near and far, on one side or both, of a few lots."""
    rng, instrument = setting.rng, setting.instrument
    account = rng.choice(("bob", "hal", "ivy", "ivy", *HUNTED, *PROVIDERS))
    lot = Decimal("0.1") if instrument == "BTC-PERP" else Decimal(1)
    for side in rng.choice(((1, -1), (1,), (-1,))):
        away = Decimal(rng.choice(("0.002", "0.005", "0.01", "0.02", "0.035", "0.06")))
        yield {
            "kind": "place", "account": account, "instrument": instrument,
            "price": on_tick(setting, instrument, 1 - side * away),
            "quantity": text(side * lot * rng.choice((2, 3, 5, 10, 40))),
            "reduce_only": rng.choice((None, None, None, True)),
        }  # fmt: skip


STEPS = {
    "throttles": ("0.002", "0.004", "0.006", "0.01", "0.015"),
    "crashes": ("0.005", "0.01", "0.015", "0.02", "0.03"),  # an index that jumps is not believed
}


def run_for_it(setting: Setting) -> Iterable[Row]:
    """A crash or a rally in steps, the index with it or not; makers withdraw or stay."""
    rng, instrument = setting.rng, setting.instrument
    if rng.random() < (0.1 if setting.flavor == "throttles" else 0.4):
        yield {"kind": "cancel_all", "instrument": instrument}
    side = rng.choice((1, -1))
    deep = rng.random() < (1 if setting.flavor == "throttles" else 0.6)
    slow = setting.flavor == "throttles"
    steps = STEPS.get(setting.flavor, ("0.003", "0.006", "0.01", "0.02", "0.04", "0.09"))
    for _ in range(rng.randint(1, 8 if slow else 4)):
        step = Decimal(rng.choice(steps)) * side
        setting.marks[instrument] = max(Decimal(1), round(setting.marks[instrument] * (1 + step), 2))
        if deep:
            yield from waiting_ones(setting, instrument, side)
        setting.time += rng.choice((0, 10**6, SECOND // 2, SECOND, 3 * SECOND))
        yield from priced(setting, instrument, rng.random() < 0.5)
        if rng.random() < 0.3:
            yield from thin_quotes(setting)
    if rng.random() < 0.5 and setting.flavor != "crashes":
        home = HOME[instrument]
        setting.marks[instrument] = round(setting.marks[instrument] + (home - setting.marks[instrument]) / 2, 2)


def priced(setting: Setting, instrument: str, with_index: bool) -> Iterable[Row]:
    """The mark, told or made."""
    price, underlying = text(setting.marks[instrument]), UNDERLYING[instrument]
    if setting.rulebook == "sourced" and instrument == "BTC-PERP":
        for source in setting.rng.sample(("a", "b", "c", "d"), setting.rng.choice((3, 4, 4))):
            yield {"kind": "quote", "underlying": underlying, "source": source, "price": price, "time": setting.time}
        return
    if with_index:
        yield {"kind": "index", "underlying": underlying, "price": price}
    yield {"kind": "mark", "instrument": instrument, "price": price, "time": setting.time}


def waiting_ones(setting: Setting, instrument: str, side: int) -> Iterable[Row]:
    """Orders on the side that liquidations will hit, worse than the mark that comes."""
    rng, lot = setting.rng, Decimal("0.1") if instrument == "BTC-PERP" else Decimal(1)
    lots = (2, 3, 5) if setting.flavor == "throttles" else (2, 3, 7, 20, 60)
    for _ in range(rng.randint(1, 3)):
        away = Decimal(rng.choice(("0", "0.001", "0.004", "0.01", "0.02", "0.03", "0.05")))
        yield {
            "kind": "place", "account": rng.choice(("bob", "hal", "ivy")), "instrument": instrument,
            "price": on_tick(setting, instrument, 1 + side * away),
            "quantity": text(-side * lot * rng.choice(lots)),
        }  # fmt: skip


def collateral_falls(setting: Setting) -> Iterable[Row]:
    """What is owed stays; what stands against it does not. It recovers soon."""
    rng = setting.rng
    asset, price = ("HKD", Decimal("0.128")) if not setting.lenient else ("USDC", Decimal("0.9995"))
    for worth in (*rng.choices(("0.2", "0.5", "0.7", "0.9"), k=rng.randint(1, 2)), "1"):
        yield {"kind": "index", "asset": asset, "price": text(price * Decimal(worth))}
        if rng.random() < 0.5:
            yield from seconds(setting)


def closing_out(setting: Setting) -> Iterable[Row]:
    """Somebody gives up a position; a loss that is not settled stays."""
    rng, instrument = setting.rng, setting.instrument
    for side in (1, -1):
        for account, price in (("ivy", "1"), *((name, None) for name in rng.sample(HUNTED, 2))):
            lots = Decimal(rng.choice((5, 20, 60))) * (Decimal("0.1") if instrument == "BTC-PERP" else 1)
            yield {
                "kind": "place", "account": account, "instrument": instrument,
                "quantity": text(side * lots if price else -side * lots),
                "price": on_tick(setting, instrument, Decimal(1)) if price else None,
                "reduce_only": None if price else True,
            }  # fmt: skip


def lone_mark(setting: Setting) -> Iterable[Row]:
    instrument = setting.instrument
    setting.moved(instrument, 0.008)
    yield from priced(setting, instrument, False)


def provider(setting: Setting) -> Iterable[Row]:
    """Registered, with more or less, or no longer; now and then somebody who may not."""
    rng = setting.rng
    account = rng.choice((*PROVIDERS, *PROVIDERS, *PROVIDERS, setting.account))
    amount = rng.choice(("0", "300", "700", "1500", "2500", "4000", "7000", "20000", "-1"))
    yield {"kind": "register_backstop", "account": account, "amount": amount}


def refill(setting: Setting) -> Iterable[Row]:
    """Of the fund or the converter, and of somebody with nothing left."""
    rng = setting.rng
    if rng.random() < 0.4:
        row: Row = {"kind": "fund_topup", "amount": rng.choice(("20", "200", "2000"))}
        yield row | rng.choice(({}, {}, {"note": "converter"}))
    account = rng.choice(HUNTED)
    asset = rng.choice((*setting.assets[:1] * 3, *setting.assets[1:3]))
    yield deposit_of(account, asset, Decimal(rng.choice((30, 100, 400))) * unit(asset))
    if rng.random() < 0.3:
        yield {
            "kind": "transfer", "account": account, "instrument": setting.instrument,
            "amount": rng.choice(("20", "100", "-20")),
        }  # fmt: skip


def seconds(setting: Setting) -> Iterable[Row]:
    """Some, so that those who wait go on."""
    for _ in range(setting.rng.randint(1, 4)):
        setting.time += setting.rng.choice((SECOND // 3, SECOND, 2 * SECOND))
        yield {"kind": "advance_time", "time": setting.time}


def next_day(setting: Setting) -> Iterable[Row]:
    """Reports are due. Prices are told again."""
    setting.time += 24 * 3_600 * SECOND
    setting.unhealthy = 2
    yield {"kind": "advance_time", "time": setting.time}
    for instrument in ("BTC-PERP", "ETH-PERP"):
        yield from priced(setting, instrument, True)


def other_rules(setting: Setting) -> Iterable[Row]:
    """Some parameters of the liquidation change."""
    rng = setting.rng
    proposal = Proposal(rng.randrange(2**32), rng.choice((1, 2, 4)), among="liquidation")
    yield {"kind": "activate_rulebook", "rulebook": proposal, "confirm": "yes"}


Maker = Callable[[Setting], Iterable[Row]]
MAKERS: dict[str, Maker] = {
    "crossing": crossing, "thin_quotes": thin_quotes, "run_for_it": run_for_it, "lone_mark": lone_mark,
    "refill": refill, "seconds": seconds, "next_day": next_day, "other_rules": other_rules,
    "collateral_falls": collateral_falls, "closing_out": closing_out, "provider": provider,
}  # fmt: skip
FLAVORS: dict[str, dict[str, float]] = {
    "liquidations": {
        "crossing": 45, "thin_quotes": 30, "run_for_it": 14, "lone_mark": 10, "provider": 8, "refill": 8, "seconds": 6,
        "collateral_falls": 2, "closing_out": 2, "next_day": 0.4, "leverage": 2, "set_account": 2,
        "other_rules": 2,
    },
    "crashes": {
        "crossing": 60, "thin_quotes": 30, "run_for_it": 25, "lone_mark": 60, "provider": 8, "refill": 6, "seconds": 2,
        "quote": 3, "top": 0.5, "closing_out": 2, "next_day": 0.1, "place": 10, "shock": 0.1, "advance": 0.1,
        "slots": 0.05, "mark": 1, "bad_price": 0.05, "phase": 0.02, "halt": 0.02, "quote_both": 4,
    },
    "throttles": {
        "crossing": 60, "thin_quotes": 10, "run_for_it": 25, "lone_mark": 10, "provider": 8, "refill": 4,
        "seconds": 20, "quote_both": 2, "next_day": 0.2, "place": 10, "deposit": 0.5, "topup": 1,
    },
    "waterfalls": {
        "crossing": 60, "thin_quotes": 12, "run_for_it": 20, "provider": 12, "refill": 5, "seconds": 4, "quote_both": 2,
        "place": 10, "collateral_falls": 4, "closing_out": 6, "next_day": 0.6, "slots": 1, "halt": 0.3, "resume": 1,
        "other_rules": 1.5,
    },
    "inventories": {
        "crossing": 20, "thin_quotes": 10, "run_for_it": 10, "fall_on": 12, "hunt": 50, "minutes": 8, "hours": 10,
        "seconds": 4, "quote_both": 2, "place": 3, "collateral_falls": 2, "closing_out": 8, "next_day": 0.1,
        "advance": 1, "slots": 0.5, "bad_price": 0.8, "halt": 0.3, "resume": 1, "other_rules": 0.3, "other_mode": 22,
        "emptied": 4, "blind": 5, "provider": 2, "refill": 4,
        "amend": 1, "cancel": 1, "trigger": 4, "mark": 3, "repeat": 0.3, "fok": 0.5, "post_only": 0.5,
    },
}  # fmt: skip

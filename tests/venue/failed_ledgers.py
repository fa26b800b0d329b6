"""Incidents of venues that paid out what was not there, or not theirs who got it."""

import random
from decimal import Decimal

from tests.venue.failed_liquidations import part_by_part
from tests.venue.scene import HOUR, SECOND, START, Claims, Scene, X, kinds, refusal, rulebook

UNIT = Decimal("0.00000001")


def units(count: int) -> str:
    """So many of the smallest unit."""
    return f"{count * UNIT:f}"


def margin_withdrawn_from_a_position(control: bool) -> Claims:
    """hyperliquid-2025-03-12-eth-whale-margin-withdrawal: off, `withdraw_ratio` is 0."""
    rules = rulebook("1%", 50, {"venue.withdraw_ratio": "20%" if control else "0%"})
    scene = Scene(rules, "1884", whale="15230000", others="100000000")
    scene.trade("whale", "others", "160234.18", "1884")
    scene.tell("1943")
    row = scene.row("whale")
    # 160,234.18 · 59 = 9,453,816.62 of gain, so equity is 24,683,816.62. Of N = 160,234.18 · 1,943 = 311,335,011.74 are
    # 20 % 62,267,002.35 and 2 % 6,226,700.2348; 24,683,816.62 − 9,453,816.62 − 6,226,700.2348 = 9,003,299.7652.
    assert (row["equity"], row["unrealized_pnl"]) == (Decimal("24683816.62"), Decimal("9453816.62"))
    assert row["withdrawable"] == (0 if control else Decimal("9003299.7652"))
    # Only 15,230,000 is cash; the gain becomes cash eight hours later.
    refused = [scene.sends("whale", "17090000")]
    scene.venue.advance_time(START + 8 * HOUR)
    assert scene.has("whale") == Decimal("24683816.62")
    # Now without the ratio 24,683,816.62 − 6,226,700.2348 = 18,457,116.3852 may leave.
    assert scene.row("whale")["withdrawable"] == (0 if control else Decimal("18457116.3852"))
    before = scene.row("whale")["equity"]
    refused.append(scene.sends("whale", "17090000"))
    yield "withdrawal rejected", refused == ["insufficient_balance", "not_withdrawable"]
    after = scene.row("whale")["equity"]
    fifth = Decimal("160234.18") * 1943 / 5
    yield "post-state equity >= 20% of notional or unchanged", after >= fifth or after == before
    scene.tell("1915")
    # It lost 160,234.18 · 28 = 4,486,557.04; 1 % of 306,848,454.70 is 3,068,484.547. Without the ratio 3,107,259.58 is
    # left.
    row = scene.row("whale")
    assert row["equity"] == (Decimal("20197259.58") if control else Decimal("3107259.58"))
    safe = row["status"] == "healthy" and scene.has("fund") == 0
    yield "when mark falls to 1915 the account is not bankrupt and loss to vault == 0", safe
    yield from part_by_part(control)


def pumped_collateral(control: bool) -> Claims:
    """mango-2022-10-11-mngo: off, `limits.open_interest` is "none"."""
    # 2,000,000 / 0.0382 = 52,356,020.9
    limit = {"instrument.X-PERP.limits.open_interest": "52356020" if control else "none"}
    rules = rulebook("5%", 10, limit)
    scene = Scene(rules, "0.0382", A="5000000", B="5000000", others="150000000")
    # 483,000,000 · 0.0382 = 18,450,600
    told = [scene.venue.place("A", X, -483_000_000, "0.0382"), scene.venue.place("B", X, 483_000_000, "0.0382")]
    refused = [refusal(events) for events in told] == ["open_interest"] * 2
    yield "order of 18.45M notional rejected by OI cap", refused
    assert [scene.position(account) for account in "AB"] == ([0, 0] if control else [-483_000_000, 483_000_000])

    # Had they got it all the same, there would be no money for what was not settled; least where nobody is liquidated.
    rules = rules.edit({"instrument.X-PERP.limits.open_interest": None})
    scene, liquidating = [
        Scene(each, "0.0382", A="5000000", B="5000000", others="150000000")
        for each in (rules.edit({"liquidation": None}), rules)
    ]
    for each in (scene, liquidating):
        each.trade("B", "A", "483000000", "0.0382")
        for minute, price in enumerate(("0.0382", "0.10", "0.30", "0.91")):
            each.tell(price, START + 60 * minute * SECOND)
    row = scene.row("B")
    # 483,000,000 · 0.8718 = 421,079,400. Without it 5,000,000 are less than 10 % of 439,530,000.
    gain = row["unrealized_pnl"] == 421_079_400
    yield (
        "the index follows its sources (no rate limit); what it is worth for withdrawal is 0",
        gain and row["withdrawable"] == 0,
    )
    refused_at = [scene.sends("B", "116000000", START + 240 * SECOND)]
    refused_at += [scene.sends("B", amount) for amount in ("5000000", "0.00000001")]
    nothing = refused_at == ["insufficient_balance", "not_withdrawable", "not_withdrawable"]
    yield "withdrawable from unrealised profit == 0", nothing
    # Nor is the gain settled while A, who is 416,079,400 below nothing, is the one who would have to pay.
    told = scene.venue.advance_time(START + 8 * HOUR)
    waits = [(event.instrument, event.account) for event in told if event.kind == "settlement_deferred"] == [(X, "A")]
    out = 160_000_000 - sum(row["amount"] for row in scene.venue.ledger().to_pylist())
    yield "vault outflow == 0", waits and out == 0 and scene.has("B") == 5_000_000
    # Where A is liquidated, at 0.10, B gains the 5,000,000 that A had, and may send its own until it is settled.
    row = liquidating.row("B")
    assert (row["unrealized_pnl"], row["withdrawable"], liquidating.position("B")) == (5_000_000, 5_000_000, 0)
    assert liquidating.sends("B", "5000000.00000001") == "insufficient_balance"
    liquidating.venue.advance_time(START + 8 * HOUR)
    assert [liquidating.has(account) for account in ("A", "B", "others")] == [0, 10_000_000, 150_000_000]


def profit_before_loss(control: bool) -> Claims:
    """drift-2022-05-11-pnl-order."""
    assert control
    tiers = {"venue.fees": {"standard": {"maker": 0, "taker": 0}, "paying": {"maker": 0, "taker": "0.1%"}}}
    scene = Scene(rulebook("1%", 50, tiers), "100", W="20000", M="1000000")
    scene.join("L", "201000", fee_tier="paying")
    scene.venue.fund_topup(500_000)
    whole = []

    def adds_up() -> None:
        # What all have is what was paid in less what left.
        whole.append(scene.venue.verify() == [])

    # L takes: 0.1 % of 1,000,000 is 1,000 of fees. Then W sells to M at 110: W gained 100,000, L is 100,000 down.
    scene.venue.place("W", X, 10_000, 100)
    scene.venue.place("L", X, -10_000, 100)
    scene.tell("110")
    scene.trade("M", "W", "10000", "110")
    assert (scene.has("fees"), scene.position("W"), scene.row("W")["unrealized_pnl"]) == (1000, 0, 100_000)
    adds_up()
    # What W paid in may leave, and nothing of the gain.
    first = [scene.sends("W", "100000"), scene.sends("W", "20000.00000001"), scene.sends("W", "20000")]
    first.append(scene.sends("W", "0.00000001"))
    assert first == ["insufficient_balance", "insufficient_balance", None, "insufficient_balance"]
    adds_up()
    claim = "first withdrawal limited to 0: nothing is settled, and fees are not payable to winners"
    yield claim, scene.has("W") == 0 and scene.has("fees") == 1000
    scene.venue.place("M", X, -10_000, 110)
    scene.venue.place("L", X, 10_000, 110, reduce_only=True)
    # 0.1 % of 1,100,000 more.
    assert (scene.position("L"), scene.has("L"), scene.has("fees")) == (0, 198_900, 2100)
    adds_up()
    assert scene.sends("W", "100000") == "insufficient_balance"
    scene.venue.advance_time(START + 8 * HOUR)
    adds_up()
    assert (scene.has("W"), scene.has("L")) == (100_000, 98_900)
    paid = scene.sends("W", "100000") is None
    adds_up()
    claim = "after L closes and the settlement, 100000 payable (L has the cash; else the waterfall)"
    yield claim, paid and scene.has("W") == 0
    yield "insurance untouched", scene.has("fund") == 500_000
    yield "claims <= assets at every step", all(whole)


def tiny_trades(control: bool) -> Claims:
    """balancer-2025-11-03-rounding-direction."""
    assert control
    # Lots and ticks of the smallest unit, so that quantity · price has sixteen decimals; settled every minute, with a
    # high rate of funding.
    funding = {"every": "1m", "sample": "20s", "interest_8h": "100%", "dead_zone": "100%", "impact_notional": UNIT}
    changes = {"tick": UNIT, "lot": UNIT, "collar.width": "100%", "funding": funding}
    terms = {f"instrument.X-PERP.{key}": value for key, value in changes.items()} | {"venue.settle_every": "1m"}
    draws = random.Random(20251103)
    gained: list[Decimal] = []
    constant, netted, payments = [], [], 0

    def whole(scene: Scene) -> bool:
        everything = sum(row["amount"] for row in scene.venue.ledger().to_pylist())
        return everything == 3 and scene.venue.verify() == []

    def move(scene: Scene, quantity: int, price: str) -> None:
        """A gets so much from B; below 0 the other way. Either may be the taker."""
        signed = [("A", quantity), ("B", -quantity)]
        draws.shuffle(signed)
        for account, count in signed:
            events = scene.venue.place(account, X, units(count), price)
        assert kinds(events)[:2] == ["accepted", "filled"], events

    for fees in ({"maker": 0, "taker": 0}, {"maker": "-0.02%", "taker": "0.05%"}):
        rules = rulebook("1%", 50, terms | {"venue.fees.standard": fees})
        scene, now = Scene(rules, "0.00500000", A="1", B="1", Q="1"), START
        for _ in range(40):
            price = units(draws.randint(1, 1_000_000))
            scene.tell(price, now)
            before = [scene.row(account)["equity"] for account in "AB"]
            held = 0
            for _ in range(draws.choice((1, 5, 50))):
                quantity = draws.choice((-1, 1)) * draws.randint(1, 20)
                move(scene, quantity, price)
                held += quantity
                if draws.random() < 0.2:
                    # Settled at another price, which is not that of the loop.
                    scene.tell(units(draws.randint(1, 1_000_000)))
                    now += 60 * SECOND
                    scene.venue.advance_time(now)
                    scene.tell(price)
            while held:
                quantity = -max(-20, min(20, held))
                move(scene, quantity, price)
                held += quantity
            change = [scene.row(account)["equity"] - was for account, was in zip("AB", before, strict=True)]
            # Who makes is paid a part of what the other pays; together they cannot gain.
            gained += change if fees["taker"] == 0 else [sum(change, Decimal(0))]
            constant.append(whole(scene))
        # Funding, with a book of which impact prices can be taken.
        move(scene, 5_000_003, price)
        for _ in range(20):
            price = units(draws.randint(10_000, 1_000_000))
            scene.tell(price, now)
            for side in (-1, 1):
                scene.venue.place("Q", X, -side * Decimal("0.01"), Decimal(price) + side * UNIT)
            for second in (19, 39, 59):
                scene.tell(price, now + second * SECOND)
            rounding = scene.has("rounding")
            now += 60 * SECOND
            told = [event for event in scene.venue.advance_time(now) if event.kind == "posting"]
            flows = [event.amount for event in told if event.rule == "funding.settle"]
            settled = [event.amount for event in told if event.rule == "ledger.settle"]
            payments += len(flows)
            netted.append(sum(flows) + sum(settled) + scene.has("rounding") - rounding == 0)
            constant.append(whole(scene))
            scene.venue.cancel_all(account="Q")
    yield "user equity after closed loop <= before", max(gained) <= 0
    assert min(gained) < 0
    yield "sum of all accounts including residue account is constant", all(constant)
    yield "funding payments net to residue exactly", all(netted)
    assert payments >= 70

"""Incidents of venues that traded on prices which could not be trusted."""

from decimal import Decimal

import pytest
from tests.venue.scene import HOUR, SECOND, START, Claims, Scene, X, closed, kinds, refusal, rulebook

import perpcore as pc


def outlier_of_a_source(control: bool) -> Claims:
    """deribit-2019-10-31-index-outlier, as far as stops and orders go: off, a source counts however far it is."""
    on = {"drop_beyond": "1%"}
    off = {"drop_beyond": "100%", "max_deviation": "100%"}
    index = {"min_sources": 4} | (on if control else off)
    rules = rulebook("1%", 50, {"underlying.X.index": index}, sources=7)
    scene = Scene(rules, L="1000", S="100000", late="1000", little="300")
    scene.begin(*["9160"] * 7)
    at = START + 5 * SECOND
    scene.trade("L", "S", "1", "9150")
    scene.trade("little", "S", "1", "9150")
    scene.venue.place("L", X, -1, trigger=9000, trigger_by="index", trigger_when="at_or_below", reduce_only=True)
    told = scene.quote(at + SECOND, *["9160"] * 5)
    # What is no price goes in a table as it is.
    zero = {"time": [at + SECOND], "kind": ["quote"], "underlying": ["X"], "source": ["s7"], "price": [0.0]}
    rows = scene.venue.apply(zero).to_pylist()
    for second in range(2, 12):
        told += scene.quote(at + second * SECOND, *["9160"] * 5, None, "6000")
    indexes = {event.price for event in told if event.kind == "index"}
    indexes |= {row["price"] for row in rows if row["kind"] == "index"}
    yield "index == 9160 at every event", indexes <= {Decimal(9160)}
    # (5 · 9,160 + 6,000) / 6 = 8,633.33: a long of 1 from 9,150 loses more than 300, and it is below the stop at 9,000.
    yield "liquidations == 0", closed(told) == set()
    yield "stops_triggered == 0", "triggered" not in kinds(told)
    for second in range(14, 27, 4):
        scene.quote(at + second * SECOND, *["9160"] * 3, None, None, None, "6000" if control else None)
    thin = scene.status("L") == "undecided"
    thin = thin and refusal(scene.venue.place("late", X, 1, 9160)) == "price_unusable"
    thin = thin and refusal(scene.venue.place("L", X, -1, 9160, reduce_only=True)) is None
    yield "with only 3 healthy sources (min_sources 4): state == thin, and under thin = protect no liquidation", thin


def constant_index(control: bool) -> Claims:
    """aster-2025-09-25-xpl-hardcoded-index: off, no sources are named, and whoever tells index and mark is believed."""
    constant = Scene(rulebook("1%", 50, {}, sources=1 if control else 0), L="1000", S="1000")
    told: list[pc.Event] = []
    for second in range(1, 21):
        time = START + second * SECOND
        told += constant.quote(time, "1.00") if control else constant.venue.index("X", "1.00", time=time)
        if not control:
            constant.venue.mark(X, "1.22")
    refused = [refusal(constant.venue.enter_phase(X, phase)) for phase in ("open", "auction", "preopen")]
    opening = refusal(constant.venue.place("L", X, 1, "1.00"))
    yield (
        "a market whose underlying has one constant source is frozen: no liquidation, no opening order",
        refused == ["price_unusable", "price_unusable", None] and opening == "price_unusable",
    )
    scene = Scene(rulebook("1%", 50, {}, sources=3 if control else 0), None if control else "1.30", L="10000", S="200")
    if control:
        scene.begin("1.30", "1.30", "1.30")
    scene.trade("L", "S", "1000", "1.30")
    marks: list[Decimal | None] = []
    fallen: set[str | int | None] = set()
    for second in range(10, 50):
        time = START + second * SECOND
        # A sweep: the best of the book around 4.
        if control:
            told = scene.around("4.00", time) + scene.quote(time, "1.29", "1.30", "1.31")
        else:
            told = scene.tell("4.00", time)
        marks += [event.price for event in told if event.kind == "mark"]
        fallen |= closed(told)
    near = all(abs(marked / Decimal("1.30") - 1) <= Decimal("0.005") for marked in marks) and bool(marks)
    yield "with the external sources as index: |mark / index - 1| <= mark_band", near
    # S sold 1,000 at 1.30 with 200: at 1.3065 he lost 6.50, at 4 2,700.
    yield "liquidations at mark 4.00 == 0", fallen == set()


def stale_oracle_choice(control: bool) -> Claims:
    """levana-2023-12-stale-oracle-choice: off, a price of minutes may be used."""
    stale = {"underlying.X.index.stale_after": "10s" if control else "180s"}
    rules = rulebook("1%", 50, stale, sources=3)
    scene = Scene(rules, maker="100000", trader="100000")
    scene.begin(*["10.00"] * 3)
    at = START + 5 * SECOND
    scene.venue.place("maker", X, -1000, 10, tif="gtd", until=at + HOUR)
    told = scene.venue.place("trader", X, 1000, time=at + 60 * SECOND)
    yield "order at 60000 is not executed at 10.00", "filled" not in kinds(told)
    states = [event.after for event in told if event.kind == "price_state"]
    frozen = refusal(told) == "price_unusable" and "frozen" in states
    yield "the order is refused because of the price state (frozen)", frozen
    scene.quote(at + 60 * SECOND + SECOND // 1000, *["10.80"] * 3)
    # 1,000 · 0.80 is 800 at the index.
    yield "attacker PnL <= 0 before fees", scene.row("trader")["unrealized_pnl"] <= 0


def source_outage(control: bool) -> Claims:
    """cme-2025-11-28-source-outage: off, two sources may be traded on."""
    thin = {"underlying.X.index.thin": "protect" if control else "trade"}
    scene = Scene(rulebook("1%", 50, thin, sources=3), L="1000", S="100000", small="2.10")
    scene.begin("101.5", "101.5", "101.5")
    start = START + 5 * SECOND
    scene.trade("small", "S", "1", "101.5")
    scene.trade("L", "S", "5", "101.5")
    states, opening, closing = [], [], []
    fallen: set[str | int | None] = set()
    for seconds in range(9, 36_000, 9):
        price = "101.5" if seconds < 30 else "100"
        told = scene.quote(start + seconds * SECOND, None, price, price)
        states += [event.after for event in told if event.kind == "price_state"]
        # 101.5 − 100 of 2.10 are lost: 0.60 is less than 1 % of 100.
        fallen |= closed(told)
        if seconds in (99, 20_007):
            opening.append(refusal(scene.venue.place("S", X, -1, 101)))
            closing.append(refusal(scene.venue.place("L", X, -1, 101, reduce_only=True)))
    # Both of the index and of the mark that is made of it.
    yield "state == thin for the whole gap", set(states) == {"thin"}
    yield "no liquidation during the gap under thin = protect", fallen == set()
    assert opening == (["price_unusable"] * 2 if control else [None] * 2)
    assert closing == [None] * 2
    assert (scene.status("small") == "undecided") == control
    told = scene.quote(start + 36_000 * SECOND, "103", "100", "100")
    # The median of 103, 100, 100 is 100; 3 % beyond it 103 still counts: (103 + 100 + 100) / 3 = 101.
    values = [event.price for event in told if event.kind == "index"]
    assert values[0] == 101
    assert refusal(scene.venue.place("S", X, -1, 101)) is None


def reset_after_restart(control: bool) -> Claims:
    """paradex-2026-01-19-funding-index-reset."""
    assert control
    scene = Scene(rulebook("1%", 50, {}, sources=3), L="20000", S="20000")
    scene.begin(*["92600"] * 3)
    scene.trade("L", "S", "10", "92600")
    told = scene.venue.restart(time=START + 6 * SECOND)
    before = scene.venue.digest
    # A price of 0 is no price: said to the venue it is refused before it is a command.
    for tell in (lambda: scene.venue.index("X", 0), lambda: scene.venue.mark(X, 0)):
        with pytest.raises(ValueError, match="price is a number from"):
            tell()
    yield "state hash before == state hash after", scene.venue.digest == before
    # In a table it is a command, and refused.
    rows = scene.venue.apply({"kind": ["mark"], "instrument": [X], "price": [0.0]}).to_pylist()
    assert [(row["kind"], row["code"]) for row in rows] == [("rejected", "out_of_range")]
    states = [event.after for event in told if event.kind == "price_state"]
    fallen = closed(told)
    refused = [refusal(scene.venue.place("L", X, 1, 92600)), refusal(scene.venue.place("L", X, -1, 92600))]
    # What traded is halted, and resumes only once its price may be used.
    assert [*refused, refusal(scene.venue.resume(X))] == ["phase_refused"] * 2 + ["price_unusable"]
    for second in range(5):
        states.append(f"sample {second + 1}")
        scene.around("92600", START + (7 + second) * SECOND)
        told = scene.quote(START + (7 + second) * SECOND, *["92600"] * 3)
        states += [event.after for event in told if event.kind == "price_state"]
        fallen |= closed(told)
    yield "liquidations == 0", fallen == set()
    # Index and mark each.
    expected = ["frozen"] * 2 + [f"sample {number}" for number in range(1, 6)] + ["live"] * 2
    yield "price state == frozen until five samples in quorum agree", states == expected
    assert scene.status("L") == "healthy"


def stale_oracle_on_resume(control: bool) -> Claims:
    """dydx-v4-2025-10-10-stale-oracle-on-resume."""
    assert control
    # A price that is frozen for longer than halt_after is halted, which is left by command only.
    for halted in (False, True):
        index = {"underlying.X.index.stale_after": "5s", "underlying.X.index.halt_after": "3m" if halted else "1d"}
        scene = Scene(rulebook("1%", 50, index, sources=5), L="2.70", S="1000000")
        scene.begin(*["100"] * 5)
        # A long of 1 from 100 with 2.70. It was halted when it came to 98.1, where he has 0.80, which is below 1 %.
        scene.trade("L", "S", "1", "100")
        told = scene.venue.halt(X)
        for second in range(6, 11):
            told += scene.around("98.1", START + second * SECOND)
            told += scene.quote(START + second * SECOND, *["98.1"] * 5)
        assert scene.status("L") == "liquidation"
        restart = START + 28_800 * SECOND
        aged = [event for minute in range(1, 6) for event in scene.venue.advance_time(START + minute * 60 * SECOND)]
        aged += scene.venue.restart(time=restart)
        states = [event.after for event in aged if event.kind == "price_state"]
        told += aged + scene.venue.advance_time(restart + SECOND // 2)
        # Nothing is done on the price of hours ago: nobody is in liquidation, nothing opens, no trading by command.
        safe = [scene.status("L") == "undecided"]
        refused = [refusal(scene.venue.place("S", X, 1, "98.1")), refusal(scene.venue.enter_phase(X, "auction"))]
        refused.append(refusal(scene.venue.resume(X)))
        assert states == (["frozen", "frozen", "halted", "halted"] if halted else ["frozen", "frozen"])
        fresh, values = [], []
        for second in range(30, 35):
            safe.append(scene.status("L") == "undecided")
            time = restart + second * SECOND
            quoted = scene.around("112", time) + scene.quote(time, *["112"] * 5)
            fresh += [event.after for event in quoted if event.kind == "price_state"]
            values += [event.price for event in quoted if event.kind == "index"]
            told += quoted
        if halted:
            assert fresh == []
            fresh += [event.after for event in scene.venue.resume(underlying="X") if event.kind == "price_state"]
        phases = [refusal(scene.venue.resume(X, time=restart + 34 * SECOND)), scene.venue.phase(X)]
        for phase in ("auction", "open"):
            phases += [refusal(scene.venue.enter_phase(X, phase)), scene.venue.phase(X)]
        assert (phases, fresh[-2:]) == ([None, "preopen", None, "auction", None, "open"], ["live"] * 2)
        if halted:
            continue
        # At 112 he is well: nobody was liquidated, before or after.
        yield "liquidations before 28,830,000 ms == 0", all(safe) and closed(told) == set()
        assert scene.status("L") == "healthy"
        yield (
            "price state == frozen until the quorum; phase preopen, auction, open by command",
            set(states) == {"frozen"}
            and refused == ["phase_refused"] * 2 + ["price_unusable"]
            and fresh == ["live"] * 2,
        )
        claim = "first index after the quorum == 112 (reopen_rate_limit_per_min = null)"
        yield claim, [value for value in values if value][:1] == [112]

"""What can be asked of a `Venue`; nothing changes."""

from __future__ import annotations

import sys
from typing import Any

from . import _core, errors
from ._inputs import producer
from ._liquidation import LiquidationStory, distances
from ._tables import RecordBatch, catalogue, imported
from ._venue_base import _Acting
from .event import Id, Level
from .explanation import Explanation


class _Asked(_Acting):
    """Tables of everybody, books, pages of one account, what would be, and whether all adds up."""

    __slots__ = ()

    def accounts(self) -> RecordBatch:
        """Every open account, valued: the table `accounts` of `assess`, in the order in which they were opened.

        >>> import perpcore as pc
        >>> pc.synth.venue().accounts()["status"].to_pylist()
        ['healthy', 'healthy']
        """
        return imported(self._core.accounts())

    def ledger(self) -> RecordBatch:
        """Who has what money: the table `ledger`, clients in the order of their opening, then the venue's own.

        >>> import perpcore as pc
        >>> pc.synth.venue().ledger().to_pydict()["account"]
        ['A', 'B']
        """
        return imported(self._core.ledger())

    def positions(self) -> RecordBatch:
        """Who holds what: the table `venue_positions`.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> trades = venue.place("A", "BTC-PERP", -1, 60_000), venue.place("B", "BTC-PERP", 1, 60_000)
        >>> [(row["account"], row["quantity"]) for row in venue.positions().to_pylist()]
        [('A', Decimal('-1.00000000')), ('B', Decimal('1.00000000'))]
        """
        return imported(self._core.positions())

    def explain(self, account: Id) -> Explanation:
        """The figures of one account, line by line, as `Assessment.explain`. Raises StateError `unknown_account`.

        >>> import perpcore as pc
        >>> pc.synth.venue().explain("A").totals["equity"]
        Decimal('100000.00000000')
        """
        accounts, isolated, lines, liquidation = map(imported, self._core.explain(account))
        return Explanation(lines, accounts.to_pylist()[0], isolated.to_pylist(), liquidation, self.rules)

    def explain_liquidation(self, account: Id) -> LiquidationStory:
        """How far an account is from each trigger, and what was done since it last fell.

        It prints as a page; `.distances`, `.prices` and `.events` are what it is made of. `"fund"` is what the fund
        took over. Raises StateError `unknown_account`.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> trades = venue.place("A", "BTC-PERP", -20, 60_000), venue.place("B", "BTC-PERP", 20, 60_000)
        >>> print(venue.explain_liquidation("B"))
        B
          cross: equity 80,400 above initial margin at 19,000
          cross: equity 87,525 above margin call at 11,875
          cross: equity 89,900 above liquidation at 9,500
          cross: equity 93,066.666635 above close-out at 6,333.333365
          cross: net value 99,400 above bankruptcy at 0
          BTC-PERP (cross) at 60,000: liquidated below 55,459.6, 7.57 % away
        """
        events, cross, isolated, prices = map(imported, self._core.liquidation_story(account))
        buckets = [("cross", row) for row in cross.to_pylist()]
        buckets += [(row["instrument"], row) for row in isolated.to_pylist()]
        return LiquidationStory(account, distances(buckets, self.rules.canonical()), prices, events)

    def adl_report(self, number: int) -> RecordBatch:
        """What a report of deleveraging is about, as `events`: who was told, the step, who was deleveraged.

        `number` is the `order` of its `adl_report`. Raises StateError `unknown_report`.

        >>> import perpcore as pc
        >>> pc.synth.venue().adl_report(1)
        Traceback (most recent call last):
        perpcore.errors.StateError: ...
        """
        return imported(self._core.adl_report(number))

    def rank_lights(self, instrument: str) -> RecordBatch:
        """Where the positions of an instrument stand that may be deleveraged: the table `rank_lights`, for clients.

        Light 1 has the fifth of a side's quantity that the score takes first, 5 the last. Who is bankrupt, in
        liquidation or undecided is not among them. Raises InputError `unknown_instrument`.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> trades = venue.place("A", "BTC-PERP", -2, 60_000), venue.place("B", "BTC-PERP", 2, 60_000)
        >>> [(row["account"], row["light"]) for row in venue.rank_lights("BTC-PERP").to_pylist()]
        [('B', 5), ('A', 5)]
        """
        return imported(self._core.rank_lights(instrument))

    def coverage(self, scenarios: Any) -> RecordBatch:
        """What the fund is to what everybody would lack after moves of prices: the table `coverage`.

        `scenarios` as in `perpcore.stress`: a row a scenario, a column an underlying with its relative move. `deficit`
        is Σ −net_value of the buckets that would be bankrupt at once, before any of it is liquidated; `fund` what the
        fund would be worth with what it took over. Raises SchemaError and InputError.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> trades = venue.place("A", "BTC-PERP", -2, 60_000), venue.place("B", "BTC-PERP", 2, 60_000)
        >>> funded = venue.fund_topup(5_000)
        >>> fall = {"scenario": ["fall"], "BTC": ["-0.9"]}
        >>> [(row["deficit"], row["coverage"]) for row in venue.coverage(fall).to_pylist()]
        [(Decimal('8060.00000000'), Decimal('0.62034739'))]
        """
        return imported(self._core.coverage(producer("scenarios", scenarios)))

    def depth(self, instrument: str, levels: int | None = None) -> RecordBatch:
        """The levels of a book, so many a side: the table `depth`, bids (quantity > 0) before asks (< 0), best first.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> placed = venue.place("A", "BTC-PERP", 1, 58_000)
        >>> venue.depth("BTC-PERP", 10).to_pylist()
        [{'price': Decimal('58000.00000000'), 'quantity': Decimal('1.00000000'), 'orders': 1}]
        """
        if levels is not None and (isinstance(levels, bool) or levels < 0):
            raise ValueError(f"levels is at least 0, or None, not {levels}")
        return imported(self._core.depth(instrument, None if levels is None else min(levels, sys.maxsize)))

    def l3(self, instrument: str) -> RecordBatch:
        """Every resting order of a book: the table `l3`, bids before asks, in the order in which they would trade.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> placed = venue.place("A", "BTC-PERP", 1, 58_000, client_id="a-1")
        >>> venue.l3("BTC-PERP")["client_id"].to_pylist()
        ['a-1']
        """
        return imported(self._core.l3(instrument))

    def orders(self, account: Id) -> RecordBatch:
        """The open orders of an account, those that wait for a trigger too: the table `open_orders`.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> placed = venue.place("A", "BTC-PERP", -1, trigger=57_000, trigger_when="at_or_below")
        >>> venue.orders("A").to_pydict()["instrument"]
        ['BTC-PERP']
        """
        return imported(self._core.orders(account))

    def best(self, instrument: str) -> tuple[Level | None, Level | None]:
        """The best bid and the best ask of a book.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> placed = venue.place("A", "BTC-PERP", 1, 58_000)
        >>> venue.best("BTC-PERP")
        (Level(price=Decimal('58000.00000000'), quantity=Decimal('1.00000000'), orders=1), None)
        """
        bid, ask = self._core.best(instrument)
        return (None if bid is None else Level(*bid), None if ask is None else Level(*ask))

    def phase(self, instrument: str) -> str:
        """The phase of an instrument.

        >>> import perpcore as pc
        >>> pc.Venue(pc.Rulebook.preset("hk-vatp-perp")).phase("BTC-PERP")
        'listed'
        """
        return self._core.phase(instrument)

    def dry_run(self, rules: _core.Rulebook) -> RecordBatch:
        """What another rulebook would do at the prices of now, with positions and orders as they are.

        The table `dry_run`: buckets whose status would change, with the notional that would be liquidated by force,
        and positions beyond the limits of the other. Nothing changes. Raises StateError `rulebook_unfit` where the
        other could not follow the one in force.

        >>> import perpcore as pc
        >>> venue = pc.synth.venue()
        >>> trades = venue.place("A", "BTC-PERP", -20, 60_000), venue.place("B", "BTC-PERP", 20, 60_000)
        >>> tighter = venue.rules.edit({"instrument.BTC-PERP.limits.position": 15})
        >>> [(row["account"], row["limit"], row["excess"]) for row in venue.dry_run(tighter).to_pylist()]
        [('A', Decimal('15.00000000'), Decimal('5.00000000')), ('B', Decimal('15.00000000'), Decimal('5.00000000'))]
        """
        found = self._core.dry_run(rules)
        if found is None:
            unfit = catalogue()["rulebook_unfit"]
            text, accepted = unfit["text"], unfit["accepted"]
            message = f"{text}; accepted: {accepted} [{unfit['number']} rulebook_unfit]"
            raise errors.StateError(message, code="rulebook_unfit", accepted=accepted)
        return imported(found)

    def verify(self) -> list[str]:
        """What does not add up, in words; empty where nothing was lost: money by asset, positions and costs.

        >>> import perpcore as pc
        >>> pc.synth.venue().verify()
        []
        """
        return self._core.verify()

    @property
    def digest(self) -> str:
        """The state in 256 bits: the same after the same commands, on every machine, however they were cut."""
        return self._core.digest().hex()

    @property
    def rules(self) -> _core.Rulebook:
        """The rulebook in force."""
        return self._core.rules()

//! What is due by a time: it happens then, in the order of the instants, before a command that comes at that time or later,
//! on the prices known then. At one instant orders expire first, then deadlines and proofs end, prices feel the time, funding
//! is sampled, positions are settled, funding is paid, and a rulebook that waited comes into force.

use super::Venue;
use crate::book::Book;
use crate::book::fast::Fast;
use crate::fault::Code;
use crate::ledger::{Funding, Settling};
use crate::message::event::Kind;
use crate::message::{CancelAll, Event, Phase, Side};
use crate::pricing::funding::{Invalid, Outcome, Slot, Update};
use crate::pricing::impact::impact;
use crate::rule::Rule;

/// A funding interval that ended: the instrument, its mark and the rate.
struct Ended {
    instrument: u32,
    mark: i64,
    rate: i64,
}

impl Venue {
    /// Everything that is due by a time.
    #[cold]
    pub(super) fn pass(&mut self, time: i64, out: &mut Vec<Event>) {
        if !self.begun {
            self.begin(time, out);
        }
        loop {
            self.next_due = self.find_next_due();
            if self.next_due > time {
                break;
            }
            self.state.time = self.next_due.max(self.state.time);
            self.run(out);
        }
        if self.state.time < time {
            self.state.time = time;
            self.prices_feel_time(out);
        }
    }

    /// The clock starts with the first command: what lies before it was nobody's.
    fn begin(&mut self, time: i64, out: &mut Vec<Event>) {
        self.begun = true;
        self.state.time = time;
        self.set_next_settlement();
        let cause = self.state.cause;
        for at in 0..self.books.len() {
            // A clock that starts has no earlier time to be compared with.
            let _ = self.state.prices.instruments[at].funding.update(time, &Update::default(), &mut Vec::new());
            self.on_book(at as u32, out, |book, floor, out| book.pass(floor, time, cause, out));
        }
    }

    /// When it is settled by the clock next.
    pub(super) fn set_next_settlement(&mut self) {
        self.next_settlement = next_multiple(self.state.time, self.state.rules.venue().settle_every.max(1));
    }

    /// Before this nothing is due.
    fn find_next_due(&mut self) -> i64 {
        let ends = self.books.iter_mut().flatten().map(|book| book.find_next_end()).min().unwrap_or(i64::MAX);
        let slots = self.fundings().map(|at| self.state.prices.instruments[at].funding.next());
        let deadlines = self.state.deadlines.first().map(|(time, _)| *time);
        let lapses = self.state.lapses.first().map(|(time, _)| *time);
        let changes = self.state.changes.next();
        let falls = self.state.falls.next().into_iter().chain(self.state.falls.reports_due.first().map(|of| of.0));
        let seldom = deadlines.into_iter().chain(lapses).chain(changes).chain(falls).chain(self.next_unwinding());
        slots.chain(seldom).chain([ends]).fold(self.next_settlement, i64::min)
    }

    /// Instruments that are not settled for good.
    fn fundings(&self) -> impl Iterator<Item = usize> + '_ {
        let lives = |at: &usize| self.books[*at].as_ref().is_some_and(|book| book.phase() != Phase::Settled);
        (0..self.books.len()).filter(lives)
    }

    /// What is due now.
    fn run(&mut self, out: &mut Vec<Event>) {
        let (now, cause) = (self.state.time, self.state.cause);
        for at in 0..self.books.len() {
            if self.books[at].as_ref().is_some_and(|book| book.next_end() <= now) {
                self.on_book(at as u32, out, |book, floor, out| book.pass(floor, now, cause, out));
            }
        }
        while let Some((_, account)) = self.state.deadlines.first().copied().filter(|(until, _)| *until <= now) {
            self.state.deadlines.pop_first();
            if let Some(member) = self.state.member_mut(account) {
                member.deadman = None;
            }
            self.cancel_of(account, Code::Deadman, out);
        }
        self.remind_of_reports(now, out);
        self.lapse(now, out);
        let sampled = self.prepare_samples(now);
        self.prices_feel_time(out);
        let ended = self.sample(now, &sampled, out);
        if now >= self.next_settlement || !ended.is_empty() {
            self.settle_all(out);
            self.set_next_settlement();
        }
        ended.iter().for_each(|ended| self.pay_funding(ended, out));
        self.activate_waiting(out);
        self.wake_the_fallen(out);
        self.unwind(out);
        self.conclude(out);
    }

    /// Funding that is sampled now is told what was known just before; the instruments.
    fn prepare_samples(&mut self, now: i64) -> Vec<usize> {
        let due: Vec<usize> =
            self.fundings().filter(|at| self.state.prices.instruments[*at].funding.next() <= now).collect();
        for &at in &due {
            let known = self.known_of_book(at);
            let of = &mut self.state.prices.instruments[at];
            let update = Update { mark: Some((of.price != 0).then_some(of.price)), ..known };
            let mut slots = Vec::new();
            // Times never fall here.
            let _ = of.funding.update(now.saturating_sub(1), &update, &mut slots);
            self.state.slots.extend(slots.into_iter().map(|slot| (at as u32, slot)));
        }
        due
    }

    /// Samples of the premium; the intervals that end with them.
    fn sample(&mut self, now: i64, due: &[usize], out: &mut Vec<Event>) -> Vec<Ended> {
        for &at in due {
            let mut slots = Vec::new();
            let _ = self.state.prices.instruments[at].funding.update(now, &Update::default(), &mut slots);
            self.state.slots.extend(slots.into_iter().map(|slot| (at as u32, slot)));
        }
        let mut slots = std::mem::take(&mut self.state.slots);
        slots.sort_by_key(|(instrument, _)| *instrument);
        let mut ended = Vec::new();
        for (instrument, slot) in slots {
            self.say_premium(instrument, &slot, out);
            ended.extend(slot.settled.map(|settled| self.ended(instrument, settled, out)));
        }
        ended
    }

    /// What funding is told of an instrument's own book.
    fn known_of_book(&self, at: usize) -> Update {
        let [impact_bid, impact_ask] = self.known_impacts(at).map(Some);
        Update { impact_bid, impact_ask, ..Update::default() }
    }

    /// The prices of the impact notional through the bids and the asks of an instrument's own book.
    pub(super) fn known_impacts(&self, at: usize) -> [Option<i64>; 2] {
        let Some(book) = &self.books[at] else { return [None; 2] };
        let trades = matches!(book.phase(), Phase::Open | Phase::ReduceOnly);
        let notional = self.state.rules.instruments()[at].funding.impact_notional;
        let lot = self.state.lots[at];
        [Side::Bid, Side::Ask].map(|side| impact_of(book, side, notional, lot).filter(|_| trades))
    }

    fn say_premium(&mut self, instrument: u32, slot: &Slot, out: &mut Vec<Event>) {
        let code = slot.premium.err().map(|invalid| match invalid {
            Invalid::NoIndex | Invalid::IndexState | Invalid::StaleIndex => Code::PriceUnusable,
            Invalid::ThinBook => Code::NotFillable,
            Invalid::Crossed => Code::ConflictingValues,
            Invalid::OffScale => Code::OutOfRange,
        });
        let (amount, balance) = (slot.premium.unwrap_or(0).into(), slot.predicted.into());
        let (kind, rule) = (Kind::Premium, Some(Rule::FundingPremium));
        self.say(Event { kind, instrument, amount, balance, code, rule, ..Event::NOTHING }, out);
    }

    /// The end of an interval; it is said when it is paid.
    fn ended(&mut self, instrument: u32, (rate, outcome): (i64, Outcome), out: &mut Vec<Event>) -> Ended {
        let of = &mut self.state.prices.instruments[instrument as usize];
        let mark = of.price;
        let usable = of.usable;
        let rate = if usable { rate } else { 0 };
        let (kind, code) = match outcome {
            Outcome::Missed => (Kind::FundingMissed, None),
            Outcome::Settled if usable => (Kind::Funding, None),
            Outcome::LowCoverage => (Kind::Funding, Some(Code::NotFillable)),
            Outcome::Settled | Outcome::PriceUnusable => (Kind::Funding, Some(Code::PriceUnusable)),
        };
        self.state.prices.instruments[instrument as usize].tell_rate(self.state.time, rate);
        let (price, amount, rule) = (mark, rate.into(), Some(Rule::FundingRate));
        self.say(Event { kind, instrument, price, amount, code, rule, ..Event::NOTHING }, out);
        Ended { instrument, mark, rate }
    }

    /// Settles every instrument whose mark may be used.
    fn settle_all(&mut self, out: &mut Vec<Event>) {
        let living: Vec<usize> = self.fundings().collect();
        let instruments = &self.state.prices.instruments;
        let mut prices = vec![None; instruments.len()];
        for at in living {
            prices[at] = Some(instruments[at].price).filter(|_| instruments[at].usable);
        }
        self.settle(prices, false, out);
    }

    /// Settles at some prices; whether nothing had to wait.
    pub(super) fn settle(&mut self, prices: Vec<Option<i64>>, last: bool, out: &mut Vec<Event>) -> bool {
        let from = out.len();
        let state = &mut self.state;
        let settling = Settling { order: &state.order, market: &state.market, prices, last };
        let deferred = state.ledger.settle(settling, out);
        self.stamp(from, out);
        self.touch_holders();
        deferred.is_empty()
    }

    fn pay_funding(&mut self, ended: &Ended, out: &mut Vec<Event>) {
        let &Ended { instrument, mark, rate } = ended;
        if rate == 0 {
            return;
        }
        let from = out.len();
        let state = &mut self.state;
        let funding = Funding { order: &state.order, market: &state.market, instrument, mark, rate };
        state.ledger.fund(&funding, out);
        self.stamp(from, out);
        self.touch_holders();
    }

    /// Everybody who holds a position is to be looked at.
    fn touch_holders(&mut self) {
        for at in 0..self.state.order.len() {
            let account = self.state.order[at];
            if !self.state.ledger.of(account).positions().is_empty() {
                self.state.touch(account);
            }
        }
    }

    /// Ends all orders of an account, in every book.
    pub(super) fn cancel_of(&mut self, account: u32, code: Code, out: &mut Vec<Event>) {
        let cause = self.state.cause;
        for at in 0..self.books.len() as u32 {
            let Some(book) = &self.books[at as usize] else { continue };
            let mut orders: Vec<u64> = book.orders_of(account).map(|of| of.order.id).collect();
            orders.reverse();
            if !orders.is_empty() {
                self.on_book(at, out, |book, floor, out| {
                    orders.iter().for_each(|order| book.withdraw(floor, cause, *order, code, out));
                });
            }
        }
    }

    /// Ends all orders of a scope, in one book or in all.
    pub(super) fn cancel_scope(&mut self, instrument: Option<u32>, scope: CancelAll, code: Code, out: &mut Vec<Event>) {
        let cause = self.state.cause;
        for at in 0..self.books.len() as u32 {
            if instrument.is_none_or(|instrument| instrument == at) {
                self.on_book(at, out, |book, floor, out| book.withdraw_scope(floor, cause, &scope, code, out));
            }
        }
    }
}

/// The price of a notional walked through a side of a book.
fn impact_of(book: &Book<Fast>, side: Side, notional: i128, lot: i64) -> Option<i64> {
    let tick = book.terms().tick;
    // A side holds at most what fits 64 bits, of contracts; a larger base is not walked through.
    let base = |lots: i64| lots.checked_mul(lot).unwrap_or(i64::MAX);
    impact(book.levels(side).map(|level| (tick.value(level.price), base(level.lots))), notional)
}

/// The first multiple of a span after a time.
pub(super) fn next_multiple(time: i64, every: i64) -> i64 {
    time.div_euclid(every).saturating_add(1).saturating_mul(every)
}

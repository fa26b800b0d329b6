//! `funding.premium`, `funding.rate`, `funding.settle`: what longs and shorts pay each other.
//!
//! A day is cut into intervals (t₀, t₀ + T] and these into slots; a slot at t takes a sample of what was known before the
//! first update at t or later. The last slot of an interval is at its settlement. Nothing is computed from an index that is
//! not usable: such a slot is not valid and says why.

mod premium;
mod rate;
mod settle;

pub use premium::{Inputs, Invalid};
pub use settle::{RATE, payment, rounding};

use super::price;
use crate::fault::{Code, Fault};
use crate::message::PriceState;
use crate::num::bounds::PRICE;
use crate::num::wide::Wide;
use crate::num::{ONE, times};
use crate::rules::{self, Underlying};
use crate::word::words;
use premium::premium;
use rate::{Samples, Terms};

/// A cumulative index, at 10⁻¹⁶, from which as many settlements as there are seconds in 64 bits fit 128.
const MOST_E16: i128 = 10_i128.pow(36);
/// What faults name as their table.
const TABLE: &str = "funding";

words! {
    /// How an interval ended.
    Outcome {
        /// With a rate.
        Settled "settled",
        /// Too few samples were valid: the rate is 0.
        LowCoverage "low_coverage",
        /// The index may not be used at the end: the rate is 0.
        PriceUnusable "price_unusable",
        /// No sample was valid: the rate is 0.
        Missed "funding_missed",
    }
}

/// What an update names: none is as before, `Some(None)` is that there is none. Prices in g; what is no price counts as none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// The index.
    pub index: Option<Option<i64>>,
    /// Its state.
    pub state: Option<PriceState>,
    /// The price of the impact notional through the bids.
    pub impact_bid: Option<Option<i64>>,
    /// The same through the asks.
    pub impact_ask: Option<Option<i64>>,
    /// The mark.
    pub mark: Option<Option<i64>>,
}

/// One slot with all that its numbers were made of. Rates and prices in g.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// When it was.
    pub time: i64,
    /// Its number in the interval, from 1; its weight.
    pub slot: u32,
    /// The premium; or why the sample is not valid.
    pub premium: Result<i64, Invalid>,
    /// What it was made of.
    pub inputs: Inputs,
    /// The mark, where one is known and not too old.
    pub mark: Option<i64>,
    /// Valid samples of the interval so far.
    pub valid: u32,
    /// The rate of the interval if it ended now.
    pub predicted: i64,
    /// At the end of an interval its rate and how it ended.
    pub settled: Option<(i64, Outcome)>,
    /// How many intervals ended without a valid sample.
    pub missed: u64,
    /// Σ mark · rate of the settlements so far, at 10⁻¹⁶; none before a mark was known, and from a settlement on whose mark
    /// was not.
    pub cumulative_e16: Option<i128>,
}

/// The funding of an instrument.
#[derive(Clone, Debug)]
pub struct Funding {
    every: i64,
    sample: i64,
    /// Slots of an interval.
    slots: u32,
    stale_after: i64,
    thin_trades: bool,
    terms: Terms,

    time: Option<i64>,
    /// When the interval in course began.
    start: i64,
    samples: Samples,
    inputs: Inputs,
    /// When the index was told last.
    index_time: i64,
    mark: Option<i64>,
    /// When the mark was told last.
    mark_time: i64,
    /// Whether the latest slot had no index, or too old a one.
    blind: bool,
    cumulative_e16: Option<i128>,
}

impl Funding {
    /// Whether another one goes by the same rules.
    pub fn has_rules_of(&self, other: &Funding) -> bool {
        let rules = |of: &Funding| (of.every, of.sample, of.stale_after, of.thin_trades);
        rules(self) == rules(other) && self.terms == other.terms
    }

    /// The funding of an instrument.
    pub fn new(instrument: &rules::Instrument, underlying: &Underlying) -> Funding {
        Funding {
            every: instrument.funding.every,
            sample: instrument.funding.sample,
            slots: (instrument.funding.every / instrument.funding.sample) as u32,
            stale_after: underlying.index.stale_after,
            thin_trades: instrument.thin_trades,
            terms: Terms::new(&instrument.funding, instrument.tiers.first()),
            time: None,
            start: 0,
            samples: Samples::default(),
            inputs: Inputs::default(),
            index_time: 0,
            mark: None,
            mark_time: 0,
            blind: false,
            cumulative_e16: None,
        }
    }

    /// Takes the slots up to `now`, then what an update names. Adds to `slots` what was sampled: every slot, but of those
    /// in a row that had no fresh index only the first and the ends of intervals; and of intervals that passed whole without
    /// one, all in one.
    ///
    /// # Errors
    /// `time_order` where the time is before that of an earlier update; then nothing has changed.
    #[inline]
    pub fn update(&mut self, now: i64, update: &Update, slots: &mut Vec<Slot>) -> Result<(), Box<Fault>> {
        let first = self.time.is_none();
        super::passes(&mut self.time, now)?;
        if first {
            self.start = now - now.rem_euclid(self.every);
            self.samples.slots = ((now - self.start) / self.sample) as u32;
        }
        while self.next_slot() <= now {
            self.pass(now, slots);
        }
        self.take(now, update);
        Ok(())
    }

    /// Follows another one that went by other rules: it knows what that knew, as old as it is, and samples anew from now on.
    pub fn succeed(&mut self, now: i64, before: &Funding) {
        // A clock that starts has no earlier time to be compared with.
        let _ = self.update(now, &Update::default(), &mut Vec::new());
        let Funding { inputs, index_time, mark, mark_time, cumulative_e16, .. } = *before;
        (self.inputs, self.index_time, self.mark, self.mark_time) = (inputs, index_time, mark, mark_time);
        self.cumulative_e16 = cumulative_e16;
    }

    /// Takes over the cumulative index of an earlier run, if it continues what is known here: it may be off by at most the
    /// largest rate × mark for each interval since the last settlement, and for one. Where none is known any is taken. An
    /// update that names the mark; `slots` as there.
    ///
    /// # Errors
    /// `out_of_range` where the mark is no price or the index beyond 10²⁰, `discontinuous` where the index is too far away,
    /// `time_order`, `implausible_time`; then nothing has changed.
    pub fn restore(
        &mut self,
        now: i64,
        mark: i64,
        cumulative_e16: i128,
        slots: &mut Vec<Slot>,
    ) -> Result<(), Box<Fault>> {
        if !PRICE.holds(mark.into()) {
            let fault = Fault::new(Code::OutOfRange).in_column(TABLE, "mark").value(mark).accepts(PRICE.accepted);
            return Err(Box::new(fault));
        }
        if !(-MOST_E16..=MOST_E16).contains(&cumulative_e16) {
            let fault =
                Fault::new(Code::OutOfRange).in_column(TABLE, "cumulative").accepts("−10²⁰ ≤ cumulative ≤ 10²⁰");
            return Err(Box::new(fault));
        }
        super::passes(&mut self.time.clone(), now)?;
        if let Some(own) = self.cumulative_e16 {
            type Exact = Wide<4>;
            let intervals = ((now - self.start) / self.every).max(1);
            // The mark that is known, so that nobody widens the step by his own.
            let most =
                Exact::from(self.terms.most_e16()).signed_times(self.mark.unwrap_or(mark)).signed_times(intervals);
            let step = Exact::from(cumulative_e16).minus(&Exact::from(own)).size().signed_times(ONE);
            if step > most {
                return Err(Box::new(Fault::new(Code::Discontinuous).in_column(TABLE, "cumulative")));
            }
        }
        self.update(now, &Update { mark: Some(Some(mark)), ..Update::default() }, slots)?;
        self.cumulative_e16 = Some(cumulative_e16);
        Ok(())
    }

    /// When the next slot is, or, while there is no fresh index, the end of the interval.
    pub fn next(&self) -> i64 {
        let slot = self.next_slot();
        if self.blind && !self.is_fresh(slot) { self.start + self.every } else { slot }
    }

    /// Whether the index is known, and young enough at a time.
    fn is_fresh(&self, time: i64) -> bool {
        self.inputs.index.is_some() && time.saturating_sub(self.index_time) <= self.stale_after
    }

    /// SHA-256 over everything that a further call could depend on.
    pub fn digest(&self) -> [u8; 32] {
        let Inputs { index, state, impact_bid, impact_ask } = self.inputs;
        let cumulative = self.cumulative_e16.map(|number| [number as i64, (number >> 64) as i64]);
        let given = [self.time, index, impact_bid, impact_ask, self.mark].into_iter().chain(match cumulative {
            Some(halves) => halves.map(Some),
            None => [None; 2],
        });
        let own = [self.start, self.index_time, self.mark_time, state as i64, i64::from(self.blind)];
        super::digest(given.flat_map(super::optional).chain(own).chain(self.samples.numbers()))
    }

    fn next_slot(&self) -> i64 {
        self.start + (i64::from(self.samples.slots) + 1) * self.sample
    }

    /// The next slot; and, where there is no fresh index, what can only be like it up to `now`.
    fn pass(&mut self, now: i64, slots: &mut Vec<Slot>) {
        let (time, end) = (self.next_slot(), self.start + self.every);
        let fresh = self.is_fresh(time);
        let premium = premium(&self.inputs, fresh, self.thin_trades);
        let whole = (now - self.start) / self.every;
        if !fresh && self.blind && self.samples.slots == 0 && whole > 0 {
            self.samples.slots = self.slots;
            let missed = self.end(self.start + whole * self.every, premium, whole as u64);
            slots.push(missed);
            return;
        }
        self.samples.add(premium.ok());
        let seen_before = std::mem::replace(&mut self.blind, !fresh);
        if time == end {
            slots.push(self.end(end, premium, 1));
            return;
        }
        if fresh || !seen_before {
            slots.push(self.slot(time, premium));
        }
        if !fresh {
            let passed = ((now - self.start) / self.sample).min(i64::from(self.slots) - 1) as u32;
            self.samples.slots = self.samples.slots.max(passed);
        }
    }

    fn slot(&self, time: i64, premium: Result<i64, Invalid>) -> Slot {
        Slot {
            time,
            slot: self.samples.slots,
            premium,
            inputs: self.inputs,
            mark: self.mark.filter(|_| time.saturating_sub(self.mark_time) <= self.stale_after),
            valid: self.samples.valid,
            predicted: self.terms.rate(&self.samples),
            settled: None,
            missed: 0,
            cumulative_e16: self.cumulative_e16,
        }
    }

    /// Ends `intervals` at a time, the last of which is sampled, and begins the next one.
    fn end(&mut self, time: i64, premium: Result<i64, Invalid>, intervals: u64) -> Slot {
        let slot = self.slot(time, premium);
        let outcome = match self.samples.valid {
            0 => Outcome::Missed,
            _ if premium.is_err_and(Invalid::is_of_the_index) => Outcome::PriceUnusable,
            _ if self.terms.is_uncovered(&self.samples) => Outcome::LowCoverage,
            _ => Outcome::Settled,
        };
        let rate = if outcome == Outcome::Settled { slot.predicted } else { 0 };
        if rate != 0 {
            // A rate is below 2³³, a price below 2⁵⁴: more settlements than there are seconds in 64 bits fit.
            let moved = |mark| self.cumulative_e16.unwrap_or(0) + times(mark, rate);
            self.cumulative_e16 = slot.mark.map(moved);
        }
        (self.start, self.samples) = (time, Samples::default());
        let missed = if outcome == Outcome::Missed { intervals } else { 0 };
        let settled = Some((rate, outcome));
        Slot { settled, missed, cumulative_e16: self.cumulative_e16, ..slot }
    }

    fn take(&mut self, now: i64, update: &Update) {
        if let Some(index) = update.index {
            (self.inputs.index, self.index_time) = (price(index), now);
        }
        self.inputs.state = update.state.unwrap_or(self.inputs.state);
        let given =
            [(&mut self.inputs.impact_bid, update.impact_bid), (&mut self.inputs.impact_ask, update.impact_ask)];
        if let Some(mark) = update.mark {
            (self.mark, self.mark_time) = (price(mark), now);
        }
        for (known, given) in given {
            if let Some(given) = given {
                *known = price(given);
            }
        }
    }
}

//! `mark.median3` and `mark.fair_basis`: the price at which positions are valued.
//!
//! It never leaves the band around the index while it may be used, and never comes without its lineage. What the market did
//! is taken as it was known: what stands between two updates prevailed for the whole seconds between them. It may rely on
//! the rulebook and must never look at an account.

mod basis;
mod inputs;
#[cfg(test)]
mod tests;

pub use inputs::Update;

use super::ema::{Decay, Ema};
use crate::fault::Fault;
use crate::message::PriceState;
use crate::num::bounds::PRICE;
use crate::num::round::{div_floor, even_from_e16};
use crate::num::wide::Wide;
use crate::num::{E8, ONE, times};
use crate::rules::{self, Instrument, MarkMethod, Underlying};
use crate::word::words;
use basis::Basis;
use inputs::Known;

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

words! {
    /// How a mark was made.
    MarkRule {
        /// The median of three inputs.
        Median3 "median3",
        /// The median of two inputs and the average of the mid.
        Average "average",
        /// The mean of two inputs.
        Mean "mean",
        /// The only input.
        Single "single",
        /// The index with the average basis.
        FairBasis "fair_basis",
    }
    /// What a mark was held at.
    Bounded {
        /// The band around the index.
        Band "band",
        /// The most that it may move in the time.
        Speed "speed",
    }
}

/// A mark with its lineage. Prices are in g.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked {
    /// When.
    pub time: i64,
    /// The mark; none without an index.
    pub mark: Option<i64>,
    /// How it was made.
    pub rule: Option<MarkRule>,
    /// What it is held at.
    pub bound: Option<Bounded>,
    /// Whether it may be used.
    pub state: PriceState,
    /// How many inputs there were.
    pub inputs: u8,
    /// The index.
    pub index: Option<i64>,
    /// Nanoseconds since it was told.
    pub index_age: Option<i64>,
    /// The index carried by what is left of the last funding rate.
    pub carried: Option<i64>,
    /// The index with the mean basis.
    pub basis: Option<i64>,
    /// One-second samples in the mean basis.
    pub samples: u32,
    /// The median of best bid, best ask and last trade.
    pub book: Option<i64>,
    /// The average of the mid, where it stood in.
    pub average: Option<i64>,
}

/// An exact difference from the index, `over` / `under`.
#[derive(Clone, Copy)]
struct Offset {
    over: i128,
    under: i128,
}

impl Offset {
    /// The price that is so far from the index, half to even: the price, not the distance.
    #[inline]
    fn from(self, index: i64) -> i64 {
        let (floor, left) = div_floor(self.over, self.under);
        let floor = index + floor as i64;
        floor + i64::from(left > self.under - left || left == self.under - left && floor % 2 != 0)
    }
}

/// A mark.
#[derive(Clone, Debug)]
pub struct Mark {
    rules: rules::Mark,
    /// The time between two fundings.
    every: i64,
    /// The age beyond which an index is not used.
    stale_after: i64,
    first_maintenance: i64,
    decay: Decay,

    time: Option<i64>,
    /// The second that the samples have reached.
    second: i64,
    known: Known,
    basis: Basis,
    ema: Ema,
    /// The second of the latest step of the average.
    stepped: i64,
    /// The latest mark and its second; and the latest one of a second before that.
    latest: Option<(i64, i64)>,
    anchor: Option<(i64, i64)>,
    /// What it was last.
    mark: Option<i64>,
    state: PriceState,
}

impl Mark {
    /// The mark of an instrument.
    pub fn new(instrument: &Instrument, underlying: &Underlying) -> Mark {
        Mark {
            every: instrument.funding.every,
            stale_after: underlying.index.stale_after,
            first_maintenance: instrument.tiers.first().map_or(0, |tier| tier.maintenance),
            decay: Decay::new(instrument.mark.ema),
            time: None,
            second: 0,
            known: Known::default(),
            basis: Basis::new(instrument.mark.samples),
            ema: Ema::default(),
            stepped: 0,
            latest: None,
            anchor: None,
            mark: None,
            state: PriceState::Frozen,
            rules: instrument.mark.clone(),
        }
    }

    /// Whether another one goes by the same rules.
    pub fn has_rules_of(&self, other: &Mark) -> bool {
        let maintenance = |of: &Mark| (of.rules.method == MarkMethod::FairBasis).then_some(of.first_maintenance);
        let rules = |of: &Mark| (of.every, of.stale_after, maintenance(of));
        rules(self) == rules(other) && self.rules == other.rules
    }

    /// Takes what an update names, and makes the mark.
    ///
    /// # Errors
    /// `time_order` where the time is before that of an earlier update; then nothing has changed.
    #[inline]
    pub fn update(&mut self, now: i64, update: &Update) -> Result<Marked, Box<Fault>> {
        let (first, second) = (self.time.is_none(), now.div_euclid(SECOND));
        super::passes(&mut self.time, now)?;
        if first {
            self.second = second;
        } else if second > self.second {
            self.prevail(second);
        }
        self.known.take(now, update);
        let mut marked = self.make(now);
        self.limit(second, &mut marked);
        (self.mark, self.state) = (marked.mark, marked.state);
        Ok(marked)
    }

    /// The latest mark; none without an index.
    pub fn mark(&self) -> Option<i64> {
        self.mark
    }

    /// Whether it may be used; frozen before the first update.
    pub fn state(&self) -> PriceState {
        self.state
    }

    /// SHA-256 over everything that a further call could depend on.
    pub fn digest(&self) -> [u8; 32] {
        let pair = |of: Option<(i64, i64)>| {
            let (a, b) = of.unwrap_or_default();
            [i64::from(of.is_some()), a, b]
        };
        let own = super::optional(self.time).into_iter().chain([self.second, self.stepped]);
        let marks = [self.latest, self.anchor].into_iter().flat_map(pair);
        let known = self.known.numbers();
        super::digest(own.chain(known).chain(self.basis.numbers()).chain(self.ema.numbers()).chain(marks))
    }

    /// What was known prevailed up to a second.
    fn prevail(&mut self, second: i64) {
        let fresh_until = self.known.index_time.saturating_add(self.stale_after).div_euclid(SECOND);
        let usable = self.known.index.filter(|_| self.known.state <= PriceState::Thin);
        let twice = usable.zip(self.known.twice_mid()).map(|(index, mid)| mid - 2 * index);
        self.basis.prevail(self.second, second, fresh_until, twice);
        let sample = match self.rules.method {
            // Half of 10⁸ is whole.
            MarkMethod::Median3 => self.known.twice_mid().map(|mid| (times(mid, ONE / 2), 1)),
            MarkMethod::FairBasis => usable.and_then(|index| self.impact_basis(index)),
        };
        // A mid is the market's own and grows no older; a basis lasts as long as its index.
        let until = if self.rules.method == MarkMethod::FairBasis { second.min(fresh_until) } else { second };
        if let Some((over_e16, under)) = sample.filter(|_| until > self.second) {
            self.ema.step(&self.decay, over_e16, under, until - self.second);
            self.stepped = until;
        }
        self.second = second;
    }

    /// (impact bid + impact ask)/2/I − 1 within ±band, as a fraction at 10⁻¹⁶; none while the spread is too wide.
    fn impact_basis(&self, index: i64) -> Option<(i128, i64)> {
        let (bid, ask) = self.known.impact()?;
        if times(ask - bid, ONE) > times(index, self.first_maintenance) {
            return None;
        }
        // At most half of 2·index, times 10¹⁶.
        let band = times(2 * index, self.rules.band);
        let over = times(bid + ask - 2 * index, ONE).clamp(-band, band);
        Some((over * E8, 2 * index))
    }

    #[inline]
    fn make(&self, now: i64) -> Marked {
        let Known { index, index_time, state, .. } = self.known;
        let age = index.map(|_| now.saturating_sub(index_time));
        let fresh = age.is_some_and(|age| age <= self.stale_after);
        let mut marked = Marked {
            time: now,
            mark: None,
            rule: None,
            bound: None,
            state: if fresh { state } else { state.max(PriceState::Frozen) },
            inputs: 0,
            index,
            index_age: age,
            carried: None,
            basis: None,
            samples: self.basis.present(),
            book: None,
            average: None,
        };
        let Some(index) = index else { return marked };
        let (rule, price) = match self.rules.method {
            MarkMethod::Median3 => self.median3(now, index, &mut marked),
            MarkMethod::FairBasis => {
                marked.inputs = 1 + u8::from(self.ema.is_some());
                (MarkRule::FairBasis, self.ema.raise(index))
            }
        };
        let [low, high] = self.band(index);
        let held = price.clamp(low, high);
        marked.bound = (held != price).then_some(Bounded::Band);
        (marked.mark, marked.rule) = (Some(held), Some(rule));
        if rule == MarkRule::Single {
            marked.state = marked.state.max(PriceState::Thin);
        }
        marked
    }

    /// The edges of the band around the index, each half to even and a price.
    fn band(&self, index: i64) -> [i64; 2] {
        let edge = |share| even_from_e16(times(index, share)).clamp(PRICE.min, PRICE.max) as i64;
        [ONE - self.rules.band, ONE + self.rules.band].map(edge)
    }

    fn median3(&self, now: i64, index: i64, marked: &mut Marked) -> (MarkRule, i64) {
        let carried = self.carry(now, index);
        let basis = self.basis.sum().map(|(over, under)| Offset { over, under: under.into() });
        let book = self.known.book(now, self.rules.last_for);
        let book = book.map(|twice| Offset { over: i128::from(twice) - 2 * i128::from(index), under: 2 });
        let rounded = |offset: Offset| offset.from(index);
        let first = rounded(carried);
        (marked.carried, marked.basis, marked.book) = (Some(first), basis.map(rounded), book.map(rounded));
        marked.inputs = 1 + u8::from(basis.is_some()) + u8::from(book.is_some());
        // Rounding keeps the order, so the median of rounded inputs is the rounded median.
        let (second, offset) = match (marked.basis.zip(basis), marked.book.zip(book)) {
            (Some((basis, _)), Some((book, _))) => return (MarkRule::Median3, median(first, basis, book)),
            (Some(second), None) | (None, Some(second)) => second,
            (None, None) => return (MarkRule::Single, first),
        };
        let recent = now.saturating_sub(self.stepped.saturating_mul(SECOND)) < self.rules.last_for;
        marked.average = self.ema.price().filter(|_| recent);
        match marked.average {
            Some(average) => (MarkRule::Average, median(first, second, average)),
            None => (MarkRule::Mean, mean(index, carried, offset)),
        }
    }

    /// I·F·t_left/T.
    fn carry(&self, now: i64, index: i64) -> Offset {
        let left = self.every - now.rem_euclid(self.every);
        let rate = self.known.funding_rate;
        if rate == 0 {
            return Offset { over: 0, under: 1 };
        }
        // At most 2⁵⁴ · 2²⁷ (rates are at most 1) · 2⁴⁷.
        Offset { over: times(index, rate) * i128::from(left), under: times(self.every, ONE) }
    }

    /// Holds the mark at the most that it may have moved since the latest one of an earlier second.
    #[inline]
    fn limit(&mut self, second: i64, marked: &mut Marked) {
        let Some(mark) = marked.mark else { return };
        if self.latest.is_some_and(|(at, _)| at < second) {
            self.anchor = self.latest;
        }
        if let (Some(speed), Some((at, from))) = (self.rules.speed, self.anchor) {
            let way = times(from, speed).saturating_mul((second - at).into()) / E8;
            // At least a unit of the grid, or the smallest prices would never move again.
            let way = i64::try_from(way).unwrap_or(i64::MAX).max(1);
            let held = mark.clamp(from.saturating_sub(way), from.saturating_add(way));
            if held != mark {
                (marked.mark, marked.bound) = (Some(held), Some(Bounded::Speed));
                let [low, high] = marked.index.map_or([held; 2], |index| self.band(index));
                if held < low || high < held {
                    marked.state = marked.state.max(PriceState::Protected);
                }
            }
        }
        self.latest = marked.mark.map(|mark| (second, mark));
    }
}

fn median(a: i64, b: i64, c: i64) -> i64 {
    a.max(b).min(a.min(b).max(c))
}

/// The mean of two exact inputs, rounded once.
fn mean(index: i64, a: Offset, b: Offset) -> i64 {
    // Offsets below 2¹²⁷ over at most 2⁷⁴ by others of at most 2⁶⁵ over at most 2¹³.
    type Exact = Wide<4>;
    let [a_over, a_under, b_over, b_under] = [a.over, a.under, b.over, b.under].map(Exact::from);
    let under = a_under.product(&b_under).times(2);
    let over = a_over.product(&b_under).plus(&b_over.product(&a_under));
    let over = under.signed_times(index).plus(&over);
    // What is not above 0 is far below the band.
    if over.is_negative() { 0 } else { over.even_by(&under) }
}

//! `settle.price`: at which price an instrument may be settled for the last time, wherever its index comes from.

use super::extremes::Extremes;
use crate::num::round::div_even;
use std::collections::VecDeque;

const SECOND: i64 = 1_000_000_000;
/// No average is over more seconds: a day's.
const LONGEST: i64 = 86_400;
const HOUR: i64 = 3_600_000_000_000;

/// Values of an index that were in quorum: the last one, and those of the last hour.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quorum {
    values: Extremes,
    last: Option<i64>,
    /// The value at each whole second at which there was another one than at the second before, as far back as averages look.
    seconds: VecDeque<(i64, i64)>,
}

impl Quorum {
    /// A value is in quorum; times never fall.
    #[inline]
    pub(crate) fn accept(&mut self, now: i64, value: i64) {
        self.last = Some(value);
        self.sample(-(-now).div_euclid(SECOND), value);
        self.values.forget_before(now.saturating_sub(HOUR));
        self.values.push(now, value);
    }

    /// A value stands at a second, until there is another one.
    fn sample(&mut self, second: i64, value: i64) {
        match self.seconds.back_mut() {
            Some(last) if last.0 == second => last.1 = value,
            Some(last) if last.1 == value => {}
            _ => self.seconds.push_back((second, value)),
        }
        // The first of what is kept stands at the second at which the longest average begins.
        while self.seconds.get(1).is_some_and(|(next, _)| *next <= second - LONGEST) {
            self.seconds.pop_front();
        }
    }

    /// The average of the values at the whole seconds that end with the one at hand, so many of them, half to even; those
    /// before the first value do not count. Where no second counts, the last value.
    pub(crate) fn average(&self, now: i64, seconds: i64) -> Option<i64> {
        let last = now.div_euclid(SECOND);
        let first = last - seconds + 1;
        let (mut sum, mut count) = (0_i128, 0_i128);
        for (at, &(from, value)) in self.seconds.iter().enumerate() {
            let until = self.seconds.get(at + 1).map_or(last + 1, |(next, _)| *next).min(last + 1);
            let stands = i128::from((until - from.max(first)).max(0));
            (sum, count) = (sum + stands * i128::from(value), count + stands);
        }
        if count == 0 { self.last } else { Some(div_even(sum, count) as i64) }
    }

    /// The last value in quorum; or another one, if it is approved and within what was in quorum in the last hour, ends
    /// included.
    pub(crate) fn settle_price(&self, now: i64, price: Option<i64>, approval: bool) -> Option<i64> {
        let Some(price) = price.filter(|price| self.last != Some(*price)) else { return self.last };
        (approval && self.spans(now, price)).then_some(price)
    }

    /// Whether a price is within what was in quorum in the last hour, ends included.
    pub(crate) fn spans(&self, now: i64, price: i64) -> bool {
        let range = self.values.since(now.saturating_sub(HOUR));
        range.is_some_and(|(least, greatest)| {
            (least..=greatest).contains(&price) || cfg!(feature = "without_settlement_range")
        })
    }

    /// Everything of it, for a digest.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = i64> {
        let values = self.values.all().flat_map(|(time, value)| [*time, *value]);
        let seconds = self.seconds.iter().flat_map(|(second, value)| [*second, *value]);
        super::optional(self.last).into_iter().chain(values).chain(seconds)
    }
}

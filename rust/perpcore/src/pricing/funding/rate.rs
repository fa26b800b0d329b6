//! `funding.rate`: the rate of an interval from the samples of its premium.

use crate::num::round::div_even;
use crate::num::{E8, ONE};
use crate::pricing::DAY;
use crate::rules::{Funding, Tier};

/// Eight hours go so often into a day.
const EIGHT_HOURS_A_DAY: i128 = 3;

/// What the rulebook says of the rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    interest: i128,
    dead_zone: i128,
    /// At 10⁻¹⁶.
    cap_e16: Option<i128>,
    /// Intervals a day.
    a_day: i128,
    min_coverage: i128,
}

/// The samples of an interval so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Samples {
    /// Σ slot number · premium of the valid ones, in g, and Σ slot number.
    weighted: i128,
    weights: i128,
    pub(super) valid: u32,
    /// Slots that passed.
    pub(super) slots: u32,
}

impl Samples {
    /// Adds the next slot.
    pub(super) fn add(&mut self, premium: Option<i64>) {
        self.slots += 1;
        if let Some(premium) = premium {
            self.valid += 1;
            self.weighted += i128::from(self.slots) * i128::from(premium);
            self.weights += i128::from(self.slots);
        }
    }

    /// What a further call could depend on, as numbers.
    pub(super) fn numbers(&self) -> [i64; 5] {
        let high = (self.weighted >> 64) as i64;
        [self.weighted as i64, high, self.weights as i64, self.valid.into(), self.slots.into()]
    }
}

impl Terms {
    pub(super) fn new(rules: &Funding, first: Option<&Tier>) -> Terms {
        Terms {
            interest: rules.interest_8h.into(),
            dead_zone: rules.dead_zone.into(),
            cap_e16: first.and_then(|first| rules.cap_e16(first)),
            a_day: (DAY / rules.every).into(),
            min_coverage: rules.min_coverage.into(),
        }
    }

    /// The largest rate at 10⁻¹⁶, 100 % where there is no cap.
    pub(super) fn most_e16(&self) -> i128 {
        self.cap_e16.unwrap_or(E8 * E8)
    }

    /// Whether so few samples are valid that the rate is 0.
    pub(super) fn is_uncovered(&self, samples: &Samples) -> bool {
        samples.valid == 0 || i128::from(samples.valid) * E8 < self.min_coverage * i128::from(samples.slots)
    }

    /// clamp((P̄ + clamp(interest − P̄, ±dead zone))·T/8h, ±cap)·valid/slots in g, half to even once; 0 where too few are
    /// valid. P̄ is the average of the valid samples by slot number.
    pub(super) fn rate(&self, samples: &Samples) -> i64 {
        if self.is_uncovered(samples) {
            return 0;
        }
        // Over the weights: a premium is at most 10, Σ slot numbers below 2³², so all of this is below 2¹¹³.
        let (average, over) = (samples.weighted, samples.weights);
        let zone = self.dead_zone * over;
        let eight_hours = average + (self.interest * over - average).clamp(-zone, zone);
        let (rate, under) = (eight_hours * EIGHT_HOURS_A_DAY, over * self.a_day);
        let (valid, slots) = (i128::from(samples.valid), i128::from(samples.slots));
        let exact = match self.cap_e16 {
            Some(cap_e16) if rate.abs() * i128::from(ONE) > cap_e16 * under => {
                div_even(rate.signum() * cap_e16 * valid, E8 * slots)
            }
            _ => div_even(rate * valid, under * slots),
        };
        exact as i64
    }
}

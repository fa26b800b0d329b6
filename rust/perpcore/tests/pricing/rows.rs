//! The rows of a funding, one after the other.

use super::market::{ONE, SECOND};
use perpcore::pricing::funding::{Inputs, Invalid, Outcome, Slot};
use perpcore::rules::Instrument;

/// What must hold of the rows of an instrument, one after the other.
pub struct Laws {
    pub every: i64,
    interest: i64,
    dead_zone: i64,
    sample: i64,
    /// The largest rate at 10⁻¹⁶.
    cap_e16: Option<i128>,
    min_coverage: i64,
    /// When the interval in course began.
    pub start: i64,
    last: i64,
    cumulative: Option<i128>,
    /// Slot numbers and premiums of the valid ones of the interval.
    samples: Vec<(i64, i64)>,
}

impl Laws {
    pub fn new(instrument: &Instrument, now: i64) -> Laws {
        let funding = &instrument.funding;
        Laws {
            every: funding.every,
            interest: funding.interest_8h,
            dead_zone: funding.dead_zone,
            sample: funding.sample,
            cap_e16: funding.cap_e16(&instrument.tiers[0]),
            min_coverage: funding.min_coverage,
            start: now - now.rem_euclid(funding.every),
            last: now,
            cumulative: None,
            samples: Vec::new(),
        }
    }

    pub fn check(&mut self, slot: &Slot, mark: Option<i64>) {
        let slots = (self.every / self.sample) as u32;
        assert!(slot.time > self.last && slot.time % self.sample == 0, "{slot:?}");
        // Whole intervals without a sample are one row.
        self.start += if slot.missed > 1 { (slot.missed as i64 - 1) * self.every } else { 0 };
        assert_eq!(slot.time, self.start + i64::from(slot.slot) * self.sample, "{slot:?}");
        assert!((1..=slots).contains(&slot.slot) && slot.valid <= slot.slot, "{slot:?}");
        if let (Ok(premium), Inputs { index: Some(index), impact_bid: Some(bid), impact_ask: Some(ask), .. }) =
            (slot.premium, slot.inputs)
        {
            let away = i128::from((bid - index).max(0) - (index - ask).max(0));
            assert!(bid < ask && half_even(away * i128::from(ONE), index.into()) == premium.into(), "{slot:?}");
        } else {
            assert!(slot.premium.is_err(), "a premium without prices: {slot:?}");
        }
        self.samples.extend(slot.premium.ok().map(|premium| (slot.slot.into(), premium)));
        assert_eq!(slot.valid as usize, self.samples.len(), "{slot:?}");
        if let Some(cap_e16) = self.cap_e16 {
            let twice = 2 * i128::from(slot.predicted).abs() * i128::from(ONE);
            assert!(twice <= 2 * cap_e16 + i128::from(ONE), "beyond the cap: {slot:?}");
        }
        let covered = i128::from(slot.valid) * i128::from(ONE) >= i128::from(self.min_coverage) * i128::from(slot.slot);
        let expected = if covered && slot.valid > 0 { self.rate(slot.slot) } else { 0 };
        assert_eq!(i128::from(slot.predicted), expected, "{slot:?}");
        assert_eq!(slot.settled.is_some(), slot.slot == slots, "{slot:?}");
        assert_eq!(slot.missed > 0, slot.settled.is_some() && slot.valid == 0, "{slot:?}");
        if let Some((rate, outcome)) = slot.settled {
            let of_the_index = [Invalid::NoIndex, Invalid::IndexState, Invalid::StaleIndex];
            let unusable = slot.premium.is_err_and(|reason| of_the_index.contains(&reason));
            let expected = match (slot.valid, unusable, covered) {
                (0, _, _) => Outcome::Missed,
                (_, true, _) => Outcome::PriceUnusable,
                (_, _, false) => Outcome::LowCoverage,
                (_, _, true) => Outcome::Settled,
            };
            let paid = if expected == Outcome::Settled { slot.predicted } else { 0 };
            assert_eq!((rate, outcome), (paid, expected), "{slot:?}");
            assert!(slot.mark.is_none() || slot.mark == mark, "{slot:?}");
            if rate != 0 {
                let step = slot.mark.map(|mark| i128::from(mark) * i128::from(rate));
                self.cumulative = step.map(|step| self.cumulative.unwrap_or(0) + step);
            }
            self.start = slot.time;
            self.samples.clear();
        }
        assert_eq!(slot.cumulative_e16, self.cumulative, "{slot:?}");
        self.last = slot.time;
    }

    /// The rate after so many slots, from every sample; times are whole seconds here, so that 128 bits hold it.
    fn rate(&self, slots: u32) -> i128 {
        let sum = |of: fn(&(i64, i64)) -> i128| self.samples.iter().map(of).sum::<i128>();
        let (weights, weighted) =
            (sum(|(at, _)| (*at).into()), sum(|(at, premium)| i128::from(*at) * i128::from(*premium)));
        let zone = i128::from(self.dead_zone) * weights;
        let over = weighted + (i128::from(self.interest) * weights - weighted).clamp(-zone, zone);
        // For the interval, at 10⁻⁸ of it.
        let (over, under) = (over * i128::from(self.every / SECOND), weights * 28_800);
        let (over, under) = match self.cap_e16 {
            Some(cap_e16) if over.abs() * i128::from(ONE) > cap_e16 * under => {
                (over.signum() * cap_e16, i128::from(ONE))
            }
            _ => (over, under),
        };
        let (over, under) = (over * self.samples.len() as i128, under * i128::from(slots));
        half_even(over, under)
    }
}

fn half_even(over: i128, under: i128) -> i128 {
    let (floor, left) = (over.div_euclid(under), over.rem_euclid(under));
    floor + i128::from(2 * left > under || 2 * left == under && floor.rem_euclid(2) == 1)
}

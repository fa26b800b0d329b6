//! `mark` and `funding` of `[instrument.X]`: how its mark and its funding rate are made.

use super::duration::{DAY, Duration};
use super::kind::{Amount, Count, Rate, word};
use super::node::Node;
use super::problems::Problems;
use super::rows::Tier;
use super::section::{Maybe, section};
use crate::num::bounds::{Bound, FACTOR, MONEY, SHARE};
use crate::num::{E8, ONE, times};
use crate::word::words;

words! {
    /// How a mark is made.
    MarkMethod {
        /// The median of the funding-carried index, the index with the average basis, and the book.
        Median3 "median3",
        /// The index with the average basis of the impact prices.
        FairBasis "fair_basis",
    }
}

section! {
    /// How the mark is made. Shares are in g, times in ns.
    Mark {
        "method" method: MarkMethod = Is(MarkMethod::Median3), word::<MarkMethod>(), "The formula.";
        "band" band: i64 = Is(500_000), Rate(BAND), "The mark stays so close to the index.";
        "ema" ema: i64 = Is(96_721_610), Rate(DECAY), "What a second leaves of the weight of older samples in averages.";
        "samples" samples: u32 = Is(30), Count(1, MOST_SAMPLES), "One-second samples of the basis that are averaged.";
        "last_for" last_for: i64 = Is(60_000_000_000), Duration(DAY), "How long the last trade, or the average of the mid, may stand in.";
        "speed" speed: Option<i64> = Is(None), Maybe(Rate(SHARE)), "The most of itself that the mark moves in a second; without it any.";
    }
}

section! {
    /// How the funding rate is made. Rates are in g, times in ns.
    Funding {
        "every" every: i64 = Is(28_800_000_000_000), Duration(DAY), "The time between two settlements; divides 24 h.";
        "interest_8h" interest_8h: i64 = Is(10_000), Rate(INTEREST), "Interest of eight hours.";
        "dead_zone" dead_zone: i64 = Is(50_000), Rate(SHARE), "The premium counts beyond so far from the interest.";
        "cap" cap: Option<i64> = Is(None), Maybe(Rate(SHARE)), "The largest rate, as a number.";
        "cap_factor_maintenance" cap_factor_maintenance: Option<i64> = Is(None), Maybe(Rate(FACTOR)), "The largest rate, as a multiple of the first tier's maintenance rate.";
        "cap_factor_difference" cap_factor_difference: Option<i64> = Is(None), Maybe(Rate(FACTOR)), "The largest rate, as a multiple of the first tier's initial less maintenance rate.";
        "impact_notional" impact_notional: i128 = Is(50_000 * E8), Amount(NOTIONAL, "settlement currency"), "What is walked through the book for the impact prices.";
        "sample" sample: i64 = Is(5_000_000_000), Duration(DAY), "The time between two samples of the premium; divides `every`.";
        "min_coverage" min_coverage: i64 = Is(50_000_000), Rate(SHARE), "With a smaller share of valid samples the rate is 0.";
    }
    check Funding::check;
}

const BAND: Bound = Bound { max: E8 / 2, accepted: "0 ≤ band ≤ 50 %", ..SHARE };
const DECAY: Bound = Bound { max: E8 - 1, accepted: "0 ≤ decay < 1", ..SHARE };
/// An hour.
const MOST_SAMPLES: u32 = 3_600;
const INTEREST: Bound = Bound { min: -E8, accepted: "−100 % ≤ rate ≤ 100 %", ..SHARE };
const NOTIONAL: Bound = Bound { min: 1, accepted: "0 < notional ≤ 10¹²", ..MONEY };
/// Samples finer than that would say nothing.
const FINEST: i64 = 1_000_000_000;

impl Funding {
    /// The largest rate at 10⁻¹⁶; none where there is no cap.
    pub fn cap_e16(&self, first: &Tier) -> Option<i128> {
        let number = self.cap.map(|cap| times(cap, ONE));
        let maintenance = self.cap_factor_maintenance.map(|factor| times(factor, first.maintenance));
        let difference = self.cap_factor_difference.map(|factor| times(factor, first.initial - first.maintenance));
        number.or(maintenance).or(difference)
    }

    fn check(&self, node: &Node, path: &str, problems: &mut Problems) {
        if DAY % self.every.max(1) != 0 || self.every < FINEST {
            problems.contradiction(node, path, "every", &[], "a time that divides 24h, at least 1s".to_string());
        }
        if self.every % self.sample.max(1) != 0 || self.sample < FINEST {
            let accepted = "a time that divides `every`, at least 1s".to_string();
            problems.contradiction(node, path, "sample", &["every"], accepted);
        }
        let caps = ["cap", "cap_factor_maintenance", "cap_factor_difference"];
        let written = [self.cap, self.cap_factor_maintenance, self.cap_factor_difference];
        let mut written = caps.into_iter().zip(written).filter(|(_, cap)| cap.is_some());
        if let (Some(_), Some((second, _))) = (written.next(), written.next()) {
            problems.contradiction(node, path, second, &[], format!("one of {}", caps.join(", ")));
        }
    }
}

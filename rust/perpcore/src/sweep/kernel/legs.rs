//! What the kernels read of terms and market: each instrument and asset as lines of one variable.

use crate::margin::collateral::Collateral;
use crate::margin::market::Market;
use crate::margin::terms::Terms;
use crate::margin::tiers::Linear;
use crate::num::ONE;
use crate::num::bounds::BASE_E8;
use std::ops::Range;

/// The most instruments and assets together: which of them an account has rows of is a bit each; two more say whether
/// the accounts table has a row of it, and whether that chooses the portfolio model.
pub(super) const MOST_NAMES: usize = 62;

/// An instrument or an asset at its price. Of a quantity x it makes two sums, each x·price × rate + constant by the
/// step that x falls in: maintenance and initial margin of an instrument, haircut and net value of an asset.
pub(super) struct Leg {
    /// 0 where there is none, or one that may not be used.
    pub(super) price: i64,
    /// The largest x of each step but the last, in [`Legs::caps`].
    pub(super) caps: Range<usize>,
    /// Its steps in [`Legs::steps`].
    pub(super) steps: Range<usize>,
}

/// One step: a line for each of the two sums.
#[derive(Clone, Copy)]
pub(super) struct Step(pub(super) [Line; 2]);

/// A rate in g and a constant in 10⁻²⁴ modulo 2¹²⁸.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub(super) rate: u64,
    pub(super) constant: u128,
}

/// All instruments and assets.
pub(super) struct Legs {
    pub(super) instruments: Vec<Leg>,
    pub(super) assets: Vec<Leg>,
    pub(super) caps: Vec<u64>,
    pub(super) steps: Vec<Step>,
    /// The settlement currency among the assets.
    pub(super) settlement: usize,
    /// The marks of the instruments, zeros behind them.
    pub(super) marks: [i64; MOST_NAMES + 2],
    /// The bits of instruments whose quantities are not base quantities.
    pub(super) strange: u64,
}

impl Legs {
    /// Whether there are not too many names.
    pub(super) fn fit(terms: &Terms) -> bool {
        terms.instruments.len() + terms.assets.len() <= MOST_NAMES
    }

    pub(super) fn new(terms: &Terms, market: &Market) -> Self {
        let mut legs = Legs {
            instruments: Vec::new(),
            assets: Vec::new(),
            caps: Vec::new(),
            steps: Vec::new(),
            settlement: terms.settlement,
            marks: [0; MOST_NAMES + 2],
            strange: 0,
        };
        for (at, contract) in terms.instruments.iter().enumerate() {
            let quote = market.mark(at as u32);
            let mark = if quote.usable { quote.price } else { 0 };
            let line = |linear: &Linear| Line {
                // The fee is a further rate on the same notional; neither is negative.
                rate: linear.rate.unsigned_abs() + contract.maintenance_fee.unsigned_abs(),
                constant: linear.constant_e24 as u128,
            };
            let steps = contract.ladder.steps();
            let caps = steps.iter().map(|step| (step.to_e16 / i128::from(mark.max(1))).min(BASE_E8) as u64);
            let leg = legs.leg(mark, caps, steps.iter().map(|step| Step([&step.maintenance, &step.initial].map(line))));
            legs.marks[at] = mark;
            legs.strange |= u64::from(contract.contract_size != ONE) << at;
            legs.instruments.push(leg);
        }
        for (at, collateral) in terms.assets.iter().enumerate() {
            let quote = market.asset(at as u32);
            let price = if quote.usable && collateral.eligible { quote.price } else { 0 };
            let (caps, steps) = slices(collateral, price);
            let leg = legs.leg(price, caps.into_iter(), steps.into_iter());
            legs.assets.push(leg);
        }
        legs
    }

    /// The mark of an instrument.
    #[inline(always)]
    pub(super) fn mark(&self, instrument: u32) -> i64 {
        self.marks[instrument as usize % self.marks.len()]
    }

    /// Lays a leg out; the cap of its last step binds nowhere.
    fn leg(&mut self, price: i64, caps: impl Iterator<Item = u64>, steps: impl Iterator<Item = Step>) -> Leg {
        let (first_cap, first_step) = (self.caps.len(), self.steps.len());
        self.caps.extend(caps);
        self.caps.pop();
        self.steps.extend(steps);
        Leg { price, caps: first_cap..self.caps.len(), steps: first_step..self.steps.len() }
    }
}

/// The slices of an asset as steps. Products that wrap are made right by the sum that they are part of.
fn slices(collateral: &Collateral, price: i64) -> (Vec<u64>, Vec<Step>) {
    let net = Line { rate: (ONE - collateral.close_cost) as u64, constant: 0 };
    let (mut caps, mut steps) = (Vec::new(), Vec::new());
    let (mut from, mut below_e16) = (0_i128, 0_i128);
    let mut push = |up_to: i128, share: i64, constant_e16: i128| {
        let haircut = Line { rate: share as u64, constant: constant_e16.wrapping_mul(price.into()) as u128 };
        caps.push(u64::try_from(up_to).unwrap_or(u64::MAX));
        steps.push(Step([haircut, net]));
    };
    for (width, share) in collateral.slices(i128::MAX) {
        let up_to = from + width;
        push(up_to, share, below_e16.wrapping_sub(from.wrapping_mul(share.into())));
        below_e16 = below_e16.wrapping_add(width.wrapping_mul(share.into()));
        from = up_to;
    }
    push(i128::MAX, 0, below_e16);
    (caps, steps)
}

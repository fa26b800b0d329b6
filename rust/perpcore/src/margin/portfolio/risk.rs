//! `portfolio.risk`: the measure of the losses in all scenarios.
//!
//! Every loss is added up in 64 bits first. Where it fits, that is exact; elsewhere slopes are cut, and it is known how
//! far a loss can then be off. What decides by more than that needs no more; what does not is compared exactly, in 128
//! bits. So the result is that of the exact losses, whatever was cut.

use super::offset::{Slopes, add_losses};
use super::scenarios::{Lanes, Weights};
use super::tail::{self, Tail};
use super::{Exposures, Portfolio};
use crate::num::round::charge_from_e24;
use crate::num::{E8, scaled};
use crate::rules::Measure;

/// What the scenarios say of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Risk {
    /// The worst loss, or the expected shortfall, rounded up to g; not below 0.
    pub amount: i128,
    /// The row of the first scenario that attains the worst loss.
    pub worst: u32,
}

/// An exact loss: in 10⁻²⁴, and the part of its unit beyond, in 10⁻⁸ of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Loss {
    e24: i128,
    beyond: i64,
}

impl Loss {
    fn whole(e24: i128) -> Self {
        Loss { e24, beyond: 0 }
    }

    /// A loss in 10⁻²⁴ times a share in g.
    fn part(e24: i128, share: i64) -> Self {
        let (whole, left) = (e24.div_euclid(E8), scaled(e24.rem_euclid(E8), share));
        Loss { e24: scaled(whole, share) + left / E8, beyond: (left % E8) as i64 }
    }

    /// Up to g.
    fn charge(self) -> i128 {
        charge_from_e24(self.e24 + i128::from(self.beyond != 0))
    }
}

impl Portfolio {
    /// The risk of what an account has, as held or with its orders filled where that is worse.
    pub fn risk(&self, exposures: &mut Exposures, filled: bool) -> Risk {
        let mut scratch = std::mem::take(&mut exposures.scratch);
        let slopes = exposures.iter().map(|(at, exposure)| (at, exposure.slopes(&self.credit, filled)));
        let risk = Losses::new(self, &mut scratch, slopes).risk();
        exposures.scratch = scratch;
        risk
    }
}

/// Room for the losses of an account.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    slopes: Vec<(u32, Slopes)>,
    coarse: Vec<i64>,
    order: Vec<i64>,
    near: Vec<i128>,
    rounded: Vec<(i128, u32)>,
}

/// The losses of an account in all lanes: in 64 bits and perhaps coarse, to see which of them decide; those exactly.
struct Losses<'a> {
    portfolio: &'a Portfolio,
    scratch: &'a mut Scratch,
    /// Twice what a coarse loss may be off: two that are farther apart stand in their exact order.
    apart: i64,
}

impl<'a> Losses<'a> {
    fn new(portfolio: &'a Portfolio, scratch: &'a mut Scratch, slopes: impl Iterator<Item = (u32, Slopes)>) -> Self {
        let lanes = &portfolio.lanes;
        scratch.slopes.clear();
        // No loss is above the first, and the second is how far a coarse one can be off.
        let (mut most, mut error) = (0_i128, 0);
        for (underlying, slope) in slopes {
            let largest = lanes.columns[underlying as usize].largest;
            most += scaled(slope.steepest(), largest);
            error += largest;
            scratch.slopes.push((underlying, slope));
        }
        let shift = (i128::BITS - most.leading_zeros()).saturating_sub(COARSE_BITS);
        scratch.coarse.clear();
        scratch.coarse.resize(lanes.rows.len(), 0);
        for (underlying, slope) in &scratch.slopes {
            add_losses(&mut scratch.coarse, &lanes.columns[*underlying as usize].moves, slope, shift);
        }
        Losses { portfolio, scratch, apart: if shift == 0 { 0 } else { 2 * error } }
    }

    /// How many lanes have no factor; they stand first.
    fn plain(&self) -> usize {
        self.portfolio.lanes.rows.len() - self.portfolio.lanes.factors.len()
    }

    /// The exact loss of a lane in 10⁻²⁴, its factor left out.
    fn e24(&self, lane: usize) -> i128 {
        let Lanes { columns, unit, .. } = &self.portfolio.lanes;
        let parts = self.scratch.slopes.iter().map(|(underlying, slope)| {
            columns[*underlying as usize].moves.get(lane).map_or(0, |moved| slope.loss(*moved))
        });
        scaled(parts.sum(), unit * self.portfolio.credit.unit)
    }

    fn risk(mut self) -> Risk {
        let (loss, worst) = self.worst();
        let amount = match self.portfolio.measure {
            Measure::Worst => loss.charge(),
            Measure::Shortfall(level) => self.shortfall(level),
        };
        Risk { amount: amount.max(0), worst }
    }

    /// The worst loss, and the first row that attains it.
    fn worst(&self) -> (Loss, u32) {
        let Lanes { rows, factors, .. } = &self.portfolio.lanes;
        let plain = &self.scratch.coarse[..self.plain()];
        let (mut most, mut first) = (i64::MIN, None);
        for (lane, &loss) in plain.iter().enumerate() {
            if loss > most {
                (most, first) = (loss, Some(lane));
            }
        }
        let mut worst: Option<(Loss, u32)> = None;
        let mut meet = |loss: Loss, row: u32| {
            if worst.is_none_or(|(most, first)| loss > most || loss == most && row < first) {
                worst = Some((loss, row));
            }
        };
        if self.apart == 0 {
            first.into_iter().for_each(|lane| meet(Loss::whole(self.e24(lane)), rows[lane]));
        } else {
            for (lane, _) in plain.iter().enumerate().filter(|(_, loss)| **loss >= most.saturating_sub(self.apart)) {
                meet(Loss::whole(self.e24(lane)), rows[lane]);
            }
        }
        for (lane, &factor) in (plain.len()..).zip(factors) {
            meet(Loss::part(self.e24(lane), factor), rows[lane]);
        }
        worst.unwrap_or((Loss::whole(0), 0))
    }

    fn shortfall(&mut self, level: i64) -> i128 {
        let lanes = &self.portfolio.lanes;
        if lanes.factors.is_empty() && self.portfolio.scenarios.weights == Weights::Equal {
            return self.equal_shortfall(Tail::new(lanes.rows.len(), level));
        }
        let plain = self.plain();
        let mut rounded = std::mem::take(&mut self.scratch.rounded);
        let charge = |(lane, &row): (usize, &u32)| {
            let e24 = self.e24(lane);
            let loss = if lane < plain { Loss::whole(e24) } else { Loss::part(e24, lanes.factors[lane - plain]) };
            (loss.charge(), row)
        };
        rounded.clear();
        rounded.extend(lanes.rows.iter().enumerate().map(charge));
        let mean = tail::of_rows(&mut rounded, &self.portfolio.scenarios.weights, level);
        self.scratch.rounded = rounded;
        mean
    }

    /// Where all weigh the same, what is clearly within the tail counts in whatever order; only what is near its end is
    /// put in order, exactly.
    fn equal_shortfall(&mut self, tail: Tail) -> i128 {
        let Scratch { coarse, order, .. } = &mut *self.scratch;
        order.clone_from(coarse);
        let (_, end, _) = order.select_nth_unstable_by(tail.count() - 1, |a, b| b.cmp(a));
        let (end, apart) = (*end, self.apart);
        let mut near = std::mem::take(&mut self.scratch.near);
        near.clear();
        let (mut within, mut full) = (0, 0);
        for (lane, &loss) in self.scratch.coarse.iter().enumerate().filter(|(_, loss)| **loss >= end - apart) {
            let exact = self.e24(lane);
            if loss > end + apart {
                within += 1;
                full += charge_from_e24(exact);
            } else {
                near.push(exact);
            }
        }
        near.sort_unstable_by(|a, b| b.cmp(a));
        let (rest, next) = near.split_at(tail.full - within);
        full += rest.iter().map(|&loss| charge_from_e24(loss)).sum::<i128>();
        let next = next.first().map_or(0, |&loss| charge_from_e24(loss));
        self.scratch.near = near;
        tail.mean(full, next)
    }
}

/// Coarse losses have at most so many bits and a little more for what is cut, which leaves room for the sign and for
/// how far two may be apart.
const COARSE_BITS: u32 = 61;

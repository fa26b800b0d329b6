//! `portfolio.risk`: the measure of the losses in all scenarios, in the narrowest integers that can hold them.

use super::offset::{Half, Narrow, Slopes, Wide, Width, add_losses};
use super::tail;
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
        // The sum of all losses is below this, and so is every part of it.
        let (mut most, mut steepest) = (0_i128, 0);
        for (underlying, exposure) in exposures.iter() {
            let Slopes { rise, fall } = exposure.slopes(&self.credit, filled);
            let slope = rise.abs().max(fall.abs());
            most += scaled(slope, self.lanes.columns[underlying as usize].largest);
            steepest = slope.max(steepest);
        }
        let fits = |size: i128| size <= i128::from(i64::MAX);
        if fits(most) && fits(steepest) {
            let mut sums = std::mem::take(&mut exposures.narrow);
            let risk = self.measured::<Narrow>(exposures, &mut sums, filled);
            exposures.narrow = sums;
            return risk;
        }
        let mut sums = std::mem::take(&mut exposures.wide);
        let risk = if fits(steepest) {
            self.measured::<Half>(exposures, &mut sums, filled)
        } else {
            self.measured::<Wide>(exposures, &mut sums, filled)
        };
        exposures.wide = sums;
        risk
    }

    pub(super) fn measured<W: Width>(&self, exposures: &mut Exposures, sums: &mut Vec<W::Sum>, filled: bool) -> Risk {
        let lanes = &self.lanes;
        sums.clear();
        sums.resize(lanes.rows.len(), W::Sum::default());
        for (underlying, exposure) in exposures.iter() {
            let slopes = exposure.slopes(&self.credit, filled);
            add_losses::<W>(sums, &lanes.columns[underlying as usize].moves, &slopes);
        }
        // Moves in units × slopes in units of the credit × g.
        let unit = lanes.unit * self.credit.unit;
        let e24 = |sum: W::Sum| scaled(sum.into(), unit);

        let (plain, parts) = sums.split_at_mut(lanes.rows.len() - lanes.factors.len());
        let mut worst: Option<(Loss, u32)> =
            first_worst(plain).map(|(at, sum)| (Loss::whole(e24(sum)), lanes.rows[at]));
        exposures.rounded.clear();
        let of_parts = parts.iter().zip(&lanes.factors).zip(&lanes.rows[plain.len()..]);
        for ((&sum, &factor), &row) in of_parts {
            let loss = Loss::part(e24(sum), factor);
            if worst.is_none_or(|(most, first)| loss > most || loss == most && row < first) {
                worst = Some((loss, row));
            }
            exposures.rounded.push((loss.charge(), row));
        }
        let (loss, worst) = worst.unwrap_or((Loss::whole(0), 0));
        let amount = match self.measure {
            Measure::Worst => loss.charge(),
            Measure::Shortfall(level) => {
                self.shortfall(plain, &mut exposures.rounded, level, |sum| charge_from_e24(e24(sum)))
            }
        };
        Risk { amount: amount.max(0), worst }
    }

    fn shortfall<T: Copy + Ord>(
        &self,
        plain: &mut [T],
        rounded: &mut Vec<(i128, u32)>,
        level: i64,
        charge: impl Fn(T) -> i128,
    ) -> i128 {
        let weights = &self.scenarios.weights;
        if rounded.is_empty() && *weights == super::scenarios::Weights::Equal {
            return tail::of_equals(plain, level, charge);
        }
        rounded.extend(plain.iter().zip(&self.lanes.rows).map(|(&sum, &row)| (charge(sum), row)));
        tail::of_rows(rounded, weights, level)
    }
}

/// The largest of some losses and the first place where it stands.
#[inline(always)]
fn first_worst<T: Copy + Ord>(losses: &[T]) -> Option<(usize, T)> {
    let most = losses.iter().copied().max()?;
    losses.iter().position(|loss| *loss == most).map(|at| (at, most))
}

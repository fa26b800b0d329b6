//! `liquidation.step`: how much of a bucket is closed.

use crate::num::ratio::{product, ratio_up};
use crate::num::round::{charge_from_e24, div_ceil};
use crate::num::{E8, E16, ONE, scaled};
use crate::rules::Liquidation;

/// What is known of a bucket before it is planned, in g.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fallen {
    /// Its equity.
    pub equity: i128,
    /// Its net value.
    pub net_value: i128,
    /// Its maintenance margin.
    pub maintenance: i128,
}

/// Whether a·b < c·d.
fn is_less([a, b]: [i128; 2], [c, d]: [i128; 2]) -> bool {
    product(a, b).minus(&product(c, d)).is_negative()
}

impl Fallen {
    /// Whether it is to be closed at all.
    pub fn is_due(&self) -> bool {
        self.equity < self.maintenance || self.net_value < 0
    }

    /// Whether everything is closed at once.
    pub fn is_deep(&self, rules: &Liquidation) -> bool {
        self.net_value < 0 || is_less([self.equity, E8], [rules.close_out.into(), self.maintenance])
    }

    /// The share that is closed, in g: the least step with MM((1 − s)·Q) < target·(equity − fee(s)), else everything.
    /// `notional_e16` is Σ|Q|·M of what is closed, `left` finds the maintenance margin with so much of it left.
    pub fn share(&self, rules: &Liquidation, notional_e16: i128, mut left: impl FnMut(i64) -> Option<i128>) -> i64 {
        if self.is_deep(rules) {
            return ONE;
        }
        let mut share = rules.step;
        while share < ONE {
            // The rate of a rate is 10⁻¹⁶, so the fee would be 10⁻³².
            let part_e24 = ratio_up(notional_e16, i128::from(share) * i128::from(rules.fee), E8);
            let fee = charge_from_e24(part_e24);
            let fits = |maintenance: i128| is_less([maintenance, E8], [rules.target.into(), self.equity - fee]);
            if left(ONE - share).is_some_and(fits) {
                break;
            }
            share += rules.step;
        }
        share.min(ONE)
    }
}

/// The fee of a fill, in g: the rate on it, up, but at most what is left above bankruptcy, down. Amounts in 10⁻¹⁶.
pub fn fee(rate: i64, fill_e16: i128, surplus_e16: i128) -> i128 {
    charge_from_e24(scaled(fill_e16, rate)).min(surplus_e16.max(0) / E8)
}

/// How many lots a share of some lots is, up; all where less than `least` would be left.
pub fn lots(held: i64, share: i64, least: i64) -> i64 {
    let closed = div_ceil(scaled(held.into(), share), ONE.into()).min(held.into()) as i64;
    if held - closed < least { held } else { closed }
}

/// A share of a base quantity, up, in g.
pub fn left(quantity: i64, share: i64) -> i64 {
    let size = div_ceil(scaled(quantity.abs().into(), share), ONE.into()) as i64;
    quantity.signum() * size
}

/// What goes to the fund of a position that a backstop provider takes over, in g: the part of the distance from the mark to
/// the bankruptcy amount, in 10⁻¹⁶, that is not his.
pub fn funds_part(backstop_share: i64, distance_e16: i128) -> i128 {
    scaled(distance_e16.max(0), ONE - backstop_share) / E16
}

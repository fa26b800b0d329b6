//! What a bucket consists of as one underlying moves: amounts that stay and amounts that are a whole number × t. They are
//! the sums of the valuation itself, taken at two markets.

use super::line::{Line, Narrow, Point, Price};
use super::search::Curve;
use crate::margin::account::Position;
use crate::margin::line::Sink;
use crate::margin::sums::Sums;
use crate::margin::terms::Contract;
use crate::margin::value::Run;
use crate::num::round::{charge_from_e24, credit_from_e16, credit_from_e24};
use crate::num::wide::Wide;
use crate::num::{E8, E16, scaled};

/// The exact sums of a bucket, but for the requirement that is not linear.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    collateral_e24: Narrow,
    pnl_e16: Narrow,
    accrued: i128,
    /// Maintenance margin of what stays, and all of it that grows with the notional by one rate.
    pub maintenance_e24: Narrow,
    /// collateral + PnL − accrued − the maintenance margin above, in 10⁻²⁴.
    pub surplus_e24: Narrow,
}

impl Parts {
    /// From what stays, and from what moves at reduced prices; `cost_e16` is κ of the positions that move.
    #[inline(always)]
    pub fn new(stays: &Sums, moves: &Sums, cost_e16: i128) -> Self {
        let pnl_e16 = [stays.pnl_e16 - cost_e16, moves.pnl_e16 + cost_e16];
        let accrued = stays.accrued + moves.accrued;
        let constant = stays.collateral_e24 + scaled(pnl_e16[0], E8 as i64) - accrued * E16 - stays.maintenance_e24;
        let slope = moves.collateral_e24 + scaled(pnl_e16[1], E8 as i64) - moves.maintenance_e24;
        Parts {
            collateral_e24: Narrow { constant: stays.collateral_e24, slope: moves.collateral_e24 },
            pnl_e16: Narrow { constant: pnl_e16[0], slope: pnl_e16[1] },
            accrued,
            maintenance_e24: Narrow { constant: stays.maintenance_e24, slope: moves.maintenance_e24 },
            surplus_e24: Narrow { constant, slope },
        }
    }

    /// Equity at a price, each total rounded once.
    #[inline(always)]
    pub fn equity(&self, at: &Price) -> i128 {
        let collateral = self.collateral_e24.down(at, E16 as u64, credit_from_e24);
        let pnl = self.pnl_e16.down(at, E8 as u64, credit_from_e16);
        collateral + pnl - self.accrued
    }
}

/// A line in 10⁻²⁴ at a price, rounded up to g.
#[inline(always)]
pub fn charged(line: &Line<4>, at: &Price) -> i128 {
    // ⌈x⌉ = −⌊−x⌋
    -Line::ZERO.minus(line).down(at, E16 as u64, |exact| -charge_from_e24(-exact))
}

/// A bucket of the standard model.
pub struct Standard<'a> {
    parts: Parts,
    /// The positions that move: |Q| × reduced price in 10⁻¹⁶, and its terms.
    moving: &'a [(i128, &'a Contract)],
    /// The least and the most by which the surplus may rise with t, in 10⁻²⁴.
    slopes: [i128; 2],
    constants_e24: u128,
}

impl<'a> Standard<'a> {
    /// From its sums and the positions that move.
    #[inline(always)]
    pub fn new(parts: Parts, moving: &'a [(i128, &'a Contract)]) -> Self {
        let Narrow { constant, slope } = parts.surplus_e24;
        let (mut slopes, mut constants_e24) = ([slope; 2], constant.unsigned_abs());
        for (notional_e16, contract) in moving {
            let [least, most] = contract.ladder.maintenance_rates();
            slopes[0] -= scaled(*notional_e16, most);
            slopes[1] -= scaled(*notional_e16, least);
            constants_e24 = constants_e24.saturating_add(contract.ladder.largest_constant_e24().unsigned_abs());
        }
        Standard { parts, moving, slopes, constants_e24 }
    }

    /// Whether no number of a search passes 128 bits where the reduced price is 1: constants add up to less than 2¹²⁴, and
    /// slopes times the largest price (54 bits) and 100 (7 bits) to less than 2¹²⁵.
    #[inline(always)]
    pub fn is_narrow(&self) -> bool {
        self.has_narrow_constants() && self.slopes.iter().all(|slope| slope.unsigned_abs() < 1 << 64)
    }

    /// Whether no sum of constants passes 128 bits; no sum of slopes does, as in a valuation.
    #[inline(always)]
    fn has_narrow_constants(&self) -> bool {
        self.constants_e24 < 1 << 124
    }

    /// `margin.maintenance` of what moves.
    #[inline(always)]
    fn tiers<const N: usize, P: Point<N>>(&self, at: &P, upward: bool) -> Line<N> {
        let mut sum = Line::ZERO;
        for (notional_e16, contract) in self.moving {
            let step = contract.ladder.step_at(at.against(*notional_e16), upward).maintenance;
            sum = sum.plus(&Line::new(step.constant_e24, scaled(*notional_e16, step.rate)));
        }
        sum
    }
}

impl Curve for Standard<'_> {
    #[inline(always)]
    fn line<const N: usize, P: Point<N>>(&mut self, at: &P, upward: bool) -> Line<N> {
        let Narrow { constant, slope } = self.parts.surplus_e24;
        Line::new(constant, slope).minus(&self.tiers(at, upward))
    }

    #[inline(always)]
    fn unit<const N: usize>(&self) -> Wide<N> {
        Wide::from(1)
    }

    #[inline(always)]
    fn never_falls(&self, downward: bool) -> bool {
        if downward { self.slopes[1] <= 0 } else { self.slopes[0] >= 0 }
    }

    #[inline(always)]
    fn slack_e24(&self) -> i128 {
        0
    }

    fn cost_e24(&self) -> i128 {
        // One unit each of collateral, PnL and maintenance margin.
        3 * E16
    }

    #[inline(always)]
    fn figures(&mut self, at: &Price) -> Option<(i128, i128)> {
        let linear = self.parts.maintenance_e24;
        let maintenance = match self.tiers::<2, _>(at, false).narrow().filter(|_| self.has_narrow_constants()) {
            Some(tiers) => linear.plus(&tiers).up(at, E16 as u64, charge_from_e24),
            None => charged(&linear.wide().plus(&self.tiers(at, false)), at),
        };
        Some((self.parts.equity(at), maintenance))
    }
}

/// A position at reduced prices into what moves; its notional there, none where it is flat.
#[inline(always)]
pub fn hold<S: Sink>(run: &mut Run<'_, S>, sums: &mut Sums, position: &Position) -> Option<i128> {
    let held = run.hold(sums, position, false)?;
    (held.notional_e16 != 0).then_some(held.notional_e16)
}

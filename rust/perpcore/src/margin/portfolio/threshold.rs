//! The charge as one underlying moves (`threshold.liquidation`): a convex function of t made of straight lines.
//!
//! What the underlying is worth is V·t and keeps its sign, so the loss of each scenario is a line: that of the other
//! underlyings, and the loss of ±1 × |V|·t. Worst loss, expected shortfall and the concentration slices choose among
//! lines; exact values decide which. Rounded figures come from the risk and the components of the valuation itself.

use super::addons::Exact;
use super::scenarios::Lanes;
use super::{Exposure, Exposures, Portfolio, tail};
use crate::margin::threshold::{Curve, Line, Parts, Point, Price, charged};
use crate::num::bounds::ACCOUNT_E16;
use crate::num::round::charge_of;
use crate::num::wide::Wide;
use crate::num::{E8, E16, ONE, scaled};
use crate::rules::Measure;
use std::cmp::Reverse;

/// The words of a line of losses. |V| ≤ 2·10³⁶ (122 bits), a move and a credit 57, a factor 27, `mm_factor` 29, weights
/// 47, and a price 54 are together below 6·64.
const WORDS: usize = 6;

/// Room for the lines of an account.
#[derive(Debug, Default)]
pub struct Scratch {
    losses: Vec<Line<WORDS>>,
    order: Vec<usize>,
}

/// The cross bucket of an account of the portfolio model as one underlying moves.
pub struct Charged<'a> {
    portfolio: &'a Portfolio,
    parts: Parts,
    underlying: u32,
    /// What the account has in the other underlyings.
    still: &'a mut Exposures,
    /// What it has in this one, at reduced prices.
    moved: Exposure,
    /// Their add-ons.
    exact: Exact,
    /// The loss of each lane, times the factor of its scenario in units of [`Charged::whole`].
    losses: &'a [Line<WORDS>],
    order: &'a mut Vec<usize>,
}

impl<'a> Charged<'a> {
    /// Lays the losses out.
    pub fn new(
        portfolio: &'a Portfolio,
        parts: Parts,
        underlying: u32,
        still: &'a mut Exposures,
        moved: &mut Exposures,
        Scratch { losses, order }: &'a mut Scratch,
    ) -> Self {
        let moved = *moved.at(underlying);
        let Lanes { rows, factors, columns, .. } = &portfolio.lanes;
        losses.clear();
        losses.resize(rows.len(), Line::ZERO);
        let mut add = |of: u32, exposure: &Exposure, moves: bool| {
            let worth_e24 = exposure.worth_e24();
            let sign = worth_e24.signum();
            let (slopes, size) = (portfolio.credit.slopes(sign, sign), Wide::from(worth_e24.abs()));
            for (loss, &moved) in losses.iter_mut().zip(&columns[of as usize].moves) {
                // A loss of 1, at most 10⁸ × 10⁹.
                let part = size.signed_times(slopes.loss(moved) as i64);
                let sum = if moves { &mut loss.slope } else { &mut loss.constant };
                *sum = sum.plus(&part);
            }
        };
        still.iter().for_each(|(of, exposure)| add(of, &exposure, false));
        add(underlying, &moved, true);
        if !factors.is_empty() {
            let plain = rows.len() - factors.len();
            let shares = std::iter::repeat_n(ONE, plain).chain(factors.iter().copied());
            losses.iter_mut().zip(shares).for_each(|(loss, share)| *loss = loss.times(share.unsigned_abs()));
        }
        let exact = Exact::of(portfolio, still.iter(), false);
        Charged { portfolio, parts, underlying, still, moved, exact, losses, order }
    }

    /// What a loss without a factor was multiplied with.
    fn whole(&self) -> u64 {
        if self.portfolio.lanes.factors.is_empty() { 1 } else { ONE as u64 }
    }

    /// The sum of the weights of the tail; 1 for the worst loss.
    fn weight(&self) -> u64 {
        match self.portfolio.measure {
            Measure::Worst => 1,
            Measure::Shortfall(level) => {
                let scenarios = &self.portfolio.scenarios;
                tail::tail_of(&scenarios.weights, scenarios.names.len(), level) as u64
            }
        }
    }

    /// 10⁻²⁴ of a component in the unit that all are added up in.
    fn component<const N: usize>(&self) -> Wide<N> {
        Wide::from(E16).times(self.whole()).times(self.weight())
    }

    /// `portfolio.risk` before its roundings, in units of a component.
    fn risk<const N: usize, P: Point<N>>(&mut self, at: &P, upward: bool) -> Line<N> {
        let lanes = &self.portfolio.lanes;
        let sum = match self.portfolio.measure {
            Measure::Worst => {
                let lines = self.losses.iter().map(Line::to::<N>);
                lines.reduce(|worst, line| worst.larger(line, at, upward)).unwrap_or(Line::ZERO)
            }
            Measure::Shortfall(_) => self.shortfall(at, upward),
        };
        let risk = sum.times(lanes.unit as u64).times(self.portfolio.credit.unit as u64);
        Line::ZERO.larger(risk, at, upward)
    }

    /// Σ min(weight, what is left of the tail) × loss, the worst first.
    fn shortfall<const N: usize, P: Point<N>>(&mut self, at: &P, upward: bool) -> Line<N> {
        let lines: Vec<(Wide<N>, Line<N>)> = self.losses.iter().map(Line::to::<N>).map(|l| (l.at(at), l)).collect();
        self.order.clear();
        self.order.extend(0..lines.len());
        self.order.sort_unstable_by(|&a, &b| {
            let [(x, this), (y, other)] = [&lines[a], &lines[b]];
            Reverse(x).cmp(&Reverse(y)).then_with(|| other.steeper(this, upward))
        });
        let (weights, mut left, mut sum) = (&self.portfolio.scenarios.weights, i128::from(self.weight()), Line::ZERO);
        for &lane in &*self.order {
            let counted = weights.of(self.portfolio.lanes.rows[lane]).min(left);
            sum = sum.plus(&lines[lane].1.times(counted as u64));
            left -= counted;
        }
        sum
    }

    /// `portfolio.concentration` of what moves, in 10⁻²⁴.
    fn concentration<const N: usize, P: Point<N>>(&self, at: &P, upward: bool) -> Line<N> {
        let rates = &self.portfolio.underlyings[self.underlying as usize];
        let Some(ladder) = &rates.concentration else { return Line::ZERO };
        let net_e16 = self.moved.concentrated_e16(false);
        let step = ladder.step_at(at.against(net_e16), upward).maintenance;
        Line::new(step.constant_e24, scaled(net_e16, step.rate))
    }

    /// `portfolio.basis` and `portfolio.minimum` of what moves, at reduced prices.
    fn by_gross_e24(&self) -> [i128; 2] {
        let rates = &self.portfolio.underlyings[self.underlying as usize];
        [rates.basis, self.portfolio.minimum].map(|rate| scaled(self.moved.gross_e16[0], rate))
    }

    /// V at a price, half to even once; none beyond what an admitted account may have.
    fn worth(&self, at: &Price) -> Option<i128> {
        // 2·V·price + the divisor, over twice the divisor: a half is rounded up, then back where that made it odd.
        let twice: Wide<WORDS> = Wide::from(self.moved.worth_e24()).times(at.price).times(2);
        let divisor = Wide::from(E16).times(at.base);
        let raised = twice.plus(&divisor);
        let (floor, inexact) = raised.floor_by(at.base);
        let (floor, more) = floor.floor_by(2 * E16 as u64);
        let worth = floor.narrow().filter(|worth| worth.abs() <= 2 * ACCOUNT_E16 / E8)?;
        Some(worth - i128::from(!inexact && !more && worth % 2 != 0))
    }
}

impl Curve for Charged<'_> {
    fn line<const N: usize, P: Point<N>>(&mut self, at: &P, upward: bool) -> Line<N> {
        let component = self.component::<N>();
        let by =
            |line: Line<N>| Line { constant: line.constant.product(&component), slope: line.slope.product(&component) };
        let [basis, minimum] = self.by_gross_e24();
        let Exact { basis_e24, concentration_e24, minimum_e24 } = self.exact;
        let beside = Line::new(basis_e24 + concentration_e24, basis).plus(&self.concentration(at, upward));
        let sum = self.risk(at, upward).plus(&by(beside));
        let charge = sum.larger(by(Line::new(minimum_e24, minimum)), at, upward);
        let surplus = by(self.parts.surplus_e24.wide().to()).times(ONE as u64);
        surplus.minus(&charge.times(self.portfolio.mm_factor as u64))
    }

    fn unit<const N: usize>(&self) -> Wide<N> {
        self.component::<N>().times(ONE as u64)
    }

    fn never_falls(&self, _: bool) -> bool {
        false
    }

    fn slack_e24(&self) -> i128 {
        // V is rounded by at most half a unit of g, in each underlying; a loss then by half of the largest move.
        let largest =
            |of: u32| i128::from(self.portfolio.lanes.columns[of as usize].largest * self.portfolio.lanes.unit);
        let others = self.still.iter().filter(|(of, _)| *of != self.underlying).map(|(of, _)| largest(of));
        let reach = others.sum::<i128>() + largest(self.underlying);
        (scaled(reach, self.portfolio.mm_factor) + 1) / 2
    }

    fn cost_e24(&self) -> i128 {
        // Collateral, PnL and maintenance margin, and the components before `mm_factor`; each loss of a tail is rounded.
        let components = 4 * E16 * i128::from(self.portfolio.mm_factor) / E8;
        self.slack_e24() + 4 * E16 + components
    }

    fn figures(&mut self, at: &Price) -> Option<(i128, i128)> {
        let worth = self.worth(at)?;
        // In 10⁻²⁴ and rounded up, where a further rounding up changes nothing.
        let raised = |line: Line<4>| {
            let (floor, inexact) = line.at(at).floor_by(at.base);
            Some(floor.narrow()? + i128::from(inexact))
        };
        let [basis, minimum] = self.by_gross_e24();
        let exact = Exact {
            basis_e24: self.exact.basis_e24 + raised(Line::new(0, basis))?,
            concentration_e24: self.exact.concentration_e24 + raised(self.concentration(at, false))?,
            minimum_e24: self.exact.minimum_e24 + raised(Line::new(0, minimum))?,
        };
        *self.still.at(self.underlying) = Exposure { assets_e24: worth * E16, ..Exposure::default() };
        let risk = self.portfolio.risk(self.still, false).amount;
        let required = charge_of(exact.components(risk).total(), self.portfolio.mm_factor);
        let beside = self.parts.maintenance_e24.wide().plus(&Line::new(required * E16, 0));
        Some((self.parts.equity(at), charged(&beside, at)))
    }
}

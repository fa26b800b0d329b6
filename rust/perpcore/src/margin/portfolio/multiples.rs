//! The losses of all scenarios without signs, for kernels: every loss of 1 that an underlying is worth is a whole
//! multiple of one unit, and raised by so much that none is below 0.
//!
//! A loss of one underlying grows with |V| on either side of 0 ([`super::offset`]): where V ≥ 0 it is V times what a
//! value of 1 loses, where V < 0 it is |V| times what a value of −1 loses. With each of these multiples raised by the
//! same `raised`, the losses of all scenarios grow by Σ |V|·raised, and their order stays.

use super::Portfolio;
use super::scenarios::{Lanes, Weights};
use super::tail::Tail;
use crate::rules::Measure;

/// What is lost in each scenario that is evaluated, in table order.
#[derive(Clone, Debug)]
pub struct Multiples {
    /// The row of each scenario in the table.
    pub rows: Vec<u32>,
    /// The underlyings that scenarios move, by the rulebook's index.
    pub underlyings: Vec<u32>,
    /// For each scenario, and in it each of these underlyings, the raised multiple of a value of 1 and of −1.
    pub multiples: Vec<[u64; 2]>,
    /// By how much those of each underlying are raised.
    pub raised: Vec<u64>,
    /// What 1 of |V|·multiple is in 10⁻²⁴, V in g.
    pub unit: u64,
    /// Which losses the expected shortfall is the mean of; none where the worst counts.
    pub tail: Option<Tail>,
}

impl Portfolio {
    /// The multiples, all of them and the unit below `end`; none where there are none, where a scenario has a factor, and
    /// where the expected shortfall is that of scenarios with weights.
    pub fn multiples(&self, end: u64) -> Option<Multiples> {
        let Lanes { rows, factors, columns, unit } = &self.lanes;
        let tail = match self.measure {
            Measure::Worst => None,
            Measure::Shortfall(_) if self.scenarios.weights != Weights::Equal => return None,
            Measure::Shortfall(level) => Some(Tail::new(rows.len(), level)),
        };
        if !factors.is_empty() {
            return None;
        }
        // Where both units together are too large, losses are counted in the smaller one.
        let (unit, finer) = match unit.checked_mul(self.credit.unit).filter(|unit| unit.unsigned_abs() < end) {
            Some(unit) => (unit, 1),
            None => (*unit, self.credit.unit),
        };
        let slopes = [1, -1].map(|value| self.credit.slopes(value, value));
        let moved: Vec<usize> = (0..columns.len()).filter(|&at| !columns[at].moves.is_empty()).collect();
        let loss = |at: usize, lane: usize| slopes.map(|slope| slope.loss(columns[at].moves[lane]) * i128::from(finer));
        let least = |&at: &usize| (0..rows.len()).flat_map(|lane| loss(at, lane)).fold(0, i128::min);
        let raised: Vec<i128> = moved.iter().map(|at| -least(at)).collect();
        let below_end = |multiple: i128| u64::try_from(multiple).ok().filter(|&multiple| multiple < end);
        let mut multiples = Vec::with_capacity(rows.len() * moved.len());
        for lane in 0..rows.len() {
            for (&at, raised) in moved.iter().zip(&raised) {
                let [long, short] = loss(at, lane).map(|loss| below_end(loss + raised));
                multiples.push([long?, short?]);
            }
        }
        Some(Multiples {
            rows: rows.clone(),
            underlyings: moved.iter().map(|&at| at as u32).collect(),
            multiples,
            raised: raised.into_iter().map(below_end).collect::<Option<_>>()?,
            unit: below_end(unit.into())?,
            tail,
        })
    }
}

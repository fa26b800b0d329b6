//! What the rulebook says of one book, in its own steps: prices in ticks, quantities in lots.

use crate::num::ONE;
use crate::num::bounds::PRICE;
use crate::rules::{CollarReference, Rulebook};

/// What holds for one book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The instrument by the rulebook's index.
    pub instrument: u32,
    /// Prices.
    pub tick: Step,
    /// Quantities, of contracts.
    pub lot: Step,
    /// The smallest order, in lots.
    pub min_lots: i64,
    /// The largest, in lots.
    pub max_lots: i64,
    /// What a side of the book may hold, in lots: its quantity in g fits 64 bits.
    pub most_lots: i64,
    /// How far from its reference a taker may trade, in g.
    pub collar_width: i64,
    /// What the collar is around.
    pub collar_reference: CollarReference,
    /// |position| with orders, in lots.
    pub position: i64,
    /// Open orders of an account.
    pub open_orders: u32,
    /// How long a client's order id is remembered, ns.
    pub client_window: i64,
    /// How many of an account.
    pub client_ids: u32,
    /// How old an order may become, ns.
    pub max_age: i64,
}

impl Terms {
    /// The terms of an instrument of a rulebook.
    pub fn of(rules: &Rulebook, instrument: usize) -> Terms {
        let contract = &rules.instruments()[instrument];
        let venue = rules.venue();
        let lots = |quantity: i64| quantity / contract.lot;
        Terms {
            instrument: instrument as u32,
            tick: Step::new(contract.tick),
            lot: Step::new(contract.lot),
            min_lots: contract.min_size.map_or(1, lots),
            max_lots: contract.max_size.map_or(i64::MAX, lots),
            most_lots: i64::MAX / contract.lot,
            collar_width: contract.collar.width,
            collar_reference: contract.collar.reference,
            position: contract.limits.position.map_or(i64::MAX, lots),
            open_orders: contract.limits.open_orders,
            client_window: venue.client_id_window.time,
            client_ids: venue.client_id_window.per_account,
            max_age: venue.rates.max_age,
        }
    }

    /// Limits of buyers and sellers that every price meets, and prices themselves: events tell them in g.
    pub(super) fn no_edges(&self) -> [i64; 2] {
        [PRICE.max as i64 / self.tick.size, 1]
    }

    /// The worst ticks at which buyers and sellers may trade within the collar around a reference in g.
    pub(super) fn edges(&self, reference: i64) -> [i64; 2] {
        let edge = |share: i64| i128::from(reference) * i128::from(share);
        let tick = i128::from(self.tick.size) * i128::from(ONE);
        let most = edge(ONE + self.collar_width).div_euclid(tick);
        let least = -(-edge(ONE - self.collar_width)).div_euclid(tick);
        [most, least.max(1)].map(|ticks| i64::try_from(ticks).unwrap_or(i64::MAX))
    }
}

/// A step of a grid, with what divides by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// In g, above 0.
    pub size: i64,
    /// ⌊(2⁶⁴ − 1) ÷ size⌋.
    inverse: u64,
}

impl Step {
    /// A step of a size above 0.
    pub fn new(size: i64) -> Step {
        let size = size.max(1);
        Step { size, inverse: u64::MAX / size as u64 }
    }

    /// How many steps a value in g is; none where it is not a multiple.
    #[inline(always)]
    pub fn count(&self, value: i64) -> Option<i64> {
        // The product of the inverse is at most 2 below the quotient, for |value| < 2⁶³.
        let (size, magnitude) = (self.size as u64, value.unsigned_abs());
        let mut steps = ((u128::from(magnitude) * u128::from(self.inverse)) >> 64) as u64;
        let mut rest = magnitude - steps * size;
        while rest >= size {
            (steps, rest) = (steps + 1, rest - size);
        }
        let steps = if value < 0 { -(steps as i64) } else { steps as i64 };
        (rest == 0).then_some(steps)
    }

    /// A number of steps in g.
    #[inline(always)]
    pub fn value(&self, steps: i64) -> i64 {
        steps * self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_divides_as_division_does() {
        for size in [1, 2, 3, 7, 10, 999, 100_000, 10_000_000, ONE, i64::MAX / 3] {
            let step = Step::new(size);
            for value in [0, 1, size - 1, size, size.saturating_add(1), 10 * ONE, 58_000 * ONE, i64::MAX, -size, -7] {
                let expected = (value % size == 0).then(|| value / size);
                assert_eq!(step.count(value), expected, "{value} by {size}");
            }
        }
    }
}

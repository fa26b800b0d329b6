//! `portfolio.risk`: the loss of each scenario, profits in one underlying counted in part against losses in others.
//!
//! With φ(p) = min(p, credit·p) for 0 ≤ credit ≤ 1, which is p below 0 and credit·p above, the loss of a scenario is
//! −Σ φ(min(V·m, Vᵇ·m, Vᵃ·m)) over the underlyings, m the move of each. φ does not fall, so that is
//! Σ max(−V·m, −credit·V·m, −Vᵇ·m, …): sums of maxima of linear functions of the moves, and so convex in them
//! ([`super::hull`] builds on this). For each underlying it is a line through 0 on either side: for m ≥ 0 the smallest
//! V counts, for m < 0 the largest.

use super::hull::gcd;
use crate::num::{ONE, scaled};

/// The share of a profit that counts, reduced: `part` / `whole`, both times `unit` in g.
#[derive(Clone, Copy, Debug)]
pub struct Credit {
    pub(super) whole: i64,
    pub(super) part: i64,
    /// What 1 of a loss is in units of V·m, in g.
    pub(super) unit: i64,
}

impl Credit {
    /// The offset credit of a rulebook, in g.
    pub fn new(credit: i64) -> Self {
        let unit = gcd(ONE.unsigned_abs(), credit.unsigned_abs()) as i64;
        Credit { whole: ONE / unit, part: credit / unit, unit }
    }

    /// How the loss grows with the move, where the least and the most that an underlying may be worth are these, in g.
    #[inline(always)]
    pub fn slopes(&self, least: i128, most: i128) -> Slopes {
        Slopes {
            rise: -scaled(least, if least < 0 { self.whole } else { self.part }),
            fall: -scaled(most, if most > 0 { self.whole } else { self.part }),
        }
    }
}

/// The loss of one underlying for a move m: m·rise where m ≥ 0, m·fall where m < 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slopes {
    pub(super) rise: i128,
    pub(super) fall: i128,
}

impl Slopes {
    /// The loss for a move, exactly.
    #[inline(always)]
    pub fn loss(&self, moved: i64) -> i128 {
        scaled(if moved < 0 { self.fall } else { self.rise }, moved)
    }

    /// The steeper of both sides.
    #[inline(always)]
    pub fn steepest(&self) -> i128 {
        self.rise.abs().max(self.fall.abs())
    }

    /// Both in units of 2ᵏ, rounded down: what was cut is below 1 of them.
    #[inline(always)]
    fn coarse(&self, shift: u32) -> [i64; 2] {
        [self.rise, self.fall].map(|slope| (slope >> shift) as i64)
    }
}

/// Adds the losses of one underlying in units of 2ᵏ to those of all lanes. With k = 0 they are exact. With more, slopes
/// are rounded down by less than 1, so that a loss is less than the largest move away from the exact one.
///
/// The caller has seen that no sum passes 64 bits.
pub fn add_losses(sums: &mut [i64], moves: &[i64], slopes: &Slopes, shift: u32) {
    let [rise, fall] = slopes.coarse(shift);
    add_products(sums, moves, rise, fall);
}

/// Kept apart, so that slopes come in 64 bits: inlined, they would be cut to size again for every move.
#[inline(never)]
fn add_products(sums: &mut [i64], moves: &[i64], rise: i64, fall: i64) {
    for (sum, &moved) in sums.iter_mut().zip(moves) {
        *sum = sum.wrapping_add(moved.wrapping_mul(if moved < 0 { fall } else { rise }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profits_count_in_part_and_orders_fill_where_it_hurts() {
        // credit 0.8 = 4/5 of units of 0.2: (least, most, move, loss in units of 0.2).
        let rows = [
            (10, 10, 3, -120),  // a profit of 30 counts 24
            (10, 10, -3, 150),  // a loss of 30
            (-10, -10, 3, 150), // the same, short
            (-10, -10, -3, -120),
            (-20, 15, 3, 300),  // all asks filled: 20 short
            (-20, 15, -3, 225), // all bids filled: 15 long
            (5, 15, 3, -60),    // a profit of at least 15 counts 12
            (0, 0, 3, 0),
        ];
        let credit = Credit::new(80_000_000);
        assert_eq!((credit.whole, credit.part, credit.unit), (5, 4, 20_000_000));
        for (least, most, moved, loss) in rows {
            let slopes = credit.slopes(least, most);
            assert_eq!(slopes.loss(moved), loss);
            for shift in 0..8 {
                let mut sums = [1];
                add_losses(&mut sums, &[moved], &slopes, shift);
                let error = ((i128::from(sums[0] - 1) << shift) - loss).abs();
                assert!(error < i128::from(moved.abs()) << shift && (shift > 0 || error == 0));
            }
        }
    }

    #[test]
    fn without_credit_a_profit_counts_nothing_and_with_all_of_it_in_full() {
        let none = Credit::new(0);
        assert_eq!(none.slopes(10, 10), Slopes { rise: 0, fall: -10 });
        let all = Credit::new(ONE);
        assert_eq!(all.slopes(10, 10), Slopes { rise: -10, fall: -10 });
    }
}

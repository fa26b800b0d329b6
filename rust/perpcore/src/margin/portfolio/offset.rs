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

/// Integers that slopes are held and losses added up in. All give the same losses where they can hold them; which can
/// is proved for each account before it is used.
pub trait Width: Copy {
    /// What losses are added up in.
    type Sum: Copy + Ord + Into<i128> + Default;
    /// A slope.
    fn of(slope: i128) -> Self;
    /// sum + slope × move.
    fn add(sum: Self::Sum, slope: Self, moved: i64) -> Self::Sum;
}

/// Slopes and losses fit 64 bits.
#[derive(Clone, Copy)]
pub struct Narrow(i64);
/// Slopes fit 64 bits, losses 128.
#[derive(Clone, Copy)]
pub struct Half(i64);
/// Both fit 128 bits.
#[derive(Clone, Copy)]
pub struct Wide(i128);

impl Width for Narrow {
    type Sum = i64;

    #[inline(always)]
    fn of(slope: i128) -> Self {
        Narrow(slope as i64)
    }

    #[inline(always)]
    fn add(sum: i64, slope: Self, moved: i64) -> i64 {
        sum.wrapping_add(slope.0.wrapping_mul(moved))
    }
}

impl Width for Half {
    type Sum = i128;

    #[inline(always)]
    fn of(slope: i128) -> Self {
        Half(slope as i64)
    }

    #[inline(always)]
    fn add(sum: i128, slope: Self, moved: i64) -> i128 {
        sum.wrapping_add(i128::from(slope.0).wrapping_mul(i128::from(moved)))
    }
}

impl Width for Wide {
    type Sum = i128;

    #[inline(always)]
    fn of(slope: i128) -> Self {
        Wide(slope)
    }

    #[inline(always)]
    fn add(sum: i128, slope: Self, moved: i64) -> i128 {
        sum.wrapping_add(slope.0.wrapping_mul(i128::from(moved)))
    }
}

/// Adds the losses of one underlying to those of all scenarios.
#[inline(always)]
pub fn add_losses<W: Width>(sums: &mut [W::Sum], moves: &[i64], slopes: &Slopes) {
    let (rise, fall) = (W::of(slopes.rise), W::of(slopes.fall));
    for (sum, &moved) in sums.iter_mut().zip(moves) {
        *sum = W::add(*sum, if moved < 0 { fall } else { rise }, moved);
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
            let (mut narrow, mut half, mut wide) = ([1], [1], [1]);
            add_losses::<Narrow>(&mut narrow, &[moved], &slopes);
            add_losses::<Half>(&mut half, &[moved], &slopes);
            add_losses::<Wide>(&mut wide, &[moved], &slopes);
            assert_eq!((narrow[0], half[0], wide[0]), (loss + 1, i128::from(loss) + 1, i128::from(loss) + 1));
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

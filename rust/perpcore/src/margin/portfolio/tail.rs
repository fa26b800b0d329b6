//! Expected shortfall (`portfolio.risk`): the mean of the worst losses, as many as have the probability 1 − level.

use super::scenarios::Weights;
use crate::num::ONE;
use crate::num::round::div_ceil;

/// Which losses of equal weight are in the tail: so many in full, and of the next one the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail {
    /// Those that count in full.
    pub full: usize,
    /// The weight of the next one, in g.
    pub rest: i128,
    /// The weight of all, in g.
    weight: i128,
}

impl Tail {
    /// The tail of so many scenarios beyond a level.
    pub fn new(scenarios: usize, level: i64) -> Self {
        let weight = tail_of(&Weights::Equal, scenarios, level);
        Tail { full: (weight / i128::from(ONE)) as usize, rest: weight % i128::from(ONE), weight }
    }

    /// How many losses are in it, the last one perhaps in part.
    pub fn count(&self) -> usize {
        self.full + usize::from(self.rest > 0)
    }

    /// The expected shortfall from the sum of the losses that count in full and the next one, all rounded up to g.
    pub fn mean(&self, full: i128, next: i128) -> i128 {
        div_ceil(full * i128::from(ONE) + self.rest * next, self.weight)
    }
}

/// The expected shortfall of losses in g, each with its row in the table. They change places.
pub fn of_rows(losses: &mut [(i128, u32)], weights: &Weights, level: i64) -> i128 {
    let tail = tail_of(weights, losses.len(), level);
    losses.sort_unstable_by(|a, b| b.cmp(a));
    let (mut left, mut total) = (tail, 0);
    for &(loss, row) in losses.iter() {
        let counted = weights.of(row).min(left);
        total += counted * loss;
        left -= counted;
    }
    div_ceil(total, tail)
}

/// 1 − level in the unit of the weights.
pub(super) fn tail_of(weights: &Weights, scenarios: usize, level: i64) -> i128 {
    let share = i128::from(ONE - level);
    match weights {
        Weights::Equal => share * scenarios as i128,
        Weights::Given(_) => share,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const G: i128 = ONE as i128;

    fn both(losses: &[i128], level: i64) -> i128 {
        let mut rows: Vec<_> = losses.iter().copied().zip(0..).collect();
        let all = of_rows(&mut rows, &Weights::Equal, level);
        let tail = Tail::new(losses.len(), level);
        let full = rows[..tail.full].iter().map(|(loss, _)| loss).sum();
        assert_eq!(tail.mean(full, rows[tail.count() - 1].0), all);
        all
    }

    #[test]
    fn the_worst_are_averaged_and_the_last_in_part() {
        // By hand. 50 % of four: (110 + 100) / 2. 40 %: a tail of 0.6 × 4 = 2.4: (110 + 100 − 0.4·12) / 2.4 = 85.5.
        let losses = [110, -72, 100, -12].map(|loss| loss * G);
        assert_eq!(both(&losses, 50_000_000), 105 * G);
        assert_eq!(both(&losses, 40_000_000), 8_550_000_000);
        // 75 %: the worst alone; 99 %: less than one of four is the worst alone; 0 %: the mean, (110 + 100 − 84) / 4.
        assert_eq!(both(&losses, 75_000_000), 110 * G);
        assert_eq!(both(&losses, 99_000_000), 110 * G);
        assert_eq!(both(&losses, 0), 3_150_000_000);
        // (1 + 0 + 0) / 3 of a unit is rounded up, −(1 + 0 + 0) / 3 too: to 0.
        assert_eq!((both(&[1, 0, 0], 0), both(&[-1, 0, 0], 0)), (1, 0));
    }

    #[test]
    fn weights_are_probabilities() {
        // By hand. 80 %: 0.1 of 110 and 0.1 of 100 (which has 0.3), over 0.2; what weighs nothing counts nothing.
        let weights = Weights::Given([10, 20, 30, 40, 0].map(|percent| percent * ONE / 100).to_vec());
        let mut losses = [(110 * G, 0), (-72 * G, 1), (100 * G, 2), (-12 * G, 3), (999 * G, 4)];
        assert_eq!(of_rows(&mut losses, &weights, 80_000_000), 105 * G);
    }
}

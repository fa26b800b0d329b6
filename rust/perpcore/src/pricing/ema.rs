//! `mark.ema`: an average in which older samples fade, for steps of any number of whole seconds.
//!
//! num ← num·dⁿ + x·n, den ← den·dⁿ + n, dⁿ half to even at g once, num and den half to even at 10⁻¹⁶ once a step. As the
//! averages with irregular steps that Hyperliquid and others publish.

use crate::num::round::{credit_from_e16, div_floor};
use crate::num::wide::Wide;
use crate::num::{E8, E16, ONE};

/// 10⁶⁴ with its square: what powers of a decay are reckoned in.
type Power = Wide<8>;
/// num or den times a price.
type Product = Wide<4>;

/// 10¹⁶ as a divisor; four of them are the unit of [`Power`].
const UNIT_PART: u64 = 10_000_000_000_000_000;
/// As many powers as are kept at hand.
const KEPT: usize = 32;

/// What a second leaves of the weight of what was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decay {
    decay: i64,
    powers: Vec<i64>,
}

impl Decay {
    /// Of a decay in g, below 1.
    pub(super) fn new(decay: i64) -> Decay {
        Decay { decay, powers: (0..KEPT as u64).map(|seconds| power(decay, seconds)).collect() }
    }

    /// dⁿ in g.
    #[inline]
    fn after(&self, seconds: i64) -> i64 {
        match self.powers.get(seconds as usize) {
            Some(power) => *power,
            None => power(self.decay, seconds as u64),
        }
    }
}

/// decayⁿ, half to even at g once. 64 digits are exact up to n = 8, and beyond it no longer power of a decay is so near to a
/// half that 56 digits after it would not tell.
fn power(decay: i64, mut seconds: u64) -> i64 {
    let product = |a: &Power, b: &Power| (0..4).fold(a.product(b), |product, _| product.floor_by(UNIT_PART).0);
    let unit = |parts: u32| (0..parts).fold(Power::from(1), |unit, _| unit.times(UNIT_PART));
    let mut result = unit(4);
    let mut square = unit(3).times(E8 as u64).signed_times(decay);
    while seconds > 0 {
        if seconds % 2 == 1 {
            result = product(&result, &square);
        }
        seconds /= 2;
        square = product(&square, &square);
    }
    let divisor = unit(3).times(E8 as u64);
    result.even_by(&divisor)
}

/// An average, empty at first. Kept as the two sums at 10⁻¹⁶.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ema {
    num_e16: i128,
    den_e16: i128,
}

impl Ema {
    /// A sample `over_e16` / `under` that held for so many whole seconds.
    pub(super) fn step(&mut self, decay: &Decay, over_e16: i128, under: i64, seconds: i64) {
        let left = decay.after(seconds);
        let (under, seconds) = (i128::from(under), i128::from(seconds));
        let (whole, part) = div_floor(over_e16, under);
        let (carry, part) = div_floor(part * seconds, under);
        self.num_e16 = faded(self.num_e16, left, whole * seconds + carry, part, under);
        self.den_e16 = faded(self.den_e16, left, E16 * seconds, 0, 1);
    }

    /// Whether it has a sample.
    pub(super) fn is_some(&self) -> bool {
        self.den_e16 > 0
    }

    /// The average at g of prices, whose samples were at 10⁻¹⁶ as the average is.
    pub(super) fn price(&self) -> Option<i64> {
        self.is_some().then(|| Product::from(self.num_e16).times(E8 as u64).even_by(&Product::from(self.den_e16)))
    }

    /// Price × (1 + average), half to even at g; the average is above −1.
    pub(super) fn raise(&self, price: i64) -> i64 {
        if !self.is_some() {
            return price;
        }
        let factor = Product::from(self.num_e16 + self.den_e16);
        factor.signed_times(price).even_by(&Product::from(self.den_e16))
    }

    /// What a further call could depend on, as numbers.
    pub(super) fn numbers(&self) -> [i64; 4] {
        let halves = |number: i128| [number as i64, (number >> 64) as i64];
        let ([a, b], [c, d]) = (halves(self.num_e16), halves(self.den_e16));
        [a, b, c, d]
    }
}

/// sum·left/10⁸ + whole + part/under, half to even; 0 ≤ part < under.
///
/// The sum is below 2¹¹¹: a price at 10⁻¹⁶ times seconds; so it is taken apart before it is multiplied.
fn faded(sum: i128, left: i64, whole: i128, part: i128, under: i128) -> i128 {
    let high = credit_from_e16(sum);
    // Below 10¹⁶.
    let low = (sum - high * E8) as u64 * left as u64;
    let floor = high * i128::from(left) + i128::from(low / ONE as u64) + whole;
    // What is left of both, below 2.
    let (over, both) = (i128::from(low % ONE as u64) * under + part * E8, E8 * under);
    let (floor, over) = if over < both { (floor, over) } else { (floor + 1, over - both) };
    floor + i128::from(over > both - over || over == both - over && floor % 2 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_rounded_once() {
        // By hand: 0.5⁹·10⁸ = 195,312.5 and 0.5¹⁰·10⁸ = 97,656.25; 0.9² = 0.81; 0.96721610² = 0.9355069840992100,
        // of which …98,40992 is cut; 0.99999999^(10⁸) = e^(−1.000000005) = 0.36787943932…
        let cases = [(50_000_000, 9, 195_312), (50_000_000, 10, 97_656), (90_000_000, 2, 81_000_000)];
        for (decay, seconds, left) in cases.into_iter().chain([(96_721_610, 2, 93_550_698), (0, 1, 0), (0, 0, ONE)]) {
            assert_eq!(power(decay, seconds), left, "{decay}^{seconds}");
        }
        assert_eq!(power(99_999_999, 100_000_000), 36_787_944);
        assert_eq!(power(99_999_999, u64::MAX), 0);
    }

    #[test]
    fn samples_fade_by_the_seconds_between() {
        // num = 10·3·0.5³ + 20·3 = 63.75, den = 3·0.5³ + 3 = 3.375: 18.888…
        let (decay, mut ema) = (Decay::new(50_000_000), Ema::default());
        ema.step(&decay, 10 * E16, 1, 3);
        ema.step(&decay, 20 * E16, 1, 3);
        assert_eq!(ema.price(), Some(1_888_888_889));
    }

    #[test]
    fn halves_go_to_the_even_neighbor_once() {
        // 1·0.5 + 1/4 → 0.75 → 1; 3·0.5 + 0 = 1.5 → 2; 1·0.5 + 0 → 0; −1·0.5 → 0; −3·0.5 = −1.5 → −2; 1·0.5 + 1/2 = 1.
        let half = ONE / 2;
        let cases = [(1, 1, 4, 1), (3, 0, 1, 2), (1, 0, 1, 0), (-1, 0, 1, 0), (-3, 0, 1, -2), (1, 1, 2, 1)];
        for (sum, part, under, expected) in cases {
            assert_eq!(faded(sum, half, 0, part, under), expected, "{sum}/2 + {part}/{under}");
        }
    }
}

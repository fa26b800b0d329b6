//! Exact arithmetic in 64-bit lanes: a number too large for them is kept as its last 64 bits and a double near it.
//!
//! Sums and products of last bits wrap and stay exact modulo 2⁶⁴; the double is off by a little. That is enough to
//! divide exactly: the double gives a quotient that is nearly right, and what then remains fits 64 bits. Nothing here
//! branches, so a compiler does several numbers at once.

use super::round::charge_of;
use std::ops::{Add, Sub};

/// An exact number: its last 64 bits, and a double near it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Narrow {
    /// The number modulo 2⁶⁴.
    pub low: i64,
    /// Off by at most 900 times the divisor that it will meet.
    pub near: f64,
}

/// Up to this many units of a divisor, in size and in the sum of its parts' sizes, a [`Narrow`] of at most 200 parts may
/// reach: each part is off by at most 4 roundings of 2⁻⁵³ and so is each addition, so all by less than
/// 204 · 2⁻⁵³ · 2⁵⁴ = 408 units.
pub const REACH: f64 = (1_u64 << 54) as f64;

impl Narrow {
    /// A whole number.
    #[inline(always)]
    pub fn of(value: i64) -> Self {
        Narrow { low: value, near: value as f64 }
    }

    /// Times a whole number.
    #[inline(always)]
    pub fn times(self, factor: i64) -> Self {
        Narrow { low: self.low.wrapping_mul(factor), near: self.near * factor as f64 }
    }

    /// Another one added.
    #[inline(always)]
    pub fn plus(self, other: Self) -> Self {
        Narrow { low: self.low.wrapping_add(other.low), near: self.near + other.near }
    }

    /// ⌊self / D⌋ and whether something is left, for D up to 10¹⁶.
    ///
    /// Off by at most 900·D, the first quotient leaves less than 901·D < 2⁶³, so `left` is exact. Its own quotient is
    /// right up to one, cut toward zero, so `rest` lies in [−D, D] and one step each way ends in [0, D).
    #[inline(always)]
    pub fn divided<const D: i64>(self) -> (i64, bool) {
        let inverse = const { 1.0 / D as f64 };
        let first = (self.near * inverse) as i64;
        let left = self.low.wrapping_sub(first.wrapping_mul(D));
        let more = (left as f64 * inverse) as i64;
        let rest = left.wrapping_sub(more.wrapping_mul(D));
        let below = rest < 0;
        let rest = rest.wrapping_add(if below { D } else { 0 });
        let above = rest >= D;
        let quotient = first.wrapping_add(more).wrapping_sub(below as i64).wrapping_add(above as i64);
        (quotient, rest != 0 && rest != D)
    }

    /// ⌊self / D⌋.
    #[inline(always)]
    pub fn floor<const D: i64>(self) -> i64 {
        self.divided::<D>().0
    }

    /// ⌈self / D⌉.
    #[inline(always)]
    pub fn ceil<const D: i64>(self) -> i64 {
        let (quotient, inexact) = self.divided::<D>();
        quotient.wrapping_add(inexact as i64)
    }
}

/// Money in g, of a width that holds it.
pub trait Amount: Copy + Ord + Default + Add<Output = Self> + Sub<Output = Self> {
    /// Times a rate in g, rounded up.
    fn charge_of(self, rate: i64) -> Self;
}

impl Amount for i128 {
    #[inline(always)]
    fn charge_of(self, rate: i64) -> Self {
        charge_of(self, rate)
    }
}

/// For money within ±2⁵⁵ g and rates up to 10¹⁰ g (a hundredfold): the result fits 64 bits, and their product is off by
/// less than 2⁵⁵ · 10¹⁰ · 2⁻⁵¹ < 900 · 10⁸.
impl Amount for i64 {
    #[inline(always)]
    fn charge_of(self, rate: i64) -> Self {
        Narrow::of(self).times(rate).ceil::<{ super::ONE }>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::{E8, E16};

    const D8: i64 = E8 as i64;
    const D16: i64 = E16 as i64;

    /// The same number with its double moved by up to 900 divisors.
    fn check(exact: i128, off: f64) {
        let low = exact as i64;
        for (divisor, got) in [
            (E8, Narrow { low, near: exact as f64 + off * E8 as f64 }.divided::<D8>()),
            (E16, Narrow { low, near: exact as f64 + off * E16 as f64 }.divided::<D16>()),
        ] {
            let wanted = (exact.div_euclid(divisor) as i64, exact.rem_euclid(divisor) != 0);
            assert_eq!(got, wanted, "{exact} / {divisor}, double off by {off}");
        }
    }

    #[test]
    fn division_is_exact_however_the_double_is_off() {
        let mut state: u64 = 3;
        for at in 0..300_000_u32 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let size = i128::from(state) << (state >> 58) >> (at % 64);
            // Quotients up to 2⁵⁴: the double of a number off by a part of a divisor is off by little more.
            let exact = size.min((1 << 54) * E8 - 3);
            let off = f64::from((state >> 20) as u32 % 1_800) - 900.0;
            for near in [-1, 0, 1] {
                for exact in [exact + near, exact / E8 * E8 + near, exact / E16 * E16 + near] {
                    check(exact, off);
                    check(-exact, off);
                }
            }
        }
    }

    #[test]
    fn charges_are_the_wide_ones() {
        let mut state: u64 = 5;
        for at in 0..200_000_u32 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let money = (state >> 9 >> (at % 50)) as i64;
            for rate in [0, 1, 50_000_000, 100_000_000, 125_000_000, (state % 10_000_000_000) as i64, 10_000_000_000] {
                for money in [money, -money, money / D8 * D8] {
                    assert_eq!(
                        i128::from(money.charge_of(rate)),
                        i128::from(money).charge_of(rate),
                        "{money} × {rate}"
                    );
                }
            }
        }
    }
}

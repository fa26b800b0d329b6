//! Whole numbers wider than 128 bits, for products that must be compared exactly.
//!
//! They wrap, as the machine's do without its checks: whoever chooses a width knows that nothing passes it, and says
//! why where it is chosen. No allocation, no division but the two that are named.

use std::cmp::Ordering;

/// A number of 64·N bits in two's complement, the lowest 64 bits first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wide<const N: usize>([u64; N]);

impl<const N: usize> Wide<N> {
    /// 0
    pub const ZERO: Self = Wide([0; N]);

    /// The lowest 128 bits: all of it where N is 2, which then is the machine's own arithmetic.
    #[inline(always)]
    const fn low(&self) -> i128 {
        ((self.0[1] as u128) << 64 | self.0[0] as u128) as i128
    }

    /// Its bytes in two's complement, the lowest first.
    pub fn to_le_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|part| part.to_le_bytes()).collect()
    }

    /// Whether it is below 0.
    #[inline(always)]
    pub const fn is_negative(&self) -> bool {
        (self.0[N - 1] as i64) < 0
    }

    /// The same number in another width that holds it.
    #[inline(always)]
    pub fn to<const M: usize>(&self) -> Wide<M> {
        let sign = if self.is_negative() { u64::MAX } else { 0 };
        Wide(std::array::from_fn(|at| if at < N { self.0[at] } else { sign }))
    }

    /// How many bits a number that is not below 0 takes.
    fn bits(&self) -> u32 {
        let top = self.0.iter().rposition(|&part| part != 0);
        top.map_or(0, |top| 64 * (top as u32 + 1) - self.0[top].leading_zeros())
    }

    /// The number in 128 bits; none where it does not fit.
    #[inline(always)]
    pub fn narrow(&self) -> Option<i128> {
        let sign = ((self.0[1] as i64) >> 63) as u64;
        // Word by word: an array of them would be compared in a register that just took them one by one.
        let beyond = self.0.iter().skip(2).fold(0, |beyond, part| beyond | (part ^ sign));
        (beyond == 0).then_some(self.low())
    }

    /// self + other
    #[inline(always)]
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        if N == 2 {
            return Self::from(self.low().wrapping_add(other.low()));
        }
        let (mut sum, mut carry) = ([0; N], false);
        for (at, part) in sum.iter_mut().enumerate() {
            let (first, over) = self.0[at].overflowing_add(other.0[at]);
            let (second, more) = first.overflowing_add(u64::from(carry));
            (*part, carry) = (second, over | more);
        }
        Wide(sum)
    }

    /// −self
    #[inline(always)]
    #[must_use]
    pub fn negated(&self) -> Self {
        if N == 2 {
            return Self::from(self.low().wrapping_neg());
        }
        Wide(self.0.map(|part| !part)).plus(&Self::from(1))
    }

    /// self − other
    #[inline(always)]
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        if N == 2 {
            return Self::from(self.low().wrapping_sub(other.low()));
        }
        self.plus(&other.negated())
    }

    /// |self|
    #[inline(always)]
    #[must_use]
    pub fn size(&self) -> Self {
        if self.is_negative() { self.negated() } else { *self }
    }

    /// self × factor
    #[inline(always)]
    #[must_use]
    pub fn times(&self, factor: u64) -> Self {
        if N == 2 {
            return Self::from(self.low().wrapping_mul(i128::from(factor)));
        }
        let (mut product, mut carry) = ([0; N], 0);
        for (part, own) in product.iter_mut().zip(self.0) {
            let sum = (u128::from(own) * u128::from(factor)).wrapping_add(carry);
            (*part, carry) = (sum as u64, sum >> 64);
        }
        Wide(product)
    }

    /// self × factor, of either sign
    #[inline(always)]
    #[must_use]
    pub fn signed_times(&self, factor: i64) -> Self {
        let product = self.times(factor.unsigned_abs());
        if factor < 0 { product.negated() } else { product }
    }

    /// self × other
    #[must_use]
    pub fn product(&self, other: &Self) -> Self {
        if N == 2 {
            return Self::from(self.low().wrapping_mul(other.low()));
        }
        let mut sum = Self::ZERO;
        for (at, &part) in other.0.iter().enumerate().filter(|(_, part)| **part != 0) {
            let row = self.times(part);
            sum = sum.plus(&Wide(std::array::from_fn(|to| if to < at { 0 } else { row.0[to - at] })));
        }
        sum
    }

    /// ⌊self / divisor⌋, and whether something is left; divisor > 0.
    #[must_use]
    pub fn floor_by(&self, divisor: u64) -> (Self, bool) {
        let (mut quotient, mut left) = (self.size().0, 0);
        for part in quotient.iter_mut().rev() {
            let whole = left << 64 | u128::from(*part);
            (*part, left) = ((whole / u128::from(divisor)) as u64, whole % u128::from(divisor));
        }
        let quotient = Wide(quotient);
        match (self.is_negative(), left != 0) {
            (false, inexact) => (quotient, inexact),
            (true, false) => (quotient.negated(), false),
            (true, true) => (quotient.negated().minus(&Self::from(1)), true),
        }
    }

    /// ⌊self / divisor⌋ and whether something is left, where both are positive and the quotient fits 64 bits.
    ///
    /// One digit of a long division: with the divisor cut to its top 64 bits, the first of them 1, the quotient comes out
    /// at most 2 too large, and a product tells.
    pub fn quotient(&self, divisor: &Self) -> (u64, bool) {
        if let (Some(whole), Some(part)) = (self.narrow(), divisor.narrow()) {
            let (whole, part) = (whole.unsigned_abs(), part.unsigned_abs());
            let found = whole / part;
            return (found as u64, found.wrapping_mul(part) != whole);
        }
        let top = (0..N).rev().find(|&at| divisor.0[at] != 0).unwrap_or(0);
        let shift = divisor.0[top].leading_zeros();
        // Two parts of the dividend against one of the divisor, both as far to the left as the divisor goes.
        let at = |number: &Self, place: usize| number.0.get(place).copied().unwrap_or(0);
        let shifted = |number: &Self, place: usize| {
            let below = if place == 0 { 0 } else { at(number, place - 1) };
            if shift == 0 { at(number, place) } else { at(number, place) << shift | below >> (64 - shift) }
        };
        let whole = u128::from(shifted(self, top + 1)) << 64 | u128::from(shifted(self, top));
        let mut found = u64::try_from(whole / u128::from(shifted(divisor, top))).unwrap_or(u64::MAX);
        let mut left = self.minus(&divisor.times(found));
        while left.is_negative() {
            found -= 1;
            left = left.plus(divisor);
        }
        (found, left != Self::ZERO)
    }

    /// ⌊self / divisor⌋ and what is left, where neither is below 0 and the divisor, above it, has 65 bits less than this width:
    /// two digits of a long division. A quotient beyond 127 bits is the largest number of them, and nothing is left.
    pub fn divide(&self, divisor: &Self) -> (i128, Self) {
        if self.bits() > divisor.bits() + 126 {
            return (i128::MAX, Self::ZERO);
        }
        if self.bits() < divisor.bits() + 64 {
            let (floor, _) = self.quotient(divisor);
            return (floor.into(), self.minus(&divisor.times(floor)));
        }
        let above = Wide(std::array::from_fn(|at| self.0.get(at + 1).copied().unwrap_or(0)));
        let (high, _) = above.quotient(divisor);
        let left = above.minus(&divisor.times(high));
        let next = Wide(std::array::from_fn(|at| if at == 0 { self.0[0] } else { left.0[at - 1] }));
        let (low, _) = next.quotient(divisor);
        ((u128::from(high) << 64 | u128::from(low)) as i128, next.minus(&divisor.times(low)))
    }

    /// self / divisor, half to even, under the conditions of [`quotient`](Wide::quotient) and where the result fits.
    pub fn even_by(&self, divisor: &Self) -> i64 {
        let (floor, _) = self.quotient(divisor);
        let beyond = self.minus(&divisor.times(floor)).times(2);
        let up = match beyond.cmp(divisor) {
            Ordering::Less => 0,
            Ordering::Equal => floor % 2,
            Ordering::Greater => 1,
        };
        (floor + up) as i64
    }
}

impl<const N: usize> From<i128> for Wide<N> {
    #[inline(always)]
    fn from(number: i128) -> Self {
        let sign = (number >> 127) as u64;
        Wide(std::array::from_fn(|at| match at {
            0 => number as u64,
            1 => (number >> 64) as u64,
            _ => sign,
        }))
    }
}

impl<const N: usize> PartialOrd for Wide<N> {
    #[inline(always)]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<const N: usize> Ord for Wide<N> {
    #[inline(always)]
    fn cmp(&self, other: &Self) -> Ordering {
        if N == 2 {
            return self.low().cmp(&other.low());
        }
        let sign = other.is_negative().cmp(&self.is_negative());
        sign.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type W = Wide<4>;

    /// Numbers of all sizes and both signs.
    fn draws() -> Vec<i128> {
        let mut state: u64 = 5;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i128::from(state) << 64 | i128::from(state.rotate_left(31))
        };
        let mut all = vec![0, 1, -1, i128::MAX, i128::MIN, 1 << 64, -(1 << 64), (1 << 64) - 1];
        all.extend((0..300).map(|at| next() >> (at % 127)));
        all
    }

    fn behaves_as_the_machines<const N: usize>() {
        let all = draws();
        for pair in all.windows(2) {
            let [a, b] = [pair[0] >> 2, pair[1] >> 2];
            let [x, y] = [Wide::<N>::from(a), Wide::<N>::from(b)];
            assert_eq!((x.plus(&y).narrow(), x.minus(&y).narrow()), (Some(a + b), Some(a - b)));
            assert_eq!((x.negated().narrow(), x.size().narrow()), (Some(-a), Some(a.abs())));
            assert_eq!(x.cmp(&y), a.cmp(&b));
            let factor = (b >> 70) as i64;
            assert_eq!(x.signed_times(factor), x.product(&Wide::from(i128::from(factor))));
            assert_eq!(Wide::<N>::from(a >> 70).signed_times(factor).narrow(), Some((a >> 70) * i128::from(factor)));
            assert_eq!(x.to::<7>().to::<N>(), x);
        }
    }

    #[test]
    fn narrow_numbers_behave_as_the_machines() {
        behaves_as_the_machines::<2>();
        behaves_as_the_machines::<3>();
        behaves_as_the_machines::<4>();
    }

    #[test]
    fn products_and_divisions_undo_each_other() {
        let all = draws();
        for (at, &a) in all.iter().enumerate() {
            let b = all[(7 * at + 3) % all.len()];
            let product = W::from(a).product(&W::from(b));
            assert_eq!(product, W::from(b).product(&W::from(a)));
            let divisor = (b.unsigned_abs() as u64).max(1);
            let (floor, inexact) = product.floor_by(divisor);
            let left = product.minus(&floor.times(divisor));
            assert!(!left.is_negative() && left < W::from(i128::from(divisor)) && (left != W::ZERO) == inexact);

            // A divisor of any size above 0, times any 64 bits, and what may be left of it.
            let divisor = W::from(a >> 1).size().product(&W::from(b >> 70).size()).plus(&W::from(1));
            let quotient = (a >> 40) as u64;
            let largest = divisor.minus(&W::from(1));
            for left in [W::ZERO, largest.floor_by(2).0, largest] {
                let whole = divisor.times(quotient).plus(&left);
                assert_eq!(whole.quotient(&divisor), (quotient, left != W::ZERO), "{divisor:?} × {quotient}");
            }

            // The same of up to 127 bits, and of more.
            let divisor = W::from(b >> 1).size().plus(&W::from(1));
            let (quotient, largest) = ((a >> 1).abs(), divisor.minus(&W::from(1)));
            assert_eq!(W::from(i128::MAX).times(2).divide(&W::from(1)), (i128::MAX, W::ZERO));
            for left in [W::ZERO, largest.floor_by(2).0, largest] {
                let whole = divisor.product(&W::from(quotient)).plus(&left);
                assert_eq!(whole.divide(&divisor), (quotient, left), "{divisor:?} × {quotient}");
            }
        }
    }
}

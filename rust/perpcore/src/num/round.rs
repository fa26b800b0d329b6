//! Divisions that name their rounding. Every divisor is positive.

use super::{ONE, scaled};

/// ⌊a / b⌋, toward −∞.
#[inline(always)]
pub const fn div_floor(a: i128, b: i128) -> i128 {
    let (q, r) = (a / b, a % b);
    q - (r < 0) as i128
}

/// ⌈a / b⌉, toward +∞.
#[inline(always)]
pub const fn div_ceil(a: i128, b: i128) -> i128 {
    let (q, r) = (a / b, a % b);
    q + (r > 0) as i128
}

/// a / b, half to even.
pub const fn div_half_even(a: i128, b: i128) -> i128 {
    let floor = div_floor(a, b);
    let rest = a - floor * b;
    let up = rest > b - rest || (rest == b - rest && floor % 2 != 0);
    floor + up as i128
}

/// 10⁻²⁴ to g against the account where it is a credit: down.
#[inline(always)]
pub const fn credit_from_e24(exact: i128) -> i128 {
    floor_by_ten_to::<16>(exact)
}

/// 10⁻²⁴ to g against the account where it is a charge: up.
#[inline(always)]
pub const fn charge_from_e24(exact: i128) -> i128 {
    -floor_by_ten_to::<16>(-exact)
}

/// 10⁻¹⁶ to g against the account where it is a credit: down.
#[inline(always)]
pub const fn credit_from_e16(exact: i128) -> i128 {
    floor_by_ten_to::<8>(exact)
}

/// Money in g times a rate, a charge to the account: up to g.
#[inline(always)]
pub const fn charge_of(money: i128, rate: i64) -> i128 {
    -floor_by_ten_to::<8>(-scaled(money, rate))
}

/// ⌊a / 10ᴷ⌋ by multiplications; K is 8 or 16.
///
/// 10ᴷ = 2ᴷ·5ᴷ, so ⌊n / 10ᴷ⌋ = ⌊m / 5ᴷ⌋ for m = ⌊n / 2ᴷ⌋. With B = 63 − K bits put aside, h = ⌊m / 2ᴮ⌋ fits 64 bits
/// as n < 2¹²⁷, and so does c = ⌊2ᴱ / 5ᴷ⌋ for E = 63 + ⌊log₂ 5ᴷ⌋. The first quotient q = ⌊h·c / 2ᴱ⁻ᴮ⌋ is never above
/// ⌊m / 5ᴷ⌋, and below it by less than 2ᴮ/5ᴷ + h/2ᴱ⁻ᴮ + 1: cutting h loses less than 2ᴮ/5ᴷ, cutting c less than
/// h/2ᴱ⁻ᴮ. So what remains of m is below 2ᴮ + 5ᴷ·(2⁶⁴⁺ᴮ⁻ᴱ + 1) < 2⁶³ and is divided in 64 bits.
#[inline(always)]
const fn floor_by_ten_to<const K: u32>(a: i128) -> i128 {
    const { assert!(K == 8 || K == 16) };
    let five: u64 = const { 5_u64.pow(K) };
    let exponent: u32 = const { 63 + 5_u64.pow(K).ilog2() };
    let reciprocal: u64 = const { ((1_u128 << (63 + 5_u64.pow(K).ilog2())) / 5_u128.pow(K)) as u64 };
    let aside = 63 - K;

    let n = a.unsigned_abs();
    let m = n >> K;
    let first = ((m >> aside) * reciprocal as u128) >> (exponent - aside);
    let left = (m as u64).wrapping_sub((first as u64).wrapping_mul(five));
    let quotient = (first + (left / five) as u128) as i128;
    let inexact = !left.is_multiple_of(five) || n & ((1 << K) - 1) != 0;
    if a < 0 { -quotient - inexact as i128 } else { quotient }
}

/// ⌈1 / leverage⌉ in g: the initial rate that a leverage L ≥ 1 (in g) implies, rounded up.
pub const fn rate_of_leverage(leverage: i64) -> i64 {
    div_ceil(ONE as i128 * ONE as i128, leverage as i128) as i64
}

#[cfg(test)]
mod tests {
    use super::super::{E8, E16};
    use super::*;

    /// By hand: (a, b, floor, ceil, half even).
    const CASES: [(i128, i128, i128, i128, i128); 11] = [
        (7, 2, 3, 4, 4),
        (5, 2, 2, 3, 2),
        (-7, 2, -4, -3, -4),
        (-5, 2, -3, -2, -2),
        (6, 3, 2, 2, 2),
        (-6, 3, -2, -2, -2),
        (0, 9, 0, 0, 0),
        (1, 3, 0, 1, 0),
        (2, 3, 0, 1, 1),
        (-1, 3, -1, 0, 0),
        (-2, 3, -1, 0, -1),
    ];

    #[test]
    fn divisions_round_as_named() {
        for (a, b, floor, ceil, even) in CASES {
            assert_eq!((div_floor(a, b), div_ceil(a, b), div_half_even(a, b)), (floor, ceil, even), "{a} / {b}");
        }
    }

    #[test]
    fn the_divisions_by_multiplication_are_those_of_the_machine() {
        let mut state: u64 = 1;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i128::from(state) << 64 | i128::from(state.rotate_left(29))
        };
        let edges = [E8, E16, i128::MAX, i128::MIN + 1, i128::MAX - E16, i128::MAX / E16 * E16];
        for at in 0..200_000 {
            let any = next() >> (at % 127);
            for near in [-1, 0, 1] {
                for a in [any, any / E16 * E16, any / E8 * E8, edges[at % 6]] {
                    let a = a.saturating_add(near).max(i128::MIN + 1);
                    assert_eq!(credit_from_e24(a), a.div_euclid(E16));
                    assert_eq!(credit_from_e16(a), a.div_euclid(E8));
                    assert_eq!(charge_from_e24(a), -(-a).div_euclid(E16));
                }
            }
        }
    }

    #[test]
    fn a_leverage_becomes_a_rate_rounded_up() {
        // 1/9 = 0.111111111… → 0.11111112; 1/20 = 0.05; 1/1 = 1; 1/7 = 0.142857142… → 0.14285715.
        for (leverage, rate) in [(9, 11_111_112), (20, 5_000_000), (1, ONE), (7, 14_285_715)] {
            assert_eq!(rate_of_leverage(leverage * ONE), rate);
        }
    }
}

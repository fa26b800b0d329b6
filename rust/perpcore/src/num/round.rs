//! Divisions that name their rounding. Every divisor is positive.

use super::{ONE, scaled};

/// ⌈a / b⌉, toward +∞.
#[inline(always)]
pub const fn div_ceil(a: i128, b: i128) -> i128 {
    let (q, r) = (a / b, a % b);
    q + (r > 0) as i128
}

/// ⌊a / b⌋ and what is left of a, from 0 to b − 1.
#[inline(always)]
pub const fn div_floor(a: i128, b: i128) -> (i128, i128) {
    // As good as always both fit 64 bits, which are divided many times faster.
    if a as i64 as i128 == a && b as i64 as i128 == b {
        return ((a as i64).div_euclid(b as i64) as i128, (a as i64).rem_euclid(b as i64) as i128);
    }
    (a.div_euclid(b), a.rem_euclid(b))
}

/// a / b, half to even.
#[inline(always)]
pub const fn div_even(a: i128, b: i128) -> i128 {
    let (q, r) = div_floor(a, b);
    // r against b − r, since twice r could overflow.
    q + (r > b - r || r == b - r && q % 2 != 0) as i128
}

/// What an amount in 10⁻¹⁶ is a unit of a quantity above 0, in g, half to even: a price to be shown, at most the largest that can
/// be.
pub fn price_of(amount_e16: i128, quantity: i64) -> i64 {
    div_even(amount_e16, quantity.into()).clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// 10⁻²⁴ to g where it is neither: half to even.
#[inline(always)]
pub const fn even_from_e24(exact: i128) -> i128 {
    even_by_ten_to::<16>(exact)
}

/// 10⁻¹⁶ to g where it is neither: half to even.
#[inline(always)]
pub const fn even_from_e16(exact: i128) -> i128 {
    even_by_ten_to::<8>(exact)
}

/// a / 10ᴷ, half to even; K is 8 or 16.
#[inline(always)]
const fn even_by_ten_to<const K: u32>(a: i128) -> i128 {
    let size = a.unsigned_abs();
    let (whole, _) = divided_by_ten_to::<K>(size);
    let unit: u64 = const { 10_u64.pow(K) };
    // What is left is below 10ᴷ, so its last 64 bits are all of it.
    let left = (size as u64).wrapping_sub((whole as u64).wrapping_mul(unit));
    let even = whole + (left > unit / 2 || left == unit / 2 && whole % 2 != 0) as i128;
    if a < 0 { -even } else { even }
}

/// 10⁻²⁴ to g against the account where it is a credit: down.
#[inline(always)]
pub const fn credit_from_e24(exact: i128) -> i128 {
    floor_by_ten_to::<16>(exact)
}

/// 10⁻²⁴ to g against the account where it is a charge: up.
#[inline(always)]
pub const fn charge_from_e24(exact: i128) -> i128 {
    let (whole, inexact) = divided_by_ten_to::<16>(exact.unsigned_abs());
    if exact < 0 { -whole } else { whole + inexact as i128 }
}

/// 10⁻¹⁶ to g against the account where it is a credit: down.
#[inline(always)]
pub const fn credit_from_e16(exact: i128) -> i128 {
    floor_by_ten_to::<8>(exact)
}

/// 10⁻¹⁶ to g against the account where it is a charge: up.
#[inline(always)]
pub const fn charge_from_e16(exact: i128) -> i128 {
    -floor_by_ten_to::<8>(-exact)
}

/// Money in g times a rate, a charge to the account: up to g.
#[inline(always)]
pub const fn charge_of(money: i128, rate: i64) -> i128 {
    let exact = scaled(money, rate);
    let (whole, inexact) = divided_by_ten_to::<8>(exact.unsigned_abs());
    if exact < 0 { -whole } else { whole + inexact as i128 }
}

/// ⌊a / 10ᴷ⌋, toward −∞; K is 8 or 16.
#[inline(always)]
const fn floor_by_ten_to<const K: u32>(a: i128) -> i128 {
    let (whole, inexact) = divided_by_ten_to::<K>(a.unsigned_abs());
    if a < 0 { -whole - inexact as i128 } else { whole }
}

/// ⌊n / 10ᴷ⌋ for n < 2¹²⁷ by multiplications, and whether something is left; K is 8 or 16.
///
/// 10ᴷ = 2ᴷ·5ᴷ, so ⌊n / 10ᴷ⌋ = ⌊m / 5ᴷ⌋ for m = ⌊n / 2ᴷ⌋. With B = 63 − K bits put aside, h = ⌊m / 2ᴮ⌋ fits 64 bits,
/// and so does c = ⌊2ᴱ / 5ᴷ⌋ for E = 63 + ⌊log₂ 5ᴷ⌋. The first quotient q = ⌊h·c / 2ᴱ⁻ᴮ⌋ is never above ⌊m / 5ᴷ⌋, and
/// below it by less than 2ᴮ/5ᴷ + h/2ᴱ⁻ᴮ + 1: cutting h loses less than 2ᴮ/5ᴷ, cutting c less than h/2ᴱ⁻ᴮ. So what
/// remains of m is below 2ᴮ + 5ᴷ·(2⁶⁴⁺ᴮ⁻ᴱ + 1) < 2⁶³ and is divided in 64 bits.
#[inline(always)]
const fn divided_by_ten_to<const K: u32>(n: u128) -> (i128, bool) {
    const { assert!(K == 8 || K == 16) };
    let five: u64 = const { 5_u64.pow(K) };
    let exponent: u32 = const { 63 + 5_u64.pow(K).ilog2() };
    let reciprocal: u64 = const { ((1_u128 << (63 + 5_u64.pow(K).ilog2())) / 5_u128.pow(K)) as u64 };
    let aside = 63 - K;

    let m = n >> K;
    // Both factors fit 64 bits, so this is one machine product.
    let first = ((m >> aside) as u64 as u128).wrapping_mul(reciprocal as u128) >> (exponent - aside);
    let left = (m as u64).wrapping_sub((first as u64).wrapping_mul(five));
    let more = left / five;
    let inexact = left.wrapping_sub(more.wrapping_mul(five)) != 0 || n & ((1 << K) - 1) != 0;
    (first.wrapping_add(more as u128) as i128, inexact)
}

/// ⌈1 / leverage⌉ in g: the initial rate that a leverage L ≥ 1 (in g) implies, rounded up.
pub const fn rate_of_leverage(leverage: i64) -> i64 {
    div_ceil(ONE as i128 * ONE as i128, leverage as i128) as i64
}

#[cfg(test)]
mod tests {
    use super::super::{E8, E16};
    use super::*;

    #[test]
    fn a_division_rounds_up_as_named() {
        // By hand: 7/2 = 3.5, −7/2 = −3.5, 6/3 = 2, 1/3, −1/3.
        for (a, b, up) in [(7, 2, 4), (-7, 2, -3), (6, 3, 2), (-6, 3, -2), (0, 9, 0), (1, 3, 1), (-1, 3, 0)] {
            assert_eq!(div_ceil(a, b), up, "{a} / {b}");
        }
    }

    #[test]
    fn halves_go_to_the_even_neighbor() {
        // By hand: 5/2 = 2.5 → 2, 7/2 = 3.5 → 4, −5/2 → −2, −7/2 → −4, 2/3 → 1, 1/3 → 0, −2/3 → −1.
        assert_eq!(
            [div_floor(-7, 2), div_floor(E16 * E8 + 1, E16), div_floor(-1, E16)],
            [(-4, 1), (E8, 1), (-1, E16 - 1)]
        );
        for (a, b, even) in
            [(5, 2, 2), (7, 2, 4), (-5, 2, -2), (-7, 2, -4), (2, 3, 1), (1, 3, 0), (-2, 3, -1), (6, 3, 2)]
        {
            assert_eq!(div_even(a, b), even, "{a} / {b}");
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
                    for a in [a, a / E16 * E16 + E16 / 2] {
                        assert_eq!(even_from_e24(a), div_even(a, E16));
                    }
                    for a in [a, a / E8 * E8 + E8 / 2] {
                        assert_eq!(even_from_e16(a), div_even(a, E8));
                    }
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

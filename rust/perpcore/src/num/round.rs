//! Divisions that name their rounding. Every divisor is positive.

use super::{E8, E16, ONE, scaled};

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
    floor_by(exact, E16, RECIPROCAL_E16)
}

/// 10⁻²⁴ to g against the account where it is a charge: up.
#[inline(always)]
pub const fn charge_from_e24(exact: i128) -> i128 {
    -floor_by(-exact, E16, RECIPROCAL_E16)
}

/// 10⁻¹⁶ to g against the account where it is a credit: down.
#[inline(always)]
pub const fn credit_from_e16(exact: i128) -> i128 {
    floor_by(exact, E8, RECIPROCAL_E8)
}

/// Money in g times a rate, a charge to the account: up to g.
#[inline(always)]
pub const fn charge_of(money: i128, rate: i64) -> i128 {
    -floor_by(-scaled(money, rate), E8, RECIPROCAL_E8)
}

const RECIPROCAL_E8: u128 = u128::MAX / E8 as u128;
const RECIPROCAL_E16: u128 = u128::MAX / E16 as u128;

/// ⌊a / b⌋ by a multiplication, where `reciprocal` = ⌊(2¹²⁸ − 1) / b⌋ and b is no power of two.
///
/// For n = |a| < 2¹²⁷ let q = ⌊n·reciprocal / 2¹²⁸⌋. As 2¹²⁸/b − 1 < reciprocal < 2¹²⁸/b, n·reciprocal/2¹²⁸ lies
/// between n/b − n/2¹²⁸ and n/b, so q is ⌊n/b⌋ or one less, which the remainder tells.
#[inline(always)]
const fn floor_by(a: i128, b: i128, reciprocal: u128) -> i128 {
    let n = a.unsigned_abs();
    let mut q = high_half(n, reciprocal);
    let mut rest = n.wrapping_sub(q.wrapping_mul(b as u128));
    if rest >= b as u128 {
        q += 1;
        rest -= b as u128;
    }
    if a < 0 { -(q as i128) - (rest != 0) as i128 } else { q as i128 }
}

/// ⌊a·b / 2¹²⁸⌋.
#[inline(always)]
const fn high_half(a: u128, b: u128) -> u128 {
    const LOW: u128 = u64::MAX as u128;
    let (a1, a0, b1, b0) = (a >> 64, a & LOW, b >> 64, b & LOW);
    // No partial sum passes 128 bits: (2⁶⁴ − 1)² + 2·(2⁶⁴ − 1) = 2¹²⁸ − 1.
    let carry = a1.wrapping_mul(b0).wrapping_add(a0.wrapping_mul(b0) >> 64);
    let middle = a0.wrapping_mul(b1).wrapping_add(carry & LOW);
    a1.wrapping_mul(b1).wrapping_add(carry >> 64).wrapping_add(middle >> 64)
}

/// ⌈1 / leverage⌉ in g: the initial rate that a leverage L ≥ 1 (in g) implies, rounded up.
pub const fn rate_of_leverage(leverage: i64) -> i64 {
    div_ceil(ONE as i128 * ONE as i128, leverage as i128) as i64
}

#[cfg(test)]
mod tests {
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

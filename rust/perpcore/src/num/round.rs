//! Divisions that name their rounding. Every divisor is positive.

use super::{E8, E16, ONE};

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
    div_floor(exact, E16)
}

/// 10⁻²⁴ to g against the account where it is a charge: up.
#[inline(always)]
pub const fn charge_from_e24(exact: i128) -> i128 {
    div_ceil(exact, E16)
}

/// 10⁻¹⁶ to g against the account where it is a credit: down.
#[inline(always)]
pub const fn credit_from_e16(exact: i128) -> i128 {
    div_floor(exact, E8)
}

/// Money in g times a rate, a charge to the account: up to g.
#[inline(always)]
pub const fn charge_of(money: i128, rate: i64) -> i128 {
    div_ceil(money * rate as i128, E8)
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
    fn a_leverage_becomes_a_rate_rounded_up() {
        // 1/9 = 0.111111111… → 0.11111112; 1/20 = 0.05; 1/1 = 1; 1/7 = 0.142857142… → 0.14285715.
        for (leverage, rate) in [(9, 11_111_112), (20, 5_000_000), (1, ONE), (7, 14_285_715)] {
            assert_eq!(rate_of_leverage(leverage * ONE), rate);
        }
    }
}

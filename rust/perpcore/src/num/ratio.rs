//! a·b / c of amounts whose product may pass 128 bits; the result does not.

use super::round::{div_ceil, div_floor};
use super::wide::Wide;
use super::{ONE, times};

/// A product of two amounts, exact.
pub type Exact = Wide<4>;

/// a·b
#[inline(always)]
pub fn product(a: i128, b: i128) -> Exact {
    // As good as always both fit 64 bits, of which the machine makes products.
    match (i64::try_from(a), i64::try_from(b)) {
        (Ok(a), Ok(b)) => Exact::from(times(a, b)),
        _ => Exact::from(a).product(&Exact::from(b)),
    }
}

/// ⌊a·b / c⌋ of a of either sign, b of at least 0 and c above 0.
pub fn ratio_down(a: i128, b: i128, c: i128) -> i128 {
    match a.checked_mul(b) {
        Some(product) => div_floor(product, c).0,
        None if a < 0 => -up(-a, b, c),
        None => down(a, b, c).0,
    }
}

/// ⌈a·b / c⌉ likewise.
pub fn ratio_up(a: i128, b: i128, c: i128) -> i128 {
    match a.checked_mul(b) {
        Some(product) => div_ceil(product, c),
        None if a < 0 => -down(-a, b, c).0,
        None => up(a, b, c),
    }
}

/// What came of four numbers as doubles, each off by at most 2·2⁻⁵³ and a speck, and of four results that were rounded, is off by
/// less than this share.
const ERROR: f64 = 1.0 / (1_u64 << 48) as f64;
/// Up to here that is less than a half.
const NEAR: f64 = (1_u64 << 46) as f64;

/// ⌊a·b / (c·d)⌋ in g of a of either sign, b of at least 0, the others above 0.
pub fn grid_ratio_down([a, b]: [i128; 2], [c, d]: [i128; 2]) -> i128 {
    let (floor, exact) = grid_ratio([a.abs(), b], [c, d]);
    if a < 0 { -floor - i128::from(!exact) } else { floor }
}

/// The same of a of at least 0, and whether that is all of it.
#[inline(always)]
fn grid_ratio([a, b]: [i128; 2], [c, d]: [i128; 2]) -> (i128, bool) {
    // Doubles are far cheaper. Where their error reaches a whole number, products say on which side of it the ratio is.
    let near = double(a) * double(b) * ONE as f64 / (double(c) * double(d));
    if near >= NEAR {
        return divided([a, b], [c, d]);
    }
    let whole = (near + 0.5) as u64;
    if (near - whole as f64).abs() > near * ERROR {
        return ((near as i64).into(), false);
    }
    let side = product(a, b).times(ONE as u64).cmp(&product(c, d).times(whole));
    (i128::from(whole) - i128::from(side.is_lt()), side.is_eq())
}

#[cold]
fn divided([a, b]: [i128; 2], [c, d]: [i128; 2]) -> (i128, bool) {
    let (floor, left) = product(a, b).times(ONE as u64).divide(&product(c, d));
    (floor, left == Exact::ZERO)
}

/// A number of at least 0 as a double.
#[inline(always)]
fn double(number: i128) -> f64 {
    let (high, low) = ((number >> 64) as u64, number as u64 as f64);
    if high == 0 { low } else { high as f64 * 2_f64.powi(64) + low }
}

fn up(a: i128, b: i128, c: i128) -> i128 {
    let (floor, exact) = down(a, b, c);
    floor + i128::from(!exact)
}

/// ⌊a·b / c⌋, and whether that is all of it.
fn down(a: i128, b: i128, c: i128) -> (i128, bool) {
    let (floor, left) = product(a, b).divide(&Exact::from(c));
    (floor, left == Exact::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::E8;

    /// Ratios of all sizes, many of them next to a whole number.
    #[test]
    fn doubles_never_show_in_a_ratio() {
        let mut state: u64 = 11;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i128::from(state >> 2) << (state % 40)
        };
        for draw in 0..200_000 {
            let [a, b, c, d] = [next(), next() >> 40, 1 + next(), 1 + (next() >> 40)];
            // As drawn, and next to a whole number.
            let whole = ratio_down(draw % 1_000, c, E8);
            for (a, b, d) in [(a, b, d), (whole, d, d), (whole + 1, d, d), (whole, 1, 1), (draw * c, d, d)] {
                assert_eq!(grid_ratio([a, b], [c, d]), divided([a, b], [c, d]), "{a} {b} {c} {d}");
            }
            let (floor, exact) = divided([a, b], [c, d]);
            assert_eq!(grid_ratio_down([-a, b], [c, d]), -floor - i128::from(!exact));
        }
    }

    #[test]
    fn products_beyond_128_bits_are_divided_exactly() {
        let (a, b) = (10_i128.pow(30), 10_i128.pow(25));
        for (c, down, up) in
            [(10_i128.pow(28), 10_i128.pow(27), 10_i128.pow(27)), (3 * 10_i128.pow(25), a / 3, a / 3 + 1)]
        {
            assert_eq!([ratio_down(a, b, c), ratio_up(a, b, c)], [down, up]);
            assert_eq!([ratio_down(-a, b, c), ratio_up(-a, b, c)], [-up, -down]);
        }
    }
}

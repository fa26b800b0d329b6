//! a·b / c of amounts whose product may pass 128 bits; the result does not.

use super::round::{div_ceil, div_floor};
use super::wide::Wide;

/// A product of two amounts, exact.
pub type Exact = Wide<4>;

/// a·b
#[inline(always)]
pub fn product(a: i128, b: i128) -> Exact {
    Exact::from(a).product(&Exact::from(b))
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

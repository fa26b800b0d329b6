//! float64 to the grid: a float is the number of its shortest decimal text (docs/numbers.md).

use super::{NotANumber, text};

/// From here on two grid values can share a double: 2²⁶.
pub const SHARED_FROM: f64 = 67_108_864.0;

/// Reads a float64 into units of g.
///
/// Below 2²⁶ the shortest text with at most eight decimals, if there is one, is that of g, g − 1 or g + 1 for
/// g = rint(x·10⁸), found by dividing back; beyond, the text itself is read.
///
/// # Errors
/// [`NotANumber::NotFinite`], [`NotANumber::OffGrid`] where the shortest text has a ninth decimal,
/// [`NotANumber::OutOfRange`].
#[inline]
pub fn from_f64(x: f64) -> Result<i128, NotANumber> {
    if x.abs() < SHARED_FROM {
        let near = (x * 1e8).round_ties_even();
        for g in [near, near - 1.0, near + 1.0] {
            if g / 1e8 == x {
                return Ok(i128::from(g as i64));
            }
        }
        return Err(NotANumber::OffGrid);
    }
    from_text_of(x)
}

/// Reads float64s that are the nearest to a grid value and below 2²⁴, as most are, many at a time; false where one is
/// not, and then what was appended means nothing.
#[inline(always)]
pub fn append_common(values: &[f64], out: &mut Vec<i64>) -> bool {
    // Beside 1.5·2⁵² a double has no fraction, and its low bits are the number: the sum rounds to the nearest, ties to even.
    const WHOLE: f64 = 6_755_399_441_055_744.0;
    let mut common = true;
    out.extend(values.iter().map(|&x| {
        let near = x * 1e8 + WHOLE;
        common &= ((near - WHOLE) / 1e8 == x) & (x.abs() < 16_777_216.0);
        (near.to_bits() as i64).wrapping_sub(WHOLE.to_bits() as i64)
    }));
    common
}

#[cold]
fn from_text_of(x: f64) -> Result<i128, NotANumber> {
    if !x.is_finite() {
        return Err(NotANumber::NotFinite);
    }
    text::parse(&format!("{x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_many_at_a_time_is_what_is_read_alone() {
        let mut state: u64 = 1;
        let mut values = vec![0.0, -0.0, 0.3, 0.1 + 0.2, 1e-8, 1e-9, 16_777_215.999_999_98, 16_777_216.0, f64::NAN];
        values.extend([5e-324, f64::INFINITY, -1e300, 0.5e-8, 1.5e-8, -16_777_215.5]);
        for at in 0..100_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let g = (state as i64 >> (9 + at % 50)) as f64;
            values.extend([g / 1e8, f64::from_bits((g / 1e8).to_bits() ^ 1), f64::from_bits(state)]);
        }
        for x in values {
            let mut out = vec![7];
            if append_common(&[x], &mut out) {
                assert_eq!(Ok(i128::from(out[1])), from_f64(x), "{x}");
            } else {
                assert!(from_f64(x).is_err() || x.abs() >= 16_777_216.0 || (x * 1e8).round() / 1e8 != x, "{x}");
            }
        }
    }

    #[test]
    fn floats_are_their_shortest_text() {
        use NotANumber::{NotFinite, OffGrid, OutOfRange};
        let rows = [
            (0.3, Ok(30_000_000)),
            (0.1 + 0.2, Err(OffGrid)),
            (1e-8, Ok(1)),
            (-0.0, Ok(0)),
            (1e-9, Err(OffGrid)),
            (5e-324, Err(OffGrid)),
            (58_000.1, Ok(5_800_010_000_000)),
            (123_456_789.123_456_78, Ok(12_345_678_912_345_678)),
            (67_108_864.000_000_01, Ok(6_710_886_400_000_001)),
            (1e12, Ok(100_000_000_000_000_000_000)),
            (1e300, Err(OutOfRange)),
            (f64::NAN, Err(NotFinite)),
            (f64::INFINITY, Err(NotFinite)),
            (f64::NEG_INFINITY, Err(NotFinite)),
        ];
        for (x, wanted) in rows {
            assert_eq!(from_f64(x), wanted, "{x}");
        }
    }

    #[test]
    fn the_quick_test_agrees_with_the_text_of_every_float() {
        // A walk over doubles of every size below the threshold, and their neighbours.
        let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
        for _ in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let grid = (state >> 11) % 6_700_000_000_000_000;
            let shift = (state % 40) as u32;
            for bits in [-2_i64, -1, 0, 1, 2] {
                let x = f64::from_bits(((grid >> shift) as f64 / 1e8).to_bits().wrapping_add_signed(bits));
                if x.is_finite() && x.abs() < SHARED_FROM {
                    assert_eq!(from_f64(x), text::parse(&format!("{x}")), "{x}");
                }
            }
        }
    }
}

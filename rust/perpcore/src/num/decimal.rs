//! Decimal integers of any scale to the grid.

use super::NotANumber;

/// `value`·10⁻ˢᶜᵃˡᵉ in units of g; a negative scale multiplies.
///
/// # Errors
/// [`NotANumber::OffGrid`] where a digit beyond the eighth decimal is not zero, [`NotANumber::OutOfRange`] beyond
/// `i128`.
pub fn to_grid(value: i128, scale: i32) -> Result<i128, NotANumber> {
    let shift = 8 - scale;
    if value == 0 || shift == 0 {
        return Ok(value);
    }
    let power = 10_i128.checked_pow(shift.unsigned_abs());
    match (power, shift > 0) {
        (Some(power), true) => value.checked_mul(power).ok_or(NotANumber::OutOfRange),
        (Some(power), false) if value % power == 0 => Ok(value / power),
        (None, true) => Err(NotANumber::OutOfRange),
        (_, false) => Err(NotANumber::OffGrid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scale_lands_on_the_grid_or_is_refused() {
        let rows = [
            (5, 0, Ok(500_000_000)),
            (5, 8, Ok(5)),
            (5, 9, Err(NotANumber::OffGrid)),
            (50, 9, Ok(5)),
            (5, -2, Ok(50_000_000_000)),
            (-25, 1, Ok(-250_000_000)),
            (0, 100, Ok(0)),
            (1, 100, Err(NotANumber::OffGrid)),
            (1, -100, Err(NotANumber::OutOfRange)),
            (i128::MAX, 7, Err(NotANumber::OutOfRange)),
        ];
        for (value, scale, wanted) in rows {
            assert_eq!(to_grid(value, scale), wanted, "{value} scale {scale}");
        }
    }
}

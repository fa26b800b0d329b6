//! Fixed-point numbers: one grid, named roundings, exact conversions, bounds (docs/numbers.md).
//!
//! There is one grid, g = 10⁻⁸. Prices, quantities and rates are `i64` counts of g, money is an `i128`
//! count of g. A product of two grid numbers is a count of 10⁻¹⁶ (`_e16`), of three a count of 10⁻²⁴
//! (`_e24`); both are exact in `i128` within [`bounds`]. Names end in their unit where it is not g.
//!
//! Nothing here rounds silently: a conversion is exact or refused, a division names its rounding.

pub mod bounds;
pub mod decimal;
pub mod float;
pub mod ratio;
pub mod round;
pub mod text;
pub mod wide;

/// Units of g in one whole unit: 10⁸.
pub const ONE: i64 = 100_000_000;
/// Units of 10⁻¹⁶ in one unit of g, also g in one whole unit, as money.
pub const E8: i128 = 100_000_000;
/// Units of 10⁻²⁴ in one unit of g.
pub const E16: i128 = E8 * E8;

/// Why a number is not on the grid. The caller adds where it stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotANumber {
    /// Not plain decimal notation.
    Malformed,
    /// NaN or an infinity.
    NotFinite,
    /// More than eight decimals that are not zero.
    OffGrid,
    /// Beyond what any bound admits (more than 38 digits on the grid).
    OutOfRange,
}

/// Quantity × price, both in g: exact, in units of 10⁻¹⁶.
#[inline(always)]
pub const fn times(a: i64, b: i64) -> i128 {
    a as i128 * b as i128
}

/// An admitted amount × a rate or price in g: exact, the unit finer by 10⁻⁸.
///
/// The caller has bounded the amount (see [`bounds`]), so the product fits; the check is made in debug builds only,
/// since a checked product of 128 bits costs several times the product.
#[inline(always)]
pub const fn scaled(amount: i128, factor: i64) -> i128 {
    debug_assert!(amount.checked_mul(factor as i128).is_some());
    amount.wrapping_mul(factor as i128)
}

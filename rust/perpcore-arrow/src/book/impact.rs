//! The price of a notional walked through a side (`pricing.impact`): what is paid, divided by what is bought.

/// The notional in units of 10⁻⁸ over levels of (price, base quantity) in g, the best first: (p, d), where the price in g is
/// notional · 10⁸ · p ÷ d, exactly. None where the side is too thin.
pub(super) fn impact(notional: u64, levels: impl Iterator<Item = (i64, i64)>) -> Option<(u128, u128)> {
    let mut left = u128::from(notional) * 100_000_000;
    let mut bought = 0_u128;
    for (price, base) in levels {
        let (price, base) = (u128::from(price.unsigned_abs()), u128::from(base.unsigned_abs()));
        if left <= price * base {
            // Of the last level left ÷ price is bought.
            return Some((price, bought * price + left)).filter(|(_, divisor)| *divisor != 0);
        }
        left -= price * base;
        bought += base;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notional_is_walked_level_by_level() {
        const E8: i64 = 100_000_000;
        let levels = || [(100 * E8, E8), (110 * E8, 2 * E8)].into_iter();
        // 50 at 100 alone; 210 buys 1 at 100 and 1 at 110, at 105 on average; 321 is not there.
        assert_eq!(impact(50 * E8 as u64, levels()), Some((100 * E8 as u128, 50 * (E8 * E8) as u128)));
        let (price, divisor) = impact(210 * E8 as u64, levels()).expect("two levels");
        assert_eq!(210 * (E8 as u128).pow(2) * price / divisor, 105 * E8 as u128);
        assert_eq!(impact(321 * E8 as u64, levels()), None);
    }
}

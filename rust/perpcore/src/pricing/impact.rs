//! `impact`: the price at which an amount of money is bought or sold through one side of a book.
//!
//! As the impact bid and ask of Binance and BitMEX: the amount is quote notional, so its price is what the base bought
//! for it cost on average, and not the mean of the levels touched.

use crate::num::wide::Wide;
use crate::num::{E8, times};

/// 192 bits: see the bounds at the division.
type Exact = Wide<3>;

/// X / base bought for X quote notional (in g, from 1 to 10²⁰), walked through `levels` of (price, quantity) in g, the
/// best first; half to even at g. None where the side is too thin.
///
/// ```
/// use perpcore::num::ONE;
/// use perpcore::pricing::impact::impact;
/// // 10 at 100 and 10 at 101: 2,010 buys all 20.
/// let asks = [(100 * ONE, 10 * ONE), (101 * ONE, 10 * ONE)];
/// assert_eq!(impact(asks, 2_010 * i128::from(ONE)), Some(100 * ONE + ONE / 2));
/// assert_eq!(impact(asks, 2_011 * i128::from(ONE)), None);
/// ```
pub fn impact(levels: impl IntoIterator<Item = (i64, i64)>, notional: i128) -> Option<i64> {
    let wanted_e16 = notional * E8;
    let (mut spent_e16, mut base) = (0, 0);
    for (price, quantity) in levels {
        let value_e16 = times(price, quantity);
        let left_e16 = wanted_e16 - spent_e16;
        if left_e16 <= value_e16 {
            return Some(average(wanted_e16, base, price, left_e16));
        }
        spent_e16 += value_e16;
        base += i128::from(quantity);
    }
    None
}

/// X / (base + left / price), half to even.
///
/// That is X·price / (base·price + left). X is below 10²⁹ at 10⁻¹⁶; what was bought before cost less than X at one unit
/// of g or more, so base is below 10²⁹ too, and a price is at most 10¹⁶: both products are below 2¹⁵⁰. The quotient lies
/// between the best price and the last, so it fits 64 bits.
fn average(wanted_e16: i128, base: i128, price: i64, left_e16: i128) -> i64 {
    let whole = Exact::from(wanted_e16).signed_times(price);
    let part = Exact::from(base).signed_times(price).plus(&Exact::from(left_e16));
    whole.even_by(&part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::bounds::{MONEY, PRICE};
    use crate::num::{ONE, text};

    fn walked(levels: &[(&str, &str)], notional: &str) -> Option<String> {
        let grid = |number| text::parse(number).unwrap();
        let levels = levels.iter().map(|(price, quantity)| (grid(price) as i64, grid(quantity) as i64));
        impact(levels, grid(notional)).map(|price| text::plain(price.into()))
    }

    #[test]
    fn the_price_is_the_notional_by_the_base_bought() {
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, Option<&'a str>);
        let cases: &[Case<'_>] = &[
            // Within the first level: that level.
            (&[("100.5", "300")], "25000", Some("100.5")),
            // 25,000 / (100 + 100 + 5,050/99) = 2,475,000 / 24,850 = 99.597585513…
            (&[("100", "100"), ("99.5", "100"), ("99", "200")], "25000", Some("99.59758551")),
            // Exactly used up: 2,010 / 20.
            (&[("100", "10"), ("101", "10")], "2010", Some("100.5")),
            (&[("100", "10"), ("101", "10")], "2010.00000001", None),
            (&[], "0.00000001", None),
            // 4 / (1 + 3/4) = 16/7 = 2.285714285714…
            (&[("1", "1"), ("4", "1")], "4", Some("2.28571429")),
        ];
        for (levels, notional, price) in cases {
            assert_eq!(walked(levels, notional).as_deref(), *price, "{notional} through {levels:?}");
        }
    }

    #[test]
    fn halves_go_to_the_even_neighbor() {
        // In units of g: 2 buys 1 at 1 and half at 2, 2 / 1.5 = 1.33…; 6 buys 3 at 1 and 1 at 3, 6/4 = 1.5; 25 buys 5 at 2
        // and 5 at 3, 25/10 = 2.5.
        let at = |levels: [(i64, i64); 2], notional_e16: i128| {
            let (last, first) = (levels[1], levels[0]);
            let left = notional_e16 - times(first.0, first.1);
            average(notional_e16, first.1.into(), last.0, left)
        };
        assert_eq!(at([(1, 1), (2, 1)], 2), 1);
        assert_eq!(at([(1, 3), (3, 1)], 6), 2);
        assert_eq!(at([(2, 5), (3, 5)], 25), 2);
    }

    #[test]
    fn the_largest_numbers_are_exact() {
        let (most, dearest) = (MONEY.max, PRICE.max as i64);
        assert_eq!(impact([(dearest, i64::MAX)], most), Some(dearest));
        // All the money but one unit of g for what costs one unit of g each, the rest at the dearest: hardly more than 1.
        let cheap = (most - 1) * E8;
        let base = (0..).map_while(|at| {
            let left = cheap - at * i128::from(i64::MAX);
            (left > 0).then(|| (1, left.min(i64::MAX.into()) as i64))
        });
        let few = base.take(5).chain([(dearest, i64::MAX)]);
        assert!(impact(few, most).is_some_and(|price| 1 < price && price < dearest));
        assert_eq!(impact([(1, ONE), (2, 1)], 1), Some(1));
    }
}

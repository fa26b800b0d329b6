//! `index.value`: the value of an index from its live groups, exactly, rounded once.
//!
//! The median over groups, each group clamped to ±`max_deviation` of it, their weighted mean in which no group has more than
//! max(`max_group_weight`, 1/groups) of the weight.
//!
//! Everything is a fraction of whole numbers. Weights are whole numbers that together are at most 10⁶ (`rules`), so a sum of
//! prices by weight is below 2⁵⁴·2²⁰, the median's fraction below 2⁵⁴·2⁴⁰ over 2⁴⁰.

use crate::num::bounds::PRICE;
use crate::num::round::div_even;
use crate::num::wide::Wide;
use crate::num::{E8, ONE, times};
use std::cmp::Ordering;

/// What the live sources of a group say together: `sum` / `weight` is their weighted mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Voice {
    /// Σ weight·price, in g.
    pub(super) sum: i128,
    /// Σ weight; above 0.
    pub(super) weight: i64,
}

impl Voice {
    /// Of one source.
    #[inline]
    pub(super) fn new(price: i64, weight: i64) -> Voice {
        Voice { sum: times(price, weight), weight }
    }

    /// One source more.
    pub(super) fn add(&mut self, price: i64, weight: i64) {
        self.sum += times(price, weight);
        self.weight += weight;
    }

    /// The mean, half to even.
    #[inline]
    pub(super) fn mean(&self) -> i64 {
        // As good as always 64 bits hold the sum, and they are divided much faster.
        match (u64::try_from(self.sum), self.weight as u64) {
            (Ok(sum), weight) => {
                let (floor, left) = (sum / weight, sum % weight);
                (floor + u64::from(left > weight - left || left == weight - left && floor % 2 != 0)) as i64
            }
            _ => div_even(self.sum, self.weight.into()) as i64,
        }
    }

    /// Compares two means.
    #[inline]
    pub(super) fn cmp(&self, other: &Voice) -> Ordering {
        if self.weight == other.weight {
            return self.sum.cmp(&other.sum);
        }
        (self.sum * i128::from(other.weight)).cmp(&(other.sum * i128::from(self.weight)))
    }
}

/// A positive fraction.
#[derive(Clone, Copy, Debug)]
struct Fraction {
    over: i128,
    under: i128,
}

/// The shares of the weight of the groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shares {
    /// As they weigh.
    Own,
    /// All the same.
    Equal,
    /// Those that weigh more than `above` have `capped` each, and the others `rest` times what they weigh.
    Capped { above: i64, capped: i128, rest: i128 },
}

impl Shares {
    /// What a group has, beside the others.
    #[inline]
    fn of(self, group: &Voice) -> i128 {
        match self {
            Shares::Own => group.weight.into(),
            Shares::Equal => 1,
            Shares::Capped { above, capped, .. } if group.weight > above => capped,
            Shares::Capped { rest, .. } => rest * i128::from(group.weight),
        }
    }
}

/// The value of the groups, which rise; at least one. The deviation is in g. Half to even at g.
#[inline]
pub(super) fn value(groups: &[Voice], max_deviation: i64, shares: Shares) -> i64 {
    let median = median(groups);
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else { return 0 };
    let bounds = [ONE - max_deviation, ONE + max_deviation];
    let [low, high] = bounds.map(|share| Side { median, share });
    let inside = !first.is_beyond(&low, Ordering::Less) && !last.is_beyond(&high, Ordering::Greater);
    if inside && shares == Shares::Own {
        let sum = |all: Voice, group: &Voice| Voice { sum: all.sum + group.sum, weight: all.weight + group.weight };
        return groups.iter().fold(Voice::default(), sum).mean();
    }
    bounded(groups, [low, high], shares)
}

/// The middle one, or the mean of the middle two.
fn median(groups: &[Voice]) -> Fraction {
    let middle = groups.len() / 2;
    let upper = groups[middle];
    if groups.len() % 2 == 1 {
        return Fraction { over: upper.sum, under: upper.weight.into() };
    }
    let lower = groups[middle - 1];
    let [below, above] = [lower, upper].map(|group| i128::from(group.weight));
    Fraction { over: lower.sum * above + upper.sum * below, under: 2 * below * above }
}

/// A bound: the median times `share` / 10⁸. Both stay apart, since their product passes 128 bits.
#[derive(Clone, Copy, Debug)]
struct Side {
    median: Fraction,
    share: i64,
}

impl Voice {
    /// Whether the mean lies on one side of a bound: sum·under·10⁸ against over·weight·share.
    #[inline]
    fn is_beyond(&self, bound: &Side, on: Ordering) -> bool {
        let Side { median: Fraction { over, under }, share } = bound;
        // Products of at most 2¹¹⁴, each times at most 2²⁸.
        compare_products(self.sum * under, ONE, over * i128::from(self.weight), *share) == on
    }
}

/// Compares a·x with b·y; none is below 0.
#[inline]
fn compare_products(a: i128, x: i64, b: i128, y: i64) -> Ordering {
    let product = |number: i128, factor: i64| {
        let (number, factor) = (number as u128, factor as u128);
        let low = (number & u128::from(u64::MAX)) * factor;
        let high = (number >> 64) * factor + (low >> 64);
        (high, low as u64)
    };
    product(a, x).cmp(&product(b, y))
}

/// What each group has of the weight, of which none has more than max(`most`, 1/groups).
pub(super) fn shares(groups: &[Voice], most: i64) -> Shares {
    let total: i64 = groups.iter().map(|group| group.weight).sum();
    let heaviest = groups.iter().map(|group| group.weight).max().unwrap_or(0);
    let over = |weight: i64, share: i128| i128::from(weight) * E8 > i128::from(total) * share;
    if i128::from(most) * (groups.len() as i128) < E8 {
        // 1 / groups is more: who is above it leaves less for somebody else, so that all come to have it.
        let equal = i128::from(heaviest) * groups.len() as i128 == i128::from(total);
        return if equal { Shares::Own } else { Shares::Equal };
    }
    if !over(heaviest, most.into()) {
        return Shares::Own;
    }
    // The rest of all that the capped leave goes to the others in proportion; that may lift the next one over the cap.
    let (mut above, mut rest, mut others) = (i64::MAX, E8, total);
    loop {
        let next = |weight: i64| weight <= above && rest * i128::from(weight) > i128::from(most) * i128::from(others);
        let Some(least) = groups.iter().map(|group| group.weight).filter(|weight| next(*weight)).min() else { break };
        above = least - 1;
        let capped = groups.iter().filter(|group| group.weight > above);
        let (count, weight) = capped.fold((0, 0), |(count, sum), group| (count + 1, sum + group.weight));
        (rest, others) = (E8 - count * i128::from(most), total - weight);
    }
    Shares::Capped { above, capped: i128::from(most) * i128::from(others), rest }
}

/// The weighted mean where some group is bounded, or has another share than its own.
fn bounded(groups: &[Voice], sides: [Side; 2], shares: Shares) -> i64 {
    // A price times all shares times every denominator, of which there are the weights of groups and the bounds' own.
    let bits = |number: i128| 128 - number.leading_zeros();
    let all: i128 = groups.iter().map(|group| shares.of(group)).sum();
    let denominators: u32 = groups
        .iter()
        .filter(|group| shares.of(group) % i128::from(group.weight) != 0)
        .map(|group| bits(group.weight.into()))
        .sum();
    let needed = bits(PRICE.max) + bits(all) + denominators + bits(sides[0].median.under * E8);
    // At most 20 groups are capped, whose weights have a product of at most (10⁶/20)²⁰ < 2³¹³.
    if needed < 190 {
        mean_of_shares::<3>(groups, sides, shares, all)
    } else {
        mean_of_shares::<8>(groups, sides, shares, all)
    }
}

fn mean_of_shares<const N: usize>(groups: &[Voice], [low, high]: [Side; 2], shares: Shares, all: i128) -> i64 {
    // Σ share·price = whole + part / under.
    let (mut whole, mut part, mut under) = (Wide::<N>::ZERO, Wide::<N>::ZERO, Wide::<N>::from(1));
    let mut add = |over: &Wide<N>, by: i128| {
        let by = Wide::from(by);
        part = part.product(&by).plus(&over.product(&under));
        under = under.product(&by);
    };
    // Shares of groups at a bound add up before they meet its fraction; both bounds are fractions of one denominator.
    let mut at_bounds = 0_i128;
    for group in groups {
        let share = shares.of(group);
        if group.is_beyond(&low, Ordering::Less) {
            at_bounds += share * i128::from(low.share);
        } else if group.is_beyond(&high, Ordering::Greater) {
            at_bounds += share * i128::from(high.share);
        } else if share % i128::from(group.weight) == 0 {
            let times = Wide::from(share / i128::from(group.weight));
            whole = whole.plus(&Wide::from(group.sum).product(&times));
        } else {
            add(&Wide::from(group.sum).product(&Wide::from(share)), group.weight.into());
        }
    }
    if at_bounds != 0 {
        // A share is below 2⁴⁸, a bound's below 2²⁸.
        add(&Wide::from(low.median.over).product(&Wide::from(at_bounds)), low.median.under * E8);
    }
    let over = whole.product(&under).plus(&part);
    over.even_by(&under.product(&Wide::from(all)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::text;

    /// The value of groups of one source each, (price, weight), under a deviation of 3 % and a cap of 40 %.
    fn valued(groups: &[(&str, i64)]) -> String {
        let mut voices: Vec<_> =
            groups.iter().map(|(price, weight)| Voice::new(text::parse(price).unwrap() as i64, *weight)).collect();
        voices.sort_unstable_by(Voice::cmp);
        text::plain(value(&voices, 3_000_000, shares(&voices, 40_000_000)).into())
    }

    #[test]
    fn no_group_is_more_than_its_share_or_further_than_its_distance() {
        for (groups, expected) in [
            (&[("100", 1), ("101", 1), ("99", 1)][..], "100"),
            // Median 100.5, so 110 counts as 103.515: 403.515 / 4.
            (&[("100", 1), ("101", 1), ("99", 1), ("110", 1)], "100.87875"),
            // 0.4·100 + 0.3·101 + 0.3·102.
            (&[("100", 8), ("101", 1), ("102", 1)], "100.9"),
            // 45 % twice are 40 %; 0.2 is left for 1 : 1 : 2.
            (&[("100", 90), ("101", 90), ("99", 5), ("102", 5), ("100", 10)], "100.45"),
            // 60 → 40; 30 · 0.6/0.4 = 45 → 40; 6 and 4 share 0.2.
            (&[("100", 60), ("102", 30), ("101", 6), ("99", 4)], "100.84"),
            // Two groups have half each, whatever they weigh.
            (&[("100", 9), ("101", 1)], "100.5"),
            // Halves go to the even neighbor.
            (&[("1", 1), ("1.00000001", 1)], "1"),
            (&[("1.00000001", 1), ("1.00000002", 1)], "1.00000002"),
            // A third of a unit, and two thirds.
            (&[("1", 1), ("1", 1), ("1.00000001", 1)], "1"),
            (&[("1", 1), ("1.00000001", 1), ("1.00000001", 1)], "1.00000001"),
        ] {
            assert_eq!(valued(groups), expected, "{groups:?}");
        }
    }

    #[test]
    fn the_wide_and_the_narrow_mean_are_one() {
        // 5 groups of weights that have nothing in common, two of them capped, the outer ones at their bounds.
        let groups = [(90_000, 7), (99_000, 499_979), (100_000, 11), (101_000, 499_957), (115_000, 13)];
        let groups = groups.map(|(price, weight)| Voice::new(price * ONE + 1, weight));
        let (median, shares) = (median(&groups), shares(&groups, 40_000_000));
        assert!(matches!(shares, Shares::Capped { .. }));
        let sides = [97_000_000, 103_000_000].map(|share| Side { median, share });
        let all = groups.iter().map(|group| shares.of(group)).sum();
        // By hand: 0.4·99,000 + 0.4·101,000 + 0.2·(7·97,000 + 11·100,000 + 13·103,000)/31, and a unit of g each.
        let expected =
            80_000 * i128::from(ONE) + i128::from(ONE) * (7 * 97_000 + 11 * 100_000 + 13 * 103_000) / (31 * 5);
        let wide = mean_of_shares::<8>(&groups, sides, shares, all);
        assert!((i128::from(wide) - expected).abs() <= 2);
        assert_eq!(bounded(&groups, sides, shares), wide);
    }
}

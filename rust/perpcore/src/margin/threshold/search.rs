//! `threshold.liquidation`: the search on one side of the mark (docs/margin.md).
//!
//! The surplus, equity − MM, is concave in t and made of straight lines. A line that touches it lies nowhere below it, so
//! its root is never inside the surplus's own; from there on the next line is touched, a tick at least farther inward,
//! until the surplus is no longer negative. That is the first tick inside the exact root, found by a division a line.
//! From there rounded figures decide.

use super::line::{Line, Point, Price, Root};
use crate::num::E16;
use crate::num::bounds::PRICE;
use crate::num::wide::Wide;

/// A bucket as one underlying moves.
pub trait Curve {
    /// The line of the exact surplus at a point, on one side of it, in units that [`Curve::unit`] says.
    fn line<const N: usize, P: Point<N>>(&mut self, at: &P, upward: bool) -> Line<N>;
    /// What 10⁻²⁴ are in the lines; above 0.
    fn unit<const N: usize>(&self) -> Wide<N>;
    /// Whether it is known, without a look at any price, that the surplus never falls below what it is at the mark on the
    /// way down, or up. What is not known is found out.
    fn never_falls(&self, downward: bool) -> bool;
    /// By how much the rounded surplus may be above the exact one, in 10⁻²⁴; mostly 0.
    fn slack_e24(&self) -> i128;
    /// By how much it may be below it, in 10⁻²⁴.
    fn cost_e24(&self) -> i128;
    /// Equity and maintenance margin at a price, rounded as the valuation does; none beyond its bounds.
    fn figures(&mut self, at: &Price) -> Option<(i128, i128)>;
}

/// Where an instrument stands.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Its mark, in g.
    pub mark: i64,
    /// Its reduced price.
    pub base: i64,
    /// Its tick, in g.
    pub tick: i64,
}

impl Place {
    /// The point of a price.
    #[inline(always)]
    pub fn at(&self, price: i64) -> Price {
        Price { price: price.unsigned_abs(), base: self.base.unsigned_abs() }
    }
}

/// Rounded figures are looked at on so many ticks. Where the surplus stays within its roundings for longer, it is the
/// first tick where it is beyond them.
const MOST_TICKS: usize = 4_096;

/// Lines at a root of lines: products of two of them stay within.
const TWICE: usize = 12;

/// The search below (or above) the mark, with lines of N words.
pub struct Search<'a, C, const N: usize> {
    /// The bucket.
    pub curve: &'a mut C,
    /// The instrument.
    pub place: Place,
    /// Whether it is below the mark.
    pub below: bool,
}

/// The first tick inside a root, or the mark where there is none before it.
struct Found<const N: usize> {
    price: i64,
    /// The line that leads to the root from outside.
    outer: Line<N>,
    /// The line at the tick, on the side of the mark.
    inner: Option<Line<N>>,
    /// The surplus at the tick; 0 at the mark, where it was not looked at.
    surplus: Wide<N>,
}

impl<C: Curve, const N: usize> Search<'_, C, N> {
    /// The liquidation price of a bucket that is not in liquidation; none where it has none on this side.
    pub fn price(mut self) -> Option<i64> {
        if self.curve.never_falls(self.below) {
            return None;
        }
        let found = self.find(&Wide::ZERO)?;
        let slack = self.curve.slack_e24();
        // Nothing outside the root is safe, and the first tick inside is by more than roundings take: mostly so.
        if slack == 0 && found.surplus >= self.cost() {
            return Some(found.price);
        }
        if self.is_shallow_at(&found) {
            return Some(found.price);
        }
        let start = if slack == 0 {
            found.price
        } else {
            let slack = self.curve.unit::<N>().product(&Wide::from(slack));
            self.find(&slack).map_or_else(|| self.outermost(), |outer| outer.price)
        };
        Some(self.first_safe(start))
    }

    /// The first tick inward of `start` that is not in liquidation by rounded figures; the mark where none is.
    fn first_safe(&mut self, start: i64) -> i64 {
        let (mut price, inward) = (start, if self.below { self.place.tick } else { -self.place.tick });
        for _ in 0..MOST_TICKS {
            if self.is_past_mark(price) {
                return self.place.mark;
            }
            let at = self.place.at(price);
            let safe = match self.curve.figures(&at) {
                Some((equity, maintenance)) => equity >= maintenance,
                None => self.line(price, self.below, &Wide::ZERO).at(&at) >= self.cost(),
            };
            if safe {
                return price;
            }
            price += inward;
        }
        let cost = self.curve.unit::<N>().product(&Wide::from(self.curve.cost_e24()));
        self.find(&cost.negated()).map_or(self.place.mark, |found| found.price)
    }

    /// What roundings may take from a surplus, as [`Line::at`] a price has it.
    #[inline(always)]
    fn cost(&self) -> Wide<N> {
        let cost = self.curve.unit::<N>().product(&Wide::from(self.curve.cost_e24()));
        Point::<N>::below(&self.place.at(0), &cost)
    }

    fn bound(&self) -> i64 {
        if self.below { 0 } else { PRICE.max as i64 }
    }

    /// The outermost tick inside the bounds.
    fn outermost(&self) -> i64 {
        if self.below { self.place.tick } else { self.bound() / self.place.tick * self.place.tick }
    }

    fn is_past_mark(&self, price: i64) -> bool {
        if self.below { price >= self.place.mark } else { price <= self.place.mark }
    }

    /// The line of surplus + `more` at a price.
    #[inline(always)]
    fn line(&mut self, price: i64, upward: bool, more: &Wide<N>) -> Line<N> {
        let line = self.curve.line(&self.place.at(price), upward);
        Line { constant: line.constant.plus(more), ..line }
    }

    /// Where surplus + `more` comes to 0; none where it does not inside the bounds.
    fn find(&mut self, more: &Wide<N>) -> Option<Found<N>> {
        let (mark, inward) = (self.place.mark, self.below);
        if mark == self.bound() {
            return None;
        }
        let mut outer = self.line(mark, !inward, more);
        let mut next = self.first_tick(&outer);
        if next.is_none() {
            // The line at the mark says nothing of what lies far out: begin there.
            outer = self.line(self.bound(), inward, more);
            if !outer.at(&self.place.at(self.bound())).is_negative() {
                return None;
            }
            next = self.first_tick(&outer);
        }
        while let Some(price) = next.filter(|price| !self.is_past_mark(*price)) {
            let inner = self.line(price, inward, more);
            let surplus = inner.at(&self.place.at(price));
            if !surplus.is_negative() {
                return Some(Found { price, outer, inner: Some(inner), surplus });
            }
            outer = inner;
            next = self.first_tick(&outer);
        }
        Some(Found { price: mark, outer, inner: None, surplus: Wide::ZERO })
    }

    /// The first tick inside the root of a line that rises toward the mark, at most the mark; none where it does not, or
    /// where the root is not inside the bounds.
    #[inline(always)]
    fn first_tick(&self, line: &Line<N>) -> Option<i64> {
        let Place { mark, tick, .. } = self.place;
        let words = |price: i64| price.unsigned_abs();
        let rise = self.rise(line);
        if rise.is_negative() || rise == Wide::ZERO {
            return None;
        }
        // The root is n·base / rise.
        let n = if self.below { line.constant.negated() } else { line.constant };
        let n: Wide<N> = Point::<N>::below(&self.place.at(0), &n);
        let at_mark = n.cmp(&rise.times(words(mark)));
        if self.below {
            if n.is_negative() || n == Wide::ZERO {
                return None;
            }
            if at_mark.is_ge() {
                return Some(mark);
            }
            let (ticks, more) = n.quotient(&rise.times(words(tick)));
            Some(((ticks as i64 + i64::from(more)) * tick).min(mark))
        } else {
            if n >= rise.times(words(self.bound())) {
                return None;
            }
            if at_mark.is_le() {
                return Some(mark);
            }
            let (ticks, _) = n.quotient(&rise.times(words(tick)));
            Some((ticks as i64 * tick).max(mark))
        }
    }

    /// How a line rises toward the mark.
    #[inline(always)]
    fn rise<const M: usize>(&self, line: &Line<M>) -> Wide<M> {
        if self.below { line.slope } else { line.slope.negated() }
    }

    /// Whether a line rises toward the mark by less than 1/100 of a unit of g a tick.
    #[inline(always)]
    fn is_shallow<const M: usize>(&self, line: &Line<M>) -> bool {
        let hundredth = self.curve.unit::<M>().times(E16 as u64).times(self.place.base.unsigned_abs());
        self.rise(line).times(self.place.tick.unsigned_abs()).times(100) < hundredth
    }

    /// Whether the surplus does at its root, on the side of the mark. It rises by ever less on the way, so the lines before
    /// and after the root mostly tell; else the root itself is looked at.
    fn is_shallow_at(&mut self, found: &Found<N>) -> bool {
        let inner = found.inner.unwrap_or_else(|| self.line(found.price, !self.below, &Wide::ZERO));
        if !self.is_shallow(&inner) {
            return false;
        }
        if self.is_shallow(&found.outer) {
            return true;
        }
        let mut line: Line<TWICE> = found.outer.to();
        loop {
            let root = Root::of(&line);
            let inner = self.curve.line(&root, self.below);
            if self.is_shallow(&inner) || !inner.at(&root).is_negative() {
                return self.is_shallow(&inner);
            }
            line = inner;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A surplus of p − 1,000 in fiftieths of a unit of g, whose roundings take up to 3 units: from 1,150 on nothing can.
    struct Stub {
        figures: Option<(i128, i128)>,
        looked: usize,
    }

    impl Curve for Stub {
        fn line<const N: usize, P: Point<N>>(&mut self, _: &P, _: bool) -> Line<N> {
            Line::new(-1_000 * E16 / 50, E16 / 50)
        }
        fn unit<const N: usize>(&self) -> Wide<N> {
            Wide::from(1)
        }
        fn never_falls(&self, downward: bool) -> bool {
            !downward
        }
        fn slack_e24(&self) -> i128 {
            0
        }
        fn cost_e24(&self) -> i128 {
            3 * E16
        }
        fn figures(&mut self, _: &Price) -> Option<(i128, i128)> {
            self.looked += 1;
            self.figures
        }
    }

    fn search(figures: Option<(i128, i128)>, tick: i64, below: bool) -> (Option<i64>, usize) {
        let mut curve = Stub { figures, looked: 0 };
        let place = Place { mark: 1_000_000, base: 1, tick };
        let price = Search::<_, 4> { curve: &mut curve, place, below }.price();
        (price, curve.looked)
    }

    #[test]
    fn rounded_figures_decide_from_the_first_tick_inside_the_root() {
        assert_eq!(search(Some((0, 0)), 1, true), (Some(1_000), 1));
        assert_eq!(search(Some((0, 0)), 7, true), (Some(1_001), 1));
        // 1,200 is beyond what roundings take: no figure is looked at.
        assert_eq!(search(Some((0, 1)), 400, true), (Some(1_200), 0));
        assert_eq!(search(Some((0, 0)), 1, false), (None, 0));
    }

    #[test]
    fn where_figures_do_not_decide_the_exact_surplus_does() {
        assert_eq!(search(Some((0, 1)), 1, true), (Some(1_150), MOST_TICKS), "undecided for too long");
        assert_eq!(search(None, 1, true), (Some(1_150), 151), "beyond the bounds of a valuation");
    }
}

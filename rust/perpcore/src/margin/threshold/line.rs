//! Straight lines of one variable, and the points that they are looked at.
//!
//! The variable t is how far an underlying has moved: each of its prices is its reduced price ([`super::Moves`]) × t, so
//! that an amount which moves with it is a whole number × t.

use crate::num::times;
use crate::num::wide::Wide;
use std::cmp::Ordering;

/// constant + slope·t.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<const N: usize> {
    /// Its value at 0.
    pub constant: Wide<N>,
    /// How it grows with t.
    pub slope: Wide<N>,
}

impl<const N: usize> Line<N> {
    /// 0
    pub const ZERO: Self = Line { constant: Wide::ZERO, slope: Wide::ZERO };

    /// Of two amounts of 128 bits.
    #[inline(always)]
    pub fn new(constant: i128, slope: i128) -> Self {
        Line { constant: Wide::from(constant), slope: Wide::from(slope) }
    }

    /// In another width that holds it.
    #[inline(always)]
    pub fn to<const M: usize>(&self) -> Line<M> {
        Line { constant: self.constant.to(), slope: self.slope.to() }
    }

    /// The sum.
    #[inline(always)]
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Line { constant: self.constant.plus(&other.constant), slope: self.slope.plus(&other.slope) }
    }

    /// The difference.
    #[inline(always)]
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Line { constant: self.constant.minus(&other.constant), slope: self.slope.minus(&other.slope) }
    }

    /// The line times a factor.
    #[inline(always)]
    #[must_use]
    pub fn times(&self, factor: u64) -> Self {
        Line { constant: self.constant.times(factor), slope: self.slope.times(factor) }
    }

    /// The same of 128 bits; none where it does not fit.
    #[inline(always)]
    pub fn narrow(&self) -> Option<Narrow> {
        Some(Narrow { constant: self.constant.narrow()?, slope: self.slope.narrow()? })
    }

    /// Its value at n/d, times d.
    #[inline(always)]
    pub fn at<P: Point<N>>(&self, point: &P) -> Wide<N> {
        point.below(&self.constant).plus(&point.above(&self.slope))
    }

    /// The larger of two at a point; of equals the one that is larger on the asked side of it.
    pub fn larger<P: Point<N>>(self, other: Self, point: &P, upward: bool) -> Self {
        let order = self.at(point).cmp(&other.at(point)).then_with(|| self.steeper(&other, upward));
        if order.is_lt() { other } else { self }
    }

    /// How two lines that meet at a point stand to each other beside it.
    pub fn steeper(&self, other: &Self, upward: bool) -> Ordering {
        let rising = self.slope.cmp(&other.slope);
        if upward { rising } else { rising.reverse() }
    }
}

impl Line<4> {
    /// ⌊value ÷ unit⌋ at a price, for amounts of an admitted account: at most 10¹² whole units in 10⁻²⁴, moved by at most
    /// 10¹⁶, so that it fits. Floors nest, so that no fraction of t is lost.
    #[inline(always)]
    pub fn down(&self, at: &Price, unit: u64, by_reciprocal: impl Fn(i128) -> i128) -> i128 {
        match self.narrow().and_then(|narrow| narrow.at(at)) {
            Some(exact) => by_reciprocal(exact),
            None => self.wide_down(at, unit),
        }
    }

    #[cold]
    fn wide_down(&self, at: &Price, unit: u64) -> i128 {
        self.at(at).floor_by(at.base).0.floor_by(unit).0.narrow().unwrap_or(i128::MAX)
    }
}

/// constant + slope·t of 128 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Narrow {
    /// Its value at 0.
    pub constant: i128,
    /// How it grows with t.
    pub slope: i128,
}

impl Narrow {
    /// ⌊value ÷ unit⌋ at a price, as [`Line::down`].
    #[inline(always)]
    pub fn down(&self, at: &Price, unit: u64, by_reciprocal: impl Fn(i128) -> i128) -> i128 {
        if self.slope == 0 {
            return by_reciprocal(self.constant);
        }
        match self.at(at) {
            Some(exact) => by_reciprocal(exact),
            None => self.wide().wide_down(at, unit),
        }
    }

    /// ⌈value ÷ unit⌉ likewise.
    #[inline(always)]
    pub fn up(&self, at: &Price, unit: u64, by_reciprocal: impl Fn(i128) -> i128) -> i128 {
        let negated = Narrow { constant: -self.constant, slope: -self.slope };
        -negated.down(at, unit, |exact| -by_reciprocal(-exact))
    }

    /// The sum, which fits.
    #[inline(always)]
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Narrow { constant: self.constant + other.constant, slope: self.slope + other.slope }
    }

    /// The same in a width that holds products with a price.
    #[inline(always)]
    pub fn wide(&self) -> Line<4> {
        Line::new(self.constant, self.slope)
    }

    /// The value rounded down, where the way there fits 128 bits.
    #[inline(always)]
    fn at(&self, at: &Price) -> Option<i128> {
        let moved = match i64::try_from(self.slope) {
            Ok(slope) => times(slope, at.price as i64),
            Err(_) => self.slope.checked_mul(i128::from(at.price))?,
        };
        let moved = if at.base == 1 { moved } else { moved.div_euclid(i128::from(at.base)) };
        self.constant.checked_add(moved).filter(|sum| *sum != i128::MIN)
    }
}

/// A value n/d of t, d > 0.
pub trait Point<const N: usize> {
    /// number × n
    fn above(&self, number: &Wide<N>) -> Wide<N>;
    /// number × d
    fn below(&self, number: &Wide<N>) -> Wide<N>;
    /// How amount × n/d stands to a cap.
    fn against(&self, amount: i128) -> impl Fn(i128) -> Ordering;
}

/// A price of the instrument, in g: t = price / base.
#[derive(Clone, Copy, Debug)]
pub struct Price {
    /// The price.
    pub price: u64,
    /// The reduced price of the instrument.
    pub base: u64,
}

impl<const N: usize> Point<N> for Price {
    #[inline(always)]
    fn above(&self, number: &Wide<N>) -> Wide<N> {
        number.times(self.price)
    }

    #[inline(always)]
    fn below(&self, number: &Wide<N>) -> Wide<N> {
        if self.base == 1 { *number } else { number.times(self.base) }
    }

    #[inline(always)]
    fn against(&self, amount: i128) -> impl Fn(i128) -> Ordering {
        let (price, base) = (i128::from(self.price), i128::from(self.base));
        let moved = match i64::try_from(amount) {
            Ok(amount) => Some(times(amount, self.price as i64)),
            Err(_) => amount.checked_mul(price),
        };
        let (floor, inexact) = match moved {
            Some(moved) if base == 1 => (moved, false),
            Some(moved) => (moved / base, moved % base != 0),
            None => {
                let (floor, inexact) = Wide::<4>::from(amount).times(self.price).floor_by(self.base);
                (floor.narrow().unwrap_or(i128::MAX), inexact)
            }
        };
        move |cap| floor.cmp(&cap).then(if inexact { Ordering::Greater } else { Ordering::Equal })
    }
}

/// Where a line is 0.
#[derive(Clone, Copy, Debug)]
pub struct Root<const N: usize> {
    n: Wide<N>,
    d: Wide<N>,
}

impl<const N: usize> Root<N> {
    /// The root of a line that is not level.
    pub fn of(line: &Line<N>) -> Self {
        if line.slope.is_negative() {
            Root { n: line.constant, d: line.slope.negated() }
        } else {
            Root { n: line.constant.negated(), d: line.slope }
        }
    }
}

impl<const N: usize> Point<N> for Root<N> {
    fn above(&self, number: &Wide<N>) -> Wide<N> {
        number.product(&self.n)
    }

    fn below(&self, number: &Wide<N>) -> Wide<N> {
        number.product(&self.d)
    }

    fn against(&self, amount: i128) -> impl Fn(i128) -> Ordering {
        let moved = self.above(&Wide::from(amount));
        move |cap| moved.cmp(&self.below(&Wide::from(cap)))
    }
}

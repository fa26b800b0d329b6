//! The numbers that a bucket is closed with: the money of one account, 128 or, where it is known to fit, 64 bits wide,
//! or that of several accounts side by side. The rules are written once, over this.

use super::status::Status;
use crate::num::round::charge_of;
use crate::num::{ONE, scaled};

/// Money in g, of one account or of several.
///
/// Who chooses a width knows that no sum of a few totals overflows it.
pub trait Width: Copy {
    /// Whether something holds, an account each.
    type Holds: Copy;
    /// A status, an account each.
    type Status: Copy;

    /// The same amount for all.
    fn of(amount: i64) -> Self;
    /// Sum.
    fn plus(self, other: Self) -> Self;
    /// Difference.
    fn minus(self, other: Self) -> Self;
    /// The larger.
    fn larger(self, other: Self) -> Self;
    /// self < other.
    fn below(self, other: Self) -> Self::Holds;
    /// self × 1 < other × factor, exactly; factor in g, other ≥ 0.
    fn below_times(self, other: Self, factor: i64) -> Self::Holds;
    /// ⌈self × rate⌉ of self ≥ 0; rate in g.
    fn charge_of(self, rate: i64) -> Self;
    /// The same status for all.
    fn status(status: Status) -> Self::Status;
    /// `yes` where it holds, else `no`.
    fn choose(holds: Self::Holds, yes: Self::Status, no: Self::Status) -> Self::Status;
}

macro_rules! one_account {
    ($type:ty) => {
        impl Width for $type {
            type Holds = bool;
            type Status = Status;

            #[inline(always)]
            fn of(amount: i64) -> Self {
                amount.into()
            }
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline(always)]
            fn larger(self, other: Self) -> Self {
                self.max(other)
            }
            #[inline(always)]
            fn below(self, other: Self) -> bool {
                self < other
            }
            #[inline(always)]
            fn below_times(self, other: Self, factor: i64) -> bool {
                scaled(self.into(), ONE) < scaled(other.into(), factor)
            }
            #[inline(always)]
            fn charge_of(self, rate: i64) -> Self {
                if rate == ONE || self == 0 { self } else { charge_of(self.into(), rate) as $type }
            }
            #[inline(always)]
            fn status(status: Status) -> Status {
                status
            }
            #[inline(always)]
            fn choose(holds: bool, yes: Status, no: Status) -> Status {
                if holds { yes } else { no }
            }
        }
    };
}
one_account!(i128);
one_account!(i64);

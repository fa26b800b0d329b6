//! Money that is there: it cannot be less than nothing.

/// An amount in g, never below 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cash(u128);

impl Cash {
    /// None.
    pub const NONE: Cash = Cash(0);

    /// How much it is.
    #[inline(always)]
    pub fn amount(self) -> i128 {
        // Less than 2¹²⁷: balances are bounded, and there are fewer than 2³² of them.
        self.0 as i128
    }

    /// Adds what came, at least 0.
    #[inline(always)]
    pub(super) fn put(&mut self, amount: i128) {
        debug_assert!(amount >= 0);
        self.0 += amount.max(0) as u128;
    }

    /// Takes as much of an amount as there is; what that was.
    #[inline(always)]
    pub(super) fn take(&mut self, amount: i128) -> i128 {
        #[cfg(feature = "without_floor_of_cash")]
        {
            self.0 = self.0.wrapping_sub(amount as u128);
            amount
        }
        #[cfg(not(feature = "without_floor_of_cash"))]
        {
            let taken = self.0.min(amount.max(0) as u128);
            self.0 -= taken;
            taken as i128
        }
    }
}

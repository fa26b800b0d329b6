//! The view: one account as the valuation sees it. Whoever holds the account lays it out so; nothing here is owned.

use crate::num::round::rate_of_leverage;

/// One position key: (instrument, margin mode), its rows added up (docs/margin.md).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Index of the instrument in the rulebook.
    pub instrument: u32,
    /// Whether a position row names the key; an order alone makes no isolated bucket.
    pub listed: bool,
    /// First of this key's orders in [`Account::orders`].
    pub orders_from: u32,
    /// One past the last of them.
    pub orders_to: u32,
    /// The chosen leverage L in g, or 0 for none.
    pub leverage: i64,
    /// Base quantity Q in g; wide, so that rows may add up before they are bounded.
    pub quantity: i128,
    /// κ, the signed money paid, in 10⁻¹⁶, its last 128 bits.
    pub cost_e16: i128,
    /// How many times 2¹²⁸ is to be added to them. Where it is not 0 the position is beyond its bounds, but as long as
    /// rows are added it may come back.
    pub cost_carry: i32,
    /// Funding owed by the account, in g.
    pub accrued: i128,
    /// Margin posted to an isolated position, in g; 0 on a cross one.
    pub isolated_margin: i128,
}

impl Position {
    /// Adds to κ, exactly whatever the order.
    #[inline(always)]
    pub fn add_cost(&mut self, cost_e16: i128) {
        let (sum, carry) = self.cost_e16.overflowing_add(cost_e16);
        self.cost_e16 = sum;
        if carry {
            self.cost_carry += if cost_e16 < 0 { -1 } else { 1 };
        }
    }

    /// ⌈1/L⌉ in g: the least initial rate that the chosen leverage allows; 0 where none was chosen.
    #[inline(always)]
    pub fn leverage_rate(&self) -> i64 {
        if self.leverage == 0 { 0 } else { rate_of_leverage(self.leverage) }
    }
}

/// One order that counts: not reduce-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Remaining base quantity in g, signed: a bid is positive.
    pub quantity: i64,
    /// Limit price in g.
    pub price: i64,
}

/// What an account holds of one asset, its rows added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Index of the asset in the rulebook.
    pub asset: u32,
    /// Amount in g; negative is a debt.
    pub amount: i128,
}

/// One account: its cross bucket and its isolated positions.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// Cross positions, one a key; a key with orders alone has quantity 0.
    pub cross: &'a [Position],
    /// Isolated positions, likewise.
    pub isolated: &'a [Position],
    /// Balances, one an asset.
    pub balances: &'a [Balance],
    /// The orders of all keys, grouped as the positions say.
    pub orders: &'a [Order],
    /// Taker fee of the account's fee tier, in g.
    pub taker_fee: i64,
    /// Whether its cross bucket is valued by the portfolio model.
    pub portfolio: bool,
}

impl<'a> Account<'a> {
    /// The orders on one position.
    #[inline(always)]
    pub fn orders_of(&self, position: &Position) -> &'a [Order] {
        &self.orders[position.orders_from as usize..position.orders_to as usize]
    }
}

//! What the orders on one position add up to at a mark (`margin.orders`, docs/margin.md).

use super::account::Order;
use crate::num::{ONE, scaled, times};

/// One side's orders added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// Σ|Q| in g.
    pub quantity: i128,
    /// Σ|Q|·max(0, what the limit is worse than the mark), in 10⁻¹⁶.
    pub loss_e16: i128,
    /// Σ|Q|·max(limit, mark), in 10⁻¹⁶: what the fee is taken on.
    pub value_e16: i128,
}

impl Side {
    /// Loss and taker fee, in 10⁻²⁴.
    pub fn charge_e24(&self, taker_fee: i64) -> i128 {
        scaled(self.loss_e16, ONE) + scaled(self.value_e16, taker_fee)
    }
}

/// An order's loss against the mark if filled at its limit, in 10⁻¹⁶.
pub fn loss_e16(order: &Order, mark: i64) -> i128 {
    let worse = if order.quantity > 0 { order.price - mark } else { mark - order.price };
    times(order.quantity.abs(), worse.max(0))
}

/// The sides (bids, asks) of some orders at a mark; none once their value passes `limit_e16`.
pub fn sides(orders: &[Order], mark: i64, limit_e16: i128) -> Option<(Side, Side)> {
    let (mut bids, mut asks) = (Side::default(), Side::default());
    for order in orders {
        let side = if order.quantity > 0 { &mut bids } else { &mut asks };
        side.quantity += i128::from(order.quantity.abs());
        side.loss_e16 += loss_e16(order, mark);
        side.value_e16 += times(order.quantity.abs(), order.price.max(mark));
        // Left at once, so that no sum can pass i128: one order is below 10³⁴.
        if bids.value_e16 + asks.value_e16 > limit_e16 {
            return None;
        }
    }
    Some((bids, asks))
}

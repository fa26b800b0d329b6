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

/// Both sides of the orders on one position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    /// Orders to buy.
    pub bids: Side,
    /// Orders to sell.
    pub asks: Side,
}

/// The side that charges more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worse {
    /// That side.
    pub side: Side,
    /// Whether it is the bids.
    pub bids: bool,
    /// Its loss and fee in 10⁻²⁴.
    pub charge_e24: i128,
}

impl Sides {
    /// What the fee of all could be taken on, in 10⁻¹⁶.
    pub fn value_e16(&self) -> i128 {
        self.bids.value_e16 + self.asks.value_e16
    }

    /// |Q| with all bids filled, and with all asks.
    pub fn fills(&self, quantity: i64) -> [i128; 2] {
        let held = i128::from(quantity);
        [(held + self.bids.quantity).abs(), (held - self.asks.quantity).abs()]
    }

    /// The side that charges more; of equals the bids.
    pub fn worse(&self, taker_fee: i64) -> Worse {
        let [bids, asks] = [self.bids, self.asks].map(|side| side.charge_e24(taker_fee));
        if bids >= asks {
            Worse { side: self.bids, bids: true, charge_e24: bids }
        } else {
            Worse { side: self.asks, bids: false, charge_e24: asks }
        }
    }
}

/// The sides of some orders at a mark; none once their value passes `limit_e16`.
pub fn sides(orders: &[Order], mark: i64, limit_e16: i128) -> Option<Sides> {
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
    Some(Sides { bids, asks })
}

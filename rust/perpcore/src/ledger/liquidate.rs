//! What a liquidation moves beside trades: positions that are passed on for an amount, money to and from the fund, and gains that
//! are cut.

use super::{About, House, Ledger};
use crate::margin::market::Market;
use crate::message::Event;

/// A position of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Its account.
    pub account: u32,
    /// Its instrument.
    pub instrument: u32,
    /// Whether it is the isolated one.
    pub isolated: bool,
}

impl Ledger {
    /// A signed base quantity in g goes from one position to another, and an amount in 10⁻¹⁶ back.
    pub fn pass(&mut self, from: Key, to: Key, quantity: i64, paid_e16: i128) {
        for (key, quantity, paid_e16) in [(from, -quantity, -paid_e16), (to, quantity, paid_e16)] {
            let held = self.holdings(key.account).key(key.instrument, key.isolated);
            let before = held.quantity;
            held.take(quantity, paid_e16);
            let longer = i128::from(held.quantity.max(0)) - i128::from(before.max(0));
            self.open_interest[key.instrument as usize] += longer;
            self.note_holder(key.account, key.instrument);
        }
    }

    /// A bucket pays the fund, selling what it must; what it could pay.
    pub fn pay_fund(&mut self, from: Key, amount: i128, about: About, market: &Market, out: &mut Vec<Event>) -> i128 {
        let paid = match from.isolated {
            true => -self.post_margin(from.account, from.instrument, -amount, about, out),
            false => self.debit(from.account, amount, about, market, out),
        };
        self.house_mut(House::Fund).put(paid);
        paid
    }

    /// What a bucket could pay of an amount.
    pub fn could_pay_fund(&self, from: Key, amount: i128, market: &Market) -> i128 {
        match from.isolated {
            true => {
                let held = self.of(from.account).position(from.instrument, true);
                held.map_or(0, |held| held.margin.amount()).min(amount)
            }
            false => self.could_pay(from.account, amount, market, &mut self.buyers(market)),
        }
    }

    /// The fund pays a bucket, as much as it has; what that is.
    pub fn draw(&mut self, to: Key, amount: i128, about: About, out: &mut Vec<Event>) -> i128 {
        let drawn = self.house_mut(House::Fund).take(amount);
        match to.isolated {
            true => _ = self.post_margin(to.account, to.instrument, drawn, about, out),
            false => self.credit(to.account, self.settlement(), drawn, about, out),
        }
        drawn
    }

    /// Gains of some positions are cut by amounts in 10⁻¹⁶ for another one, which gets so much of them; the rest is left over, and
    /// what is missing is taken from what earlier cuts left over. An isolated position of another instrument pays through its
    /// account's cross positions, so that what is paid in each instrument adds up to nothing.
    pub fn cut_gains(&mut self, cuts: impl Iterator<Item = (Key, i128)>, to: Key, gets_e16: i128) {
        let mut total = 0;
        for (from, amount_e16) in cuts {
            self.owes(from, amount_e16);
            if from.instrument != to.instrument {
                let cross = Key { isolated: false, ..from };
                self.owes(cross, -amount_e16);
                self.owes(Key { instrument: to.instrument, ..cross }, amount_e16);
            }
            total += amount_e16;
        }
        self.owes(to, -gets_e16);
        self.left_over_e16[to.instrument as usize] += (total - gets_e16).max(0);
        let (mut missing, cross) = ((gets_e16 - total).max(0), Key { isolated: false, ..to });
        for instrument in 0..self.left_over_e16.len() as u32 {
            let taken = missing.min(self.left_over_e16[instrument as usize]);
            if taken > 0 {
                self.left_over_e16[instrument as usize] -= taken;
                self.owes(cross, taken);
                self.owes(Key { instrument, ..cross }, -taken);
                missing -= taken;
            }
        }
        debug_assert!(missing == 0, "a deficit is at most what others gain and what was left over");
    }

    fn owes(&mut self, key: Key, amount_e16: i128) {
        self.holdings(key.account).key(key.instrument, key.isolated).cost_e16 += amount_e16;
    }
}

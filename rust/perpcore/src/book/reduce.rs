//! Orders that only reduce: they never increase a position and never turn it (`book.reduce_only`).
//!
//! What rests of an account's reduce-only orders is at most its position, on the side that closes it. So whenever the position
//! changes or such an order comes, what is beyond is cut: the least aggressive first, of equals the one accepted last. Orders
//! that wait for a trigger are asked when they fire.

use super::Turn;
use super::owner::Owner;
use super::store::{Order, Slot, Store};
use crate::fault::Code;
use crate::message::{Kind, Side};

impl<S: Store, O: Owner> Turn<'_, S, O> {
    /// Cuts an incoming order to the position: what is left of it, nothing where there is nothing that it could reduce.
    #[cold]
    pub(super) fn trim(&mut self, order: Order) -> i64 {
        let Order { account, side, left, flags, .. } = order;
        let held = (-side.sign() * self.owner.position(account, flags.isolated())).max(0);
        if left > held {
            let code = if held == 0 { Code::NothingToReduce } else { Code::BeyondPosition };
            self.say_of(Kind::Canceled, &order, left - held).code = Some(code);
        }
        left.min(held)
    }

    /// Cuts the resting reduce-only orders of an account's position to it.
    #[cold]
    #[inline(never)]
    pub(super) fn cut(&mut self, account: u32, isolated: bool) {
        if self.book.accounts.get(account).reducing == 0 {
            return;
        }
        let held = self.owner.position(account, isolated);
        let closing = if held > 0 { Side::Ask } else { Side::Bid };
        loop {
            let (mut total, mut least) = (0_i64, None::<(bool, i64, u64, Slot)>);
            let mut next = self.book.store.newest(account);
            while let Some(slot) = next {
                next = self.book.store.older(slot);
                let Order { id, price, left, side, flags, .. } = *self.book.store.order(slot);
                if !(flags.reduce_only() && flags.resting() && flags.isolated() == isolated) {
                    continue;
                }
                let wrong = held == 0 || side != closing;
                total = if wrong { total } else { total.saturating_add(left) };
                // The larger, the less aggressive.
                least = least.max(Some((wrong, -side.sign() * price, id, slot)));
            }
            let Some((wrong, .., slot)) = least else { return };
            let beyond = total - held.saturating_abs();
            if wrong {
                self.end(slot, Kind::Canceled, Code::BeyondPosition);
            } else if beyond > 0 {
                let order = *self.book.store.order(slot);
                let lots = beyond.min(order.left);
                self.say_of(Kind::Canceled, &order, lots).code = Some(Code::BeyondPosition);
                self.take_off(slot, &order, lots, 0);
            } else {
                return;
            }
        }
    }
}

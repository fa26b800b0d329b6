//! The book goes by other terms, since the rulebook is another one (`rulebook.activate`): tick and lot, limits, collar, ages.
//!
//! Orders are kept in steps of the grid, so a change of it moves all of them: whoever is on the new grid keeps id, queue
//! place, times and what is filled; whoever is not ends. The owner is not asked: positions are his, and follow by him.

use super::owner::Owner;
use super::store::{Order, Slot, Store};
use super::terms::{Step, Terms};
use super::{Book, Turn};
use crate::fault::Code;
use crate::message::{Event, Kind, Side};

/// A grid and the one that takes its place.
struct Change {
    tick: [Step; 2],
    lot: [Step; 2],
}

/// Steps of one size in steps of another; none where it is no whole number of them, or more than 64 bits hold.
fn restep([before, after]: [Step; 2], steps: i64) -> Option<i64> {
    steps.checked_mul(before.size).and_then(|value| after.count(value))
}

impl Change {
    /// An order in the new steps, or why it cannot be. A stop without a limit has price 0, which is on every grid.
    fn of(&self, order: &Order) -> Result<Order, Code> {
        let price = restep(self.tick, order.price).ok_or(Code::OffTick)?;
        let lots = |lots| restep(self.lot, lots).ok_or(Code::OffLot);
        Ok(Order { price, left: lots(order.left)?, filled: lots(order.filled)?, ..*order })
    }
}

impl<S: Store> Book<S> {
    /// Goes by other terms from now on. Orders whose limit is no multiple of the new tick end with `off_tick`, those of which
    /// what is left or filled is no multiple of the new lot with `off_lot`, in the order in which they were accepted; events
    /// say them by the terms before. All others stay as they are, and nothing is asked of them anew; who is older than an order may
    /// become expires when time passes next.
    ///
    /// Where the lot changes, the owner must tell positions in the new one as soon as this returns.
    pub fn change_terms<O: Owner>(&mut self, owner: &mut O, cause: u64, terms: Terms, out: &mut Vec<Event>) {
        if self.terms == terms {
            return;
        }
        let change = Change { tick: [self.terms.tick, terms.tick], lot: [self.terms.lot, terms.lot] };
        if (self.terms.tick, self.terms.lot) != (terms.tick, terms.lot) {
            Turn { book: self, owner, out, cause }.end_off(&change);
            self.restep(&change);
        }
        if (self.terms.client_window, self.terms.client_ids) != (terms.client_window, terms.client_ids) {
            // What is too old by the terms before shall not come back by a longer window.
            let forgotten = self.time.saturating_sub(self.terms.client_window);
            let Book { clients, store, .. } = self;
            clients.forget_beyond(forgotten, terms.client_ids, |order| store.find(order).is_some());
        }
        self.terms = terms;
        self.edges = self.find_edges();
        self.ends.follow(&self.store, self.time, self.terms.max_age);
    }

    /// Moves everything there is to the new grid. What was of one price stays of one, and what was better stays better; so
    /// queues are emptied and filled again as they stand.
    fn restep(&mut self, change: &Change) {
        for side in [Side::Bid, Side::Ask] {
            let queue: Vec<Slot> =
                std::iter::successors(self.store.first(side), |slot| self.store.after(*slot)).collect();
            queue.iter().for_each(|slot| self.store.unrest(*slot));
            for slot in queue {
                if let Some(price) = self.resize(slot, change) {
                    self.store.rest(slot, price);
                }
            }
        }
        let waiting: Vec<Slot> = self.triggers.all().map(|(_, waiting)| waiting.slot).collect();
        for slot in waiting {
            if let Some(price) = self.resize(slot, change) {
                self.store.reprice(slot, price);
            }
        }
    }

    /// What is left and filled of an order that stands in no queue, in the new lots; its limit in the new ticks. Every order is
    /// on the new grid by now.
    fn resize(&mut self, slot: Slot, change: &Change) -> Option<i64> {
        let before = *self.store.order(slot);
        let Order { price, left, filled, .. } = change.of(&before).ok()?;
        self.store.resize(slot, left, filled);
        self.accounts.shrunk(&before, before.left - left);
        Some(price)
    }
}

impl<S: Store, O: Owner> Turn<'_, S, O> {
    /// Ends the orders that are not on the new grid.
    fn end_off(&mut self, change: &Change) {
        let mut next = self.book.store.oldest();
        while let Some(slot) = next {
            next = self.book.store.younger(slot);
            if let Err(code) = change.of(self.book.store.order(slot)) {
                self.end(slot, Kind::Canceled, code);
            }
        }
    }
}

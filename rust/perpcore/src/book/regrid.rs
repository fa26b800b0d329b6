//! The book goes by other terms: a rulebook was changed while orders rest.
//!
//! An order whose limit is off the new tick, or whose quantity is off the new lot, ends. All others keep their ids, times and
//! places: prices in ticks and quantities in lots are said in the new steps, in the order of the queues.

use super::owner::Owner;
use super::store::{Order, Slot, Store};
use super::terms::{Step, Terms};
use super::{Book, Turn, any};
use crate::fault::Code;
use crate::message::{Event, Kind, Side};
use crate::num::bounds::PRICE;
use crate::rules::CollarReference;

impl<S: Store> Book<S> {
    /// From now on it goes by other terms of its instrument.
    pub fn change_terms<O: Owner>(&mut self, owner: &mut O, cause: u64, terms: Terms, out: &mut Vec<Event>) {
        let [tick, lot] = [(self.terms.tick, terms.tick), (self.terms.lot, terms.lot)];
        if tick.0 != tick.1 || lot.0 != lot.1 {
            Turn { book: self, owner, out, cause }.end_what_is_off(&terms);
            self.say_anew(&terms);
        }
        self.terms = terms;
        self.edges = match (self.terms.collar_reference, self.mark, self.index) {
            (CollarReference::Mark, mark @ 1.., _) | (CollarReference::Index, _, mark @ 1..) => self.terms.edges(mark),
            _ => [Side::Bid, Side::Ask].map(|side| any(side, &self.terms.tick)),
        };
        // Orders may have become too old.
        self.ends.wake();
    }

    /// Prices and quantities in the new steps.
    fn say_anew(&mut self, terms: &Terms) {
        let mut slots: Vec<Slot> = Vec::with_capacity(self.store.len());
        for side in [Side::Bid, Side::Ask] {
            slots.extend(std::iter::successors(self.store.first(side), |slot| self.store.after(*slot)));
        }
        let resting = slots.len();
        slots.extend(self.triggers.all().map(|(_, waiting)| waiting.slot));
        let before: Vec<Order> = slots.iter().map(|slot| *self.store.order(*slot)).collect();
        slots[..resting].iter().for_each(|slot| self.store.unrest(*slot));
        let old = (self.terms.tick, self.terms.lot);
        for (at, (&slot, order)) in slots.iter().zip(before).enumerate() {
            // What waits for a trigger without a limit of its own has a price that nobody goes by.
            let price = in_steps(order.price, &old.0, &terms.tick).unwrap_or(1);
            let [left, filled] = [order.left, order.filled].map(|lots| in_steps(lots, &old.1, &terms.lot).unwrap_or(0));
            self.store.resize(slot, left, filled);
            self.accounts.shrunk(&order, order.left - left);
            if at < resting { self.store.rest(slot, price) } else { self.store.reprice(slot, price) }
        }
        self.last = old.0.value(self.last) / terms.tick.size;
    }
}

/// So many steps in others; none where they are no multiple, or too many.
fn in_steps(count: i64, old: &Step, new: &Step) -> Option<i64> {
    new.count(count.checked_mul(old.size)?)
}

impl<S: Store, O: Owner> Turn<'_, S, O> {
    /// Ends the orders that are off the new steps, in the order in which they were accepted.
    fn end_what_is_off(&mut self, terms: &Terms) {
        let Terms { tick, lot, .. } = self.book.terms;
        let mut room = [terms.most_lots; 2];
        let mut next = self.book.store.oldest();
        while let Some(slot) = next {
            next = self.book.store.younger(slot);
            let order = *self.book.store.order(slot);
            let limit = !self.book.triggers.get(order.id).is_some_and(|waiting| waiting.market);
            let priced = in_steps(order.price, &tick, &terms.tick)
                .is_some_and(|price| price.checked_mul(terms.tick.size).is_some_and(|price| PRICE.holds(price.into())));
            let sized = [order.left, order.filled].map(|lots| in_steps(lots, &lot, &terms.lot));
            let fits = sized[0].filter(|left| sized[1].is_some() && *left <= room[order.side as usize]);
            match fits {
                _ if limit && !priced => self.end(slot, Kind::Canceled, Code::OffTick),
                Some(left) => room[order.side as usize] -= left,
                None => self.end(slot, Kind::Canceled, Code::OffLot),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_off_the_new_step_has_no_count_in_it() {
        let (old, finer, coarser) = (Step::new(10), Step::new(2), Step::new(25));
        assert_eq!(in_steps(5, &old, &finer), Some(25));
        assert_eq!(in_steps(5, &old, &coarser), Some(2));
        assert_eq!(in_steps(4, &old, &coarser), None);
        assert_eq!(in_steps(i64::MAX, &old, &finer), None);
    }
}

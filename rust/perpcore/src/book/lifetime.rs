//! Time passes: orders that are good till a time, or older than orders may become, expire.

use super::owner::Owner;
use super::store::{Life, Slot, Store};
use super::{Turn, store};
use crate::fault::Code;
use crate::message::Kind;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// When orders end by themselves.
#[derive(Clone, Debug)]
pub(super) struct Ends {
    /// Until when, and the order; of orders that ended otherwise too, until there are too many of them.
    timed: BinaryHeap<Reverse<(i64, u64)>>,
    /// Before this nothing ends.
    next: i64,
}

impl Ends {
    pub(super) fn new() -> Ends {
        Ends { timed: BinaryHeap::new(), next: i64::MIN }
    }

    /// Before this nothing ends.
    pub(super) fn next(&self) -> i64 {
        self.next
    }

    /// When the next order ends, those that ended otherwise left out. An order that comes later ends later than one of the
    /// oldest possible age now, of which [`Ends::next`] takes care.
    pub(super) fn find_next<S: Store>(&mut self, store: &S, age: i64) -> i64 {
        self.forget_gone(store);
        let timed = self.timed.peek().map(|Reverse((until, _))| *until);
        let aged = store.oldest().map(|slot| store.life(slot).time.saturating_add(age));
        timed.into_iter().chain(aged).min().unwrap_or(i64::MAX)
    }

    /// Orders may become another age from now on.
    pub(super) fn follow<S: Store>(&mut self, store: &S, now: i64, age: i64) {
        self.next = self.find_next(store, age).min(now.saturating_add(age));
    }

    /// Forgets orders that ended otherwise, as far as they stand first.
    fn forget_gone<S: Store>(&mut self, store: &S) {
        while self.timed.peek().is_some_and(|Reverse((_, order))| store.find(*order).is_none()) {
            self.timed.pop();
        }
    }

    /// An order lives until a time.
    pub(super) fn add<S: Store>(&mut self, store: &S, until: i64, order: u64) {
        if self.timed.len() > 2 * store.len() + 64 {
            self.timed.retain(|Reverse((_, order))| store.find(*order).is_some());
        }
        self.timed.push(Reverse((until, order)));
        self.next = self.next.min(until);
    }
}

impl<S: Store, O: Owner> Turn<'_, S, O> {
    /// What is due at the present time, before anything else.
    #[inline(always)]
    pub(super) fn pass(&mut self) {
        let now = self.book.time;
        if now >= self.book.ends.next {
            self.expire(now);
        }
    }

    #[cold]
    #[inline(never)]
    fn expire(&mut self, now: i64) {
        let age = self.book.terms.max_age;
        loop {
            let book = &mut *self.book;
            book.ends.forget_gone(&book.store);
            let timed = book.ends.timed.peek().map(|Reverse((until, order))| (*until, *order, Code::UntilReached));
            let aged = book
                .store
                .oldest()
                .map(|slot| (book.store.life(slot).time.saturating_add(age), book.store.order(slot).id, Code::TooOld));
            let first = match (timed, aged) {
                (Some(timed), Some(aged)) => Some(if (timed.0, timed.1) <= (aged.0, aged.1) { timed } else { aged }),
                (timed, aged) => timed.or(aged),
            };
            match first {
                Some((due, order, code)) if due <= now => self.end(store::slot_of(order), Kind::Expired, code),
                // An order that comes later is due later than one of the oldest possible age now.
                first => {
                    let of_new = now.saturating_add(age);
                    self.book.ends.next = first.map_or(of_new, |(due, ..)| due.min(of_new));
                    return;
                }
            }
        }
    }

    /// Notes when an order ends that was just accepted.
    #[inline(always)]
    pub(super) fn lives(&mut self, slot: Slot, life: Life) {
        if life.until != i64::MAX {
            let order = self.book.store.order(slot).id;
            self.book.ends.add(&self.book.store, life.until, order);
        }
    }
}

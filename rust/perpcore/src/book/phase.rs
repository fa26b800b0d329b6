//! What the book is told about the world: accounts, prices, the phase.

use super::Turn;
use super::owner::Owner;
use super::store::Store;
use crate::fault::Code;
use crate::message::{Class, Event, Kind, Phase};
use crate::num::bounds::PRICE;

impl<S: Store, O: Owner> Turn<'_, S, O> {
    /// Whose an account is. An account with open orders stays as it is: their places depend on it.
    #[cold]
    pub(super) fn account(&mut self, account: u32, client: u32, group: u32, class: Class) {
        let event = Event { account, class, ..Event::of(Kind::Accepted) };
        let Some(known) = self.book.accounts.known(account) else { return };
        if known.orders != 0 && (known.group, known.class) != (group, class) {
            return self.say(Event { kind: Kind::Rejected, code: Some(Code::ConflictingValues), ..event });
        }
        (known.client, known.group, known.class) = (client, group, class);
        self.say(event);
    }

    pub(super) fn mark(&mut self, price: i64) {
        if self.price(Kind::Mark, price) {
            self.book.mark = price;
        }
    }

    pub(super) fn index(&mut self, price: i64) {
        if self.price(Kind::Index, price) {
            self.book.index = price;
        }
    }

    fn price(&mut self, kind: Kind, price: i64) -> bool {
        let fits = PRICE.holds(price.into());
        let (kind, code) = if fits { (kind, None) } else { (Kind::Rejected, Some(Code::OutOfRange)) };
        self.say(Event { price, code, ..Event::of(kind) });
        fits
    }

    /// Enters a phase. Where trading begins, what was collected is traded at one price first; where that price is beyond the
    /// collar, the auction goes on.
    #[cold]
    pub(super) fn phase(&mut self, phase: Phase) {
        let before = self.book.phase;
        let event = Event { before: before as u8, after: phase as u8, ..Event::of(Kind::Phase) };
        if before == Phase::Settled {
            return self.say(Event { kind: Kind::Rejected, code: Some(Code::PhaseRefused), ..event });
        }
        if phase == Phase::ReduceOnly || phase == Phase::Settled {
            self.end_what_adds(phase);
        }
        if matches!(phase, Phase::Open | Phase::ReduceOnly) && !self.settle_crossing() {
            return self.extend(before);
        }
        self.book.phase = phase;
        self.say(event);
        self.uncross();
    }

    /// Ends the orders that a phase does not keep: all of them, or all that could add to a position.
    fn end_what_adds(&mut self, phase: Phase) {
        let mut next = self.book.store.oldest();
        while let Some(slot) = next {
            next = self.book.store.younger(slot);
            if phase == Phase::Settled || !self.book.store.order(slot).flags.reduce_only() {
                self.end(slot, Kind::Canceled, Code::PhaseRefused);
            }
        }
    }
}

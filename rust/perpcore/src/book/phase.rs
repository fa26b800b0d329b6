//! What the book is told about the world: accounts, prices, the phase.

use super::owner::Owner;
use super::store::Store;
use super::{Book, Turn};
use crate::fault::Code;
use crate::message::{Class, Kind, NOBODY, Phase};
use crate::num::bounds::PRICE;
use crate::rules::CollarReference;

/// What is wanted of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A new order.
    Order {
        /// Whether it trades at once or not at all.
        at_once: bool,
        /// Whether it may only reduce.
        reduce_only: bool,
    },
    /// A change of one.
    Change {
        /// Whether it keeps its place: less of it at the same price.
        keeps: bool,
        /// Whether it may only reduce.
        reduce_only: bool,
    },
}

impl Phase {
    /// Whether orders, and changes of orders, of a form are admitted. Cancels always are.
    #[inline(always)]
    pub fn admits(self, form: Form) -> bool {
        match (self, form) {
            (Phase::Open, _) => true,
            (Phase::Preopen | Phase::Auction, Form::Order { at_once, .. }) => !at_once,
            (Phase::Preopen | Phase::Auction, Form::Change { .. }) => true,
            (Phase::ReduceOnly, Form::Order { reduce_only, .. }) => reduce_only,
            (Phase::ReduceOnly, Form::Change { keeps, reduce_only }) => keeps || reduce_only,
            (Phase::Listed | Phase::Halted | Phase::Settling | Phase::Settled, _) => false,
        }
    }
}

impl<S: Store> Book<S> {
    /// Whose an account is, if that may be said: not otherwise than before while it has open orders.
    pub fn introduce(&mut self, account: u32, client: u32, group: u32, class: Class) -> bool {
        let Some(known) = self.accounts.known(account) else { return false };
        let fits = known.orders == 0 || (known.group, known.class) == (group, class);
        if fits {
            (known.client, known.group, known.class) = (client, group, class);
        }
        fits
    }

    /// The mark, or the index, in g and within the bounds.
    pub(super) fn goes_by(&mut self, mark: bool, price: i64) {
        let (known, reference) = match mark {
            true => (&mut self.mark, CollarReference::Mark),
            false => (&mut self.index, CollarReference::Index),
        };
        *known = price;
        if self.terms.collar_reference == reference {
            self.edges = self.terms.edges(price);
        }
    }

    /// The worst ticks at which incoming buyers and sellers may trade, where that does not go by the touch.
    pub(super) fn find_edges(&self) -> [i64; 2] {
        let reference = match self.terms.collar_reference {
            CollarReference::Mark => self.mark,
            CollarReference::Index => self.index,
            CollarReference::Touch => 0,
        };
        if reference == 0 { self.terms.no_edges() } else { self.terms.edges(reference) }
    }
}

impl<S: Store, O: Owner> Turn<'_, S, O> {
    /// Whose an account is. An account with open orders stays as it is: their places depend on it.
    #[cold]
    pub(super) fn account(&mut self, account: u32, client: u32, group: u32, class: Class) {
        if account == NOBODY {
            return;
        }
        let fits = self.book.introduce(account, client, group, class);
        let event = self.say(if fits { Kind::Accepted } else { Kind::Rejected });
        (event.account, event.class) = (account, class);
        event.code = (!fits).then_some(Code::ConflictingValues);
    }

    /// A mark or an index is told.
    pub(super) fn price(&mut self, kind: Kind, price: i64) {
        let fits = PRICE.holds(price.into());
        let event = self.say(if fits { kind } else { Kind::Rejected });
        (event.price, event.code) = (price, (!fits).then_some(Code::OutOfRange));
        if fits {
            self.book.goes_by(kind == Kind::Mark, price);
        }
    }

    /// Says that the phase is another one, or why not.
    pub(super) fn say_phase(&mut self, kind: Kind, before: Phase, after: Phase, code: Option<Code>) {
        let event = self.say(kind);
        (event.before, event.after, event.code) = (before as u8, after as u8, code);
    }

    /// Enters a phase. Where trading begins, what was collected is traded at one price first; where that price is beyond the
    /// collar, the auction goes on.
    #[cold]
    pub(super) fn phase(&mut self, phase: Phase) {
        let before = self.book.phase;
        if before == Phase::Settled {
            return self.say_phase(Kind::Rejected, before, phase, Some(Code::PhaseRefused));
        }
        if phase == Phase::ReduceOnly || phase == Phase::Settled {
            self.end_what_adds(phase);
        }
        if matches!(phase, Phase::Open | Phase::ReduceOnly) && !self.settle_crossing() {
            return self.extend(before);
        }
        self.book.phase = phase;
        self.say_phase(Kind::Phase, before, phase, None);
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

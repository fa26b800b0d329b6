//! A venue as one state machine: commands in, events out (docs/venue.md).
//!
//! It is put together of what stands below it: a [`Book`] for every instrument, which asks the [`gate`] as its owner; the
//! [`Ledger`](crate::ledger::Ledger), the only one that moves money and positions; indexes, marks and funding; the valuation;
//! and the watch that knows whom a price concerns. It decides only what comes after what ([`due`], [`look`]).
//!
//! A command is taken in three steps. What is due by its time runs first, on the prices known then. The command is carried
//! out, or refused with a code and nothing else. Then the accounts that it touched are looked at.

mod breaker;
mod changes;
mod desk;
mod digest;
mod dry;
mod due;
mod gate;
mod handle;
mod kin;
mod liquidate;
mod look;
mod member;
pub mod permit;
mod prices;
mod query;
mod reducing;
mod state;

pub use dry::Impact;
pub use liquidate::Light;
pub use query::{Holder, LedgerRow, PositionRow, Valued, reserved};

use crate::book::Book;
use crate::book::fast::Fast;
use crate::book::terms::Terms;
use crate::fault::Code;
use crate::message::event::Kind;
use crate::message::{Event, NOBODY, Refusal, VenueCommand};
use crate::pricing::TIMES;
use crate::rules::Rulebook;
use gate::Floor;
use state::{Slot, State};

/// A venue.
#[derive(Debug)]
pub struct Venue {
    books: Vec<Slot>,
    state: State,
    /// Nothing is due before.
    next_due: i64,
    /// The next settlement by the clock.
    next_settlement: i64,
    /// Whether a command came.
    begun: bool,
    /// How many commands came.
    count: u64,
}

impl Venue {
    /// A venue without accounts and prices, its instruments listed.
    pub fn new(rules: &Rulebook) -> Venue {
        let book = |at| Some(Box::new(Book::<Fast>::new(Terms::of(rules, at)).listed()));
        Venue {
            books: (0..rules.instruments().len()).map(book).collect(),
            state: State::new(rules),
            next_due: i64::MIN,
            next_settlement: i64::MIN,
            begun: false,
            count: 0,
        }
    }

    /// Carries out a command that stands at `cause` in its stream and comes at `time`, ns; what happens is added to `out`.
    #[inline]
    pub fn apply(&mut self, time: i64, cause: u64, command: &VenueCommand<'_>, out: &mut Vec<Event>) {
        self.count += 1;
        self.state.falls.rounds = 0;
        if let Err(code) = self.arrives(time, cause, out) {
            return self.reject(code, command, out);
        }
        if let Err(why) = self.carry_out(command, out) {
            self.reject(why, command, out);
        }
        self.conclude(out);
    }

    /// A command that cannot be carried out, for a reason that whoever decoded it found: only time passes.
    pub fn refuse(&mut self, time: i64, cause: u64, event: Event, out: &mut Vec<Event>) {
        self.count += 1;
        self.state.falls.rounds = 0;
        // Where time would run back it stands still.
        let _ = self.arrives(time, cause, out);
        self.say(Event { kind: Kind::Rejected, ..event }, out);
        self.conclude(out);
    }

    /// Time passes until a command; not where it would run back, or is one that nobody means.
    #[inline(always)]
    fn arrives(&mut self, time: i64, cause: u64, out: &mut Vec<Event>) -> Result<(), Code> {
        self.state.cause = cause;
        if self.begun && time < self.state.time {
            return Err(Code::TimeRunsBack);
        }
        if !TIMES.contains(&time) {
            return Err(Code::ImplausibleTime);
        }
        // A stream that has not told a time yet has no clock.
        let waits = !self.begun && time == 0;
        if (time >= self.next_due && !waits) || (time > self.state.time && self.state.prices.made) {
            self.pass(time, out);
        }
        self.state.time = time;
        Ok(())
    }

    /// Says that something happened.
    #[inline(always)]
    fn say(&mut self, event: Event, out: &mut Vec<Event>) {
        let State { seq, time, cause, .. } = &mut self.state;
        out.push(Event { seq: *seq, time: *time, cause: *cause, ..event });
        *seq += 1;
    }

    #[cold]
    fn reject(&mut self, why: impl Into<Refusal>, command: &VenueCommand<'_>, out: &mut Vec<Event>) {
        let mut event = Event { kind: Kind::Rejected, ..handle::about(command) };
        event.refused(why.into());
        self.say(event, out);
    }

    /// Lets a book carry something out; what it says is numbered among all events, what its trades moved follows.
    #[inline(always)]
    fn on_book(
        &mut self,
        instrument: u32,
        out: &mut Vec<Event>,
        work: impl FnOnce(&mut Book<Fast>, &mut Floor<'_>, &mut Vec<Event>),
    ) {
        let Some(mut book) = self.books[instrument as usize].take() else { return };
        let (from, state) = (out.len(), &mut self.state);
        state.admitted = None;
        book.join(state.seq, state.time, state.serial);
        work(&mut book, &mut Floor { state, books: &self.books, instrument }, out);
        (state.seq, state.serial) = (book.seq(), book.serial());
        self.next_due = self.next_due.min(book.next_end());
        self.books[instrument as usize] = Some(book);
        if let [event] = &out[from..]
            && self.rests_as_admitted(event)
        {
            return;
        }
        let state = &mut self.state;
        for event in &out[from..] {
            // Who is healthy stays it with fewer orders.
            let less = matches!(event.kind, Kind::Canceled | Kind::Expired | Kind::Rejected);
            if event.account != NOBODY && !(less && state.is_healthy(event.account)) {
                state.touch(event.account);
            }
        }
        if !state.pending.is_empty() {
            let from = out.len();
            out.append(&mut state.pending);
            state.stamp(&mut out[from..]);
        }
    }

    /// Whether an order rests as a whole as margin admitted it: then its account was valued just now, on a desk that is still
    /// laid.
    #[inline(always)]
    fn rests_as_admitted(&mut self, event: &Event) -> bool {
        let Some((account, wish, figures)) = self.state.admitted else { return false };
        let contract = &self.state.terms.instruments[wish.instrument as usize];
        let same = matches!(event.kind, Kind::Accepted | Kind::Amended)
            && event.account == account
            && Some(event.price) == wish.price
            && contract.base(event.quantity) == Ok(wish.quantity)
            && !wish.reduce_only;
        same && self.state.is_as_seen(account, &figures)
    }

    /// What happened without number gets one.
    fn stamp(&mut self, from: usize, out: &mut [Event]) {
        self.state.stamp(&mut out[from..]);
    }
}

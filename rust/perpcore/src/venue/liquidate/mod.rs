//! Buckets that fell below maintenance margin are closed (RULES §10, docs/liquidation.md): worst first, so many rounds a command,
//! the others with the next. What to do is planned in [`crate::liquidation`]; it is done here.
//!
//! [`queue`] knows who fell and who waits, [`round`] does one round of one bucket, a file a step.

mod adl;
mod backstop;
mod book;
mod bucket;
mod fund;
mod last;
pub(super) mod queue;
mod ranked;
mod record;
mod round;
mod take;

pub(super) use book::{Closing, filled, refuses};
pub(super) use bucket::badness;
pub(super) use queue::Falls;
pub use ranked::Light;

use super::Venue;
use super::state::SECOND;
use crate::message::{Event, FUND};

/// Whose margin it is: the cross account's, or that of one isolated position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bucket {
    pub(super) account: u32,
    /// The instrument of an isolated position.
    pub(super) isolated: Option<u32>,
}

/// What the fund took over.
const INVENTORY: Bucket = Bucket { account: FUND, isolated: None };

impl Venue {
    /// What happened to an account since one of its buckets last fell below maintenance margin, as it was said.
    pub fn story(&self, account: u32) -> &[Event] {
        self.state.falls.record.story(account)
    }

    /// What a report of deleveraging is about, by its number, from 1; none where there is none, or one of long ago.
    pub fn report(&self, number: u64) -> Option<&[Event]> {
        self.state.falls.record.report(number)
    }

    /// Closes buckets, worst first, as far as one command goes.
    #[inline(always)]
    pub(super) fn liquidate(&mut self, out: &mut Vec<Event>) {
        if self.state.falls.fund_holds {
            self.state.looks_at_inventory();
        }
        if self.state.falls.is_anybody_due() {
            self.liquidate_somebody(out);
        }
    }

    #[cold]
    fn liquidate_somebody(&mut self, out: &mut Vec<Event>) {
        let Some(rules) = self.state.rules.liquidation().cloned() else { return };
        while self.state.falls.rounds < rules.per_command {
            let Some(bucket) = self.state.falls.worst() else { break };
            let (from, begins) = (out.len(), !self.state.falls.is_falling(bucket.account));
            if !self.round(bucket, &rules, out) {
                self.state.falls.idle(bucket);
                continue;
            }
            self.state.falls.rounds += 1;
            self.state.touch(bucket.account);
            self.look_at_touched(out);
            self.state.falls.record.tell(bucket.account, begins, &out[from..]);
            if self.state.falls.fund_holds {
                self.state.looks_at_inventory();
                if bucket != INVENTORY {
                    self.state.falls.record.tell(FUND, false, &out[from..]);
                }
            }
            let next = SECOND * (self.state.time.div_euclid(SECOND) + 1);
            if self.state.falls.waits(bucket, next) {
                self.next_due = self.next_due.min(next);
            }
        }
        self.go_on_after_rounds(out);
    }

    /// What was waiting for trades of liquidations goes on: triggers.
    fn go_on_after_rounds(&mut self, out: &mut Vec<Event>) {
        let cause = self.state.cause;
        for at in std::mem::take(&mut self.state.falls.traded) {
            self.on_book(at, out, |book, floor, out| book.go_on(floor, cause, out));
        }
        self.look_at_touched(out);
    }

    /// Somebody who waited for the next second goes on.
    pub(super) fn wake_the_fallen(&mut self, out: &mut Vec<Event>) {
        for account in self.state.falls.wake(self.state.time) {
            self.state.touch(account);
        }
        self.look_at_touched(out);
    }

    /// Who has a position in an instrument, in the order of opening.
    fn holders_of(&self, instrument: u32) -> Vec<u32> {
        let ledger = &self.state.ledger;
        let of_fund = Some(FUND).filter(|fund| ledger.quantity(*fund, instrument, false) != 0);
        self.in_order(ledger.holders(instrument).all().chain(of_fund))
    }

    /// Accounts in the order of opening, that come by number.
    fn in_order(&self, accounts: impl Iterator<Item = u32>) -> Vec<u32> {
        let (state, mut accounts) = (&self.state, accounts.collect::<Vec<_>>());
        let opened = |account: &u32| match account {
            &FUND => state.falls.fund_opened,
            account => state.members[*account as usize].as_ref().map_or(u32::MAX, |member| member.opened),
        };
        if !state.numbered_in_order {
            accounts.sort_unstable_by_key(opened);
        }
        accounts
    }

    /// Everybody who fell is to be looked at: prices moved, or an instrument entered another phase.
    pub(super) fn touch_the_fallen(&mut self) {
        for account in self.state.falls.accounts() {
            self.state.touch(account);
        }
    }
}

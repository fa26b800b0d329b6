//! What liquidations are told again from: the story of each account since it last fell, and what each report is about. Nothing that
//! happens depends on it.

use crate::margin::status::Status;
use crate::message::Event;
use crate::message::event::Kind;
use std::collections::{BTreeMap, VecDeque};

/// The reports that are kept, the newest.
const REPORTS: usize = 10_000;
/// The events of a story that are kept: how it began, and the newest.
const EVENTS: usize = 10_000;

/// Events that are kept.
#[derive(Debug, Default)]
pub(in crate::venue) struct Record {
    stories: BTreeMap<u32, Vec<Event>>,
    reports: VecDeque<Vec<Event>>,
    /// How many reports are kept no longer.
    forgotten: u64,
}

/// Whether it says that a bucket fell.
fn is_fall(event: &Event) -> bool {
    let fell = |status: u8| [Status::Bankrupt as u8, Status::Liquidation as u8].contains(&status);
    event.kind == Kind::StatusChanged && fell(event.after) && !fell(event.before)
}

impl Record {
    pub(super) fn story(&self, account: u32) -> &[Event] {
        self.stories.get(&account).map_or(&[], Vec::as_slice)
    }

    /// By its number, from 1.
    pub(super) fn report(&self, number: u64) -> Option<&[Event]> {
        let at = number.checked_sub(1)?.checked_sub(self.forgotten)?;
        self.reports.get(usize::try_from(at).ok()?).map(Vec::as_slice)
    }

    /// Statuses of an account changed of which nothing was closed yet: a story may begin.
    pub(in crate::venue) fn looked(&mut self, account: u32, events: &[Event]) {
        if let Some(fall) = events.iter().find(|event| is_fall(event)) {
            self.stories.insert(account, vec![*fall]);
        }
    }

    /// A story begins anew.
    pub(super) fn begin(&mut self, account: u32) {
        self.stories.remove(&account);
    }

    /// A round of an account's bucket was done, the first one since it fell or another one.
    pub(super) fn tell(&mut self, account: u32, begins: bool, events: &[Event]) {
        let story = self.stories.entry(account).or_default();
        if begins {
            let fall = story.pop().filter(is_fall);
            story.clear();
            story.extend(fall);
        }
        story.extend(events.iter().filter(|event| event.account == account || event.other_account == account));
        if story.len() > 2 * EVENTS {
            story.drain(1..story.len() - EVENTS);
        }
    }

    /// A report was made.
    pub(super) fn keep(&mut self, report: Vec<Event>) {
        self.reports.push_back(report);
        if self.reports.len() > REPORTS {
            self.reports.pop_front();
            self.forgotten += 1;
        }
    }
}

//! Clients' order ids: a repeat is answered as the first time, another order under the same id is refused, and a living order
//! is found by its account and id.
//!
//! An id is remembered for a time, and so many of an account; that of a living order always. What was answered is kept event by
//! event. Places of what is forgotten are used again, but only after [`Clients::settle`], since events name them.

use crate::message::{CLIENT_ID_BYTES, ClientId, Event, Place};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::collections::VecDeque;
use std::hash::BuildHasher;

/// Under which number an id is remembered; 0 is none.
pub type Number = u32;

/// No event.
const NONE: u32 = u32::MAX;

/// A client's order id and what became of it.
#[derive(Clone, Debug)]
struct Remembered {
    account: u32,
    id: Id,
    /// The order as it was asked for, without its names.
    asked: Place<'static>,
    /// The order; 0 where it was refused.
    order: u64,
    /// Its first and last event.
    answer: (u32, u32),
    /// Which of all that ever were remembered it is.
    stamp: u64,
    /// The one of the same account remembered after it.
    newer: Number,
    living: bool,
    forgotten: bool,
}

/// An id; the text stands beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Id {
    Number(u64),
    Text(u8),
}

/// What is remembered of an account and not forgotten: the oldest, the newest, how many.
#[derive(Clone, Copy, Debug, Default)]
struct OfAccount {
    oldest: Number,
    newest: Number,
    count: u32,
}

/// All ids that are remembered.
#[derive(Clone, Debug)]
pub struct Clients {
    table: HashTable<Number>,
    hasher: DefaultHashBuilder,
    /// By number; nothing has number 0.
    entries: Vec<Remembered>,
    texts: Vec<[u8; CLIENT_ID_BYTES]>,
    free: Vec<Number>,
    leaving: Vec<Number>,
    /// Number, stamp and time, by time.
    ages: VecDeque<(Number, u64, i64)>,
    accounts: Vec<OfAccount>,
    stamps: u64,
    events: Vec<(Event, u32)>,
    free_events: Vec<u32>,
}

impl Clients {
    /// Nothing remembered.
    pub fn new() -> Clients {
        Clients {
            table: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            entries: Vec::new(),
            texts: Vec::new(),
            free: Vec::new(),
            leaving: Vec::new(),
            ages: VecDeque::new(),
            accounts: Vec::new(),
            stamps: 0,
            events: Vec::new(),
            free_events: Vec::new(),
        }
    }

    /// The id of a number.
    pub fn id(&self, number: Number) -> Option<ClientId<'_>> {
        let at = (number as usize).checked_sub(1)?;
        Some(match self.entries.get(at)?.id {
            Id::Number(id) => ClientId::Number(id),
            Id::Text(length) => {
                ClientId::Text(std::str::from_utf8(&self.texts[at][..length as usize]).unwrap_or_default())
            }
        })
    }

    /// All that is remembered and not forgotten, by time: account, id and order, which is 0 where it was refused.
    pub fn remembered(&self) -> impl Iterator<Item = (u32, ClientId<'_>, u64)> {
        let valid = |(number, stamp, _): &&(Number, u64, i64)| {
            let entry = self.entry(*number);
            entry.stamp == *stamp && !entry.forgotten
        };
        self.ages.iter().filter(valid).filter_map(|(number, ..)| {
            let entry = self.entry(*number);
            Some((entry.account, self.id(*number)?, entry.order))
        })
    }

    /// Numbers that were left may be used again: nobody reads the events before this any more.
    pub fn settle(&mut self) {
        self.free.append(&mut self.leaving);
    }

    #[inline(always)]
    fn entry(&self, number: Number) -> &Remembered {
        &self.entries[number as usize - 1]
    }

    #[inline(always)]
    fn hash(&self, account: u32, id: &ClientId<'_>) -> u64 {
        match id {
            ClientId::Number(number) => self.hasher.hash_one((account, *number)),
            ClientId::Text(text) => self.hasher.hash_one((account, *text)),
        }
    }

    /// The number of an account's id.
    #[inline(always)]
    pub(super) fn find(&self, account: u32, id: &ClientId<'_>) -> Option<Number> {
        let same = |number: &Number| {
            let entry = self.entry(*number);
            entry.account == account
                && match (entry.id, id) {
                    (Id::Number(known), ClientId::Number(given)) => known == *given,
                    (Id::Text(length), ClientId::Text(given)) => {
                        self.texts[*number as usize - 1][..length as usize] == *given.as_bytes()
                    }
                    _ => false,
                }
        };
        self.table.find(self.hash(account, id), same).copied()
    }

    /// The living order of an account's id.
    #[inline(always)]
    pub(super) fn order(&self, account: u32, id: &ClientId<'_>) -> Option<u64> {
        self.find(account, id).map(|number| self.entry(number)).filter(|entry| entry.living).map(|entry| entry.order)
    }

    /// What was answered to the same order; none where it was another one.
    pub(super) fn answer(&self, number: Number, asked: &Place<'static>) -> Option<impl Iterator<Item = Event>> {
        let entry = self.entry(number);
        let mut next = entry.answer.0;
        (entry.asked == *asked).then_some(std::iter::from_fn(move || {
            let (event, after) = self.events.get(next as usize)?;
            next = *after;
            Some(*event)
        }))
    }

    /// Remembers an id that is not; of an account at most `most`.
    #[inline(always)]
    pub(super) fn remember(
        &mut self,
        account: u32,
        id: &ClientId<'_>,
        asked: Place<'static>,
        time: i64,
        most: u32,
    ) -> Number {
        let hash = self.hash(account, id);
        self.stamps += 1;
        let number = self.free.pop().unwrap_or(self.entries.len() as Number + 1);
        let kept = match id {
            ClientId::Number(id) => Id::Number(*id),
            ClientId::Text(text) => self.keep(number, text),
        };
        let entry = Remembered {
            account,
            id: kept,
            asked,
            order: 0,
            answer: (NONE, NONE),
            stamp: self.stamps,
            newer: 0,
            living: false,
            forgotten: false,
        };
        match self.entries.get_mut(number as usize - 1) {
            Some(place) => *place = entry,
            None => self.entries.push(entry),
        }
        self.ages.push_back((number, self.stamps, time));
        if account as usize >= self.accounts.len() {
            self.accounts.resize(account as usize + 1, OfAccount::default());
        }
        let of = &mut self.accounts[account as usize];
        of.count += 1;
        match std::mem::replace(&mut of.newest, number) {
            0 => of.oldest = number,
            newest => self.entries[newest as usize - 1].newer = number,
        }
        let (over, oldest) = (of.count > most, of.oldest);
        let Clients { table, entries, texts, hasher, .. } = self;
        table.insert_unique(hash, number, |number| {
            let entry = &entries[*number as usize - 1];
            match entry.id {
                Id::Number(id) => hasher.hash_one((entry.account, id)),
                Id::Text(length) => {
                    let text = &texts[*number as usize - 1][..length as usize];
                    hasher.hash_one((entry.account, std::str::from_utf8(text).unwrap_or_default()))
                }
            }
        });
        if over {
            self.forget(oldest);
        }
        number
    }

    fn keep(&mut self, number: Number, text: &str) -> Id {
        if self.texts.len() < number as usize {
            self.texts.resize(number as usize, [0; CLIENT_ID_BYTES]);
        }
        let length = text.len().min(CLIENT_ID_BYTES);
        self.texts[number as usize - 1][..length].copy_from_slice(&text.as_bytes()[..length]);
        Id::Text(length as u8)
    }

    /// What became of an order: its id, 0 where it was refused, whether it lives on, and what was said.
    #[inline(always)]
    pub(super) fn answered(&mut self, number: Number, order: u64, living: bool, events: &[Event]) {
        let (mut first, mut last) = (NONE, NONE);
        for event in events {
            let at = match self.free_events.pop() {
                Some(at) => {
                    self.events[at as usize] = (*event, NONE);
                    at
                }
                None => {
                    self.events.push((*event, NONE));
                    self.events.len() as u32 - 1
                }
            };
            match last {
                NONE => first = at,
                last => self.events[last as usize].1 = at,
            }
            last = at;
        }
        let entry = &mut self.entries[number as usize - 1];
        (entry.order, entry.living, entry.answer) = (order, living, (first, last));
    }

    /// An order ended.
    #[inline(always)]
    pub(super) fn ended(&mut self, number: Number) {
        if number != 0 {
            let entry = &mut self.entries[number as usize - 1];
            if std::mem::replace(&mut entry.living, false) && entry.forgotten {
                self.leave(number);
            }
        }
    }

    /// Forgets what is older than a time, that time included.
    #[inline(always)]
    pub(super) fn forget_until(&mut self, time: i64) {
        while let Some(&(number, stamp, _)) = self.ages.front().filter(|(.., since)| *since <= time) {
            self.ages.pop_front();
            let entry = self.entry(number);
            if entry.stamp == stamp && !entry.forgotten {
                self.forget(number);
            }
        }
    }

    /// Forgets the oldest of an account, or lets it be forgotten with its order.
    fn forget(&mut self, number: Number) {
        let Remembered { account, newer, living, .. } = *self.entry(number);
        let of = &mut self.accounts[account as usize];
        of.count -= 1;
        of.oldest = newer;
        if newer == 0 {
            of.newest = 0;
        }
        self.entries[number as usize - 1].forgotten = true;
        if !living {
            self.leave(number);
        }
    }

    fn leave(&mut self, number: Number) {
        let entry = self.entry(number);
        let (account, mut event) = (entry.account, entry.answer.0);
        if let Some(id) = self.id(number) {
            let hash = self.hash(account, &id);
            if let Ok(found) = self.table.find_entry(hash, |at| *at == number) {
                found.remove();
            }
        }
        while event != NONE {
            self.free_events.push(event);
            event = self.events[event as usize].1;
        }
        let entry = &mut self.entries[number as usize - 1];
        (entry.answer, entry.stamp) = ((NONE, NONE), 0);
        self.leaving.push(number);
    }
}

//! Clients' order ids: a repeat is answered as the first time, another order under the same id is refused, and a living order
//! is found by its account and id.
//!
//! An id is remembered for a time, and so many of an account. That of a living order always.
//! What is remembered of an id is a cache line: an order as most are, and with it the acceptance as it was said.
//! Whatever else there is hangs on it. Numbers of what is forgotten are used again, but only after [`Clients::settle`], since
//! events name them.

use crate::message::{CLIENT_ID_BYTES, Class, ClientId, Event, Kind, NOBODY, Place, PostOnly, Word};
use crate::num::bounds::{PRICE, QUANTITY};
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::collections::VecDeque;
use std::hash::BuildHasher;

/// Under which number an id is remembered; 0 is none.
pub type Number = u32;

/// A client's order id, what was asked under it and what was said first.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Remembered {
    /// The id, or how long the text is that stands beside.
    id: u64,
    /// The order; 0 where it was refused.
    order: u64,
    /// The number of the acceptance; [`UNSAID`] where the first event stands further on.
    seq: u64,
    /// When it was remembered, and for which command.
    time: i64,
    cause: u64,
    asked: Plain,
    account: u32,
    /// The first of what else there is.
    further: u32,
}

/// No acceptance as it was asked.
const UNSAID: u64 = u64::MAX;
/// Nothing further.
const NONE: u32 = u32::MAX;

/// An order as most are, in 16 bytes: quantity and class; price and manner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plain(i64, i64);

const CLASS_BITS: u32 = 2;
const MANNER_BITS: u32 = 9;
const _: () = assert!(QUANTITY.max < (i64::MAX >> CLASS_BITS) as i128 && PRICE.max < (i64::MAX >> MANNER_BITS) as i128);

impl Plain {
    /// What stands where an order is not as most are.
    const OTHER: Plain = Plain(0, 0);

    #[inline(always)]
    fn of(place: &Place<'_>) -> Option<Plain> {
        let price = place.price.unwrap_or(0);
        let fits = place.until.is_none()
            && place.trigger.is_none()
            && !place.liquidation
            && place.quantity != 0
            && QUANTITY.holds(place.quantity.into())
            && (0..=PRICE.max).contains(&price.into());
        let post = place.post_only.map_or(0, |post_only| if post_only == PostOnly::Reject { 1 } else { 2 });
        let manner = (place.tif as i64) | (post << 2) | ((place.stp as i64) << 4);
        let flags = [place.reduce_only, place.isolated, place.price.is_none()];
        let flags = flags.iter().rev().fold(0, |bits, flag| (bits << 1) | i64::from(*flag));
        fits.then_some(Plain(place.quantity << CLASS_BITS, (price << MANNER_BITS) | manner | (flags << 6)))
    }

    #[inline(always)]
    fn quantity(self) -> i64 {
        self.0 >> CLASS_BITS
    }

    #[inline(always)]
    fn price(self) -> i64 {
        self.1 >> MANNER_BITS
    }

    fn class(self) -> Class {
        Class::ALL[(self.0 & ((1 << CLASS_BITS) - 1)) as usize]
    }

    fn of_class(self, class: Class) -> Plain {
        Plain((self.0 & !((1 << CLASS_BITS) - 1)) | class as i64, self.1)
    }
}

/// What does not fit in a line.
#[derive(Clone, Copy, Debug)]
enum Further {
    /// An order that is not as most are.
    Asked(Place<'static>),
    /// A further event.
    Said(Event),
}

/// What is remembered of one account, by time.
#[derive(Clone, Debug)]
struct Own {
    ids: VecDeque<Number>,
    /// When the first of them was remembered; none of what is remembered is older.
    since: i64,
}

impl Own {
    const NOTHING: Own = Own { ids: VecDeque::new(), since: i64::MAX };
}

/// All ids that are remembered; at first none.
#[derive(Clone, Debug, Default)]
pub struct Clients {
    table: HashTable<Number>,
    hasher: DefaultHashBuilder,
    /// By number; nothing has number 0.
    entries: Vec<Remembered>,
    /// Beside the entries, where ids are texts.
    texts: Vec<[u8; CLIENT_ID_BYTES]>,
    free: Vec<Number>,
    leaving: Vec<Number>,
    /// What is remembered of each account, by time; what is too old is forgotten when the account is next asked for.
    accounts: Vec<Own>,
    /// Living orders whose ids would be forgotten without them.
    outlived: HashMap<u64, Number>,
    /// Ids that are named in what was said under other ones: how often, and whether they are forgotten by themselves.
    named: HashMap<Number, (u32, bool)>,
    further: Vec<(Further, u32)>,
    free_further: Vec<u32>,
}

impl Clients {
    /// The id of a number.
    pub fn id(&self, number: Number) -> Option<ClientId<'_>> {
        let at = (number as usize).checked_sub(1)?;
        let id = self.entries.get(at)?.id;
        Some(match self.texts.get(at) {
            None => ClientId::Number(id),
            Some(text) => ClientId::Text(std::str::from_utf8(&text[..id as usize]).unwrap_or_default()),
        })
    }

    /// All that is remembered and younger than a time, by account and time: account, id, and the order, which is 0 where it was
    /// refused, with what was asked.
    pub fn remembered(&self, after: i64) -> impl Iterator<Item = (u32, ClientId<'_>, [u64; 3])> {
        self.accounts.iter().flat_map(|own| &own.ids).filter_map(move |&number| {
            let entry = self.entry(number);
            let Plain(quantity, price) = entry.asked;
            (entry.time > after).then_some((
                entry.account,
                self.id(number)?,
                [entry.order, quantity as u64, price as u64],
            ))
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
    fn hash(hasher: &DefaultHashBuilder, account: u32, id: &ClientId<'_>) -> u64 {
        match id {
            ClientId::Number(number) => hasher.hash_one((account, *number)),
            ClientId::Text(text) => hasher.hash_one((account, *text)),
        }
    }

    /// Whether an id is of another kind than those before it.
    #[inline(always)]
    pub(super) fn other_kind(&self, id: &ClientId<'_>) -> bool {
        !self.entries.is_empty() && self.texts.is_empty() == matches!(id, ClientId::Text(_))
    }

    /// The number of an account's id.
    #[inline(always)]
    pub(super) fn find(&self, account: u32, id: &ClientId<'_>) -> Option<Number> {
        let same = |number: &Number| {
            let entry = self.entry(*number);
            entry.account == account && self.id(*number) == Some(*id)
        };
        self.table.find(Self::hash(&self.hasher, account, id), same).copied()
    }

    /// The order of an account's id, living or not.
    #[inline(always)]
    pub(super) fn order(&self, account: u32, id: &ClientId<'_>) -> Option<u64> {
        self.find(account, id).map(|number| self.entry(number).order)
    }

    /// Whether an account's id is remembered that was not forgotten by a time, or whose order lives.
    pub(super) fn remembers(
        &self,
        account: u32,
        id: &ClientId<'_>,
        forgotten: i64,
        lives: impl Fn(u64) -> bool,
    ) -> bool {
        let entry = self.find(account, id).map(|number| self.entry(number));
        entry.is_some_and(|entry| entry.time > forgotten || lives(entry.order))
    }

    /// Adds what was answered to the same order; false where it was another one.
    pub(super) fn answer(&self, number: Number, asked: &Place<'static>, instrument: u32, out: &mut Vec<Event>) -> bool {
        let entry = *self.entry(number);
        let said = || {
            std::iter::successors(self.further.get(entry.further as usize), |(_, next)| {
                self.further.get(*next as usize)
            })
        };
        let same = match Plain::of(asked) {
            Some(plain) => plain.of_class(entry.asked.class()) == entry.asked,
            None => said().any(|(further, _)| matches!(further, Further::Asked(before) if before == asked)),
        };
        if same {
            let Remembered { order, seq, time, cause, account, asked, .. } = entry;
            let (quantity, price, class) = (asked.quantity(), asked.price(), asked.class());
            let accepted = Event {
                seq,
                time,
                cause,
                order,
                quantity,
                price,
                account,
                class,
                client: number,
                instrument,
                kind: Kind::Accepted,
                ..Event::NOTHING
            };
            out.extend((seq != UNSAID).then_some(accepted));
            out.extend(said().filter_map(|(further, _)| match further {
                Further::Said(event) => Some(*event),
                Further::Asked(_) => None,
            }));
        }
        same
    }

    /// Remembers an id that is not; of an account at most `most`. `lives` says whether an order does.
    #[inline(always)]
    pub(super) fn remember(
        &mut self,
        id: &ClientId<'_>,
        asked: &Place<'static>,
        time: i64,
        cause: u64,
        most: u32,
        lives: impl Fn(u64) -> bool,
    ) -> Number {
        let account = asked.account;
        let number = self.free.pop().unwrap_or(self.entries.len() as Number + 1);
        let kept = match id {
            ClientId::Number(id) => *id,
            ClientId::Text(text) => self.keep(number, text),
        };
        let plain = Plain::of(asked);
        let further = if plain.is_some() { NONE } else { self.hang(Further::Asked(*asked)) };
        let asked = plain.unwrap_or(Plain::OTHER);
        let entry = Remembered { id: kept, order: 0, seq: UNSAID, time, cause, asked, account, further };
        match self.entries.get_mut(number as usize - 1) {
            Some(place) => *place = entry,
            None => {
                self.entries.push(entry);
                room(&mut self.free, self.entries.capacity());
                room(&mut self.leaving, self.entries.capacity());
            }
        }
        if account as usize >= self.accounts.len() {
            self.accounts.resize_with(account as usize + 1, || Own::NOTHING);
        }
        let own = &mut self.accounts[account as usize];
        own.since = own.since.min(time);
        own.ids.push_back(number);
        let over = own.ids.len() > most as usize;
        let oldest = own.ids[0];
        let Clients { table, entries, texts, hasher, .. } = self;
        table.insert_unique(Self::hash(hasher, account, id), number, |number| {
            let at = *number as usize - 1;
            let Remembered { id, account, .. } = entries[at];
            match texts.get(at) {
                None => hasher.hash_one((account, id)),
                Some(text) => hasher.hash_one((account, std::str::from_utf8(&text[..id as usize]).unwrap_or_default())),
            }
        });
        if over {
            self.forget(oldest, lives);
        }
        number
    }

    fn keep(&mut self, number: Number, text: &str) -> u64 {
        if self.texts.len() < number as usize {
            self.texts.resize(number as usize, [0; CLIENT_ID_BYTES]);
        }
        let length = text.len().min(CLIENT_ID_BYTES);
        self.texts[number as usize - 1][..length].copy_from_slice(&text.as_bytes()[..length]);
        length as u64
    }

    fn hang(&mut self, further: Further) -> u32 {
        match self.free_further.pop() {
            Some(at) => {
                self.further[at as usize] = (further, NONE);
                at
            }
            None => {
                self.further.push((further, NONE));
                room(&mut self.free_further, self.further.capacity());
                self.further.len() as u32 - 1
            }
        }
    }

    /// What became of an order: its id, 0 where it was refused, and what was said.
    #[inline(always)]
    pub(super) fn answered(&mut self, number: Number, order: u64, events: &[Event]) {
        let entry = &mut self.entries[number as usize - 1];
        entry.order = order;
        let as_asked = |event: &Event| {
            let asked = entry.asked;
            let same = event.quantity == asked.quantity() && event.price == asked.price();
            event.kind == Kind::Accepted && asked != Plain::OTHER && same
        };
        let mut rest = events;
        if let Some((first, others)) = events.split_first().filter(|(first, _)| as_asked(first)) {
            entry.seq = first.seq;
            entry.asked = entry.asked.of_class(first.class);
            rest = others;
        }
        if !rest.is_empty() {
            self.add_further(number, rest);
        }
    }

    fn add_further(&mut self, number: Number, events: &[Event]) {
        let mut last = self.entry(number).further;
        for event in events {
            if event.client != number && event.client != 0 {
                self.named.entry(event.client).or_default().0 += 1;
            }
            let at = self.hang(Further::Said(*event));
            match last {
                NONE => self.entries[number as usize - 1].further = at,
                last => self.further[last as usize].1 = at,
            }
            last = at;
        }
    }

    /// An order ended.
    #[inline(always)]
    pub(super) fn ended(&mut self, order: u64) {
        if !self.outlived.is_empty()
            && let Some(number) = self.outlived.remove(&order)
        {
            self.leave(number);
        }
    }

    /// Forgets what an account was answered at a time or before.
    #[inline(always)]
    pub(super) fn forget_until(&mut self, account: u32, time: i64, lives: impl Fn(u64) -> bool) {
        while let Some(own) = self.accounts.get(account as usize).filter(|own| own.since <= time) {
            let Some(&oldest) = own.ids.front() else { return };
            self.forget(oldest, &lives);
        }
    }

    /// Forgets what was answered at a time or before, and of each account all but the last so many.
    pub(super) fn forget_beyond(&mut self, time: i64, most: u32, lives: impl Fn(u64) -> bool) {
        for account in 0..self.accounts.len() {
            self.forget_until(account as u32, time, &lives);
            while self.accounts[account].ids.len() > most as usize {
                let oldest = self.accounts[account].ids[0];
                self.forget(oldest, &lives);
            }
        }
    }

    /// Forgets the oldest of an account, or lets it be forgotten with its order.
    fn forget(&mut self, number: Number, lives: impl Fn(u64) -> bool) {
        let Remembered { order, account, .. } = *self.entry(number);
        self.accounts[account as usize].ids.pop_front();
        let next = self.accounts[account as usize].ids.front().map_or(i64::MAX, |next| self.entry(*next).time);
        self.accounts[account as usize].since = next;
        if lives(order) {
            self.outlived.insert(order, number);
        } else {
            self.leave(number);
        }
    }

    fn leave(&mut self, number: Number) {
        let Remembered { account, mut further, .. } = *self.entry(number);
        if let Some(id) = self.id(number) {
            let hash = Self::hash(&self.hasher, account, &id);
            if let Ok(found) = self.table.find_entry(hash, |at| *at == number) {
                found.remove();
            }
        }
        while further != NONE {
            self.free_further.push(further);
            let (what, next) = self.further[further as usize];
            if let Further::Said(event) = what
                && event.client != number
            {
                self.unname(event.client);
            }
            further = next;
        }
        let entry = &mut self.entries[number as usize - 1];
        (entry.account, entry.further) = (NOBODY, NONE);
        match self.named.get_mut(&number) {
            Some((_, forgotten)) => *forgotten = true,
            None => self.leaving.push(number),
        }
    }

    /// What was said under another id is forgotten, and with it that it named this one.
    #[cold]
    fn unname(&mut self, number: Number) {
        let Some((times, forgotten)) = self.named.get_mut(&number) else { return };
        *times -= 1;
        if *times == 0 {
            let forgotten = *forgotten;
            self.named.remove(&number);
            if forgotten {
                self.leaving.push(number);
            }
        }
    }
}

/// Room for all places of a list to be given back, made when it grows: so giving one back never allocates.
#[inline(always)]
fn room(free: &mut Vec<u32>, places: usize) {
    if free.capacity() < places {
        free.reserve(places - free.len());
    }
}

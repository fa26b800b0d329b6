//! Which accounts are due: a wheel of slots along the movement of prices.
//!
//! Time is how far prices have moved in all, up and down, since the beginning. An account that is safe for some way is
//! put into the slot where that way ends; when the movement reaches a slot, what stands in it is due. Nothing is ever
//! sorted. What is put in again leaves its old place behind, which is passed over when its turn comes.

/// Movement in a slot, as a power of two of [`UNITS`](super::reach::UNITS): about 0.15 basis points.
const SLOT_BITS: u32 = 8;
/// How many slots there are: half of [`UNITS`](super::reach::UNITS). Who is safe for longer comes due once in between.
const SLOTS: u64 = 1 << 15;

/// No slot.
const NOWHERE: u32 = u32::MAX;

/// The wheel.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    /// How far prices have moved, in [`UNITS`](super::reach::UNITS).
    moved: u64,
    slots: Vec<Vec<u32>>,
    /// The slot, counted from the beginning, in which an account stands.
    place: Vec<u32>,
    /// How far prices may be from where they were when it was valued, and the number of that market.
    valued: Vec<(u32, u32)>,
    /// How many entries all slots have, those passed over included.
    entries: usize,
}

impl Queue {
    pub(super) fn new() -> Self {
        Queue { moved: 0, slots: vec![Vec::new(); SLOTS as usize], place: Vec::new(), valued: Vec::new(), entries: 0 }
    }

    /// Takes the accounts that come due if prices move on by `step`, in no order; none, and nothing taken, where they are
    /// more than `most`.
    pub(super) fn take(&mut self, step: u64, most: usize) -> Option<Vec<u32>> {
        let (from, to) = (self.moved >> SLOT_BITS, (self.moved + step) >> SLOT_BITS);
        if to - from >= SLOTS {
            return None;
        }
        // The slot at hand was emptied when the movement reached it: who stands in it now came since.
        let slots = from..=to;
        let count: usize = slots.clone().map(|slot| self.slots[(slot % SLOTS) as usize].len()).sum();
        if count > most {
            return None;
        }
        let mut due = Vec::with_capacity(count);
        for slot in slots {
            for account in std::mem::take(&mut self.slots[(slot % SLOTS) as usize]) {
                let place = &mut self.place[account as usize];
                if *place == slot as u32 {
                    *place = NOWHERE;
                    due.push(account);
                }
            }
        }
        self.entries -= count;
        Some(due)
    }

    /// Prices have moved on by `step`.
    pub(super) fn advance(&mut self, step: u64) {
        self.moved += step;
    }

    /// Forgets everything but how far prices have moved.
    pub(super) fn clear(&mut self) {
        self.slots.iter_mut().for_each(Vec::clear);
        self.place.fill(NOWHERE);
        self.entries = 0;
    }

    /// How far prices may be from the market at which an account was valued, and its number.
    #[inline(always)]
    pub(super) fn valued(&self, account: u32) -> (u64, u32) {
        let (reach, market) = self.valued[account as usize];
        (reach.into(), market)
    }

    /// An account was valued at the market of a number, and is safe for `reach` from there.
    pub(super) fn value(&mut self, account: u32, reach: u32, market: u32) {
        if self.valued.len() <= account as usize {
            self.valued.resize(account as usize + 1, (0, 0));
        }
        self.valued[account as usize] = (reach, market);
        self.put(account, reach.into());
    }

    /// Puts an account where prices have moved by `reach` more.
    pub(super) fn put(&mut self, account: u32, reach: u64) {
        // Factors of 1 + s, 1 + t, … make at most e^(s + t + …), which is at most 1 + reach up to ln(1 + reach).
        let way = (reach - ((reach * reach) >> 25)).saturating_sub(1);
        let slot = ((self.moved + way) >> SLOT_BITS).min((self.moved >> SLOT_BITS) + SLOTS - 1);
        if self.place.len() <= account as usize {
            self.place.resize(account as usize + 1, NOWHERE);
        }
        let place = &mut self.place[account as usize];
        if *place == slot as u32 {
            return;
        }
        *place = slot as u32;
        self.slots[(slot % SLOTS) as usize].push(account);
        self.entries += 1;
        if self.entries > 2 * self.place.len() + SLOTS as usize {
            self.compact();
        }
    }

    /// Drops the entries that would be passed over.
    fn compact(&mut self) {
        self.slots.iter_mut().for_each(Vec::clear);
        for (account, &place) in self.place.iter().enumerate().filter(|(_, place)| **place != NOWHERE) {
            self.slots[(u64::from(place) % SLOTS) as usize].push(account as u32);
        }
        self.entries = self.slots.iter().map(Vec::len).sum();
    }
}

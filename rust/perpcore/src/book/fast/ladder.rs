//! One side's prices: a window of ticks around the touch in a ring with a bitmap, and what is far below it in a map.
//!
//! Keys rise from the worst price to the best. The window holds every key in (top − [`TICKS`], top], each at its remainder
//! modulo [`TICKS`], so moving the window moves only what enters or leaves it. Whatever is occupied is at most `top`, and what
//! is in `far` is below the window: so as long as the window is not empty, the best is in it. It moves up when a better
//! price comes, and down when it has emptied, or when a price comes below it while its upper half is empty.

use super::Queue;
use std::collections::BTreeMap;

/// How many ticks the window holds.
const TICKS: i64 = 1 << 16;
/// How far above the best a window is set, so that not every better price moves it.
const ABOVE: i64 = TICKS / 4;
const MASK: usize = TICKS as usize - 1;
const WORDS: usize = TICKS as usize / 64;

/// One side's prices.
#[derive(Clone, Debug)]
pub(super) struct Ladder {
    queues: Vec<Queue>,
    /// A bit a tick.
    ticks: Vec<u64>,
    /// A bit a word of `ticks`.
    words: [u64; WORDS / 64],
    top: i64,
    /// The best key; below every key where there is none.
    best: i64,
    far: BTreeMap<i64, Queue>,
}

/// Below every key.
const NOTHING: i64 = i64::MIN;

impl Ladder {
    pub(super) fn new() -> Ladder {
        Ladder {
            queues: vec![Queue::EMPTY; TICKS as usize],
            ticks: vec![0; WORDS],
            words: [0; WORDS / 64],
            top: 0,
            best: NOTHING,
            far: BTreeMap::new(),
        }
    }

    /// The best key.
    #[inline(always)]
    pub(super) fn best(&self) -> Option<i64> {
        (self.best != NOTHING).then_some(self.best)
    }

    /// The queue of an occupied key.
    #[inline(always)]
    pub(super) fn see(&self, key: i64) -> &Queue {
        if self.near(key) { &self.queues[key as usize & MASK] } else { self.far.get(&key).unwrap_or(&Queue::EMPTY) }
    }

    /// The queue of an occupied key, to be changed.
    #[inline(always)]
    pub(super) fn queue(&mut self, key: i64) -> &mut Queue {
        if self.near(key) { &mut self.queues[key as usize & MASK] } else { self.far.entry(key).or_insert(Queue::EMPTY) }
    }

    /// The queue of a key that is occupied from now on.
    #[inline(always)]
    pub(super) fn enter(&mut self, key: i64) -> &mut Queue {
        if !self.near(key) || key > self.top {
            self.make_room(key);
        }
        if !self.near(key) {
            return self.far.entry(key).or_insert(Queue::EMPTY);
        }
        let at = key as usize & MASK;
        self.ticks[at / 64] |= 1 << (at % 64);
        self.words[at / 4096] |= 1 << (at / 64 % 64);
        self.best = self.best.max(key);
        &mut self.queues[at]
    }

    /// A key is no longer occupied.
    #[inline(always)]
    pub(super) fn leave(&mut self, key: i64) {
        if !self.near(key) {
            self.far.remove(&key);
            return;
        }
        self.clear(key);
        if key == self.best {
            match self.lower(key) {
                Some(best) => self.best = best,
                None => self.descend(),
            }
        }
    }

    /// The best occupied key below another.
    #[inline(always)]
    pub(super) fn below(&self, key: i64) -> Option<i64> {
        if key > self.top {
            return self.best();
        }
        let near = if self.near(key) { self.lower(key) } else { None };
        near.or_else(|| self.far.range(..key.min(self.bottom())).next_back().map(|(key, _)| *key))
    }

    /// The worst key of the window.
    #[inline(always)]
    fn bottom(&self) -> i64 {
        self.top - TICKS + 1
    }

    /// Whether a key is in the window; nothing above it is occupied.
    #[inline(always)]
    fn near(&self, key: i64) -> bool {
        key >= self.bottom()
    }

    #[inline(always)]
    fn clear(&mut self, key: i64) {
        let at = key as usize & MASK;
        self.ticks[at / 64] &= !(1 << (at % 64));
        if self.ticks[at / 64] == 0 {
            self.words[at / 4096] &= !(1 << (at / 64 % 64));
        }
    }

    /// The best occupied key of the window below one in it: the next bit downward in the ring, which is below `key` unless the
    /// search comes round to the part of the ring above it, where nothing is asked.
    #[inline(always)]
    fn lower(&self, key: i64) -> Option<i64> {
        let from = key as usize & MASK;
        let found = self.bit_below(from)?;
        let distance = (from.wrapping_sub(found) & MASK) as i64;
        let distance = if distance == 0 { TICKS } else { distance };
        Some(key - distance).filter(|key| self.near(*key))
    }

    /// The next occupied place below one in the ring, around its end at most once.
    #[inline(always)]
    fn bit_below(&self, from: usize) -> Option<usize> {
        let word = from / 64;
        let here = self.ticks[word] & ((1_u64 << (from % 64)) - 1);
        if here != 0 {
            return Some(word * 64 + highest(here));
        }
        let group = word / 64;
        let near = self.words[group] & ((1_u64 << (word % 64)) - 1);
        if near != 0 {
            return Some(self.highest_of(group * 64 + highest(near)));
        }
        let groups = self.words.len();
        for step in 1..=groups {
            let group = (group + groups - step) % groups;
            if self.words[group] != 0 {
                return Some(self.highest_of(group * 64 + highest(self.words[group])));
            }
        }
        None
    }

    #[inline(always)]
    fn highest_of(&self, word: usize) -> usize {
        word * 64 + highest(self.ticks[word])
    }

    /// Moves the window for a key outside it, where that is worth it.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, key: i64) {
        if key > self.top || self.best == NOTHING {
            self.move_to(key + ABOVE);
        } else if self.best <= self.top - TICKS / 2 {
            self.move_to(self.best + ABOVE);
        }
    }

    /// The window has emptied: it goes to the best of what is far.
    #[cold]
    #[inline(never)]
    fn descend(&mut self) {
        self.best = NOTHING;
        if let Some((&best, _)) = self.far.last_key_value() {
            self.move_to(best + ABOVE);
            self.best = best;
        }
    }

    /// Sets the window: what falls below it becomes far, what was far and is in it now comes in.
    fn move_to(&mut self, top: i64) {
        let bottom = top - TICKS + 1;
        if top > self.top && self.best != NOTHING {
            // What falls out, best first.
            let mut key = if self.best < bottom { Some(self.best) } else { self.lower(bottom) };
            while let Some(falling) = key {
                key = self.lower(falling);
                let at = falling as usize & MASK;
                let queue = std::mem::replace(&mut self.queues[at], Queue::EMPTY);
                self.clear(falling);
                self.far.insert(falling, queue);
            }
            if self.best < bottom {
                self.best = NOTHING;
            }
        }
        self.top = top;
        while let Some(entry) = self.far.last_entry().filter(|entry| *entry.key() >= bottom) {
            let (key, queue) = entry.remove_entry();
            let at = key as usize & MASK;
            self.queues[at] = queue;
            self.ticks[at / 64] |= 1 << (at % 64);
            self.words[at / 4096] |= 1 << (at / 64 % 64);
            self.best = self.best.max(key);
        }
    }
}

/// The number of the highest bit.
#[inline(always)]
fn highest(word: u64) -> usize {
    63 - word.leading_zeros() as usize
}

//! The mean of the last one-second samples of mid − index.

use crate::pricing::optional;
use std::collections::VecDeque;

/// The samples of the last seconds, a slot a second, empty where there was none.
#[derive(Clone, Debug)]
pub(super) struct Basis {
    most: usize,
    /// Twice mid − index, in g; the latest second last.
    slots: VecDeque<Option<i64>>,
    /// Σ of those that are there, and how many.
    sum: i128,
    present: u32,
}

impl Basis {
    /// Of so many seconds.
    pub(super) fn new(seconds: u32) -> Basis {
        Basis { most: seconds as usize, slots: VecDeque::with_capacity(seconds as usize), sum: 0, present: 0 }
    }

    /// A sample that prevailed in the seconds after `from` up to `to`, of which those up to `fresh_until` count.
    pub(super) fn prevail(&mut self, from: i64, to: i64, fresh_until: i64, twice: Option<i64>) {
        let first = from.max(to - self.most as i64) + 1;
        for second in first..=to {
            self.push(twice.filter(|_| second <= fresh_until));
        }
    }

    fn push(&mut self, slot: Option<i64>) {
        if self.slots.len() == self.most {
            let oldest = self.slots.pop_front().flatten();
            self.sum -= oldest.map_or(0, i128::from);
            self.present -= u32::from(oldest.is_some());
        }
        self.sum += slot.map_or(0, i128::from);
        self.present += u32::from(slot.is_some());
        self.slots.push_back(slot);
    }

    /// How many samples are there.
    #[inline]
    pub(super) fn present(&self) -> u32 {
        self.present
    }

    /// The mean as a fraction; none without a sample.
    #[inline]
    pub(super) fn sum(&self) -> Option<(i128, u32)> {
        (self.present > 0).then_some((self.sum, 2 * self.present))
    }

    /// What a further call could depend on, as numbers.
    pub(super) fn numbers(&self) -> impl Iterator<Item = i64> {
        self.slots.iter().copied().flat_map(optional)
    }
}

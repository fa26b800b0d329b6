//! Recycled output columns. At a million accounts the largest cost of a call is the first touch of fresh memory, so
//! columns that a caller let go are kept for the next call.
//!
//! A column belongs to one owner until it is dropped; only then can it be handed out again. The pool keeps at most
//! [`KEPT_BYTES`] and [`KEPT_COLUMNS`]; what does not fit is freed. It never waits: where its lock is taken (or was
//! taken in the parent of a forked process) memory comes fresh and goes back to the system.

use std::mem::{size_of, take};
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

/// The most memory that unused columns may keep.
pub const KEPT_BYTES: usize = 256 << 20;
/// The most columns that may be kept unused.
pub const KEPT_COLUMNS: usize = 64;

static KEPT: Mutex<Vec<Vec<i128>>> = Mutex::new(Vec::new());

/// A column of money; its memory goes back to the pool when it is dropped.
#[derive(Debug, Default)]
pub struct Column {
    memory: Vec<i128>,
    len: usize,
}

impl Column {
    /// A column of some length. What stands in it is left over from earlier use and means nothing.
    pub fn new(len: usize) -> Self {
        let mut memory = KEPT.try_lock().ok().and_then(|mut kept| {
            // Not more than twice as large as needed, so that a small book does not sit in a large one's memory.
            let at = kept.iter().position(|memory| len <= memory.len() && memory.len() <= 2 * len)?;
            Some(kept.swap_remove(at))
        });
        Column { memory: memory.take().unwrap_or_else(|| vec![0; len]), len }
    }
}

impl Drop for Column {
    fn drop(&mut self) {
        let memory = take(&mut self.memory);
        let Ok(mut kept) = KEPT.try_lock() else { return };
        let bytes: usize = kept.iter().map(|memory| memory.len() * size_of::<i128>()).sum();
        if !memory.is_empty() && kept.len() < KEPT_COLUMNS && bytes + memory.len() * size_of::<i128>() <= KEPT_BYTES {
            kept.push(memory);
        }
    }
}

impl Deref for Column {
    type Target = [i128];

    fn deref(&self) -> &[i128] {
        &self.memory[..self.len]
    }
}

impl DerefMut for Column {
    fn deref_mut(&mut self) -> &mut [i128] {
        &mut self.memory[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_in_use_is_never_handed_out_again() {
        // A length that no other test uses, so that the pool holds it for this one alone.
        let mut first = Column::new(12_347);
        first.fill(7);
        let address = first.as_ptr();
        let second = Column::new(12_347);
        assert_ne!(second.as_ptr(), address);
        assert!(first.iter().all(|value| *value == 7));
        drop(first);
        assert_eq!(Column::new(12_000).as_ptr(), address);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        drop((0..3 * KEPT_COLUMNS).map(|_| Column::new(11_003)).collect::<Vec<_>>());
        let kept = KEPT.lock().unwrap();
        assert!(kept.len() <= KEPT_COLUMNS);
        assert!(kept.iter().map(|memory| memory.len() * 16).sum::<usize>() <= KEPT_BYTES);
    }
}

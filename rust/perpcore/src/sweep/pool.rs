//! Recycled output columns. At a million accounts the largest cost of a call is the first touch of fresh memory, so
//! columns that a caller let go are kept for the next call.
//!
//! A column belongs to one owner until it is dropped; only then can it be handed out again. A pool keeps at most
//! [`KEPT_BYTES`] and [`KEPT_COLUMNS`], the newest. It never waits: where its lock is taken (or was taken in the parent
//! of a forked process) memory comes fresh and goes back to the system.

use std::collections::VecDeque;
use std::mem::take;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

/// The most memory that unused columns may keep.
pub const KEPT_BYTES: usize = 256 << 20;
/// The most columns that may be kept unused.
pub const KEPT_COLUMNS: usize = 64;

/// Columns that nobody uses now, the oldest first.
#[derive(Debug, Default)]
pub struct Pool(Mutex<VecDeque<Vec<i128>>>);

/// The pool of the process.
pub static POOL: Pool = Pool(Mutex::new(VecDeque::new()));

impl Pool {
    /// A column of some length. What stands in it is left over from earlier use and means nothing.
    pub fn column(&'static self, len: usize) -> Column {
        let kept = self.0.try_lock().ok().and_then(|mut kept| {
            // Not more than twice as large as needed, so that a small book does not sit in a large one's memory.
            let at = kept.iter().rposition(|memory| len <= memory.len() && memory.len() <= 2 * len)?;
            kept.remove(at)
        });
        Column { pool: Some(self), memory: kept.unwrap_or_else(|| vec![0; len]), len }
    }

    fn keep(&self, memory: Vec<i128>) {
        let Ok(mut kept) = self.0.try_lock() else { return };
        if memory.is_empty() || size_of_val(&*memory) > KEPT_BYTES {
            return;
        }
        kept.push_back(memory);
        while kept.len() > KEPT_COLUMNS || kept.iter().map(|memory| size_of_val(&**memory)).sum::<usize>() > KEPT_BYTES
        {
            kept.pop_front();
        }
    }
}

/// A column of money; its memory goes back to its pool when it is dropped.
#[derive(Debug, Default)]
pub struct Column {
    pool: Option<&'static Pool>,
    memory: Vec<i128>,
    len: usize,
}

impl Drop for Column {
    fn drop(&mut self) {
        if let Some(pool) = self.pool {
            pool.keep(take(&mut self.memory));
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

    fn pool() -> &'static Pool {
        Box::leak(Box::default())
    }

    #[test]
    fn a_column_in_use_is_never_handed_out_again() {
        let pool = pool();
        let mut first = pool.column(1_000);
        first.fill(7);
        let address = first.as_ptr();
        assert_ne!(pool.column(1_000).as_ptr(), address);
        assert!(first.iter().all(|value| *value == 7));
        drop(first);
        assert_eq!(pool.column(900).as_ptr(), address);
    }

    #[test]
    fn what_is_kept_is_bounded_and_new() {
        let pool = pool();
        drop((0..3 * KEPT_COLUMNS).map(|_| pool.column(100)).collect::<Vec<_>>());
        let new = pool.column(5_000);
        let address = new.as_ptr();
        drop(new);
        assert_eq!(pool.0.lock().unwrap().len(), KEPT_COLUMNS);
        assert_eq!(pool.column(5_000).as_ptr(), address, "the oldest made room");
        drop(pool.column(KEPT_BYTES / size_of::<i128>() + 1));
        assert!(pool.0.lock().unwrap().iter().map(|memory| size_of_val(&**memory)).sum::<usize>() <= KEPT_BYTES);
    }

    #[test]
    fn a_pool_that_is_locked_is_not_waited_for() {
        let pool = pool();
        let kept = pool.0.lock().unwrap();
        assert_eq!(pool.column(10).len(), 10);
        assert_eq!(kept.len(), 0);
    }
}

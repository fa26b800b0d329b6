//! What stays between calls: one lock, calls from any thread, and an answer where a call can never come to it.

use crate::raise::raise_fault;
use crate::run::run;
use perpcore::fault::{Code, Failure, Fault};
use perpcore::sweep::stop::Stop;
use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};

thread_local! {
    /// Its address tells threads apart.
    static HERE: u8 = const { 0 };
}

/// Something behind its lock.
pub(crate) struct Resident<T> {
    inner: Mutex<T>,
    /// The thread that holds the lock.
    holder: AtomicUsize,
    /// Whether a call failed inside, so that nothing is known of its state.
    broken: AtomicBool,
    /// The process in which it does.
    process: AtomicU32,
}

/// The lock, and who holds it.
struct Held<'a, T> {
    resident: &'a Resident<T>,
    guard: MutexGuard<'a, T>,
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        self.resident.holder.store(0, Ordering::Relaxed);
    }
}

impl<T: Send> Resident<T> {
    pub(crate) fn new(inner: T) -> Self {
        Resident {
            inner: Mutex::new(inner),
            holder: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
            process: AtomicU32::new(0),
        }
    }

    /// Waits for the lock; other Python threads run meanwhile.
    fn held(&self, py: Python<'_>) -> PyResult<Held<'_, T>> {
        let here = HERE.with(|here| std::ptr::from_ref(here).addr());
        let state = |code| Err(raise_fault(py, Fault::new(code)));
        loop {
            if self.broken.load(Ordering::Relaxed) && self.inner.try_lock().is_ok() {
                return state(Code::Poisoned);
            }
            match self.inner.try_lock() {
                Ok(guard) => {
                    self.holder.store(here, Ordering::Relaxed);
                    self.process.store(std::process::id(), Ordering::Relaxed);
                    return Ok(Held { resident: self, guard });
                }
                Err(TryLockError::Poisoned(_)) => return state(Code::Poisoned),
                Err(TryLockError::WouldBlock) if self.holder.load(Ordering::Relaxed) == here => {
                    return state(Code::Reentrant);
                }
                // The thread that held it is not in this process.
                Err(TryLockError::WouldBlock) if self.process.load(Ordering::Relaxed) != std::process::id() => {
                    return state(Code::Forked);
                }
                Err(TryLockError::WouldBlock) => py.detach(|| drop(self.inner.lock())),
            }
        }
    }

    /// Work on it, over about so many rows. It is broken where the work does not come to an end.
    pub(crate) fn work<R: Send>(
        &self,
        py: Python<'_>,
        rows: usize,
        work: impl FnOnce(&mut T, &Stop) -> Result<R, Failure> + Send,
    ) -> PyResult<R> {
        let mut held = self.held(py)?;
        let (inner, broken) = (&mut *held.guard, &self.broken);
        run(py, rows, move |stop| {
            broken.store(true, Ordering::Relaxed);
            let done = work(inner, stop);
            broken.store(false, Ordering::Relaxed);
            done
        })
    }
}

//! One thing that many threads call, one at a time: who holds it, and whether anything is known of it.
//!
//! It knows no Python, so that a test can drive it under the thread sanitizer; how a caller waits is the caller's to say.

use perpcore::fault::Code;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};

thread_local! {
    /// Its address tells threads apart.
    static HERE: u8 = const { 0 };
}

/// A value behind a lock.
pub struct Shared<T> {
    inner: Mutex<T>,
    /// The thread that holds the lock.
    holder: AtomicUsize,
    /// Whether a call failed inside, so that nothing is known of its state.
    broken: AtomicBool,
    /// The process in which it does.
    process: AtomicU32,
}

/// Why a value cannot be had now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Busy {
    /// Another thread holds it: [`Shared::wait`], then ask again.
    Elsewhere,
    /// It cannot be had: `poisoned`, `reentrant` or `forked`.
    Never(Code),
}

/// The lock, and who holds it.
pub struct Held<'a, T> {
    shared: &'a Shared<T>,
    guard: MutexGuard<'a, T>,
}

/// Work on a value that is held, for whichever thread is to do it.
pub struct Work<'a, T> {
    value: &'a mut T,
    broken: &'a AtomicBool,
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        self.shared.holder.store(0, Ordering::Relaxed);
    }
}

impl<T> Shared<T> {
    /// A value that nobody holds.
    pub fn new(value: T) -> Self {
        Shared {
            inner: Mutex::new(value),
            holder: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
            process: AtomicU32::new(0),
        }
    }

    /// Takes the lock where nobody has it.
    ///
    /// # Errors
    /// [`Busy::Elsewhere`] where another thread has it. [`Busy::Never`] with `reentrant` where this thread has it, with
    /// `poisoned` where work on the value did not come to an end, with `forked` where who has it is in another process.
    pub fn hold(&self) -> Result<Held<'_, T>, Busy> {
        let here = HERE.with(|here| std::ptr::from_ref(here).addr());
        match self.inner.try_lock() {
            Ok(_) if self.broken.load(Ordering::Relaxed) => Err(Busy::Never(Code::Poisoned)),
            Ok(guard) => {
                self.holder.store(here, Ordering::Relaxed);
                self.process.store(std::process::id(), Ordering::Relaxed);
                Ok(Held { shared: self, guard })
            }
            Err(TryLockError::Poisoned(_)) => Err(Busy::Never(Code::Poisoned)),
            Err(TryLockError::WouldBlock) if self.holder.load(Ordering::Relaxed) == here => {
                Err(Busy::Never(Code::Reentrant))
            }
            // The thread that held it is not in this process.
            Err(TryLockError::WouldBlock) if self.process.load(Ordering::Relaxed) != std::process::id() => {
                Err(Busy::Never(Code::Forked))
            }
            Err(TryLockError::WouldBlock) => Err(Busy::Elsewhere),
        }
    }

    /// Waits until whoever has the lock lets go of it.
    pub fn wait(&self) {
        drop(self.inner.lock());
    }
}

impl<T> Held<'_, T> {
    /// Work on the value.
    pub fn work(&mut self) -> Work<'_, T> {
        Work { value: &mut self.guard, broken: &self.shared.broken }
    }
}

impl<T> Work<'_, T> {
    /// Does the work. The value is broken where it does not come to an end.
    pub fn run<R>(self, work: impl FnOnce(&mut T) -> R) -> R {
        self.broken.store(true, Ordering::Relaxed);
        let done = work(self.value);
        self.broken.store(false, Ordering::Relaxed);
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    fn refused<T>(found: &Result<Held<'_, T>, Busy>) -> Option<Busy> {
        found.as_ref().err().copied()
    }

    #[test]
    fn a_thread_that_holds_it_is_not_given_it_again_and_others_wait() {
        let shared = Shared::new(1);
        let held = shared.hold();
        assert_eq!(refused(&shared.hold()), Some(Busy::Never(Code::Reentrant)));
        std::thread::scope(|scope| {
            let other = scope.spawn(|| refused(&shared.hold()));
            assert_eq!(other.join().ok(), Some(Some(Busy::Elsewhere)));
        });
        drop(held);
        shared.wait();
        assert_eq!(refused(&shared.hold()), None);
    }

    #[test]
    fn work_that_does_not_come_to_an_end_leaves_it_poisoned() {
        let shared = Shared::new(1);
        let worked = shared
            .hold()
            .map(|mut held| catch_unwind(AssertUnwindSafe(|| held.work().run(|_| panic!("provoked")))).is_ok());
        assert_eq!(worked.ok(), Some(false));
        assert_eq!(refused(&shared.hold()), Some(Busy::Never(Code::Poisoned)));
    }
}

//! The end of the interpreter, while daemon threads are in calls.
//!
//! Before Python 3.14 a thread that asks for the GIL once the interpreter ends is itself ended where it stands, and its
//! stack unwound. Where frames of Rust or C++ stand on it, as in a call that asks a producer for its memory, the whole
//! process aborts. So the interpreter waits a moment for the calls that are inside, and a call that begins then waits a
//! moment for the interpreter to end. Both moments are short: nobody hangs who waits for such a call after all.
//! A call that works without the GIL is not inside; when it comes back, PyO3 holds its thread.

use crate::run::is_main_thread;
use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Threads that are inside.
static INSIDE: AtomicUsize = AtomicUsize::new(0);
static ENDING: AtomicBool = AtomicBool::new(false);

/// How long the interpreter waits for calls that are inside.
const FOR_CALLS: Duration = Duration::from_secs(1);
/// How long a call that comes too late waits for the interpreter to end.
const FOR_THE_END: Duration = Duration::from_millis(300);
const STEP: Duration = Duration::from_millis(1);

/// Held while a call may run Python or a producer's code.
pub(crate) struct Inside;

impl Inside {
    pub(crate) fn enter(py: Python<'_>) -> Self {
        if ENDING.load(Ordering::Relaxed) && !is_main_thread(py).unwrap_or(false) {
            py.detach(|| sleep(FOR_THE_END));
        }
        INSIDE.fetch_add(1, Ordering::Relaxed);
        Inside
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Called when the interpreter is about to end. It returns with the GIL held: nobody can enter meanwhile.
#[pyfunction]
pub(crate) fn _end(py: Python<'_>) {
    ENDING.store(true, Ordering::Relaxed);
    let begun = Instant::now();
    while INSIDE.load(Ordering::Relaxed) > 0 && begun.elapsed() < FOR_CALLS {
        py.detach(|| sleep(STEP));
    }
}

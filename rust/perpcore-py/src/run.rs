//! How a call runs: a panic becomes `InternalError`; the GIL is released where the work takes about a millisecond; a
//! signal ends what takes longer; no call is cut off by the end of the interpreter.

use crate::ending::Inside;
use crate::raise::{raise, raise_panic};
use perpcore::fault::Failure;
use perpcore::sweep::stop::Stop;
use pyo3::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// From this many rows on other Python threads may run meanwhile; below it handing the GIL over costs more.
const RELEASE_ROWS: usize = 50_000;

/// How often a long call looks for a signal. Each look waits for the GIL, up to 5 ms where other threads are busy, so
/// more often would slow the call, and much less often would keep a person waiting.
const LOOK_EVERY: Duration = Duration::from_millis(40);

/// Whether work over so many rows releases the GIL.
pub(crate) fn releases(rows: usize) -> bool {
    rows >= RELEASE_ROWS
}

/// Runs core work over `rows` rows of input. Work that is handed a [`Stop`] asks it now and then, and returns any
/// failure where it is to end.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    rows: usize,
    work: impl FnOnce(&Stop) -> Result<T, Failure> + Send,
) -> PyResult<T> {
    // Nothing is seen again after a panic: the work owns what it touches, or reads what never changes.
    let guarded = |stop: &Stop| catch_unwind(AssertUnwindSafe(|| work(stop)));
    let mut _inside = None;
    let outcome = if releases(rows) {
        let signals = Signals::new();
        let stop = signals.stop();
        let outcome = py.detach(|| guarded(&stop));
        _inside = Some(Inside::enter(py));
        if let Some(error) = signals.raised() {
            return Err(error);
        }
        outcome
    } else {
        _inside = Some(Inside::enter(py));
        guarded(&Stop::default())
    };
    match outcome {
        Ok(result) => result.map_err(|failure| raise(py, &failure)),
        Err(panic) => Err(raise_panic(py, &*panic)),
    }
}

/// Runs work that needs the GIL.
pub(crate) fn caught<T>(py: Python<'_>, work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    let _inside = Inside::enter(py);
    // As above; what the work took over is dropped on the way.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(raise_panic(py, &*panic)))
}

/// Looks for signals from within a call that runs without the GIL. Python runs their handlers in its main thread only, so
/// it is the calling thread that looks; threads that the work started are told by a flag.
struct Signals {
    caller: ThreadId,
    stopped: AtomicBool,
    /// Touched by the calling thread alone.
    state: Mutex<Look>,
}

struct Look {
    /// When to look again; never in another thread than the main one.
    next: Option<Instant>,
    /// What a handler raised.
    error: Option<PyErr>,
}

impl Signals {
    fn new() -> Arc<Self> {
        let state = Mutex::new(Look { next: Instant::now().checked_add(LOOK_EVERY), error: None });
        Arc::new(Signals { caller: thread::current().id(), stopped: AtomicBool::new(false), state })
    }

    fn stop(self: &Arc<Self>) -> Stop {
        let signals = self.clone();
        Stop::new(move || signals.asked())
    }

    /// Whether the work is to end, since a handler raised an exception.
    fn asked(&self) -> bool {
        if thread::current().id() == self.caller && !self.stopped.load(Ordering::Relaxed) {
            self.look();
        }
        self.stopped.load(Ordering::Relaxed)
    }

    fn look(&self) {
        let mut look = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if look.next.is_none_or(|next| Instant::now() < next) {
            return;
        }
        // Not while the interpreter shuts down: then nobody waits for an answer.
        let found =
            Python::try_attach(|py| if is_main_thread(py)? { py.check_signals().map(|()| true) } else { Ok(false) });
        look.next = match found {
            Some(Ok(true)) => Instant::now().checked_add(LOOK_EVERY),
            Some(Ok(false)) | None => None,
            Some(Err(error)) => {
                look.error = Some(error);
                self.stopped.store(true, Ordering::Relaxed);
                None
            }
        };
    }

    /// What a handler raised.
    fn raised(&self) -> Option<PyErr> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).error.take()
    }
}

/// Whether this is the thread that runs the handlers of signals, and ends the interpreter.
pub(crate) fn is_main_thread(py: Python<'_>) -> PyResult<bool> {
    let threading = py.import("threading")?;
    let main = threading.call_method0("main_thread")?.getattr("ident")?;
    main.eq(threading.call_method0("get_ident")?)
}

/// Panics inside the core, for the test that a panic becomes `InternalError` and leaves the process in order. From
/// `rows` on as a call over that many rows would, without the GIL.
#[pyfunction]
#[pyo3(signature = (rows=0))]
pub(crate) fn _provoke_panic(py: Python<'_>, rows: usize) -> PyResult<()> {
    #[expect(clippy::panic, reason = "what this function is for")]
    run(py, rows, |_| panic!("provoked"))
}

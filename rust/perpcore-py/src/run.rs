//! How a call runs: a panic becomes `InternalError`; the GIL is released where the work takes about a millisecond.

use crate::raise::{raise, raise_panic};
use perpcore::fault::Failure;
use pyo3::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// From this many rows on other Python threads may run meanwhile; below it handing the GIL over costs more.
const RELEASE_ROWS: usize = 50_000;

/// Runs core work over `rows` rows of input.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    rows: usize,
    work: impl FnOnce() -> Result<T, Failure> + Send,
) -> PyResult<T> {
    // Nothing is seen again after a panic: the work owns what it touches, or reads what never changes.
    let guarded = AssertUnwindSafe(|| catch_unwind(AssertUnwindSafe(work)));
    let outcome = if rows < RELEASE_ROWS { guarded.0() } else { py.detach(move || guarded.0()) };
    match outcome {
        Ok(result) => result.map_err(|failure| raise(py, &failure)),
        Err(panic) => Err(raise_panic(py, &*panic)),
    }
}

/// Panics inside the core, for the test that a panic becomes `InternalError` and leaves the process in order.
#[pyfunction]
pub(crate) fn _provoke_panic(py: Python<'_>) -> PyResult<()> {
    #[expect(clippy::panic, reason = "what this function is for")]
    run(py, 0, || panic!("provoked"))
}

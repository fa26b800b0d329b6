//! What stays between calls: one lock, calls from any thread, and an answer where a call can never come to it.

use crate::batch::Batch;
use crate::capsule::import;
use crate::raise::{raise_fault, warn_shared_doubles};
use crate::run::{caught, releases, run};
use arrow_array::{Array, StructArray};
use perpcore::fault::{Failure, Fault};
use perpcore::sweep::stop::Stop;
use perpcore_arrow::contract::Table;
use perpcore_arrow::pricing::Ran;
use perpcore_arrow::shared::{Busy, Held, Shared};
use pyo3::prelude::*;

/// Something behind its lock.
pub(crate) struct Resident<T>(Shared<T>);

impl<T: Send> Resident<T> {
    pub(crate) fn new(inner: T) -> Self {
        Resident(Shared::new(inner))
    }

    /// Waits for the lock; other Python threads run meanwhile.
    fn held(&self, py: Python<'_>) -> PyResult<Held<'_, T>> {
        loop {
            match self.0.hold() {
                Ok(held) => return Ok(held),
                Err(Busy::Never(code)) => return Err(raise_fault(py, Fault::new(code))),
                Err(Busy::Elsewhere) => py.detach(|| self.0.wait()),
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
        let held = held.work();
        run(py, rows, move |stop| held.run(|inner| work(inner, stop)))
    }

    /// Works a table off, each row of which takes as long as about so many of an assessment.
    pub(crate) fn play(
        &self,
        py: Python<'_>,
        table: &'static Table,
        given: &Bound<'_, PyAny>,
        rows_a_row: usize,
        play: impl FnOnce(&mut T, &[StructArray], &Stop) -> Result<Ran, Failure> + Send,
    ) -> PyResult<Batch> {
        let batches = import(table, given)?;
        let rows = batches.iter().map(Array::len).sum::<usize>().saturating_mul(rows_a_row);
        // As in `assess`: the producer's memory is let go of with the GIL.
        let _held = releases(rows).then(|| batches.clone());
        let ran = self.work(py, rows, |inner, stop| play(inner, &batches, stop))?;
        if ran.shared_doubles {
            caught(py, || warn_shared_doubles(py))?;
        }
        Ok(Batch(ran.table))
    }
}

//! Results as Arrow producers.

use crate::capsule::{export, export_schema};
use crate::run::caught;
use arrow_array::RecordBatch;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};

/// One record batch, for any Arrow library to take: `pyarrow.record_batch(batch)`, without a copy.
#[pyclass(frozen, module = "perpcore._core")]
pub(crate) struct Batch(pub(crate) RecordBatch);

#[pymethods]
impl Batch {
    /// How many rows it has.
    #[getter]
    fn num_rows(&self) -> usize {
        self.0.num_rows()
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        caught(py, || export_schema(py, &self.0.schema()))
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        // A producer may answer with its own types; a consumer that wants others casts.
        let _ = requested_schema;
        caught(py, || export(py, &self.0))
    }
}

/// The schema of a table, for any Arrow library to take.
#[pyclass(frozen, module = "perpcore._core")]
pub(crate) struct Schema(pub(crate) arrow_schema::Schema);

#[pymethods]
impl Schema {
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        caught(py, || export_schema(py, &self.0))
    }
}

//! Arrow memory across the border, by the PyCapsule interface: any producer in, any consumer out.

use crate::raise::{raise, raise_fault};
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, to_ffi};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, RecordBatch, StructArray};
use arrow_schema::Schema;
use perpcore::fault::{Code, Fault};
use perpcore_arrow::contract::Table;
use perpcore_arrow::guard;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};
use std::ffi::CStr;
use std::ptr::NonNull;

const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";
const STREAM: &CStr = c"arrow_array_stream";

/// The batches of a table that some Arrow library offers.
///
/// # Errors
/// `SchemaError` (`wrong_type`) where the object offers none or what it offers does not hold together.
pub(crate) fn import(table: &'static Table, object: &Bound<'_, PyAny>) -> PyResult<Vec<StructArray>> {
    let py = object.py();
    let batches = if object.hasattr("__arrow_c_stream__")? {
        let capsule = object.call_method0("__arrow_c_stream__")?;
        let pointer = pointer::<FFI_ArrowArrayStream>(&capsule, STREAM)?;
        // SAFETY: the capsule holds a stream by its name; moving it out leaves a released one behind.
        unsafe { guard::stream(table, FFI_ArrowArrayStream::from_raw(pointer.as_ptr())) }
    } else if object.hasattr("__arrow_c_array__")? {
        let pair = object.call_method0("__arrow_c_array__")?.cast_into::<PyTuple>()?;
        let schema = pointer::<FFI_ArrowSchema>(&pair.get_item(0)?, SCHEMA)?;
        let array = pointer::<FFI_ArrowArray>(&pair.get_item(1)?, ARRAY)?;
        // SAFETY: as above; the schema stays with its capsule, which outlives this call.
        unsafe { guard::batch(table, FFI_ArrowArray::from_raw(array.as_ptr()), schema.as_ref()) }.map(|one| vec![one])
    } else {
        let kind = object.get_type().name()?.to_string();
        let fault = Fault { table: Some(table.name.to_string()), ..Fault::new(Code::WrongType) };
        Err(fault
            .value(kind)
            .accepts("an object with __arrow_c_array__ or __arrow_c_stream__, or a mapping of columns")
            .into())
    };
    batches.map_err(|failure| raise(py, &failure))
}

fn pointer<T>(capsule: &Bound<'_, PyAny>, name: &CStr) -> PyResult<NonNull<T>> {
    Ok(capsule.cast::<PyCapsule>()?.pointer_checked(Some(name))?.cast())
}

/// A schema as a capsule.
pub(crate) fn export_schema<'py>(py: Python<'py>, schema: &Schema) -> PyResult<Bound<'py, PyCapsule>> {
    let schema = FFI_ArrowSchema::try_from(schema).map_err(|error| export_failed(py, &error))?;
    PyCapsule::new_with_value(py, schema, SCHEMA)
}

/// A batch as a pair of capsules, schema and array.
pub(crate) fn export<'py>(py: Python<'py>, batch: &RecordBatch) -> PyResult<Bound<'py, PyTuple>> {
    let data = StructArray::from(batch.clone()).to_data();
    let (array, _) = to_ffi(&data).map_err(|error| export_failed(py, &error))?;
    let array = PyCapsule::new_with_value(py, array, ARRAY)?;
    PyTuple::new(py, [export_schema(py, &batch.schema())?, array])
}

fn export_failed(py: Python<'_>, error: &arrow_schema::ArrowError) -> PyErr {
    raise_fault(py, Fault::new(Code::Internal).value(error))
}

//! Arrow memory across the border, by the PyCapsule interface: any producer in, any consumer out.

use crate::raise::{raise, raise_fault};
use crate::run::caught;
use arrow_array::ffi::{FFI_ArrowSchema, to_ffi};
use arrow_array::{Array, RecordBatch, StructArray};
use arrow_schema::Schema;
use perpcore::fault::{Code, Fault};
use perpcore_arrow::contract::Table;
use perpcore_arrow::guard::{self, ForeignArray, ForeignSchema, ForeignStream};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};
use std::ffi::CStr;
use std::ptr::NonNull;

const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";
const STREAM: &CStr = c"arrow_array_stream";

/// The batches of a table that some Arrow library offers. A stream is preferred: it is what a table of several pieces is.
///
/// # Errors
/// `SchemaError` (`wrong_type`) where the object offers none or what it offers does not hold together, `InputError` for
/// text that is none; whatever the object's own methods raise.
pub(crate) fn import(table: &'static Table, object: &Bound<'_, PyAny>) -> PyResult<Vec<StructArray>> {
    caught(object.py(), || offered(table, object))
}

fn offered(table: &'static Table, object: &Bound<'_, PyAny>) -> PyResult<Vec<StructArray>> {
    let py = object.py();
    let method = |name: &str| object.getattr_opt(name).map(|found| found.filter(|method| method.is_callable()));
    if let Some(method) = method("__arrow_c_stream__")? {
        let offer = method.call0()?;
        let place = place::<ForeignStream>(table, &offer, STREAM)?;
        // SAFETY: a capsule of this name holds such a structure by the interface, and the GIL keeps others away.
        let stream = unsafe { ForeignStream::take(place) };
        let mut stream = guard::Stream::open(table, stream).map_err(|failure| raise(py, &failure))?;
        while stream.pull().map_err(|failure| raise(py, &failure))? {
            // A stream may take its time, and it is not known whether it ends.
            py.check_signals()?;
        }
        return Ok(stream.finish());
    }
    if let Some(method) = method("__arrow_c_array__")? {
        let offer = method.call0()?;
        let pair = offer.cast::<PyTuple>().ok().filter(|pair| pair.len() == 2);
        let pair = pair.ok_or_else(|| no_capsule(table, &offer, "a pair of capsules"))?;
        let schema = place::<ForeignSchema>(table, &pair.get_item(0)?, SCHEMA)?;
        let array = place::<ForeignArray>(table, &pair.get_item(1)?, ARRAY)?;
        // SAFETY: as above. The schema is only read and stays with its capsule, which outlives this; moving the array
        // out leaves a released one behind, so that a second use is noticed.
        let (schema, array) = unsafe { (schema.as_ref(), ForeignArray::take(array)) };
        return guard::batch(table, array, schema).map_err(|failure| raise(py, &failure));
    }
    let accepted = "an object with __arrow_c_array__ or __arrow_c_stream__, or a mapping of columns";
    Err(no_capsule(table, object, accepted))
}

/// Where the structure of a capsule stands.
fn place<T>(table: &Table, offer: &Bound<'_, PyAny>, name: &CStr) -> PyResult<NonNull<T>> {
    let pointer = offer.cast::<PyCapsule>().ok().and_then(|capsule| capsule.pointer_checked(Some(name)).ok());
    let place = pointer.map(NonNull::cast::<T>).filter(|place| place.is_aligned());
    place.ok_or_else(|| no_capsule(table, offer, &format!("a capsule named {}", name.to_string_lossy())))
}

fn no_capsule(table: &Table, found: &Bound<'_, PyAny>, accepted: &str) -> PyErr {
    let kind = found.get_type().name().map_or_else(|_| String::from("?"), |name| name.to_string());
    let fault = Fault { table: Some(table.name.to_string()), ..Fault::new(Code::WrongType) };
    raise_fault(found.py(), fault.value(kind).accepts(accepted))
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

//! Foreign memory: Arrow data that another library made is checked before a value of it is read.
//!
//! What the C data interface lets one check is checked here: types, buffer sizes, offsets, null counts, dictionary
//! indexes, UTF-8. What it does not (that a pointer points to memory of the stated size) is trusted.

use crate::contract::Table;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use arrow_array::{Array, RecordBatchReader, StructArray, make_array};
use arrow_schema::ArrowError;
use perpcore::fault::{Code, Fault};

/// One record batch from the C data interface.
///
/// # Errors
/// `wrong_type` where it is no struct of columns or does not hold together.
///
/// # Safety
/// `array` and `schema` must follow the C data interface: as long as `array` is not released its buffers are readable
/// in the sizes that its type implies.
pub unsafe fn batch(table: &Table, array: FFI_ArrowArray, schema: &FFI_ArrowSchema) -> Result<StructArray, Fault> {
    // SAFETY: passed on from the caller.
    let data = unsafe { from_ffi(array, schema) }.map_err(|error| refused(table, &error))?;
    data.validate_full().map_err(|error| refused(table, &error))?;
    checked(table, make_array(data).as_any().downcast_ref())
}

/// All record batches of a stream from the C stream interface, and its schema as an empty batch where there is none.
///
/// # Errors
/// As [`batch`]; an error of the producer likewise.
///
/// # Safety
/// As [`batch`], for every array of the stream.
pub unsafe fn stream(table: &Table, stream: FFI_ArrowArrayStream) -> Result<Vec<StructArray>, Fault> {
    let reader = ArrowArrayStreamReader::try_new(stream).map_err(|error| refused(table, &error))?;
    let empty = StructArray::new_empty_fields(0, None);
    let schema = reader.schema();
    let mut batches = Vec::new();
    for batch in reader {
        let array = StructArray::from(batch.map_err(|error| refused(table, &error))?);
        array.to_data().validate_full().map_err(|error| refused(table, &error))?;
        batches.push(array);
    }
    if batches.is_empty() {
        let columns = schema.fields().iter().map(|field| arrow_array::new_empty_array(field.data_type())).collect();
        let none = StructArray::try_new_with_length(schema.fields().clone(), columns, None, 0);
        batches.push(none.unwrap_or(empty));
    }
    Ok(batches)
}

fn checked(table: &Table, array: Option<&StructArray>) -> Result<StructArray, Fault> {
    array.cloned().ok_or_else(|| fault(table).accepts("a record batch: a struct of columns"))
}

fn refused(table: &Table, error: &ArrowError) -> Fault {
    fault(table).value(error).accepts("Arrow data that follows the C data interface")
}

fn fault(table: &Table) -> Fault {
    Fault { table: Some(table.name.to_string()), ..Fault::new(Code::WrongType) }
}

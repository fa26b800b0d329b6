//! Foreign memory: Arrow data that another library made is checked before a value of it is read.
//!
//! What the C data interface lets one check is checked here: types, buffer sizes, offsets, null counts, dictionary
//! indexes, UTF-8. What it does not (that a pointer points to memory of the stated size) is trusted.

mod form;

use crate::contract::Table;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, StructArray, make_array, new_empty_array};
use arrow_buffer::ArrowNativeType;
use arrow_data::ArrayData;
use arrow_schema::{ArrowError, DataType};
use perpcore::fault::{Code, Failure, Fault};
use std::ffi::CStr;

/// One record batch from the C data interface.
///
/// # Errors
/// `wrong_type` where it is no struct of columns or does not hold together.
///
/// # Safety
/// `array` and `schema` must follow the C data interface: as long as `array` is not released its buffers are readable
/// in the sizes that its type implies.
pub unsafe fn batch(table: &Table, array: FFI_ArrowArray, schema: &FFI_ArrowSchema) -> Result<StructArray, Failure> {
    // SAFETY: the layouts are those of the C data interface, which both sides share.
    unsafe { form::whole(std::ptr::from_ref(schema).cast(), std::ptr::from_ref(&array).cast()) }
        .map_err(|wanted| fault(table).accepts(wanted))?;
    // SAFETY: passed on from the caller.
    let data = unsafe { from_ffi(array, schema) }.map_err(|error| refused(table, &error))?;
    data.validate().and_then(|()| data.validate_nulls()).map_err(|error| refused(table, &error))?;
    let DataType::Struct(fields) = data.data_type() else {
        return Err(fault(table).accepts("a record batch: a struct of columns").into());
    };
    for (field, column) in fields.iter().zip(data.child_data()) {
        contents(column).map_err(|error| {
            // What arrow says of bytes that are no text.
            let text = error.to_string().contains("UTF");
            let code = if text { Code::InvalidText } else { Code::WrongType };
            Fault { code, ..refused(table, &error) }.in_column(table.name, field.name())
        })?;
    }
    checked(table, make_array(data).as_any().downcast_ref())
}

/// All record batches of a stream from the C stream interface; an empty one where it has none, so that its columns are
/// known.
///
/// # Errors
/// As [`batch`]; an error of the producer likewise.
///
/// # Safety
/// As [`batch`], for every array of the stream.
pub unsafe fn stream(table: &Table, mut stream: FFI_ArrowArrayStream) -> Result<Vec<StructArray>, Failure> {
    let released = || fault(table).accepts("a stream that was not consumed before");
    let (get_schema, get_next) = (stream.get_schema().ok_or_else(released)?, stream.get_next().ok_or_else(released)?);
    let mut schema = FFI_ArrowSchema::empty();
    // SAFETY: the stream is not released, and writes a schema where one is expected.
    if unsafe { get_schema(&mut stream, &mut schema) } != 0 {
        return Err(producer_failed(table, &mut stream).into());
    }
    let mut batches = Vec::new();
    loop {
        let mut array = FFI_ArrowArray::empty();
        // SAFETY: as above; a released array means the end of the stream.
        if unsafe { get_next(&mut stream, &mut array) } != 0 {
            return Err(producer_failed(table, &mut stream).into());
        }
        if array.is_released() {
            break;
        }
        // SAFETY: passed on from the caller.
        batches.push(unsafe { batch(table, array, &schema) }?);
    }
    if batches.is_empty() {
        let data_type = DataType::try_from(&schema).map_err(|error| refused(table, &error))?;
        batches.push(checked(table, new_empty_array(&data_type).as_any().downcast_ref())?);
    }
    Ok(batches)
}

fn producer_failed(table: &Table, stream: &mut FFI_ArrowArrayStream) -> Fault {
    let message = stream.get_last_error().and_then(|get_last_error| {
        // SAFETY: asked right after a call that failed; the text is valid until the next call.
        let text = unsafe { get_last_error(stream) };
        // SAFETY: a null-terminated text by the interface, where there is one.
        (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
    });
    fault(table).value(message.unwrap_or_default()).accepts("a stream that its producer can deliver")
}

/// Checks what reading a value relies on. What can be seen to hold at a glance over a whole buffer is not looked at
/// value by value.
fn contents(data: &ArrayData) -> Result<(), ArrowError> {
    data.validate()?;
    data.validate_nulls()?;
    let sound = match data.data_type() {
        DataType::Dictionary(key, _) => indexes_within(key, data),
        DataType::Utf8 => ascii::<i32>(data),
        DataType::LargeUtf8 => ascii::<i64>(data),
        data_type => data_type.is_primitive() || *data_type == DataType::Boolean,
    };
    if !sound {
        data.validate_values()?;
    }
    data.child_data().iter().try_for_each(contents)
}

/// Whether every index, also one under a null, is one of the dictionary.
fn indexes_within(key: &DataType, data: &ArrayData) -> bool {
    // Reinterpreted without its sign a negative index is beyond every dictionary.
    macro_rules! largest {
        ($native:ty, $unsigned:ty) => {{
            let keys = &data.buffer::<$native>(0)[..data.len()];
            keys.iter().fold(0, |largest: $unsigned, &key| largest.max(key as $unsigned)) as u64
        }};
    }
    let largest = match key {
        DataType::Int8 => largest!(i8, u8),
        DataType::Int16 => largest!(i16, u16),
        DataType::Int32 => largest!(i32, u32),
        DataType::Int64 => largest!(i64, u64),
        DataType::UInt8 => largest!(u8, u8),
        DataType::UInt16 => largest!(u16, u16),
        DataType::UInt32 => largest!(u32, u32),
        DataType::UInt64 => largest!(u64, u64),
        _ => return false,
    };
    data.is_empty() || largest < data.child_data().first().map_or(0, ArrayData::len) as u64
}

/// Whether offsets rise within a buffer of plain ASCII.
fn ascii<O: ArrowNativeType + PartialOrd>(data: &ArrayData) -> bool {
    let (Some(bytes), true) = (data.buffers().get(1), data.buffers()[0].len() > data.len() * size_of::<O>()) else {
        return false;
    };
    let offsets = &data.buffer::<O>(0)[..=data.len()];
    let rise = offsets.windows(2).fold(true, |rise, pair| rise & (pair[0] <= pair[1]));
    let ends = (offsets[0].to_usize(), offsets[data.len()].to_usize());
    match ends {
        (Some(from), Some(to)) if rise => bytes.as_slice().get(from..to).is_some_and(<[u8]>::is_ascii),
        _ => false,
    }
}

fn checked(table: &Table, array: Option<&StructArray>) -> Result<StructArray, Failure> {
    array.cloned().ok_or_else(|| fault(table).accepts("a record batch: a struct of columns").into())
}

fn refused(table: &Table, error: &ArrowError) -> Fault {
    fault(table).value(error).accepts("Arrow data that follows the C data interface")
}

fn fault(table: &Table) -> Fault {
    Fault { table: Some(table.name.to_string()), ..Fault::new(Code::WrongType) }
}

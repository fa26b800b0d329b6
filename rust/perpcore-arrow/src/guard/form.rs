//! The structs of the C data interface, looked at before anything follows their pointers: that neither was consumed, that
//! schema and array are of one shape, and that no count is negative.

use std::ffi::{c_char, c_void};

/// `struct ArrowSchema`.
#[repr(C)]
pub(super) struct Schema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut Schema,
    dictionary: *mut Schema,
    release: *const c_void,
    private_data: *mut c_void,
}

/// `struct ArrowArray`.
#[repr(C)]
pub(super) struct Array {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *mut *const c_void,
    children: *mut *mut Array,
    dictionary: *mut Array,
    release: *const c_void,
    private_data: *mut c_void,
}

/// A table is a struct of columns, a column at most a dictionary of text: two levels; some are left for what is refused
/// by its type.
const DEEPEST: u32 = 16;

const CONSUMED: &str = "a capsule that was not consumed before";
const SHAPE: &str = "a schema and an array of one shape";
const COUNTS: &str = "lengths, offsets and counts that are not negative";

/// Whether schema and array hold together; else what would be accepted.
///
/// # Safety
/// Each pointer is null or points to its struct, and so do the children that the structs name.
pub(super) unsafe fn whole(schema: *const Schema, array: *const Array) -> Result<(), &'static str> {
    // SAFETY: passed on from the caller.
    unsafe { whole_to(schema, array, DEEPEST) }
}

unsafe fn whole_to(schema: *const Schema, array: *const Array, depth: u32) -> Result<(), &'static str> {
    // SAFETY: passed on from the caller; a null pointer has no struct.
    let (Some(schema), Some(array)) = (unsafe { schema.as_ref() }, unsafe { array.as_ref() }) else {
        return Err(SHAPE);
    };
    if schema.release.is_null() || schema.format.is_null() || array.release.is_null() {
        return Err(CONSUMED);
    }
    if array.length < 0 || array.offset < 0 || array.null_count < -1 || array.n_buffers < 0 || array.n_children < 0 {
        return Err(COUNTS);
    }
    if array.length.checked_add(array.offset).is_none() {
        return Err(COUNTS);
    }
    let missing = (array.n_children > 0 && (schema.children.is_null() || array.children.is_null()))
        || (array.n_buffers > 0 && array.buffers.is_null());
    if depth == 0 || missing || schema.n_children != array.n_children {
        return Err(SHAPE);
    }
    if schema.dictionary.is_null() != array.dictionary.is_null() {
        return Err(SHAPE);
    }
    for child in 0..array.n_children as usize {
        // SAFETY: both lists have this many pointers, as both structs say.
        unsafe { whole_to(*schema.children.add(child), *array.children.add(child), depth - 1) }?;
    }
    if schema.dictionary.is_null() {
        return Ok(());
    }
    // SAFETY: neither is null.
    unsafe { whole_to(schema.dictionary, array.dictionary, depth - 1) }
}

//! Arrow memory as a foreign producer lays it out, made from bytes: structures of the C interfaces whose pointers are
//! honest and of which nothing else need be.

use std::cell::Cell;
use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr::{null, null_mut};
use std::rc::Rc;

/// Bytes, read one after the other; zeros behind their end.
pub(crate) struct Feed<'a>(pub(crate) &'a [u8]);

impl Feed<'_> {
    pub(crate) fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let (now, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        let mut out = now.to_vec();
        out.resize(count, 0);
        out
    }
}

/// How often structures were made and released.
#[derive(Default)]
pub(crate) struct Count {
    pub(crate) made: Cell<usize>,
    pub(crate) released: Cell<usize>,
}

#[repr(C)]
pub(crate) struct Schema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut Schema,
    dictionary: *mut Schema,
    release: Option<unsafe extern "C" fn(*mut Schema)>,
    private: *mut c_void,
}

#[repr(C)]
pub(crate) struct Array {
    pub(crate) length: i64,
    pub(crate) null_count: i64,
    pub(crate) offset: i64,
    pub(crate) n_buffers: i64,
    pub(crate) n_children: i64,
    buffers: *mut *const u8,
    children: *mut *mut Array,
    dictionary: *mut Array,
    release: Option<unsafe extern "C" fn(*mut Array)>,
    private: *mut c_void,
}

#[repr(C)]
pub(crate) struct Stream {
    get_schema: Option<unsafe extern "C" fn(*mut Stream, *mut Schema) -> c_int>,
    get_next: Option<unsafe extern "C" fn(*mut Stream, *mut Array) -> c_int>,
    get_last_error: Option<unsafe extern "C" fn(*mut Stream) -> *const c_char>,
    release: Option<unsafe extern "C" fn(*mut Stream)>,
    private: *mut c_void,
}

/// What a schema owns. Its children are released by their own functions, as the interface wants it.
struct SchemaParts {
    _format: CString,
    _name: CString,
    children: Vec<*mut Schema>,
    dictionary: *mut Schema,
    count: Rc<Count>,
}

/// What an array owns.
struct ArrayParts {
    _buffers: Vec<Buffer>,
    _list: Vec<*const u8>,
    children: Vec<*mut Array>,
    dictionary: *mut Array,
    count: Rc<Count>,
}

/// Memory of exactly so many bytes, which begins `shift` bytes after an aligned place.
pub(crate) struct Buffer {
    memory: Vec<u8>,
    shift: usize,
}

impl Buffer {
    pub(crate) fn new(bytes: Vec<u8>, shift: usize) -> Self {
        let mut memory = vec![0; shift];
        memory.extend(bytes);
        memory.shrink_to_fit();
        Buffer { memory, shift }
    }

    fn start(&self) -> *const u8 {
        self.memory[self.shift..].as_ptr()
    }
}

fn text(bytes: &[u8]) -> CString {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    CString::new(&bytes[..end]).unwrap_or_default()
}

impl Schema {
    pub(crate) fn new(
        format: &[u8],
        name: &[u8],
        children: Vec<Schema>,
        dictionary: Option<Schema>,
        count: &Rc<Count>,
    ) -> Self {
        count.made.set(count.made.get() + 1);
        let (format, name) = (text(format), text(name));
        let (format_at, name_at) = (format.as_ptr(), name.as_ptr());
        let children: Vec<*mut Schema> = children.into_iter().map(|child| Box::into_raw(Box::new(child))).collect();
        let dictionary = dictionary.map_or(null_mut(), |one| Box::into_raw(Box::new(one)));
        let parts = SchemaParts { _format: format, _name: name, children, dictionary, count: count.clone() };
        let parts = Box::into_raw(Box::new(parts));
        Schema {
            format: format_at,
            name: name_at,
            metadata: null(),
            flags: 2,
            // SAFETY: just made.
            n_children: unsafe { (*parts).children.len() } as i64,
            // SAFETY: as above.
            children: unsafe { (*parts).children.as_mut_ptr() },
            dictionary,
            release: Some(release_schema),
            private: parts.cast(),
        }
    }
}

unsafe extern "C" fn release_schema(schema: *mut Schema) {
    // SAFETY: called once for a schema of `Schema::new`, whose parts it owns.
    let (schema, parts) = unsafe { (&mut *schema, Box::from_raw((*schema).private.cast::<SchemaParts>())) };
    schema.release = None;
    parts.count.released.set(parts.count.released.get() + 1);
    for &child in parts.children.iter().chain([&parts.dictionary]).filter(|child| !child.is_null()) {
        // SAFETY: made by `Box::into_raw` and released nowhere else.
        let mut child = unsafe { Box::from_raw(child) };
        // SAFETY: as above.
        unsafe { release_schema(&mut *child) };
    }
}

impl Array {
    /// An array that claims what `claims` says: length, nulls, offset; its buffers and children are listed, and absent
    /// ones are NULL.
    pub(crate) fn new(
        claims: [i64; 3],
        buffers: Vec<Option<Buffer>>,
        children: Vec<Option<Array>>,
        dictionary: Option<Array>,
        count: &Rc<Count>,
    ) -> Self {
        count.made.set(count.made.get() + 1);
        let mut list: Vec<*const u8> = buffers.iter().map(|one| one.as_ref().map_or(null(), Buffer::start)).collect();
        let at = |one: Option<Array>| one.map_or(null_mut(), |one| Box::into_raw(Box::new(one)));
        let mut children: Vec<*mut Array> = children.into_iter().map(at).collect();
        let dictionary = at(dictionary);
        let (n_buffers, n_children) = (list.len() as i64, children.len() as i64);
        let (list_at, children_at) = (list.as_mut_ptr(), children.as_mut_ptr());
        let buffers = buffers.into_iter().flatten().collect();
        let parts = ArrayParts { _buffers: buffers, _list: list, children, dictionary, count: count.clone() };
        Array {
            length: claims[0],
            null_count: claims[1],
            offset: claims[2],
            n_buffers,
            n_children,
            buffers: list_at,
            children: children_at,
            dictionary,
            release: Some(release_array),
            private: Box::into_raw(Box::new(parts)).cast(),
        }
    }
}

unsafe extern "C" fn release_array(array: *mut Array) {
    // SAFETY: called once for an array of `Array::new`, whose parts it owns.
    let (array, parts) = unsafe { (&mut *array, Box::from_raw((*array).private.cast::<ArrayParts>())) };
    array.release = None;
    parts.count.released.set(parts.count.released.get() + 1);
    for &child in parts.children.iter().chain([&parts.dictionary]).filter(|child| !child.is_null()) {
        // SAFETY: made by `Box::into_raw` and released nowhere else.
        let mut child = unsafe { Box::from_raw(child) };
        // SAFETY: as above.
        unsafe { release_array(&mut *child) };
    }
}

/// What a stream owns: its schema, its arrays in the order in which they come, and what it does at their end.
struct StreamParts {
    schema: Option<Schema>,
    arrays: std::vec::IntoIter<Array>,
    fails: bool,
    count: Rc<Count>,
}

impl Stream {
    /// A stream that ends with an error where `fails`.
    pub(crate) fn new(schema: Option<Schema>, arrays: Vec<Array>, fails: bool, count: &Rc<Count>) -> Self {
        count.made.set(count.made.get() + 1);
        let parts = StreamParts { schema, arrays: arrays.into_iter(), fails, count: count.clone() };
        Stream {
            get_schema: Some(get_schema),
            get_next: Some(get_next),
            get_last_error: Some(get_last_error),
            release: Some(release_stream),
            private: Box::into_raw(Box::new(parts)).cast(),
        }
    }
}

/// The error of an input that cannot be read.
const EIO: c_int = 5;

unsafe extern "C" fn get_schema(stream: *mut Stream, out: *mut Schema) -> c_int {
    // SAFETY: called for a stream of `Stream::new` that is not released, with room for a schema.
    let parts = unsafe { &mut *(*stream).private.cast::<StreamParts>() };
    let Some(schema) = parts.schema.take() else { return EIO };
    // SAFETY: as above.
    unsafe { out.write(schema) };
    0
}

unsafe extern "C" fn get_next(stream: *mut Stream, out: *mut Array) -> c_int {
    // SAFETY: as above.
    let parts = unsafe { &mut *(*stream).private.cast::<StreamParts>() };
    match parts.arrays.next() {
        // SAFETY: as above.
        Some(array) => unsafe { out.write(array) },
        None if parts.fails => return EIO,
        // SAFETY: as above; a released array is the end.
        None => unsafe { (*out).release = None },
    }
    0
}

unsafe extern "C" fn get_last_error(_: *mut Stream) -> *const c_char {
    c"the disk is gone".as_ptr()
}

unsafe extern "C" fn release_stream(stream: *mut Stream) {
    // SAFETY: called once for a stream of `Stream::new`, whose parts it owns.
    let (stream, parts) = unsafe { (&mut *stream, Box::from_raw((*stream).private.cast::<StreamParts>())) };
    stream.release = None;
    parts.count.released.set(parts.count.released.get() + 1);
    let StreamParts { schema, arrays, .. } = *parts;
    if let Some(mut schema) = schema {
        // SAFETY: never handed out.
        unsafe { release_schema(&mut schema) };
    }
    for mut array in arrays {
        // SAFETY: as above.
        unsafe { release_array(&mut array) };
    }
}

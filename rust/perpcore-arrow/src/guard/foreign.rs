//! The structures of the Arrow C data and stream interfaces as they lie in foreign memory, and who releases them.
//!
//! Source: <https://arrow.apache.org/docs/format/CDataInterface.html> and
//! <https://arrow.apache.org/docs/format/CStreamInterface.html>. A structure is taken over by moving it out of where its
//! producer put it, which leaves a released one behind; it is released once, when its last reader lets it go. Structures
//! within it are never moved out and never released on their own: that is for the one that holds them.
//!
//! Whoever takes one over promises that its pointers are honest (see [`ForeignArray::take`]); then everything else here
//! is safe to call, whatever the counts and lengths say.

use std::ffi::{c_char, c_int, c_void};
use std::mem::{ManuallyDrop, replace};
use std::ptr::{NonNull, null, null_mut};

/// An `ArrowSchema`: what a producer says of a column.
#[repr(C)]
pub struct ForeignSchema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *const *const ForeignSchema,
    dictionary: *const ForeignSchema,
    release: Option<unsafe extern "C" fn(*mut ForeignSchema)>,
    private_data: *mut c_void,
}

/// An `ArrowArray`: where the values of a column lie.
#[repr(C)]
pub struct ForeignArray {
    pub(super) length: i64,
    pub(super) null_count: i64,
    pub(super) offset: i64,
    pub(super) n_buffers: i64,
    pub(super) n_children: i64,
    buffers: *const *const u8,
    children: *const *const ForeignArray,
    dictionary: *const ForeignArray,
    release: Option<unsafe extern "C" fn(*mut ForeignArray)>,
    private_data: *mut c_void,
}

/// An `ArrowArrayStream`: record batches one after the other.
#[repr(C)]
pub struct ForeignStream {
    get_schema: Option<unsafe extern "C" fn(*mut ForeignStream, *mut ForeignSchema) -> c_int>,
    get_next: Option<unsafe extern "C" fn(*mut ForeignStream, *mut ForeignArray) -> c_int>,
    get_last_error: Option<unsafe extern "C" fn(*mut ForeignStream) -> *const c_char>,
    release: Option<unsafe extern "C" fn(*mut ForeignStream)>,
    private_data: *mut c_void,
}

// SAFETY: the structure is only read, and released by whoever drops it, from any thread as the interface allows.
unsafe impl Send for ForeignArray {}
// SAFETY: as above; nothing is written to it while it is shared.
unsafe impl Sync for ForeignArray {}

macro_rules! owned {
    ($structure:ident) => {
        impl $structure {
            /// Takes a structure over from where its producer put it; a released one stays there.
            ///
            /// # Safety
            /// `at` points to an aligned structure of the interface that nobody else uses meanwhile. If it is not
            /// released, each of its pointers that is not NULL points to what the interface says stands there, for as
            /// long as it is not released: texts that end, as many pointers as are counted, structures for which the
            /// same holds, buffers of the size that type, length and offset imply, functions of the interface. Counts,
            /// lengths, offsets, texts and the content of buffers may be anything.
            pub unsafe fn take(at: NonNull<Self>) -> Self {
                // SAFETY: the caller's promise.
                unsafe { at.replace(Self::released()) }
            }

            /// Whether it was released, or moved to somebody else.
            pub(super) fn is_released(&self) -> bool {
                self.release.is_none()
            }
        }

        impl Drop for $structure {
            fn drop(&mut self) {
                if let Some(release) = self.release {
                    // SAFETY: it is not released yet, and after this nobody can reach it.
                    unsafe { release(self) }
                }
            }
        }
    };
}
owned!(ForeignSchema);
owned!(ForeignArray);
owned!(ForeignStream);

impl ForeignSchema {
    fn released() -> Self {
        ForeignSchema {
            format: null(),
            name: null(),
            metadata: null(),
            flags: 0,
            n_children: 0,
            children: null(),
            dictionary: null(),
            release: None,
            private_data: null_mut(),
        }
    }

    /// The format, at most `most` bytes and one more of it; none where it is NULL.
    pub(super) fn format(&self, most: usize) -> Option<&[u8]> {
        // SAFETY: the format is NULL or a text, which lives as long as the schema.
        unsafe { text(self.format, most) }
    }

    /// The name likewise.
    pub(super) fn name(&self, most: usize) -> Option<&[u8]> {
        // SAFETY: as above.
        unsafe { text(self.name, most) }
    }

    /// How many children there are said to be.
    pub(super) fn n_children(&self) -> i64 {
        self.n_children
    }

    /// A child that can be read.
    pub(super) fn child(&self, at: usize) -> Option<&ForeignSchema> {
        // SAFETY: `children` is NULL or points to `n_children` pointers to schemas, which live as long as this one.
        unsafe { pointed(self.children, at, self.n_children)?.as_ref() }.filter(|child| !child.is_released())
    }

    /// The schema of the dictionary's values; `Some(None)` where it is there but released.
    pub(super) fn dictionary(&self) -> Option<Option<&ForeignSchema>> {
        // SAFETY: NULL or a schema that lives as long as this one.
        unsafe { self.dictionary.as_ref() }.map(|schema| Some(schema).filter(|schema| !schema.is_released()))
    }
}

impl ForeignArray {
    fn released() -> Self {
        ForeignArray {
            length: 0,
            null_count: 0,
            offset: 0,
            n_buffers: 0,
            n_children: 0,
            buffers: null(),
            children: null(),
            dictionary: null(),
            release: None,
            private_data: null_mut(),
        }
    }

    /// A child that can be read.
    pub(super) fn child(&self, at: usize) -> Option<&ForeignArray> {
        // SAFETY: `children` is NULL or points to `n_children` pointers to arrays, which live as long as this one.
        unsafe { pointed(self.children, at, self.n_children)?.as_ref() }.filter(|child| !child.is_released())
    }

    /// The dictionary's values; `Some(None)` where they are there but released.
    pub(super) fn dictionary(&self) -> Option<Option<&ForeignArray>> {
        // SAFETY: NULL or an array that lives as long as this one.
        unsafe { self.dictionary.as_ref() }.map(|array| Some(array).filter(|array| !array.is_released()))
    }

    /// Whether there is a list of buffers.
    pub(super) fn lists_buffers(&self) -> bool {
        !self.buffers.is_null()
    }

    /// Where a buffer lies; none where it is NULL or not among those counted.
    pub(super) fn buffer(&self, at: usize) -> Option<NonNull<u8>> {
        // SAFETY: `buffers` is NULL or points to `n_buffers` pointers.
        NonNull::new(unsafe { pointed(self.buffers, at, self.n_buffers)? }.cast_mut())
    }
}

impl ForeignStream {
    fn released() -> Self {
        ForeignStream {
            get_schema: None,
            get_next: None,
            get_last_error: None,
            release: None,
            private_data: null_mut(),
        }
    }

    /// Asks for the schema; what the producer says went wrong otherwise.
    pub(super) fn schema(&mut self) -> Result<ForeignSchema, String> {
        let Some(ask) = self.get_schema else { return Err(String::from("no get_schema")) };
        let mut schema = ManuallyDrop::new(ForeignSchema::released());
        // SAFETY: the stream is not released, and a schema is expected here.
        match unsafe { ask(self, &mut *schema) } {
            0 => Ok(ManuallyDrop::into_inner(schema)),
            // Nothing was handed over, whatever stands there now.
            _ => Err(self.last_error()),
        }
    }

    /// Asks for the next batch, a released one at the end.
    pub(super) fn next(&mut self) -> Result<ForeignArray, String> {
        let Some(ask) = self.get_next else { return Err(String::from("no get_next")) };
        let mut array = ManuallyDrop::new(ForeignArray::released());
        // SAFETY: as above, for an array.
        match unsafe { ask(self, &mut *array) } {
            0 => Ok(ManuallyDrop::into_inner(array)),
            _ => Err(self.last_error()),
        }
    }

    fn last_error(&mut self) -> String {
        // SAFETY: asked right after a call that failed.
        let said = self.get_last_error.map_or(null(), |ask| unsafe { ask(self) });
        // SAFETY: NULL or a text that is valid until the next call.
        unsafe { text(said, 500) }.map(lossy).unwrap_or_default()
    }

    /// Lets the producer go.
    pub(super) fn end(&mut self) {
        drop(replace(self, ForeignStream::released()));
    }
}

/// Bytes for a person to read: on one line, and not more than anybody would.
pub(super) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A text up to its end, but at most `most + 1` bytes of it.
///
/// # Safety
/// `at` is NULL or points to a text that ends with a zero and outlives `'a`.
unsafe fn text<'a>(at: *const c_char, most: usize) -> Option<&'a [u8]> {
    let at = NonNull::new(at.cast_mut())?.cast::<u8>();
    let mut length = 0;
    // SAFETY: no byte behind the ending zero is looked at.
    while length <= most && unsafe { at.add(length).read() } != 0 {
        length += 1;
    }
    // SAFETY: so many bytes were just read.
    Some(unsafe { std::slice::from_raw_parts(at.as_ptr(), length) })
}

/// One of `count` pointers; none where the list or the place is not there.
///
/// # Safety
/// `list` is NULL or points to `count` pointers.
unsafe fn pointed<T>(list: *const *const T, at: usize, count: i64) -> Option<*const T> {
    let within = usize::try_from(count).is_ok_and(|count| at < count);
    // SAFETY: within the list; a list may lie anywhere, so it is read without alignment.
    (within && !list.is_null()).then(|| unsafe { list.add(at).read_unaligned() })
}

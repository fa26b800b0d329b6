//! From the buffers of a foreign array to an array of ours that reads them where they lie.
//!
//! Every length, offset, count and pointer is looked at before a byte is read by it, and what a value is read by
//! (offsets, views, indexes, UTF-8) before anybody else may see it. What can be seen to hold at a glance over a whole
//! buffer is not looked at value by value.

use super::foreign::ForeignArray;
use super::form::{Dictionary, Form, Layout};
use super::{MOST_ROWS, Refusal, refuse, text, used};
use arrow_array::{Array, ArrayRef, BooleanArray, NullArray, make_array, new_empty_array};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow_data::ArrayData;
use arrow_schema::DataType;
use perpcore::sweep::assess::Way;
use std::ptr::NonNull;
use std::sync::Arc;

/// Which memory an array lies in: what two arrays of the same memory have in common.
#[derive(PartialEq, Eq)]
struct Place {
    length: i64,
    null_count: i64,
    offset: i64,
    buffers: Vec<Option<NonNull<u8>>>,
}

/// The dictionary of the batch before, with the memory it lies in. That is not released while its owner is held, so
/// what was found true of it stays true.
#[derive(Default)]
pub(super) struct Known {
    before: Option<(Place, Arc<ForeignArray>, ArrayRef)>,
    /// Whether of a dictionary only the values that rows name were looked at.
    pub(super) sparing: bool,
}

/// The rows from `from` on of a column, `rows` of them. Where they are `alone`, of a dictionary that is much longer only the
/// values that they name are looked at.
///
/// # Errors
/// `wrong_type` where the array does not hold together, `invalid_text` where its text is not UTF-8.
pub(super) fn import(
    owner: &Arc<ForeignArray>,
    array: &ForeignArray,
    form: &Form,
    from: usize,
    rows: usize,
    known: &mut Known,
    alone: bool,
) -> Result<ArrayRef, Refusal> {
    let length = length(array)?;
    if from + rows > length {
        return Err(refuse(format!("{length} rows"), format!("{} rows, as the table has", from + rows)));
    }
    let memory = Memory { owner, array, from, rows };
    memory.counts(form.layout)?;
    let nulls = memory.nulls(length, form.layout)?;
    match (&form.dictionary, array.dictionary()) {
        (None, None) => memory.values(&form.data_type, form.layout, nulls),
        (None, Some(_)) => Err(refuse("a dictionary", "none, as the schema says")),
        (Some(_), None) => Err(refuse("no dictionary", "a dictionary, as the schema says")),
        (Some(_), Some(None)) => Err(refuse("a released dictionary", "a dictionary that is not released")),
        (Some(dictionary), Some(Some(values))) => {
            let values = Memory::of_dictionary(owner, values, dictionary)?;
            known.sparing = alone && used::is_long(values.rows, rows);
            let indexes = memory.indexes(dictionary, values.rows, nulls.as_ref())?;
            let (indexes, values) = if known.sparing {
                used::used(dictionary, &values, &indexes, rows, nulls.as_ref())?
            } else {
                (indexes, known.values(&values, dictionary)?)
            };
            Ok(memory.coded(form, indexes, &values, nulls))
        }
    }
}

impl Place {
    /// For an array whose buffers were counted.
    fn of(array: &ForeignArray) -> Self {
        let &ForeignArray { length, null_count, offset, n_buffers, .. } = array;
        Place { length, null_count, offset, buffers: (0..n_buffers as usize).map(|at| array.buffer(at)).collect() }
    }
}

impl Known {
    /// The values of a dictionary, checked once where batch after batch brings the same.
    fn values(&mut self, memory: &Memory<'_>, dictionary: &Dictionary) -> Result<ArrayRef, Refusal> {
        let inside = |refusal: Refusal| refusal.inside("dictionary");
        let place = Place::of(memory.array);
        if let Some((_, _, values)) = self.before.as_ref().filter(|(known, ..)| *known == place) {
            return Ok(values.clone());
        }
        let nulls = memory.nulls(memory.rows, dictionary.layout).map_err(inside)?;
        let values = memory.values(&dictionary.data_type, dictionary.layout, nulls).map_err(inside)?;
        self.before = Some((place, memory.owner.clone(), values.clone()));
        Ok(values)
    }
}

/// How long an array is, once length and offset are numbers that can be counted with.
pub(super) fn length(array: &ForeignArray) -> Result<usize, Refusal> {
    let ForeignArray { length, offset, .. } = *array;
    let end = length.checked_add(offset);
    if length < 0 || offset < 0 || end.is_none_or(|end| end > MOST_ROWS) {
        let accepted = format!("both from 0 and together at most {MOST_ROWS}");
        return Err(refuse(format!("length {length}, offset {offset}"), accepted));
    }
    Ok(length as usize)
}

/// The part of an array's memory that belongs to some of its rows.
pub(super) struct Memory<'a> {
    pub(super) owner: &'a Arc<ForeignArray>,
    pub(super) array: &'a ForeignArray,
    /// The first row, counted from the array's own first one.
    pub(super) from: usize,
    pub(super) rows: usize,
}

impl<'a> Memory<'a> {
    /// The memory of a dictionary's values, as far as its buffers were counted.
    fn of_dictionary(
        owner: &'a Arc<ForeignArray>,
        array: &'a ForeignArray,
        dictionary: &Dictionary,
    ) -> Result<Self, Refusal> {
        let inside = |refusal: Refusal| refusal.inside("dictionary");
        let memory = Memory { owner, array, from: 0, rows: length(array).map_err(inside)? };
        memory.counts(dictionary.layout).map_err(inside)?;
        if array.dictionary().is_some() {
            return Err(inside(refuse("a dictionary", "none, as the schema says")));
        }
        Ok(memory)
    }

    fn start(&self) -> usize {
        // Both were seen to be within `MOST_ROWS`.
        self.array.offset as usize + self.from
    }

    /// Buffers are as many as the layout has, and listed; children there are none.
    fn counts(&self, layout: Layout) -> Result<(), Refusal> {
        let found = self.array.n_buffers;
        let wanted = match layout {
            // Nothing is read of it, and older producers count a bitmap.
            Layout::Nowhere => found,
            Layout::Bits | Layout::Bytes(_) => 2,
            Layout::Offsets32 | Layout::Offsets64 => 3,
            Layout::Views => found.clamp(3, text::MOST_BUFFERS),
        };
        if found != wanted {
            return Err(refuse(format!("{found} buffers"), format!("{wanted} buffers")));
        }
        if layout != Layout::Nowhere && !self.array.lists_buffers() {
            return Err(refuse("no list of buffers", "a list of buffers"));
        }
        if self.array.n_children != 0 {
            return Err(refuse(format!("{} children", self.array.n_children), "no children"));
        }
        Ok(())
    }

    /// What the bitmap says is null among the rows. The count of nulls decides nothing: it is only compared.
    pub(super) fn nulls(&self, length: usize, layout: Layout) -> Result<Option<NullBuffer>, Refusal> {
        let counted = self.array.null_count;
        if layout == Layout::Nowhere || length == 0 {
            return Ok(None);
        }
        let offset = self.array.offset as usize;
        let nulls = match self.array.buffer(0) {
            None => None,
            Some(_) => {
                let bitmap = self.buffer(0, 0, (offset + length).div_ceil(8))?;
                Some(NullBuffer::new(BooleanBuffer::new(bitmap, offset, length)))
            }
        };
        let real = nulls.as_ref().map_or(0, NullBuffer::null_count) as i64;
        if counted != real && counted != -1 {
            return Err(refuse(format!("{counted} nulls counted"), format!("{real}, as the bitmap has, or -1")));
        }
        let nulls = nulls.filter(|nulls| nulls.null_count() > 0).map(|nulls| nulls.slice(self.from, self.rows));
        Ok(nulls.filter(|nulls| nulls.null_count() > 0))
    }

    fn values(&self, data_type: &DataType, layout: Layout, nulls: Option<NullBuffer>) -> Result<ArrayRef, Refusal> {
        if self.rows == 0 {
            return Ok(new_empty_array(data_type));
        }
        let data = ArrayData::builder(data_type.clone()).len(self.rows);
        let data = match layout {
            Layout::Nowhere => return Ok(Arc::new(NullArray::new(self.rows))),
            Layout::Bits => {
                let start = self.start();
                let bits = self.buffer(1, start / 8, (start % 8 + self.rows).div_ceil(8))?;
                return Ok(Arc::new(BooleanArray::new(BooleanBuffer::new(bits, start % 8, self.rows), nulls)));
            }
            Layout::Bytes(width) => data.add_buffer(self.fixed(width)?),
            Layout::Offsets32 => data.buffers(text::by_offsets::<i32>(self)?),
            Layout::Offsets64 => data.buffers(text::by_offsets::<i64>(self)?),
            Layout::Views => data.buffers(text::by_views(self)?),
        };
        // SAFETY: for `rows` rows each buffer has the size and the alignment that the type needs; numbers may be any,
        // and of text `text` has seen all that it is read by.
        Ok(make_array(unsafe { data.nulls(nulls).build_unchecked() }))
    }

    /// The indexes of a dictionary of so many values.
    fn indexes(&self, dictionary: &Dictionary, values: usize, nulls: Option<&NullBuffer>) -> Result<Buffer, Refusal> {
        let indexes = self.fixed(dictionary.width)?;
        match beyond(&dictionary.index, &indexes, self.rows, values, nulls) {
            Some((row, found)) => {
                Err(refuse(format!("index {found}"), format!("an index of the {values} values")).at(row))
            }
            None => Ok(indexes),
        }
    }

    /// The rows of a dictionary, by indexes that were found within its values.
    fn coded(&self, form: &Form, indexes: Buffer, values: &ArrayRef, nulls: Option<NullBuffer>) -> ArrayRef {
        if self.rows == 0 {
            return new_empty_array(&form.data_type);
        }
        let data = ArrayData::builder(form.data_type.clone()).len(self.rows).nulls(nulls).add_buffer(indexes);
        // SAFETY: `rows` aligned indexes of the type, each within the values or under a null, and values of the type.
        make_array(unsafe { data.add_child_data(values.to_data()).build_unchecked() })
    }

    /// The values of so many bytes each, aligned.
    fn fixed(&self, width: usize) -> Result<Buffer, Refusal> {
        Ok(aligned(self.buffer(1, self.start() * width, self.rows * width)?, width))
    }

    /// Offsets or views from the first row on, aligned.
    pub(super) fn items<T: arrow_buffer::ArrowNativeType>(
        &self,
        at: usize,
        count: usize,
    ) -> Result<ScalarBuffer<T>, Refusal> {
        let width = size_of::<T>();
        Ok(aligned(self.buffer(at, self.start() * width, count * width)?, width).into())
    }

    /// Bytes of a buffer.
    pub(super) fn buffer(&self, at: usize, from: usize, bytes: usize) -> Result<Buffer, Refusal> {
        if bytes == 0 {
            return Ok(Buffer::default());
        }
        let Some(start) = self.array.buffer(at) else {
            return Err(refuse(format!("buffer {at} is NULL"), "memory where there are values"));
        };
        let end = start.addr().checked_add(from).and_then(|start| start.checked_add(bytes));
        if end.is_none_or(|end| end.get() > isize::MAX as usize) {
            return Err(refuse(format!("{bytes} bytes in buffer {at}"), "as many as fit into memory"));
        }
        // SAFETY: type, length and offset imply at least `from + bytes` bytes there, readable while `owner` is held.
        Ok(unsafe { Buffer::from_custom_allocation(start.add(from), bytes, self.owner.clone()) })
    }
}

/// A buffer that begins where items of a width may; copied where it does not.
fn aligned(buffer: Buffer, width: usize) -> Buffer {
    match buffer.as_ptr().align_offset(width) {
        0 => buffer,
        _ => Buffer::from_slice_ref(buffer.as_slice()),
    }
}

/// The first row whose index is not one of the dictionary; what lies under a null means nothing.
fn beyond(
    index: &DataType,
    indexes: &Buffer,
    rows: usize,
    values: usize,
    nulls: Option<&NullBuffer>,
) -> Option<(usize, i128)> {
    // Reinterpreted without its sign a negative index is beyond every dictionary.
    macro_rules! first_beyond {
        ($native:ty, $unsigned:ty) => {{
            let indexes: &[$native] = &indexes.typed_data()[..rows];
            let largest = || indexes.iter().fold(0, |largest: $unsigned, &index| largest.max(index as $unsigned));
            let largest = Way::chosen().run(largest);
            if (largest as u64) < values as u64 {
                return None;
            }
            let beyond = |&(row, &index): &(usize, &$native)| {
                index as $unsigned as u64 >= values as u64 && nulls.is_none_or(|nulls| nulls.is_valid(row))
            };
            indexes.iter().enumerate().find(beyond).map(|(row, &index)| (row, i128::from(index)))
        }};
    }
    match index {
        DataType::Int8 => first_beyond!(i8, u8),
        DataType::Int16 => first_beyond!(i16, u16),
        DataType::Int32 => first_beyond!(i32, u32),
        DataType::Int64 => first_beyond!(i64, u64),
        DataType::UInt8 => first_beyond!(u8, u8),
        DataType::UInt16 => first_beyond!(u16, u16),
        DataType::UInt32 => first_beyond!(u32, u32),
        _ => first_beyond!(u64, u64),
    }
}

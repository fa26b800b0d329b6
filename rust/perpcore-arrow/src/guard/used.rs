//! Dictionaries that are much longer than their rows: the values that rows name are taken out, into memory of ours.
//!
//! A change of a few accounts often carries the ids of all of them. To check and number those would cost many times what
//! the rows cost. So of such a dictionary only the values that some row names are looked at, each as closely as a whole
//! one is, and the others are never read.

use super::column::Memory;
use super::form::{Dictionary, Layout};
use super::text::{Texts, Views};
use super::{Refusal, refuse};
use arrow_array::{Array, ArrayRef, LargeStringArray, StringArray, StringViewArray};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_schema::DataType;
use hashbrown::HashMap;
use std::sync::Arc;

/// A dictionary of fewer values is always read whole: that costs microseconds.
const SHORT: usize = 4_096;
/// How many values a row there are at least: reading one that is named, anywhere in memory, costs about as much as
/// checking and numbering so many in their order.
const VALUES_A_ROW: usize = 32;

/// Whether a dictionary of so many values is much longer than its rows.
pub(super) fn is_long(values: usize, rows: usize) -> bool {
    values > SHORT && values / VALUES_A_ROW > rows
}

/// The values that rows name, and the rows' indexes into them: `indexes` are of the values, or stand under a null.
///
/// # Errors
/// As for a whole dictionary, of the values that are named.
pub(super) fn used(
    dictionary: &Dictionary,
    memory: &Memory<'_>,
    indexes: &Buffer,
    rows: usize,
    nulls: Option<&NullBuffer>,
) -> Result<(Buffer, ArrayRef), Refusal> {
    let mut named = Named::default();
    macro_rules! renumbered {
        ($native:ty) => {{
            let indexes: &[$native] = &indexes.typed_data()[..rows];
            let place = |(row, &index): (usize, &$native)| match nulls {
                Some(nulls) if nulls.is_null(row) => 0,
                // There are fewer of them than values, which the type can count.
                _ => named.place(index as u32) as $native,
            };
            indexes.iter().enumerate().map(place).collect::<Vec<$native>>().into()
        }};
    }
    let indexes = match dictionary.index {
        DataType::Int8 => renumbered!(i8),
        DataType::Int16 => renumbered!(i16),
        DataType::Int32 => renumbered!(i32),
        DataType::Int64 => renumbered!(i64),
        DataType::UInt8 => renumbered!(u8),
        DataType::UInt16 => renumbered!(u16),
        DataType::UInt32 => renumbered!(u32),
        _ => renumbered!(u64),
    };
    let inside = |refusal: Refusal| refusal.inside("dictionary");
    Ok((indexes, taken(dictionary, memory, &named.places).map_err(inside)?))
}

/// The places that were named, in order of first appearance.
#[derive(Default)]
struct Named {
    places: Vec<u32>,
    known: HashMap<u32, u32>,
}

impl Named {
    fn place(&mut self, index: u32) -> u32 {
        *self.known.entry(index).or_insert_with(|| {
            self.places.push(index);
            self.places.len() as u32 - 1
        })
    }
}

/// The values at some places.
fn taken(dictionary: &Dictionary, memory: &Memory<'_>, places: &[u32]) -> Result<ArrayRef, Refusal> {
    let nulls = memory.nulls(memory.rows, dictionary.layout)?;
    let is_null = |place: u32| nulls.as_ref().is_some_and(|nulls| nulls.is_null(place as usize));
    macro_rules! values {
        ($array:ty, $from:expr) => {{
            let from = $from;
            let value = |&place: &u32| (!is_null(place)).then(|| from.value(place as usize)).transpose();
            let values: Vec<Option<&str>> = places.iter().map(value).collect::<Result<_, _>>()?;
            Arc::new(values.into_iter().collect::<$array>()) as ArrayRef
        }};
    }
    if places.is_empty() {
        return Ok(arrow_array::new_empty_array(&dictionary.data_type));
    }
    let values = match dictionary.layout {
        Layout::Offsets32 => values!(StringArray, Texts::<i32>::of(memory)?),
        Layout::Offsets64 => values!(LargeStringArray, Texts::<i64>::of(memory)?),
        Layout::Views => values!(StringViewArray, Views::of(memory)?),
        _ => return Err(refuse("a dictionary of something else", "a dictionary of text")),
    };
    debug_assert_eq!(*values.data_type(), dictionary.data_type);
    Ok(values)
}

//! Columns of the types that results are made of.

use arrow_array::types::{ArrowDictionaryKeyType, Int8Type, Int32Type};
use arrow_array::{ArrayRef, Decimal128Array, DictionaryArray, Float64Array, PrimitiveArray, StringArray};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow_schema::ArrowError;
use perpcore::sweep::pool::Column;
use std::ptr::NonNull;
use std::sync::Arc;

/// Digits and decimals of money: two columns can be subtracted without passing 38 digits.
pub(super) const MONEY: (u8, i8) = (28, 8);
/// Digits and decimals of exact amounts.
pub(super) const EXACT: (u8, i8) = (38, 24);

/// Which rows have a value; none where all do.
pub(super) fn validity(rows: usize, has_value: impl Fn(usize) -> bool) -> Option<NullBuffer> {
    let nulls = NullBuffer::new(BooleanBuffer::collect_bool(rows, has_value));
    (nulls.null_count() > 0).then_some(nulls)
}

pub(super) fn decimal(values: Vec<i128>, nulls: Option<NullBuffer>, (digits, scale): (u8, i8)) -> ArrayRef {
    let array = Decimal128Array::new(ScalarBuffer::from(values), nulls);
    // The digits are constants that decimal128 has.
    Arc::new(array.clone().with_precision_and_scale(digits, scale).unwrap_or(array))
}

/// A column of money that keeps its memory until the last consumer lets it go.
pub(super) fn pooled(column: Column, nulls: Option<NullBuffer>) -> ArrayRef {
    let column = Arc::new(column);
    let bytes = size_of_val::<[i128]>(&column);
    let Some(start) = NonNull::new(column.as_ptr().cast_mut().cast::<u8>()) else {
        return decimal(vec![], None, MONEY);
    };
    // SAFETY: the column owns `bytes` initialized bytes from `start`, aligned for i128; the buffer holds it, so they
    // stay where they are, and nobody can write to a column behind a shared pointer.
    let buffer = unsafe { Buffer::from_custom_allocation(start, bytes, column) };
    let array = Decimal128Array::new(ScalarBuffer::from(buffer), nulls);
    Arc::new(array.clone().with_precision_and_scale(MONEY.0, MONEY.1).unwrap_or(array))
}

pub(super) fn ratio(values: Vec<f64>) -> ArrayRef {
    let nulls = validity(values.len(), |row| !values[row].is_nan());
    Arc::new(Float64Array::new(values.into(), nulls))
}

/// A dictionary array; an error where a key is no place in the values, which its makers exclude.
pub(super) fn dictionary<K: ArrowDictionaryKeyType>(
    keys: PrimitiveArray<K>,
    values: ArrayRef,
) -> Result<ArrayRef, ArrowError> {
    Ok(Arc::new(DictionaryArray::try_new(keys, values)?))
}

/// A column of words: `keys` are places in `words`.
pub(super) fn words(keys: Vec<i8>, nulls: Option<NullBuffer>, words: &[&str]) -> Result<ArrayRef, ArrowError> {
    let keys = PrimitiveArray::<Int8Type>::new(keys.into(), nulls);
    let words = Arc::new(StringArray::from_iter_values(words));
    dictionary(keys, words)
}

/// A column of names of the rulebook, as a dictionary.
pub(super) fn names<'a>(
    places: impl Iterator<Item = Option<u32>>,
    names: impl Iterator<Item = &'a str>,
) -> Result<ArrayRef, ArrowError> {
    let keys: PrimitiveArray<Int32Type> = places.map(|place| place.map(|place| place as i32)).collect();
    let names = Arc::new(StringArray::from_iter_values(names));
    dictionary(keys, names)
}

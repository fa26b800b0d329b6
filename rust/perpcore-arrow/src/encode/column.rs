//! Columns of the types that results are made of.

use arrow_array::types::{ArrowDictionaryKeyType, Int8Type, Int32Type};
use arrow_array::{
    ArrayRef, Decimal128Array, DictionaryArray, Float64Array, PrimitiveArray, StringArray, TimestampNanosecondArray,
};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer, MutableBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::ArrowError;
use perpcore::sweep::assess::Way;
use perpcore::sweep::pool::Column;
use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex};

/// Digits and decimals of money: two columns can be subtracted without passing 38 digits.
pub(super) const MONEY: (u8, i8) = (28, 8);
/// Digits and decimals of exact amounts.
pub(super) const EXACT: (u8, i8) = (38, 24);
/// Digits and decimals of products of two numbers.
pub(super) const PRODUCT: (u8, i8) = (38, 16);

/// The most bytes of zeros that are kept for all results.
const KEPT_ZEROS: usize = 16 << 20;

/// Zeros that nobody writes to.
static ZEROS: Mutex<Option<Buffer>> = Mutex::new(None);

/// So many bytes of 0. Results share them: columns in which nothing stands cost no memory of their own.
fn zeros(bytes: usize) -> Buffer {
    let fresh = || Buffer::from(MutableBuffer::from_len_zeroed(bytes));
    // Never waited for: a fork may have left the lock taken.
    let Some(mut kept) = ZEROS.try_lock().ok().filter(|_| bytes <= KEPT_ZEROS) else { return fresh() };
    if kept.as_ref().is_none_or(|kept| kept.len() < bytes) {
        *kept = Some(fresh());
    }
    kept.as_ref().map_or_else(fresh, |kept| kept.slice_with_length(0, bytes))
}

/// The keys of a column in which every row has the first name.
pub(super) fn zero_keys(rows: usize) -> ScalarBuffer<i32> {
    ScalarBuffer::from(zeros(rows * size_of::<i32>()))
}

/// A column of names in which no row has one.
pub(super) fn no_names<K: ArrowDictionaryKeyType>(rows: usize, names: &[&str]) -> Result<ArrayRef, ArrowError> {
    let keys = ScalarBuffer::from(zeros(rows * size_of::<K::Native>()));
    let keys = PrimitiveArray::<K>::new(keys, Some(NullBuffer::new_null(rows)));
    dictionary(keys, Arc::new(StringArray::from_iter_values(names)))
}

/// A column of money in which no row has any.
pub(super) fn no_money(rows: usize) -> ArrayRef {
    let values = ScalarBuffer::from(zeros(rows * size_of::<i128>()));
    let array = Decimal128Array::new(values, Some(NullBuffer::new_null(rows)));
    Arc::new(array.clone().with_precision_and_scale(MONEY.0, MONEY.1).unwrap_or(array))
}

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

/// Which of the values are numbers; none where all are.
fn numbers(values: &[f64]) -> Option<NullBuffer> {
    // The lowest bit of each byte, the first byte's lowest.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut bits: Vec<u8> = Vec::with_capacity(values.len().div_ceil(8));
    Way::chosen().run(|| {
        bits.extend(values.chunks(8).map(|these| {
            let mut are = [0; 8];
            are.iter_mut().zip(these).for_each(|(is, value)| *is = u8::from(!value.is_nan()));
            (u64::from_le_bytes(are).wrapping_mul(GATHER) >> 56) as u8
        }));
    });
    let nulls = NullBuffer::new(BooleanBuffer::new(bits.into(), 0, values.len()));
    (nulls.null_count() > 0).then_some(nulls)
}

pub(super) fn ratio(values: Vec<f64>) -> ArrayRef {
    let nulls = numbers(&values);
    Arc::new(Float64Array::new(values.into(), nulls))
}

/// A dictionary array; an error where a key is no place in the values, which its makers exclude.
pub(super) fn dictionary<K: ArrowDictionaryKeyType>(
    keys: PrimitiveArray<K>,
    values: ArrayRef,
) -> Result<ArrayRef, ArrowError> {
    // Without an early end many keys are looked at together; a negative one is beyond all values.
    let (places, count) = (keys.values(), values.len());
    if Way::chosen().run(|| places.iter().fold(false, |beyond, key| beyond | (key.as_usize() >= count))) {
        return Ok(Arc::new(DictionaryArray::try_new(keys, values)?));
    }
    // SAFETY: every key is a place in the values.
    Ok(Arc::new(unsafe { DictionaryArray::new_unchecked(keys, values) }))
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

/// A column of texts of which many rows say the same, or nothing.
pub(super) struct Texts {
    /// The place of each row's text, −1 where it has none.
    keys: Vec<i32>,
    /// The place of each text, in order of first appearance.
    places: BTreeMap<String, i32>,
}

impl Texts {
    pub(super) fn with_capacity(rows: usize) -> Self {
        Texts { keys: Vec::with_capacity(rows), places: BTreeMap::new() }
    }

    pub(super) fn extend(&mut self, texts: impl Iterator<Item = Option<String>>) {
        let places = &mut self.places;
        self.keys.extend(texts.map(|text| {
            let next = places.len() as i32;
            text.map_or(-1, |text| *places.entry(text).or_insert(next))
        }));
    }

    pub(super) fn finish(mut self) -> Result<ArrayRef, ArrowError> {
        let mut texts: Vec<(i32, &str)> = self.places.iter().map(|(text, place)| (*place, &**text)).collect();
        texts.sort_unstable();
        let texts: Vec<&str> = texts.into_iter().map(|(_, text)| text).collect();
        if texts.is_empty() {
            return no_names::<Int32Type>(self.keys.len(), &[]);
        }
        let nulls = validity(self.keys.len(), |row| self.keys[row] >= 0);
        // Under a null too a key points somewhere.
        Way::chosen().run(|| self.keys.iter_mut().for_each(|key| *key = (*key).max(0)));
        let keys = PrimitiveArray::<Int32Type>::new(self.keys.into(), nulls);
        dictionary(keys, Arc::new(StringArray::from_iter_values(texts)))
    }
}

/// A column of times; 0 is none.
pub(super) fn times(column: Vec<i64>) -> ArrayRef {
    let nulls = validity(column.len(), |row| column[row] != 0);
    Arc::new(TimestampNanosecondArray::new(column.into(), nulls).with_timezone("UTC"))
}

/// A column of words; null where a key is below 0.
pub(super) fn some_words(keys: Vec<i8>, list: &[&str]) -> Result<ArrayRef, ArrowError> {
    let words: ArrayRef = Arc::new(StringArray::from_iter_values(list));
    few_keys(keys, &words)
}

/// The same of words that are an array.
pub(super) fn few_keys(mut keys: Vec<i8>, words: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let nulls = validity(keys.len(), |row| keys[row] >= 0);
    if nulls.is_some() {
        keys.iter_mut().for_each(|key| *key = (*key).max(0));
    }
    let keys = PrimitiveArray::<Int8Type>::new(keys.into(), nulls);
    dictionary(keys, words.clone())
}

/// The same of many words, or none of which any stands there.
pub(super) fn some_keys(mut keys: Vec<i32>, words: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let nulls = validity(keys.len(), |row| keys[row] >= 0);
    if nulls.is_some() {
        keys.iter_mut().for_each(|key| *key = (*key).max(0));
    }
    let keys = PrimitiveArray::<Int32Type>::new(keys.into(), nulls);
    dictionary(keys, words.clone())
}

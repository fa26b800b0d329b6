//! Account ids that are integers, of any width.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type};
use arrow_schema::DataType;

/// The values of an integer array that are not negative.
pub(crate) fn integers_of(array: &dyn Array) -> Vec<u64> {
    let mut out = Vec::with_capacity(array.len());
    each_integer(array, |_, value| out.push(value.unwrap_or(0)));
    out
}

/// Hands over every integer; none where it is negative.
pub(super) fn each_integer(array: &dyn Array, mut take: impl FnMut(usize, Option<u64>)) {
    macro_rules! all {
        ($($data_type:pat => $type:ty),*) => {
            match array.data_type() {
                $($data_type => {
                    for (at, &value) in array.as_primitive::<$type>().values().iter().enumerate() {
                        take(at, u64::try_from(value).ok());
                    }
                })*
                _ => {}
            }
        };
    }
    all! {
        DataType::Int8 => Int8Type, DataType::Int16 => Int16Type, DataType::Int32 => Int32Type,
        DataType::Int64 => Int64Type, DataType::UInt8 => UInt8Type, DataType::UInt16 => UInt16Type,
        DataType::UInt32 => UInt32Type, DataType::UInt64 => UInt64Type
    }
}

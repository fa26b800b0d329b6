//! Account ids and update ids: integers of any width.

use super::view::Source;
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type};
use arrow_schema::DataType;
use perpcore::fault::{Code, Failure};

/// An update id that is not there.
pub(crate) const NO_ID: i64 = -1;

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

impl Source {
    /// A column of update ids; none where it did not come. What is null is -1; whether it may be, the caller knows.
    pub(crate) fn update_ids(&mut self, name: &str) -> Result<Option<Vec<i64>>, Failure> {
        let Some((at, column)) = self.find(name) else { return Ok(None) };
        let mut out = Vec::with_capacity(self.rows());
        for chunk in self.chunks(at) {
            self.go_on()?;
            if *chunk.values.data_type() == DataType::Null {
                out.resize(out.len() + chunk.values.len(), NO_ID);
                continue;
            }
            if !chunk.values.data_type().is_integer() {
                return Err(self.wrong_type(column, chunk.values.data_type()).into());
            }
            let mut refused = Vec::new();
            each_integer(&*chunk.values, |row, value| {
                let id = value.and_then(|value| i64::try_from(value).ok()).filter(|_| !chunk.is_null(row));
                if id.is_none() && !chunk.is_null(row) {
                    refused.push(row);
                }
                out.push(id.unwrap_or(NO_ID));
            });
            for row in refused {
                self.refuse(Code::OutOfRange, column, &chunk, row);
            }
        }
        Ok(Some(out))
    }
}

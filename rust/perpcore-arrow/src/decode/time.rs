//! Time columns: UTC timestamps of any unit, or int64 nanoseconds.

use super::number::Null;
use super::view::{Chunk, Source};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow_array::{Array, PrimitiveArray};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{DataType, TimeUnit};
use perpcore::fault::{Code, Failure};
use perpcore::sweep::assess::Way;

/// 2000-01-01 in nanoseconds; an int64 time before it is in another unit, or a mistake.
pub(crate) const YEAR_2000_NS: i64 = 946_684_800_000_000_000;

const UTC: [&str; 4] = ["UTC", "Etc/UTC", "Z", "+00:00"];

impl Source {
    /// A column of times, in ns; none where it did not come. Null is 0.
    pub(crate) fn times(&mut self, name: &str, null: Null) -> Result<Option<ScalarBuffer<i64>>, Failure> {
        self.times_from(name, null, Some(YEAR_2000_NS))
    }

    /// The same of times that somebody else said, whatever they are; beyond 64 bits they are as far away as they reach.
    pub(crate) fn stamps(&mut self, name: &str) -> Result<Option<ScalarBuffer<i64>>, Failure> {
        self.times_from(name, Null::Zero, None)
    }

    /// `least`: an int64 time before it is refused, and any time beyond 64 bits.
    fn times_from(&mut self, name: &str, null: Null, least: Option<i64>) -> Result<Option<ScalarBuffer<i64>>, Failure> {
        let Some((at, column)) = self.find(name) else { return Ok(None) };
        let chunks = self.chunks(at);
        if let [chunk] = &*chunks
            && let Some(values) = as_they_are(chunk, least)
        {
            return Ok(Some(values));
        }
        let mut out = Vec::with_capacity(self.rows());
        for chunk in chunks {
            let Some((values, factor)) = nanoseconds(&*chunk.values) else {
                return Err(self.wrong_type(column, chunk.values.data_type()).into());
            };
            let counts_ns = *chunk.values.data_type() == DataType::Int64;
            for (row, value) in values.iter().enumerate() {
                if chunk.is_null(row) {
                    if null == Null::Refused {
                        self.refuse(Code::NullValue, column, &chunk, row);
                    }
                    out.push(0);
                    continue;
                }
                let time = value.checked_mul(factor).or(least.is_none().then(|| value.saturating_mul(factor)));
                match time {
                    Some(time) if counts_ns && least.is_some_and(|least| time < least) => {
                        self.refuse(Code::ImplausibleTime, column, &chunk, row);
                    }
                    Some(_) => {}
                    None => self.refuse(Code::OutOfRange, column, &chunk, row),
                }
                out.push(time.unwrap_or(0));
            }
        }
        Ok(Some(out.into()))
    }
}

/// The producer's own buffer, where it counts nanoseconds, without nulls and without a time that is refused.
fn as_they_are(chunk: &Chunk, least: Option<i64>) -> Option<ScalarBuffer<i64>> {
    let (values, 1) = nanoseconds(&*chunk.values)? else { return None };
    let counts_ns = *chunk.values.data_type() == DataType::Int64;
    let least = least.filter(|_| counts_ns).unwrap_or(i64::MIN);
    let accepted = || Way::chosen().run(|| values.iter().fold(true, |all, &time| all & (time >= least)));
    (chunk.nulls.is_none() && accepted()).then(|| values.clone())
}

/// The raw values and how many ns each counts.
pub(super) fn nanoseconds(array: &dyn Array) -> Option<(ScalarBuffer<i64>, i64)> {
    fn raw<T: arrow_array::types::ArrowPrimitiveType<Native = i64>>(array: &PrimitiveArray<T>) -> ScalarBuffer<i64> {
        array.values().clone()
    }
    match array.data_type() {
        DataType::Null => Some((vec![0; array.len()].into(), 1)),
        DataType::Int64 => Some((raw(array.as_primitive::<Int64Type>()), 1)),
        DataType::Timestamp(unit, Some(zone)) if UTC.contains(&&**zone) => Some(match unit {
            TimeUnit::Second => (raw(array.as_primitive::<TimestampSecondType>()), 1_000_000_000),
            TimeUnit::Millisecond => (raw(array.as_primitive::<TimestampMillisecondType>()), 1_000_000),
            TimeUnit::Microsecond => (raw(array.as_primitive::<TimestampMicrosecondType>()), 1_000),
            TimeUnit::Nanosecond => (raw(array.as_primitive::<TimestampNanosecondType>()), 1),
        }),
        _ => None,
    }
}

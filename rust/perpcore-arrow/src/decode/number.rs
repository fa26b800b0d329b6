//! Number columns: decimals, integers, float64 and text to the grid, exactly; raw grid units as they are.

use super::text::Strings;
use super::view::{Chunk, Source};
use crate::contract::{Column, Kind};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal32Type, Decimal64Type, Decimal128Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_buffer::ScalarBuffer;
use arrow_schema::DataType;
use perpcore::fault::{Code, Failure};
use perpcore::num::bounds::Bound;
use perpcore::num::{NotANumber, decimal, float, text};
use perpcore::sweep::assess::Way;
use perpcore::sweep::snapshot::Money;
use perpcore::sweep::stop::Stop;

/// Money in g, narrow where all of it fits in 64 bits.
pub(crate) enum MoneyColumn {
    Narrow(ScalarBuffer<i64>),
    Wide(ScalarBuffer<i128>),
}

impl MoneyColumn {
    pub(super) fn within(&self, bound: &Bound) -> bool {
        match self {
            MoneyColumn::Narrow(values) => i64::all_within(values, bound),
            MoneyColumn::Wide(values) => i128::all_within(values, bound),
        }
    }

    pub(crate) fn view(&self) -> Money<'_> {
        match self {
            MoneyColumn::Narrow(values) => Money::Narrow(values),
            MoneyColumn::Wide(values) => Money::Wide(values),
        }
    }
}

/// Whole columns against a bound, without a branch a value.
pub(super) trait Bounded: Sized {
    fn all_within(values: &[Self], bound: &Bound) -> bool;
}

impl Bounded for i64 {
    fn all_within(values: &[Self], bound: &Bound) -> bool {
        let (min, max) = (bound.min.max(i64::MIN.into()) as i64, bound.max.min(i64::MAX.into()) as i64);
        let range = max.wrapping_sub(min) as u64;
        if range == u64::MAX {
            return true;
        }
        // Most columns are far within: no distance from the least has a bit above those that surely fit.
        let any = Way::chosen().run(|| values.iter().fold(0, |any, &value| any | value.wrapping_sub(min) as u64));
        any < 1 << range.ilog2() || values.iter().fold(true, |within, &value| within & (min <= value) & (value <= max))
    }
}

impl Bounded for i128 {
    fn all_within(values: &[Self], bound: &Bound) -> bool {
        values.iter().fold(true, |within, &value| within & bound.holds(value))
    }
}

/// What a null cell is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Null {
    Refused,
    /// Not given: 0.
    Zero,
}

impl Source {
    /// A column of prices, quantities or leverages, in g; none where it did not come.
    pub(crate) fn numbers(&mut self, name: &str, null: Null) -> Result<Option<ScalarBuffer<i64>>, Failure> {
        let Some((at, column)) = self.find(name) else { return Ok(None) };
        if let Some(values) = self.untouched::<Int64Type>(at, column) {
            return Ok(Some(values));
        }
        if let Some(values) = self.converted(at, column) {
            return Ok(Some(values.into()));
        }
        let mut out: Vec<i64> = Vec::with_capacity(self.rows());
        // Bounds of these columns are within i64, so the cast drops nothing.
        self.each(at, column, null, |value| out.push(value as i64))?;
        Ok(Some(out.into()))
    }

    /// A column of money, in g; none where it did not come.
    pub(crate) fn money(&mut self, name: &str, null: Null) -> Result<Option<MoneyColumn>, Failure> {
        let Some((at, column)) = self.find(name) else { return Ok(None) };
        if let Some(values) = self.untouched::<Int64Type>(at, column) {
            return Ok(Some(MoneyColumn::Narrow(values)));
        }
        // Narrow before wide: copying it costs less than adding it up in 128 bits.
        if let Some(values) = self.converted(at, column) {
            return Ok(Some(MoneyColumn::Narrow(values.into())));
        }
        if let Some(values) = self.untouched::<Decimal128Type>(at, column) {
            return Ok(Some(MoneyColumn::Wide(values)));
        }
        let mut narrow: Vec<i64> = Vec::with_capacity(self.rows());
        let mut wide: Vec<i128> = Vec::new();
        self.each(at, column, null, |value| match i64::try_from(value) {
            Ok(value) if wide.is_empty() => narrow.push(value),
            _ => {
                wide.extend(narrow.drain(..).map(i128::from));
                wide.push(value);
            }
        })?;
        Ok(Some(if wide.is_empty() { MoneyColumn::Narrow(narrow.into()) } else { MoneyColumn::Wide(wide.into()) }))
    }

    /// The producer's own buffer, where a column came in one batch, in grid units, without nulls and within bounds.
    fn untouched<T: ArrowPrimitiveType>(&self, at: usize, column: &Column) -> Option<ScalarBuffer<T::Native>>
    where
        T::Native: Bounded,
    {
        let Kind::Number(bound) = column.kind else { return None };
        let mut chunks = self.chunks(at).into_iter();
        let (chunk, None) = (chunks.next()?, chunks.next()) else { return None };
        let on_grid = match chunk.values.data_type() {
            DataType::Int64 => self.is_raw(at),
            DataType::Decimal128(_, 8) => !self.is_raw(at),
            _ => false,
        };
        let values = chunk.values.as_primitive_opt::<T>()?.values().clone();
        (on_grid && chunk.nulls.is_none() && T::Native::all_within(&values, bound)).then_some(values)
    }

    /// A column of decimals on the grid, of common float64s or of raw grid units, without nulls, within 64 bits and the
    /// bounds: converted many at a time. None where it is another.
    fn converted(&self, at: usize, column: &Column) -> Option<Vec<i64>> {
        let Kind::Number(bound) = column.kind else { return None };
        let mut out: Vec<i64> = Vec::with_capacity(self.rows());
        for chunk in self.chunks(at) {
            let values = &*chunk.values;
            let read = match (values.data_type(), self.is_raw(at)) {
                (DataType::Decimal128(_, 8), false) => {
                    append_narrow(values.as_primitive::<Decimal128Type>().values(), &mut out)
                }
                (DataType::Float64, false) => {
                    let values = values.as_primitive::<Float64Type>().values();
                    Way::chosen().run(|| float::append_common(values, &mut out))
                }
                (DataType::Int64, true) => {
                    out.extend_from_slice(values.as_primitive::<Int64Type>().values());
                    true
                }
                _ => false,
            };
            if !read || chunk.nulls.is_some() {
                return None;
            }
        }
        i64::all_within(&out, bound).then_some(out)
    }

    /// Hands over every value in g, a stand-in for each that is refused.
    fn each(
        &mut self,
        at: usize,
        column: &'static Column,
        null: Null,
        mut put: impl FnMut(i128),
    ) -> Result<(), Failure> {
        let Kind::Number(bound) = column.kind else { return Ok(()) };
        // The stand-in is a value that every later step can take.
        let stand_in = bound.min.max(0);
        for chunk in self.chunks(at) {
            let mut refused: Vec<(usize, Code)> = Vec::new();
            let raw = self.is_raw(at);
            self.go_on()?;
            let take = |row: usize, value: Result<i128, NotANumber>| {
                let (value, code) = match (chunk.is_null(row), value) {
                    (true, _) if null == Null::Zero => (0, None),
                    (true, _) => (stand_in, Some(Code::NullValue)),
                    (false, Ok(value)) if bound.holds(value) => (value, None),
                    (false, Ok(_)) => (stand_in, Some(Code::OutOfRange)),
                    (false, Err(reason)) => (stand_in, Some(reason.into())),
                };
                if let Some(code) = code {
                    refused.push((row, code));
                }
                put(value);
            };
            if walk(&chunk, raw, &self.stop, take).is_none() {
                self.go_on()?;
                return Err(self.wrong_type(column, chunk.values.data_type()).into());
            }
            self.shared_doubles |= has_shared_doubles(&chunk);
            for (count, (row, code)) in refused.into_iter().enumerate() {
                self.go_on_at(count)?;
                self.refuse(code, column, &chunk, row);
            }
        }
        Ok(())
    }
}

/// Appends the lower halves; whether they are all of each number.
pub(super) fn append_narrow(values: &ScalarBuffer<i128>, out: &mut Vec<i64>) -> bool {
    // A number of 128 bits is two of 64, the lower one first where bytes are in that order.
    let halves: ScalarBuffer<i64> = values.inner().clone().into();
    let (lower, upper) = if cfg!(target_endian = "little") { (0, 1) } else { (1, 0) };
    Way::chosen().run(|| {
        let mut lost = 0;
        out.extend(halves.chunks_exact(2).map(|pair| {
            lost |= pair[upper] ^ (pair[lower] >> 63);
            pair[lower]
        }));
        lost == 0
    })
}

/// Whether a float64 stands in a chunk that two grid values share.
pub(super) fn has_shared_doubles(chunk: &Chunk) -> bool {
    let Some(values) = chunk.values.as_primitive_opt::<Float64Type>() else { return false };
    let shared = |value: f64| value.is_finite() && value.abs() >= float::SHARED_FROM;
    values.values().iter().enumerate().any(|(at, &value)| shared(value) && !chunk.is_null(at))
}

/// Walks a chunk, whatever its type; none where the type is not accepted, or where it was stopped.
#[inline(always)]
pub(super) fn walk(
    chunk: &Chunk,
    raw: bool,
    stop: &Stop,
    mut take: impl FnMut(usize, Result<i128, NotANumber>),
) -> Option<()> {
    let array = &*chunk.values;
    if raw {
        let values = array.as_primitive_opt::<Int64Type>();
        if values.is_none() && *array.data_type() != DataType::Null {
            return None;
        }
        for at in 0..array.len() {
            take(at, Ok(values.map_or(0, |values| i128::from(values.value(at)))));
        }
        return Some(());
    }
    macro_rules! primitive {
        ($type:ty, $read:expr) => {{
            for (at, &value) in array.as_primitive::<$type>().values().iter().enumerate() {
                take(at, $read(value));
            }
        }};
    }
    macro_rules! integers {
        ($type:ty) => {
            primitive!($type, |value| decimal::to_grid(i128::from(value), 0))
        };
    }
    match array.data_type() {
        DataType::Null => (0..array.len()).for_each(|at| take(at, Ok(0))),
        DataType::Decimal128(_, 8) => primitive!(Decimal128Type, Ok),
        DataType::Decimal128(_, scale) => primitive!(Decimal128Type, |v| decimal::to_grid(v, i32::from(*scale))),
        DataType::Decimal64(_, scale) => {
            primitive!(Decimal64Type, |v: i64| decimal::to_grid(v.into(), i32::from(*scale)))
        }
        DataType::Decimal32(_, scale) => {
            primitive!(Decimal32Type, |v: i32| decimal::to_grid(v.into(), i32::from(*scale)))
        }
        DataType::Float64 => primitive!(Float64Type, float::from_f64),
        DataType::Int8 => integers!(Int8Type),
        DataType::Int16 => integers!(Int16Type),
        DataType::Int32 => integers!(Int32Type),
        DataType::Int64 => integers!(Int64Type),
        DataType::UInt8 => integers!(UInt8Type),
        DataType::UInt16 => integers!(UInt16Type),
        DataType::UInt32 => integers!(UInt32Type),
        DataType::UInt64 => integers!(UInt64Type),
        _ => {
            let strings = Strings::of(array)?;
            for at in 0..array.len() {
                if stop.asked_at(at) {
                    return None;
                }
                let value = if chunk.is_null(at) { Ok(0) } else { text::parse(strings.value(at)) };
                take(at, value);
            }
        }
    }
    Some(())
}

/// A number as the caller wrote it, for an error.
pub(super) fn shown(array: &dyn Array, at: usize) -> Option<String> {
    macro_rules! primitive {
        ($($data_type:pat => $type:ty),* $(,)?) => {
            match array.data_type() {
                $($data_type => Some(array.as_primitive::<$type>().value(at).to_string()),)*
                DataType::Decimal128(..) => Some(array.as_primitive::<Decimal128Type>().value_as_string(at)),
                DataType::Decimal64(..) => Some(array.as_primitive::<Decimal64Type>().value_as_string(at)),
                DataType::Decimal32(..) => Some(array.as_primitive::<Decimal32Type>().value_as_string(at)),
                _ => None,
            }
        };
    }
    primitive! {
        DataType::Float64 => Float64Type,
        DataType::Int8 => Int8Type,
        DataType::Int16 => Int16Type,
        DataType::Int32 => Int32Type,
        DataType::Int64 => Int64Type,
        DataType::UInt8 => UInt8Type,
        DataType::UInt16 => UInt16Type,
        DataType::UInt32 => UInt32Type,
        DataType::UInt64 => UInt64Type,
    }
}

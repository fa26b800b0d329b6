//! What feeds say, number by number: nothing that a feed can say is refused.
//!
//! A number is a count of g; two counts that are none of a price stand for what is no number of the grid. What is beyond 64
//! bits is as far as they reach, which is no price either.

use super::number::{Null, append_narrow, shown, walk};
use super::view::{Chunk, Source};
use crate::contract::Column;
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal64Type, Decimal128Type, Float64Type, Int64Type};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use arrow_schema::DataType;
use perpcore::fault::{Code, Failure};
use perpcore::num::bounds::PRICE;
use perpcore::num::{NotANumber, ONE, float};
use perpcore::sweep::assess::Way;

/// Nothing was said.
pub(super) const NOTHING: i64 = i64::MIN;
/// What was said is no number of the grid.
pub(super) const OFF_GRID: i64 = i64::MIN + 1;
/// The least number that is one.
const LEAST: i64 = i64::MIN + 2;

/// As many numbers as are converted together, so that a single odd one slows few down.
const STRETCH: usize = 64;

/// What was said, from a number that was read or why it was none; none where it is no number at all.
pub fn said(read: Result<i128, NotANumber>, is_negative: impl FnOnce() -> bool) -> Option<i64> {
    Some(match read {
        Ok(number) => saturated(number),
        Err(NotANumber::OutOfRange) => saturated(if is_negative() { i128::MIN } else { i128::MAX }),
        Err(NotANumber::NotFinite | NotANumber::OffGrid) => OFF_GRID,
        Err(NotANumber::Malformed) => return None,
    })
}

#[inline(always)]
fn saturated(number: i128) -> i64 {
    number.clamp(LEAST.into(), i64::MAX.into()) as i64
}

/// Whether what is no number of the grid may be said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Odd {
    /// It counts as [`OFF_GRID`].
    Said,
    /// It is a fault.
    Refused,
}

impl Source {
    /// A column of what a feed said; none where it did not come. What is null is [`NOTHING`].
    pub(crate) fn feed(&mut self, name: &str, null: Null, odd: Odd) -> Result<Option<ScalarBuffer<i64>>, Failure> {
        let Some((at, column)) = self.given(name) else { return Ok(None) };
        let (chunks, raw) = (self.chunks(at), self.is_raw(at));
        if let [chunk] = &*chunks
            && let Some(values) = as_they_are(chunk, raw)
        {
            return Ok(Some(values));
        }
        let mut out: Vec<i64> = Vec::with_capacity(self.rows());
        for chunk in chunks {
            self.go_on()?;
            let start = out.len();
            if !(quickly(&chunk, raw, odd, &mut out) || self.slowly(column, &chunk, raw, odd, start, &mut out)) {
                self.go_on()?;
                return Err(self.wrong_type(column, chunk.values.data_type()).into());
            }
            self.shared_doubles |= has_shared_prices(&chunk);
            let Some(nulls) = &chunk.nulls else { continue };
            silence(nulls, &mut out[start..]);
            if null == Null::Refused {
                for row in (0..nulls.len()).filter(|row| nulls.is_null(*row)) {
                    self.go_on_at(row)?;
                    self.refuse(Code::NullValue, column, &chunk, row);
                }
            }
        }
        Ok(Some(out.into()))
    }

    /// Appends the numbers of a chunk of any accepted type; false where it has another, or where it was stopped.
    fn slowly(
        &mut self,
        column: &'static Column,
        chunk: &Chunk,
        raw: bool,
        odd: Odd,
        start: usize,
        out: &mut Vec<i64>,
    ) -> bool {
        out.truncate(start);
        let mut refused: Vec<(usize, Code)> = Vec::new();
        let walked = walk(chunk, raw, &self.stop, |row, read| {
            let is_negative = || shown_as_text(chunk, row).starts_with('-');
            let number = said(read, is_negative).filter(|number| odd == Odd::Said || *number != OFF_GRID);
            if number.is_none() && !chunk.is_null(row) {
                refused.push((row, read.err().map_or(Code::WrongType, Code::from)));
            }
            out.push(number.unwrap_or(NOTHING));
        });
        refused.into_iter().for_each(|(row, code)| self.refuse(code, column, chunk, row));
        walked.is_some()
    }
}

fn shown_as_text(chunk: &Chunk, row: usize) -> String {
    shown(&*chunk.values, row).unwrap_or_else(|| super::text::shown(&*chunk.values, row))
}

/// The producer's own buffer, where it counts g, without nulls.
fn as_they_are(chunk: &Chunk, raw: bool) -> Option<ScalarBuffer<i64>> {
    let values = &*chunk.values;
    let values = match (values.data_type(), raw) {
        (DataType::Int64, true) => values.as_primitive::<Int64Type>().values(),
        (DataType::Decimal64(_, 8), false) => values.as_primitive::<Decimal64Type>().values(),
        _ => return None,
    };
    let are_numbers = || Way::chosen().run(|| values.iter().fold(true, |all, &value| all & (value >= LEAST)));
    (chunk.nulls.is_none() && are_numbers()).then(|| values.clone())
}

/// Appends the numbers of a chunk of a common type, many at a time; false where it has another, and then what was appended
/// means nothing. Those under a null mean nothing either.
fn quickly(chunk: &Chunk, raw: bool, odd: Odd, out: &mut Vec<i64>) -> bool {
    let values = &*chunk.values;
    match (values.data_type(), raw) {
        (DataType::Null, _) => out.resize(out.len() + values.len(), NOTHING),
        (DataType::Int64, true) => append(values.as_primitive::<Int64Type>().values(), out),
        (DataType::Decimal64(_, 8), false) => append(values.as_primitive::<Decimal64Type>().values(), out),
        (DataType::Decimal128(_, 8), false) => {
            let (values, start) = (values.as_primitive::<Decimal128Type>().values(), out.len());
            if !append_narrow(values, out) {
                out.truncate(start);
                out.extend(values.iter().map(|&value| saturated(value)));
            }
        }
        (DataType::Float64, false) if odd == Odd::Said => {
            for values in values.as_primitive::<Float64Type>().values().chunks(STRETCH) {
                let start = out.len();
                if !Way::chosen().run(|| float::append_common(values, out)) {
                    out.truncate(start);
                    out.extend(values.iter().map(|&value| of_float(value)));
                }
            }
        }
        _ => return false,
    }
    true
}

fn append(values: &[i64], out: &mut Vec<i64>) {
    Way::chosen().run(|| out.extend(values.iter().map(|&value| value.max(LEAST))));
}

fn of_float(value: f64) -> i64 {
    said(float::from_f64(value), || value < 0.0).unwrap_or(OFF_GRID)
}

/// Writes [`NOTHING`] where there is a null.
fn silence(nulls: &NullBuffer, out: &mut [i64]) {
    let valid = nulls.inner().bit_chunks();
    for (out, valid) in out.chunks_mut(64).zip(valid.iter_padded()) {
        for (at, out) in out.iter_mut().enumerate() {
            *out = if valid >> at & 1 == 1 { *out } else { NOTHING };
        }
    }
}

/// Whether a float64 stands in a chunk that is a price, and that two grid values share.
fn has_shared_prices(chunk: &Chunk) -> bool {
    let Some(values) = chunk.values.as_primitive_opt::<Float64Type>() else { return false };
    let prices = float::SHARED_FROM..=PRICE.max as f64 / ONE as f64;
    let any = values.values().iter().fold(false, |any, value| any | prices.contains(value));
    any && values.values().iter().enumerate().any(|(at, value)| prices.contains(value) && !chunk.is_null(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Kind, Need, Table};
    use arrow_array::{ArrayRef, Decimal64Array, Decimal128Array, Float64Array, Int64Array, StringArray, StructArray};
    use arrow_schema::{Field, Fields};
    use perpcore::num::bounds::QUOTE;
    use perpcore::sweep::stop::Stop;
    use std::sync::Arc;

    static TABLE: Table = Table {
        name: "test",
        input: true,
        columns: &[Column { name: "price", kind: Kind::Number(&QUOTE), need: Need::Optional, doc: "" }],
        others: None,
    };

    fn read(name: &str, values: ArrayRef) -> (Vec<i64>, usize) {
        let fields = Fields::from(vec![Field::new(name, values.data_type().clone(), true)]);
        let batch = StructArray::new(fields, vec![values], None);
        let mut source = Source::open(&TABLE, vec![batch], false, &Stop::default()).unwrap();
        let read = source.feed("price", Null::Zero, Odd::Said).unwrap().unwrap();
        (read.to_vec(), source.faults.len())
    }

    #[test]
    fn what_a_feed_says_is_a_number_or_a_reason() {
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        let floats = [1.5, nan, inf, -inf, 1e300, -1e300, 0.1 + 0.2, -2.0, 0.0];
        let wanted = [150_000_000, OFF_GRID, OFF_GRID, OFF_GRID, i64::MAX, LEAST, OFF_GRID, -200_000_000, 0];
        // Alone, and each in a stretch of common ones.
        for (value, wanted) in floats.into_iter().zip(wanted) {
            let many = vec![Some(0.25), None].into_iter().cycle().take(300).chain([Some(value)]);
            let (read, faults) = read("price", Arc::new(many.collect::<Float64Array>()));
            assert_eq!((read[300], read[0], read[1], faults), (wanted, 25_000_000, NOTHING, 0), "{value}");
        }
        let huge = "9".repeat(60_000);
        let texts = ["1.5", "nan", "-inf", "0.000000001", &huge, &format!("-{huge}"), "one"];
        let wanted = vec![150_000_000, OFF_GRID, OFF_GRID, OFF_GRID, i64::MAX, LEAST, NOTHING];
        assert_eq!(read("price", Arc::new(StringArray::from_iter_values(texts))), (wanted, 1));
    }

    #[test]
    fn a_count_of_the_grid_is_taken_as_it_is_but_where_it_stands_for_something_else() {
        let counts = [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX];
        let wanted = vec![LEAST, LEAST, -1, 0, i64::MAX];
        let decimals = |values: Vec<i128>| Decimal128Array::from(values).with_precision_and_scale(38, 8).unwrap();
        let narrow = Decimal64Array::from(counts.to_vec()).with_precision_and_scale(18, 8).unwrap();
        let columns: [(&str, ArrayRef); 3] = [
            ("price_e8", Arc::new(Int64Array::from(counts.to_vec()))),
            ("price", Arc::new(narrow)),
            ("price", Arc::new(decimals(counts.map(i128::from).to_vec()))),
        ];
        for (name, values) in columns {
            assert_eq!(read(name, values), (wanted.clone(), 0));
        }
        let beyond = decimals(vec![i128::MIN, i128::MAX, 7]);
        assert_eq!(read("price", Arc::new(beyond)), (vec![LEAST, i64::MAX, 7], 0));
        let nulls = Int64Array::from(vec![Some(5), None, Some(-5)]);
        assert_eq!(read("price_e8", Arc::new(nulls)), (vec![5, NOTHING, -5], 0));
    }
}

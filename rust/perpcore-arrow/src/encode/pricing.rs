//! The tables `index`, `index.sources`, `mark` and `funding`.
//!
//! Rows are taken apart some at a time, while they are in the nearest cache: a column at a time of so many rows costs less
//! than all columns of each row. What is written is written once, in the form that it keeps.

use super::column::{MONEY, PRODUCT, Texts, decimal, words};
use arrow_array::types::TimestampNanosecondType;
use arrow_array::{ArrayRef, BooleanArray, Int64Array, PrimitiveArray};
use arrow_buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::ArrowError;
use perpcore::message::PriceState;
use perpcore::pricing::funding::{Invalid, Outcome, Slot};
use perpcore::pricing::index::{Out, SourceView, Value};
use perpcore::pricing::mark::{Bounded, MarkRule, Marked};
use std::sync::Arc;

/// As many rows are taken apart together: a multiple of the bits of a word.
const TOGETHER: usize = 128;

/// Values, and which of them are there; none where all are.
type Parts<T> = (Vec<T>, Option<NullBuffer>);

/// A column in which every row has a value.
struct Dense<T>(Vec<T>);

impl<T> Dense<T> {
    fn with_capacity(rows: usize) -> Self {
        Dense(Vec::with_capacity(rows))
    }

    #[inline(always)]
    fn extend(&mut self, values: impl ExactSizeIterator<Item = T>) {
        self.0.extend(values);
    }

    fn parts(self) -> Parts<T> {
        (self.0, None)
    }
}

/// A column in which values may be missing. It is extended by whole words of bits, but for the last time.
struct Sparse<T> {
    values: Vec<T>,
    /// A bit a row, the first in the lowest: whether it has a value.
    valid: Vec<u64>,
    missing: bool,
}

impl<T: Copy + Default> Sparse<T> {
    fn with_capacity(rows: usize) -> Self {
        let valid = Vec::with_capacity(rows.div_ceil(64));
        Sparse { values: Vec::with_capacity(rows), valid, missing: false }
    }

    #[inline(always)]
    fn extend(&mut self, values: impl ExactSizeIterator<Item = Option<T>> + Clone) {
        let mut given = values.clone();
        while given.len() > 0 {
            let count = given.len().min(64);
            let valid = (0..count).fold(0, |valid, at| valid | u64::from(given.next().flatten().is_some()) << at);
            self.missing |= valid.count_ones() as usize != count;
            self.valid.push(valid);
        }
        self.values.extend(values.map(Option::unwrap_or_default));
    }

    fn parts(self) -> Parts<T> {
        let valid = ScalarBuffer::from(self.valid).into_inner();
        let nulls = self.missing.then(|| NullBuffer::new(BooleanBuffer::new(valid, 0, self.values.len())));
        (self.values, nulls)
    }
}

/// Money, prices and rates.
fn money((values, nulls): Parts<i128>) -> Result<ArrayRef, ArrowError> {
    Ok(decimal(values, nulls, MONEY))
}

fn products((values, nulls): Parts<i128>) -> Result<ArrayRef, ArrowError> {
    Ok(decimal(values, nulls, PRODUCT))
}

fn counts((values, nulls): Parts<i64>) -> Result<ArrayRef, ArrowError> {
    Ok(Arc::new(Int64Array::new(values.into(), nulls)))
}

fn times((values, nulls): Parts<i64>) -> Result<ArrayRef, ArrowError> {
    Ok(Arc::new(PrimitiveArray::<TimestampNanosecondType>::new(values.into(), nulls).with_timezone("UTC")))
}

fn flags((values, _): Parts<bool>) -> Result<ArrayRef, ArrowError> {
    Ok(Arc::new(BooleanArray::from(values)))
}

/// Words of a list.
fn listed(list: &[&str], (keys, nulls): Parts<i8>) -> Result<ArrayRef, ArrowError> {
    words(keys, nulls, list)
}

/// A price that there is or not, as it is written.
#[inline(always)]
fn wide(price: Option<i64>) -> Option<i128> {
    price.map(i128::from)
}

/// Declares the columns of a table in the contract's order, how they are taken from its rows and how they are written.
macro_rules! rows {
    ($(#[$doc:meta])* $name:ident of $row:ty {
        $($column:ident: $kind:ident<$value:ty>, |$one:ident| $of:expr => $finish:expr;)*
    } $(and $text:ident, |$said:ident| $says:expr)?) => {
        $(#[$doc])*
        pub(crate) struct $name {
            together: Vec<$row>,
            $($column: $kind<$value>,)*
            $($text: Texts,)?
        }

        impl $name {
            pub(crate) fn with_capacity(rows: usize) -> Self {
                $name {
                    together: Vec::with_capacity(TOGETHER),
                    $($column: $kind::with_capacity(rows),)*
                    $($text: Texts::with_capacity(rows),)?
                }
            }

            /// Adds a row.
            #[inline(always)]
            pub(crate) fn push(&mut self, row: $row) {
                self.together.push(row);
                if self.together.len() == TOGETHER {
                    self.take_apart();
                }
            }

            fn take_apart(&mut self) {
                let rows = &self.together;
                $(self.$column.extend(rows.iter().map(|$one: &$row| $of));)*
                $(self.$text.extend(rows.iter().map(|$said: &$row| $says));)?
                self.together.clear();
            }

            /// The columns, in the contract's order.
            pub(crate) fn finish(mut self) -> Result<Vec<ArrayRef>, ArrowError> {
                self.take_apart();
                Ok(vec![$($finish(self.$column.parts())?,)* $(self.$text.finish()?,)?])
            }
        }
    };
}

/// A value of an index; with a reason where it has one.
type Valued = (Value, Option<String>);

rows! {
    /// Rows of the table `index`.
    IndexRows of Valued {
        times: Dense<i64>, |row| row.0.time => times;
        values: Sparse<i128>, |row| wide(row.0.value) => money;
        states: Dense<i8>, |row| row.0.state as i8 => |parts| listed(PriceState::NAMES, parts);
        groups: Dense<i64>, |row| row.0.groups.into() => counts;
    } and reasons, |row| row.1.clone()
}

rows! {
    /// Rows of the table `mark`.
    MarkRows of Marked {
        times: Dense<i64>, |row| row.time => times;
        marks: Sparse<i128>, |row| wide(row.mark) => money;
        rules: Sparse<i8>, |row| row.rule.map(|rule| rule as i8) => |parts| listed(MarkRule::NAMES, parts);
        bounds: Sparse<i8>, |row| row.bound.map(|bound| bound as i8) => |parts| listed(Bounded::NAMES, parts);
        states: Dense<i8>, |row| row.state as i8 => |parts| listed(PriceState::NAMES, parts);
        inputs: Dense<i64>, |row| row.inputs.into() => counts;
        indexes: Sparse<i128>, |row| wide(row.index) => money;
        ages: Sparse<i64>, |row| row.index_age => counts;
        carried: Sparse<i128>, |row| wide(row.carried) => money;
        bases: Sparse<i128>, |row| wide(row.basis) => money;
        samples: Dense<i64>, |row| row.samples.into() => counts;
        books: Sparse<i128>, |row| wide(row.book) => money;
        averages: Sparse<i128>, |row| wide(row.average) => money;
    }
}

rows! {
    /// Rows of the table `funding`.
    FundingRows of Slot {
        times: Dense<i64>, |row| row.time => times;
        slots: Dense<i64>, |row| row.slot.into() => counts;
        premiums: Sparse<i128>, |row| wide(row.premium.ok()) => money;
        valid: Dense<bool>, |row| row.premium.is_ok() => flags;
        reasons: Sparse<i8>, |row| row.premium.err().map(|reason| reason as i8) => |parts| listed(Invalid::NAMES, parts);
        samples: Dense<i64>, |row| row.valid.into() => counts;
        predicted: Dense<i128>, |row| row.predicted.into() => money;
        rates: Sparse<i128>, |row| wide(row.settled.map(|(rate, _)| rate)) => money;
        outcomes: Sparse<i8>, |row| row.settled.map(|(_, how)| how as i8) => |parts| listed(Outcome::NAMES, parts);
        missed: Dense<i64>, |row| row.missed as i64 => counts;
        indexes: Sparse<i128>, |row| wide(row.inputs.index) => money;
        states: Dense<i8>, |row| row.inputs.state as i8 => |parts| listed(PriceState::NAMES, parts);
        impact_bids: Sparse<i128>, |row| wide(row.inputs.impact_bid) => money;
        impact_asks: Sparse<i128>, |row| wide(row.inputs.impact_ask) => money;
        marks: Sparse<i128>, |row| wide(row.mark) => money;
        cumulative: Sparse<i128>, |row| row.cumulative_e16 => products;
    }
}

/// The columns of `index.sources`, in the contract's order.
pub(crate) fn index_sources<'a>(sources: impl Iterator<Item = SourceView<'a>>) -> Result<Vec<ArrayRef>, ArrowError> {
    let sources: Vec<SourceView<'_>> = sources.collect();
    let text = |of: fn(&SourceView<'a>) -> Option<&'a str>| {
        let mut column = Texts::with_capacity(sources.len());
        column.extend(sources.iter().map(|source| of(source).map(String::from)));
        column.finish()
    };
    fn sparse<'a, T: Copy + Default>(
        sources: &[SourceView<'a>],
        of: impl Fn(&SourceView<'a>) -> Option<T> + Clone,
    ) -> Parts<T> {
        let mut column = Sparse::with_capacity(sources.len());
        column.extend(sources.iter().map(of));
        column.parts()
    }
    Ok(vec![
        text(|source| Some(source.id))?,
        text(|source| source.group)?,
        counts(sparse(&sources, |source| source.rank.map(i64::from)))?,
        money(sparse(&sources, |source| wide(source.weight)))?,
        money(sparse(&sources, |source| wide(source.price)))?,
        times(sparse(&sources, |source| source.sent))?,
        times(sparse(&sources, |source| source.arrived))?,
        listed(Out::NAMES, sparse(&sources, |source| source.out.map(|out| out as i8)))?,
    ])
}

/// The columns of `funding.flows`, in the contract's order.
pub(crate) fn funding_flows(ids: ArrayRef, quantities: &[i64], payments: Vec<i128>) -> Vec<ArrayRef> {
    let quantities = quantities.iter().map(|&quantity| quantity.into()).collect();
    vec![ids, decimal(quantities, None, MONEY), decimal(payments, None, MONEY)]
}

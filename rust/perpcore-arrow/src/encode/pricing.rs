//! The tables `index`, `index.sources`, `mark` and `funding`.
//!
//! Rows are taken apart some at a time, while they are in the nearest cache: a column at a time of so many rows costs less
//! than all columns of each row. Until the end a column is 64 bits a row, in which one number stands for none.

use super::column::{MONEY, PRODUCT, Texts, decimal, validity, words};
use arrow_array::types::TimestampNanosecondType;
use arrow_array::{ArrayRef, BooleanArray, Int64Array, PrimitiveArray};
use arrow_buffer::NullBuffer;
use arrow_schema::ArrowError;
use perpcore::message::PriceState;
use perpcore::pricing::funding::{Invalid, Outcome, Slot};
use perpcore::pricing::index::{Out, SourceView, Value};
use perpcore::pricing::mark::{Bounded, MarkRule, Marked};
use perpcore::sweep::assess::Way;
use std::sync::Arc;

/// As many rows are taken apart together.
const TOGETHER: usize = 128;

/// A number that is not there: no price, rate, age or count is.
const NONE: i64 = i64::MIN;
/// A word that is not there.
const NO_WORD: i8 = -1;

/// A column of numbers of which some are not there.
#[derive(Default)]
struct Numbers(Vec<i64>);

impl Numbers {
    fn with_capacity(rows: usize) -> Self {
        Numbers(Vec::with_capacity(rows))
    }

    #[inline(always)]
    fn extend(&mut self, numbers: impl Iterator<Item = Option<i64>>) {
        self.0.extend(numbers.map(|number| number.unwrap_or(NONE)));
    }

    fn nulls(&self) -> Option<NullBuffer> {
        let numbers = &self.0;
        let any = Way::chosen().run(|| numbers.iter().fold(false, |any, &number| any | (number == NONE)));
        if any { validity(numbers.len(), |row| numbers[row] != NONE) } else { None }
    }

    /// As money and rates are written.
    fn money(self) -> ArrayRef {
        let nulls = self.nulls();
        let widened = Way::chosen().run(|| self.0.iter().map(|&number| i128::from(number)).collect());
        decimal(widened, nulls, MONEY)
    }

    /// As counts are.
    fn counts(self) -> ArrayRef {
        let nulls = self.nulls();
        Arc::new(Int64Array::new(self.0.into(), nulls))
    }

    /// As times are.
    fn times(self) -> ArrayRef {
        let nulls = self.nulls();
        Arc::new(PrimitiveArray::<TimestampNanosecondType>::new(self.0.into(), nulls).with_timezone("UTC"))
    }
}

/// A column of words of which some are not there.
#[derive(Default)]
struct Words(Vec<i8>);

impl Words {
    fn with_capacity(rows: usize) -> Self {
        Words(Vec::with_capacity(rows))
    }

    #[inline(always)]
    fn extend(&mut self, words: impl Iterator<Item = Option<i8>>) {
        self.0.extend(words.map(|word| word.unwrap_or(NO_WORD)));
    }

    fn finish(mut self, list: &[&str]) -> Result<ArrayRef, ArrowError> {
        let any = Way::chosen().run(|| self.0.iter().fold(false, |any, &word| any | (word == NO_WORD)));
        let nulls = if any { validity(self.0.len(), |row| self.0[row] != NO_WORD) } else { None };
        // Under a null too a key points somewhere.
        Way::chosen().run(|| self.0.iter_mut().for_each(|word| *word = (*word).max(0)));
        words(self.0, nulls, list)
    }
}

/// Declares the columns of a table in the contract's order, and how they are taken from its rows and written.
macro_rules! rows {
    ($(#[$doc:meta])* $name:ident of $row:ty { $($column:ident $kind:ident $of:expr => $finish:expr;)* }) => {
        $(#[$doc])*
        pub(crate) struct $name {
            together: Vec<$row>,
            $($column: $kind,)*
        }

        impl $name {
            pub(crate) fn with_capacity(rows: usize) -> Self {
                $name { together: Vec::with_capacity(TOGETHER), $($column: $kind::with_capacity(rows),)* }
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
                $(
                    let of: fn(&$row) -> _ = $of;
                    self.$column.extend(rows.iter().map(of));
                )*
                self.together.clear();
            }

            /// The columns, in the contract's order.
            pub(crate) fn finish(mut self) -> Result<Vec<ArrayRef>, ArrowError> {
                self.take_apart();
                Ok(vec![$({
                    let finish: fn($kind) -> Result<ArrayRef, ArrowError> = $finish;
                    finish(self.$column)?
                }),*])
            }
        }
    };
}

/// A value of an index; with a reason where it has one.
type Valued = (Value, Option<String>);

rows! {
    /// Rows of the table `index`.
    IndexRows of Valued {
        times Numbers |row| Some(row.0.time) => |column| Ok(column.times());
        values Numbers |row| row.0.value => |column| Ok(column.money());
        states Words |row| Some(row.0.state as i8) => |column| column.finish(PriceState::NAMES);
        groups Numbers |row| Some(row.0.groups.into()) => |column| Ok(column.counts());
        reasons Texts |row| row.1.clone() => Texts::finish;
    }
}

rows! {
    /// Rows of the table `mark`.
    MarkRows of Marked {
        times Numbers |row| Some(row.time) => |column| Ok(column.times());
        marks Numbers |row| row.mark => |column| Ok(column.money());
        rules Words |row| row.rule.map(|rule| rule as i8) => |column| column.finish(MarkRule::NAMES);
        bounds Words |row| row.bound.map(|bound| bound as i8) => |column| column.finish(Bounded::NAMES);
        states Words |row| Some(row.state as i8) => |column| column.finish(PriceState::NAMES);
        inputs Numbers |row| Some(row.inputs.into()) => |column| Ok(column.counts());
        indexes Numbers |row| row.index => |column| Ok(column.money());
        ages Numbers |row| row.index_age => |column| Ok(column.counts());
        carried Numbers |row| row.carried => |column| Ok(column.money());
        bases Numbers |row| row.basis => |column| Ok(column.money());
        samples Numbers |row| Some(row.samples.into()) => |column| Ok(column.counts());
        books Numbers |row| row.book => |column| Ok(column.money());
        averages Numbers |row| row.average => |column| Ok(column.money());
    }
}

rows! {
    /// Rows of the table `funding`.
    FundingRows of Slot {
        times Numbers |row| Some(row.time) => |column| Ok(column.times());
        slots Numbers |row| Some(row.slot.into()) => |column| Ok(column.counts());
        premiums Numbers |row| row.premium.ok() => |column| Ok(column.money());
        valid Flags |row| row.premium.is_ok() => |column| Ok(column.finish());
        reasons Words |row| row.premium.err().map(|reason| reason as i8) => |column| column.finish(Invalid::NAMES);
        samples Numbers |row| Some(row.valid.into()) => |column| Ok(column.counts());
        predicted Numbers |row| Some(row.predicted) => |column| Ok(column.money());
        rates Numbers |row| row.settled.map(|(rate, _)| rate) => |column| Ok(column.money());
        outcomes Words |row| row.settled.map(|(_, outcome)| outcome as i8) => |column| column.finish(Outcome::NAMES);
        missed Numbers |row| Some(row.missed as i64) => |column| Ok(column.counts());
        indexes Numbers |row| row.inputs.index => |column| Ok(column.money());
        states Words |row| Some(row.inputs.state as i8) => |column| column.finish(PriceState::NAMES);
        impact_bids Numbers |row| row.inputs.impact_bid => |column| Ok(column.money());
        impact_asks Numbers |row| row.inputs.impact_ask => |column| Ok(column.money());
        cumulative Products |row| row.cumulative_e16 => |column| Ok(column.finish());
    }
}

/// A column of true and false.
struct Flags(Vec<bool>);

impl Flags {
    fn with_capacity(rows: usize) -> Self {
        Flags(Vec::with_capacity(rows))
    }

    fn extend(&mut self, flags: impl Iterator<Item = bool>) {
        self.0.extend(flags);
    }

    fn finish(self) -> ArrayRef {
        Arc::new(BooleanArray::from(self.0))
    }
}

/// A column of sums of products, of which some are not there.
struct Products(Vec<Option<i128>>);

impl Products {
    fn with_capacity(rows: usize) -> Self {
        Products(Vec::with_capacity(rows))
    }

    fn extend(&mut self, products: impl Iterator<Item = Option<i128>>) {
        self.0.extend(products);
    }

    fn finish(self) -> ArrayRef {
        let nulls = validity(self.0.len(), |row| self.0[row].is_some());
        decimal(self.0.iter().map(|product| product.unwrap_or(0)).collect(), nulls, PRODUCT)
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
    let numbers = |of: fn(&SourceView<'a>) -> Option<i64>| {
        let mut column = Numbers::default();
        column.extend(sources.iter().map(of));
        column
    };
    let mut outs = Words::default();
    outs.extend(sources.iter().map(|source| source.out.map(|out| out as i8)));
    Ok(vec![
        text(|source| Some(source.id))?,
        text(|source| source.group)?,
        numbers(|source| source.rank.map(i64::from)).counts(),
        numbers(|source| source.weight).money(),
        numbers(|source| source.price).money(),
        numbers(|source| source.sent).times(),
        numbers(|source| source.arrived).times(),
        outs.finish(Out::NAMES)?,
    ])
}

/// The columns of `funding.flows`, in the contract's order.
pub(crate) fn funding_flows(ids: ArrayRef, quantities: Vec<i64>, payments: Vec<i128>) -> Vec<ArrayRef> {
    vec![ids, Numbers(quantities).money(), decimal(payments, None, MONEY)]
}

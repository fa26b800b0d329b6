//! The tables `index`, `index.sources`, `mark` and `funding`: a row is taken apart as it comes, and nothing is kept of it.

use super::column::{MONEY, PRODUCT, Texts, decimal, words};
use arrow_array::types::TimestampNanosecondType;
use arrow_array::{ArrayRef, BooleanArray, Int64Array, PrimitiveArray};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer, NullBufferBuilder};
use arrow_schema::ArrowError;
use perpcore::message::PriceState;
use perpcore::pricing::funding::{Invalid, Outcome, Slot};
use perpcore::pricing::index::{Out, SourceView, Value};
use perpcore::pricing::mark::{Bounded, MarkRule, Marked};
use std::sync::Arc;

/// A column in which values may be missing.
struct Sparse<T> {
    values: Vec<T>,
    nulls: NullBufferBuilder,
}

impl<T: Default> Sparse<T> {
    fn with_capacity(rows: usize) -> Self {
        Sparse { values: Vec::with_capacity(rows), nulls: NullBufferBuilder::new(rows) }
    }

    #[inline(always)]
    fn push(&mut self, value: Option<T>) {
        self.nulls.append(value.is_some());
        self.values.push(value.unwrap_or_default());
    }

    fn into_parts(mut self) -> (Vec<T>, Option<NullBuffer>) {
        (self.values, self.nulls.finish())
    }
}

impl Sparse<i128> {
    #[inline(always)]
    fn push_price(&mut self, price: Option<i64>) {
        self.push(price.map(i128::from));
    }

    fn finish(self, digits: (u8, i8)) -> ArrayRef {
        let (values, nulls) = self.into_parts();
        decimal(values, nulls, digits)
    }
}

impl Sparse<i8> {
    fn finish(self, list: &[&str]) -> Result<ArrayRef, ArrowError> {
        let (keys, nulls) = self.into_parts();
        words(keys, nulls, list)
    }
}

impl Sparse<i64> {
    fn finish(self) -> ArrayRef {
        let (values, nulls) = self.into_parts();
        Arc::new(Int64Array::new(values.into(), nulls))
    }

    fn finish_times(self) -> ArrayRef {
        let (values, nulls) = self.into_parts();
        Arc::new(PrimitiveArray::<TimestampNanosecondType>::new(values.into(), nulls).with_timezone("UTC"))
    }
}

fn times(values: Vec<i64>) -> ArrayRef {
    Arc::new(PrimitiveArray::<TimestampNanosecondType>::from(values).with_timezone("UTC"))
}

fn counts(values: Vec<i64>) -> ArrayRef {
    Arc::new(Int64Array::from(values))
}

/// Rows of the table `index`.
pub(crate) struct IndexRows {
    times: Vec<i64>,
    values: Sparse<i128>,
    states: Vec<i8>,
    groups: Vec<i64>,
    reasons: Texts,
}

impl IndexRows {
    pub(crate) fn with_capacity(rows: usize) -> Self {
        IndexRows {
            times: Vec::with_capacity(rows),
            values: Sparse::with_capacity(rows),
            states: Vec::with_capacity(rows),
            groups: Vec::with_capacity(rows),
            reasons: Texts::with_capacity(rows),
        }
    }

    /// Adds a value; with a reason where it has one.
    #[inline(always)]
    pub(crate) fn push(&mut self, value: &Value, reason: Option<String>) {
        self.times.push(value.time);
        self.values.push_price(value.value);
        self.states.push(value.state as i8);
        self.groups.push(value.groups.into());
        self.reasons.push(reason);
    }

    /// The columns, in the contract's order.
    pub(crate) fn finish(self) -> Result<Vec<ArrayRef>, ArrowError> {
        Ok(vec![
            times(self.times),
            self.values.finish(MONEY),
            words(self.states, None, PriceState::NAMES)?,
            counts(self.groups),
            self.reasons.finish()?,
        ])
    }
}

/// The columns of `index.sources`, in the contract's order.
pub(crate) fn index_sources<'a>(sources: impl Iterator<Item = SourceView<'a>>) -> Result<Vec<ArrayRef>, ArrowError> {
    let sources: Vec<SourceView<'_>> = sources.collect();
    let text = |of: fn(&SourceView<'a>) -> Option<&'a str>| {
        let mut column = Texts::default();
        sources.iter().for_each(|source| column.push(of(source).map(String::from)));
        column.finish()
    };
    fn filled<T: Default>(values: impl ExactSizeIterator<Item = Option<T>>) -> Sparse<T> {
        let mut column = Sparse::with_capacity(values.len());
        values.for_each(|value| column.push(value));
        column
    }
    let money = |of: fn(&SourceView<'a>) -> Option<i64>| {
        filled(sources.iter().map(|source| of(source).map(i128::from))).finish(MONEY)
    };
    let time = |of: fn(&SourceView<'a>) -> Option<i64>| filled(sources.iter().map(of)).finish_times();
    Ok(vec![
        text(|source| Some(source.id))?,
        text(|source| source.group)?,
        filled(sources.iter().map(|source| source.rank.map(i64::from))).finish(),
        money(|source| source.weight),
        money(|source| source.price),
        time(|source| source.sent),
        time(|source| source.arrived),
        filled(sources.iter().map(|source| source.out.map(|out| out as i8))).finish(Out::NAMES)?,
    ])
}

/// Rows of the table `mark`.
pub(crate) struct MarkRows {
    times: Vec<i64>,
    marks: Sparse<i128>,
    rules: Sparse<i8>,
    bounds: Sparse<i8>,
    states: Vec<i8>,
    inputs: Vec<i64>,
    indexes: Sparse<i128>,
    ages: Sparse<i64>,
    carried: Sparse<i128>,
    bases: Sparse<i128>,
    samples: Vec<i64>,
    books: Sparse<i128>,
    averages: Sparse<i128>,
}

impl MarkRows {
    pub(crate) fn with_capacity(rows: usize) -> Self {
        MarkRows {
            times: Vec::with_capacity(rows),
            marks: Sparse::with_capacity(rows),
            rules: Sparse::with_capacity(rows),
            bounds: Sparse::with_capacity(rows),
            states: Vec::with_capacity(rows),
            inputs: Vec::with_capacity(rows),
            indexes: Sparse::with_capacity(rows),
            ages: Sparse::with_capacity(rows),
            carried: Sparse::with_capacity(rows),
            bases: Sparse::with_capacity(rows),
            samples: Vec::with_capacity(rows),
            books: Sparse::with_capacity(rows),
            averages: Sparse::with_capacity(rows),
        }
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, marked: &Marked) {
        self.times.push(marked.time);
        self.marks.push_price(marked.mark);
        self.rules.push(marked.rule.map(|rule| rule as i8));
        self.bounds.push(marked.bound.map(|bound| bound as i8));
        self.states.push(marked.state as i8);
        self.inputs.push(marked.inputs.into());
        self.indexes.push_price(marked.index);
        self.ages.push(marked.index_age);
        self.carried.push_price(marked.carried);
        self.bases.push_price(marked.basis);
        self.samples.push(marked.samples.into());
        self.books.push_price(marked.book);
        self.averages.push_price(marked.average);
    }

    /// The columns, in the contract's order.
    pub(crate) fn finish(self) -> Result<Vec<ArrayRef>, ArrowError> {
        Ok(vec![
            times(self.times),
            self.marks.finish(MONEY),
            self.rules.finish(MarkRule::NAMES)?,
            self.bounds.finish(Bounded::NAMES)?,
            words(self.states, None, PriceState::NAMES)?,
            counts(self.inputs),
            self.indexes.finish(MONEY),
            self.ages.finish(),
            self.carried.finish(MONEY),
            self.bases.finish(MONEY),
            counts(self.samples),
            self.books.finish(MONEY),
            self.averages.finish(MONEY),
        ])
    }
}

/// The columns of `funding`, in the contract's order.
pub(crate) fn funding(slots: &[Slot]) -> Result<Vec<ArrayRef>, ArrowError> {
    let count = |of: fn(&Slot) -> i64| counts(slots.iter().map(of).collect());
    let price = |of: fn(&Slot) -> Option<i64>| {
        let mut column = Sparse::with_capacity(slots.len());
        slots.iter().for_each(|slot| column.push_price(of(slot)));
        column.finish(MONEY)
    };
    let word = |of: fn(&Slot) -> Option<i8>, list: &[&str]| {
        let mut column = Sparse::with_capacity(slots.len());
        slots.iter().for_each(|slot| column.push(of(slot)));
        column.finish(list)
    };
    let mut valid = BooleanBufferBuilder::new(slots.len());
    slots.iter().for_each(|slot| valid.append(slot.premium.is_ok()));
    let mut cumulative = Sparse::with_capacity(slots.len());
    slots.iter().for_each(|slot| cumulative.push(slot.cumulative_e16));
    Ok(vec![
        times(slots.iter().map(|slot| slot.time).collect()),
        count(|slot| slot.slot.into()),
        price(|slot| slot.premium.ok()),
        Arc::new(BooleanArray::new(valid.finish(), None)),
        word(|slot| slot.premium.err().map(|reason| reason as i8), Invalid::NAMES)?,
        count(|slot| slot.valid.into()),
        price(|slot| Some(slot.predicted)),
        price(|slot| slot.settled.map(|(rate, _)| rate)),
        word(|slot| slot.settled.map(|(_, outcome)| outcome as i8), Outcome::NAMES)?,
        count(|slot| slot.missed as i64),
        price(|slot| slot.inputs.index),
        words(slots.iter().map(|slot| slot.inputs.state as i8).collect(), None, PriceState::NAMES)?,
        price(|slot| slot.inputs.impact_bid),
        price(|slot| slot.inputs.impact_ask),
        cumulative.finish(PRODUCT),
    ])
}

/// The columns of `funding.flows`, in the contract's order.
pub(crate) fn funding_flows(ids: ArrayRef, quantities: &[i64], payments: &[i128]) -> Vec<ArrayRef> {
    let quantities = quantities.iter().map(|quantity| i128::from(*quantity)).collect();
    vec![ids, decimal(quantities, None, MONEY), decimal(payments.to_vec(), None, MONEY)]
}

//! The table `lines` of an assessment, column by column as the lines come.

use super::column::{EXACT, MONEY, decimal, names, words};
use super::ids::IdColumn;
use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, StringArray};
use arrow_buffer::NullBufferBuilder;
use arrow_schema::ArrowError;
use perpcore::margin::line::{Line, Subject, Total};
use perpcore::rule::Rule;
use perpcore::rules::Rulebook;
use std::sync::Arc;

/// Lines with the account and bucket they belong to.
pub(crate) struct Lines<'a> {
    rulebook: &'a Rulebook,
    accounts: Vec<u32>,
    buckets: Vec<Option<u32>>,
    totals: Vec<i8>,
    /// Places in `seen`.
    rules: Vec<u32>,
    /// The rules of the lines, in order of first appearance.
    seen: Vec<Rule>,
    subjects: Vec<Option<u32>>,
    quantities: Sparse,
    prices: Sparse,
    rates: Sparse,
    amounts: Vec<i128>,
    notes: StringBuilder,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(rulebook: &'a Rulebook) -> Self {
        Lines {
            rulebook,
            accounts: Vec::new(),
            buckets: Vec::new(),
            totals: Vec::new(),
            rules: Vec::new(),
            seen: Vec::new(),
            subjects: Vec::new(),
            quantities: Sparse::new(),
            prices: Sparse::new(),
            rates: Sparse::new(),
            amounts: Vec::new(),
            notes: StringBuilder::new(),
        }
    }

    pub(crate) fn push(&mut self, account: u32, bucket: Option<u32>, line: &Line) {
        let rule = self.seen.iter().position(|rule| *rule == line.rule).unwrap_or_else(|| {
            self.seen.push(line.rule);
            self.seen.len() - 1
        });
        self.accounts.push(account);
        self.buckets.push(bucket);
        self.totals.push(line.total as i8);
        self.rules.push(rule as u32);
        self.subjects.push(match line.subject {
            Subject::Instrument(at) => Some(at),
            Subject::Asset(at) => Some(self.rulebook.instruments().len() as u32 + at),
            Subject::Bucket => None,
        });
        self.quantities.push(line.quantity);
        self.prices.push(line.price.map(i128::from));
        self.rates.push(line.rate.map(i128::from));
        self.amounts.push(line.amount_e24);
        self.notes.append_value(&line.note);
    }

    /// The columns, in the contract's order.
    pub(crate) fn columns(mut self, ids: &IdColumn) -> Result<Vec<ArrayRef>, ArrowError> {
        let instruments = || self.rulebook.instruments().iter().map(|instrument| &*instrument.name);
        let assets = self.rulebook.assets().iter().map(|asset| &*asset.name);
        let notes: StringArray = self.notes.finish();
        Ok(vec![
            ids.of(&self.accounts)?,
            names(self.buckets.into_iter(), instruments())?,
            words(self.totals, None, &Total::NAMES)?,
            names(self.rules.into_iter().map(Some), self.seen.iter().map(|rule| rule.id()))?,
            names(self.subjects.into_iter(), instruments().chain(assets))?,
            self.quantities.finish(),
            self.prices.finish(),
            self.rates.finish(),
            decimal(self.amounts, None, EXACT),
            Arc::new(notes),
        ])
    }
}

/// Money of some lines.
struct Sparse {
    values: Vec<i128>,
    nulls: NullBufferBuilder,
}

impl Sparse {
    fn new() -> Self {
        Sparse { values: Vec::new(), nulls: NullBufferBuilder::new(0) }
    }

    fn push(&mut self, value: Option<i128>) {
        self.values.push(value.unwrap_or(0));
        self.nulls.append(value.is_some());
    }

    fn finish(mut self) -> ArrayRef {
        decimal(self.values, self.nulls.finish(), MONEY)
    }
}

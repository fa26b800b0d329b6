//! The table `lines` of an assessment.

use super::column::{EXACT, MONEY, decimal, names, validity, words};
use super::ids::IdColumn;
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, StringArray};
use arrow_buffer::NullBuffer;
use arrow_schema::ArrowError;
use perpcore::margin::line::{Line, Subject, Total};
use perpcore::rules::Rulebook;
use std::sync::Arc;

/// A line with the account and bucket it belongs to.
pub(crate) struct LineRow {
    pub(crate) account: u32,
    pub(crate) bucket: Option<u32>,
    pub(crate) line: Line,
}

/// The columns of `lines`, in the contract's order.
pub(crate) fn lines(rows: &[LineRow], ids: &IdColumn, rules: &Rulebook) -> Result<Vec<ArrayRef>, ArrowError> {
    let accounts: Vec<u32> = rows.iter().map(|row| row.account).collect();
    let instruments = || rules.instruments().iter().map(|instrument| &*instrument.name);
    let assets = rules.assets().iter().map(|asset| &*asset.name);
    let first_asset = rules.instruments().len() as u32;
    let subjects = rows.iter().map(|row| match row.line.subject {
        Subject::Instrument(at) => Some(at),
        Subject::Asset(at) => Some(first_asset + at),
        Subject::Bucket => None,
    });
    let rule_ids: DictionaryArray<Int32Type> = rows.iter().map(|row| Some(row.line.rule.id())).collect();
    let optional = |figure: fn(&Line) -> Option<i128>| {
        let nulls: Option<NullBuffer> = validity(rows.iter().map(|row| figure(&row.line).is_some()));
        decimal(rows.iter().map(|row| figure(&row.line).unwrap_or(0)).collect(), nulls, MONEY)
    };
    Ok(vec![
        ids.of(&accounts)?,
        names(rows.iter().map(|row| row.bucket), instruments())?,
        words(rows.iter().map(|row| row.line.total as i8).collect(), None, &Total::NAMES)?,
        Arc::new(rule_ids),
        names(subjects, instruments().chain(assets))?,
        optional(|line| line.quantity),
        optional(|line| line.price.map(i128::from)),
        optional(|line| line.rate.map(i128::from)),
        decimal(rows.iter().map(|row| row.line.amount_e24).collect(), None, EXACT),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.line.note))),
    ])
}

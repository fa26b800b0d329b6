//! The tables of a venue: who has what, and what everybody is worth.

use super::column::{MONEY, PRODUCT, decimal, names, no_names, ratio, some_keys, validity, words};
use crate::contract::MARGIN_MODES;
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, Int64Array, StringArray};
use arrow_schema::ArrowError;
use perpcore::margin::figures::{Figures, MONEY_FIGURES};
use perpcore::margin::status::Status;
use perpcore::num::E8;
use perpcore::num::ratio::ratio_down;
use perpcore::rules::Rulebook;
use perpcore::venue::{LedgerRow, Light, PositionRow};
use std::collections::HashMap;
use std::sync::Arc;

/// The columns of `ledger`, in the contract's order; `holders` has the name of each row's holder.
pub(crate) fn ledger(
    rows: &[LedgerRow],
    holders: impl Iterator<Item = String>,
    rules: &Rulebook,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let money = |of: fn(&LedgerRow) -> i128| decimal(rows.iter().map(of).collect(), None, MONEY);
    let assets = rules.assets().iter().map(|asset| &*asset.name);
    // Rows of one holder stand together.
    let (mut distinct, mut keys): (Vec<String>, Vec<i32>) = (Vec::new(), Vec::with_capacity(rows.len()));
    for holder in holders {
        if distinct.last() != Some(&holder) {
            distinct.push(holder);
        }
        keys.push(distinct.len() as i32 - 1);
    }
    let distinct: ArrayRef = Arc::new(StringArray::from(distinct));
    Ok(vec![
        some_keys(keys, &distinct)?,
        names(rows.iter().map(|row| Some(row.asset)), assets)?,
        money(|row| row.amount),
        money(|row| row.held),
    ])
}

/// The columns of `venue_positions`, in the contract's order; `ids` has the id of each row's account.
pub(crate) fn venue_positions(
    rows: &[PositionRow],
    ids: ArrayRef,
    rules: &Rulebook,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let instruments = rules.instruments().iter().map(|instrument| &*instrument.name);
    let entries = rows.iter().map(|row| i128::from(row.entry_price.unwrap_or(0))).collect();
    let held = validity(rows.len(), |at| rows[at].entry_price.is_some());
    Ok(vec![
        ids,
        names(rows.iter().map(|row| Some(row.instrument)), instruments)?,
        words(rows.iter().map(|row| i8::from(row.isolated)).collect(), None, &MARGIN_MODES)?,
        decimal(rows.iter().map(|row| row.quantity.into()).collect(), None, MONEY),
        decimal(rows.iter().map(|row| row.cost_e16).collect(), None, PRODUCT),
        decimal(entries, held, MONEY),
        decimal(rows.iter().map(|row| row.isolated_margin).collect(), None, MONEY),
    ])
}

/// The columns of `rank_lights`, in the contract's order; `ids` has the id of each row's account.
pub(crate) fn rank_lights(rows: &[Light], ids: ArrayRef) -> Result<Vec<ArrayRef>, ArrowError> {
    Ok(vec![
        ids,
        words(rows.iter().map(|row| i8::from(row.isolated)).collect(), None, &MARGIN_MODES)?,
        decimal(rows.iter().map(|row| row.quantity.into()).collect(), None, MONEY),
        Arc::new(rows.iter().map(|row| i64::from(row.light)).collect::<Int64Array>()),
    ])
}

/// The columns of `coverage`, in the contract's order: of each scenario the deficit and the fund, in g.
pub(crate) fn coverage(scenarios: &[String], rows: &[(i128, i128)]) -> Vec<ArrayRef> {
    let share = |(deficit, fund): &(i128, i128)| if *deficit == 0 { 0 } else { ratio_down(*fund, E8, *deficit) };
    let is_some = validity(rows.len(), |at| rows[at].0 != 0);
    vec![
        Arc::new(StringArray::from_iter_values(scenarios)),
        decimal(rows.iter().map(|(_, fund)| *fund).collect(), None, MONEY),
        decimal(rows.iter().map(|(deficit, _)| *deficit).collect(), None, MONEY),
        decimal(rows.iter().map(share).collect(), is_some, MONEY),
    ]
}

/// The columns of `accounts` of an assessment, in the contract's order: the figures of each account's cross bucket, and the
/// worst status of its isolated ones.
pub(crate) fn valued(
    rows: &[(Figures, Option<Status>)],
    ids: ArrayRef,
    scenarios: &[String],
) -> Result<Vec<ArrayRef>, ArrowError> {
    let mut columns = vec![ids];
    let money: Vec<[i128; MONEY_FIGURES]> = rows.iter().map(|(figures, _)| figures.money()).collect();
    for at in 0..MONEY_FIGURES {
        columns.push(decimal(money.iter().map(|figures| figures[at]).collect(), None, MONEY));
    }
    columns.push(ratio(rows.iter().map(|(figures, _)| figures.margin_ratio()).collect()));
    columns.push(words(rows.iter().map(|(figures, _)| figures.status as i8).collect(), None, &Status::NAMES)?);
    let scenario = |at: Option<u32>| at.and_then(|at| scenarios.get(at as usize)).map(|name| &**name);
    let worst = rows.iter().map(|(figures, _)| scenario(figures.worst_scenario));
    columns.push(text_column(worst)?);
    let isolated = rows.iter().map(|(_, status)| status.map_or(0, |status| status as i8)).collect();
    let has_isolated = validity(rows.len(), |at| rows[at].1.is_some());
    columns.push(words(isolated, has_isolated, &Status::NAMES)?);
    columns.push(text_column(rows.iter().map(|_| None))?);
    Ok(columns)
}

/// A column of texts, each once in a dictionary.
fn text_column<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> Result<ArrayRef, ArrowError> {
    let mut places: HashMap<&str, i32> = HashMap::new();
    let mut distinct: Vec<&str> = Vec::new();
    let keys = texts.map(|text| {
        text.map_or(-1, |text| {
            *places.entry(text).or_insert_with(|| {
                distinct.push(text);
                distinct.len() as i32 - 1
            })
        })
    });
    let keys: Vec<i32> = keys.collect();
    if distinct.is_empty() {
        return no_names::<Int32Type>(keys.len(), &[]);
    }
    let distinct: ArrayRef = Arc::new(StringArray::from(distinct));
    some_keys(keys, &distinct)
}

//! The tables `accounts` and `isolated` of an assessment.

use super::column::{MONEY, decimal, names, no_names, pooled, ratio, validity, words};
use super::ids::IdColumn;
use arrow_array::types::{Int8Type, Int32Type};
use arrow_array::{ArrayRef, DictionaryArray};
use arrow_schema::ArrowError;
use perpcore::fault::Code;
use perpcore::margin::status::Status;
use perpcore::rules::Rulebook;
use perpcore::sweep::assess::{AccountColumns, IsolatedBucket};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The columns of `accounts`, in the contract's order. `problems` names the code of each account that is
/// unknown, `scenarios` are the names of the scenarios.
pub(crate) fn accounts(
    columns: AccountColumns,
    isolated: &[IsolatedBucket],
    ids: &IdColumn,
    problems: &BTreeMap<u32, Code>,
    scenarios: &[String],
) -> Result<Vec<ArrayRef>, ArrowError> {
    let AccountColumns { money, margin_ratio, status, worst_scenario } = columns;
    let rows = status.len();
    let known = if problems.is_empty() { None } else { validity(rows, |row| status[row] != Status::Unknown as i8) };
    let mut out = vec![ids.all()?];
    out.extend(money.into_iter().map(|column| pooled(column, known.clone())));
    let ratios = match &known {
        None => margin_ratio,
        Some(known) => margin_ratio.iter().zip(known).map(|(&r, known)| if known { r } else { f64::NAN }).collect(),
    };
    out.push(ratio(ratios));
    out.push(words(status, None, &Status::NAMES)?);
    out.push(worst_scenarios(rows, &worst_scenario, scenarios)?);
    out.push(isolated_statuses(rows, isolated)?);
    out.push(problem_codes(rows, problems)?);
    Ok(out)
}

/// The worst status among the isolated buckets of each account.
fn isolated_statuses(rows: usize, buckets: &[IsolatedBucket]) -> Result<ArrayRef, ArrowError> {
    if buckets.is_empty() {
        return no_names::<Int8Type>(rows, &Status::NAMES);
    }
    let mut worst = vec![i8::MAX; rows];
    for bucket in buckets {
        let worst = &mut worst[bucket.account as usize];
        *worst = (*worst).min(bucket.figures.status as i8);
    }
    let known = validity(rows, |row| worst[row] != i8::MAX);
    worst.iter_mut().filter(|status| **status == i8::MAX).for_each(|status| *status = 0);
    words(worst, known, &Status::NAMES)
}

/// The name of each account's worst scenario, null in the standard model. A name that two scenarios have stands once in
/// the dictionary.
fn worst_scenarios(rows: usize, worst: &[u32], scenarios: &[String]) -> Result<ArrayRef, ArrowError> {
    if worst.is_empty() {
        return no_names::<Int32Type>(rows, &[]);
    }
    let mut places: HashMap<&str, u32> = HashMap::new();
    let mut distinct = Vec::new();
    let place_of = scenarios.iter().map(|name| {
        *places.entry(name).or_insert_with(|| {
            distinct.push(name.as_str());
            distinct.len() as u32 - 1
        })
    });
    let place_of: Vec<u32> = place_of.collect();
    names(worst.iter().map(|&row| place_of.get(row as usize).copied()), distinct.into_iter())
}

fn problem_codes(rows: usize, problems: &BTreeMap<u32, Code>) -> Result<ArrayRef, ArrowError> {
    if problems.is_empty() {
        return no_names::<Int32Type>(rows, &[]);
    }
    let codes = (0..rows as u32).map(|account| problems.get(&account).map(|code| code.entry().name));
    Ok(Arc::new(codes.collect::<DictionaryArray<Int32Type>>()))
}

/// The columns of `isolated`, in the contract's order.
pub(crate) fn isolated(
    buckets: &[IsolatedBucket],
    ids: &IdColumn,
    rules: &Rulebook,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let accounts: Vec<u32> = buckets.iter().map(|bucket| bucket.account).collect();
    let money = |figure: fn(&IsolatedBucket) -> i128| decimal(buckets.iter().map(figure).collect(), None, MONEY);
    let instruments = rules.instruments().iter().map(|instrument| &*instrument.name);
    Ok(vec![
        ids.of(&accounts)?,
        names(buckets.iter().map(|bucket| Some(bucket.instrument)), instruments)?,
        money(|bucket| bucket.quantity),
        money(|bucket| bucket.isolated_margin),
        money(|bucket| bucket.figures.equity),
        money(|bucket| bucket.figures.net_value),
        money(|bucket| bucket.figures.unrealized_pnl),
        money(|bucket| bucket.figures.accrued_funding),
        money(|bucket| bucket.figures.initial_margin),
        money(|bucket| bucket.figures.maintenance_margin),
        ratio(buckets.iter().map(|bucket| bucket.figures.margin_ratio()).collect()),
        words(buckets.iter().map(|bucket| bucket.figures.status as i8).collect(), None, &Status::NAMES)?,
    ])
}

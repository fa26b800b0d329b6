//! The tables `stress` and `stress.largest`.

use super::column::{MONEY, decimal, names};
use super::ids::IdColumn;
use arrow_array::{ArrayRef, Int64Array, StringArray};
use arrow_schema::ArrowError;
use perpcore::margin::status::Status;
use perpcore::rules::Rulebook;
use perpcore::sweep::stress::{Bankrupt, Stressed};
use std::sync::Arc;

/// The columns of `stress`, in the contract's order; `fund` is what an insurance fund holds.
pub(crate) fn stress(scenarios: &[String], rows: &[Stressed], fund: Option<i128>) -> Vec<ArrayRef> {
    let count = |status: Status| {
        let counts = rows.iter().map(|row| row.counts[status as usize] as i64);
        Arc::new(counts.collect::<Int64Array>()) as ArrayRef
    };
    let money = |of: &dyn Fn(&Stressed) -> i128| decimal(rows.iter().map(of).collect(), None, MONEY);
    vec![
        Arc::new(StringArray::from_iter_values(scenarios)),
        count(Status::Healthy),
        count(Status::Restricted),
        count(Status::MarginCall),
        count(Status::Liquidation),
        count(Status::Bankrupt),
        count(Status::Undecided),
        money(&|row| row.equity),
        money(&|row| row.initial_margin),
        money(&|row| row.maintenance_margin),
        money(&|row| row.deficit),
        money(&|row| fund.map_or(row.deficit, |fund| row.deficit.min(fund))),
    ]
}

/// The columns of `stress.largest`, in the contract's order.
pub(crate) fn largest(
    scenarios: &[String],
    rows: &[Stressed],
    ids: &IdColumn,
    rules: &Rulebook,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let all = || scenarios.iter().zip(rows).flat_map(|(name, row)| row.largest.iter().map(move |of| (name, of)));
    let accounts: Vec<u32> = all().map(|(_, bucket)| bucket.account).collect();
    let money = |of: fn(&Bankrupt) -> i128| decimal(all().map(|(_, bucket)| of(bucket)).collect(), None, MONEY);
    Ok(vec![
        Arc::new(StringArray::from_iter_values(all().map(|(name, _)| name))),
        ids.of(&accounts)?,
        names(all().map(|(_, bucket)| bucket.instrument), rules.instruments().iter().map(|of| &*of.name))?,
        money(|bucket| bucket.equity),
        money(|bucket| bucket.maintenance_margin),
        money(|bucket| bucket.deficit),
    ])
}

//! The table `dry_run`: what another rulebook would do to a venue.

use super::column::{MONEY, decimal, few_keys, names, validity};
use arrow_array::{ArrayRef, StringArray};
use arrow_schema::ArrowError;
use perpcore::margin::status::Status;
use perpcore::rules::Rulebook;
use perpcore::venue::Impact;
use std::sync::Arc;

/// The columns of `dry_run`, in the contract's order; `ids` has the id of each row's account.
pub(crate) fn dry_run(rows: &[Impact], ids: ArrayRef, rules: &Rulebook) -> Result<Vec<ArrayRef>, ArrowError> {
    let statuses: ArrayRef = Arc::new(StringArray::from_iter_values(Status::NAMES));
    let status =
        |at: usize| few_keys(rows.iter().map(|row| row.statuses.map_or(-1, |of| of[at] as i8)).collect(), &statuses);
    let money = |of: fn(&Impact) -> i128, said: fn(&Impact) -> bool| {
        decimal(rows.iter().map(of).collect(), validity(rows.len(), |at| said(&rows[at])), MONEY)
    };
    let of_limit = |at: usize| match at {
        0 => money(|row| row.limit.map_or(0, |of| of[0].into()), |row| row.limit.is_some()),
        _ => money(|row| row.limit.map_or(0, |of| of[1].into()), |row| row.limit.is_some()),
    };
    Ok(vec![
        ids,
        names(rows.iter().map(|row| row.instrument), rules.instruments().iter().map(|of| &*of.name))?,
        status(0)?,
        status(1)?,
        money(|row| row.equity, |row| row.statuses.is_some()),
        money(|row| row.maintenance_margin, |row| row.statuses.is_some()),
        money(|row| row.notional, |_| true),
        money(|row| row.forced, |_| true),
        of_limit(0),
        of_limit(1),
    ])
}

//! The tables that a monitor gives: `changes`, and its book in the form of inputs.

use super::column::{MONEY, decimal, names, validity, words};
use crate::contract::MARGIN_MODES;
use arrow_array::{ArrayRef, BooleanArray, Decimal128Array, Int64Array};
use arrow_buffer::NullBuffer;
use arrow_schema::ArrowError;
use perpcore::margin::status::Status;
use perpcore::message::PriceState;
use perpcore::monitor::{BalanceRow, Cause, Change, OrderRow, PositionRow, SettingsRow};
use perpcore::rules::Rulebook;
use perpcore::sweep::snapshot::NO_TIER;
use std::sync::Arc;

/// The columns of `monitor.changes`, in the contract's order; `ids` has an id a row.
pub(crate) fn changes(rows: &[Change], ids: ArrayRef, rules: &Rulebook) -> Result<Vec<ArrayRef>, ArrowError> {
    let status =
        |of: fn(&Change) -> Status| words(rows.iter().map(|row| of(row) as i8).collect(), None, &Status::NAMES);
    let money = |of: fn(&Change) -> i128| decimal(rows.iter().map(of).collect(), None, MONEY);
    Ok(vec![
        ids,
        names(rows.iter().map(|row| row.instrument), rules.instruments().iter().map(|of| &*of.name))?,
        status(|row| row.before)?,
        status(|row| row.after)?,
        money(|row| row.equity),
        money(|row| row.maintenance_margin),
        words(rows.iter().map(|row| row.cause as i8).collect(), None, &Cause::NAMES)?,
    ])
}

/// A name and a column.
pub(crate) type Named = (&'static str, ArrayRef);

/// Positions as they are read: the columns that say something.
pub(crate) fn positions(rows: &[PositionRow], ids: ArrayRef, rules: &Rulebook) -> Result<Vec<Named>, ArrowError> {
    let mut columns = vec![
        ("account", ids),
        ("instrument", instruments(rows.iter().map(|row| row.instrument), rules)?),
        ("quantity_e8", integers(rows.iter().map(|row| row.quantity))),
    ];
    // A row says one of the two; a cost of 0 is said as such.
    let entry = |at: usize| rows[at].entry_price != 0;
    columns.push(("entry_price_e8", nullable(rows.iter().map(|row| row.entry_price), validity(rows.len(), entry))));
    columns.push(("cost", costs(rows, entry)));
    let isolated = rows.iter().map(|row| i8::from(row.isolated)).collect();
    columns.push(("margin_mode", words(isolated, None, &MARGIN_MODES)?));
    columns.push(("isolated_margin", decimal(rows.iter().map(|row| row.isolated_margin).collect(), None, WIDE)));
    let chosen = validity(rows.len(), |at| rows[at].leverage != 0);
    columns.push(("leverage_e8", nullable(rows.iter().map(|row| row.leverage), chosen)));
    columns.push(("accrued_funding", decimal(rows.iter().map(|row| row.accrued).collect(), None, WIDE)));
    Ok(columns)
}

/// Balances as they are read.
pub(crate) fn balances(rows: &[BalanceRow], ids: ArrayRef, rules: &Rulebook) -> Result<Vec<Named>, ArrowError> {
    let assets = names(rows.iter().map(|row| Some(row.asset)), rules.assets().iter().map(|asset| &*asset.name))?;
    let narrow: Option<Vec<i64>> = rows.iter().map(|row| row.amount.try_into().ok()).collect();
    let amounts = match narrow {
        Some(amounts) => ("amount_e8", integers(amounts.into_iter())),
        None => ("amount", decimal(rows.iter().map(|row| row.amount).collect(), None, WIDE)),
    };
    Ok(vec![("account", ids), ("asset", assets), amounts])
}

/// Orders as they are read.
pub(crate) fn orders(rows: &[OrderRow], ids: ArrayRef, rules: &Rulebook) -> Result<Vec<Named>, ArrowError> {
    let reduce_only = rows.iter().map(|row| Some(row.reduce_only)).collect::<BooleanArray>();
    Ok(vec![
        ("account", ids),
        ("instrument", instruments(rows.iter().map(|row| row.instrument), rules)?),
        ("quantity_e8", integers(rows.iter().map(|row| row.quantity))),
        ("price_e8", integers(rows.iter().map(|row| row.price))),
        ("reduce_only", Arc::new(reduce_only)),
        ("margin_mode", words(rows.iter().map(|row| i8::from(row.isolated)).collect(), None, &MARGIN_MODES)?),
    ])
}

/// Settings as they are read.
pub(crate) fn settings(rows: &[SettingsRow], ids: ArrayRef, rules: &Rulebook) -> Result<Vec<Named>, ArrowError> {
    let models = rows.iter().map(|row| i8::from(row.portfolio)).collect();
    let chosen = validity(rows.len(), |at| rows[at].leverage != 0);
    let tiers = rows.iter().map(|row| (row.fee_tier != NO_TIER).then_some(row.fee_tier));
    Ok(vec![
        ("account", ids),
        ("model", words(models, None, &crate::contract::MODELS)?),
        ("leverage_e8", nullable(rows.iter().map(|row| row.leverage), chosen)),
        ("fee_tier", names(tiers, rules.venue().fees.iter().map(|tier| &*tier.name))?),
    ])
}

/// Prices as they are read: symbols by the place of their instrument, then asset.
pub(crate) fn prices(rows: &[(usize, i64, PriceState)], rules: &Rulebook) -> Result<Vec<Named>, ArrowError> {
    let symbols = rules.instruments().iter().map(|of| &*of.name).chain(rules.assets().iter().map(|of| &*of.name));
    Ok(vec![
        ("symbol", names(rows.iter().map(|(symbol, ..)| Some(*symbol as u32)), symbols)?),
        ("price_e8", integers(rows.iter().map(|(_, price, _)| *price))),
        ("state", words(rows.iter().map(|(.., state)| *state as i8).collect(), None, PriceState::NAMES)?),
    ])
}

/// Digits and decimals of what is read back: costs have more digits than money.
const WIDE: (u8, i8) = (38, 8);

fn costs(rows: &[PositionRow], entry: impl Fn(usize) -> bool) -> ArrayRef {
    let costs: Decimal128Array = rows.iter().enumerate().map(|(at, row)| (!entry(at)).then_some(row.cost)).collect();
    Arc::new(costs.clone().with_precision_and_scale(WIDE.0, WIDE.1).unwrap_or(costs))
}

fn instruments(places: impl Iterator<Item = u32>, rules: &Rulebook) -> Result<ArrayRef, ArrowError> {
    names(places.map(Some), rules.instruments().iter().map(|instrument| &*instrument.name))
}

fn integers(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

fn nullable(values: impl Iterator<Item = i64>, nulls: Option<NullBuffer>) -> ArrayRef {
    Arc::new(Int64Array::new(values.collect(), nulls))
}

//! The tables `liquidation_prices` and `ladder` of an assessment.

use super::column::{MONEY, decimal, names, pooled, validity, words};
use super::ids::IdColumn;
use crate::contract::MARGIN_MODES;
use arrow_array::{ArrayRef, Int64Array};
use arrow_schema::ArrowError;
use perpcore::num::round::charge_from_e16;
use perpcore::rules::Rulebook;
use perpcore::sweep::liquidation::{LiquidationPrice, Rung};
use perpcore::sweep::pool::POOL;
use std::sync::Arc;

/// The columns of `liquidation_prices`, in the contract's order.
pub(crate) fn liquidation_prices(
    rows: &[LiquidationPrice],
    ids: &IdColumn,
    rules: &Rulebook,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let accounts: Vec<u32> = rows.iter().map(|row| row.account).collect();
    let price = |of: fn(&LiquidationPrice) -> i64| {
        let mut column = POOL.column(rows.len());
        column.iter_mut().zip(rows).for_each(|(cell, row)| *cell = of(row).into());
        pooled(column, validity(rows.len(), |row| of(&rows[row]) != 0))
    };
    Ok(vec![
        ids.of(&accounts)?,
        instruments(rows.iter().map(|row| row.instrument), rules)?,
        words(rows.iter().map(|row| i8::from(row.isolated)).collect(), None, &MARGIN_MODES)?,
        price(|row| row.mark),
        price(|row| row.below),
        price(|row| row.above),
    ])
}

/// The columns of `ladder`, in the contract's order.
pub(crate) fn ladder(rungs: &[Rung], instrument: u32, rules: &Rulebook) -> Result<Vec<ArrayRef>, ArrowError> {
    let money = |of: fn(&Rung) -> i128| decimal(rungs.iter().map(of).collect(), None, MONEY);
    Ok(vec![
        instruments(rungs.iter().map(|_| instrument), rules)?,
        money(|rung| rung.from.into()),
        money(|rung| rung.to.into()),
        money(|rung| charge_from_e16(rung.long_e16)),
        money(|rung| charge_from_e16(rung.short_e16)),
        Arc::new(rungs.iter().map(|rung| Some(rung.buckets as i64)).collect::<Int64Array>()),
    ])
}

fn instruments(places: impl Iterator<Item = u32>, rules: &Rulebook) -> Result<ArrayRef, ArrowError> {
    names(places.map(Some), rules.instruments().iter().map(|instrument| &*instrument.name))
}

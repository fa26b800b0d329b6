//! The tables `mirror.states` and `mirror.depth`.

use super::column::{MONEY, Texts, decimal, validity, words};
use arrow_array::types::TimestampNanosecondType;
use arrow_array::{ArrayRef, Int64Array, PrimitiveArray};
use arrow_schema::ArrowError;
use perpcore::pricing::mirror::{Best, State};
use std::sync::Arc;

/// What a mirror was after a message.
pub(crate) struct Row {
    /// When it came, in ns; 0 where that was not given.
    pub(crate) time: i64,
    /// Its last update.
    pub(crate) last: i64,
    pub(crate) state: State,
    pub(crate) best: Best,
    /// Why, where that is another reason than before.
    pub(crate) reason: Option<String>,
}

/// The columns of `mirror.states`, in the contract's order.
pub(crate) fn states(rows: &[Row]) -> Result<Vec<ArrayRef>, ArrowError> {
    let times: PrimitiveArray<TimestampNanosecondType> =
        rows.iter().map(|row| (row.time != 0).then_some(row.time)).collect();
    let level = |of: fn(&Best) -> Option<(i64, i64)>| {
        let nulls = validity(rows.len(), |at| of(&rows[at].best).is_some());
        let levels = || rows.iter().map(|row| of(&row.best).unwrap_or_default());
        [
            decimal(levels().map(|(price, _)| price.into()).collect(), nulls.clone(), MONEY),
            decimal(levels().map(|(_, quantity)| quantity.into()).collect(), nulls, MONEY),
        ]
    };
    let ([bid, bid_quantity], [ask, ask_quantity]) = (level(|best| best.bid), level(|best| best.ask));
    let mut reasons = Texts::with_capacity(rows.len());
    reasons.extend(rows.iter().map(|row| row.reason.clone()));
    Ok(vec![
        Arc::new(times.with_timezone("UTC")),
        Arc::new(rows.iter().map(|row| row.last).collect::<Int64Array>()),
        words(rows.iter().map(|row| row.state as i8).collect(), None, &State::NAMES)?,
        bid,
        bid_quantity,
        ask,
        ask_quantity,
        reasons.finish()?,
    ])
}

/// The columns of `mirror.depth`, in the contract's order: (price, quantity) of the levels, those of the asks below 0.
pub(crate) fn mirror_depth(levels: &[(i64, i64)]) -> Vec<ArrayRef> {
    let column =
        |of: fn(&(i64, i64)) -> i64| decimal(levels.iter().map(|level| of(level).into()).collect(), None, MONEY);
    vec![column(|level| level.0), column(|level| level.1)]
}

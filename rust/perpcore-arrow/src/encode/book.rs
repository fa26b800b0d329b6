//! What rests in a book, as tables: its depth, its orders.

use super::column::{MONEY, decimal, validity};
use super::events::{ClientIds, some_words, times};
use super::ids::sparse_ids;
use crate::residents::Residents;
use arrow_array::{ArrayRef, BooleanArray, Int64Array, StringArray, UInt64Array};
use arrow_schema::ArrowError;
use perpcore::book::clients::Clients;
use perpcore::book::store::Level;
use perpcore::book::terms::Terms;
use perpcore::book::{Book, Rested, store::Store};
use perpcore::message::{Class, Side, TriggerBy, TriggerWhen};
use std::sync::Arc;

/// The columns of `depth`, in the contract's order: so many levels of each side, all where there is no number.
pub(crate) fn depth<S: Store>(book: &Book<S>, levels: Option<usize>) -> Vec<ArrayRef> {
    let terms = book.terms();
    let (mut prices, mut quantities, mut orders) = (Vec::new(), Vec::new(), Vec::new());
    for side in [Side::Bid, Side::Ask] {
        for Level { price, lots, orders: count } in book.levels(side).take(levels.unwrap_or(usize::MAX)) {
            prices.push(i128::from(terms.tick.value(price)));
            quantities.push(i128::from(side.sign() * terms.lot.value(lots)));
            orders.push(i64::from(count));
        }
    }
    vec![decimal(prices, None, MONEY), decimal(quantities, None, MONEY), Arc::new(Int64Array::from(orders))]
}

/// What tables of orders have in common.
fn orders(
    terms: &Terms,
    clients: &Clients,
    texts: Option<bool>,
    rested: &[Rested],
    accounts: &Residents,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let orders = || rested.iter().map(|rested| rested.order);
    let client_ids = match texts {
        Some(texts) => {
            let mut ids = ClientIds::new(texts);
            orders().for_each(|order| ids.push(clients.id(order.client)));
            ids.finish()
        }
        None => Arc::new(StringArray::new_null(rested.len())),
    };
    let owners: Vec<u32> = orders().map(|order| order.account).collect();
    let prices: Vec<i128> = rested.iter().map(|rested| price_of(terms, rested)).collect();
    let prices = (validity(prices.len(), |row| prices[row] != 0), prices);
    let quantities = orders().map(|order| i128::from(order.side.sign() * terms.lot.value(order.left))).collect();
    Ok(vec![
        Arc::new(UInt64Array::from_iter_values(orders().map(|order| order.id))),
        client_ids,
        sparse_ids(accounts, &owners, &mut Vec::new())?,
        some_words(orders().map(|order| order.class as i8).collect(), Class::NAMES)?,
        decimal(prices.1, prices.0, MONEY),
        decimal(quantities, None, MONEY),
        times(rested.iter().map(|rested| rested.life.time).collect()),
    ])
}

/// The limit of an order in g; 0 where it has none of its own.
fn price_of(terms: &Terms, rested: &Rested) -> i128 {
    if rested.market { 0 } else { i128::from(terms.tick.value(rested.order.price)) }
}

/// The columns of `l3`, in the contract's order.
pub(crate) fn l3<S: Store>(
    book: &Book<S>,
    texts: Option<bool>,
    accounts: &Residents,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let rested: Vec<Rested> = [Side::Bid, Side::Ask].into_iter().flat_map(|side| book.resting(side)).collect();
    orders(book.terms(), book.clients(), texts, &rested, accounts)
}

/// The columns of `open_orders`, in the contract's order.
pub(crate) fn open_orders<S: Store>(
    book: &Book<S>,
    account: Option<u32>,
    texts: Option<bool>,
    accounts: &Residents,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let mut rested: Vec<Rested> = account.into_iter().flat_map(|account| book.orders_of(account)).collect();
    rested.reverse();
    let terms = book.terms();
    let mut columns = orders(terms, book.clients(), texts, &rested, accounts)?;
    let filled = |it: &Rested| i128::from(it.order.side.sign() * terms.lot.value(it.order.filled));
    let triggers: Vec<i128> =
        rested.iter().map(|it| it.trigger.map_or(0, |trigger| i128::from(trigger.price))).collect();
    let of_trigger =
        |word: fn(perpcore::message::Trigger) -> i8| rested.iter().map(|it| it.trigger.map_or(-1, word)).collect();
    let until = rested.iter().map(|it| if it.life.until == i64::MAX { 0 } else { it.life.until }).collect();
    let reduce_only: BooleanArray = rested.iter().map(|it| Some(it.order.flags.reduce_only())).collect();
    columns.push(decimal(rested.iter().map(filled).collect(), None, MONEY));
    columns.push(times(until));
    columns.push(Arc::new(reduce_only));
    columns.push(decimal(triggers.clone(), validity(triggers.len(), |row| triggers[row] != 0), MONEY));
    columns.push(some_words(of_trigger(|trigger| trigger.by as i8), TriggerBy::NAMES)?);
    columns.push(some_words(of_trigger(|trigger| trigger.when as i8), TriggerWhen::NAMES)?);
    Ok(columns)
}

//! What rests in a book, as tables: its depth, its orders.

use super::client_ids::ClientIds;
use super::column::{MONEY, decimal, names, some_words, times, validity};
use super::ids::sparse_ids;
use crate::contract::MARGIN_MODES;
use crate::residents::Residents;
use arrow_array::{ArrayRef, BooleanArray, Int64Array, StringArray, UInt64Array};
use arrow_schema::ArrowError;
use perpcore::book::clients::Clients;
use perpcore::book::store::Level;
use perpcore::book::terms::Terms;
use perpcore::book::{Book, Rested, store::Store};
use perpcore::message::{Class, Side, TriggerBy, TriggerWhen};
use perpcore::rules::Rulebook;
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

/// An order with the book that it stands in.
struct Open<'a> {
    terms: &'a Terms,
    clients: &'a Clients,
    rested: Rested,
}

impl<'a> Open<'a> {
    fn of<S: Store>(book: &'a Book<S>, rested: Rested) -> Open<'a> {
        Open { terms: book.terms(), clients: book.clients(), rested }
    }

    /// Its limit in g; 0 where it has none of its own.
    fn price(&self) -> i128 {
        if self.rested.market { 0 } else { i128::from(self.terms.tick.value(self.rested.order.price)) }
    }

    /// So many lots of it in g, signed as it is.
    fn signed(&self, lots: i64) -> i128 {
        i128::from(self.rested.order.side.sign() * self.terms.lot.value(lots))
    }
}

/// What tables of orders have in common.
fn orders(open: &[Open<'_>], texts: Option<bool>, accounts: &Residents) -> Result<Vec<ArrayRef>, ArrowError> {
    let orders = || open.iter().map(|open| open.rested.order);
    let client_ids = match texts {
        Some(texts) => {
            let mut ids = ClientIds::new(texts);
            open.iter().for_each(|open| ids.push(open.clients.id(open.rested.order.client)));
            ids.finish()
        }
        None => Arc::new(StringArray::new_null(open.len())),
    };
    let owners: Vec<u32> = orders().map(|order| order.account).collect();
    let prices: Vec<i128> = open.iter().map(Open::price).collect();
    let prices = (validity(prices.len(), |row| prices[row] != 0), prices);
    let quantities = open.iter().map(|open| open.signed(open.rested.order.left)).collect();
    Ok(vec![
        Arc::new(UInt64Array::from_iter_values(orders().map(|order| order.id))),
        client_ids,
        sparse_ids(accounts, &owners, &mut Vec::new())?,
        some_words(orders().map(|order| order.class as i8).collect(), Class::NAMES)?,
        decimal(prices.1, prices.0, MONEY),
        decimal(quantities, None, MONEY),
        times(open.iter().map(|open| open.rested.life.time).collect()),
    ])
}

/// The columns of `l3`, in the contract's order.
pub(crate) fn l3<S: Store>(
    book: &Book<S>,
    texts: Option<bool>,
    accounts: &Residents,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let resting = [Side::Bid, Side::Ask].into_iter().flat_map(|side| book.resting(side));
    let open: Vec<Open<'_>> = resting.map(|rested| Open::of(book, rested)).collect();
    orders(&open, texts, accounts)
}

/// The columns of `open_orders`, in the contract's order: of an account in some books.
pub(crate) fn open_orders<'a, S: Store + 'a>(
    books: impl Iterator<Item = &'a Book<S>>,
    account: Option<u32>,
    texts: Option<bool>,
    accounts: &Residents,
    rules: &Rulebook,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let mut open: Vec<Open<'_>> = Vec::new();
    for book in books {
        let from = open.len();
        open.extend(account.into_iter().flat_map(|account| book.orders_of(account)).map(|it| Open::of(book, it)));
        open[from..].reverse();
    }
    let mut columns = orders(&open, texts, accounts)?;
    let rested = || open.iter().map(|open| &open.rested);
    let triggers: Vec<i128> = rested().map(|it| it.trigger.map_or(0, |trigger| i128::from(trigger.price))).collect();
    let of_trigger =
        |word: fn(perpcore::message::Trigger) -> i8| rested().map(|it| it.trigger.map_or(-1, word)).collect();
    let until = rested().map(|it| if it.life.until == i64::MAX { 0 } else { it.life.until }).collect();
    let reduce_only: BooleanArray = rested().map(|it| Some(it.order.flags.reduce_only())).collect();
    let isolated = rested().map(|it| i8::from(it.order.flags.isolated())).collect();
    let instruments = rules.instruments().iter().map(|of| &*of.name);
    columns.push(names(open.iter().map(|open| Some(open.terms.instrument)), instruments)?);
    columns.push(decimal(open.iter().map(|open| open.signed(open.rested.order.filled)).collect(), None, MONEY));
    columns.push(times(until));
    columns.push(Arc::new(reduce_only));
    columns.push(some_words(isolated, &MARGIN_MODES)?);
    columns.push(decimal(triggers.clone(), validity(triggers.len(), |row| triggers[row] != 0), MONEY));
    columns.push(some_words(of_trigger(|trigger| trigger.by as i8), TriggerBy::NAMES)?);
    columns.push(some_words(of_trigger(|trigger| trigger.when as i8), TriggerWhen::NAMES)?);
    Ok(columns)
}

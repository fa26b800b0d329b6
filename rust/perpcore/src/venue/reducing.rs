//! Which orders reduce risk in a venue: asked of those that come, and of those that rest when an account may only reduce.

use super::state::{Books, Slot, State};
use crate::book::Book;
use crate::book::store::Store;
use crate::margin::admission::{Asking, Wish};
use crate::message::Side;

/// Whether an order reduces risk with the account's others as they rest, but for one: by itself, and not beyond zero
/// together with those of its side, of which each by itself might only reduce. `here` is the book that asks.
pub(super) fn reduces<S: Store>(
    state: &mut State,
    all: &[Slot],
    here: Option<&Book<S>>,
    account: u32,
    but: u64,
    wish: &Wish,
) -> bool {
    let Wish { instrument, quantity, reduce_only, isolated, .. } = *wish;
    if quantity == 0 {
        return false;
    }
    let manner = state.manner(account);
    let State { desk, ledger, lots, terms, market, .. } = state;
    let books = Books { all, here, lots };
    let (side, lot) = (Side::of(quantity), lots[instrument as usize]);
    let held = -side.sign() * (ledger.quantity(account, instrument, isolated) / lot);
    if !reduce_only && held - books.adding(instrument, account, side, isolated, but) < quantity.abs() / lot {
        return false;
    }
    desk.lay(ledger.of(account), &manner);
    desk.lay_orders(&books, account, manner.leverage, but, None);
    let asking = Asking { terms, market, account: &desk.view(), leverage: manner.leverage };
    asking.reduces(wish).unwrap_or(false)
}

//! Where an account is laid out for the valuation: what the ledger says it has, and its orders as they rest in the books.
//! Orders are never kept a second time, so what rests is what is reserved for.

use super::state::Books;
use crate::book::store::Store;
use crate::ledger::Holdings;
use crate::margin::account::{Account, Balance, Order, Position};
use crate::margin::admission::Wish;
use crate::margin::figures::Figures;
use crate::margin::line::Sink;
use crate::margin::market::Market;
use crate::margin::portfolio::Exposures;
use crate::margin::terms::Terms;
use crate::margin::value;
use crate::sweep::assess::IsolatedBucket;

/// One account laid out, reused from account to account.
#[derive(Debug, Default)]
pub(super) struct Desk {
    cross: Vec<Position>,
    isolated: Vec<Position>,
    balances: Vec<Balance>,
    orders: Vec<Order>,
    exposures: Exposures,
    /// The isolated buckets of the account last valued, by instrument.
    pub(super) buckets: Vec<IsolatedBucket>,
    taker_fee: i64,
    portfolio: bool,
}

/// How an account is margined.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) taker_fee: i64,
    pub(super) portfolio: bool,
    /// For positions that choose none, in g.
    pub(super) leverage: i64,
}

impl Desk {
    /// Lays out what an account has, without orders.
    #[inline(always)]
    pub(super) fn lay(&mut self, holdings: &Holdings, manner: &Manner) {
        self.cross.clear();
        self.isolated.clear();
        self.orders.clear();
        self.balances.clear();
        for wallet in holdings.wallets() {
            self.balances.push(Balance { asset: wallet.asset, amount: wallet.cash.amount() });
        }
        for held in holdings.positions() {
            let position = held.view(manner.leverage);
            (if held.isolated { &mut self.isolated } else { &mut self.cross }).push(position);
        }
        (self.taker_fee, self.portfolio) = (manner.taker_fee, manner.portfolio);
    }

    /// Adds the orders of an account that rest, but for one, and one that is wished for.
    #[inline(always)]
    pub(super) fn lay_orders<S: Store>(
        &mut self,
        books: &Books<'_, S>,
        account: u32,
        leverage: i64,
        replaced: u64,
        wish: Option<&Wish>,
    ) {
        for instrument in 0..books.len() as u32 {
            let wish = wish.filter(|wish| wish.instrument == instrument && !wish.reduce_only);
            if wish.is_none() && !books.has_orders(instrument, account) {
                continue;
            }
            let mut others = wish.is_some_and(|wish| wish.isolated);
            for isolated in [false, true] {
                if isolated && !others {
                    break;
                }
                let from = self.orders.len() as u32;
                let orders = &mut self.orders;
                books.each_order(instrument, account, replaced, |order, of_isolated| {
                    if of_isolated == isolated {
                        orders.push(order);
                    } else {
                        others = true;
                    }
                });
                if let Some(wish) = wish.filter(|wish| wish.isolated == isolated) {
                    orders.push(Order { quantity: wish.quantity, price: wish.price.unwrap_or(0) });
                }
                let to = self.orders.len() as u32;
                if from != to {
                    let position = self.position(instrument, isolated, leverage);
                    (position.orders_from, position.orders_to) = (from, to);
                }
            }
        }
    }

    /// The position of a key, made where the account has none.
    #[inline(always)]
    pub(super) fn position(&mut self, instrument: u32, isolated: bool, leverage: i64) -> &mut Position {
        let positions = if isolated { &mut self.isolated } else { &mut self.cross };
        let at = positions.iter().position(|position| position.instrument == instrument).unwrap_or_else(|| {
            positions.push(Position { instrument, leverage, ..Position::default() });
            positions.len() - 1
        });
        &mut positions[at]
    }

    /// The cross positions, or the isolated ones.
    pub(super) fn positions_mut(&mut self, isolated: bool) -> &mut [Position] {
        if isolated { &mut self.isolated } else { &mut self.cross }
    }

    /// Leaves balances out.
    pub(super) fn leave_out_assets(&mut self, out: impl Fn(u32) -> bool) {
        self.balances.retain(|balance| !out(balance.asset));
    }

    /// What an account has of an asset.
    pub(super) fn balance(&mut self, asset: u32) -> &mut i128 {
        let at = self.balances.iter().position(|balance| balance.asset == asset).unwrap_or_else(|| {
            self.balances.push(Balance { asset, amount: 0 });
            self.balances.len() - 1
        });
        &mut self.balances[at].amount
    }

    /// The account laid out.
    #[inline(always)]
    pub(super) fn view(&self) -> Account<'_> {
        Account {
            cross: &self.cross,
            isolated: &self.isolated,
            balances: &self.balances,
            orders: &self.orders,
            taker_fee: self.taker_fee,
            portfolio: self.portfolio,
        }
    }

    /// Values it: the cross figures; the isolated ones go to the buckets.
    #[inline(always)]
    pub(super) fn value<K: Sink>(&mut self, terms: &Terms, market: &Market, sink: &mut K) -> Figures {
        let Desk { cross, isolated, balances, orders, exposures, buckets, taker_fee, portfolio } = self;
        buckets.clear();
        let view = Account { cross, isolated, balances, orders, taker_fee: *taker_fee, portfolio: *portfolio };
        let figures = value::account(terms, market, &view, exposures, sink, |at, figures| {
            let Position { instrument, quantity, isolated_margin, .. } = view.isolated[at];
            buckets.push(IsolatedBucket { account: 0, instrument, first_row: 0, quantity, isolated_margin, figures });
        });
        if buckets.len() > 1 {
            buckets.sort_unstable_by_key(|bucket| bucket.instrument);
        }
        figures
    }
}

//! What accounts hold, kept a second time: laid out for the valuation by itself, and moved by the trades that are told.

use perpcore::ledger::{fee_of, isolated_move};
use perpcore::margin::account::{Account, Balance, Order, Position};
use perpcore::margin::figures::Figures;
use perpcore::margin::line::Noted;
use perpcore::margin::market::Market;
use perpcore::margin::portfolio::Exposures;
use perpcore::margin::terms::Terms;
use perpcore::margin::value;
use perpcore::message;
use perpcore::num::ONE;
use perpcore::venue::{Holder, Venue};
use std::collections::{BTreeMap, BTreeSet};

/// Account, instrument, whether isolated.
pub type Key = (u32, u32, bool);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Q in g.
    pub quantity: i64,
    pub cost_e16: i128,
    pub margin: i128,
}

/// An order as it is margined.
#[derive(Clone, Copy, Debug)]
pub struct Reserved {
    pub key: Key,
    pub order: Order,
}

/// What is known of accounts from what was told.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub leverage: BTreeMap<u32, i64>,
    pub tier: BTreeMap<u32, usize>,
}

#[derive(Clone, Debug)]
pub struct Shadow {
    pub wallets: BTreeMap<(u32, u32), i128>,
    pub held: BTreeMap<Key, Held>,
    /// Of whom it is not known any more what they have: they had to sell something.
    pub lost: BTreeSet<u32>,
    settlement: u32,
}

impl Shadow {
    pub fn of(venue: &Venue, terms: &Terms) -> Shadow {
        let mut wallets = BTreeMap::new();
        for row in venue.ledger() {
            if let Holder::Client(account) = row.holder {
                wallets.insert((account, row.asset), row.amount);
            }
        }
        let held = venue.positions().map(|row| {
            let size = i128::from(terms.instruments[row.instrument as usize].contract_size);
            let quantity = (i128::from(row.quantity) * size / i128::from(ONE)) as i64;
            let held = Held { quantity, cost_e16: row.cost_e16, margin: row.isolated_margin };
            ((row.account, row.instrument, row.isolated), held)
        });
        let (held, settlement) = (held.collect(), terms.settlement as u32);
        Shadow { wallets, held, lost: BTreeSet::new(), settlement }
    }

    pub fn quantity(&self, key: Key) -> i64 {
        self.held.get(&key).map_or(0, |held| held.quantity)
    }

    /// Values an account with some orders: the cross figures and those of its isolated buckets; none where it is beyond
    /// what is computed exactly.
    pub fn value(
        &self,
        terms: &Terms,
        market: &Market,
        known: &Known,
        account: u32,
        orders: &[Reserved],
    ) -> Option<(Figures, BTreeMap<u32, Figures>)> {
        let balances: Vec<Balance> = self.wallets.range((account, 0)..=(account, u32::MAX)).map(balance).collect();
        let (mut sides, mut laid) = ([Vec::new(), Vec::new()], Vec::new());
        let leverage = known.leverage.get(&account).copied().unwrap_or(0);
        for instrument in 0..terms.instruments.len() as u32 {
            for isolated in [false, true] {
                let key = (account, instrument, isolated);
                let held = self.held.get(&key).copied();
                let from = laid.len() as u32;
                laid.extend(orders.iter().filter(|order| order.key == key).map(|order| order.order));
                if held.is_none() && from as usize == laid.len() {
                    continue;
                }
                let Held { quantity, cost_e16, margin } = held.unwrap_or_default();
                sides[usize::from(isolated)].push(Position {
                    instrument,
                    listed: held.is_some_and(|held| held != Held::default()),
                    orders_from: from,
                    orders_to: laid.len() as u32,
                    leverage,
                    quantity: quantity.into(),
                    cost_e16,
                    isolated_margin: margin,
                    ..Position::default()
                });
            }
        }
        let taker_fee = terms.taker_fees[known.tier.get(&account).copied().unwrap_or(terms.standard_tier)];
        let [cross, isolated] = &sides;
        let view = Account { cross, isolated, balances: &balances, orders: &laid, taker_fee, portfolio: false };
        let (mut exposures, mut noted, mut buckets) = (Exposures::new(), Noted::default(), BTreeMap::new());
        let figures = value::account(terms, market, &view, &mut exposures, &mut noted, |at, figures| {
            buckets.insert(isolated[at].instrument, figures);
        });
        noted.0.is_none().then_some((figures, buckets))
    }

    /// Makes a side of a trade, its fee and what goes to an isolated position. A rebate is at most what was collected
    /// in the trade; what came in is added to that.
    pub fn trade(&mut self, of: &Prices<'_>, known: &Known, key: Key, side: Side, collected: &mut i128) {
        let (account, instrument, isolated) = key;
        let Side { quantity, price, rate } = side;
        let held = self.held.entry(key).or_default();
        let before = held.quantity;
        held.quantity += quantity;
        held.cost_e16 += i128::from(quantity) * i128::from(price);
        let leverage = known.leverage.get(&account).copied().unwrap_or(0);
        let cash = self.wallets.entry((account, self.settlement)).or_default();
        if isolated {
            let ends = [before, held.quantity];
            let moved = isolated_move(of.terms, instrument, leverage, ends, price, of.market.mark(instrument).price);
            *cash -= moved;
            held.margin += moved;
        }
        let wanted = fee_of(rate, quantity, price);
        let payer = if isolated { &mut held.margin } else { cash };
        // Who has too little may sell something.
        if (*payer < wanted && !isolated) || (wanted < 0 && *collected < -wanted) {
            self.lost.insert(account);
        }
        let fee = wanted.min((*payer).max(0)).max(-*collected);
        *payer -= fee;
        *collected += fee;
        if self.wallets[&(account, self.settlement)] < 0 {
            self.lost.insert(account);
        }
    }
}

/// Terms and prices.
pub struct Prices<'a> {
    pub terms: &'a Terms,
    pub market: &'a Market,
}

/// A side of a trade, in g: the signed base quantity, the price, the rate of the fee.
#[derive(Clone, Copy)]
pub struct Side {
    pub quantity: i64,
    pub price: i64,
    pub rate: i64,
}

fn balance((key, amount): (&(u32, u32), &i128)) -> Balance {
    Balance { asset: key.1, amount: *amount }
}

/// The orders of an account that rest and may add, but for one.
pub fn reserved(venue: &Venue, terms: &Terms, account: u32, but: u64) -> Vec<Reserved> {
    let mut all = Vec::new();
    for instrument in 0..terms.instruments.len() as u32 {
        let Some(book) = venue.book(instrument) else { continue };
        let (tick, size) = (book.terms().tick.size, book.terms().lot.size);
        for order in book.resting_of(account).filter(|order| !order.flags.reduce_only() && order.id != but) {
            let sign = if order.side == message::Side::Bid { 1 } else { -1 };
            all.push(Reserved {
                key: (account, instrument, order.flags.isolated()),
                order: Order { quantity: sign * base(terms, instrument, order.left * size), price: order.price * tick },
            });
        }
    }
    all
}

/// Base quantity of contracts, both in g.
pub fn base(terms: &Terms, instrument: u32, contracts: i64) -> i64 {
    let size = i128::from(terms.instruments[instrument as usize].contract_size);
    (i128::from(contracts) * size / i128::from(ONE)) as i64
}

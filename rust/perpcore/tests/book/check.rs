//! What must be true of a book after every command, by recounting.

#![allow(dead_code)]

use super::setting::Judge;
use super::stream::ACCOUNTS;
use perpcore::book::store::Store;
use perpcore::book::terms::Terms;
use perpcore::book::{Book, Rested};
use perpcore::message::*;
use std::collections::{BTreeMap, BTreeSet};

/// In g.
#[derive(Default)]
struct Counted {
    submitted: i64,
    executed: i64,
    canceled: i64,
}

/// Counts what the events say.
#[derive(Default)]
pub struct Counts {
    orders: BTreeMap<u64, Counted>,
    groups: BTreeMap<u32, u32>,
    /// How many events there were.
    pub seq: u64,
    /// The loosest limits that orders were admitted by: open orders, a position with orders in g.
    most_orders: u32,
    most_position: i128,
    /// The largest lot, where there were several: positions counted in whole lots are less exact by it.
    inexact: i128,
}

impl Counts {
    /// Orders are admitted by terms from here on.
    pub fn go_by(&mut self, terms: &Terms) {
        if self.most_orders != 0 {
            self.inexact = self.inexact.max(terms.lot.size.into());
        }
        self.most_orders = self.most_orders.max(terms.open_orders);
        self.most_position = self.most_position.max(i128::from(terms.position) * i128::from(terms.lot.size));
    }

    /// Takes in what a command brought; whether an event is said again is told by its number.
    pub fn count(&mut self, events: &[Event]) {
        for event in events {
            if event.seq < self.seq {
                continue;
            }
            assert_eq!(event.seq, self.seq, "numbers without gaps");
            self.seq += 1;
            let lots = event.quantity.saturating_abs();
            match event.kind {
                Kind::Accepted if event.order != 0 => {
                    let new = Counted { submitted: lots, ..Counted::default() };
                    assert!(self.orders.insert(event.order, new).is_none(), "ids are given once");
                }
                Kind::Amended => {
                    let order = self.orders.get_mut(&event.order).expect("an accepted order");
                    order.submitted = order.executed + order.canceled + lots;
                }
                Kind::Filled => {
                    for id in [event.order, event.other_order] {
                        self.orders.get_mut(&id).expect("an accepted order").executed += lots;
                    }
                    let group = |account: u32| self.groups.get(&account).copied();
                    let (one, other) = (event.account, event.other_account);
                    assert!(one == NOBODY || one != other, "no account trades with itself");
                    assert!(group(one).is_none() || group(one) != group(other), "no group trades with itself");
                }
                Kind::Canceled | Kind::Expired => {
                    self.orders.get_mut(&event.order).expect("an accepted order").canceled += lots;
                }
                _ => {}
            }
        }
    }

    pub fn account(&mut self, account: u32, group: u32) {
        self.groups.insert(account, group);
    }
}

/// No affiliated order trades as a maker while a client's rests at the same or a better price on its side. `before` is what
/// rested before the command; clients that come in the same command rest behind whatever traded before them.
pub fn clients_come_first(book_before: &[Rested], events: &[Event], lot: i64) {
    let mut ended = BTreeMap::<u64, i64>::new();
    let mut moved = BTreeSet::new();
    for event in events {
        let lots = event.quantity.saturating_abs() / lot;
        if event.kind == Kind::Filled {
            let affiliated = Class::AffiliatedMarketMaker;
            let both = [
                (event.other_order, event.other_class == affiliated),
                (event.order, event.class == affiliated && event.aggressor == Aggressor::Neither),
            ];
            for (order, _) in both.iter().filter(|(order, affiliated)| *affiliated && !moved.contains(order)) {
                let Some(maker) = book_before.iter().find(|rested| rested.order.id == *order) else { continue };
                let first = book_before.iter().find(|client| {
                    let at = client.order.side.sign() * (client.order.price - maker.order.price);
                    client.order.side == maker.order.side
                        && client.order.class != affiliated
                        && at >= 0
                        && ended.get(&client.order.id).copied().unwrap_or(0) < client.order.left
                });
                assert!(first.is_none(), "{first:?} stands before {maker:?}");
            }
            *ended.entry(event.other_order).or_default() += lots;
            *ended.entry(event.order).or_default() += lots;
        }
        if matches!(event.kind, Kind::Canceled | Kind::Expired) {
            *ended.entry(event.order).or_default() += lots;
        }
        if event.kind == Kind::Amended {
            *ended.entry(event.order).or_default() += i64::MAX / 4;
            moved.insert(event.order);
        }
    }
}

pub fn resting<S: Store>(book: &Book<S>) -> Vec<Rested> {
    book.resting(Side::Bid).chain(book.resting(Side::Ask)).collect()
}

/// Recounts a book.
pub fn recount<S: Store>(book: &Book<S>, owner: &Judge, counts: &Counts, ids: &BTreeSet<u64>) {
    let living: Vec<Rested> = ids.iter().filter_map(|id| book.order(&Named::Order(*id))).collect();
    assert_eq!(living.len(), book.len(), "all orders");
    for rested in &living {
        let Counted { submitted, executed, canceled, .. } = counts.orders[&rested.order.id];
        let lot = book.terms().lot.size;
        let left = rested.order.left * lot;
        assert_eq!(executed + canceled + left, submitted, "executed + resting + canceled = submitted");
        assert_eq!(executed, rested.order.filled * lot);
        assert!(rested.order.left > 0);
        assert_eq!(rested.trigger.is_some(), !rested.order.flags.resting());
    }
    for (id, Counted { submitted, executed, canceled, .. }) in &counts.orders {
        if !ids.contains(id) {
            assert_eq!(executed + canceled, *submitted, "an order that ended is executed or canceled");
        }
    }
    // Queues, levels, the touch.
    let mut bests = [None, None];
    for side in [Side::Bid, Side::Ask] {
        let queue: Vec<Rested> = book.resting(side).collect();
        let mut expected = BTreeMap::<i64, (i64, u32)>::new();
        for rested in &queue {
            let level = expected.entry(-side.sign() * rested.order.price).or_default();
            (level.0, level.1) = (level.0 + rested.order.left, level.1 + 1);
        }
        let levels: Vec<(i64, (i64, u32))> =
            book.levels(side).map(|level| (-side.sign() * level.price, (level.lots, level.orders))).collect();
        assert_eq!(levels, expected.into_iter().collect::<Vec<_>>(), "levels are what rests");
        let sorted = |pair: &[Rested]| {
            let rank = |rested: &Rested| {
                (-side.sign() * rested.order.price, rested.order.class == Class::AffiliatedMarketMaker)
            };
            rank(&pair[0]) <= rank(&pair[1])
        };
        assert!(queue.windows(2).all(sorted), "price, then class");
        let rests = living.iter().filter(|rested| rested.order.flags.resting() && rested.order.side == side).count();
        assert_eq!(queue.len(), rests);
        let mut ahead = BTreeMap::<i64, (u32, i64)>::new();
        for rested in &queue {
            let before = ahead.entry(rested.order.price).or_default();
            let found = book.queue_position(&Named::Order(rested.order.id)).expect("it rests");
            assert_eq!((found.orders, found.lots), *before);
            (before.0, before.1) = (before.0 + 1, before.1 + rested.order.left);
        }
        bests[side as usize] = queue.first().map(|rested| rested.order.price);
        assert_eq!(book.best(side).map(|level| level.price), bests[side as usize]);
    }
    if let ([Some(bid), Some(ask)], Phase::Open | Phase::ReduceOnly) = (bests, book.phase()) {
        assert!(bid < ask, "not crossed: {bid} and {ask}");
    }
    // Accounts.
    for account in 0..ACCOUNTS {
        let of: BTreeSet<u64> =
            living.iter().filter(|rested| rested.order.account == account).map(|rested| rested.order.id).collect();
        let listed: Vec<u64> = book.orders_of(account).map(|rested| rested.order.id).collect();
        assert_eq!(listed.len(), of.len());
        assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), of, "the account's list");
        assert!(of.len() <= counts.most_orders as usize, "open orders");
        let known = book.account(account);
        let orders = || living.iter().map(|rested| rested.order).filter(|order| order.account == account);
        assert_eq!(known.orders as usize, of.len());
        for side in [Side::Bid, Side::Ask] {
            let open: i64 = orders().filter(|o| o.side == side).map(|o| o.left).sum();
            assert_eq!(known.open[side as usize], open, "what an account has open");
            let lot = book.terms().lot.size;
            let by_itself = |isolated: bool| {
                let adds = orders().filter(|o| o.side == side && o.flags.isolated() == isolated);
                let adds: i64 = adds.map(|o| o.left).sum();
                (side.sign() * owner.contracts(account, isolated) + adds * lot).max(0)
            };
            let most = counts.most_position + counts.inexact;
            assert!(i128::from(by_itself(false) + by_itself(true)) <= most, "position with orders within the limit");
            for isolated in [false, true] {
                let reducing: i64 = orders()
                    .filter(|o| o.side == side && o.flags.reduce_only() && o.flags.resting())
                    .filter(|o| o.flags.isolated() == isolated)
                    .map(|o| o.left)
                    .sum();
                let held = -side.sign() * owner.of(account, isolated);
                assert!(reducing <= held.max(0), "reduce-only orders are at most the position");
            }
        }
    }
    assert_eq!(owner.held.values().sum::<i64>(), 0, "positions sum to 0");
}

impl Counts {
    /// Orders that ended were counted to their end.
    pub fn forget(&mut self, living: &BTreeSet<u64>) {
        self.orders.retain(|id, _| living.contains(id));
    }
}

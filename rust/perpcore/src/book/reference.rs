//! The obvious store: ordered maps, one key a promise. What the fast one does must be what this one does.

use super::store::{Level, Life, Order, Places, Slot, Store, serial_of, slot_of};
use crate::message::{Class, NOBODY, Side};
use std::collections::BTreeMap;

/// Where an order stands on its side: how far its price is from the best possible, whether it is behind the clients, and
/// when it came.
type Rank = (i64, bool, u64);

/// Orders in ordered maps.
#[derive(Clone, Debug, Default)]
pub struct Reference {
    places: Places,
    orders: BTreeMap<Slot, Kept>,
    sides: [BTreeMap<Rank, Slot>; 2],
    /// By account and serial number.
    accounts: BTreeMap<(u32, u64), Slot>,
    /// By serial number.
    ages: BTreeMap<u64, Slot>,
    arrivals: u64,
}

#[derive(Clone, Debug)]
struct Kept {
    order: Order,
    life: Life,
    rank: Rank,
}

/// Rises from the best price of a side to the worst.
fn badness(side: Side, price: i64) -> i64 {
    -side.sign() * price
}

impl Reference {
    fn kept(&self, slot: Slot) -> &Kept {
        &self.orders[&slot]
    }

    fn change(&mut self, slot: Slot, with: impl FnOnce(&mut Kept)) {
        if let Some(kept) = self.orders.get_mut(&slot) {
            with(kept);
        }
    }
}

impl Store for Reference {
    fn new() -> Self {
        Reference::default()
    }

    fn reserve(&mut self) -> Slot {
        self.places.take()
    }

    fn release(&mut self, slot: Slot) {
        self.places.give(slot);
    }

    fn add(&mut self, slot: Slot, order: Order, life: Life) {
        let serial = serial_of(order.id);
        if order.account != NOBODY {
            self.accounts.insert((order.account, serial), slot);
        }
        self.ages.insert(serial, slot);
        self.orders.insert(slot, Kept { order, life, rank: (0, false, 0) });
    }

    fn remove(&mut self, slot: Slot) {
        if let Some(Kept { order, .. }) = self.orders.remove(&slot) {
            self.accounts.remove(&(order.account, serial_of(order.id)));
            self.ages.remove(&serial_of(order.id));
        }
    }

    fn find(&self, id: u64) -> Option<Slot> {
        let slot = slot_of(id);
        self.orders.get(&slot).filter(|kept| kept.order.id == id).map(|_| slot)
    }

    fn order(&self, slot: Slot) -> &Order {
        &self.kept(slot).order
    }

    fn life(&self, slot: Slot) -> Life {
        self.kept(slot).life
    }

    fn rest(&mut self, slot: Slot, price: i64) {
        self.arrivals += 1;
        let arrival = self.arrivals;
        let Order { side, class, .. } = self.kept(slot).order;
        let rank = (badness(side, price), class == Class::AffiliatedMarketMaker, arrival);
        self.sides[side as usize].insert(rank, slot);
        self.change(slot, |kept| {
            kept.rank = rank;
            kept.order.price = price;
            kept.order.flags = kept.order.flags.rests(true);
        });
    }

    fn unrest(&mut self, slot: Slot) {
        let Kept { order, rank, .. } = self.kept(slot);
        let (side, rank) = (order.side, *rank);
        self.sides[side as usize].remove(&rank);
        self.change(slot, |kept| kept.order.flags = kept.order.flags.rests(false));
    }

    fn resize(&mut self, slot: Slot, left: i64, filled: i64) {
        self.change(slot, |kept| (kept.order.left, kept.order.filled) = (left, filled));
    }

    fn reprice(&mut self, slot: Slot, price: i64) {
        self.change(slot, |kept| kept.order.price = price);
    }

    fn best(&self, side: Side) -> Option<i64> {
        self.first(side).map(|slot| self.order(slot).price)
    }

    fn first(&self, side: Side) -> Option<Slot> {
        self.sides[side as usize].first_key_value().map(|(_, slot)| *slot)
    }

    fn first_at(&self, side: Side, price: i64) -> Option<Slot> {
        let orders = &self.sides[side as usize];
        orders.range((badness(side, price), false, 0)..).next().map(|(_, slot)| *slot)
    }

    fn after(&self, slot: Slot) -> Option<Slot> {
        use std::ops::Bound::{Excluded, Unbounded};
        let Kept { order, rank, .. } = self.kept(slot);
        let mut behind = self.sides[order.side as usize].range((Excluded(*rank), Unbounded));
        behind.next().map(|(_, slot)| *slot)
    }

    fn level(&self, side: Side, after: Option<i64>) -> Option<Level> {
        let from = after.map_or(i64::MIN, |price| badness(side, price) + 1);
        let orders = &self.sides[side as usize];
        let (&(worse, ..), slot) = orders.range((from, false, 0)..).next()?;
        let mut level = Level { price: self.order(*slot).price, lots: 0, orders: 0 };
        for slot in orders.range((worse, false, 0)..(worse + 1, false, 0)).map(|(_, slot)| slot) {
            level.lots += self.order(*slot).left;
            level.orders += 1;
        }
        Some(level)
    }

    fn newest(&self, account: u32) -> Option<Slot> {
        self.accounts.range((account, 0)..=(account, u64::MAX)).next_back().map(|(_, slot)| *slot)
    }

    fn older(&self, slot: Slot) -> Option<Slot> {
        let Order { account, id, .. } = self.kept(slot).order;
        self.accounts.range((account, 0)..(account, serial_of(id))).next_back().map(|(_, slot)| *slot)
    }

    fn oldest(&self) -> Option<Slot> {
        self.ages.first_key_value().map(|(_, slot)| *slot)
    }

    fn younger(&self, slot: Slot) -> Option<Slot> {
        let serial = serial_of(self.order(slot).id);
        self.ages.range(serial + 1..).next().map(|(_, slot)| *slot)
    }

    fn len(&self) -> usize {
        self.orders.len()
    }
}

//! The fast store: orders in a slab, threaded by links through the queue of their price, through their account and
//! through time; prices in a ladder a side ([`ladder`]). Nothing is hashed, and nothing is allocated but to grow.

mod ladder;

use super::store::{Flags, Level, Life, Order, Places, Slot, Store, slot_of};
use crate::message::{Class, NOBODY, Side};
use ladder::Ladder;

/// No place.
const NONE: Slot = Slot::MAX;

/// An order with its neighbors: one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Kept {
    order: Order,
    /// Before and behind it in the queue of its class at its price.
    ahead: Slot,
    behind: Slot,
    /// Of the same account, accepted before and after it.
    older: Slot,
    newer: Slot,
}

const _: () = assert!(size_of::<Kept>() == 64);

/// What is seldom read of an order, and its neighbors among all by age.
#[derive(Clone, Copy, Debug)]
struct Cold {
    life: Life,
    older: Slot,
    newer: Slot,
}

/// Two ends of a list.
#[derive(Clone, Copy, Debug)]
struct Ends {
    first: Slot,
    last: Slot,
}

impl Ends {
    const EMPTY: Ends = Ends { first: NONE, last: NONE };
}

/// What stands at one price: clients, then an affiliated market maker.
#[derive(Clone, Copy, Debug)]
struct Queue {
    lots: i64,
    ends: [Ends; 2],
    orders: u32,
}

impl Queue {
    const EMPTY: Queue = Queue { lots: 0, ends: [Ends::EMPTY; 2], orders: 0 };

    #[inline(always)]
    fn first(&self) -> Slot {
        if self.ends[0].first != NONE { self.ends[0].first } else { self.ends[1].first }
    }
}

/// Orders in a slab.
#[derive(Clone, Debug)]
pub struct Fast {
    places: Places,
    slab: Vec<Kept>,
    cold: Vec<Cold>,
    /// The newest order of each account.
    accounts: Vec<Slot>,
    /// All orders by age.
    ages: Ends,
    sides: [Ladder; 2],
    orders: usize,
}

impl Fast {
    /// Makes an order the newest of its account, and says which was.
    #[inline(always)]
    fn lead(&mut self, account: u32, slot: Slot) -> Slot {
        let account = account as usize;
        if account >= self.accounts.len() {
            self.accounts.resize(account + 1, NONE);
        }
        let older = std::mem::replace(&mut self.accounts[account], slot);
        if older != NONE {
            self.slab[older as usize].newer = slot;
        }
        older
    }

    /// Room up to a place.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, slot: Slot) {
        let length = slot as usize + 1;
        self.slab.resize(length, FREE);
        self.cold.resize(length, Cold { life: Life { time: 0, until: 0 }, older: NONE, newer: NONE });
    }
}

/// What stands at a place where no order is.
const FREE: Kept = Kept {
    order: Order {
        id: 0,
        price: 0,
        left: 0,
        filled: 0,
        account: NOBODY,
        group: NOBODY,
        client: 0,
        side: Side::Bid,
        class: Class::Professional,
        flags: Flags::NONE,
    },
    ahead: NONE,
    behind: NONE,
    older: NONE,
    newer: NONE,
};

/// The queue of an order's class.
#[inline(always)]
fn class_of(order: &Order) -> usize {
    usize::from(order.class == Class::AffiliatedMarketMaker)
}

/// Rises from the worst price of a side to the best.
#[inline(always)]
fn key(side: Side, price: i64) -> i64 {
    side.sign() * price
}

impl Store for Fast {
    fn new() -> Self {
        Fast {
            places: Places::default(),
            slab: Vec::new(),
            cold: Vec::new(),
            accounts: Vec::new(),
            ages: Ends::EMPTY,
            sides: [Ladder::new(), Ladder::new()],
            orders: 0,
        }
    }

    #[inline(always)]
    fn reserve(&mut self) -> Slot {
        self.places.take()
    }

    #[inline(always)]
    fn release(&mut self, slot: Slot) {
        self.places.give(slot);
    }

    #[inline(always)]
    fn add(&mut self, slot: Slot, order: Order, life: Life) {
        let older = if order.account == NOBODY { NONE } else { self.lead(order.account, slot) };
        let before = std::mem::replace(&mut self.ages.last, slot);
        match before {
            NONE => self.ages.first = slot,
            before => self.cold[before as usize].newer = slot,
        }
        if slot as usize >= self.slab.len() {
            self.grow(slot);
        }
        self.slab[slot as usize] = Kept { order, ahead: NONE, behind: NONE, older, newer: NONE };
        self.cold[slot as usize] = Cold { life, older: before, newer: NONE };
        self.orders += 1;
    }

    #[inline(always)]
    fn remove(&mut self, slot: Slot) {
        let kept = &mut self.slab[slot as usize];
        kept.order.id = 0;
        let Kept { order, older, newer, .. } = *kept;
        if order.account != NOBODY {
            match newer {
                NONE => self.accounts[order.account as usize] = older,
                newer => self.slab[newer as usize].older = older,
            }
            if older != NONE {
                self.slab[older as usize].newer = newer;
            }
        }
        let Cold { older, newer, .. } = self.cold[slot as usize];
        match older {
            NONE => self.ages.first = newer,
            older => self.cold[older as usize].newer = newer,
        }
        match newer {
            NONE => self.ages.last = older,
            newer => self.cold[newer as usize].older = older,
        }
        self.orders -= 1;
    }

    #[inline(always)]
    fn find(&self, id: u64) -> Option<Slot> {
        let slot = slot_of(id);
        self.slab.get(slot as usize).filter(|kept| id != 0 && kept.order.id == id).map(|_| slot)
    }

    #[inline(always)]
    fn order(&self, slot: Slot) -> &Order {
        &self.slab[slot as usize].order
    }

    fn life(&self, slot: Slot) -> Life {
        self.cold[slot as usize].life
    }

    #[inline(always)]
    fn rest(&mut self, slot: Slot, price: i64) {
        let kept = &mut self.slab[slot as usize];
        kept.order.price = price;
        kept.order.flags = kept.order.flags.rests(true);
        let (side, class, left) = (kept.order.side, class_of(&kept.order), kept.order.left);
        let queue = self.sides[side as usize].enter(key(side, price));
        queue.lots += left;
        queue.orders += 1;
        let ends = &mut queue.ends[class];
        let ahead = std::mem::replace(&mut ends.last, slot);
        (kept.ahead, kept.behind) = (ahead, NONE);
        match ahead {
            NONE => ends.first = slot,
            ahead => self.slab[ahead as usize].behind = slot,
        }
    }

    #[inline(always)]
    fn unrest(&mut self, slot: Slot) {
        let kept = &mut self.slab[slot as usize];
        kept.order.flags = kept.order.flags.rests(false);
        let Kept { order, ahead, behind, .. } = *kept;
        if ahead != NONE {
            self.slab[ahead as usize].behind = behind;
        }
        if behind != NONE {
            self.slab[behind as usize].ahead = ahead;
        }
        let key = key(order.side, order.price);
        let ladder = &mut self.sides[order.side as usize];
        let queue = ladder.queue(key);
        queue.lots -= order.left;
        queue.orders -= 1;
        let ends = &mut queue.ends[class_of(&order)];
        if ahead == NONE {
            ends.first = behind;
        }
        if behind == NONE {
            ends.last = ahead;
        }
        if queue.orders == 0 {
            ladder.leave(key);
        }
    }

    #[inline(always)]
    fn resize(&mut self, slot: Slot, left: i64, filled: i64) {
        let order = &mut self.slab[slot as usize].order;
        let less = order.left - left;
        (order.left, order.filled) = (left, filled);
        if order.flags.resting() {
            self.sides[order.side as usize].queue(key(order.side, order.price)).lots -= less;
        }
    }

    fn reprice(&mut self, slot: Slot, price: i64) {
        self.slab[slot as usize].order.price = price;
    }

    #[inline(always)]
    fn best(&self, side: Side) -> Option<i64> {
        self.sides[side as usize].best().map(|best| key(side, best))
    }

    #[inline(always)]
    fn first(&self, side: Side) -> Option<Slot> {
        let ladder = &self.sides[side as usize];
        ladder.best().map(|best| ladder.see(best).first())
    }

    fn first_at(&self, side: Side, price: i64) -> Option<Slot> {
        Some(self.sides[side as usize].see(key(side, price)).first()).filter(|slot| *slot != NONE)
    }

    fn after(&self, slot: Slot) -> Option<Slot> {
        let Kept { order, behind, .. } = &self.slab[slot as usize];
        if *behind != NONE {
            return Some(*behind);
        }
        let (ladder, key) = (&self.sides[order.side as usize], key(order.side, order.price));
        if class_of(order) == 0 && ladder.see(key).ends[1].first != NONE {
            return Some(ladder.see(key).ends[1].first);
        }
        ladder.below(key).map(|next| ladder.see(next).first())
    }

    fn level(&self, side: Side, after: Option<i64>) -> Option<Level> {
        let ladder = &self.sides[side as usize];
        let found = match after {
            None => ladder.best()?,
            Some(price) => ladder.below(key(side, price))?,
        };
        let Queue { lots, orders, .. } = *ladder.see(found);
        Some(Level { price: key(side, found), lots, orders })
    }

    #[inline(always)]
    fn newest(&self, account: u32) -> Option<Slot> {
        self.accounts.get(account as usize).copied().filter(|slot| *slot != NONE)
    }

    #[inline(always)]
    fn older(&self, slot: Slot) -> Option<Slot> {
        Some(self.slab[slot as usize].older).filter(|slot| *slot != NONE)
    }

    #[inline(always)]
    fn oldest(&self) -> Option<Slot> {
        Some(self.ages.first).filter(|slot| *slot != NONE)
    }

    fn younger(&self, slot: Slot) -> Option<Slot> {
        Some(self.cold[slot as usize].newer).filter(|slot| *slot != NONE)
    }

    fn len(&self) -> usize {
        self.orders
    }
}

//! Both stores hold the same under random changes whose prices jump so far that the fast one's window moves up and down.

#![expect(clippy::expect_used, reason = "a test")]

#[path = "book/setting.rs"]
mod setting;
#[path = "book/stream.rs"]
mod stream;

use perpcore::book::fast::Fast;
use perpcore::book::reference::Reference;
use perpcore::book::store::{Flags, Level, Life, Order, Slot, Store, id_of};
use perpcore::message::{Class, Side, Stp};
use std::collections::BTreeMap;
use stream::Random;

/// How many ticks the fast store's window has.
const TICKS: i64 = 1 << 16;

struct Both {
    fast: Fast,
    reference: Reference,
    living: Vec<Slot>,
    /// Lots and orders at a side's price.
    plain: [BTreeMap<i64, (i64, u32)>; 2],
    serial: u64,
}

impl Both {
    fn each<T: PartialEq + std::fmt::Debug>(
        &mut self,
        fast: impl Fn(&mut Fast) -> T,
        slow: impl Fn(&mut Reference) -> T,
    ) -> T {
        let found = fast(&mut self.fast);
        assert_eq!(found, slow(&mut self.reference));
        found
    }

    fn count(&mut self, order: &Order, lots: i64, orders: i32) {
        let level = self.plain[order.side as usize].entry(order.price).or_default();
        *level = (level.0 + lots, level.1.wrapping_add_signed(orders));
        if level.1 == 0 {
            self.plain[order.side as usize].remove(&order.price);
        }
    }

    /// Moves every price to the same multiple of it, or to a part of it where all are, as a change of the tick does.
    fn rescale(&mut self, random: &mut Random) {
        let factor = random.pick(&[2, 3, 10]);
        let parts = self.plain.iter().flat_map(BTreeMap::keys).all(|price| price % factor == 0);
        let of = |price: i64| if parts { price / factor } else { price * factor };
        for side in [Side::Bid, Side::Ask] {
            let slots = self.each(|store| slots(store, side), |store| slots(store, side));
            for slot in &slots {
                self.each(|store| store.unrest(*slot), |store| store.unrest(*slot));
            }
            for slot in &slots {
                let price = of(self.reference.order(*slot).price);
                self.each(|store| store.rest(*slot, price), |store| store.rest(*slot, price));
            }
            let plain = std::mem::take(&mut self.plain[side as usize]);
            self.plain[side as usize] = plain.into_iter().map(|(price, level)| (of(price), level)).collect();
        }
    }

    /// What both say of everything that rests, against a plain count.
    fn compare(&self, random: &mut Random) {
        for side in [Side::Bid, Side::Ask] {
            let plain: Vec<(i64, (i64, u32))> = {
                let of = self.plain[side as usize].iter().map(|(price, level)| (*price, *level));
                if side == Side::Bid { of.rev().collect() } else { of.collect() }
            };
            let (fast, slow) = (levels(&self.fast, side), levels(&self.reference, side));
            assert_eq!(fast, plain, "the fast one");
            assert_eq!(slow, plain, "the reference");
            assert_eq!(self.fast.best(side), plain.first().map(|(price, _)| *price));
            assert_eq!(queue(&self.fast, side), queue(&self.reference, side));
            for (price, _) in plain.iter().take(5) {
                assert_eq!(self.fast.first_at(side, *price), self.reference.first_at(side, *price));
            }
            // Behind any price, occupied or not.
            for _ in 0..4 {
                let price = 1 + random.below(20 * TICKS);
                assert_eq!(
                    self.fast.level(side, Some(price)),
                    self.reference.level(side, Some(price)),
                    "behind {price}"
                );
            }
        }
    }
}

fn levels<S: Store>(store: &S, side: Side) -> Vec<(i64, (i64, u32))> {
    let next = |level: &Level| store.level(side, Some(level.price));
    std::iter::successors(store.level(side, None), next)
        .map(|level| (level.price, (level.lots, level.orders)))
        .collect()
}

fn slots<S: Store>(store: &S, side: Side) -> Vec<Slot> {
    std::iter::successors(store.first(side), |slot| store.after(*slot)).collect()
}

fn queue<S: Store>(store: &S, side: Side) -> Vec<u64> {
    slots(store, side).into_iter().map(|slot| store.order(slot).id).collect()
}

fn run(seed: u64, steps: usize, crowd: usize) {
    let mut random = Random::new(seed);
    let mut both = Both {
        fast: Fast::new(),
        reference: Reference::new(),
        living: Vec::new(),
        plain: Default::default(),
        serial: 0,
    };
    let mut around = 10 * TICKS;
    for step in 0..steps {
        if random.percent(2) {
            // Up to ten windows away.
            around = 1 + random.below(20 * TICKS);
        }
        let price = (around
            + match random.below(10) {
                0 => random.below(20 * TICKS) - 10 * TICKS,
                1 => random.pick(&[TICKS, TICKS - 1, TICKS + 1, TICKS / 2, TICKS / 4]) * random.pick(&[1, -1]),
                2..5 => random.below(2 * TICKS) - TICKS,
                _ => random.below(200) - 100,
            })
        .max(1);
        let draining = step / (4 * crowd) % 2 == 1;
        let add = if draining { 25 } else { 60 };
        if both.living.is_empty() || random.percent(add) {
            let slot = both.each(Store::reserve, Store::reserve);
            both.serial += 1;
            let order = Order {
                id: id_of(both.serial, slot),
                price,
                left: 1 + random.below(50),
                filled: 0,
                account: random.below(5) as u32,
                group: 0,
                client: 0,
                side: random.pick(&[Side::Bid, Side::Ask]),
                class: random.pick(&[Class::Professional, Class::AffiliatedMarketMaker]),
                flags: Flags::new(false, false, None, Stp::Taker),
            };
            let life = Life { time: step as i64, until: i64::MAX };
            both.each(|store| store.add(slot, order, life), |store| store.add(slot, order, life));
            both.each(|store| store.rest(slot, price), |store| store.rest(slot, price));
            both.count(&order, order.left, 1);
            both.living.push(slot);
        } else {
            let at = random.below(both.living.len() as i64) as usize;
            let slot = match random.below(4) {
                // The best, so that the window empties.
                0 | 1 => both.fast.first(random.pick(&[Side::Bid, Side::Ask])).unwrap_or(both.living[at]),
                _ => both.living[at],
            };
            let order = both.each(|store| *store.order(slot), |store| *store.order(slot));
            match random.below(4) {
                0 => {
                    let left = 1 + random.below(50);
                    both.each(|store| store.resize(slot, left, 3), |store| store.resize(slot, left, 3));
                    both.count(&order, left - order.left, 0);
                }
                1 => {
                    both.each(|store| store.unrest(slot), |store| store.unrest(slot));
                    both.count(&order, -order.left, -1);
                    both.each(|store| store.rest(slot, price), |store| store.rest(slot, price));
                    both.count(&Order { price, ..order }, order.left, 1);
                }
                _ => {
                    both.each(|store| store.unrest(slot), |store| store.unrest(slot));
                    both.count(&order, -order.left, -1);
                    both.each(|store| store.remove(slot), |store| store.remove(slot));
                    both.each(|store| store.release(slot), |store| store.release(slot));
                    both.each(|store| store.find(order.id), |store| store.find(order.id));
                    both.living.retain(|living| *living != slot);
                }
            }
        }
        if step % 512 == 511 {
            both.rescale(&mut random);
        }
        both.compare(&mut random);
        assert_eq!(both.fast.len(), both.living.len());
        let account = random.below(5) as u32;
        let slow: Vec<Slot> =
            std::iter::successors(both.reference.newest(account), |slot| both.reference.older(*slot)).collect();
        let fast: Vec<Slot> = std::iter::successors(both.fast.newest(account), |slot| both.fast.older(*slot)).collect();
        assert_eq!(fast, slow, "the orders of an account");
        if step % 16 == 0 {
            let slow: Vec<Slot> =
                std::iter::successors(both.reference.oldest(), |slot| both.reference.younger(*slot)).collect();
            let fast: Vec<Slot> = std::iter::successors(both.fast.oldest(), |slot| both.fast.younger(*slot)).collect();
            assert_eq!(fast, slow, "all by age");
        }
        if let Some(slot) = both.living.first() {
            let expected = both.reference.order(*slot);
            assert_eq!(both.fast.find(expected.id).expect("it lives"), *slot);
        }
    }
}

#[test]
fn both_stores_hold_the_same_while_the_window_jumps() {
    let seeds = if std::env::var_os("PERPCORE_SOAK").is_some() { 200 } else { 8 };
    for seed in 1..=seeds {
        // Few orders empty the window often, many fill the map of what is far.
        run(seed, 4_000, if seed % 2 == 0 { 6 } else { 60 });
    }
}

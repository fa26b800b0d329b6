//! What can be asked of a book.

use super::Book;
use super::accounts::Account;
use super::store::{Level, Life, Order, Slot, Store};
use super::terms::Terms;
use crate::message::{ClientId, Named, Phase, Side, Trigger};

/// An order of a book, with its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rested {
    /// The order.
    pub order: Order,
    /// Its times.
    pub life: Life,
    /// What it waits for.
    pub trigger: Option<Trigger>,
    /// Whether it has no limit of its own.
    pub market: bool,
}

/// What stands before an order in its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// Orders at its price that trade before it.
    pub orders: u32,
    /// What is left of them, in lots.
    pub lots: i64,
}

/// An order that comes: for which position, how many lots, and in whose place; 0 for none.
#[derive(Clone, Copy, Debug)]
pub struct Comes {
    /// Whether it is for the isolated position.
    pub isolated: bool,
    /// What would be left of it.
    pub lots: i64,
    /// The order in whose place it comes.
    pub replaces: u64,
}

impl<S: Store> Book<S> {
    /// What holds for the book.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The phase.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The best level of a side.
    pub fn best(&self, side: Side) -> Option<Level> {
        self.store.level(side, None)
    }

    /// The levels of a side, the best first.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = Level> {
        std::iter::successors(self.best(side), move |level| self.store.level(side, Some(level.price)))
    }

    /// The resting orders of a side, in the order in which they would trade.
    pub fn resting(&self, side: Side) -> impl Iterator<Item = Rested> {
        std::iter::successors(self.store.first(side), |slot| self.store.after(*slot)).map(|slot| self.at(slot))
    }

    /// The orders of an account, those that wait for a trigger too, the newest first.
    pub fn orders_of(&self, account: u32) -> impl Iterator<Item = Rested> {
        std::iter::successors(self.store.newest(account), |slot| self.store.older(*slot)).map(|slot| self.at(slot))
    }

    /// Whether an account's id of an order is remembered at a time, or its order lives.
    pub fn remembers(&self, account: u32, id: &ClientId<'_>, time: i64) -> bool {
        let forgotten = time.saturating_sub(self.terms.client_window);
        self.clients.remembers(account, id, forgotten, |order| self.store.find(order).is_some())
    }

    /// The orders of an account that rest, the newest first.
    #[inline(always)]
    pub fn resting_of(&self, account: u32) -> impl Iterator<Item = &Order> {
        let slots = std::iter::successors(self.store.newest(account), |slot| self.store.older(*slot));
        slots.map(|slot| self.store.order(slot)).filter(|order| order.flags.resting())
    }

    /// What rests of an account's orders on a side that may add to a position, but for one, in lots.
    pub(crate) fn adding(&self, account: u32, side: Side, isolated: bool, but: u64) -> i64 {
        let adds = |order: &&Order| {
            let flags = order.flags;
            order.side == side && flags.isolated() == isolated && !flags.reduce_only() && order.id != but
        };
        self.resting_of(account).filter(adds).map(|order| order.left).sum()
    }

    /// What is left of all orders on a side, but for one, in lots.
    fn adds(&self, account: u32, side: Side, isolated: bool, but: u64) -> i128 {
        let adds = |of: &Rested| {
            let Order { flags, id, side: of_side, .. } = of.order;
            of_side == side && flags.isolated() == isolated && id != but
        };
        self.orders_of(account).filter(adds).map(|of| i128::from(of.order.left)).sum()
    }

    /// What the limits of positions count of an account on a side, in lots: what it holds, cross and isolated, with its orders,
    /// and one that comes in place of another. Cross and isolated positions do not close each other, so each counts by itself
    /// with its orders; what only reduces counts too: whichever trades first, the position stays within it.
    pub fn counted(&self, account: u32, side: Side, held: [i64; 2], comes: Option<Comes>) -> i128 {
        let [cross, isolated] = held.map(|held| i128::from(side.sign() * held));
        let but = comes.map_or(0, |comes| comes.replaces);
        let more = |of: bool| comes.filter(|comes| comes.isolated == of).map_or(0, |comes| i128::from(comes.lots));
        let known = self.accounts.get(account);
        if isolated == 0 && known.isolated == 0 && !comes.is_some_and(|comes| comes.isolated) {
            return cross + i128::from(known.open[side as usize]) - i128::from(self.left_of(but)) + more(false);
        }
        let by_itself = |held: i128, of: bool| (held + self.adds(account, side, of, but) + more(of)).max(0);
        by_itself(cross, false) + by_itself(isolated, true)
    }

    /// What is left of a living order, in lots.
    pub fn left_of(&self, order: u64) -> i64 {
        self.store.find(order).map_or(0, |slot| self.store.order(slot).left)
    }

    /// The limit of a living order in g.
    pub(crate) fn limit_of(&self, order: u64) -> Option<i64> {
        self.store.find(order).map(|slot| self.terms.tick.value(self.store.order(slot).price))
    }

    /// Whether a living order may only reduce.
    pub fn only_reduces(&self, order: u64) -> bool {
        self.store.find(order).is_some_and(|slot| self.store.order(slot).flags.reduce_only())
    }

    /// How many trades there were, and the price of the last one in g.
    pub fn last_trade(&self) -> (u64, i64) {
        (self.trades, self.last)
    }

    /// A living order.
    pub fn order(&self, order: &Named<'_>) -> Option<Rested> {
        self.named(order, None).map(|slot| self.at(slot))
    }

    /// How many orders there are.
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.store.is_empty()
    }

    /// What the book knows of an account.
    pub fn account(&self, account: u32) -> Account {
        self.accounts.get(account)
    }

    /// What stands before a resting order at its price; none where it does not rest.
    pub fn queue_position(&self, order: &Named<'_>) -> Option<Ahead> {
        let slot = self.named(order, None).filter(|slot| self.store.order(*slot).flags.resting())?;
        let Order { side, price, .. } = *self.store.order(slot);
        let mut ahead = Ahead { orders: 0, lots: 0 };
        let queue = std::iter::successors(self.store.first_at(side, price), |slot| self.store.after(*slot));
        for before in queue.take_while(|at| *at != slot) {
            ahead.orders += 1;
            ahead.lots += self.store.order(before).left;
        }
        Some(ahead)
    }

    pub(super) fn at(&self, slot: Slot) -> Rested {
        let order = *self.store.order(slot);
        let waits = self.triggers.get(order.id);
        let (trigger, market) = (waits.map(|waits| waits.trigger), waits.is_some_and(|waits| waits.market));
        Rested { order, life: self.store.life(slot), trigger, market }
    }
}

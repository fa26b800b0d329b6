//! Orders that wait for a price (`book.trigger`): stops and take-profits. When the watched price reaches the trigger, the
//! order comes as an incoming one does, at its limit or at the edge of the collar. What it trades may reach further
//! triggers; of one command at most [`CASCADE`] fire, the others at the next one.

use super::Turn;
use super::matching::Taker;
use super::owner::{Asked, Owner};
use super::store::{Slot, Store};
use crate::fault::Code;
use crate::message::{Kind, NOBODY, Refusal, Tif, Trigger, TriggerBy, TriggerWhen, Word};
use std::collections::BTreeMap;

/// How many triggers fire for one command.
const CASCADE: usize = 1_000;

/// An order that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) slot: Slot,
    pub(super) trigger: Trigger,
    pub(super) tif: Tif,
    /// Whether it has no limit of its own.
    pub(super) market: bool,
    liquidation: bool,
}

/// All orders that wait.
#[derive(Clone, Debug, Default)]
pub(super) struct Triggers {
    orders: BTreeMap<u64, Waiting>,
    /// By watched price and direction: the next to be reached first, of equals the one accepted first.
    queues: [[BTreeMap<(i64, u64), ()>; 2]; 3],
}

/// Rises as the watched price goes on.
fn distance(trigger: &Trigger) -> i64 {
    match trigger.when {
        TriggerWhen::AtOrAbove => trigger.price,
        TriggerWhen::AtOrBelow => -trigger.price,
    }
}

impl Triggers {
    pub(super) fn get(&self, order: u64) -> Option<&Waiting> {
        if self.orders.is_empty() { None } else { self.orders.get(&order) }
    }

    /// All orders that wait, as they were accepted.
    pub(super) fn all(&self) -> impl Iterator<Item = (&u64, &Waiting)> {
        self.orders.iter()
    }

    fn add(&mut self, order: u64, waiting: Waiting) {
        let Trigger { by, when, .. } = waiting.trigger;
        self.queues[by as usize][when as usize].insert((distance(&waiting.trigger), order), ());
        self.orders.insert(order, waiting);
    }

    pub(super) fn remove(&mut self, order: u64) -> Option<Waiting> {
        let waiting = self.orders.remove(&order)?;
        let Trigger { by, when, .. } = waiting.trigger;
        self.queues[by as usize][when as usize].remove(&(distance(&waiting.trigger), order));
        Some(waiting)
    }

    /// The first order whose trigger a price has reached.
    fn due(&self, by: TriggerBy, price: i64) -> Option<u64> {
        let reached = |when: TriggerWhen| {
            let (&(at, order), ()) = self.queues[by as usize][when as usize].first_key_value()?;
            let price = if when == TriggerWhen::AtOrAbove { price } else { -price };
            (at <= price).then_some(order)
        };
        reached(TriggerWhen::AtOrAbove).or_else(|| reached(TriggerWhen::AtOrBelow))
    }
}

impl<S: Store, O: Owner> Turn<'_, S, O> {
    /// Lets an order wait for its trigger.
    #[cold]
    pub(super) fn park(&mut self, taker: Taker, trigger: Trigger) {
        // A market order has no limit before it fires.
        let order = taker.shown();
        let Taker { slot, life, tif, market, liquidation, .. } = taker;
        self.book.store.add(slot, order, life);
        self.book.accounts.opened(&order);
        self.lives(slot, life);
        self.book.triggers.add(order.id, Waiting { slot, trigger, tif, market, liquidation });
    }

    /// Carries out what was triggered.
    #[inline(always)]
    pub(super) fn cascade(&mut self) {
        if self.book.triggers.orders.is_empty() || !self.matches() {
            return;
        }
        for _ in 0..CASCADE {
            let book = &*self.book;
            let watched = [book.mark, book.index, book.last];
            let prices = TriggerBy::ALL.iter().zip(watched).filter(|(_, price)| *price != 0);
            let due = prices.filter_map(|(by, price)| book.triggers.due(*by, price)).next();
            match due.and_then(|order| self.book.triggers.remove(order)) {
                Some(waiting) => self.fire(waiting),
                None => return,
            }
        }
    }

    /// Whether the owner lets an order trade that waited.
    fn admits(&mut self, order: &super::Order) -> Result<(), Refusal> {
        let super::Order { account, side, left, price, flags, .. } = *order;
        self.owner.admits_phase()?;
        if account == NOBODY {
            return Ok(());
        }
        let (reduce_only, isolated) = (flags.reduce_only(), flags.isolated());
        let asked = Asked {
            account,
            side,
            lots: left,
            price,
            reduce_only,
            isolated,
            replaces: 0,
            waits: false,
            is_more: false,
        };
        self.owner.admits_account(&*self.book, &asked)?;
        self.owner.admits_margin(&*self.book, &asked)
    }

    #[cold]
    fn fire(&mut self, waiting: Waiting) {
        let Waiting { slot, tif, market, liquidation, .. } = waiting;
        let (order, life) = (*self.book.store.order(slot), self.book.store.life(slot));
        self.book.accounts.closed(&order);
        self.say_of(Kind::Triggered, &order, order.left).price = waiting.trigger.price;
        let mut taker = Taker { order, slot, stored: true, life, tif, market, liquidation };
        let edge = self.edge(order.side);
        let fits = if market {
            taker.order.price = edge;
            self.fits(&mut taker)
        } else if super::meets(order.side, edge, order.price) {
            self.fits(&mut taker)
        } else {
            Err(Code::OutsideCollar.into())
        };
        match fits.and_then(|()| self.admits(&taker.order)) {
            Ok(()) => self.run(taker),
            Err(why) => {
                self.depart(&taker);
                self.say_of(Kind::Canceled, &order, order.left).code = Some(why.code);
            }
        }
        if self.book.store.find(order.id).is_none() {
            self.book.clients.ended(order.id);
        }
    }
}

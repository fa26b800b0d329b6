//! An incoming order trades with what rests opposite, best first (`book.match`), and never with its own group (`book.stp`).

use super::owner::{Fill, Owner, Refused};
use super::store::{Life, Order, Slot, Store};
use super::{Turn, meets};
use crate::fault::Code;
use crate::message::{Aggressor, Kind, NOBODY, Side, Stp, Tif};

/// An order before it rests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taker {
    pub(super) order: Order,
    /// The place that is reserved for it.
    pub(super) slot: Slot,
    /// Whether it waited there: then it keeps its age.
    pub(super) stored: bool,
    pub(super) life: Life,
    pub(super) tif: Tif,
    /// Whether its limit is the edge of the collar.
    pub(super) market: bool,
    /// Whether what is of its own group gives way.
    pub(super) liquidation: bool,
}

impl Taker {
    /// As it is said in events: a market order without the edge that it goes to.
    #[inline(always)]
    pub(super) fn shown(&self) -> Order {
        if self.market { Order { price: 0, ..self.order } } else { self.order }
    }

    pub(super) fn stp(&self) -> Stp {
        if self.liquidation { Stp::Maker } else { self.order.flags.stp() }
    }
}

/// Why an incoming order trades no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// Nothing is left of it.
    Filled,
    /// What rests opposite is beyond its limit.
    OutOfReach,
    /// For a reason that ends it.
    By(Code),
}

/// Whether two orders are of one beneficial-owner group.
#[inline(always)]
pub(super) fn same_group(a: &Order, b: &Order) -> bool {
    a.group == b.group && a.group != NOBODY
}

impl<S: Store, O: Owner> Turn<'_, S, O> {
    /// Trades as far as the limit goes.
    #[inline(always)]
    pub(super) fn sweep(&mut self, taker: &mut Taker) -> Stopped {
        let (side, limit) = (taker.order.side, taker.order.price);
        loop {
            if taker.order.left == 0 {
                return Stopped::Filled;
            }
            let Some(slot) = self.book.store.first(side.opposite()) else { return Stopped::OutOfReach };
            let maker = *self.book.store.order(slot);
            if !meets(side, limit, maker.price) {
                return Stopped::OutOfReach;
            }
            if same_group(&taker.order, &maker) {
                let (left, code) = self.meet_own(*taker, slot);
                taker.order.left = left;
                if let Some(code) = code {
                    return Stopped::By(code);
                }
                continue;
            }
            let lots = taker.order.left.min(maker.left);
            let fill = fill_of(&taker.order, &maker, lots, maker.price);
            if let Some(refused) = self.owner.refuses(&*self.book, &fill) {
                // Who may not trade does not clear the way of others.
                if refused != Refused::Taker {
                    self.end(slot, Kind::Canceled, Code::FillRefused);
                }
                return Stopped::By(Code::FillRefused);
            }
            taker.order.left -= lots;
            taker.order.filled += lots;
            let aggressor = if side == Side::Bid { Aggressor::Bid } else { Aggressor::Ask };
            self.trade(&taker.order, slot, &maker, &fill, aggressor);
            if self.book.accounts.get(taker.order.account).reducing != 0 {
                self.cut(taker.order.account, taker.order.flags.isolated());
            }
        }
    }

    /// Makes a trade: says it, tells the owner, and takes it off the resting order.
    #[inline(always)]
    pub(super) fn trade(&mut self, taker: &Order, slot: Slot, maker: &Order, fill: &Fill, aggressor: Aggressor) {
        let book = &mut *self.book;
        book.trades += 1;
        book.last = book.terms.tick.value(fill.price);
        let (trade, price) = (book.trades, book.last);
        self.owner.filled(&Fill { trade, ..*fill });
        self.take_off(slot, maker, fill.lots, fill.lots);
        let event = self.say_of(Kind::Filled, taker, fill.lots);
        (event.trade, event.price, event.aggressor) = (trade, price, aggressor);
        (event.other_order, event.other_account, event.other_class) = (maker.id, maker.account, maker.class);
        if self.book.accounts.get(maker.account).reducing != 0 {
            self.cut(maker.account, maker.flags.isolated());
        }
    }

    /// Takes lots off a resting order, some of them as filled; it ends where nothing is left.
    #[inline(always)]
    pub(super) fn take_off(&mut self, slot: Slot, order: &Order, lots: i64, filled: i64) {
        if order.left == lots {
            self.close(slot, order);
        } else {
            self.book.store.resize(slot, order.left - lots, order.filled + filled);
            self.book.accounts.shrunk(order, lots);
        }
    }

    /// An incoming order reached one of its own group: what is left of it, and why it ends, if it does.
    #[cold]
    fn meet_own(&mut self, taker: Taker, slot: Slot) -> (i64, Option<Code>) {
        let left = taker.order.left;
        match taker.stp() {
            Stp::Taker => (left, Some(Code::SelfTrade)),
            Stp::Maker => {
                self.end(slot, Kind::Canceled, Code::SelfTrade);
                (left, None)
            }
            Stp::Both => {
                self.end(slot, Kind::Canceled, Code::SelfTrade);
                (left, Some(Code::SelfTrade))
            }
            Stp::Decrement => {
                let maker = *self.book.store.order(slot);
                let lots = left.min(maker.left);
                self.say_of(Kind::Canceled, &taker.shown(), lots).code = Some(Code::SelfTrade);
                self.say_of(Kind::Canceled, &maker, lots).code = Some(Code::SelfTrade);
                self.take_off(slot, &maker, lots, 0);
                (left - lots, None)
            }
        }
    }

    /// What an order would meet as it trades; orders of its own group are passed over where they would give way.
    #[cold]
    pub(super) fn would_meet(&self, order: &Order, own_gives_way: bool) -> Met {
        let mut left = order.left;
        let (mut given, mut next) = (Given::default(), self.book.store.first(order.side.opposite()));
        while let Some(slot) = next.filter(|_| left > 0) {
            let maker = self.book.store.order(slot);
            if !meets(order.side, order.price, maker.price) {
                break;
            }
            // Who has no orders that only reduce gives what he has, and nothing needs to be noted of him.
            let cuts = self.book.accounts.get(maker.account).reducing != 0;
            let gives = if cuts { given.left_of(self.owner, maker) } else { maker.left };
            if !same_group(order, maker) {
                let lots = gives.min(left);
                left -= lots;
                if cuts {
                    given.take(maker, lots);
                }
            } else if gives > 0 && !own_gives_way {
                return Met::Own;
            }
            next = self.book.store.after(slot);
        }
        if left == 0 { Met::Enough } else { Met::TooLittle }
    }
}

/// What an order would meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// All that it wants.
    Enough,
    /// Less.
    TooLittle,
    /// Before that an order of its own group.
    Own,
}

/// What resting orders would have given before the sweep of an order gets further: those that only reduce are cut meanwhile.
#[derive(Default)]
struct Given(Vec<(u32, bool, i64)>);

impl Given {
    /// What is left of an order by then.
    fn left_of<O: Owner>(&self, owner: &O, maker: &Order) -> i64 {
        if !maker.flags.reduce_only() {
            return maker.left;
        }
        let (account, isolated) = (maker.account, maker.flags.isolated());
        let given =
            self.0.iter().find(|(of, mode, _)| (*of, *mode) == (account, isolated)).map_or(0, |(.., lots)| *lots);
        let held = -maker.side.sign() * owner.position(account, isolated);
        maker.left.min((held - given).max(0))
    }

    /// An order gives so many lots.
    fn take(&mut self, maker: &Order, lots: i64) {
        let (account, isolated) = (maker.account, maker.flags.isolated());
        match self.0.iter_mut().find(|(of, mode, _)| (*of, *mode) == (account, isolated)) {
            Some((.., given)) => *given += lots,
            None => self.0.push((account, isolated, lots)),
        }
    }
}

/// A trade between two orders.
#[inline(always)]
pub(super) fn fill_of(taker: &Order, maker: &Order, lots: i64, price: i64) -> Fill {
    Fill {
        taker: taker.account,
        maker: maker.account,
        side: taker.side,
        taker_isolated: taker.flags.isolated(),
        maker_isolated: maker.flags.isolated(),
        lots,
        price,
        maker_order: maker.id,
        trade: 0,
        auction: false,
    }
}

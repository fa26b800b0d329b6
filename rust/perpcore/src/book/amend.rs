//! A change of an order (`book.amend`): validated as a whole, then made. A smaller remainder at the same price keeps its place;
//! anything else leaves the queue, trades as an incoming order does, and rests behind the others.

use super::matching::{Met, Stopped, Taker};
use super::owner::{Asked, Owner};
use super::place::sized;
use super::query::Comes;
use super::store::{Order, Slot, Store};
use super::{Form, Turn, meets};
use crate::fault::Code;
use crate::message::{Amend, Command, Kind, NOBODY, Refusal, Stp, Tif};
use crate::num::bounds::QUANTITY;

impl<S: Store, O: Owner> Turn<'_, S, O> {
    #[inline(always)]
    pub(super) fn amend(&mut self, command: &Command<'_>, amend: &Amend<'_>) {
        let Some(slot) = self.book.named(&amend.order, amend.account) else {
            return self.refuse(command, Code::UnknownOrder);
        };
        match self.changed(slot, amend) {
            Err(code) => self.refuse(command, code),
            Ok(changed) => self.change(slot, changed),
        }
    }

    /// The order as it would be, if it may be so.
    #[inline(always)]
    fn changed(&mut self, slot: Slot, amend: &Amend<'_>) -> Result<Taker, Refusal> {
        let book = &*self.book;
        let terms = &book.terms;
        let order = *book.store.order(slot);
        if amend.price.is_none() && amend.quantity.is_none() {
            return Err(Code::NullValue.into());
        }
        let waits = book.triggers.get(order.id).copied();
        let market = waits.is_some_and(|waits| waits.market);
        let price = match amend.price {
            Some(_) if market => return Err(Code::ConflictingValues.into()),
            Some(price) => self.limit(price)?,
            None => order.price,
        };
        let total = match amend.quantity {
            Some(quantity) => {
                if !QUANTITY.holds(quantity.into()) {
                    return Err(Code::OutOfRange.into());
                }
                let lots = self.lots(quantity)?;
                if lots.signum() != order.side.sign() {
                    return Err(Code::ConflictingValues.into());
                }
                lots.abs()
            }
            None => order.left + order.filled,
        };
        if total <= order.filled {
            return Err(Code::BelowFilled.into());
        }
        let left = total - order.filled;
        if total > terms.max_lots || left - order.left > terms.most_lots - book.accounts.open(order.side) {
            return Err(self.too_large(total));
        }
        let closes = || self.owner.position(order.account, order.flags.isolated()) == -order.side.sign() * left;
        if amend.quantity.is_some() && total < terms.min_lots && !closes() {
            return Err(sized(Code::BelowMinSize, terms, total, terms.min_lots));
        }
        let keeps = price == order.price && left <= order.left;
        if !book.phase.admits(Form::Change { keeps, reduce_only: order.flags.reduce_only() }) {
            return Err(Code::PhaseRefused.into());
        }
        if !keeps {
            self.owner.admits_phase()?;
        }
        let changed = Order { price, left, ..order };
        let life = book.store.life(slot);
        let (stored, tif) = (true, Tif::Gtc);
        let mut taker = Taker { order: changed, slot, stored, life, tif, market, liquidation: false };
        if keeps {
            return Ok(taker);
        }
        if waits.is_none() && !meets(order.side, self.edge(order.side), price) {
            return Err(self.outside(order.side, price));
        }
        if left > order.left && order.account != NOBODY {
            let comes = Comes { isolated: order.flags.isolated(), lots: left, replaces: order.id };
            self.within_position(order.account, order.side, comes)?;
        }
        if order.account != NOBODY {
            let Order { account, side, flags, id, .. } = order;
            let (reduce_only, isolated) = (flags.reduce_only(), flags.isolated());
            let (waits, is_more) = (waits.is_some(), false);
            let price = if market { self.edge(side) } else { price };
            let asked = Asked { account, side, lots: left, price, reduce_only, isolated, replaces: id, waits, is_more };
            self.owner.admits_account(&*self.book, &asked)?;
            self.owner.admits_limits(&*self.book, &asked)?;
            if !waits {
                self.owner.admits_margin(&*self.book, &asked)?;
            }
        }
        if waits.is_none() && self.matches() {
            self.fits(&mut taker)?;
            if matches!(order.flags.stp(), Stp::Taker | Stp::Both) && self.would_meet(&taker.order, false) == Met::Own {
                return Err(Code::SelfTrade.into());
            }
        }
        Ok(taker)
    }

    /// Makes a change that was validated.
    #[inline(always)]
    fn change(&mut self, slot: Slot, mut taker: Taker) {
        let before = *self.book.store.order(slot);
        let Order { price, left, filled, flags, account, .. } = taker.order;
        let keeps = price == before.price && left <= before.left;
        let leaves = !keeps && before.flags.resting();
        if leaves {
            self.book.store.unrest(slot);
        }
        self.book.store.resize(slot, left, filled);
        self.book.accounts.shrunk(&before, before.left - left);
        self.say_of(Kind::Amended, &taker.shown(), left);
        if !leaves {
            if !keeps {
                self.book.store.reprice(slot, price);
            }
            return;
        }
        if flags.reduce_only() {
            taker.order.left = self.trim(taker.shown());
        }
        let stopped = if self.matches() { self.sweep(&mut taker) } else { Stopped::OutOfReach };
        let order = Order { flags: flags.rests(false), ..taker.order };
        self.book.store.resize(slot, order.left, order.filled);
        self.book.store.reprice(slot, price);
        self.book.accounts.shrunk(&before, left - order.left);
        match stopped {
            Stopped::Filled => self.close(slot, &order),
            Stopped::By(code) => self.end(slot, Kind::Canceled, code),
            Stopped::OutOfReach if order.left == 0 => self.close(slot, &order),
            Stopped::OutOfReach => {
                self.book.store.rest(slot, price);
                if flags.reduce_only() {
                    self.cut(account, flags.isolated());
                }
            }
        }
    }
}

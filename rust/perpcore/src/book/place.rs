//! A new order: what it must be, what it meets, what rests of it (`book.place`).

use super::Form;
use super::matching::{Met, Stopped, Taker};
use super::owner::{Asked, Owner};
use super::query::Comes;
use super::store::{Flags, Life, MOST_ORDERS, Store, id_of};
use super::terms::Terms;
use super::{Turn, meets};
use crate::fault::Code;
use crate::message::{CLIENT_ID_BYTES, ClientId, Kind, NOBODY, Phase, Place, PostOnly, Refusal, Side, Stp, Tif};
use crate::num::ONE;
use crate::num::bounds::{PRICE, QUANTITY};
use crate::rules::CollarReference;

const SECOND: i128 = 1_000_000_000;

/// An order's limit, in ticks, and size, in lots.
#[derive(Clone, Copy, Debug)]
struct Sized {
    price: i64,
    lots: i64,
}

impl<S: Store, O: Owner> Turn<'_, S, O> {
    /// Carries out a new order, or says again what was said to the same one.
    #[inline(always)]
    pub(super) fn place(&mut self, place: &Place<'_>) {
        let Some(id) = place.client_id.filter(|_| place.account != NOBODY) else {
            self.carry_out(place, 0);
            return;
        };
        if matches!(id, ClientId::Text(text) if text.len() > CLIENT_ID_BYTES) {
            return self.refuse_order(place, 0, Code::OutOfRange);
        }
        let asked = without_id(place);
        if self.book.clients.other_kind(&id) {
            return self.refuse_order(place, 0, Code::IdKindMismatch);
        }
        let super::Book { clients, store, terms, time, .. } = &mut *self.book;
        let lives = |order: u64| store.find(order).is_some();
        clients.forget_until(place.account, time.saturating_sub(terms.client_window), lives);
        if let Some(number) = clients.find(place.account, &id) {
            if !self.book.clients.answer(number, &asked, self.book.terms.instrument, self.out) {
                self.refuse_order(place, number, Code::ClientIdReused);
            }
            return;
        }
        let number = clients.remember(&id, &asked, *time, self.cause, terms.client_ids, lives);
        let from = self.out.len();
        let order = self.carry_out(place, number);
        self.book.clients.answered(number, order, &self.out[from..]);
    }

    /// The order's id, 0 where it is refused.
    #[inline(always)]
    fn carry_out(&mut self, place: &Place<'_>, client: u32) -> u64 {
        match self.admit(place) {
            Ok(sized) => self.enter(place, sized, client),
            Err(code) => {
                self.refuse_order(place, client, code);
                0
            }
        }
    }

    /// Whether an order may come, in the order of the gate (`gate.order`).
    #[inline(always)]
    fn admit(&mut self, place: &Place<'_>) -> Result<Sized, Refusal> {
        let book = &*self.book;
        let terms = &book.terms;
        let (side, anonymous) = (place.side(), place.account == NOBODY);
        let at_once = matches!(place.tif, Tif::Ioc | Tif::Fok);
        let fits = (place.price.is_some() || at_once)
            && !(at_once && place.post_only.is_some())
            && (place.until.is_some() == (place.tif == Tif::Gtd));
        if !fits {
            return Err(Code::ConflictingValues.into());
        }
        if let Some(sent) = place.sent
            && book.time.saturating_sub(sent) > terms.max_age
        {
            let seconds = |ns: i64| i128::from(ns) * i128::from(ONE) / SECOND;
            return Err(Refusal::new(Code::TooOld, seconds(book.time.saturating_sub(sent)), seconds(terms.max_age)));
        }
        if !book.phase.admits(Form::Order { at_once, reduce_only: place.reduce_only }) {
            return Err(Code::PhaseRefused.into());
        }
        self.owner.admits_phase()?;
        let mut asked = Asked {
            account: place.account,
            side,
            lots: terms.lot.count(place.quantity).map_or(0, i64::saturating_abs),
            price: place.price.map_or_else(|| self.edge(side), |price| terms.tick.count(price).unwrap_or(0)),
            reduce_only: place.reduce_only,
            isolated: place.isolated,
            replaces: 0,
            waits: place.trigger.is_some(),
            is_more: !at_once || place.trigger.is_some(),
        };
        if !anonymous {
            self.owner.admits_account(&*self.book, &asked)?;
        }
        let book = &*self.book;
        let terms = &book.terms;
        if place.until.is_some_and(|until| until <= book.time) {
            return Err(Code::UntilReached.into());
        }
        if !QUANTITY.holds(place.quantity.into()) {
            return Err(Code::OutOfRange.into());
        }
        let lots = self.lots(place.quantity)?.abs();
        let price = match place.price {
            Some(price) => self.limit(price)?,
            None => self.edge(side),
        };
        if lots > terms.max_lots || lots > terms.most_lots - book.accounts.open(side) {
            return Err(self.too_large(lots));
        }
        if lots < terms.min_lots && (anonymous || !self.closes(place, lots)) {
            return Err(sized(Code::BelowMinSize, terms, lots, terms.min_lots));
        }
        if place.trigger.is_some_and(|trigger| !PRICE.holds(trigger.price.into())) {
            return Err(Code::OutOfRange.into());
        }
        if place.price.is_some() && place.trigger.is_none() && !meets(side, self.edge(side), price) {
            return Err(self.outside(side, price));
        }
        if book.store.len() >= MOST_ORDERS - 1 {
            return Err(Code::TooManyOrders.into());
        }
        if !anonymous {
            self.within_limits(place, side, lots, at_once)?;
            (asked.lots, asked.price) = (lots, price);
            self.owner.admits_limits(&*self.book, &asked)?;
            if place.trigger.is_none() {
                self.owner.admits_margin(&*self.book, &asked)?;
            }
        }
        Ok(Sized { price, lots })
    }

    /// A quantity in lots.
    #[inline(always)]
    pub(super) fn lots(&self, quantity: i64) -> Result<i64, Refusal> {
        let lot = &self.book.terms.lot;
        lot.count(quantity).filter(|lots| *lots != 0).ok_or_else(|| Refusal::new(Code::OffLot, quantity, lot.size))
    }

    /// A quantity is above the largest, or more than a side of the book may hold.
    #[cold]
    pub(super) fn too_large(&self, lots: i64) -> Refusal {
        let terms = &self.book.terms;
        if lots > terms.max_lots {
            sized(Code::AboveMaxSize, terms, lots, terms.max_lots)
        } else {
            Code::AboveMaxSize.into()
        }
    }

    /// A limit is beyond the collar.
    #[cold]
    pub(super) fn outside(&self, side: Side, price: i64) -> Refusal {
        let tick = &self.book.terms.tick;
        Refusal::new(Code::OutsideCollar, tick.value(price), tick.value(self.edge(side)))
    }

    /// A limit in ticks.
    #[inline(always)]
    pub(super) fn limit(&self, price: i64) -> Result<i64, Refusal> {
        if !PRICE.holds(price.into()) {
            return Err(Code::OutOfRange.into());
        }
        let tick = &self.book.terms.tick;
        tick.count(price).ok_or_else(|| Refusal::new(Code::OffTick, price, tick.size))
    }

    /// Whether an order closes exactly what is held: then it may be smaller than orders must be.
    #[cold]
    fn closes(&self, place: &Place<'_>, lots: i64) -> bool {
        self.owner.position(place.account, place.isolated) == -place.side().sign() * lots
    }

    /// How many orders, and how large a position with them.
    #[inline(always)]
    fn within_limits(&self, place: &Place<'_>, side: Side, lots: i64, at_once: bool) -> Result<(), Refusal> {
        let terms = &self.book.terms;
        let account = self.book.accounts.get(place.account);
        if account.orders >= terms.open_orders && (!at_once || place.trigger.is_some()) {
            let count = |orders: u32| i128::from(orders) * i128::from(ONE);
            return Err(Refusal::new(Code::TooManyOrders, count(account.orders) + count(1), count(terms.open_orders)));
        }
        let mut lots = lots;
        if place.reduce_only && place.trigger.is_none() {
            let held = -side.sign() * self.owner.position(place.account, place.isolated);
            if held <= 0 {
                return Err(Code::NothingToReduce.into());
            }
            lots = lots.min(held);
        }
        self.within_position(place.account, side, Comes { isolated: place.isolated, lots, replaces: 0 })
    }

    /// Whether a position with all of an account's orders on one side is within the limit (`limits.position`), or no farther
    /// beyond it than without the order.
    #[inline(always)]
    pub(super) fn within_position(&self, account: u32, side: Side, comes: Comes) -> Result<(), Refusal> {
        let terms: &Terms = &self.book.terms;
        if terms.position == i64::MAX {
            return Ok(());
        }
        let held = [false, true].map(|isolated| self.owner.position(account, isolated));
        let lots = self.book.counted(account, side, held, Some(comes));
        if lots > terms.position.into() && lots > self.book.counted(account, side, held, None) {
            let lots = i64::try_from(lots).unwrap_or(i64::MAX);
            return Err(sized(Code::PositionLimit, terms, lots, terms.position));
        }
        Ok(())
    }

    /// The worst price at which an incoming order may trade (`market.collar`), in ticks; any where there is no reference.
    #[inline(always)]
    pub(super) fn edge(&self, side: Side) -> i64 {
        if self.book.terms.collar_reference == CollarReference::Touch {
            return self.edge_by_touch(side);
        }
        self.book.edges[side as usize]
    }

    #[cold]
    fn edge_by_touch(&self, side: Side) -> i64 {
        let book = &*self.book;
        if book.mark == 0 {
            return book.terms.no_edges()[side as usize];
        }
        let touch = book.store.best(side.opposite()).map_or(book.mark, |touch| book.terms.tick.value(touch));
        let around = if side == Side::Bid { touch.max(book.mark) } else { touch.min(book.mark) };
        book.terms.edges(around)[side as usize]
    }

    /// Takes an admitted order in: it waits, or trades and rests.
    #[inline(always)]
    fn enter(&mut self, place: &Place<'_>, sized: Sized, client: u32) -> u64 {
        let side = place.side();
        let account = self.book.accounts.get(place.account);
        let slot = self.book.store.reserve();
        self.book.serial += 1;
        let flags = Flags::new(place.reduce_only, place.isolated, place.post_only, place.stp);
        let mut taker = Taker {
            order: super::Order {
                id: id_of(self.book.serial, slot),
                price: sized.price,
                left: sized.lots,
                filled: 0,
                account: place.account,
                group: account.group,
                client,
                side,
                class: account.class,
                flags,
            },
            slot,
            stored: false,
            life: Life { time: self.book.time, until: place.until.unwrap_or(i64::MAX) },
            tif: place.tif,
            market: place.price.is_none(),
            liquidation: place.liquidation,
        };
        if place.trigger.is_none()
            && let Err(code) = self.fits(&mut taker)
        {
            self.book.store.release(slot);
            self.book.serial -= 1;
            self.refuse_order(place, client, code);
            return 0;
        }
        self.say_of(Kind::Accepted, &taker.shown(), taker.order.left);
        match place.trigger {
            None => self.run(taker),
            Some(trigger) => self.park(taker, trigger),
        };
        taker.order.id
    }

    /// What is asked of an order at the moment at which it would trade: a post-only order slides or is refused, all of a
    /// fill-or-kill must be there.
    #[inline(always)]
    pub(super) fn fits(&self, taker: &mut Taker) -> Result<(), Refusal> {
        let order = &mut taker.order;
        if !self.matches() {
            return Ok(());
        }
        if let Some(post_only) = order.flags.post_only()
            && let Some(best) = self.book.store.best(order.side.opposite())
            && meets(order.side, order.price, best)
        {
            let beside = best - order.side.sign();
            if post_only == PostOnly::Reject || self.limit(self.book.terms.tick.value(beside)).is_err() {
                return Err(Code::WouldTake.into());
            }
            order.price = beside;
        }
        if taker.tif == Tif::Fok && self.would_meet(&{ taker.order }, taker.stp() == Stp::Maker) != Met::Enough {
            return Err(Code::NotFillable.into());
        }
        Ok(())
    }

    /// Whether incoming orders trade at once.
    #[inline(always)]
    pub(super) fn matches(&self) -> bool {
        matches!(self.book.phase, Phase::Open | Phase::ReduceOnly)
    }

    /// Trades an order with what it meets and lets the rest of it rest, or end.
    #[inline(always)]
    pub(super) fn run(&mut self, mut taker: Taker) {
        let reduces = taker.order.flags.reduce_only();
        if reduces {
            taker.order.left = self.trim(taker.shown());
            if taker.order.left == 0 {
                self.depart(&taker);
                return;
            }
        }
        let stopped = if self.matches() { self.sweep(&mut taker) } else { Stopped::OutOfReach };
        let code = match stopped {
            Stopped::Filled => {
                self.depart(&taker);
                return;
            }
            Stopped::OutOfReach if !matches!(taker.tif, Tif::Ioc | Tif::Fok) => {
                self.stay(&taker);
                return;
            }
            Stopped::OutOfReach => Code::Unmatched,
            Stopped::By(code) => code,
        };
        self.depart(&taker);
        self.say_of(Kind::Canceled, &taker.shown(), taker.order.left).code = Some(code);
    }

    /// Gives up the place of an incoming order that ended.
    #[inline(always)]
    pub(super) fn depart(&mut self, taker: &Taker) {
        if taker.stored {
            self.book.store.remove(taker.slot);
        }
        self.book.store.release(taker.slot);
    }

    /// Lets what is left of an order rest.
    #[inline(always)]
    fn stay(&mut self, taker: &Taker) {
        let Taker { order, slot, stored, life, .. } = *taker;
        if stored {
            self.book.store.resize(slot, order.left, order.filled);
        } else {
            self.book.store.add(slot, order, life);
            self.lives(slot, life);
        }
        self.book.store.rest(slot, order.price);
        self.book.accounts.opened(&order);
        if order.flags.reduce_only() {
            self.cut(order.account, order.flags.isolated());
        }
    }
}

/// A quantity that is beyond another, both in lots.
#[cold]
pub(super) fn sized(code: Code, terms: &Terms, lots: i64, allowed: i64) -> Refusal {
    let quantity = |lots: i64| i128::from(lots) * i128::from(terms.lot.size);
    Refusal::new(code, quantity(lots), quantity(allowed))
}

/// What was asked for, without the client's name for it.
#[inline(always)]
fn without_id(place: &Place<'_>) -> Place<'static> {
    let Place {
        account, quantity, price, tif, until, post_only, reduce_only, isolated, trigger, stp, liquidation, ..
    } = *place;
    Place {
        account,
        client_id: None,
        sent: None,
        quantity,
        price,
        tif,
        until,
        post_only,
        reduce_only,
        isolated,
        trigger,
        stp,
        liquidation,
    }
}

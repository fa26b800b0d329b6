//! The gate: what is asked of an order before a book takes it, and of a trade before it is made, one file a check.
//!
//! A book asks in this order: [`phase`], [`account`], then itself for sizes, collar and its own limits, [`limits`],
//! [`margin`]; and before every trade [`fill`]. Cancels are never asked.

pub(super) mod account;
mod fill;
mod limits;
mod margin;
mod phase;

use super::liquidate;
use super::reducing;
use super::state::{Books, Slot, State};
use crate::book::Book;
use crate::book::owner::{Asked, Fill, Owner, Refused};
use crate::book::store::Store;
use crate::ledger::SideOfTrade;
use crate::margin::admission::Wish;
use crate::message::{Refusal, Side};
use crate::num::bounds::{PRICE, QUANTITY};

/// Who a book asks while it carries out a command.
pub(super) struct Floor<'a> {
    pub(super) state: &'a mut State,
    /// The other books.
    pub(super) books: &'a [Slot],
    /// The instrument of the book that asks.
    pub(super) instrument: u32,
}

impl Floor<'_> {
    /// A signed base quantity of lots, in g.
    #[inline(always)]
    fn base(&self, side: Side, lots: i64) -> Option<i64> {
        let base = lots.checked_mul(self.state.lots[self.instrument as usize])?;
        QUANTITY.holds(base.into()).then_some(side.sign() * base)
    }

    /// An order as the margin sees it; none where it is beyond what it could be.
    #[inline(always)]
    fn wish<S: Store>(&self, book: &Book<S>, asked: &Asked) -> Option<Wish> {
        let Asked { account, side, mut lots, price, reduce_only, isolated, .. } = *asked;
        if reduce_only {
            // It is cut to the position before it trades.
            lots = lots.min((-side.sign() * self.position(account, isolated)).max(0));
        }
        let quantity = self.base(side, lots)?;
        let price = price.checked_mul(book.terms().tick.size).filter(|price| PRICE.holds((*price).into()))?;
        Some(Wish { instrument: self.instrument, quantity, price: Some(price), reduce_only, isolated })
    }

    /// Whether an order reduces risk.
    #[cold]
    fn reduces<S: Store>(&mut self, book: &Book<S>, asked: &Asked) -> bool {
        let Some(wish) = self.wish(book, asked) else { return false };
        reducing::reduces(self.state, self.books, Some(book), asked.account, asked.replaces, &wish)
    }

    /// Lays out the account of an order, with its other orders, and with this one where it is wished for.
    #[inline(always)]
    fn lay<S: Store>(&mut self, book: &Book<S>, asked: &Asked, wish: Option<&Wish>) -> super::desk::Manner {
        let manner = self.state.manner(asked.account);
        let State { desk, ledger, lots, .. } = &mut *self.state;
        desk.lay(ledger.of(asked.account), &manner);
        let books = Books { all: self.books, here: Some(book), lots };
        desk.lay_orders(&books, asked.account, manner.leverage, asked.replaces, wish);
        manner
    }
}

impl Owner for Floor<'_> {
    #[inline(always)]
    fn admits_phase(&mut self) -> Result<(), Refusal> {
        phase::check(self)
    }

    #[inline(always)]
    fn admits_account<S: Store>(&mut self, book: &Book<S>, asked: &Asked) -> Result<(), Refusal> {
        account::check(self, book, asked)
    }

    #[inline(always)]
    fn admits_limits<S: Store>(&mut self, book: &Book<S>, asked: &Asked) -> Result<(), Refusal> {
        limits::check(self, book, asked)
    }

    #[inline(always)]
    fn admits_margin<S: Store>(&mut self, book: &Book<S>, asked: &Asked) -> Result<(), Refusal> {
        margin::check(self, book, asked)
    }

    fn accounts(&self) -> u32 {
        self.state.members.len() as u32
    }

    #[inline(always)]
    fn position(&self, account: u32, isolated: bool) -> i64 {
        let quantity = self.state.ledger.quantity(account, self.instrument, isolated);
        if quantity == 0 { 0 } else { quantity / self.state.lots[self.instrument as usize] }
    }

    #[inline(always)]
    fn refuses<S: Store>(&mut self, book: &Book<S>, fill: &Fill) -> Option<Refused> {
        if let Some(closing) = self.state.closing {
            return liquidate::refuses(self, closing, fill);
        }
        let mut buyers = self.state.ledger.buyers(&self.state.market);
        let taker = fill::check(self, book, fill, true, &mut buyers).is_err();
        // The maker last: he is what he will be, and lies on the desk when the trade is made.
        let maker = fill::check(self, book, fill, false, &mut buyers).is_err();
        match (taker, maker) {
            // Neither is to blame by himself: the incoming one stops.
            (false, false) if limits::passes_interest(self, fill) => Some(Refused::Taker),
            (false, false) => None,
            (true, false) => Some(Refused::Taker),
            (false, true) => Some(Refused::Maker),
            (true, true) => Some(Refused::Both),
        }
    }

    #[inline(always)]
    fn filled(&mut self, fill: &Fill) {
        if let Some(closing) = self.state.closing {
            return liquidate::filled(self, closing, fill);
        }
        let price = self.price(fill);
        let sides = [true, false].map(|taker| self.side(fill, taker));
        if self.state.has_breaker() {
            sides.iter().for_each(|side| self.state.beats(side, price));
        }
        let State { ledger, market, pending, .. } = &mut *self.state;
        ledger.trade(self.instrument, price, sides, fill.trade, market, pending);
        self.state.touch(fill.taker);
        let passed = self.state.passed.take().filter(|(of, _)| *of == Fill { trade: 0, ..*fill });
        if !passed.is_some_and(|(_, figures)| self.state.is_as_seen(fill.maker, &figures)) {
            self.state.touch(fill.maker);
        }
    }
}

impl Floor<'_> {
    /// The price of a trade in g.
    #[inline(always)]
    pub(super) fn price(&self, fill: &Fill) -> i64 {
        fill.price * self.state.terms.instruments[self.instrument as usize].tick
    }

    /// One side of a trade.
    #[inline(always)]
    pub(super) fn side(&self, fill: &Fill, taker: bool) -> SideOfTrade {
        let (account, isolated, side) = match taker {
            true => (fill.taker, fill.taker_isolated, fill.side),
            false => (fill.maker, fill.maker_isolated, fill.side.opposite()),
        };
        let quantity = side.sign() * fill.lots * self.state.lots[self.instrument as usize];
        let (leverage, tier) = match self.state.members.get(account as usize) {
            Some(Some(member)) => (member.leverage, member.fee_tier),
            _ => (0, 0),
        };
        let fees = self.state.ledger.fees(tier);
        SideOfTrade { account, isolated, quantity, leverage, fee: if taker { fees.taker } else { fees.maker } }
    }
}

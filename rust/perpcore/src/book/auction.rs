//! One price for what was collected (`book.auction`): the most volume, then the least surplus, then nearest the reference, then
//! the lower one.
//!
//! Candidates are all ticks from the best ask to the best bid. Volume and surplus change only at prices of orders, so it is
//! enough to look at the stretches between them, and in each at its ends and beside the reference. Orders that would meet
//! their own group, and those whose owner may not trade, are canceled before, and the price is found anew.

use super::matching::{fill_of, same_group};
use super::owner::{Fill, Owner, Refused};
use super::store::{Level, Order, Slot, Store};
use super::{Book, Turn};
use crate::fault::Code;
use crate::message::{Aggressor, Kind, Phase, Side, Stp};

/// What an auction would do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indicative {
    /// In ticks.
    pub price: i64,
    /// What would trade, in lots.
    pub lots: i64,
    /// What buyers want beyond it, in lots; below 0 what sellers do.
    pub surplus: i64,
}

impl<S: Store> Book<S> {
    /// The price at which the book would be uncrossed; none where it is not crossed.
    pub fn indicative(&self) -> Option<Indicative> {
        let (low, high) = (self.store.best(Side::Ask)?, self.store.best(Side::Bid)?);
        if low > high {
            return None;
        }
        let levels = |side: Side, last: i64| {
            let inside = move |level: &Level| side.sign() * (level.price - last) >= 0;
            let first = self.store.level(side, None);
            std::iter::successors(first, move |level| self.store.level(side, Some(level.price))).take_while(inside)
        };
        let bids: Vec<Level> = levels(Side::Bid, low).collect();
        let asks: Vec<Level> = levels(Side::Ask, high).collect();
        let mut starts: Vec<i64> =
            asks.iter().map(|ask| ask.price).chain(bids.iter().map(|bid| bid.price + 1)).collect();
        starts.retain(|start| *start <= high);
        starts.sort_unstable();
        starts.dedup();
        let (mut demand, mut supply) = (bids.iter().map(|bid| bid.lots).sum::<i64>(), 0_i64);
        let (mut bids, mut asks) = (bids.iter().rev().peekable(), asks.iter().peekable());
        let reference = self.auction_reference();
        let mut best: Option<([i128; 4], Indicative)> = None;
        for (at, &start) in starts.iter().enumerate() {
            while let Some(bid) = bids.next_if(|bid| bid.price < start) {
                demand -= bid.lots;
            }
            while let Some(ask) = asks.next_if(|ask| ask.price <= start) {
                supply += ask.lots;
            }
            let end = starts.get(at + 1).map_or(high, |next| next - 1);
            let (lots, surplus) = (demand.min(supply), demand - supply);
            let tick = self.terms.tick.size;
            let beside = reference.map_or([start, start], |reference| [reference / tick, reference / tick + 1]);
            for price in [start, end].into_iter().chain(beside.map(|price| price.clamp(start, end))) {
                let away = reference
                    .map_or(0, |reference| (i128::from(price) * i128::from(tick) - i128::from(reference)).abs());
                let rank = [-i128::from(lots), i128::from(surplus).abs(), away, price.into()];
                if best.is_none_or(|(of, _)| rank < of) {
                    best = Some((rank, Indicative { price, lots, surplus }));
                }
            }
        }
        best.map(|(_, found)| found)
    }

    /// What an auction's price shall be near to, in g: the mark, else the last trade.
    fn auction_reference(&self) -> Option<i64> {
        [self.mark, self.last].into_iter().find(|price| *price != 0)
    }
}

impl<S: Store, O: Owner> Turn<'_, S, O> {
    /// Says what an auction would do now, where there is one.
    #[cold]
    pub(super) fn indicate(&mut self) {
        if self.matches() {
            return;
        }
        if let Some(Indicative { price, lots, .. }) = self.book.indicative() {
            let terms = &self.book.terms;
            let (price, quantity) = (terms.tick.value(price), terms.lot.value(lots));
            let event = self.say(Kind::Indicative);
            (event.price, event.quantity) = (price, quantity);
        }
    }

    /// Cancels what must not trade at the price at which the book would be uncrossed, until nothing of it does; false where
    /// the price is beyond the collar.
    pub(super) fn settle_crossing(&mut self) -> bool {
        while let Some(found) = self.book.indicative() {
            let failing = self.failing(&found);
            if failing.is_empty() {
                let (most, least) = (self.edge(Side::Bid), self.edge(Side::Ask));
                return (least..=most).contains(&found.price);
            }
            for (slot, code) in failing {
                self.end(slot, Kind::Canceled, code);
            }
        }
        true
    }

    /// The orders that may not trade with whom they would meet: of one group the one that its order's prevention says,
    /// the one accepted later being the incoming one.
    fn failing(&mut self, found: &Indicative) -> Vec<(Slot, Code)> {
        let mut failing = Vec::new();
        let mut sides = [Side::Bid, Side::Ask].map(|side| self.take_up(self.book.store.first(side), found.price));
        while let [Some((bid, mut bought)), Some((ask, mut sold))] = sides {
            let (buyer, seller) = (*self.book.store.order(bid), *self.book.store.order(ask));
            let lots = bought.min(sold);
            let (ends, code) = if same_group(&buyer, &seller) {
                let bid_came = buyer.id > seller.id;
                let stp = if bid_came { &buyer } else { &seller }.flags.stp();
                let ends = match stp {
                    Stp::Both => [true, true],
                    Stp::Maker => [!bid_came, bid_came],
                    Stp::Taker | Stp::Decrement => [bid_came, !bid_came],
                };
                (ends, Code::SelfTrade)
            } else {
                let ends = match self.owner.refuses(&*self.book, &pair(&buyer, &seller, lots, found.price)) {
                    None => [false, false],
                    Some(Refused::Taker) => [true, false],
                    Some(Refused::Maker) => [false, true],
                    Some(Refused::Both) => [true, true],
                };
                (ends, Code::FillRefused)
            };
            if ends == [false, false] {
                (bought, sold) = (bought - lots, sold - lots);
            }
            let next = |turn: &Self, slot: Slot, left: i64, ended: bool| {
                if ended || left == 0 {
                    turn.take_up(turn.book.store.after(slot), found.price)
                } else {
                    Some((slot, left))
                }
            };
            for (slot, _) in [bid, ask].into_iter().zip(ends).filter(|(_, ended)| *ended) {
                failing.push((slot, code));
            }
            sides = [next(self, bid, bought, ends[0]), next(self, ask, sold, ends[1])];
        }
        failing
    }

    /// An order with what is left of it, if it trades at a price.
    fn take_up(&self, slot: Option<Slot>, price: i64) -> Option<(Slot, i64)> {
        let order = self.book.store.order(slot?);
        (order.side.sign() * (order.price - price) >= 0).then_some((slot?, order.left))
    }

    /// The price is beyond the collar: orders are collected further.
    #[cold]
    pub(super) fn extend(&mut self, before: Phase) {
        self.book.phase = Phase::Auction;
        self.say_phase(Kind::Phase, before, Phase::Auction, Some(Code::AuctionExtended));
        self.indicate();
    }

    /// Trades what is crossed at one price. Nothing of it fails any more ([`Turn::settle_crossing`]).
    pub(super) fn uncross(&mut self) {
        while self.matches()
            && let Some(Indicative { price, mut lots, .. }) = self.book.indicative()
        {
            while lots > 0 {
                let sides = [Side::Bid, Side::Ask].map(|side| self.take_up(self.book.store.first(side), price));
                let [Some((bid, bought)), Some((ask, sold))] = sides else { break };
                let (buyer, seller) = (*self.book.store.order(bid), *self.book.store.order(ask));
                let traded = bought.min(sold).min(lots);
                // Trades before it may have cut orders, and changed what an account may do.
                if same_group(&buyer, &seller)
                    || self.owner.refuses(&*self.book, &pair(&buyer, &seller, traded, price)).is_some()
                {
                    break;
                }
                lots -= traded;
                self.trade_in_auction(bid, &buyer, ask, &seller, traded, price);
            }
            // What is crossed still has to pass what precedes every uncross.
            if !self.settle_crossing() {
                self.extend(self.book.phase);
            }
        }
    }

    fn trade_in_auction(&mut self, bid: Slot, buyer: &Order, ask: Slot, seller: &Order, lots: i64, price: i64) {
        let fill = pair(buyer, seller, lots, price);
        self.take_off(bid, buyer, lots, lots);
        self.trade(buyer, ask, seller, &fill, Aggressor::Neither);
        self.cut(buyer.account, buyer.flags.isolated());
    }
}

/// A trade of an auction: the buyer as the taker.
fn pair(buyer: &Order, seller: &Order, lots: i64, price: i64) -> Fill {
    Fill { auction: true, ..fill_of(buyer, seller, lots, price) }
}

//! Whoever the book works for: he knows positions, and has the last word before a trade.

use super::Book;
use super::store::Store;
use crate::message::{NOBODY, Refusal, Side};

/// A trade that is about to be made, or was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The incoming order's account.
    pub taker: u32,
    /// The resting order's account.
    pub maker: u32,
    /// The side of the incoming order.
    pub side: Side,
    /// Whether the incoming order is for the isolated position.
    pub taker_isolated: bool,
    /// Whether the resting one is.
    pub maker_isolated: bool,
    /// In lots, above 0.
    pub lots: i64,
    /// In ticks.
    pub price: i64,
    /// The resting order; in an auction the seller's.
    pub maker_order: u64,
    /// The number of the trade; 0 before it is made.
    pub trade: u64,
    /// Whether it is one of an auction: then many are asked about before the first is made.
    pub auction: bool,
}

/// An order that asks to be let in, to be changed, or to trade after it waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Whose it is.
    pub account: u32,
    /// Its side.
    pub side: Side,
    /// What would be left of it, in lots.
    pub lots: i64,
    /// Its limit in ticks; of a market order the edge of the collar.
    pub price: i64,
    /// Whether it may only reduce.
    pub reduce_only: bool,
    /// Whether it is for the isolated position.
    pub isolated: bool,
    /// The resting order in whose place it comes; 0 for none.
    pub replaces: u64,
    /// Whether it waits for a trigger, and is not cut to the position before it fires.
    pub waits: bool,
    /// Whether it would be one more open order: not if it trades at once, or takes the place of another.
    pub is_more: bool,
}

/// Who may not make a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The incoming side; in an auction the buyer.
    Taker,
    /// The resting side; in an auction the seller.
    Maker,
    /// Both.
    Both,
}

/// The owner of a book. Compiled in, so what an owner does not do costs nothing.
///
/// The gate (docs/venue.md) asks in this order: the phase, the account, then what the book knows itself (sizes, collar, its
/// limits), the owner's limits, the margin.
pub trait Owner {
    /// Whether an order may come to an instrument as it is.
    ///
    /// # Errors
    /// Why not.
    fn admits_phase(&mut self) -> Result<(), Refusal> {
        Ok(())
    }

    /// Whether an account may have such an order.
    ///
    /// # Errors
    /// Why not.
    fn admits_account<S: Store>(&mut self, _book: &Book<S>, _asked: &Asked) -> Result<(), Refusal> {
        Ok(())
    }

    /// Whether an order is within limits that the book does not know.
    ///
    /// # Errors
    /// Why not.
    fn admits_limits<S: Store>(&mut self, _book: &Book<S>, _asked: &Asked) -> Result<(), Refusal> {
        Ok(())
    }

    /// Whether the margin admits an order.
    ///
    /// # Errors
    /// Why not.
    fn admits_margin<S: Store>(&mut self, _book: &Book<S>, _asked: &Asked) -> Result<(), Refusal> {
        Ok(())
    }

    /// How many accounts he knows: all whose positions are not 0 are below it.
    fn accounts(&self) -> u32;

    /// The position of an account in lots.
    fn position(&self, account: u32, isolated: bool) -> i64;

    /// Who may not make a trade, if somebody may not: then the incoming order stops, and the resting one is canceled if it is
    /// its account that may not (`gate.fill`); before an auction the orders of whoever may not are canceled.
    fn refuses<S: Store>(&mut self, book: &Book<S>, fill: &Fill) -> Option<Refused>;

    /// A trade was made.
    fn filled(&mut self, fill: &Fill);
}

/// The owner of a book that stands by itself: positions are what was traded in it, and everybody may trade.
#[derive(Clone, Debug, Default)]
pub struct Positions {
    /// Cross and isolated, by account.
    lots: Vec<[i64; 2]>,
}

impl Positions {
    #[inline(always)]
    fn add(&mut self, account: u32, isolated: bool, lots: i64) {
        if account == NOBODY {
            return;
        }
        if account as usize >= self.lots.len() {
            self.lots.resize(account as usize + 1, [0; 2]);
        }
        let held = &mut self.lots[account as usize][usize::from(isolated)];
        // Beyond what 64 bits hold nothing is traded: a limit of positions stands before it.
        *held = held.saturating_add(lots);
    }
}

impl Owner for Positions {
    fn accounts(&self) -> u32 {
        self.lots.len() as u32
    }

    #[inline(always)]
    fn position(&self, account: u32, isolated: bool) -> i64 {
        self.lots.get(account as usize).map_or(0, |held| held[usize::from(isolated)])
    }

    #[inline(always)]
    fn refuses<S: Store>(&mut self, _: &Book<S>, _: &Fill) -> Option<Refused> {
        None
    }

    #[inline(always)]
    fn filled(&mut self, fill: &Fill) {
        let lots = fill.side.sign() * fill.lots;
        self.add(fill.taker, fill.taker_isolated, lots);
        self.add(fill.maker, fill.maker_isolated, -lots);
    }
}

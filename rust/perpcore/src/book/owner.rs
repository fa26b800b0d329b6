//! Whoever the book works for: he knows positions, and has the last word before a trade.

use crate::message::{NOBODY, Side};

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
pub trait Owner {
    /// How many accounts he knows: all whose positions are not 0 are below it.
    fn accounts(&self) -> u32;

    /// The position of an account in lots.
    fn position(&self, account: u32, isolated: bool) -> i64;

    /// Who may not make a trade, if somebody may not: then the resting order is canceled and the incoming one stops
    /// (`gate.fill`); before an auction the orders of whoever may not are canceled.
    fn refuses(&mut self, fill: &Fill) -> Option<Refused>;

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
    fn refuses(&mut self, _: &Fill) -> Option<Refused> {
        None
    }

    #[inline(always)]
    fn filled(&mut self, fill: &Fill) {
        let lots = fill.side.sign() * fill.lots;
        self.add(fill.taker, fill.taker_isolated, lots);
        self.add(fill.maker, fill.maker_isolated, -lots);
    }
}

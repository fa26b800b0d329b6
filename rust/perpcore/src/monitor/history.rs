//! How far prices are from where they were when an account was last valued: prices that went there and back have moved
//! much and are near.

use super::reach::UNITS;
use crate::margin::market::Market;

/// How many markets are remembered.
const KEPT: u32 = 1 << 14;

/// The prices after every update that changed some, the newest at the end.
#[derive(Clone, Debug)]
pub(super) struct History {
    /// The number of the last market.
    now: u32,
    /// All prices, market after market, each where its number says, modulo [`KEPT`].
    prices: Vec<i64>,
    symbols: usize,
    /// The symbols that somebody depends on, or did.
    used: Vec<bool>,
    /// For each remembered market which update last asked how far it is, and the answer.
    asked: Vec<(u64, u64)>,
    /// Updates that asked.
    update: u64,
}

impl History {
    pub(super) fn new() -> Self {
        History { now: 0, prices: Vec::new(), symbols: 0, used: Vec::new(), asked: Vec::new(), update: 0 }
    }

    /// The number of the last market.
    pub(super) fn now(&self) -> u32 {
        self.now
    }

    /// The symbols that somebody depends on, or did: only they count.
    pub(super) fn used(&self) -> &[bool] {
        &self.used
    }

    /// From now on somebody depends on a symbol.
    pub(super) fn depend(&mut self, symbol: u32) {
        self.used[symbol as usize] = true;
    }

    /// Remembers a market.
    pub(super) fn push(&mut self, market: &Market) {
        self.symbols = market.quotes().count();
        self.used.resize(self.symbols, false);
        self.now = self.now.wrapping_add(1);
        let place = (self.now % KEPT) as usize;
        if self.asked.len() <= place {
            self.asked.resize(place + 1, (0, 0));
            self.prices.resize((place + 1) * self.symbols, 0);
        }
        let prices = &mut self.prices[place * self.symbols..][..self.symbols];
        prices.iter_mut().zip(market.quotes()).for_each(|(price, quote)| *price = quote.price);
    }

    /// From here on distances are asked to another market than before.
    pub(super) fn begin(&mut self) {
        self.update += 1;
    }

    /// Whether a remembered market lacks a price that the one at hand has and somebody depends on: then it is no measure.
    pub(super) fn lacks(&self, from: u32, market: &Market) -> bool {
        let old = &self.prices[(from % KEPT) as usize * self.symbols..][..self.symbols];
        old.iter().zip(market.quotes()).zip(&self.used).any(|((&old, new), used)| *used && old == 0 && new.price != 0)
    }

    /// By how much one price changed since a market that is remembered.
    #[inline(always)]
    pub(super) fn change(&self, from: u32, market: &Market, symbol: u16) -> i64 {
        market.quote(symbol.into()).price - self.prices[(from % KEPT) as usize * self.symbols + usize::from(symbol)]
    }

    /// How far the market at hand is from a remembered one, up or down, in [`UNITS`], rounded up; none where it is
    /// forgotten.
    #[inline(always)]
    pub(super) fn distance(&mut self, from: u32, market: &Market) -> Option<u64> {
        if self.now.wrapping_sub(from) >= KEPT {
            return None;
        }
        let place = (from % KEPT) as usize;
        let (asked, distance) = self.asked[place];
        if asked == self.update {
            return Some(distance);
        }
        let old = &self.prices[place * self.symbols..][..self.symbols];
        let prices = old.iter().zip(market.quotes()).zip(&self.used).filter(|(_, used)| **used);
        let distance = prices.map(|((&old, new), _)| apart(old, new.price)).max().unwrap_or(0);
        self.asked[place] = (self.update, distance);
        Some(distance)
    }
}

/// How far two prices are apart: their ratio less 1 in [`UNITS`], rounded up. Who was valued where a price was not there
/// does not depend on it.
#[inline(always)]
pub(super) fn apart(old: i64, new: i64) -> u64 {
    if old == new || old == 0 {
        return 0;
    }
    let (low, high) = (old.min(new).max(1) as u64, old.max(new) as u64);
    let difference = high - low;
    if difference >= low {
        return (difference / low + 1).saturating_mul(UNITS);
    }
    // Both to at most 39 bits, the difference up and the lower price down.
    let shift = (64 - low.leading_zeros()).saturating_sub(39);
    ((difference >> shift) + 1) * UNITS / (low >> shift) + 1
}

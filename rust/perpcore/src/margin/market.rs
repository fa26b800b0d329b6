//! The prices of one valuation: a mark an instrument, an index price an asset, and whether each may be used.

use super::terms::Terms;
use crate::message::PriceState;
use crate::num::round::div_even;
use crate::num::{ONE, times};

/// A price in g and whether it may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Price in g, 0 where there is none. Only a move makes a price that is 0.
    pub price: i64,
    /// Whether there is one.
    pub given: bool,
    /// False where nothing may be decided on it.
    pub usable: bool,
}

const NONE: Quote = Quote { price: 0, given: false, usable: true };

impl Quote {
    fn new(price: i64, usable: bool) -> Self {
        Quote { price, given: price != 0, usable }
    }

    /// After a relative move in g: half to even, since it is a computed price.
    fn moved(self, by: Option<i64>) -> Self {
        let price = by.map_or(self.price, |by| div_even(times(self.price, ONE + by), i128::from(ONE)) as i64);
        Quote { price, ..self }
    }
}

/// What moves each price: a place in a list of moves, none where nothing does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Movers {
    /// Of every mark.
    pub marks: Vec<Option<u32>>,
    /// Of every asset price; that of the settlement currency never moves.
    pub assets: Vec<Option<u32>>,
}

/// All prices of one valuation, by the rulebook's indexes.
#[derive(Clone, Debug)]
pub struct Market {
    marks: Vec<Quote>,
    assets: Vec<Quote>,
}

impl Market {
    /// A market without prices but that of the settlement currency, which is 1.
    pub fn new(terms: &Terms) -> Self {
        let mut assets = vec![NONE; terms.assets.len()];
        assets[terms.settlement] = Quote::new(ONE, true);
        Market { marks: vec![NONE; terms.instruments.len()], assets }
    }

    /// Sets the mark of an instrument, in g.
    pub fn set_mark(&mut self, terms: &Terms, instrument: usize, price: i64, state: PriceState) {
        self.marks[instrument] = Quote::new(price, state.usable(terms.instruments[instrument].thin_trades));
    }

    /// Sets the index price of an asset in the settlement currency, in g.
    pub fn set_asset(&mut self, terms: &Terms, asset: usize, price: i64, state: PriceState) {
        self.assets[asset] = Quote::new(price, state.usable(terms.assets[asset].thin_trades));
    }

    /// A market in which every price but that of the settlement currency is 0 until it is told, and may not be used.
    pub fn untold(terms: &Terms) -> Self {
        let untold = Quote { price: 0, given: true, usable: false };
        let mut market = Market::new(terms);
        market.marks.fill(untold);
        market.assets.iter_mut().filter(|quote| !quote.given).for_each(|quote| *quote = untold);
        market
    }

    /// The market after joint relative moves, each −1 to 10 in g. What is worth nothing after it still has a price.
    #[must_use]
    pub fn moved(&self, movers: &Movers, by: impl Fn(u32) -> i64) -> Self {
        let moved = |quotes: &[Quote], movers: &[Option<u32>]| {
            quotes.iter().zip(movers).map(|(quote, mover)| quote.moved(mover.map(&by))).collect()
        };
        Market { marks: moved(&self.marks, &movers.marks), assets: moved(&self.assets, &movers.assets) }
    }

    /// All quotes: the marks by instrument, then the prices by asset.
    pub fn quotes(&self) -> impl Iterator<Item = &Quote> {
        self.marks.iter().chain(&self.assets)
    }

    /// One of all quotes, by its place among them.
    #[inline(always)]
    pub fn quote(&self, symbol: usize) -> Quote {
        self.marks.get(symbol).copied().unwrap_or_else(|| self.assets[symbol - self.marks.len()])
    }

    /// The mark of an instrument.
    #[inline(always)]
    pub fn mark(&self, instrument: u32) -> Quote {
        self.marks[instrument as usize]
    }

    /// The index price of an asset.
    #[inline(always)]
    pub fn asset(&self, asset: u32) -> Quote {
        self.assets[asset as usize]
    }
}

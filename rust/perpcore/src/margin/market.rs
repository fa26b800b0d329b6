//! The prices of one valuation: a mark an instrument, an index price an asset, and whether each may be used.

use super::terms::Terms;
use crate::num::ONE;

/// The state of a price (`index.state`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PriceState {
    /// Quorum, fresh, plausible.
    #[default]
    Live,
    /// Fewer sources than required.
    Thin,
    /// Held after a jump.
    Protected,
    /// No quorum.
    Frozen,
    /// Stopped.
    Halted,
}

impl PriceState {
    /// All states.
    pub const ALL: [PriceState; 5] =
        [PriceState::Live, PriceState::Thin, PriceState::Protected, PriceState::Frozen, PriceState::Halted];
    /// Their names in the tables, in the same order.
    pub const NAMES: [&'static str; 5] = ["live", "thin", "protected", "frozen", "halted"];

    /// Whether what depends on the price may be decided (`status`, docs/margin.md).
    fn usable(self, thin_trades: bool) -> bool {
        self == PriceState::Live || (self == PriceState::Thin && thin_trades)
    }
}

/// A price in g and whether it may be used; 0 is no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Price in g, 0 where none was given.
    pub price: i64,
    /// False where nothing may be decided on it.
    pub usable: bool,
}

const NONE: Quote = Quote { price: 0, usable: true };

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
        assets[terms.settlement].price = ONE;
        Market { marks: vec![NONE; terms.instruments.len()], assets }
    }

    /// Sets the mark of an instrument, in g.
    pub fn set_mark(&mut self, terms: &Terms, instrument: usize, price: i64, state: PriceState) {
        self.marks[instrument] = Quote { price, usable: state.usable(terms.instruments[instrument].thin_trades) };
    }

    /// Sets the index price of an asset in the settlement currency, in g.
    pub fn set_asset(&mut self, terms: &Terms, asset: usize, price: i64, state: PriceState) {
        self.assets[asset] = Quote { price, usable: state.usable(terms.assets[asset].thin_trades) };
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

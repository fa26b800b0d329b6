//! `funding.premium`: how far the book is from the index.

use crate::message::PriceState;
use crate::num::round::div_even;
use crate::num::{ONE, times};
use crate::word::words;

words! {
    /// Why a sample of the premium is not valid, the first that applies.
    Invalid {
        /// There is no index.
        NoIndex "no_index",
        /// The state of the index does not allow funding.
        IndexState "index_state",
        /// The index is too old.
        StaleIndex "stale_index",
        /// The impact notional is not there on a side of the book.
        ThinBook "thin_book",
        /// The impact bid is not below the impact ask.
        Crossed "crossed",
        /// The premium is more than 10 times the index.
        OffScale "off_scale",
    }
}

impl Invalid {
    /// Whether the index is to blame, on which then nothing may be settled.
    pub(super) fn is_of_the_index(self) -> bool {
        matches!(self, Invalid::NoIndex | Invalid::IndexState | Invalid::StaleIndex)
    }
}

/// A premium beyond it is a fault of scale.
const LARGEST: i64 = 10 * ONE;

/// What a sample is made of. Prices in g.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The index.
    pub index: Option<i64>,
    /// Its state.
    pub state: PriceState,
    /// The price of the impact notional through the bids.
    pub impact_bid: Option<i64>,
    /// The same through the asks.
    pub impact_ask: Option<i64>,
}

/// [max(0, impact bid − I) − max(0, I − impact ask)] / I in g, half to even; or why there is none.
///
/// # Errors
/// Why the sample is not valid.
pub(super) fn premium(inputs: &Inputs, fresh: bool, thin_trades: bool) -> Result<i64, Invalid> {
    let Inputs { index, state, impact_bid, impact_ask } = *inputs;
    let index = index.ok_or(Invalid::NoIndex)?;
    if !state.usable(thin_trades) {
        return Err(Invalid::IndexState);
    }
    if !fresh {
        return Err(Invalid::StaleIndex);
    }
    let (bid, ask) = impact_bid.zip(impact_ask).ok_or(Invalid::ThinBook)?;
    if bid >= ask {
        return Err(Invalid::Crossed);
    }
    let beyond = (bid - index).max(0) - (index - ask).max(0);
    let premium = div_even(times(beyond, ONE), index.into());
    i64::try_from(premium).ok().filter(|premium| premium.abs() <= LARGEST).ok_or(Invalid::OffScale)
}

//! What a mark is told, and what it knows of the market.

use crate::message::PriceState;
use crate::num::bounds::SHARE;
use crate::pricing::{optional, price};

/// What an update names: none is as before, `Some(None)` is that there is none. Prices in g.
///
/// What is no price counts as none, and a bid that is not below its ask is no book: a feed can say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// The index.
    pub index: Option<Option<i64>>,
    /// Its state.
    pub state: Option<PriceState>,
    /// The best bid.
    pub bid: Option<Option<i64>>,
    /// The best ask.
    pub ask: Option<Option<i64>>,
    /// The price of the impact notional through the bids.
    pub impact_bid: Option<Option<i64>>,
    /// The same through the asks.
    pub impact_ask: Option<Option<i64>>,
    /// A trade.
    pub last: Option<i64>,
    /// The funding rate that was settled last, at most 1 either way.
    pub funding_rate: Option<i64>,
}

/// The market as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    pub(super) index: Option<i64>,
    /// When the index was told last.
    pub(super) index_time: i64,
    pub(super) state: PriceState,
    bid: Option<i64>,
    ask: Option<i64>,
    impact_bid: Option<i64>,
    impact_ask: Option<i64>,
    /// The last trade and its time.
    last: Option<(i64, i64)>,
    pub(super) funding_rate: i64,
}

impl Known {
    #[inline]
    pub(super) fn take(&mut self, now: i64, update: &Update) {
        if let Some(index) = update.index {
            (self.index, self.index_time) = (price(index), now);
        }
        self.state = update.state.unwrap_or(self.state);
        let sides = [
            (&mut self.bid, update.bid),
            (&mut self.ask, update.ask),
            (&mut self.impact_bid, update.impact_bid),
            (&mut self.impact_ask, update.impact_ask),
        ];
        for (known, given) in sides {
            if let Some(given) = given {
                *known = price(given);
            }
        }
        if let Some(last) = price(update.last) {
            self.last = Some((last, now));
        }
        let most = SHARE.max as i64;
        self.funding_rate = update.funding_rate.map_or(self.funding_rate, |rate| rate.clamp(-most, most));
    }

    /// Best bid and best ask where they are not crossed.
    #[inline]
    fn sides(&self) -> (Option<i64>, Option<i64>) {
        match (self.bid, self.ask) {
            (Some(bid), Some(ask)) if bid >= ask => (None, None),
            sides => sides,
        }
    }

    /// Best bid + best ask, where there are both.
    #[inline]
    pub(super) fn twice_mid(&self) -> Option<i64> {
        let (bid, ask) = self.sides();
        Some(bid? + ask?)
    }

    /// Impact bid and impact ask, where there are both and they are not crossed.
    pub(super) fn impact(&self) -> Option<(i64, i64)> {
        self.impact_bid.zip(self.impact_ask).filter(|(bid, ask)| bid < ask)
    }

    /// Twice the median of those of best bid, best ask and last trade that are there.
    #[inline]
    pub(super) fn book(&self, now: i64, last_for: i64) -> Option<i64> {
        let (bid, ask) = self.sides();
        let last = self.last.filter(|(_, time)| now.saturating_sub(*time) <= last_for).map(|(price, _)| price);
        match (bid, ask, last) {
            // The bid is below the ask.
            (Some(bid), Some(ask), Some(last)) => Some(2 * last.clamp(bid, ask)),
            (Some(a), Some(b), None) | (Some(a), None, Some(b)) | (None, Some(a), Some(b)) => Some(a + b),
            (Some(only), None, None) | (None, Some(only), None) | (None, None, Some(only)) => Some(2 * only),
            (None, None, None) => None,
        }
    }

    /// What a further call could depend on, as numbers.
    pub(super) fn numbers(&self) -> impl Iterator<Item = i64> {
        let (last, last_time) = self.last.unzip();
        let given = [self.index, self.bid, self.ask, self.impact_bid, self.impact_ask, last, last_time];
        let own = [self.index_time, self.state as i64, self.funding_rate];
        given.into_iter().flat_map(optional).chain(own)
    }
}

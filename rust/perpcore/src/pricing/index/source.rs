//! One source of an index: its latest quote, and why it does not count.

use crate::num::bounds::PRICE;
use crate::word::words;

words! {
    /// Why a source does not count, the first that applies.
    Out {
        /// It never had a quote.
        Missing "missing",
        /// It is stamped too far ahead of the time.
        Ahead "ahead",
        /// Its price is not above 0.
        NonPositive "non_positive",
        /// Its price is larger than prices are.
        OffDomain "off_domain",
        /// Its price has more than eight decimals.
        OffGrid "off_grid",
        /// It is older than it may be.
        Stale "stale",
        /// It repeats one price for longer than it may.
        Unchanged "unchanged",
        /// What its currency is worth is not known, or not of late.
        NoRate "no_rate",
        /// Sources of a lower rank suffice.
        Standby "standby",
        /// It is too far from the median of all.
        Beyond "beyond",
        /// It is near the median of all sources, and most groups are not.
        Disagreement "disagreement",
    }
}

/// What a feed says, as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The number of the source ([`Index::source`](super::Index::source)).
    pub source: usize,
    /// In g; or why it is no price.
    pub price: Result<i64, Out>,
    /// When the source stamped it.
    pub sent: i64,
}

/// What a source is judged by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) max_ahead: i64,
    pub(super) stale_after: i64,
    pub(super) unchanged_for: Option<i64>,
}

/// The latest quote of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// In g; the last good one where the latest is none.
    pub(super) price: i64,
    /// What is wrong with the latest one.
    bad: Option<Out>,
    /// The stamp of the latest one.
    pub(super) sent: i64,
    /// When that one came.
    pub(super) arrived: i64,
    /// When the first one came of those in a row with this price.
    since: i64,
}

impl Source {
    /// One that never had a quote.
    pub(super) const NEW: Source =
        Source { price: 0, bad: Some(Out::Missing), sent: i64::MIN, arrived: i64::MIN, since: i64::MIN };

    /// Takes a quote that came now; not one that was stamped before the latest, whose own stamp counts at most so far ahead.
    #[inline]
    pub(super) fn take(&mut self, price: Result<i64, Out>, sent: i64, now: i64, max_ahead: i64) -> bool {
        let latest = if self.sent > self.arrived.saturating_add(max_ahead) { self.arrived } else { self.sent };
        if sent < latest {
            return false;
        }
        (self.sent, self.arrived) = (sent, now);
        match price {
            Ok(price) if price <= 0 => self.bad = Some(Out::NonPositive),
            Ok(price) if !PRICE.holds(price.into()) => self.bad = Some(Out::OffDomain),
            Ok(price) => {
                if price != self.price {
                    (self.price, self.since) = (price, now);
                }
                self.bad = None;
            }
            Err(reason) => self.bad = Some(reason),
        }
        true
    }

    /// Whether it counts now, for what it is by itself; and the last time at which that is so, if no quote comes.
    #[inline]
    pub(super) fn judge(&self, now: i64, limits: &Limits) -> (Result<(), Out>, i64) {
        let Limits { max_ahead, stale_after, unchanged_for } = *limits;
        if self.sent > now.saturating_add(max_ahead) {
            return (Err(Out::Ahead), self.sent.saturating_sub(max_ahead).saturating_sub(1));
        }
        if let Some(reason) = self.bad {
            return (Err(reason), i64::MAX);
        }
        let fresh = self.sent.min(self.arrived).saturating_add(stale_after);
        if now > fresh {
            return (Err(Out::Stale), i64::MAX);
        }
        match unchanged_for.map(|longest| self.since.saturating_add(longest)) {
            Some(changed) if now > changed => (Err(Out::Unchanged), fresh),
            Some(changed) => (Ok(()), fresh.min(changed)),
            None => (Ok(()), fresh),
        }
    }

    /// What a further call could depend on, as numbers.
    pub(super) fn numbers(&self) -> [i64; 5] {
        [self.price, self.bad.map_or(-1, |out| out as i64), self.sent, self.arrived, self.since]
    }
}

//! Depth mirror: the book of an outside venue, rebuilt from a snapshot and the changes that follow it.
//!
//! Whatever a feed can do wrong is a [`State`] with a [`Reason`], never an error: changes that are missing make a gap, a
//! best bid at or above the best ask makes it crossed. In either, and before the first snapshot, nothing is served, and only
//! a snapshot that fits the changes at hand makes the book good again. A change of ids that were had already is dropped.
//!
//! It may rely on numbers that [`Level`] and [`Span`] checked, and must never serve a level that it cannot vouch for.

mod message;
mod pending;
mod reason;
#[cfg(test)]
mod tests;

pub use message::{Feed, ID, Level, Side, Span, snapshot_id};
pub use pending::PENDING;
pub use reason::{Reason, State};

use super::impact::impact;
use crate::num::round::div_even;
use pending::Pending;
use std::collections::BTreeMap;

/// What a mirror did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Snapshots that were taken over.
    pub snapshots: u64,
    /// Changes that were applied.
    pub applied: u64,
    /// Changes and snapshots that brought nothing new.
    pub dropped: u64,
    /// How often a gap was found.
    pub gaps: u64,
    /// How often the book was crossed.
    pub crossings: u64,
}

/// The best level of each side: (price, quantity) in g.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Best {
    /// The highest bid.
    pub bid: Option<(i64, i64)>,
    /// The lowest ask.
    pub ask: Option<(i64, i64)>,
}

/// The book of an outside venue.
#[derive(Clone, Debug)]
pub struct Mirror {
    feed: Feed,
    /// Quantity by price; empty where the state is not good.
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
    /// The update up to which all came.
    last: Option<i64>,
    /// Whether nothing was applied since the snapshot: then a change may begin before it.
    fresh: bool,
    reason: Reason,
    pending: Pending,
    counters: Counters,
}

impl Mirror {
    /// A mirror that waits for its first snapshot.
    pub fn new(feed: Feed) -> Self {
        Mirror {
            feed,
            bids: BTreeMap::new(),
            asks: BTreeMap::new(),
            last: None,
            fresh: true,
            reason: Reason::NoSnapshot,
            pending: Pending::default(),
            counters: Counters::default(),
        }
    }

    /// Takes over a snapshot of the book as it was at update `id`, then the changes that waited for one. One that is not
    /// above what a good book has already is dropped.
    ///
    /// ```
    /// use perpcore::num::ONE;
    /// use perpcore::pricing::mirror::{Feed, Level, Mirror, Side, Span, State};
    /// let level = |side, price, quantity| Level::new(side, price * ONE, quantity * ONE).expect("within bounds");
    /// let mut mirror = Mirror::new(Feed::Spot);
    /// mirror.snapshot(100, &[level(Side::Bid, 99, 5), level(Side::Ask, 101, 2)]);
    /// mirror.change(Span::of(Feed::Spot, 101, 103, None).expect("ids in order"), &[level(Side::Bid, 100, 1)]);
    /// assert_eq!((mirror.state(), mirror.best().bid), (State::Good, Some((100 * ONE, ONE))));
    /// ```
    pub fn snapshot(&mut self, id: i64, levels: &[Level]) {
        if self.state() == State::Good && self.last.is_some_and(|last| id <= last) {
            self.counters.dropped += 1;
            return;
        }
        self.counters.snapshots += 1;
        self.bids.clear();
        self.asks.clear();
        self.last = Some(id);
        self.fresh = true;
        self.reason = Reason::InOrder { snapshot: id };
        self.put(levels);
        for (span, levels) in std::mem::take(&mut self.pending).into_changes() {
            self.change(span, &levels);
        }
    }

    /// Applies a change, or lets it wait for a snapshot.
    pub fn change(&mut self, span: Span, levels: &[Level]) {
        let Some(last) = self.last.filter(|_| self.state() == State::Good) else {
            self.pending.push(span, levels);
            return;
        };
        if span.last <= last {
            self.counters.dropped += 1;
            return;
        }
        // What a snapshot shows already may come again with the first change after it; from then on each begins where the
        // one before it ended.
        if span.after > last || span.after < last && !self.fresh {
            self.counters.gaps += 1;
            self.reason = match span.after > last {
                true => Reason::Missing { from: last + 1, to: span.after },
                false => Reason::Overlap { last, from: span.after + 1, to: span.last },
            };
            self.lose();
        } else {
            self.counters.applied += 1;
            self.last = Some(span.last);
            self.fresh = false;
            self.put(levels);
        }
        // What broke the book may be part of what follows the next snapshot.
        if self.state() != State::Good {
            self.pending.push(span, levels);
        }
    }

    /// Sets levels, and looks whether the book is crossed.
    fn put(&mut self, levels: &[Level]) {
        for level in levels {
            let side = match level.side {
                Side::Bid => &mut self.bids,
                Side::Ask => &mut self.asks,
            };
            match level.quantity {
                0 => side.remove(&level.price),
                quantity => side.insert(level.price, quantity),
            };
        }
        if let Best { bid: Some((bid, _)), ask: Some((ask, _)) } = self.best()
            && bid >= ask
        {
            self.counters.crossings += 1;
            self.reason = Reason::Crossed { bid, ask };
            self.lose();
        }
    }

    /// Lets go of what can no longer be vouched for.
    fn lose(&mut self) {
        self.bids.clear();
        self.asks.clear();
    }

    /// How its feed numbers updates.
    pub fn feed(&self) -> Feed {
        self.feed
    }

    /// Whether it may be relied on.
    pub fn state(&self) -> State {
        self.reason.state()
    }

    /// Why it is in its state.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The last update that it has: of the snapshot, or of the change applied last.
    pub fn last(&self) -> Option<i64> {
        self.last
    }

    /// How many changes wait for a snapshot.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// What it did so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The best level of each side; none where the state is not good, or the side is empty.
    pub fn best(&self) -> Best {
        let level = |(&price, &quantity): (&i64, &i64)| (price, quantity);
        Best { bid: self.bids.last_key_value().map(level), ask: self.asks.first_key_value().map(level) }
    }

    /// The levels of a side, best first: (price, quantity) in g; none where the state is not good.
    pub fn side(&self, side: Side) -> Box<dyn Iterator<Item = (i64, i64)> + '_> {
        let level = |(&price, &quantity): (&i64, &i64)| (price, quantity);
        match side {
            Side::Bid => Box::new(self.bids.iter().rev().map(level)),
            Side::Ask => Box::new(self.asks.iter().map(level)),
        }
    }

    /// (best bid + best ask) / 2, half to even; none where there are not both.
    pub fn mid(&self) -> Option<i64> {
        let Best { bid, ask } = self.best();
        // A mean of two prices is within their bounds.
        Some(div_even(i128::from(bid?.0) + i128::from(ask?.0), 2) as i64)
    }

    /// The price of an amount of quote notional (in g, from 1 to 10²⁰) through a side; none where it is too thin or the
    /// state is not good.
    pub fn impact(&self, side: Side, notional: i128) -> Option<i64> {
        impact(self.side(side), notional)
    }
}

//! Who is to be looked at as prices move: the queue of all accounts and the prices that it looks back to, whoever keeps
//! the accounts' rows.

use super::bound::{Bound, Room};
use super::history::History;
use super::queue::{Due, Queue};
use super::reach::{UNITS, reach};
use crate::margin::account::Account;
use crate::margin::figures::Figures;
use crate::margin::market::{Market, Quote};
use crate::margin::terms::Terms;
use crate::sweep::assess::IsolatedBucket;

/// Who is no farther than this from a line has a bound. Of many accounts few will be asked soon: only those that are nearer
/// still; others have a bound once they are looked at again.
const NEAR: u64 = UNITS / 32;
const NEAR_OF_MANY: u64 = UNITS / 512;

/// How far prices may move before an account is to be looked at again.
#[derive(Clone, Debug)]
pub struct Horizon {
    reach: u32,
    /// Few have one.
    bound: Option<Box<Bound>>,
}

impl Horizon {
    /// Of an account that is to be looked at whenever a price moves.
    pub fn nowhere() -> Horizon {
        Horizon { reach: 0, bound: None }
    }
}

/// Finds how far accounts see.
#[derive(Debug)]
pub struct Scout {
    near: u64,
    room: Room,
}

impl Scout {
    /// Of few accounts, or of many.
    pub fn new(many: bool) -> Scout {
        Scout { near: if many { NEAR_OF_MANY } else { NEAR }, room: Room::default() }
    }

    /// The horizon of an account that was valued just now.
    #[inline(always)]
    pub fn horizon(
        &mut self,
        terms: &Terms,
        market: &Market,
        account: &Account<'_>,
        cross: &Figures,
        isolated: &[IsolatedBucket],
    ) -> Horizon {
        let reach = reach(terms, market, account, cross, isolated);
        let near = reach.most <= self.near;
        let bound = near.then(|| Bound::new(terms, market, account, cross, &reach, &mut self.room)).flatten();
        Horizon { reach: reach.most as u32, bound: bound.map(Box::new) }
    }
}

/// Whom a move of prices may concern.
pub struct Concerned(Option<Due>);

/// All accounts by how far they see.
#[derive(Clone, Debug)]
pub struct Watch {
    queue: Queue,
    history: History,
}

impl Watch {
    /// Of no accounts, at some prices.
    pub fn new(market: &Market) -> Watch {
        let mut history = History::new();
        history.push(market);
        Watch { queue: Queue::new(), history }
    }

    /// From now on somebody depends on a symbol: an instrument, or an asset after all instruments.
    #[inline(always)]
    pub fn depend(&mut self, symbol: u32) {
        self.history.depend(symbol);
    }

    /// Whom the move from prices to others concerns: everyone where a price came, or may be used that could not before, or
    /// the other way round, and where more than `most` are to be asked.
    pub fn concerned(&mut self, before: &Market, market: &Market, most: usize) -> Concerned {
        let flips = |(new, old): (&Quote, &Quote)| new.usable != old.usable || new.given != old.given;
        let mut quotes = market.quotes().zip(before.quotes()).zip(self.history.used());
        let everyone = quotes.any(|(quotes, used)| *used && flips(quotes));
        Concerned(if everyone { None } else { self.queue.due(&mut self.history, market, most) })
    }

    /// Prices are these now, and those whom it concerns are valued next.
    pub fn moved(&mut self, market: &Market, concerned: &Concerned) {
        self.history.push(market);
        match &concerned.0 {
            None => self.queue.settle_all(self.history.now()),
            Some(due) => self.queue.settle(due, self.history.now()),
        }
    }

    /// An account was valued at the prices at hand.
    #[inline(always)]
    pub fn seen(&mut self, account: u32, horizon: Horizon) {
        self.queue.value(account, horizon.reach, horizon.bound.map(|bound| *bound), self.history.now());
    }
}

impl Concerned {
    /// Everyone.
    pub fn everyone() -> Concerned {
        Concerned(None)
    }

    /// Nobody: prices are as they were.
    pub fn nobody() -> Concerned {
        Concerned(Some(Due::default()))
    }

    /// The accounts, in no order; none for everyone.
    pub fn accounts(&self) -> Option<&[u32]> {
        self.0.as_ref().map(|due| due.left.as_slice())
    }
}
